# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SMB adapter: remote procedure calls for shares, names, services, groups and rights; files for what has a path.

A local path is reached through the share that leads there. Administrative shares come first, since they do not depend
on permissions of their own. A write does what SetNamedSecurityInfo of Windows does on a client: the entries that the
object inherits are computed here, and so are those that its children inherit (see `propagation`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from ....module_utils.smb_errors import SmbError
from ....module_utils.smb_session import SmbSession, open_session
from ....module_utils.smb_settings import SmbSettings
from ....module_utils.smb_stream import StreamTraffic
from ...security import AccountState, SecurityDescriptor, SecurityDescriptorError, Sid, parse_sddl
from ...security.account_state import filetime
from ...security.descriptor import SE_DACL_AUTO_INHERITED
from ...security.inheritance import DACL_BITS, with_inherited
from ...security.well_known import NAME_OF
from ...smb import NO_LIMIT, FileClient, Named, PipeClient, SamClient, ShareInfo, file_client
from ..errors import (
    NO_ADMINISTRATOR,
    AccessDenied,
    AuthenticationFailed,
    Interrupted,
    NoAnswer,
    NotFound,
    Rejected,
    SiteServerError,
    Unreachable,
)
from ..names import known_account, no_account
from ..port import (
    Account,
    DescriptorReading,
    Enough,
    JoinedDomain,
    NetworkLogon,
    Propagated,
    Share,
    Traffic,
    every_member,
)
from .accounts import account_state, can_be_own
from .descriptors import descriptor_to_write, read_descriptor
from .logon import network_logon
from .propagation import Broken, Propagation
from .status import outcome_of

T = TypeVar("T")

DEFAULT_SHARE_DESCRIPTOR = parse_sddl("D:(A;;0x1200a9;;;WD)")
"""What a share without a descriptor of its own grants since Windows XP: Everyone Read."""
DEFAULT_SHARE_DESCRIPTOR_BEFORE_XP = parse_sddl("D:(A;;FA;;;WD)")
"""And on Windows NT 4.0 and 2000: Everyone Full Control (Microsoft, "Share and NTFS Permissions on a File Server")."""

_NOT_OURS_TO_CREATE = "Check the path; this module does not create it."
_NOT_A_LOCAL_GROUP = "Check the group's SID. It must be a local group of the server."
_NOT_AN_OWN_ACCOUNT = "Check the account's SID. It must be an account of the server itself."
_ALREADY_A_MEMBER = 0xC0000153
_NO_MEMBER = 0xC0000152


class SmbSiteServer:
    """`SiteServer` over SMB. The first request connects, and so does the first one after a connection broke.

    Args:
        settings: how to reach it.
        operator: the account that connects, as the inventory spells it.
        connections: most connections at once that update children.
        progress: called with a sentence about how far a long operation is.
    """

    def __init__(
        self,
        settings: SmbSettings,
        operator: str | None = None,
        *,
        connections: int = 4,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._settings = settings
        self._operator = operator
        self._connections = connections
        self._progress = progress
        self._session: SmbSession | None = None
        self._open_files: FileClient | None = None
        self._open_pipes: PipeClient | None = None
        self._shares: tuple[ShareInfo, ...] | None = None
        self._closed_shares: set[str] = set()
        self._names: dict[Sid, Named | None] = {}
        self._traffics: list[StreamTraffic] = []

    @property
    def host(self) -> str:
        """The host as the inventory names it."""
        return self._settings.host

    @property
    def operator(self) -> str | None:
        """The account that is connected."""
        return self._operator

    @property
    def changes_members(self) -> bool:
        """Over SAMR."""
        return True

    @property
    def propagates(self) -> bool:
        """A server does not do it for its client."""
        return True

    @property
    def counts_requests(self) -> bool:
        """One request of WMI corresponds to several messages of SMB."""
        return False

    @property
    def traffic(self) -> Traffic:
        """Messages of SMB, over all of its connections."""
        return Traffic(
            sum(traffic.requests for traffic in self._traffics),
            sum(traffic.sent for traffic in self._traffics),
            sum(traffic.received for traffic in self._traffics),
        )

    def close(self) -> None:
        """Log off."""
        session, self._session = self._session, None
        self._open_files = self._open_pipes = None
        if session is not None:
            session.close()

    def reconnect(self) -> None:
        """Log off. The next request logs on again, and reads shares and names again."""
        self.close()
        self._shares = None
        self._closed_shares.clear()
        self._names.clear()

    def share(self, name: str) -> Share:
        """Read a share's settings, from the list of all shares, which is also needed to find paths."""
        with self._doing(f"read share {name}"):
            self._shares = None
            for info in self._all_shares():
                if info.name.casefold() == name.casefold():
                    limit = None if info.max_uses == NO_LIMIT else info.max_uses
                    return Share(info.name, info.path, info.is_disk, info.remark, limit)
        raise NotFound(
            self.host,
            f"read share {name}",
            "not found (the server lists no such share)",
            "Check the share's name; this module does not share the directory.",
        )

    def share_descriptor(self, share: Share) -> DescriptorReading:
        """Read the share's permissions."""
        with self._doing(f"read the permissions of share {share.name}"):
            found = self._pipes.share_security(share.name)
            if found is None:
                older = self._pipes.version() < (5, 1)
                default = DEFAULT_SHARE_DESCRIPTOR_BEFORE_XP if older else DEFAULT_SHARE_DESCRIPTOR
                return DescriptorReading(default, self._names_in(default), is_default=True)
            return self._reading(found)

    def set_share_descriptor(self, share: Share, descriptor: SecurityDescriptor) -> None:
        """Write the share's descriptor, its owner and group as they were read."""
        with self._doing(f"set the permissions of share {share.name}"):
            self._pipes.set_share_security(share.name, descriptor.to_bytes())

    def is_directory(self, path: str) -> bool:
        """Whether a path is a directory or a file."""
        with self._doing(f"find {path}", _NOT_OURS_TO_CREATE):
            share, below = self._locate(path)
            return bool(self._files.attributes(share, below) & 0x10)

    def path_descriptor(self, path: str) -> DescriptorReading:
        """Read the permissions of a directory or file."""
        with self._doing(f"read the permissions of {path}", "Check that it exists and is spelled right."):
            share, below = self._locate(path)
            return self._reading(self._files.security(share, below).security)

    def a_child(self, path: str) -> str | None:
        """None: a write updates the children itself."""
        return None

    def set_path_descriptor(self, path: str, descriptor: SecurityDescriptor) -> Propagated | None:
        """Write the DACL of a directory or file; the children of a directory are updated before it."""
        operation = f"set the permissions of {path}"
        with self._doing(operation):
            share, below = self._locate(path)
            found = self._files.security(share, below)
            held = read_descriptor(found.security)
            wanted = replace(descriptor, owner=held.owner, group=held.group)
            wanted = self._inheriting(path, held, wanted, is_folder=found.is_directory)
            if not found.is_directory:
                self._files.set_dacl(share, below, descriptor_to_write(wanted))
                return None
            propagation = Propagation(
                self._connected(),
                self._connect,
                share,
                below,
                connections=self._connections,
                progress=self._progress_of(path),
            )
            try:
                return propagation.write(wanted)
            except Broken as broken:
                raise self._broken_off(path, broken) from None

    def resolve(self, account: str) -> Account:
        """Find an account's SID. SIDs and English built-in names cost no request, others two round trips each."""
        known = known_account(self.host, account)
        if known is not None:
            return known
        with self._doing(f"look up account {account}"):
            sid = self._look_up(account.strip())
            if sid is None:
                raise no_account(self.host, account, "the server finds no such account")
            return Account(sid, self._names_for([sid]).get(sid, account.strip()))

    def delete_file(self, path: str) -> None:
        """Delete a file."""
        with self._doing(f"delete {path}", "It may be gone already."):
            share, below = self._locate(path)
            self._files.delete(share, below)

    def service_account(self, service: str) -> str:
        """The account that a service logs on as."""
        with self._doing(f"read the account of service {service}", "Check the service's name (not its display name)."):
            return self._pipes.service_account(service)

    def group_members(self, group: Sid, enough: Enough = every_member) -> tuple[Account, ...]:
        """Members of a local group, all of them at the same price."""
        operation = f"read the members of group {NAME_OF.get(group, group)}"
        self._check_own(group, operation, _NOT_A_LOCAL_GROUP)
        with self._doing(operation, _NOT_A_LOCAL_GROUP):
            members = SamClient(self._pipes).group_members(group)
            named = self._named(members)
            return tuple(
                Account(sid, named[sid].name, named[sid].is_group) if sid in named else Account(sid, str(sid))
                for sid in members
            )

    def network_logon(self) -> NetworkLogon:
        """Who may log on over the network, from the server's local security authority."""
        with self._doing("read who may log on over the network"):
            return network_logon(self._pipes, self._names_for)

    def local_account_state(self, account: Sid) -> AccountState:
        """The state of an account of the server itself; on a domain controller, of an account of the domain."""
        operation = f"read the state of account {account}"
        self._check_own(account, operation, _NOT_AN_OWN_ACCOUNT)
        with self._doing(operation, _NOT_AN_OWN_ACCOUNT):
            found = SamClient(self._pipes).user(account)
            return account_state(found, self._connected().server_time or filetime(time.time()))

    def joined_domain(self) -> JoinedDomain | None:
        """The domain that the server is in; the accounts of a domain controller are the domain's own."""
        with self._doing("read which domain the server is in"):
            joined = self._pipes.joined_domain()
            if joined.sid is None:
                return None
            is_controller = joined.sid == self._pipes.own_domain().sid
            return JoinedDomain(joined.dns_name or joined.name, is_controller, joined.sid)

    def add_group_member(self, group: Sid, member: Sid) -> None:
        """Add an account to a local group."""
        with self._doing(f"add {member} to group {NAME_OF.get(group, group)}"):
            try:
                SamClient(self._pipes).add_group_member(group, member)
            except SmbError as error:
                if error.status != _ALREADY_A_MEMBER:
                    raise

    def remove_group_member(self, group: Sid, member: Sid) -> None:
        """Remove an account from a local group."""
        with self._doing(f"remove {member} from group {NAME_OF.get(group, group)}"):
            try:
                SamClient(self._pipes).remove_group_member(group, member)
            except SmbError as error:
                if error.status != _NO_MEMBER:
                    raise

    def open_file(self, path: str) -> Iterator[bytes]:
        """Read a file from its beginning to its end, a piece at a time."""
        with self._doing(f"read {path}", "Check that it exists and is spelled right."):
            share, below = self._locate(path)
            yield from self._files.content(share, below)

    def put_file(self, path: str, read: Callable[[int], bytes]) -> None:
        """Write a file; an existing one is overwritten."""
        with self._doing(f"write {path}", "Check that its directory exists."):
            share, below = self._locate(path)
            self._files.write(share, below, read)

    def _broken_off(self, path: str, broken: Broken) -> SiteServerError:
        """The error for a propagation that stopped: what it has done, and what to do next."""
        operation = f"set the permissions of {path}"
        cause = self._translate(operation, broken.error, "")
        reason = cause.reason.rstrip(". ")
        if broken.written:
            reason = (
                f"{reason}. It has its new permissions, and so has everything that was in it; newer files may lack them"
            )
            return NoAnswer(self.host, operation, reason, "Run it again.")
        maybe = f", and {broken.uncertain} more may have been" if broken.uncertain else ""
        if broken.written is None and not isinstance(cause, Rejected):
            reason = (
                f"{reason}. It may have its new permissions; {broken.updated} files and folders below it were updated"
            )
            return type(cause)(self.host, operation, reason, "Run it again.")
        if isinstance(cause, Rejected) and not broken.updated and not broken.uncertain:
            return cause
        return Interrupted(
            self.host,
            f"bring the files and folders below {path} in line",
            f"{reason}, after {broken.updated} were{maybe}",
            "The folder itself has its old permissions, so run it again: it continues where it stopped.",
            broken.updated + broken.uncertain,
        )

    def _inheriting(
        self, path: str, held: SecurityDescriptor, wanted: SecurityDescriptor, *, is_folder: bool
    ) -> SecurityDescriptor:
        """The descriptor to write, with the inherited entries that its parent has now.

        An object from before automatic inheritance does not follow its parent. A drive has no parent. If no share leads
        to the parent, or the operator may not read it, the inherited entries stay as planned.
        """
        follows = held.control & SE_DACL_AUTO_INHERITED or held.dacl_protected or (held.dacl and held.dacl.inherited)
        parent = path.rpartition("\\")[0]
        if wanted.dacl_protected or not follows or path.endswith("\\"):
            return wanted
        try:
            share, below = self._locate(parent if len(parent) > 2 else f"{parent}\\")
            above = read_descriptor(self._files.security(share, below).security)
        except SmbError as error:
            if error.kind != "refused":
                raise
            return wanted
        except NotFound:
            return wanted
        return with_inherited(DACL_BITS, above, wanted, is_folder=is_folder, protected=False)

    def _look_up(self, text: str) -> Sid | None:
        domain, slash, name = text.partition("\\")
        if slash:
            if domain == ".":
                domain = self._pipes.own_domain().name
            return self._pipes.sid_of(f"{domain}\\{name}") if name else None
        found = self._pipes.sid_of(text)
        if found is not None:
            return found
        # A domain of Windows NT has no user principal names. Then the domain with the same DNS name counts.
        name, _at, suffix = text.rpartition("@")
        joined = self._pipes.joined_domain()
        netbios, dns = joined.name, joined.dns_name
        suffix = suffix.casefold().rstrip(".")
        if suffix == dns.casefold() or (not dns and suffix.partition(".")[0] == netbios.casefold()):
            return self._pipes.sid_of(f"{netbios}\\{name}")
        return None

    def _all_shares(self) -> tuple[ShareInfo, ...]:
        if self._shares is None:
            self._shares = self._pipes.shares()
        return self._shares

    def _locate(self, path: str) -> tuple[str, str]:
        """The share that leads to a local path, connected, and the path below it."""
        ways = sorted(_ways(path, self._all_shares()))
        refusal: SmbError | None = None
        for *_rank, share, below in ways:
            if share in self._closed_shares:
                continue
            try:
                self._files.connect(share)
            except SmbError as error:
                if error.kind != "refused":
                    raise
                refusal = error
                self._closed_shares.add(share)
            else:
                return share, below
        if refusal is not None:
            raise refusal
        if ways:
            raise SmbError("refused", "this account may not use the shares that lead there", status=5)
        raise NotFound(
            self.host,
            f"find {path}",
            "not found: no share of the server leads there",
            "Over SMB, a path is reached through a share. Administrative shares (D$ for drive D) lead to whole drives.",
        )

    def _reading(self, data: bytes) -> DescriptorReading:
        descriptor = read_descriptor(data)
        return DescriptorReading(descriptor, self._names_in(descriptor))

    def _names_in(self, descriptor: SecurityDescriptor) -> MappingProxyType[Sid, str]:
        sids = [sid for sid in (descriptor.owner, descriptor.group) if sid is not None]
        sids += [ace.sid for ace in descriptor.dacl or () if hasattr(ace, "sid")]
        return MappingProxyType(self._names_for(sids))

    def _names_for(self, sids: Iterable[Sid]) -> dict[Sid, str]:
        return {sid: named.name for sid, named in self._named(sids).items()}

    def _named(self, sids: Iterable[Sid]) -> dict[Sid, Named]:
        """Names of SIDs, each looked up once; to Windows, those that are the same everywhere are groups."""
        wanted = dict.fromkeys(sids)
        unknown = [sid for sid in wanted if sid not in NAME_OF and sid not in self._names]
        if unknown:
            found = self._pipes.names_of(unknown)
            self._names.update({sid: found.get(sid) for sid in unknown})
        named = ((sid, Named(NAME_OF[sid], True) if sid in NAME_OF else self._names[sid]) for sid in wanted)
        return {sid: each for sid, each in named if each is not None}

    def _check_own(self, account: Sid, operation: str, advice: str) -> None:
        """Whether an account or group can be one of the server's own; the server decides whether it is."""
        if not can_be_own(account):
            reason = "not found (a server's own accounts and groups have SIDs of a domain or of BUILTIN)"
            raise NotFound(self.host, operation, reason, advice)

    def _progress_of(self, path: str) -> Callable[[str], None] | None:
        progress = self._progress
        if progress is None:
            return None
        return lambda sentence: progress(f"{self.host}: {path}: {sentence}")

    @property
    def _files(self) -> FileClient:
        session = self._connected()
        if self._open_files is None:
            self._open_files = file_client(session)
        return self._open_files

    @property
    def _pipes(self) -> PipeClient:
        session = self._connected()
        if self._open_pipes is None:
            self._open_pipes = PipeClient(session)
        return self._open_pipes

    def _connected(self) -> SmbSession:
        if self._session is not None and self._session.closed:
            self._drop()
        if self._session is None:
            try:
                self._session = self._connect()
            except SmbError as error:
                if error.kind == "logon":
                    operation = f"log on as {self._operator or 'the current user'}"
                    reason = error.reason.removeprefix(f"{self._settings.account}: ")
                    raise AuthenticationFailed(self.host, operation, reason, error.advice) from None
                raise self._translate("connect", error, error.advice) from None
        return self._session

    def _connect(self) -> SmbSession:
        session = open_session(self._settings)
        self._traffics.append(session.traffic)
        return session

    def _drop(self) -> None:
        """Drop a connection that cannot be used again; the next request opens another."""
        session, self._session = self._session, None
        self._open_files = self._open_pipes = None
        if session is not None:
            session.abandon()

    @contextmanager
    def _doing(self, operation: str, advice: str = "") -> Iterator[None]:
        try:
            yield
        except SmbError as error:
            raise self._translate(operation, error, advice) from None
        except SecurityDescriptorError as error:
            reason = f"the answer cannot be used: {error}"
            raise NoAnswer(self.host, operation, reason, "Check that this is a Windows server.") from None

    def _translate(self, operation: str, error: SmbError, advice: str) -> SiteServerError:
        reason = error.reason
        if error.kind in SmbError.LOST:
            self._drop()
            if error.kind == "unreachable":
                return Unreachable(self.host, operation, reason, error.advice or "Check that the server is up.")
            return NoAnswer(self.host, operation, reason, error.advice or "Check that this is a Windows server.")
        outcome = outcome_of(error.status)
        if outcome is NotFound:
            return NotFound(self.host, operation, f"not found ({reason})", advice or "Check the name.")
        if outcome is AccessDenied:
            return AccessDenied(self.host, operation, reason, error.advice or NO_ADMINISTRATOR)
        return outcome(self.host, operation, reason, error.advice or advice or "Look into the server's event logs.")


def _ways(path: str, shares: tuple[ShareInfo, ...]) -> Iterator[tuple[bool, bool, bool, int, str, str]]:
    """The shares that lead to a path, to be sorted: administrative ones first, then the longest path on the server."""
    for share in shares:
        base = share.path.replace("/", "\\").rstrip("\\")
        if not share.is_disk or not base:
            continue
        if path.casefold() == base.casefold() or path.casefold().startswith(f"{base}\\".casefold()):
            drive = re.fullmatch(r"[A-Za-z]\$", share.name) is not None
            hidden = share.name.endswith("$")
            below = path[len(base) :].strip("\\")
            yield not share.is_special, not drive, not hidden, -len(base), share.name, below
