# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may log on over the network, as far as WMI shows it.

WMI shows the user rights that group policy sets, by the Resultant Set of Policy, and not those of the local security
policy. Of the state of a local account it shows a part.

Sources: Microsoft, "RSOP_UserPrivilegeRight class", "RSOP_SecuritySettings class", "RSOP_PolicySetting class",
"Win32_UserAccount class", "Win32_ComputerSystem class"; [MS-GPSB] 2.2.6 for the names in a policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ...security import AccountState, SecurityDescriptorError, Sid
from ...security.well_known import NAME_OF, well_known_sid
from ...wsman import Instance, WSManProtocolError, query
from ..errors import NotFound, Rejected, ServerFault
from ..port import DENY_NETWORK_LOGON, NETWORK_LOGON, Account, JoinedDomain, NetworkLogon, UserRight
from .names_seen import NamesSeen
from .wmi import Wmi

MAX_LOOK_UPS = 25
"""Names of one user right that are looked up, at up to three requests each."""

_NAMESPACE = "root/rsop/computer"
_OF_POLICY = "group policy"
_NOT_LOCAL = "WMI does not show the local security policy"
_WINNING = 1
_APPLIED = 1
_SHOWN_NAMES = 10
_CONTROLLERS = (4, 5)
_JOINED = (1, 3, *_CONTROLLERS)


def network_logon(wmi: Wmi, names: NamesSeen, resolve: Callable[[str], Account]) -> NetworkLogon:
    """Who may log on over the network, by group policy: one request, and those for names that must be looked up.

    Args:
        wmi: the host's WMI.
        names: the names that the host showed.
        resolve: looks a name up; raises `AccountNotFound`.
    """
    operation = "read the user rights that group policy sets"
    wql = (
        "SELECT UserRight, AccountList, precedence, Status, ErrorCode FROM RSOP_UserPrivilegeRight "  # noqa: S608
        f"WHERE UserRight='{NETWORK_LOGON}' OR UserRight='{DENY_NETWORK_LOGON}'"
    )
    try:
        found = wmi.run(operation, query(wmi.settings, wql, namespace=_NAMESPACE), "")
    except (Rejected, ServerFault) as error:
        reason = f"the server does not show what group policy sets ({error.reason}), and {_NOT_LOCAL}"
        return NetworkLogon(UserRight(NETWORK_LOGON, unread=reason), UserRight(DENY_NETWORK_LOGON, unread=reason))
    rights = _Rights(wmi, operation, names, resolve)
    return NetworkLogon(rights.read(NETWORK_LOGON, found), rights.read(DENY_NETWORK_LOGON, found))


def local_account_state(wmi: Wmi, account: Sid) -> AccountState:
    """The state of an account of the server: one request.

    WMI does not show when an account expires, nor when a password has expired. A password that never expires has not.

    Raises:
        NotFound: the server has no such account.
    """
    operation = f"read the state of account {account}"
    wql = (
        "SELECT Disabled, Lockout, PasswordExpires FROM Win32_UserAccount "  # noqa: S608 - a SID's own text
        f"WHERE LocalAccount=TRUE AND SID='{account}'"
    )
    found = wmi.run(operation, query(wmi.settings, wql), "")
    with wmi.translate_bad_answers(operation):
        for item in found:
            expires = item.boolean("PasswordExpires")
            return AccountState(
                disabled=item.boolean("Disabled"),
                locked=item.boolean("Lockout"),
                password_expired=False if expires is False else None,
            )
    advice = "Check that it is an account of this server, not one of the domain."
    raise NotFound(wmi.host, operation, "the server has no account of this SID", advice)


def joined_domain(wmi: Wmi, names: NamesSeen) -> JoinedDomain | None:
    """The domain that the server is in, by one request. The server's own name comes with it."""
    operation = "read the domain of the server"
    wql = "SELECT Name, Domain, DomainRole, PartOfDomain FROM Win32_ComputerSystem"
    found = wmi.run(operation, query(wmi.settings, wql), "")
    with wmi.translate_bad_answers(operation):
        if len(found) != 1:
            raise WSManProtocolError(f"{len(found)} instances of Win32_ComputerSystem, expected was one")
        (computer,) = found
        role, joined, domain = computer.integer("DomainRole"), computer.boolean("PartOfDomain"), computer.text("Domain")
        if role not in _CONTROLLERS:
            names.see_domain(computer.text("Name") or "")
        if joined is None:
            joined = role in _JOINED
        if joined and not domain:
            raise WSManProtocolError("the server is in a domain, whose name it does not show")
    return JoinedDomain(domain or "", role in _CONTROLLERS) if joined else None


