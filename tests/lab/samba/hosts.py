# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the hosts of a scenario to smbds that hold the same accounts, shares, trees and descriptors."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase

from ..backend import Backend, Missing, Unavailable, split_path
from ..descriptors import (
    CONTAINER_INHERIT,
    OBJECT_INHERIT,
    SE_DACL_PRESENT,
    SE_DACL_PROTECTED,
    SE_SELF_RELATIVE,
    Ace,
    Descriptor,
    pack,
)
from ..errors import LabError
from ..host import Host
from ..model import Account, Logon, SidType
from . import configuration, ntacl
from .addresses import claim
from .backend import SambaBackend
from .controls import SmbControls
from .server import SmbServer, is_open_to_others
from .session import Session
from .tools import Layout, missing

MAX_HOSTS = 250
_WORKERS = 4
_BUILT_IN = "S-1-5-32-"
_FULL = (0, OBJECT_INHERIT | CONTAINER_INHERIT, 0x1F01FF)
_DISK = pack(
    Descriptor(
        SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_DACL_PROTECTED,
        owner="S-1-5-32-544",
        group="S-1-5-18",
        dacl=(Ace.basic(*_FULL, "S-1-5-32-544"), Ace.basic(*_FULL, "S-1-5-18")),
    )
)
"""The directory that holds the drives."""


@dataclass(slots=True)
class SambaHost:
    """A host, its smbd, and what it was before: the scenario in memory."""

    host: Host
    memory: Backend
    server: SmbServer
    session: Session
    backend: SambaBackend
    controls: SmbControls


class SambaHosts:
    """The smbds of a lab. ``start`` and ``stop`` block."""

    def __init__(self, hosts: Iterable[Host], build: Path) -> None:
        self._all = tuple(hosts)
        self._files = build.resolve() / "smb"
        self._base = self._files
        self._guard: socket.socket | None = None
        self._template: SmbServer | None = None
        self.hosts: dict[str, SambaHost] = {}

    def start(self) -> list[str]:
        """Start every host's smbd and fill it from the scenario; returns their addresses. Raises LabError.

        A start that fails half way leaves what there is to ``stop``.
        """
        reason = missing()
        if reason:
            raise LabError(reason)
        _check(self._all)
        self._make_directory()
        self._guard, addresses = claim("127.78", len(self._all))
        logons = _logons(self._all)
        for host, address in zip(self._all, addresses, strict=True):
            self.hosts[host.name] = self._prepare(host, address, logons)
        self._template = next(iter(self.hosts.values())).server
        first: dict[str, SmbServer] = {}
        for made in self.hosts.values():
            self._give_accounts(made, logons, first)
        with ThreadPoolExecutor(_WORKERS) as pool:
            list(pool.map(self._fill, self.hosts.values()))
        return addresses

    def stop(self) -> None:
        """Stop every smbd and remove all files."""
        with ThreadPoolExecutor(_WORKERS) as pool:
            list(pool.map(_stop, self.hosts.values()))
        self.hosts.clear()
        self._remove_directory()
        if self._guard:
            self._guard.close()
            self._guard = None

    # -- files

    def _make_directory(self) -> None:
        """A directory in ``build``, or a link there to one in the system's for temporary files.

        The link is for a ``build`` that senders cannot reach, as below a home directory; and what a lab that was killed
        has left is found by it. Raises LabError.
        """
        self._remove_directory()
        if is_open_to_others(self._files):
            self._files.mkdir()
            return
        self._base = Path(tempfile.mkdtemp(prefix="sms-lab-")).resolve()
        self._base.chmod(0o711)
        self._files.symlink_to(self._base)
        if not is_open_to_others(self._base):
            raise LabError(
                f"{self._base.parent} is closed to all users but its owner, and the way to {self._files} is too, so a "
                "sender cannot reach a share below them: choose another directory (--build), or chmod o+x"
            )

    def _remove_directory(self) -> None:
        shutil.rmtree(self._files.resolve(), ignore_errors=True)
        if self._files.is_symlink():
            self._files.unlink()

    # -- one host

    def _prepare(self, host: Host, address: str, logons: dict[str, tuple[Account, Logon]]) -> SambaHost:
        """Its directories, configuration and objects; nothing runs yet."""
        layout = Layout(self._base / host.name)
        layout.make()
        administrators = [logon.user.rpartition("\\")[2] for _unused, logon in logons.values() if logon.administrator]
        sections = {configuration.GLOBAL: configuration.identity(layout, host.domain, host.name)}
        server = SmbServer(layout, address, sections)
        server.write_configuration()
        sections[configuration.GLOBAL] |= configuration.service(
            address, administrators, (service.name for service in host.services)
        )
        sections[configuration.ADMINISTRATIVE] = configuration.administrative_section(layout.disk, administrators)
        memory = host.backend
        session = Session(address, logons["administrator"][1])
        backend = SambaBackend(server, session, memory, host.services)
        credentials = {
            logon.user: logon
            for name, (_unused, logon) in logons.items()
            if name != "administrator" and not name.endswith("$")
        }
        return SambaHost(host, memory, server, session, backend, SmbControls(server, backend, credentials))

    def _give_accounts(
        self, made: SambaHost, logons: dict[str, tuple[Account, Logon]], first: dict[str, SmbServer]
    ) -> None:
        """All hosts have the domain's accounts: made once, then copied. So are groups with the same members."""
        server, host = made.server, made.host
        members = {sid: list(sids) for sid, sids in host.members.items()}
        like = first.setdefault(repr(sorted(members.items())), server)
        with ThreadPoolExecutor(1) as pool:
            groups = pool.submit(server.add_groups, _groups(host), members) if like is server else None
            if server is self._template:
                server.layout.run("net", "setdomainsid", logons["administrator"][0].sid.rpartition("-")[0])
                server.add_users(logons.values())
            elif self._template:
                server.copy_users(self._template)
            if groups:
                groups.result()
            else:
                server.copy_groups(like)

    def _fill(self, made: SambaHost) -> None:
        """Put the tree onto the disk, start smbd, and set what it takes over RPC only; raises LabError."""
        try:
            self._copy(made)
        except (Missing, Unavailable, OSError) as error:
            raise LabError(f"{made.host.name}: {error}") from None

    def _copy(self, made: SambaHost) -> None:
        ntacl.store(made.server.layout.disk, _DISK)
        backend = made.backend
        for path in _walk(made.memory):
            backend.make(
                backend.located(path),
                directory=made.memory.is_directory(path),
                descriptor=made.memory.file_descriptor(path),
            )
        shares = made.memory.shares()
        for share in shares:
            made.server.sections[share.name] = configuration.share_section(share, backend.disk_path(share.path))
        made.server.start()
        for share in shares:
            descriptor = made.memory.share_descriptor(share.name)
            if descriptor is not None:
                backend.set_share_descriptor(share.name, descriptor)
        backend.announce_services()
        made.host.backend = backend


