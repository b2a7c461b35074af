# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote procedure calls over named pipes: shares, names and SIDs, domains, user rights, services.

Sources: [MS-SRVS] for shares, [MS-LSAT] and [MS-LSAD] for names, domains and user rights, [MS-SCMR] for services. `sam`
has those for local groups and accounts.

Only calls that Windows NT 4.0 has too. Names are looked up by the call that returns a SID as a domain and a relative
identifier, which works for well-known SIDs too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ...module_utils.smb_errors import SmbError, answered, reason_of
from ...module_utils.smb_session import SmbSession
from ..security import SecurityDescriptorError, Sid

try:
    from impacket.dcerpc.v5 import lsad, lsat, samr, scmr, srvs
    from impacket.dcerpc.v5.dtypes import DWORD, LPBYTE, LPLONG, NULL, ULONG, WSTR
    from impacket.dcerpc.v5.ndr import NDRCALL, NDRPOINTER, NDRSTRUCT, NDRUNION
    from impacket.dcerpc.v5.rpcrt import MSRPC_FAULT, DCERPCException
    from impacket.dcerpc.v5.transport import SMBTransport
except ImportError:  # smb_session keeps the reason
    _Transport: Any = object
else:
    _Transport = SMBTransport
    # impacket looks for this in the module of a call whose answer is an error.
    DCERPCSessionError = srvs.DCERPCSessionError

    class _Info1501(NDRSTRUCT):  # type: ignore[misc]
        # [MS-SRVS] 2.2.4.31; impacket's own lacks the pointer.
        structure = (("shi1501_reserved", DWORD), ("shi1501_security_descriptor", LPBYTE))

    class _InfoPointer(NDRPOINTER):  # type: ignore[misc]
        referent = (("Data", _Info1501),)

    class _InfoUnion(NDRUNION):  # type: ignore[misc]
        commonHdr = (("tag", DWORD),)  # noqa: N815 - as impacket has it
        union = {1501: ("ShareInfo1501", _InfoPointer)}  # noqa: RUF012

    class SetShareSecurity(NDRCALL):  # type: ignore[misc]
        """NetrShareSetInfo ([MS-SRVS] 3.1.4.11) at level 1501, which sets nothing but the security descriptor."""

        opnum = 17
        structure = (
            ("ServerName", srvs.PSRVSVC_HANDLE),
            ("NetName", WSTR),
            ("Level", DWORD),
            ("ShareInfo", _InfoUnion),
            ("ParmErr", LPLONG),
        )

    class SetShareSecurityResponse(NDRCALL):  # type: ignore[misc]
        """Its answer."""

        structure = (("ParmErr", LPLONG), ("ErrorCode", ULONG))


MAX_DESCRIPTOR = 64 * 1024
"""Longest security descriptor, in bytes: an ACL's own limit, with owner and group."""
MAX_NAMES = 4096
"""Most entries of a list that is read."""

MAX_LOOKUPS = 64
"""Most requests for one list, if the server does not answer for all of it at once."""

SOME_NOT_MAPPED = 0x00000107
NONE_MAPPED = 0xC0000073
_MORE_ENTRIES, _NO_MORE_ENTRIES = 0x00000105, 0x8000001A
NO_LIMIT = 0xFFFFFFFF
_NO_NAMES = frozenset({5, 50, 1717, 0xC0000022, 0xC0000061, 0xC00000BB, 0x1C010002, 0x1C010003})
"""Refusals that are not about one SID: access denied, privilege not held, not supported, no such procedure."""
_PIPE_GONE = frozenset(
    {
        109,  # ERROR_BROKEN_PIPE
        232,  # ERROR_NO_DATA
        233,  # ERROR_PIPE_NOT_CONNECTED
        1722,  # RPC_S_SERVER_UNAVAILABLE
        1726,  # RPC_S_CALL_FAILED
        0xC0000008,  # STATUS_INVALID_HANDLE
        0xC00000AC,  # STATUS_PIPE_NOT_AVAILABLE
        0xC00000B0,  # STATUS_PIPE_DISCONNECTED
        0xC00000B1,  # STATUS_PIPE_CLOSING
        0xC0000128,  # STATUS_FILE_CLOSED
        0xC000014B,  # STATUS_PIPE_BROKEN
    }
)
"""Statuses of a pipe that is of no more use, while the session may be ([MS-ERREF] 2.2 and 2.3.1)."""
_UNKNOWN_INTERFACE = 1717
_WELL_KNOWN_DOMAIN_ONLY = 0xFFFFFFFF
_MAXIMUM_ALLOWED = 0x02000000
_PAGE = 8192
"""Bytes of a list in one answer. Samba refuses more."""
_LOOKUP_NAMES = 0x800
_VIEW_LOCAL_INFORMATION = 0x1
_GROUPS = (2, 4, 5)
"""SidTypeGroup, SidTypeAlias and SidTypeWellKnownGroup ([MS-SAMR] 2.2.2.3)."""
_ACCOUNTS = (1, 9)
"""SidTypeUser and SidTypeComputer."""


