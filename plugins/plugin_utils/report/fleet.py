# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit and the hierarchy together: the state of every site, and the tree that the sites form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from ..audit import Audit, AuditedFinding, AuditedHost, HostStatus, findings_by_site
from ..hierarchy import PRODUCTS, Hierarchy, Site

# Worst first; an unknown severity comes last.
SEVERITIES = ("error", "warning", "info")


class SiteState(Enum):
    """The state of a site, in the order in which an operator wants to see them."""

    DRIFTED = HostStatus.DRIFTED.value
    ERROR = HostStatus.ERROR.value
    UNREACHABLE = HostStatus.UNREACHABLE.value
    NOT_READ = "not_read"
    IN_DESIRED_STATE = HostStatus.IN_DESIRED_STATE.value

    @property
    def words(self) -> str:
        """As people read it."""
        return self.value.replace("_", " ")


_STATES = tuple(SiteState)


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site server.

    Attributes:
        anchor: its name within a page.
        host: the host as the inventory names it.
        state: its state.
        site: its place in the hierarchy; None if the hierarchy does not describe it.
        audit: what was read; None if it was not.
        findings: the findings of its site.
    """

    anchor: str
    host: str
    state: SiteState
    site: Site | None
    audit: AuditedHost | None
    findings: tuple[AuditedFinding, ...]

    @property
    def code(self) -> str:
        """Its site code, if that is known."""
        if self.site:
            return self.site.code
        return (self.audit.site if self.audit else None) or ""

    @property
    def name(self) -> str:
        """The name of the site."""
        return (self.site.name if self.site else None) or ""

    @property
    def product(self) -> str:
        """The name of its product."""
        return (self.audit.product if self.audit else "") or (self.site.product.name if self.site else "")

    @property
    def product_title(self) -> str:
        """The title of its product."""
        if self.site and self.site.product.name == self.product:
            return self.site.product.title
        known = PRODUCTS.get(self.product)
        return known.title if known else self.product

    @property
    def label(self) -> str:
        """Code and server in one."""
        return f"{self.code} {self.host}" if self.code else self.host


@dataclass(frozen=True, slots=True)
class Branch:
    """One site of the tree, in the order in which the tree is read from top to bottom.

    ``depth`` is 0 at the top. ``below`` counts the states of all sites below it.
    """

    entry: SiteRow
    depth: int
    below: Counter[SiteState]


@dataclass(frozen=True, slots=True)
class Fleet:
    """All that a report shows. ``entries`` is in the order of the states, then of the hierarchy."""

    audit: Audit
    entries: tuple[SiteRow, ...]
    branches: tuple[Branch, ...]

    @property
    def counts(self) -> dict[SiteState, int]:
        """How many site servers are in each state."""
        found = Counter(entry.state for entry in self.entries)
        return {state: found[state] for state in SiteState}

    @property
    def outsiders(self) -> tuple[SiteRow, ...]:
        """Hosts that are not in the hierarchy."""
        return tuple(entry for entry in self.entries if entry.site is None)

    @property
    def findings(self) -> Iterator[tuple[SiteRow, AuditedFinding]]:
        """Every finding, with the site that it is about."""
        for entry in self.entries:
            for finding in entry.findings:
                yield entry, finding


def fleet_of(audit: Audit, hierarchy: Hierarchy | None = None) -> Fleet:
    """Return what ``audit`` has of the sites of ``hierarchy``, and of hosts that are not in it.

    A site of the hierarchy that was not audited is in the report as well. Its findings are those of
    :func:`..hierarchy.hierarchy_findings` and those of the audit.
    """
    sites = hierarchy.sites if hierarchy else ()
    described = findings_by_site(hierarchy) if hierarchy else {}
    # The inventory's names differ in case at most; the hierarchy finds a site by its server that way too.
    read = {host.host.lower(): host for host in audit.hosts.values()}
    known = [_entry(site.server, site, read.pop(site.server.lower(), None), described) for site in sites]
    unknown = [_entry(host.host, None, host, described) for host in sorted(read.values(), key=lambda host: host.host)]
    # The anchor is a number, so that it is safe in a page whatever the name of the host.
    ordered = [
        SiteRow(f"s{number}", entry.host, entry.state, entry.site, entry.audit, entry.findings)
        for number, entry in enumerate(
            sorted([*known, *unknown], key=lambda entry: _STATES.index(entry.state)), start=1
        )
    ]
    return Fleet(audit, tuple(ordered), tuple(_branches(hierarchy, ordered)) if hierarchy else ())


def _entry(
    host: str, site: Site | None, audit: AuditedHost | None, described: Mapping[str, tuple[AuditedFinding, ...]]
) -> SiteRow:
    state = SiteState(audit.status.value) if audit else SiteState.NOT_READ
    findings = dict.fromkeys(
        [*(described.get(site.code, ()) if site else ()), *(audit.findings if audit else ())],
    )
    ordered = sorted(findings, key=lambda finding: (severity_rank(finding.severity), finding.id, finding.evidence))
    return SiteRow("", host, state, site, audit, tuple(ordered))


def severity_rank(severity: str) -> int:
    """Where a severity stands; the worst is 0."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _branches(hierarchy: Hierarchy, entries: Iterable[SiteRow]) -> list[Branch]:
    """Walk the tree from the top, each site before those below it, however deep it is."""
    of = {entry.site.code: entry for entry in entries if entry.site}
    branches: list[Branch] = []
    waiting = [(site, 0) for site in reversed(hierarchy.sites) if site.parent is None]
    while waiting:
        site, depth = waiting.pop()
        branches.append(Branch(of[site.code], depth, Counter()))
        waiting += [(child, depth + 1) for child in reversed(hierarchy.children(site.code))]
    # From the bottom up: what is below a site is counted before the site.
    above: list[Counter[SiteState]] = []
    for branch in reversed(branches):
        while len(above) <= branch.depth + 1:
            above.append(Counter())
        branch.below.update(above[branch.depth + 1])
        above[branch.depth + 1].clear()
        above[branch.depth].update(branch.below)
        above[branch.depth][branch.entry.state] += 1
    return branches
