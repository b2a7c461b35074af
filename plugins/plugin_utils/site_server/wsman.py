# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WS-Management adapter: WMI classes of root/cimv2, no shell, no PowerShell.

Classes and return values: Microsoft's pages on Win32_Share, Win32_LogicalShareSecuritySetting,
Win32_LogicalFileSecuritySetting, Win32_SecurityDescriptor, Win32_ACE, Win32_Trustee, Win32_Account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar

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
from ..security.well_known import NAME_OF, well_known_sid
from ..wsman import (
    Instance,
    Operation,
    Session,
    Value,
    WSManError,
    WSManFault,
    WSManValueError,
    get,
    invoke,
    query,
    wql_string,
)
from .errors import AccessDenied, AccountNotFound, NoAnswer, NotFound, ServerFault, SiteServerError
from .port import Account, Reading, Share

T = TypeVar("T")

SHARE_SETTING = "Win32_LogicalShareSecuritySetting"
FILE_SETTING = "Win32_LogicalFileSecuritySetting"

DEFAULT_SHARE_DESCRIPTOR = parse_sddl("D:(A;;0x1200a9;;;WD)")
"""What a share without a descriptor of its own grants: Everyone Read. So since Windows Server 2003 and XP SP1, and
WS-Management runs on nothing older (Microsoft, "Share and NTFS Permissions on a File Server")."""

_DISK_DRIVE = 0
_ADMINISTRATIVE = 0x80000000

_NO_ADMINISTRATOR = "Connect with an account that is a member of the server's Administrators group."
_RETURN_VALUES = {
    2: ("Access is denied (ReturnValue 2)", _NO_ADMINISTRATOR),
    8: ("Unknown failure (ReturnValue 8)", "Look into the server's Application and System event logs."),
    9: ("Privilege missing (ReturnValue 9)", _NO_ADMINISTRATOR),
    21: ("Invalid parameter (ReturnValue 21)", "An account in the descriptor may not exist any more."),
}


class Transport(Protocol):
    """Sends envelopes. Raises `SiteServerError` kinds only."""

    def send(self, envelope: bytes) -> bytes:
        """Post one request; the answer's body, that of a fault (HTTP 500) included."""


