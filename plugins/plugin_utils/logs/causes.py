# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What likely caused the failures: the symptoms put beside the access that the Sender accounts have now.

A log tells that something failed; it does not tell the account, nor what its access was then. So a cause says what it
rests on: `confirmed` if an account given lacks access today, `not_confirmed` if all of them have it, `unknown` if none
was given, and `log` where the code in the log is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .analysis import Occurrences
from .codes import CodeKind
from .stamp import Stamp

_UNNAMED = "a destination that the log does not name"


class Evidence(str, Enum):
    """What a cause rests on."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    UNKNOWN = "unknown"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class AccessProblem:
    """Access that an account lacks.

    Attributes:
        account: the account.
        where: the share or directory, in words.
        why: the entries that decide, or what no entry grants.
    """

    account: str
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """The access of Sender accounts to one site server.

    Attributes:
        host: the server as the Sender's log calls it; None for the server that wrote the logs.
        accounts: the accounts that were asked for.
        problems: what they lack.
    """

    host: str | None
    accounts: tuple[str, ...]
    problems: tuple[AccessProblem, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """One likely cause.

    Attributes:
        kind: what it is a matter of.
        evidence: what that rests on.
        statement: one sentence for an operator.
        server: the destination that the log names; None for the server that wrote the log.
        accounts: the accounts that lack access.
        symptoms: identifiers of the symptoms.
        jobs: jobs that the lines name.
        packages: packages that they name.
        count: lines.
        last: the latest of them.
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
    """The result of `sender_access_info` (or of `sender_access`, after the run).

    Raises:
        ValueError: it is not such a result.
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
        raise ValueError("it is not the result of sitekeeper.sms.sender_access_info") from None
    return ServerAccess(host, tuple(name for name, _access in senders), tuple(problems))


def find_causes(occurrences: Iterable[Occurrences], access: Sequence[ServerAccess]) -> tuple[Cause, ...]:
    """The likely causes, those of missing access first. What tells no reason, or a harmless one, has no cause."""
    groups: dict[tuple[CodeKind, str | None], list[Occurrences]] = {}
    for found in occurrences:
        if found.kind is not CodeKind.OTHER:
            groups.setdefault((found.kind, _server(found)), []).append(found)
    order = list(CodeKind)
    # One failure writes several lines, and not all of them name the destination.
    named = {kind for kind, server in groups if server not in (None, _UNNAMED)}
    causes = [
        _cause(kind, server, group, access)
        for (kind, server), group in groups.items()
        if server != _UNNAMED or kind not in named
    ]
    return tuple(sorted(causes, key=lambda cause: order.index(cause.kind)))


def _server(found: Occurrences) -> str | None:
    if found.symptom.log != "sender":
        return None
    return found.server or _UNNAMED


def _cause(kind: CodeKind, server: str | None, group: list[Occurrences], access: Sequence[ServerAccess]) -> Cause:
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
        statement = f"{what}: {_codes(group)}. {_ADVICE[kind]}"
    symptoms = tuple(dict.fromkeys(found.symptom.id for found in group))
    return Cause(kind, evidence, statement, server, accounts, symptoms, jobs, packages, count, last)


_ADVICE = {
    CodeKind.LOGON: "Permissions are not the cause. Set the account and its password again where the address is kept",
    CodeKind.NAME: "Permissions are not the cause. Check the server's name in the address, the network and the share",
    CodeKind.PATH: "Check that the share points to the directory of the product; permissions come after that",
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
            f"for want of access{when}, but {names} now has all that is required: it was repaired since, or the site"
            " uses another account, which the log does not tell",
        )
    return (
        Evidence.UNKNOWN,
        (),
        "for want of access. Of which account the log does not tell: give the access of the Sender accounts to"
        f" {server or 'this site server'}",
    )


def _codes(group: list[Occurrences]) -> str:
    told = {f"{found.code} ({code.meaning})": None for found in group if (code := found.explained)}
    return "error " + ", ".join(told)


def _same_host(given: str | None, server: str | None) -> bool:
    r"""Whether both name one server, by its NetBIOS name or the first label of its DNS name."""
    if given is None or server is None:
        return given is server
    return given.lstrip("\\").partition(".")[0].lower() == server.partition(".")[0].lower()