@dataclass(frozen=True, slots=True)
class ShareInfo:
    """A share as the server lists it.

    Attributes:
        name: its name.
        path: what it shares, as the server spells it.
        kind: STYPE_* ([MS-SRVS] 2.2.2.4).
        remark: its comment.
        max_uses: most simultaneous connections; `NO_LIMIT` for none.
    """

    name: str
    path: str
    kind: int
    remark: str
    max_uses: int

    @property
    def is_disk(self) -> bool:
        """Whether it shares files."""
        return self.kind & 0x0FFFFFFF == 0

    @property
    def is_special(self) -> bool:
        """Whether Windows made it for administrators (STYPE_SPECIAL)."""
        return bool(self.kind & 0x80000000)


@dataclass(frozen=True, slots=True)
class Named:
    r"""A SID as the server names it.

    Attributes:
        name: `DOMAIN\name`.
        is_group: whether it is a group, well-known ones such as Everyone included; None if the server does not show
            that, as for a deleted account.
    """

    name: str
    is_group: bool | None


@dataclass(frozen=True, slots=True)
class DomainInfo:
    """A domain as the server's local security authority has it.

    Attributes:
        name: its NetBIOS name, or the name of the workgroup or computer.
        dns_name: its DNS name; empty before Active Directory, and for the domain of the server's own accounts.
        sid: its SID; None for a workgroup.
    """

    name: str
    dns_name: str
    sid: Sid | None


class _Pipe(_Transport):  # type: ignore[misc]
    """impacket's named pipe, with the status of a fault, and without waiting for an answer that does not come.

    Attributes:
        fault: the status of a fault ([C706] 12.6.4.7) if that came last, else None. impacket has only its text.
    """

    fault: int | None = None

    def recv(self, *args: Any, **options: Any) -> bytes:
        data = bytes(super().recv(*args, **options))
        if not data:
            raise SmbError("garbled", "the answer of a remote procedure call ends early")
        is_fault = len(data) >= 28 and data[2] == MSRPC_FAULT
        self.fault = int.from_bytes(data[24:28], "little") if is_fault else None
        return data


