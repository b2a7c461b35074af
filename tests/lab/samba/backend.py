# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back end that keeps a host's state in its smbd: what clients see over WS-Man, they see over SMB, and the reverse.

Shares and descriptors are read as any client reads them, over SMB and RPC. Descriptors of files are stored where Samba
keeps them, byte by byte, because smbd would map and work out on the way what ``ntfs`` has worked out already.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from secrets import token_urlsafe

from ...waiting import PATIENCE
from .. import ntfs
from ..backend import Backend, Missing, Unavailable, join_path, split_path
from ..descriptors import SE_DACL_PRESENT, SE_SELF_RELATIVE, Ace, Descriptor, pack
from ..model import Account, Logon, Service, Share, SidType
from . import configuration, ntacl
from .server import SmbServer
from .session import Session

_GLANCE_SECONDS = 0.1

_ABOVE = pack(
    Descriptor(
        SE_SELF_RELATIVE | SE_DACL_PRESENT,
        owner="S-1-5-32-544",
        group="S-1-5-18",
        dacl=(Ace.basic(0, 0, 0x1F01FF, "S-1-5-32-544"), Ace.basic(0, 0, 0x1F01FF, "S-1-5-18")),
    )
)
"""What the directories above the host's disk show: they belong to the machine the lab runs on."""


