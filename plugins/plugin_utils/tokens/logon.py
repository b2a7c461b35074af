# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an account may log on to a site server over the network: its state, and two user rights.

Sources: Microsoft, "Access this computer from the network" and "Deny access to this computer from the network": the
second takes precedence. Microsoft, "About the Site Address Account" (bb693785) demands the first of a Sender account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..security import AccountState, Sid
from ..site_server import NetworkLogon, UserRight
from .membership import Membership

RIGHT = "right to log on from the network"

_STATES = (
    ("disabled", "account_disabled", "account disabled"),
    ("locked", "account_locked", "account locked"),
    ("expired", "account_expired", "account expired"),
    ("password_expired", "account_expired", "password expired"),
)


@dataclass(frozen=True, slots=True)
class LogonProblem:
    """Why an account cannot log on.

    Attributes:
        finding: the kind of finding.
        text: the reason, such as `account locked`.
    """

    finding: str
    text: str


@dataclass(frozen=True, slots=True)
class LogonAnswer:
    """Whether an account may log on over the network. Without problems and unknowns, it may.

    Attributes:
        problems: what keeps it from logging on.
        unknown: what was asked for and could not be read, a line each.
        not_looked_at: what nobody asked for, a line each.
    """

    problems: tuple[LogonProblem, ...] = ()
    unknown: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()

    def __add__(self, other: LogonAnswer) -> LogonAnswer:
        return LogonAnswer(
            self.problems + other.problems, self.unknown + other.unknown, self.not_looked_at + other.not_looked_at
        )


def by_state(state: AccountState) -> LogonAnswer:
    """What follows from the state of the account."""
    found = [(getattr(state, name), finding, text) for name, finding, text in _STATES]
    return LogonAnswer(
        tuple(LogonProblem(finding, text) for value, finding, text in found if value),
        tuple(f"{text}: it could not be read whether it is" for value, _finding, text in found if value is None),
    )


def by_rights(network: NetworkLogon, decide: Callable[[Sid], Membership]) -> LogonAnswer:
    """What follows from the user rights of the server.

    Args:
        network: who holds the rights.
        decide: whether a group is in the account's token. It is called for no more groups than needed.
    """
    refused = _denied(network.denied, decide)
    return refused if refused.problems else refused + _allowed(network.allowed, decide)


def _denied(right: UserRight, decide: Callable[[Sid], Membership]) -> LogonAnswer:
    unknown = [f"{RIGHT}: who is denied it could not be read: {right.unread}"] if right.unread else []
    for sid, name in right.holders.items():
        found = decide(sid)
        if found.member:
            return LogonAnswer((LogonProblem("logon_right_missing", f"{RIGHT}: denied by {name} ({right.source})"),))
        if found.member is None:
            unknown.append(f"{RIGHT}: it is not known whether the account is in {name}, which is denied it")
    return LogonAnswer(unknown=tuple(unknown))


def _allowed(right: UserRight, decide: Callable[[Sid], Membership]) -> LogonAnswer:
    perhaps = []
    for sid, name in right.holders.items():
        found = decide(sid)
        if found.member:
            return LogonAnswer()
        if found.member is None:
            perhaps.append(name)
    if right.unread:
        return LogonAnswer(unknown=(f"{RIGHT}: who has it could not be read: {right.unread}",))
    if perhaps:
        return LogonAnswer(unknown=(f"{RIGHT}: it is not known whether the account is in {' or '.join(perhaps)}",))
    holders = ", ".join(right.holders.values()) or "nobody"
    return LogonAnswer((LogonProblem("logon_right_missing", f"{RIGHT}: held by {holders} only ({right.source})"),))