class _Rights:
    """Reads user rights out of the Resultant Set of Policy. A name is looked up once."""

    def __init__(self, wmi: Wmi, operation: str, names: NamesSeen, resolve: Callable[[str], Account]) -> None:
        self._wmi = wmi
        self._operation = operation
        self._names = names
        self._resolve = resolve
        self._looked_up: dict[str, Sid | None] = {}

    def read(self, right: str, found: Iterable[Instance]) -> UserRight:
        """One right. The setting with precedence 1 is the one that is applied."""
        with self._wmi.translate_bad_answers(self._operation):
            mine = [item for item in found if (item.text("UserRight") or "").casefold() == right.casefold()]
            winning = [item for item in mine if item.integer("precedence") == _WINNING]
            if not mine:
                return UserRight(right, unread=f"group policy does not set it, and {_NOT_LOCAL}")
            if len(winning) != 1:
                reason = f"WMI shows {len(winning)} settings with precedence 1 of {len(mine)} in group policy"
                return UserRight(right, unread=reason, source=_OF_POLICY)
            status, code = winning[0].integer("Status"), winning[0].integer("ErrorCode")
            if status not in (None, _APPLIED):
                reason = f"group policy sets it, and Windows has not applied that (Status {status}, ErrorCode {code})"
                return UserRight(right, unread=reason, source=_OF_POLICY)
            listed = _texts(winning[0])
        return self._right(right, listed)

    def _right(self, right: str, listed: Sequence[str]) -> UserRight:
        holders: dict[Sid, str] = {}
        unknown: list[str] = []
        for name in listed:
            sid = self._sid(name)
            if sid is None:
                unknown.append(name)
            else:
                holders.setdefault(sid, self._name(sid, name))
        return UserRight(right, holders, _unread(unknown), _OF_POLICY)

    def _name(self, sid: Sid, name: str) -> str:
        if "\\" in name:
            return name
        return NAME_OF.get(sid) or self._names.name_of(sid) or (name if _sid_in(name) is None else str(sid))

    def _sid(self, name: str) -> Sid | None:
        known = _sid_in(name) or well_known_sid(name) or self._names.sid_of(name)
        if known is not None:
            return known
        if name not in self._looked_up and len(self._looked_up) < MAX_LOOK_UPS:
            self._looked_up[name] = self._look_up(name)
        return self._looked_up.get(name)

    def _look_up(self, name: str) -> Sid | None:
        """The SID of a name; None if the server refuses to look it up.

        A name without a domain is one of the server: Windows shows a domain's accounts with their domain.
        """
        try:
            return self._resolve(name if "\\" in name or "@" in name else f".\\{name}").sid
        except (Rejected, ServerFault):
            return None


def _texts(item: Instance) -> list[str]:
    """The names in AccountList; a right that nobody has is an empty list, which is absent or null."""
    found = []
    for value in item.array("AccountList"):
        if not isinstance(value, str) or not value.strip():
            raise WSManProtocolError("RSOP_UserPrivilegeRight.AccountList should be names")
        found.append(value.strip())
    return found


def _sid_in(name: str) -> Sid | None:
    """The SID that stands for a name, with an asterisk before it as in a policy's file."""
    try:
        return Sid.parse(name.removeprefix("*"))
    except SecurityDescriptorError:
        return None


def _unread(unknown: Sequence[str]) -> str:
    if not unknown:
        return ""
    listed = ", ".join(name[:80] for name in unknown[:_SHOWN_NAMES])
    more = f" and {len(unknown) - _SHOWN_NAMES} more" if len(unknown) > _SHOWN_NAMES else ""
    return f"these names in group policy could not be resolved: {listed}{more}"