class SambaBackend:
    r"""A host's shares and tree, held by its smbd; accounts are those of the scenario.

    smbd shows its disk as ``C:\…\disk``: the path that the directory has on this machine. Above it, paths lead to the
    disk and to nothing else.
    """

    waits = True

    def __init__(self, server: SmbServer, session: Session, accounts: Backend, services: Iterable[Service]) -> None:
        self._server = server
        self._services = {service.name: (service.display_name, service.start_name) for service in services}
        self._session = session
        self._accounts = accounts
        self.disk = server.layout.disk
        self._root = ["C:", *self.disk.parts[1:]]

    # -- shares

    def shares(self) -> tuple[Share, ...]:
        return self._session.shares()

    def share(self, name: str) -> Share:
        return self._session.share(name)

    def put_share(self, share: Share) -> None:
        """Add a share, or change its path, description or limit."""
        name = self._section(share.name)
        if name and self.share(name) == share:
            return
        section = self._server.sections.setdefault(name or share.name, {})
        for key in ("comment", "max connections"):
            section.pop(key, None)
        section |= configuration.share_section(share, self.disk_path(share.path))
        self.reload_shares()

    def remove_share(self, name: str) -> None:
        section = self._section(name)
        if section is None:
            raise Missing(f"share {name!r}")
        self._server.forget_share_descriptor(section)
        del self._server.sections[section]
        self.reload_shares()

    def reload_shares(self) -> None:
        """Let smbd read its sections again. Its RPC side does so when it is asked for all shares."""
        self._server.reconfigure()
        self._session.shares()

    def share_descriptor(self, name: str) -> bytes | None:
        return self._session.share_descriptor(name)

    def set_share_descriptor(self, name: str, descriptor: bytes | None) -> None:
        if descriptor is None:
            self._server.forget_share_descriptor(self.share(name).name)
        else:
            self._session.set_share_descriptor(name, descriptor)

    def announce_services(self) -> None:
        """Tell smbd's service control manager who the services run as; it must be up, since it starts with defaults."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self._session.shares()
                break
            except Unavailable:
                # While Samba starts the servers of its pipes, it answers with errors such as STATUS_NO_MEMORY.
                if time.monotonic() > until or not self._server.running:
                    raise
                time.sleep(_GLANCE_SECONDS)
        self._server.set_services(self._services)

    def _section(self, name: str) -> str | None:
        names = (known for known in self._server.sections if known != configuration.GLOBAL)
        return next((known for known in names if known.casefold() == name.casefold()), None)

    # -- the tree

    def located(self, path: str) -> str:
        r"""``D:\SMS`` of a scenario, as it is called here: below the disk."""
        names = split_path(path)
        if self._below(names) is not None:
            return path
        return join_path([*self._root, names[0][0].upper(), *names[1:]])

    def is_directory(self, path: str) -> bool:
        return self._found(path)[1].is_dir()

    def canonical_path(self, path: str) -> str:
        return join_path(self._found(path)[0])

    def children(self, path: str) -> tuple[str, ...]:
        names, found = self._found(path)
        if len(names) < len(self._root):
            return (join_path(self._root[: len(names) + 1]),)
        return tuple(join_path([*names, entry.name]) for entry in sorted(found.iterdir()))

    def make(self, path: str, *, directory: bool, descriptor: bytes) -> None:
        *parents, name = split_path(path)
        names, parent = self._found(join_path(parents))
        if len(names) < len(self._root) or not parent.is_dir():
            raise Missing(f"{join_path(parents)!r} is no directory of the host's disk")
        new = parent / name
        if directory:
            new.mkdir(exist_ok=True)
        else:
            new.touch()
        new.chmod(0o777 if directory else 0o666)
        ntacl.store(new, descriptor)

    def remove(self, path: str) -> None:
        names, found = self._found(path)
        if len(names) <= len(self._root):
            raise Missing(f"path {path!r} below the disk")
        if found.is_dir():
            shutil.rmtree(found)
        else:
            found.unlink()

    def file_descriptor(self, path: str) -> bytes:
        names, _unused = self._found(path)
        if len(names) < len(self._root):
            return _ABOVE
        return self._session.file_descriptor("\\".join(names[len(self._root) :]))

    def set_file_descriptor(self, path: str, descriptor: bytes) -> None:
        names, found = self._found(path)
        if len(names) < len(self._root):
            raise Missing(f"path {path!r} on the host's disk")
        ntacl.store(found, descriptor)

    def make_files(self, directory: str, count: int) -> None:
        """Make many empty files at once, each with what it inherits."""
        names, parent = self._found(directory)
        if len(names) < len(self._root) or not parent.is_dir():
            raise Missing(f"{directory!r} is no directory of the host's disk")
        value = ntacl.attribute_value(ntfs.child_descriptor(self.file_descriptor(directory), directory=False))
        for number in range(count):
            file = parent / f"W_{number:06}.TMP"
            file.touch()
            file.chmod(0o666)
            ntacl.store_value(file, value)

    def disk_path(self, path: str) -> Path:
        """Where a path of the host lies on this machine, whether it exists or not; raises Missing for one above."""
        names = split_path(self.located(path))
        below = self._below(names)
        if below is None:
            raise Missing(f"path {path!r} on the host's disk")
        found = self.disk
        for index, name in enumerate(below):
            entry = _entry(found, name)
            if entry is None:
                return found.joinpath(*below[index:])
            found = entry
        return found

    def _below(self, names: list[str]) -> list[str] | None:
        """The names below the disk; None for a path that is not on it."""
        head, rest = names[: len(self._root)], names[len(self._root) :]
        return rest if [n.casefold() for n in head] == [n.casefold() for n in self._root] else None

    def _found(self, path: str) -> tuple[list[str], Path]:
        """The names of a path as they are spelled, and where it lies; raises Missing."""
        names = split_path(path)
        below = self._below(names)
        if below is None:
            above = self._root[: len(names)]
            if [n.casefold() for n in names] != [n.casefold() for n in above]:
                raise Missing(f"path {path!r}")
            return above, Path("/", *above[1:])
        found = self.disk
        for name in below:
            entry = _entry(found, name)
            if entry is None:
                raise Missing(f"path {path!r}")
            found = entry
        return [*self._root, *found.relative_to(self.disk).parts], found

    # -- accounts

    def accounts(self) -> tuple[Account, ...]:
        return self._accounts.accounts()

    def account_by_name(self, domain: str, name: str) -> Account | None:
        return self._accounts.account_by_name(domain, name)

    def account_by_sid(self, sid: str) -> Account | None:
        return self._accounts.account_by_sid(sid)

    def add_account(self, account: Account) -> None:
        """Add an account; nobody knows the password of a user who comes this late."""
        self._accounts.add_account(account)
        if account.type is SidType.USER:
            self._server.add_users([(account, Logon(account.full_name, token_urlsafe(15)))])

    def remove_account(self, sid: str) -> None:
        account = self._accounts.account_by_sid(sid)
        self._accounts.remove_account(sid)
        if account and account.type is SidType.USER:
            self._server.remove_user(account)


def _entry(directory: Path, name: str) -> Path | None:
    """A directory's entry of this name, in whatever case."""
    exact = directory / name
    if exact.exists():
        return exact
    if not directory.is_dir():
        return None
    return next((entry for entry in directory.iterdir() if entry.name.casefold() == name.casefold()), None)
