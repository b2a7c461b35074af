# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit XML, which CI servers show as test results.

There is no standard. This is what the schemas of Jenkins' xUnit plugin and of Apache Ant's JUnit task have in common,
and other programs read it too: ``testsuites``, with a ``testsuite`` for each site server, with a ``testcase`` for each
requirement, with at most one of ``failure``, ``error`` and ``skipped``.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from ..audit import AuditedGroup, AuditedHost, AuditedSender
from .fleet import Fleet, SiteRow, SiteState
from .text import visible

_SENDER = "{} can send here"
_GROUP = "{} has its rights and members"
_SITE = "permissions of the site share"


@dataclass(frozen=True, slots=True)
class _Case:
    """One result. ``outcome`` is the element of the failure, error or skip; empty for a success."""

    name: str
    outcome: str = ""
    message: str = ""
    details: tuple[str, ...] = ()


def junit_xml(fleet: Fleet) -> Iterator[str]:
    """Yield the document. A site that could not be read is an error. A site that was not audited is skipped."""
    suites = [(entry, tuple(_cases(entry))) for entry in fleet.entries]
    buffer = io.StringIO()
    xml = XMLGenerator(buffer, encoding="utf-8", short_empty_elements=True)
    xml.startDocument()
    every = [case for _entry, cases in suites for case in cases]
    seconds = sum(entry.audit.seconds for entry in fleet.entries if entry.audit)
    xml.startElement(
        "testsuites", AttributesImpl({"name": "Sender accounts", **_counts(every), "time": f"{seconds:.3f}"})
    )
    xml.characters("\n")
    for entry, cases in suites:
        _write(xml, entry, cases)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    xml.endElement("testsuites")
    xml.endDocument()
    yield f"{buffer.getvalue()}\n"


def _counts(cases: list[_Case] | tuple[_Case, ...]) -> dict[str, str]:
    outcomes = [case.outcome for case in cases]
    return {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
    }


def _write(xml: XMLGenerator, entry: SiteRow, cases: tuple[_Case, ...]) -> None:
    seconds = entry.audit.seconds if entry.audit else 0.0
    # In a class name, the part before the dot is a package. So the sites of one product are a group.
    group = f"{entry.product or 'sites'}.{(entry.code or entry.host).replace('.', '_')}"
    xml.startElement(
        "testsuite", AttributesImpl({"name": visible(entry.label), **_counts(cases), "time": f"{seconds:.3f}"})
    )
    xml.characters("\n")
    for number, case in enumerate(cases):
        # The site was read once for all its senders, so the first case has the time.
        time = f"{0.0 if number else seconds:.3f}"
        xml.startElement(
            "testcase", AttributesImpl({"classname": visible(group), "name": visible(case.name), "time": time})
        )
        if case.outcome:
            xml.startElement(
                case.outcome, AttributesImpl({"message": visible(case.message), "type": entry.state.value})
            )
            xml.characters("\n".join(map(visible, case.details)))
            xml.endElement(case.outcome)
        xml.endElement("testcase")
        xml.characters("\n")
    xml.endElement("testsuite")
    xml.characters("\n")


def _cases(entry: SiteRow) -> Iterator[_Case]:
    audit = entry.audit
    if audit is None:
        yield _Case(_SITE, "skipped", "this site server was not audited")
        return
    if entry.state in (SiteState.UNREACHABLE, SiteState.ERROR):
        message = audit.message or f"the site server is {entry.state.words}"
        yield _Case(_SITE, "error", message, (message,))
        return
    yield from (_sender(sender, audit.message) for sender in audit.senders)
    if audit.group:
        yield _group(audit.group)
    if entry.state is SiteState.DRIFTED and _all_well(audit):
        # For example entries in a wrong order: every sender has its access, and a run would still change something.
        message = audit.message or f"{len(audit.edits)} planned edits"
        yield _Case(_SITE, "failure", message, audit.edits or (message,))
    elif not audit.senders and not audit.group:
        yield _Case(_SITE)


def _all_well(audit: AuditedHost) -> bool:
    return all(sender.in_desired_state for sender in audit.senders) and not (
        audit.group and _group(audit.group).outcome
    )


def _group(group: AuditedGroup) -> _Case:
    name = _GROUP.format(group.name)
    details = tuple(f"not a member: {account}" for account in group.missing)
    if group.in_desired_state is False:
        details = (f"{group.name} lacks rights that it must have", *details)
    return _Case(name, "failure", "; ".join(details), details) if details else _Case(name)


def _sender(sender: AuditedSender, note: str) -> _Case:
    name = _SENDER.format(sender.name)
    if sender.in_desired_state:
        return _Case(name)
    message = f"the effective access of {sender.name} is {sender.combined.access}, and the product requires more"
    details = tuple(
        f"{what}: {step}"
        for what, access in (("share", sender.share), ("directory", sender.directory))
        for step in access.decided_by
    )
    because = tuple(f"because {reason}" for reason in sender.reasons)
    return _Case(name, "failure", message, (*details, *because, *([note] if note else ())))
