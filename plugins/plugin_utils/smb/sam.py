# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local groups and accounts of a server, by its security account manager (SAM). Source: [MS-SAMR].

On a domain controller, they are those of the domain: its domain local groups, and all of its accounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ...module_utils.smb_errors import SmbError
from ..security import Sid
from .pipes import PipeClient, closed, sid_from

with suppress(ImportError):  # smb_session keeps the reason
    from impacket.dcerpc.v5 import samr

_CONNECT_AND_LOOKUP = 0x1 | 0x20
_LOOKUP_DOMAIN = 0x200
_LIST_MEMBERS = 0x4
_ADD_MEMBER = 0x1
_REMOVE_MEMBER = 0x2
_READ_ACCOUNT = 0x8 | 0x10
"""USER_READ_LOGON and USER_READ_ACCOUNT, which show PasswordMustChange and the others ([MS-SAMR] 3.1.5.5.5.2)."""
_ALL_INFORMATION = 21
_PASSWORD_MUST_CHANGE, _ACCOUNT_EXPIRES, _USER_ACCOUNT_CONTROL = 0x20000, 0x80000, 0x100000
"""Bits of WhichFields ([MS-SAMR] 2.2.1.8)."""
_REFUSED = (5, 0xC0000022)
_REFUSED_ADVICE = (
    "Connect with an account that is a member of the server's Administrators group. If it is one, allow it in the "
    "server's policy 'Network access: Restrict clients allowed to make remote calls to SAM' (RestrictRemoteSAM)."
)
"""From Windows 10 version 1607 and Windows Server 2016 on. Where the policy is not set, Administrators alone may use
SAMR, and everyone on a domain controller (Microsoft, "Network access: Restrict clients allowed to make remote calls to
SAM")."""


@dataclass(frozen=True, slots=True)
class UserInfo:
    """Facts about an account of the server; each is None if the server does not show it.

    Attributes:
        control: USER_ACCOUNT codes ([MS-SAMR] 2.2.1.12).
        expires: when the account expires, a FILETIME.
        must_change: when the password expires, a FILETIME ([MS-SAMR] 3.1.5.14.4).
    """

    control: int | None
    expires: int | None
    must_change: int | None


class SamClient:
    """Calls to the SAM. It is connected once, as long as its pipe stays open."""

    def __init__(self, pipes: PipeClient) -> None:
        self._pipes = pipes

    def group_members(self, group: Sid) -> tuple[Sid, ...]:
        """The members of a local group (SamrGetMembersInAlias)."""
        with self._group(group, _LIST_MEMBERS) as (pipe, handle):
            members = samr.hSamrGetMembersInAlias(pipe, handle)["Members"]["Sids"]
            return tuple(sid_from(member["SidPointer"]) for member in members)

    def add_group_member(self, group: Sid, member: Sid) -> None:
        """Make an account a member of a local group (SamrAddMemberToAlias)."""
        with self._group(group, _ADD_MEMBER) as (pipe, handle):
            samr.hSamrAddMemberToAlias(pipe, handle, _rpc_sid(member))

    def remove_group_member(self, group: Sid, member: Sid) -> None:
        """Take an account out of a local group (SamrRemoveMemberFromAlias)."""
        with self._group(group, _REMOVE_MEMBER) as (pipe, handle):
            samr.hSamrRemoveMemberFromAlias(pipe, handle, _rpc_sid(member))

    def user(self, account: Sid) -> UserInfo:
        """Facts about an account of the server (SamrQueryInformationUser, UserAllInformation)."""
        domain, rid = self._domain(account)
        with self._pipes.call("samr") as pipe:
            handle = samr.hSamrOpenUser(pipe, domain, _READ_ACCOUNT, rid)["UserHandle"]
            with closed(pipe, handle, samr.hSamrCloseHandle):
                found = samr.hSamrQueryInformationUser(pipe, handle, _ALL_INFORMATION)["Buffer"]["All"]
                shown = int(found["WhichFields"])
                return UserInfo(
                    int(found["UserAccountControl"]) if shown & _USER_ACCOUNT_CONTROL else None,
                    _large(found["AccountExpires"]) if shown & _ACCOUNT_EXPIRES else None,
                    _large(found["PasswordMustChange"]) if shown & _PASSWORD_MUST_CHANGE else None,
                )

    @contextmanager
    def _group(self, group: Sid, access: int) -> Iterator[tuple[Any, Any]]:
        domain, rid = self._domain(group)
        with self._pipes.call("samr") as pipe:
            handle = samr.hSamrOpenAlias(pipe, domain, access, rid)["AliasHandle"]
            with closed(pipe, handle, samr.hSamrCloseHandle):
                yield pipe, handle

    def _domain(self, account: Sid) -> tuple[Any, int]:
        """A handle to the domain that an account or group is of, and its relative identifier there."""
        sid, rid = Sid(account.authority, account.subauthorities[:-1]), account.subauthorities[-1]
        kept = self._pipes.kept("samr")
        if sid not in kept:
            server = self._server()
            with self._pipes.call("samr") as pipe:
                kept[sid] = samr.hSamrOpenDomain(pipe, server, _LOOKUP_DOMAIN, _rpc_sid(sid))["DomainHandle"]
        return kept[sid], rid

    def _server(self) -> Any:
        kept = self._pipes.kept("samr")
        if "server" not in kept:
            try:
                with self._pipes.call("samr") as pipe:
                    kept["server"] = samr.hSamrConnect(pipe, desiredAccess=_CONNECT_AND_LOOKUP)["ServerHandle"]
            except SmbError as error:
                if error.status not in _REFUSED:
                    raise
                raise SmbError(error.kind, error.reason, _REFUSED_ADVICE, error.status) from None
        return kept["server"]


def _rpc_sid(sid: Sid) -> Any:
    made = samr.RPC_SID()
    made.fromCanonical(str(sid))
    return made


def _large(value: Any) -> int:
    """An OLD_LARGE_INTEGER ([MS-SAMR] 2.2.2.2)."""
    return int(value["HighPart"]) << 32 | int(value["LowPart"]) & 0xFFFFFFFF
