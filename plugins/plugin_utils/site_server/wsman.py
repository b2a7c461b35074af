# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WS-Management adapter: WMI classes, no shell, no PowerShell.

Classes and return values: Microsoft's pages on Win32_Share, Win32_LogicalShareSecuritySetting,
Win32_LogicalFileSecuritySetting, Win32_SecurityDescriptor, Win32_ACE, Win32_Trustee, Win32_Account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ..security import (
    ACCESS_ALLOWED,
    ACCESS_DENIED,
    Ace,
    Acl,
    AnyAce,
    OpaqueAce,
    SecurityDescriptor,
    SecurityDescriptorError,
    Sid,
    parse_sddl,
)
from ..security.descriptor import SE_DACL_PRESENT, SE_SELF_RELATIVE
from ..wsman import (
    Instance,
    Value,
    WSManValueError,
    get,
    invoke,
    query,
    wql_string,
)
from .errors import AccessDenied, AccountNotFound, NotFound, ServerFault
from .names import known_account, no_account
from .port import Account, Reading, Share
from .wmi import NO_ADMINISTRATOR, Wmi, netbios_domain
from .wmi_groups import members, unchangeable
from .wmi_shares import bare, read_share

SHARE_SETTING = "Win32_LogicalShareSecuritySetting"
FILE_SETTING = "Win32_LogicalFileSecuritySetting"

DEFAULT_SHARE_DESCRIPTOR = parse_sddl("D:(A;;0x1200a9;;;WD)")
"""What a share without a descriptor of its own grants: Everyone Read. So since Windows Server 2003 and XP SP1, and
WS-Management runs on nothing older (Microsoft, "Share and NTFS Permissions on a File Server")."""

_RETURN_VALUES = {
    2: ("Access is denied (ReturnValue 2)", NO_ADMINISTRATOR),
    8: ("Unknown failure (ReturnValue 8)", "Look into the server's Application and System event logs."),
    9: ("Privilege missing (ReturnValue 9)", NO_ADMINISTRATOR),
    21: ("Invalid parameter (ReturnValue 21)", "An account in the descriptor may not exist any more."),
}

# Microsoft, "Delete method of the CIM_DataFile class".
_DELETE_VALUES = {
    2: ("Access is denied (ReturnValue 2)", NO_ADMINISTRATOR),
    15: ("Sharing violation (ReturnValue 15)", "Something on the server has the file open."),
    17: ("Privilege missing (ReturnValue 17)", NO_ADMINISTRATOR),
}


