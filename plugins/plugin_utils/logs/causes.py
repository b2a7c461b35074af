# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Likely causes of the failures: compares the symptoms with the current access of the Sender accounts.

A log shows that a transfer failed. It does not show the account or its access at that time. So each cause has an
evidence: `confirmed` if a given account lacks access now, `not_confirmed` if all given accounts have access, `unknown`
if no account was given, and `log` if the code in the log is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .analysis import Occurrences
from .codes import WIN32, CodeKind
from .stamp import Stamp

_UNNAMED = "an unknown destination"


class Evidence(str, Enum):
    """The evidence for a cause."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    UNKNOWN = "unknown"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class AccessProblem:
    """Access that an account lacks.

    Attributes:
        account: the account.
        where: the share or directory, as text.
        why: the ACEs that decide, or the rights that no ACE grants.
    """

    account: str
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """The access of Sender accounts to one site server.

    Attributes:
        host: the server, with the name in the Sender's log; None for the server that wrote the logs.
        accounts: the checked accounts.
        problems: missing access.
    """

    host: str | None
    accounts: tuple[str, ...]
    problems: tuple[AccessProblem, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """One likely cause.

    Attributes:
        kind: kind of failure.
        evidence: evidence for the cause.
        statement: text for an administrator.
        server: the destination in the log; None for the server that wrote the log.
        accounts: the accounts that lack access.
        symptoms: identifiers of the symptoms.
        jobs: jobs in the lines.
        packages: packages in the lines.
        count: number of lines.
        last: time of the latest line.
    """

    kind: CodeKind
    evidence: Evidence
    statement: str
    server: str | None
    accounts: tuple[str, ...]
    symptoms: tuple[str, ...]
    jobs: tuple[str, ...]
    packages: tuple[str, ...]
    count: int
    last: Stamp | None


def read_access(host: str | None, result: Mapping[str, Any]) -> ServerAccess:
    """Read a result of `sender_access_info` or `sender_access`.

    Raises:
        ValueError: the value is not such a result.
    """
    try:
        places = {
            "directory": f"the directory {result['directory']['path']}",
            "share": f"the share {result['share']['name']}",
        }
        senders = [
            (str(sender["name"]), sender["current"] if "current" in sender else sender["after"])
            for sender in result["senders"]
        ]
        problems = [
            AccessProblem(name, where, "; ".join(str(entry) for entry in access[part]["decided_by"]))
            for name, access in senders
            for part, where in places.items()
            if not access[part]["satisfied"]
        ]
    except (KeyError, TypeError, IndexError):
        raise ValueError("it is not a result of sitekeeper.sms.sender_access_info") from None
    return ServerAccess(host, tuple(name for name, _access in senders), tuple(problems))


def find_causes(occurrences: Iterable[Occurrences], access: Sequence[ServerAccess]) -> tuple[Cause, ...]:
    """Return the likely causes, missing access first, each with one advice. Harmless messages have no cause."""
    groups: dict[tuple[CodeKind, str, str | None], list[Occurrences]] = {}
    for found in occurrences:
        if (advice := _advice(found)) is not None:
            groups.setdefault((found.kind, advice, _server(found)), []).append(found)
    order = list(CodeKind)
    # A failure writes several lines, and not every line contains the destination.
    named = {(kind, advice) for kind, advice, server in groups if server not in (None, _UNNAMED)}
    causes = [
        _cause(kind, advice, server, group, access)
        for (kind, advice, server), group in groups.items()
        if server != _UNNAMED or (kind, advice) not in named
    ]
    return tuple(sorted(causes, key=lambda cause: order.index(cause.kind)))


def _advice(found: Occurrences) -> str | None:
    """What to do about the failure; None if there is nothing to do."""
    code = found.explained
    if code and code.advice:
        return code.advice.text
    if found.kind is not CodeKind.OTHER:
        return _ADVICE.get(found.kind, "")
    if found.symptom.codes is WIN32 and found.code.strip("0"):
        return f"For the text of Windows, run: net helpmsg {found.code}"
    return None


def _server(found: Occurrences) -> str | None:
    if found.symptom.log != "sender":
        return None
    return found.server or _UNNAMED


def _cause(
    kind: CodeKind, advice: str, server: str | None, group: list[Occurrences], access: Sequence[ServerAccess]
) -> Cause:
    jobs = tuple(dict.fromkeys(job for found in group for job in found.ids["job"]))
    packages = tuple(dict.fromkeys(package for found in group for package in found.ids["package"]))
    count = sum(found.count for found in group)
    lasts = [found.last for found in group if found.last]
    last = max(lasts, key=lambda stamp: stamp.local) if lasts else None
    what = _what(jobs, count, server, complete=all(found.ids_complete for found in group))
    accounts: tuple[str, ...] = ()
    if kind is CodeKind.ACCESS_DENIED:
        evidence, accounts, why = _denied(server, access, last)
        statement = f"{what} {why}"
    else:
        evidence = Evidence.LOG
        statement = f"{what}: {_codes(group)}. {advice}"
    symptoms = tuple(dict.fromkeys(found.symptom.id for found in group))
    return Cause(kind, evidence, statement, server, accounts, symptoms, jobs, packages, count, last)


_ADVICE = {
    CodeKind.LOGON: "Permissions are not the cause. Set the account and its password again in the address of the site",
    CodeKind.NAME: "Permissions are not the cause. Check the server name in the address, the network and the share",
    CodeKind.PATH: "Check that the share points to the directory of the product. Check permissions after that",
}


def _what(jobs: tuple[str, ...], count: int, server: str | None, *, complete: bool) -> str:
    to = f" to {server}" if server else ""
    if jobs:
        number = f"{len(jobs)}" if complete else f"More than {len(jobs)}"
        return f"{number} job{'s' * (len(jobs) != 1)} failed{to}"
    return f"{count} failure{'s' * (count != 1)}{to} {'was' if count == 1 else 'were'} logged"


def _denied(
    server: str | None, access: Sequence[ServerAccess], last: Stamp | None
) -> tuple[Evidence, tuple[str, ...], str]:
    known = [one for one in access if _same_host(one.host, server)]
    problems = [problem for one in known for problem in one.problems]
    if problems:
        reasons = "; ".join(f"{one.account} lacks access to {one.where} ({one.why})" for one in problems)
        return Evidence.CONFIRMED, tuple(dict.fromkeys(one.account for one in problems)), f"because {reasons}"
    if known:
        names = ", ".join(dict.fromkeys(account for one in known for account in one.accounts))
        when = f", the last time at {last}" if last else ""
        return (
            Evidence.NOT_CONFIRMED,
            (),
            f"because access was denied{when}. Now the required access exists for {names}: it was repaired later, or"
            " the site uses another account. The log does not name the account",
        )
    return (
        Evidence.UNKNOWN,
        (),
        "because access was denied. The log does not name the account. Pass the result of sender_access_info for"
        f" {server or 'this site server'} as `access` to match it",
    )


def _codes(group: list[Occurrences]) -> str:
    codes = dict.fromkeys(
        f"{found.code} ({code.meaning})" if (code := found.explained) else found.code for found in group if found.code
    )
    return "error " + ", ".join(codes)


def _same_host(given: str | None, server: str | None) -> bool:
    r"""Whether both are the same server, by NetBIOS name or the first label of the DNS name."""
    if given is None or server is None:
        return given is server
    return given.lstrip("\\").partition(".")[0].lower() == server.partition(".")[0].lower()