class WsmanSiteServer:
    """`SiteServer` over WS-Management.

    Args:
        host: the host as the inventory calls it, for messages.
        transport: sends the envelopes.
        session: settings of the envelopes.
        operator: the connected account, if known.
    """

    def __init__(self, host: str, transport: Transport, session: Session, operator: str | None = None) -> None:
        self._host = host
        self._operator = operator
        self._transport = transport
        self._session = session

    @property
    def host(self) -> str:
        """The host as the inventory calls it."""
        return self._host

    @property
    def operator(self) -> str | None:
        """The account that is connected."""
        return self._operator

    def share(self, name: str) -> Share:
        """Read a share's settings."""
        found = self._run(
            f"read share {name}",
            get(self._session, "Win32_Share", {"Name": name}),
            "Check the share's name; sharing the directory is not this module's job.",
        )
        with _Strict(self._host, f"read share {name}"):
            kind = found.integer("Type") or 0
            unlimited = found.boolean("AllowMaximum")
            return Share(
                name=found.text("Name") or name,
                path=found.text("Path") or "",
                is_disk=kind & ~_ADMINISTRATIVE == _DISK_DRIVE,
                description=found.text("Description") or "",
                maximum_allowed=None if unlimited else found.integer("MaximumAllowed"),
            )

    def share_descriptor(self, share: Share) -> Reading:
        """Read the share's permissions. A share without an own descriptor has no instance of the setting."""
        operation = f"read the permissions of share {share.name}"
        try:
            return self._read(operation, SHARE_SETTING, {"Name": share.name})
        except NotFound:
            return Reading(DEFAULT_SHARE_DESCRIPTOR, is_default=True)

    def set_share_descriptor(self, share: Share, descriptor: SecurityDescriptor, *, create: bool) -> None:
        """Write the share's DACL. Only SetShareInfo can give a share its first one; it sets all three settings."""
        operation = f"set the permissions of share {share.name}"
        if not create:
            self._write(operation, SHARE_SETTING, {"Name": share.name}, descriptor)
            return
        parameters: dict[str, Value] = {"Description": share.description, "Access": _to_wmi(descriptor)}
        if share.maximum_allowed is not None:
            parameters["MaximumAllowed"] = share.maximum_allowed
        self._call(operation, "Win32_Share", "SetShareInfo", {"Name": share.name}, parameters)

    def is_directory(self, path: str) -> bool:
        """Whether a path is a directory or a file."""
        operation = f"find {path}"
        try:
            self._run(operation, get(self._session, "Win32_Directory", {"Name": path}), "")
        except NotFound:
            advice = "Check the path; creating it is not this module's job."
            self._run(operation, get(self._session, "CIM_DataFile", {"Name": path}), advice)
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
        text = account.strip()
        if text.upper().startswith("S-1-"):
            try:
                sid = Sid.parse(text)
            except SecurityDescriptorError as error:
                raise self._no_account(account, str(error)) from None
            return Account(sid, NAME_OF.get(sid, str(sid)))
        known = well_known_sid(text)
        if known is not None:
            return Account(known, NAME_OF.get(known, text))
        return self._look_up(account, text)

    def _look_up(self, account: str, text: str) -> Account:
        domain, slash, name = text.partition("\\")
        if not slash and "@" in text:
            name, _at, suffix = text.rpartition("@")
            domain = self._netbios_domain(account, suffix)
        elif not slash:
            raise self._no_account(account, "the name has no domain", "Write DOMAIN\\name, or .\\name for a local one.")
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
            item = self._run(operation, get(self._session, "Win32_UserAccount", {"Domain": domain, "Name": name}), "")
        except NotFound:
            return {}
        return self._named(operation, [item])

    def _accounts(self, account: str, where: str, name: str) -> dict[Sid, str]:
        r"""Accounts of this name, with theirs as `DOMAIN\name`."""
        operation = f"look up account {account}"
        wql = f"SELECT * FROM Win32_Account WHERE {where} AND Name={self._quote(account, name)}"  # noqa: S608 - quoted
        return self._named(operation, self._run(operation, query(self._session, wql), ""))

    def _named(self, operation: str, found: Iterable[Instance]) -> dict[Sid, str]:
        with _Strict(self._host, operation):
            return {Sid.parse(item.text("SID") or ""): f"{item.text('Domain')}\\{item.text('Name')}" for item in found}

    def _domain_of(self, account: str, sid: Sid) -> str:
        operation = f"look up the domain of account {account}"
        found = self._run(operation, get(self._session, "Win32_SID", {"SID": str(sid)}), "")
        with _Strict(self._host, operation):
            return (found.text("ReferencedDomainName") or "").casefold()

    def _netbios_domain(self, account: str, suffix: str) -> str:
        """The NetBIOS name that WMI's account classes want, for the DNS domain of a user principal name.

        Win32_NTDomain tells the NetBIOS name of a domain and the DNS name of its forest, not its own DNS name; so a
        domain counts only if its NetBIOS name is the first label of the suffix and the suffix lies in its forest.
        """
        operation = f"look up the domain of account {account}"
        wanted = suffix.casefold().rstrip(".")
        found = self._run(operation, query(self._session, "SELECT * FROM Win32_NTDomain"), "")
        with _Strict(self._host, operation):
            for item in found:
                netbios = item.text("DomainName") or ""
                forest = (item.text("DnsForestName") or "").casefold()
                in_forest = bool(forest) and f".{wanted}".endswith(f".{forest}")
                if in_forest and netbios.casefold() == wanted.partition(".")[0]:
                    return netbios
        raise self._no_account(account, f"the server tells no NetBIOS name for the domain {suffix}")

    def _quote(self, account: str, part: str) -> str:
        try:
            return wql_string(part)
        except WSManValueError as error:
            raise self._no_account(account, str(error)) from None

    def _no_account(
        self, account: str, said: str, advice: str = "Check the spelling (DOMAIN\\name), or give the account's SID."
    ) -> AccountNotFound:
        return AccountNotFound(self._host, f"look up account {account}", said, advice)

    def _read(self, operation: str, class_name: str, key: Mapping[str, str]) -> Reading:
        output = self._call(operation, class_name, "GetSecurityDescriptor", key)
        with _Strict(self._host, operation):
            descriptor = output.instance("Descriptor")
            if descriptor is None:
                raise ServerFault(self._host, operation, "the answer holds no descriptor", "Try again.")
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
        call = invoke(self._session, class_name, method, key, parameters)
        output = self._run(operation, call, "Check that it exists and is spelled right.")
        with _Strict(self._host, operation):
            result = output.integer("ReturnValue")
        if result:
            said, advice = _RETURN_VALUES.get(result, (f"ReturnValue {result}", "Look into the server's event logs."))
            raise (AccessDenied if result in (2, 9) else ServerFault)(self._host, operation, said, advice)
        return output

    def _run(self, operation: str, steps: Operation[T], advice: str) -> T:
        """Drive a sans-IO operation with the transport, and put its errors into words."""
        try:
            request = next(steps)
            while True:
                request = steps.send(self._transport.send(request))
        except StopIteration as finished:
            result: T = finished.value
            return result
        except WSManFault as fault:
            raise self._translate(operation, fault, advice) from None
        except WSManValueError as error:
            raise ServerFault(self._host, operation, f"it cannot be sent: {error}", "Correct the value.") from None
        except WSManError as error:
            said = f"the answer cannot be used: {error}"
            raise NoAnswer(self._host, operation, said, "Is this address really WinRM's?") from None

    def _translate(self, operation: str, fault: WSManFault, advice: str) -> SiteServerError:
        said = str(fault)
        if fault.too_large:
            advice = (
                "Its list of entries is too long for WinRM; raise MaxEnvelopeSizekb on the server, or shorten the list."
            )
            return ServerFault(self._host, operation, said, advice)
        if fault.class_missing:
            return ServerFault(self._host, operation, said, "This Windows lacks the WMI class; is it a server?")
        if fault.not_found:
            return NotFound(self._host, operation, f"not found ({said})", advice)
        if fault.access_denied:
            return AccessDenied(self._host, operation, said, _NO_ADMINISTRATOR)
        if fault.timed_out:
            return NoAnswer(self._host, operation, said, "The server is slow; raise the connection's time-out.")
        return ServerFault(self._host, operation, said, "Look the code up, and look into the server's WinRM event log.")


class _Strict:
    """Turns an answer of the wrong shape into an error with host and operation."""

    def __init__(self, host: str, operation: str) -> None:
        self._host = host
        self._operation = operation

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, WSManError | SecurityDescriptorError):
            said = f"the answer cannot be used: {error}"
            raise NoAnswer(self._host, self._operation, said, "Is this a Windows server?") from None


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


def _octets(numbers: Iterable[Value]) -> bytes:
    try:
        return bytes(int(number) for number in numbers if isinstance(number, str | int))
    except ValueError:
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