def _stop(made: SambaHost) -> None:
    made.session.close()
    made.server.stop()
    made.host.backend = made.memory


def _walk(memory: Backend) -> Iterator[str]:
    """Every path of the scenario, parents first."""
    pending = [f"{letter}:\\" for letter in ascii_uppercase]
    for path in pending:
        try:
            directory = memory.is_directory(path)
        except Missing:
            continue
        yield path
        if directory:
            pending.extend(memory.children(path))


def _logons(hosts: Iterable[Host]) -> dict[str, tuple[Account, Logon]]:
    """Every user of the domain by name, with a password: the one it has for WinRM, or a new one.

    The domain's Administrator is the lab's own way in, so that a test may do to all others what it likes.
    """
    found: dict[str, tuple[Account, Logon]] = {}
    for host in hosts:
        for account in host.backend.accounts():
            if account.type is SidType.USER and not account.local and account.name.casefold() not in found:
                new = Logon(account.full_name, secrets.token_urlsafe(15), administrator=False)
                known = (logon for logon in host.logons if logon.user.casefold() == account.full_name.casefold())
                found[account.name.casefold()] = (account, next(known, new))
    domain_sid = next(iter(found.values()))[0].sid.rpartition("-")[0]
    domain = next(iter(found.values()))[0].domain
    administrator = Account(domain, "Administrator", f"{domain_sid}-500", SidType.USER, local=False)
    found["administrator"] = (administrator, Logon(administrator.full_name, secrets.token_urlsafe(15)))
    return found


def _groups(host: Host) -> list[Account]:
    """The domain's groups, and the built-in ones whose members the scenario tells."""
    return [
        account for account in host.backend.accounts() if account.type is SidType.GROUP or account.sid in host.members
    ]


def _check(hosts: tuple[Host, ...]) -> None:
    """What a scenario may not ask of Samba; raises LabError."""
    if len(hosts) > MAX_HOSTS:
        raise LabError(f"the Samba lab has at most {MAX_HOSTS} hosts")
    for host in hosts:
        if host.settings.language != "en":
            raise LabError(f"{host.name}: Samba names accounts in English only")
        for account in host.backend.accounts():
            if account.local and account.domain.casefold() == host.name.casefold():
                raise LabError(f"{host.name}: a domain controller has no local account {account.name}")
        for group in host.members:
            if not group.startswith(_BUILT_IN):
                raise LabError(f"{host.name}: only built-in groups can have members on Samba, not {group}")
        for path in _walk(host.backend):
            if os.sep in path.replace("\\", "") or "\0" in path:
                raise LabError(f"{host.name}: {path}: not a path on this machine")
        for share in host.backend.shares():
            split_path(share.path)