class WsmanSiteServer:
    """`SiteServer` over WS-Management.

    Args:
        wmi: the host's WMI.
        operator: the connected account, if known.
    """

    def __init__(self, wmi: Wmi, operator: str | None = None) -> None:
        self._wmi = wmi
        self._operator = operator
        self._without_setting: set[str] = set()

    @property
    def host(self) -> str:
        """The host as the inventory calls it."""
        return self._wmi.host

    @property
    def operator(self) -> str | None:
        """The account that is connected."""
        return self._operator

    @property
    def changes_members(self) -> bool:
        """WMI has no method for that."""
        return False

    def reconnect(self) -> None:
        """Close the connection; the next request opens a new one."""
        self._wmi.transport.close()

    def share(self, name: str) -> Share:
        """Read a share's settings, and its permissions where the server tells them along."""
        return read_share(self._wmi, name)

    def share_descriptor(self, share: Share) -> Reading:
        """Read the share's permissions. A share without an own descriptor has no instance of the setting."""
        operation = f"read the permissions of share {share.name}"
        try:
            reading = self._read(operation, SHARE_SETTING, {"Name": share.name})
            return replace(reading, descriptor=bare(reading.descriptor))
        except NotFound:
            self._without_setting.add(share.name)
            return Reading(DEFAULT_SHARE_DESCRIPTOR, is_default=True)

    def set_share_descriptor(self, share: Share, descriptor: SecurityDescriptor) -> None:
        """Write the share's DACL. Only SetShareInfo can give a share its first one; it sets all three settings."""
        operation = f"set the permissions of share {share.name}"
        if share.name not in self._without_setting:
            try:
                return self._write(operation, SHARE_SETTING, {"Name": share.name}, descriptor)
            except NotFound:
                pass
        parameters: dict[str, Value] = {"Description": share.description, "Access": _to_wmi(descriptor)}
        if share.maximum_allowed is not None:
            parameters["MaximumAllowed"] = share.maximum_allowed
        self._call(operation, "Win32_Share", "SetShareInfo", {"Name": share.name}, parameters)
        self._without_setting.discard(share.name)
        return None

    def is_directory(self, path: str) -> bool:
        """Whether a path is a directory or a file."""
        operation = f"find {path}"
        try:
            self._wmi.run(operation, get(self._wmi.session, "Win32_Directory", {"Name": path}), "")
        except NotFound:
            advice = "Check the path; creating it is not this module's job."
            self._wmi.run(operation, get(self._wmi.session, "CIM_DataFile", {"Name": path}), advice)
            return False
        return True

    def path_descriptor(self, path: str) -> Reading:
        """Read the permissions of a directory or file."""
        return self._read(f"read the permissions of {path}", FILE_SETTING, {"Path": path})

    def set_path_descriptor(self, path: str, descriptor: SecurityDescriptor) -> None:
        """Write the DACL of a directory or file."""
        self._write(f"set the permissions of {path}", FILE_SETTING, {"Path": path}, descriptor)

    def resolve(self, account: str) -> Account:
        """Find an account's SID.

        SIDs and English built-in names cost no request, a user one, a user principal name or a group one more.
        """
        known = known_account(self._wmi.host, account)
        return known if known is not None else self._look_up(account, account.strip())

    def delete_file(self, path: str) -> None:
        """Delete a file."""
        call = invoke(self._wmi.session, "CIM_DataFile", "Delete", {"Name": path}, {})
        operation = f"delete {path}"
        output = self._wmi.run(operation, call, "It may be gone already.")
        with self._wmi.strict(operation):
            result = output.integer("ReturnValue")
        if result:
            said, advice = _DELETE_VALUES.get(result, (f"ReturnValue {result}", "Look into the server's event logs."))
            raise (AccessDenied if result in (2, 17) else ServerFault)(self._wmi.host, operation, said, advice)

    def service_account(self, service: str) -> str:
        """The account that a service logs on as."""
        operation = f"read the account of service {service}"
        advice = "Check the service's name (not its display name)."
        found = self._wmi.run(operation, get(self._wmi.session, "Win32_Service", {"Name": service}), advice)
        with self._wmi.strict(operation):
            return found.text("StartName") or ""

    def group_members(self, group: Sid) -> tuple[Account, ...]:
        """Members of a local group: one request for its name, one for theirs, and one for each SID."""
        return members(self._wmi, group)

    def add_group_member(self, group: Sid, member: Sid) -> None:
        """Not over this wire."""
        raise unchangeable(self._wmi.host, group)

    def remove_group_member(self, group: Sid, member: Sid) -> None:
        """Not over this wire."""
        raise unchangeable(self._wmi.host, group)

    def _look_up(self, account: str, text: str) -> Account:
        domain, slash, name = text.partition("\\")
        if not slash and "@" in text:
            name, _at, suffix = text.rpartition("@")
            domain = self._netbios_domain(account, suffix)
        found = self._user(account, domain, name) if domain != "." else {}
        if not found:
            where = "LocalAccount=TRUE" if domain == "." else f"Domain={self._quote(account, domain)}"
            found = self._accounts(account, where, name)
        if not found and domain != ".":
            # WMI gives built-in accounts the computer's name for a domain; Win32_SID knows the one that people see.
            local = self._accounts(account, "LocalAccount=TRUE", name)
            seen = {sid: "\\".join((domain, known.rpartition("\\")[2])) for sid, known in local.items()}
            found = {sid: known for sid, known in seen.items() if self._domain_of(account, sid) == domain.casefold()}
        if len(found) > 1:
            listed = ", ".join(sorted(map(str, found)))
            raise self._no_account(account, f"several accounts have this name: {listed}", "Give the SID itself.")
        for sid, known in found.items():
            return Account(sid, known)
        raise self._no_account(account, "the server knows no such account")

    def _user(self, account: str, domain: str, name: str) -> dict[Sid, str]:
        """A user by both keys: the smallest request, and one that cannot make the server walk through a domain."""
        operation = f"look up account {account}"
        try:
            item = self._wmi.run(
                operation, get(self._wmi.session, "Win32_UserAccount", {"Domain": domain, "Name": name}), ""
            )
        except NotFound:
            return {}
        return self._named(operation, [item])

    def _accounts(self, account: str, where: str, name: str) -> dict[Sid, str]:
        r"""Accounts of this name, with theirs as `DOMAIN\name`."""
        operation = f"look up account {account}"
        wql = f"SELECT * FROM Win32_Account WHERE {where} AND Name={self._quote(account, name)}"  # noqa: S608 - quoted
        return self._named(operation, self._wmi.run(operation, query(self._wmi.session, wql), ""))

    def _named(self, operation: str, found: Iterable[Instance]) -> dict[Sid, str]:
        with self._wmi.strict(operation):
            return {Sid.parse(item.text("SID") or ""): f"{item.text('Domain')}\\{item.text('Name')}" for item in found}

    def _domain_of(self, account: str, sid: Sid) -> str:
        operation = f"look up the domain of account {account}"
        found = self._wmi.run(operation, get(self._wmi.session, "Win32_SID", {"SID": str(sid)}), "")
        with self._wmi.strict(operation):
            return (found.text("ReferencedDomainName") or "").casefold()

    def _netbios_domain(self, account: str, suffix: str) -> str:
        """The NetBIOS name that WMI's account classes want, for the DNS domain of a user principal name."""
        operation = f"look up the domain of account {account}"
        found = self._wmi.run(operation, query(self._wmi.session, "SELECT * FROM Win32_NTDomain"), "")
        with self._wmi.strict(operation):
            netbios = netbios_domain(found, suffix)
        if netbios is None:
            raise self._no_account(account, f"the server tells no NetBIOS name for the domain {suffix}")
        return netbios

    def _quote(self, account: str, part: str) -> str:
        try:
            return wql_string(part)
        except WSManValueError as error:
            raise self._no_account(account, str(error)) from None

    def _no_account(self, account: str, said: str, *advice: str) -> AccountNotFound:
        return no_account(self._wmi.host, account, said, *advice)

    def _read(self, operation: str, class_name: str, key: Mapping[str, str]) -> Reading:
        output = self._call(operation, class_name, "GetSecurityDescriptor", key)
        with self._wmi.strict(operation):
            descriptor = output.instance("Descriptor")
            if descriptor is None:
                raise ServerFault(self._wmi.host, operation, "the answer holds no descriptor", "Try again.")
            return _from_wmi(descriptor)

    def _write(self, operation: str, class_name: str, key: Mapping[str, str], descriptor: SecurityDescriptor) -> None:
        self._call(operation, class_name, "SetSecurityDescriptor", key, {"Descriptor": _to_wmi(descriptor)})

    def _call(
        self,
        operation: str,
        class_name: str,
        method: str,
        key: Mapping[str, str],
        parameters: Mapping[str, Value] = MappingProxyType({}),
    ) -> Instance:
        call = invoke(self._wmi.session, class_name, method, key, parameters)
        output = self._wmi.run(operation, call, "Check that it exists and is spelled right.")
        with self._wmi.strict(operation):
            result = output.integer("ReturnValue")
        if result:
            said, advice = _RETURN_VALUES.get(result, (f"ReturnValue {result}", "Look into the server's event logs."))
            raise (AccessDenied if result in (2, 9) else ServerFault)(self._wmi.host, operation, said, advice)
        return output


