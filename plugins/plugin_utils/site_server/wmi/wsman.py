# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WS-Management adapter: WMI classes, no shell, no PowerShell.

Classes and return values: Microsoft's pages on Win32_Share, Win32_LogicalShareSecuritySetting,
Win32_LogicalFileSecuritySetting, Win32_SecurityDescriptor, Win32_ACE, Win32_Trustee, Win32_Account.
"""

from __future__ import annotations

import ntpath
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from ...security import AccountState, SecurityDescriptor, SecurityDescriptorError, Sid, parse_sddl, same_access
from ...security.descriptor import SE_SACL_PRESENT
from ...wsman import (
    Instance,
    Value,
    WSManProtocolError,
    WSManValueError,
    first,
    get,
    has_compact_form,
    invoke,
    query,
    wql_string,
)
from ..errors import AccountNotFound, InvalidRequest, NoAnswer, NotFound, Rejected, ServerFault
from ..names import known_account, no_account
from ..port import (
    Account,
    DescriptorReading,
    Enough,
    JoinedDomain,
    NetworkLogon,
    Share,
    Traffic,
    every_member,
)
from .descriptors import SACL_BITS, instance_of, reading_of
from .groups import LocalGroups, unchangeable
from .logon import joined_domain, local_account_state, network_logon
from .methods import failure
from .names_seen import Known, NamesSeen, Place
from .shares import dacl_only, read_share
from .wmi import Wmi, netbios_domain

SHARE_SETTING = "Win32_LogicalShareSecuritySetting"
FILE_SETTING = "Win32_LogicalFileSecuritySetting"

DEFAULT_SHARE_DESCRIPTOR = parse_sddl("D:(A;;0x1200a9;;;WD)")
"""What a share without a descriptor of its own grants: Everyone Read. So since Windows Server 2003 and XP SP1, and
WS-Management runs on nothing older (Microsoft, "Share and NTFS Permissions on a File Server")."""


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
        self._prefixed = False
        self._read: dict[tuple[str, str], DescriptorReading] = {}
        self._names = NamesSeen(wmi.host)
        self._groups = LocalGroups(wmi, self._names)

    @property
    def host(self) -> str:
        """The host as the inventory names it."""
        return self._wmi.host

    @property
    def operator(self) -> str | None:
        """The account that is connected."""
        return self._operator

    @property
    def changes_members(self) -> bool:
        """WMI has no method for that."""
        return False

    @property
    def propagates(self) -> bool:
        """The server does it, after the directory is written."""
        return False

    @property
    def counts_requests(self) -> bool:
        """Each request is one of WMI."""
        return True

    @property
    def traffic(self) -> Traffic:
        """Requests of WMI, and the bytes of their envelopes, without HTTP."""
        counted = self._wmi.traffic
        return Traffic(counted.requests, counted.sent, counted.received)

    def reconnect(self) -> None:
        """Close the connection; the next request opens a new one."""
        self._wmi.transport.close()

    def share(self, name: str) -> Share:
        """Read a share's settings, and its permissions if the server returns them too."""
        return read_share(self._wmi, name)

    def share_descriptor(self, share: Share) -> DescriptorReading:
        """Read the share's permissions. A share without a descriptor of its own has no instance of the setting."""
        operation = f"read the permissions of share {share.name}"
        try:
            reading = self._reading(operation, SHARE_SETTING, {"Name": share.name})
            return replace(reading, descriptor=dacl_only(reading.descriptor))
        except NotFound as missing:
            found = share.descriptor
            if found is not None and not same_access(found, DEFAULT_SHARE_DESCRIPTOR):
                # A write as to a share without permissions of its own would remove those that it has.
                reason = f"MSFT_SmbShare returns permissions, which {SHARE_SETTING} lacks: {missing.reason}"
                raise NoAnswer(self.host, operation, reason, "Look into the server's WMI event log.") from None
            self._without_setting.add(share.name)
            return DescriptorReading(DEFAULT_SHARE_DESCRIPTOR, is_default=True)

    def set_share_descriptor(self, share: Share, descriptor: SecurityDescriptor) -> None:
        """Write the share's DACL, and its SACL if the descriptor has one; otherwise that is kept.

        Only SetShareInfo can give a share its first descriptor; it sets all three settings.
        """
        operation = f"set the permissions of share {share.name}"
        if share.name not in self._without_setting:
            try:
                return self._write(operation, SHARE_SETTING, {"Name": share.name}, descriptor)
            except NotFound:
                pass
        access = self._sent(operation, descriptor, follows_parent=False)
        parameters: dict[str, Value] = {"Description": share.description, "Access": access}
        if share.maximum_allowed is not None:
            parameters["MaximumAllowed"] = share.maximum_allowed
        self._ask(operation, "Win32_Share", "SetShareInfo", {"Name": share.name}, parameters)
        self._without_setting.discard(share.name)
        return None

    def is_directory(self, path: str) -> bool:
        """Whether a path is a directory or a file."""
        operation = f"find {path}"
        try:
            self._wmi.run(operation, get(self._wmi.settings, "Win32_Directory", {"Name": path}), "")
        except NotFound:
            advice = "Check the path; this module does not create it."
            self._wmi.run(operation, get(self._wmi.settings, "CIM_DataFile", {"Name": path}), advice)
            return False
        return True

    def path_descriptor(self, path: str) -> DescriptorReading:
        """Read the permissions of a directory or file."""
        return self._reading(f"read the permissions of {path}", FILE_SETTING, {"Path": path})

    def a_child(self, path: str) -> str | None:
        """One file or folder in a directory, by one query that ends with its first result.

        CIM_LogicalFile is both kinds. Drive and Path keep Windows from walking through the disk, and Name alone from
        opening each file for its other properties.
        """
        operation = f"find a file or folder in {path}"
        drive, below = ntpath.splitdrive(path)
        inside = below if below.endswith("\\") else f"{below}\\"
        with self._wmi.translate_bad_answers(operation):
            where = f"Drive={wql_string(drive)} AND Path={wql_string(inside)}"
        wql = f"SELECT Name FROM CIM_LogicalFile WHERE {where}"  # noqa: S608 - quoted
        found = self._wmi.run(operation, first(self._wmi.settings, wql), "")
        if found is None:
            return None
        with self._wmi.translate_bad_answers(operation):
            directory, name = ntpath.split(found.text("Name") or "")
            if not name or directory.casefold().rstrip("\\") != path.casefold().rstrip("\\"):
                raise WSManProtocolError(f"{found.text('Name')!r} is not directly in {path}"[:400])
        return ntpath.join(path, name)

    def set_path_descriptor(self, path: str, descriptor: SecurityDescriptor) -> None:
        """Write the DACL of a directory or file, and its SACL if the descriptor has one; otherwise that is kept."""
        self._write(f"set the permissions of {path}", FILE_SETTING, {"Path": path}, descriptor)

    def resolve(self, account: str) -> Account:
        """Find an account's SID.

        SIDs and English built-in names cost no request, a user one, a user principal name or a group two.
        """
        known = known_account(self._wmi.host, account)
        return known if known is not None else self._look_up(account, account.strip())

    def delete_file(self, path: str) -> None:
        """Delete a file."""
        self._ask(f"delete {path}", "CIM_DataFile", "Delete", {"Name": path}, advice="It may be gone already.")

    def service_account(self, service: str) -> str:
        """The account that a service logs on as."""
        operation = f"read the account of service {service}"
        advice = "Check the service's name (not its display name)."
        found = self._wmi.run(operation, get(self._wmi.settings, "Win32_Service", {"Name": service}), advice)
        with self._wmi.translate_bad_answers(operation):
            self._names.see_domain(found.text("SystemName") or "")
            return found.text("StartName") or ""

    def group_members(self, group: Sid, enough: Enough = every_member) -> tuple[Account, ...]:
        """Members of a local group: one request at best, see `LocalGroups`."""
        return self._groups.members(group, enough)

    def network_logon(self) -> NetworkLogon:
        """Who may log on over the network, as far as group policy sets it."""
        return network_logon(self._wmi, self._names, self.resolve)

    def local_account_state(self, account: Sid) -> AccountState:
        """Whether an account of the server is disabled or locked; WMI does not show the rest."""
        return local_account_state(self._wmi, account)

    def joined_domain(self) -> JoinedDomain | None:
        """The domain that the server is in."""
        return joined_domain(self._wmi, self._names)

    def add_group_member(self, group: Sid, member: Sid) -> None:
        """WMI has no method for it."""
        raise unchangeable(self._wmi.host, group)

    def remove_group_member(self, group: Sid, member: Sid) -> None:
        """WMI has no method for it."""
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
            # WMI gives built-in accounts the computer's name for a domain; Win32_SID has the one that people see.
            local = self._accounts(account, "LocalAccount=TRUE", name)
            seen = {sid: "\\".join((domain, known.rpartition("\\")[2])) for sid, known in local.items()}
            found = {sid: known for sid, known in seen.items() if self._domain_of(account, sid) == domain.casefold()}
        if len(found) > 1:
            listed = ", ".join(sorted(map(str, found)))
            raise self._no_account(account, f"several accounts have this name: {listed}", "Give the SID itself.")
        for sid, known in found.items():
            return Account(sid, known)
        raise self._no_account(account, "the server finds no such account")

    def _user(self, account: str, domain: str, name: str) -> dict[Sid, str]:
        """A user by both keys: the smallest request, and one that cannot make the server walk through a domain."""
        operation = f"look up account {account}"
        try:
            item = self._wmi.run(
                operation, get(self._wmi.settings, "Win32_UserAccount", {"Domain": domain, "Name": name}), ""
            )
        except NotFound:
            return {}
        return self._named(operation, [item])

    def _accounts(self, account: str, where: str, name: str) -> dict[Sid, str]:
        r"""Accounts of this name, with theirs as `DOMAIN\name`."""
        operation = f"look up account {account}"
        wql = f"SELECT * FROM Win32_Account WHERE {where} AND Name={self._quote(account, name)}"  # noqa: S608 - quoted
        return self._named(operation, self._wmi.run(operation, query(self._wmi.settings, wql), ""))

    def _named(self, operation: str, found: Iterable[Instance]) -> dict[Sid, str]:
        named: dict[Sid, str] = {}
        with self._wmi.translate_bad_answers(operation):
            for item in found:
                sid, domain, name = Sid.parse(item.text("SID") or ""), item.text("Domain"), item.text("Name")
                named[sid] = f"{domain}\\{name}"
                if domain and name and item.boolean("LocalAccount") and item.class_name.casefold() == "win32_group":
                    self._names.see_group(sid, Place(domain, name, Known.LOOKED_UP))
        self._names.see(named)
        return named

    def _domain_of(self, account: str, sid: Sid) -> str:
        operation = f"look up the domain of account {account}"
        found = self._wmi.run(operation, get(self._wmi.settings, "Win32_SID", {"SID": str(sid)}), "")
        with self._wmi.translate_bad_answers(operation):
            return (found.text("ReferencedDomainName") or "").casefold()

    def _netbios_domain(self, account: str, suffix: str) -> str:
        """The NetBIOS name that WMI's account classes want, for the DNS domain of a user principal name."""
        operation = f"look up the domain of account {account}"
        found = self._wmi.run(operation, query(self._wmi.settings, "SELECT * FROM Win32_NTDomain"), "")
        with self._wmi.translate_bad_answers(operation):
            netbios = netbios_domain(found, suffix)
        if netbios is None:
            raise self._no_account(account, f"the server has no NetBIOS name for the domain {suffix}")
        return netbios

    def _quote(self, account: str, part: str) -> str:
        try:
            return wql_string(part)
        except WSManValueError as error:
            raise self._no_account(account, str(error)) from None

    def _no_account(self, account: str, reason: str, *advice: str) -> AccountNotFound:
        return no_account(self._wmi.host, account, reason, *advice)

    def _reading(self, operation: str, class_name: str, key: Mapping[str, str]) -> DescriptorReading:
        output = self._ask(operation, class_name, "GetSecurityDescriptor", key)
        with self._wmi.translate_bad_answers(operation):
            descriptor = output.instance("Descriptor")
            if descriptor is None:
                raise ServerFault(self._wmi.host, operation, "the answer holds no descriptor", "Try again.")
            reading = reading_of(descriptor)
        self._names.see(reading.names)
        self._read[_object(class_name, key)] = reading
        return reading

    def _write(self, operation: str, class_name: str, key: Mapping[str, str], descriptor: SecurityDescriptor) -> None:
        if not descriptor.control & SE_SACL_PRESENT:
            descriptor = self._with_sacl(operation, class_name, key, descriptor)
        self._read.pop(_object(class_name, key), None)  # after the write it is old, whatever the result
        sent = self._sent(operation, descriptor, follows_parent=class_name == FILE_SETTING)
        self._ask(operation, class_name, "SetSecurityDescriptor", key, {"Descriptor": sent})

    def _with_sacl(
        self, operation: str, class_name: str, key: Mapping[str, str], descriptor: SecurityDescriptor
    ) -> SecurityDescriptor:
        """The descriptor with the SACL of the object, since a SACL that is left out is set to NULL."""
        held = self._read.get(_object(class_name, key)) or self._reading(operation, class_name, key)
        control = descriptor.control & ~SACL_BITS | held.descriptor.control & SACL_BITS
        return replace(descriptor, control=control, sacl=held.descriptor.sacl)

    def _sent(self, operation: str, descriptor: SecurityDescriptor, *, follows_parent: bool) -> Instance:
        try:
            return instance_of(descriptor, follows_parent=follows_parent)
        except SecurityDescriptorError as error:
            advice = "Change it on the server itself."
            raise Rejected(self._wmi.host, operation, f"nothing was sent: {error}", advice) from None

    def _ask(
        self,
        operation: str,
        class_name: str,
        method: str,
        key: Mapping[str, str],
        parameters: Mapping[str, Value] = MappingProxyType({}),
        advice: str = "Check that it exists and is spelled right.",
    ) -> Instance:
        """Call a method, and once more in the form of other clients if the server cannot use the compact one.

        It is repeated only after an answer that shows that nothing was done.
        """
        try:
            return self._call(operation, class_name, method, key, parameters, advice)
        except InvalidRequest:
            if self._prefixed or not has_compact_form(class_name, method, parameters):
                raise
        self._prefixed = True
        try:
            return self._call(operation, class_name, method, key, parameters, advice)
        except InvalidRequest:
            self._prefixed = False  # it was not the form
            raise

    def _call(
        self,
        operation: str,
        class_name: str,
        method: str,
        key: Mapping[str, str],
        parameters: Mapping[str, Value],
        advice: str,
    ) -> Instance:
        call = invoke(self._wmi.settings, class_name, method, key, parameters, prefixed=self._prefixed)
        output = self._wmi.run(operation, call, advice)
        with self._wmi.translate_bad_answers(operation):
            result = output.integer("ReturnValue")
        if result is None:
            raise ServerFault(self._wmi.host, operation, "the answer holds no ReturnValue", "Try again.")
        if result:
            raise failure(self._wmi.host, operation, f"{class_name}.{method}", result)
        return output


def _object(class_name: str, key: Mapping[str, str]) -> tuple[str, str]:
    return class_name, next(iter(key.values())).casefold()
