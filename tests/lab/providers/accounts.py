# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_Account and its subclasses, Win32_SID, Win32_GroupUser.

As on Windows, WMI names the computer as the Domain of built-in accounts (``C01\\Administrators``), while Win32_SID and
a Win32_Trustee name their own domain (``BUILTIN``).

A domain controller has no accounts of its own: those of its domain are local there. That LocalAccount is TRUE for all
of them is what users of it found (github.com/chef/ohai, pull request 1516: "domain controllers see domain users as
local"). Microsoft documents no more than "the account is defined on the local machine". The Domain of its built-in
groups is assumed to be the domain's NetBIOS name, since it has no other accounts. `Settings.controller_domain` makes it
the computer's name, so that a client that relies on either can be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..cim import Instance, Reference, Value
from ..descriptors import BadDescriptor, sid_bytes
from ..host import Host
from ..model import Account, AccountState, SidType
from .wmi_class import WmiClass

_ACCOUNT_PROPERTIES = (
    "Caption",
    "Description",
    "Domain",
    "InstallDate",
    "LocalAccount",
    "Name",
    "SID",
    "SIDType",
    "Status",
)
_USER_PROPERTIES = (
    *_ACCOUNT_PROPERTIES,
    *("AccountType", "Disabled", "FullName", "Lockout", "PasswordChangeable", "PasswordExpires", "PasswordRequired"),
)
_BUILT_IN = (SidType.ALIAS, SidType.WELL_KNOWN)
_AS_NEW = AccountState()


def _class_of(account: Account) -> str:
    if account.type in (SidType.USER, SidType.COMPUTER):
        return "Win32_UserAccount"
    return "Win32_SystemAccount" if account.type is SidType.WELL_KNOWN else "Win32_Group"


def _domain(host: Host, account: Account) -> str:
    if account.type in _BUILT_IN and account.domain.casefold() != host.domain.casefold():
        as_domain = host.settings.domain_controller and host.settings.controller_domain == "domain"
        return host.domain if as_domain else host.name
    return account.domain


def _is_local(host: Host, account: Account) -> bool:
    if host.settings.domain_controller and account.domain.casefold() == host.domain.casefold():
        return True
    return account.local or account.type in _BUILT_IN


def _account(host: Host, account: Account) -> Instance:
    domain = _domain(host, account)
    properties: dict[str, Value] = {
        "Caption": f"{domain}\\{account.name}",
        "Description": "",
        "Domain": domain,
        "InstallDate": None,
        "LocalAccount": _is_local(host, account),
        "Name": account.name,
        "SID": account.sid,
        "SIDType": int(account.type),
        "Status": "OK",
    }
    class_name = _class_of(account)
    if class_name == "Win32_UserAccount":
        # 512 is a normal account, 4096 a workstation or server trust account (learn.microsoft.com, Win32_UserAccount).
        account_type = 4096 if account.name.endswith("$") else 512
        state = host.account_states.get(account.sid, _AS_NEW)
        properties |= {
            "AccountType": account_type,
            "Disabled": state.disabled,
            "FullName": "",
            "Lockout": state.lockout,
            "PasswordChangeable": state.password_changeable,
            "PasswordExpires": state.password_expires,
            "PasswordRequired": state.password_required,
            "Status": state.status or ("Degraded" if state.disabled or state.lockout else "OK"),
        }
    return Instance(class_name, properties)


def _all(host: Host, *class_names: str) -> Iterator[Instance]:
    for account in host.backend.accounts():
        if _class_of(account) in class_names:
            yield _account(host, account)


def _find(host: Host, domain: str, name: str) -> Account | None:
    """An account by WMI's Domain and Name."""
    account = host.backend.account_by_name(domain, name)
    if account and _domain(host, account).casefold() == domain.casefold():
        return account
    if domain.casefold() not in (host.name.casefold(), host.account_domain.casefold()):
        return None
    # A built-in one, whose own domain is another.
    for account in host.backend.accounts():
        if account.name.casefold() == name.casefold() and _domain(host, account).casefold() == domain.casefold():
            return account
    return None


def _get(*class_names: str) -> Callable[[Host, Mapping[str, str]], Instance | None]:
    def get(host: Host, keys: Mapping[str, str]) -> Instance | None:
        account = _find(host, keys["Domain"], keys["Name"])
        return _account(host, account) if account and _class_of(account) in class_names else None

    return get


def _sid(host: Host, sid: str, account: Account | None) -> Instance:
    """A SID without a name is an instance too, its names empty."""
    binary = sid_bytes(sid)
    return Instance(
        "Win32_SID",
        {
            "AccountName": account.name if account else "",
            "BinaryRepresentation": tuple(binary),
            "ReferencedDomainName": account.domain if account else "",
            "SID": sid,
            "SidLength": len(binary),
        },
    )


def _get_sid(host: Host, keys: Mapping[str, str]) -> Instance | None:
    try:
        return _sid(host, keys["SID"], host.backend.account_by_sid(keys["SID"]))
    except BadDescriptor:
        return None


def _reference(host: Host, account: Account) -> Reference:
    return Reference(_class_of(account), {"Domain": _domain(host, account), "Name": account.name})


def _memberships(host: Host) -> Iterator[Instance]:
    for group_sid, member_sids in host.members.items():
        group = host.backend.account_by_sid(group_sid)
        for sid in member_sids:
            member = host.backend.account_by_sid(sid)
            part = _reference(host, member) if member else _lost(host, sid)
            if group and part:
                yield Instance("Win32_GroupUser", {"GroupComponent": _reference(host, group), "PartComponent": part})


def _lost(host: Host, sid: str) -> Reference | None:
    """The reference to a member whose account is gone. Microsoft does not document whether Windows shows one."""
    removed = host.removed.get(sid)
    if host.settings.shows_lost_members == "by_name" and removed:
        return _reference(host, removed)
    if host.settings.shows_lost_members == "by_sid":
        return Reference("Win32_UserAccount", {"Domain": host.account_domain, "Name": sid})
    return None


def _account_class(name: str, properties: tuple[str, ...], *class_names: str) -> WmiClass:
    return WmiClass(name, ("Domain", "Name"), properties, lambda host: _all(host, *class_names), _get(*class_names))


CLASSES = (
    _account_class("Win32_Account", _ACCOUNT_PROPERTIES, "Win32_UserAccount", "Win32_Group", "Win32_SystemAccount"),
    _account_class("Win32_UserAccount", _USER_PROPERTIES, "Win32_UserAccount"),
    _account_class("Win32_Group", _ACCOUNT_PROPERTIES, "Win32_Group"),
    _account_class("Win32_SystemAccount", _ACCOUNT_PROPERTIES, "Win32_SystemAccount"),
    WmiClass(
        "Win32_SID",
        ("SID",),
        ("AccountName", "BinaryRepresentation", "ReferencedDomainName", "SID", "SidLength"),
        lambda host: (),  # the class cannot be enumerated, only read by its key
        _get_sid,
    ),
    WmiClass(
        "Win32_GroupUser",
        ("GroupComponent", "PartComponent"),
        ("GroupComponent", "PartComponent"),
        _memberships,
        lambda host, keys: None,
    ),
)