def _from_wmi(found: Instance) -> Reading:
    names: dict[Sid, str] = {}
    unwritable: list[str] = []
    owner = _trustee(found.instance("Owner"), names)
    group = _trustee(found.instance("Group"), names)
    control = (found.integer("ControlFlags") or 0) & ~SE_SELF_RELATIVE
    # Nothing asks for the SACL, which takes a privilege to read; whatever the flags say of it is not ours.
    control &= ~0x2A30
    dacl = None
    if control & SE_DACL_PRESENT and not found.is_null("DACL"):
        dacl = Acl(tuple(_ace(item, names, unwritable) for item in found.instances("DACL")))
    descriptor = SecurityDescriptor(control, owner, group, dacl)
    return Reading(descriptor, MappingProxyType(names), unwritable=tuple(unwritable))


def _ace(item: Instance, names: dict[Sid, str], unwritable: list[str]) -> AnyAce:
    kind, flags, mask = (item.integer(name) for name in ("AceType", "AceFlags", "AccessMask"))
    sid = _trustee(item.instance("Trustee"), names)
    if kind is None or flags is None or mask is None:
        raise SecurityDescriptorError("an entry lacks its type, flags or mask")
    if kind in (ACCESS_ALLOWED, ACCESS_DENIED) and not item.text("GuidObjectType"):
        if sid is None:
            raise SecurityDescriptorError("an entry lacks its trustee")
        return Ace(kind, flags, mask, sid)
    # Of other types WMI shows a part, and not always the same; what it shows is kept, so that it can be seen.
    whose = f" for {names.get(sid, sid)}" if sid else ""
    unwritable.append(f"an entry of type {kind}{whose}, which WMI cannot write back whole")
    body = mask.to_bytes(4, "little") + (sid.to_bytes() if sid else b"")
    return OpaqueAce(kind if kind not in (ACCESS_ALLOWED, ACCESS_DENIED) else kind + 5, flags, body)


