# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Likely causes of the failures: compares the symptoms with the current access of the Sender accounts.

A log shows that a transfer failed. It does not show the account or its access at that time. So each cause has an
evidence: `confirmed` if a given account has no access now, or cannot log on for the reason of the code; `unknown` if no
account was given, or if what was not looked at could change the answer; `not_confirmed` if all given accounts have
access; and `log` if the code in the log is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..security import AccessAnswer
from .analysis import Occurrences
from .codes import WIN32, CodeKind
from .stamp import Stamp

_UNNAMED = "an unknown destination"
_SHOWN = 10
"""Lines about one account in a statement."""
_MEMBER_OF = " → "
"""Between an account and its group in a line of `because`."""


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
        where: the share and the directory, as text; empty if their permissions are not the reason.
        why: the ACEs, the user right or the state of the account that decides, or the rights that no ACE grants.
    """

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """The access of one Sender account.

    Attributes:
        name: the account.
        answer: whether it has the required access.
        problems: missing access, if it is denied.
        because: what decides, as `sender_access_info` returns it; empty in results without an answer.
        not_looked_at: what was not looked at, which can be why the answer is unknown.
    """

    name: str
    answer: AccessAnswer
    problems: tuple[AccessProblem, ...] = ()
    because: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """The access of Sender accounts to one site server.

    Attributes:
        host: the server, with the name in the Sender's log; None for the server that wrote the logs.
        accounts: the checked accounts.
    """

    host: str | None
    accounts: tuple[AccountAccess, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """One likely cause.

    Attributes:
        kind: kind of failure.
        evidence: evidence for the cause.
        statement: text for an administrator.
        server: the destination in the log; None for the server that wrote the log.
        accounts: the accounts that lack access, or that cannot log on for the reason of the code.
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

    A result without `answer`, of an older version, is read too. In it, an account is denied if the share or the
    directory does not grant the required rights.

    Raises:
        ValueError: the value is not such a result.
    """
    try:
        places = {
            "directory": f"the directory {result['directory']['path']}",
            "share": f"the share {result['share']['name']}",
        }
        accounts = tuple(
            _account(str(sender["name"]), sender["current"] if "current" in sender else sender["after"], places)
            for sender in result["senders"]
        )
    except (KeyError, TypeError, IndexError, ValueError):
        raise ValueError("it is not a result of sitekeeper.sms.sender_access_info") from None
    return ServerAccess(host, accounts)


def _account(name: str, access: Mapping[str, Any], places: Mapping[str, str]) -> AccountAccess:
    lacking = {part: where for part, where in places.items() if not access[part]["satisfied"]}
    if "answer" not in access:
        problems = tuple(AccessProblem(where, _some(access[part]["decided_by"])) for part, where in lacking.items())
        return AccountAccess(name, AccessAnswer.DENIED if problems else AccessAnswer.GRANTED, problems)
    answer, because = AccessAnswer(access["answer"]), _lines(access["because"])
    denied = (AccessProblem(" and ".join(lacking.values()), _some(because)),) if answer is AccessAnswer.DENIED else ()
    return AccountAccess(name, answer, denied, because, _lines(access["not_looked_at"]))


def _lines(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError("no list")
    return tuple(str(line) for line in value)


def _some(lines: Sequence[object]) -> str:
    """The first lines in one clause, and how many there are after them."""
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "; ".join(str(line) for line in lines[:_SHOWN]) + more


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
    if kind is CodeKind.ACCESS_DENIED:
        evidence, accounts, why = _denied(server, access, last)
        statement = f"{what} {why}"
    else:
        evidence, accounts, confirmed = _logon(server, access, group)
        statement = f"{what}: {_codes(group)}. {confirmed}{advice}"
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
    known = _accounts_on(server, access)
    denied = [account for account in known if account.answer is AccessAnswer.DENIED]
    if denied:
        reasons = "; ".join(_lacking(account.name, problem) for account in denied for problem in account.problems)
        return Evidence.CONFIRMED, _names(denied), f"because {reasons}"
    when = f", the last time at {last}" if last else ""
    unknown = [account for account in known if account.answer is AccessAnswer.UNKNOWN]
    if unknown:
        gaps = "; ".join(dict.fromkeys(_gap(account) for account in unknown))
        return (
            Evidence.UNKNOWN,
            (),
            f"because access was denied{when}. It is unknown whether these accounts have access now: {gaps}. The log"
            " does not name the account",
        )
    if known:
        names = ", ".join(
            dict.fromkeys(f"{one.name} ({_some(one.because)})" if one.because else one.name for one in known)
        )
        by_group = any(_MEMBER_OF in line for one in known for line in one.because)
        session = ", the Sender's session is older than a group membership" if by_group else ""
        return (
            Evidence.NOT_CONFIRMED,
            (),
            f"because access was denied{when}. Now the required access exists for {names}: it was repaired later"
            f"{session}, or the site uses another account. The log does not name the account",
        )
    return (
        Evidence.UNKNOWN,
        (),
        "because access was denied. The log does not name the account. Pass the result of sender_access_info for"
        f" {server or 'this site server'} as `access` to match it",
    )


def _logon(
    server: str | None, access: Sequence[ServerAccess], group: list[Occurrences]
) -> tuple[Evidence, tuple[str, ...], str]:
    """Whether an account cannot log on now for the reason of the codes: evidence, accounts, a sentence."""
    states = tuple({code.state for found in group if (code := found.explained) and code.state})
    stopped = [
        (account, line)
        for account in _accounts_on(server, access)
        if account.answer is AccessAnswer.DENIED
        for line in account.because
        if line.startswith(states)
    ]
    if not stopped:
        return Evidence.LOG, (), ""
    lines = dict.fromkeys(f"{account.name}: {line}" for account, line in stopped)
    return Evidence.CONFIRMED, _names([account for account, _line in stopped]), f"Confirmed: {'; '.join(lines)}. "


def _accounts_on(server: str | None, access: Sequence[ServerAccess]) -> list[AccountAccess]:
    return [account for one in access if _same_host(one.host, server) for account in one.accounts]


def _names(accounts: Iterable[AccountAccess]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(account.name for account in accounts))


def _gap(account: AccountAccess) -> str:
    """The account, and why its access is unknown."""
    gaps = [_some(account.because)] if account.because else []
    if account.not_looked_at:
        gaps.append(f"not looked at: {_some(account.not_looked_at)}")
    return f"{account.name} ({'; '.join(gaps)})" if gaps else account.name


def _lacking(name: str, problem: AccessProblem) -> str:
    lacks = f"lacks access to {problem.where}" if problem.where else "has no access"
    return f"{name} {lacks} ({problem.why})" if problem.why else f"{name} {lacks}"


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