class PipeClient:
    """Calls over one session. Pipes and handles that are used again stay open until the session ends."""

    def __init__(self, session: SmbSession) -> None:
        self._session = session
        self._pipes: dict[str, Any] = {}
        self._kept: dict[str, dict[Any, Any]] = {}

    def shares(self) -> tuple[ShareInfo, ...]:
        """All shares with their paths (NetrShareEnum, level 2). It takes an operator or an administrator."""
        with self.call("srvsvc") as pipe:
            answer = srvs.hNetrShareEnum(pipe, 2)
            rows = answer["InfoStruct"]["ShareInfo"]["Level2"]["Buffer"]
            return tuple(
                ShareInfo(
                    _text(row["shi2_netname"]),
                    _text(row["shi2_path"]),
                    int(row["shi2_type"]),
                    _text(row["shi2_remark"]),
                    int(row["shi2_max_uses"]),
                )
                for row in rows
            )

    def share_security(self, name: str) -> bytes | None:
        """A share's security descriptor (NetrShareGetInfo, level 502); None if it has none of its own."""
        with self.call("srvsvc") as pipe:
            info = srvs.hNetrShareGetInfo(pipe, f"{name}\0", 502)["InfoStruct"]["ShareInfo502"]
            found = info["shi502_security_descriptor"]
            # impacket shows a null pointer as an empty value.
            descriptor = b"".join(found) if isinstance(found, list) else bytes(found or b"")
        if len(descriptor) > MAX_DESCRIPTOR:
            raise SmbError("garbled", f"a security descriptor of {len(descriptor)} bytes")
        return descriptor or None

    def set_share_security(self, name: str, descriptor: bytes) -> None:
        """Give a share this security descriptor."""
        with self.call("srvsvc") as pipe:
            request = SetShareSecurity()
            request["ServerName"] = NULL
            request["NetName"] = f"{name}\0"
            request["Level"] = 1501
            request["ShareInfo"]["tag"] = 1501
            request["ShareInfo"]["ShareInfo1501"]["shi1501_reserved"] = len(descriptor)
            request["ShareInfo"]["ShareInfo1501"]["shi1501_security_descriptor"] = [
                descriptor[at : at + 1] for at in range(len(descriptor))
            ]
            request["ParmErr"] = NULL
            pipe.request(request)

    def version(self) -> tuple[int, int]:
        """The version of Windows that the server returns (NetrServerGetInfo, level 101): 4.0 for Windows NT 4.0."""
        with self.call("srvsvc") as pipe:
            info = srvs.hNetrServerGetInfo(pipe, 101)["InfoStruct"]["ServerInfo101"]
            # The upper half of the major version is flags ([MS-SRVS] 2.2.4.41).
            return int(info["sv101_version_major"]) & 0x0F, int(info["sv101_version_minor"])

    def sid_of(self, name: str) -> Sid | None:
        """The SID of a name at the server (LsarLookupNames); None if it finds none."""
        with self.call("lsarpc") as pipe:
            try:
                answer = lsat.hLsarLookupNames(pipe, self._open_policy(pipe), [name])
            except lsat.DCERPCSessionError as error:
                if (error.get_error_code() or 0) & 0xFFFFFFFF == NONE_MAPPED:
                    return None
                raise
            (found,) = answer["TranslatedSids"]["Sids"]
            index = int(found["DomainIndex"])
            if int(found["Use"]) in (7, 8) or index < 0:  # SidTypeInvalid, SidTypeUnknown
                return None
            domain = sid_from(answer["ReferencedDomains"]["Domains"][index]["Sid"])
            rid = int(found["RelativeId"]) & 0xFFFFFFFF
        if rid == _WELL_KNOWN_DOMAIN_ONLY:
            return domain
        return Sid(domain.authority, (*domain.subauthorities, rid))

    def names_of(self, sids: Iterable[Sid]) -> dict[Sid, Named]:
        """Those of the SIDs for which the server returns a name.

        Some servers refuse a whole list for one SID in it, such as Samba as a domain controller for S-1-22-... Then
        each half is asked for, and so on, so that the others' names are found. A refusal is never an error here: names
        are for people, and no decision depends on them.
        """
        names: dict[Sid, Named] = {}
        waiting = [list(dict.fromkeys(sids))[:MAX_NAMES]]
        for _unused in range(MAX_LOOKUPS):
            if not waiting:
                break
            asked = waiting.pop()
            if not asked:
                continue
            try:
                names.update(self._names(asked))
            except SmbError as error:
                if error.kind != "refused":
                    raise
                if error.status in _NO_NAMES or error.status in _PIPE_GONE:
                    break
                if len(asked) > 1:
                    half = len(asked) // 2
                    waiting += [asked[half:], asked[:half]]
        return names

    def _names(self, asked: list[Sid]) -> dict[Sid, Named]:
        """One question (LsarLookupSids)."""
        with self.call("lsarpc") as pipe:
            try:
                answer = lsat.hLsarLookupSids(pipe, self._open_policy(pipe), [str(sid) for sid in asked])
            except lsat.DCERPCSessionError as error:
                code = (error.get_error_code() or 0) & 0xFFFFFFFF
                if code == NONE_MAPPED:
                    return {}
                if code != SOME_NOT_MAPPED or error.get_packet() is None:
                    raise
                answer = error.get_packet()
            domains = [_text(item["Name"]) for item in answer["ReferencedDomains"]["Domains"]]
            rows = answer["TranslatedNames"]["Names"]
            if len(rows) != len(asked):
                raise SmbError("garbled", f"{len(asked)} SIDs were sent, {len(rows)} names came back")
            names = {}
            for sid, row in zip(asked, rows, strict=True):
                name, index, use = _text(row["Name"]), int(row["DomainIndex"]), int(row["Use"])
                if use in (7, 8) or not name:
                    continue
                domain = domains[index] if 0 <= index < len(domains) else ""
                # A domain has no other domain, and neither has a well-known SID like Everyone.
                full_name = f"{domain}\\{name}" if domain and use != 3 else name
                names[sid] = Named(full_name, True if use in _GROUPS else False if use in _ACCOUNTS else None)
            return names

    def accounts_with_right(self, right: str) -> tuple[Sid, ...]:
        """The accounts and groups to which a user right is assigned (LsarEnumerateAccountsWithUserRight)."""
        with self.call("lsarpc") as pipe:
            policy = self._open_policy(pipe)
            try:
                answer = lsad.hLsarEnumerateAccountsWithUserRight(pipe, policy, right)["EnumerationBuffer"]
            except lsad.DCERPCSessionError as error:
                if (error.get_error_code() or 0) & 0xFFFFFFFF == _NO_MORE_ENTRIES:
                    return ()
                raise
            return _account_sids(answer)

    def accounts_with_rights(self) -> tuple[Sid, ...]:
        """The accounts and groups to which any user right is assigned (LsarEnumerateAccounts)."""
        found: list[Sid] = []
        with self.call("lsarpc") as pipe:
            request = lsad.LsarEnumerateAccounts()
            request["PolicyHandle"] = self._open_policy(pipe)
            request["PreferedMaximumLength"] = _PAGE
            for _unused in range(MAX_LOOKUPS):
                try:
                    answer = pipe.request(request)
                except lsad.DCERPCSessionError as error:
                    code = (error.get_error_code() or 0) & 0xFFFFFFFF
                    if code == _NO_MORE_ENTRIES:
                        return tuple(found)
                    if code != _MORE_ENTRIES or error.get_packet() is None:
                        raise
                    answer = error.get_packet()
                found += _account_sids(answer["EnumerationBuffer"])
                request["EnumerationContext"] = int(answer["EnumerationContext"])
        raise SmbError("refused", f"after {MAX_LOOKUPS} answers there are still more accounts with user rights")

    def rights_of(self, account: Sid) -> tuple[str, ...]:
        """The user rights that are assigned to an account or group itself (LsarEnumerateAccountRights)."""
        with self.call("lsarpc") as pipe:
            answer = lsad.hLsarEnumerateAccountRights(pipe, self._open_policy(pipe), str(account))["UserRights"]
            return tuple(_text(row["Data"]) for row in _rows(answer["EntriesRead"], answer["UserRights"]))

    def own_domain(self) -> DomainInfo:
        """The domain of the server's own accounts: itself, or on a domain controller the domain."""
        found = self._policy_information(5)["PolicyAccountDomainInfo"]
        return DomainInfo(_text(found["DomainName"]), "", _optional_sid(found["DomainSid"]))

    def joined_domain(self) -> DomainInfo:
        """The domain or workgroup that the server is in."""
        try:
            found = self._policy_information(12)["PolicyDnsDomainInfo"]
        except SmbError as error:
            if error.kind != "refused":
                raise
            found = self._policy_information(3)["PolicyPrimaryDomainInfo"]
            return DomainInfo(_text(found["Name"]), "", _optional_sid(found["Sid"]))
        return DomainInfo(_text(found["Name"]), _text(found["DnsDomainName"]), _optional_sid(found["Sid"]))

    def service_account(self, service: str) -> str:
        """The account that a service logs on as (QueryServiceConfigW), as the server spells it."""
        with self.call("svcctl") as pipe:
            manager = scmr.hROpenSCManagerW(pipe, dwDesiredAccess=0x1)["lpScHandle"]
            with closed(pipe, manager, scmr.hRCloseServiceHandle):
                found = scmr.hROpenServiceW(pipe, manager, f"{service}\0", dwDesiredAccess=0x1)["lpServiceHandle"]
                with closed(pipe, found, scmr.hRCloseServiceHandle):
                    return _text(scmr.hRQueryServiceConfigW(pipe, found)["lpServiceConfig"]["lpServiceStartName"])

    def _policy_information(self, kind: int) -> Any:
        with self.call("lsarpc") as pipe:
            return lsad.hLsarQueryInformationPolicy(pipe, self._open_policy(pipe), kind)["PolicyInformation"]

    def _open_policy(self, pipe: Any) -> Any:
        kept = self.kept("lsarpc")
        if "policy" not in kept:
            kept["policy"] = lsad.hLsarOpenPolicy(pipe, _LOOKUP_NAMES | _VIEW_LOCAL_INFORMATION)["PolicyHandle"]
        return kept["policy"]

    def kept(self, name: str) -> dict[Any, Any]:
        """Handles of a pipe that are used again. They end with the pipe."""
        return self._kept.setdefault(name, {})

    @contextmanager
    def call(self, name: str) -> Iterator[Any]:
        """The pipe, opened if it is not; all requests in the block have one deadline."""
        try:
            with self._session.exchange():
                pipe = self._pipes.get(name) or self._opened(name)
                try:
                    yield pipe
                except DCERPCException as error:
                    fault = pipe.get_rpc_transport().fault
                    if error.get_error_code() is None and fault is not None:
                        raise answered(fault) from None
                    raise
        except SmbError as error:
            if error.status in _PIPE_GONE:
                self._forget(name)
            raise

    def _opened(self, name: str) -> Any:
        connection = self._session.connection
        pipe = _Pipe(self._session.settings.address, filename=f"\\{name}", smb_connection=connection).get_dce_rpc()
        pipe.connect()
        try:
            pipe.bind(_INTERFACES[name]())
        except DCERPCException as error:
            reason = f"the server offers no {name} ({reason_of(error)})"
            raise SmbError("refused", reason, status=_UNKNOWN_INTERFACE) from None
        self._pipes[name] = pipe
        return pipe

    def _forget(self, name: str) -> None:
        """Drop a pipe, so that the next request opens it again."""
        self._pipes.pop(name, None)
        self._kept.pop(name, None)


