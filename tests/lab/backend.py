# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host's state is kept: the interface, and the back end that keeps it in memory.

Descriptors cross this boundary as self-relative bytes. A back end stores what it is given: the rules of NTFS
(inheritance, generic rights) are applied above it, in ``ntfs``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from .model import Account, Share


class Missing(LookupError):
    """The share or path is not there."""


class Unavailable(Exception):
    """The back end itself cannot be reached; says why."""


class Backend(Protocol):
    """The state of one host that clients can see or change. Raises Missing and Unavailable."""

    @property
    def waits(self) -> bool:
        """Whether calls wait for another process: they are then kept off the event loop."""

    def located(self, path: str) -> str:
        """A path of the scenario as this host spells it."""

    def shares(self) -> tuple[Share, ...]: ...
    def share(self, name: str) -> Share: ...
    def put_share(self, share: Share) -> None: ...
    def remove_share(self, name: str) -> None: ...
    def share_descriptor(self, name: str) -> bytes | None: ...
    def set_share_descriptor(self, name: str, descriptor: bytes | None) -> None: ...

    def is_directory(self, path: str) -> bool: ...
    def canonical_path(self, path: str) -> str: ...
    def children(self, path: str) -> tuple[str, ...]: ...
    def make(self, path: str, *, directory: bool, descriptor: bytes) -> None: ...
    def remove(self, path: str) -> None: ...
    def file_descriptor(self, path: str) -> bytes: ...
    def set_file_descriptor(self, path: str, descriptor: bytes) -> None: ...

    def accounts(self) -> tuple[Account, ...]: ...
    def account_by_name(self, domain: str, name: str) -> Account | None: ...
    def account_by_sid(self, sid: str) -> Account | None: ...
    def add_account(self, account: Account) -> None: ...
    def remove_account(self, sid: str) -> None: ...


class AccountTable:
    """Accounts by SID and by name. Tables stack: a host's own table looks into the one all hosts share."""

    def __init__(self, accounts: Iterable[Account] = (), shared: AccountTable | None = None) -> None:
        self._shared = shared
        self._by_sid: dict[str, Account] = {}
        self._by_name: dict[tuple[str, str], Account] = {}
        self._removed: set[str] = set()
        for account in accounts:
            self.add(account)

    def add(self, account: Account) -> None:
        self._removed.discard(account.sid)
        self._by_sid[account.sid] = account
        self._by_name[_name_key(account.domain, account.name)] = account

    def remove(self, sid: str) -> None:
        account = self._by_sid.pop(sid, None)
        if account:
            del self._by_name[_name_key(account.domain, account.name)]
        self._removed.add(sid)

    def by_sid(self, sid: str) -> Account | None:
        if sid in self._removed:
            return None
        return self._by_sid.get(sid) or (self._shared.by_sid(sid) if self._shared else None)

    def by_name(self, domain: str, name: str) -> Account | None:
        account = self._by_name.get(_name_key(domain, name))
        if account is None and self._shared:
            account = self._shared.by_name(domain, name)
        return None if account is None or account.sid in self._removed else account

    def all(self) -> tuple[Account, ...]:
        shared = self._shared.all() if self._shared else ()
        return tuple(self._by_sid.values()) + tuple(a for a in shared if self.by_sid(a.sid) is a)


@dataclass(slots=True)
class _Node:
    name: str
    is_directory: bool
    descriptor: bytes
    children: dict[str, _Node] = field(default_factory=dict)


class MemoryBackend:
    """A host's shares, directory tree and accounts, in memory."""

    waits = False

    def __init__(self, accounts: AccountTable) -> None:
        self._accounts = accounts
        self._shares: dict[str, Share] = {}
        self._share_descriptors: dict[str, bytes] = {}
        self._root = _Node("", is_directory=True, descriptor=b"")

    def located(self, path: str) -> str:
        return path

    def shares(self) -> tuple[Share, ...]:
        return tuple(self._shares.values())

    def share(self, name: str) -> Share:
        try:
            return self._shares[name.casefold()]
        except KeyError:
            raise Missing(f"share {name!r}") from None

    def put_share(self, share: Share) -> None:
        self._shares[share.name.casefold()] = share

    def remove_share(self, name: str) -> None:
        self.share(name)
        del self._shares[name.casefold()]
        self._share_descriptors.pop(name.casefold(), None)

    def share_descriptor(self, name: str) -> bytes | None:
        self.share(name)
        return self._share_descriptors.get(name.casefold())

    def set_share_descriptor(self, name: str, descriptor: bytes | None) -> None:
        self.share(name)
        if descriptor is None:
            self._share_descriptors.pop(name.casefold(), None)
        else:
            self._share_descriptors[name.casefold()] = descriptor

    def is_directory(self, path: str) -> bool:
        return self._node(path).is_directory

    def canonical_path(self, path: str) -> str:
        names: list[str] = []
        node = self._root
        for part in split_path(path):
            node = self._child(node, part, path)
            names.append(node.name)
        return join_path(names)

    def children(self, path: str) -> tuple[str, ...]:
        names = split_path(path)
        return tuple(join_path([*names, child.name]) for child in self._node(path).children.values())

    def make(self, path: str, *, directory: bool, descriptor: bytes) -> None:
        *parents, name = split_path(path)
        parent = self._node(join_path(parents)) if parents else self._root
        if not parent.is_directory:
            raise Missing(f"{join_path(parents)!r} is no directory")
        parent.children[name.casefold()] = _Node(name, directory, descriptor)

    def remove(self, path: str) -> None:
        self._node(path)
        *parents, name = split_path(path)
        parent = self._node(join_path(parents)) if parents else self._root
        del parent.children[name.casefold()]

    def file_descriptor(self, path: str) -> bytes:
        return self._node(path).descriptor

    def set_file_descriptor(self, path: str, descriptor: bytes) -> None:
        self._node(path).descriptor = descriptor

    def accounts(self) -> tuple[Account, ...]:
        return self._accounts.all()

    def account_by_name(self, domain: str, name: str) -> Account | None:
        return self._accounts.by_name(domain, name)

    def account_by_sid(self, sid: str) -> Account | None:
        return self._accounts.by_sid(sid)

    def add_account(self, account: Account) -> None:
        self._accounts.add(account)

    def remove_account(self, sid: str) -> None:
        self._accounts.remove(sid)

    def _node(self, path: str) -> _Node:
        node = self._root
        for part in split_path(path):
            node = self._child(node, part, path)
        return node

    @staticmethod
    def _child(node: _Node, name: str, path: str) -> _Node:
        try:
            return node.children[name.casefold()]
        except KeyError:
            raise Missing(f"path {path!r}") from None


def split_path(path: str) -> list[str]:
    r"""``D:\SMS\x`` as its names; raises Missing for what is no absolute path with a drive letter."""
    drive, _unused, rest = path.partition("\\")
    if len(drive) != 2 or not drive[0].isalpha() or drive[1] != ":" or not path[2:].startswith("\\"):
        raise Missing(f"path {path!r}")
    names = rest.removesuffix("\\").split("\\") if rest else []
    if any(not name or name in (".", "..") or set(name) & set('/:*?"<>|') for name in names):
        raise Missing(f"path {path!r}")
    return [drive, *names]


def join_path(names: list[str]) -> str:
    r"""The reverse of split_path; a drive alone is its root, ``D:\``."""
    return "\\".join(names) if len(names) > 1 else f"{names[0]}\\"


def _name_key(domain: str, name: str) -> tuple[str, str]:
    return domain.casefold(), name.casefold()