def _trustee(item: Instance | None, names: dict[Sid, str]) -> Sid | None:
    if item is None:
        return None
    numbers = item.array("SID")
    if not numbers and item.text("SIDString"):
        sid = Sid.parse(item.text("SIDString") or "")
    else:
        sid = Sid.from_bytes(_octets(numbers))
    name = item.text("Name")
    if name:
        domain = item.text("Domain")
        names[sid] = f"{domain}\\{name}" if domain else name
    return sid


def _octets(numbers: Iterable[Any]) -> bytes:
    try:
        return bytes(map(int, numbers))
    except (TypeError, ValueError):
        raise SecurityDescriptorError("a SID is not made of octets") from None


def _to_wmi(descriptor: SecurityDescriptor) -> Instance:
    """ControlFlags say what is written: the DACL and its protection; owner and group left out are kept."""
    if descriptor.dacl is None:
        dacl: Value = None
    else:
        dacl = tuple(_ace_to_wmi(ace) for ace in descriptor.dacl)
    return Instance("Win32_SecurityDescriptor", {"ControlFlags": descriptor.control | SE_SELF_RELATIVE, "DACL": dacl})


def _ace_to_wmi(ace: AnyAce) -> Instance:
    if not isinstance(ace, Ace):
        raise SecurityDescriptorError(f"an entry of type {ace.ace_type} cannot be written over WMI")
    sid = tuple(ace.sid.to_bytes())
    return Instance(
        "Win32_ACE",
        {
            "AccessMask": ace.mask,
            "AceFlags": ace.flags,
            "AceType": ace.ace_type,
            "Trustee": Instance("Win32_Trustee", {"SID": sid}),
        },
    )