_INTERFACES = {
    "srvsvc": lambda: srvs.MSRPC_UUID_SRVS,
    "lsarpc": lambda: lsat.MSRPC_UUID_LSAT,
    "svcctl": lambda: scmr.MSRPC_UUID_SCMR,
    "samr": lambda: samr.MSRPC_UUID_SAMR,
}


@contextmanager
def closed(pipe: Any, handle: Any, close: Any) -> Iterator[None]:
    """Close a handle afterwards; what goes wrong then is of no interest."""
    try:
        yield
    finally:
        with suppress(Exception):
            close(pipe, handle)


def _text(value: Any) -> str:
    """A string of impacket's, without the zero that ends it; empty for a null pointer."""
    text = value if isinstance(value, str) else bytes(value or b"").decode("utf-16-le")
    return text.rstrip("\0")


def sid_from(value: Any) -> Sid:
    """The SID in a value of impacket's; raises SmbError."""
    try:
        return Sid.parse(value.formatCanonical())
    except SecurityDescriptorError as error:
        raise SmbError("garbled", f"the answer holds no SID ({error})") from None


def _rows(announced: Any, rows: Any) -> Any:
    """The entries of a list behind a pointer; impacket shows a null pointer as an empty value."""
    found = rows if announced else ()
    if len(found) != int(announced):
        raise SmbError("garbled", f"{int(announced)} entries are announced, {len(found)} came")
    return found


def _account_sids(buffer: Any) -> tuple[Sid, ...]:
    """The SIDs in an LSAPR_ACCOUNT_ENUM_BUFFER ([MS-LSAD] 2.2.5.2)."""
    return tuple(sid_from(row["Sid"]) for row in _rows(buffer["EntriesRead"], buffer["Information"]))


def _optional_sid(value: Any) -> Sid | None:
    """A SID behind a pointer; impacket shows a null pointer as an empty value."""
    return sid_from(value) if value else None
