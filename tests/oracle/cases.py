# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random worlds and cases: values that a seed decides, with accounts by name, so that they come out the same again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tests.lab.domain.description import OLD_DOMAIN, OLD_RID, Scope

from .population import (
    DOMAIN_ACCOUNTS,
    DOMAIN_GROUPS,
    LOCAL_GROUPS,
    LOCAL_USER,
    NESTED_GROUPS,
    PARTNER_ACCOUNTS,
    PARTNER_GROUP,
)

RUNS_OF_A_WORLD = 20
SERVERS = ("P01", "S01")
FILES = ("read", "write", "rename", "delete")
"""The files that are there when the account comes."""

_OWNER_RIGHTS, _CREATOR_OWNER, _SYSTEM, _INTERACTIVE = "S-1-3-4", "S-1-3-0", "S-1-5-18", "S-1-5-4"
_OF_EVERY_LOGON = ("S-1-1-0", "S-1-5-11", "S-1-5-2")
GONE, HISTORY = "S-1-5-21-1-2-3-1111", f"{OLD_DOMAIN}-{OLD_RID}"
"""An account of a domain that nobody knows, and the old SID of one of the accounts."""
_ADMINISTRATORS = "BUILTIN\\Administrators"

FULL, CHANGE, READ, WRITE = 0x1F01FF, 0x1301BF, 0x1200A9, 0x12019F
_WHOLE = (FULL, FULL, CHANGE, CHANGE, READ, WRITE, 0x10000000, 0xE0000000, 0x80000000, 0xC0000000)
_WITHOUT_READ_CONTROL = (FULL & ~0x20000, CHANGE & ~0x20000, WRITE & ~0x20000)
_PARTS = (0x120089, 0x120116, 0x1, 0x2, 0x3, 0x40, 0x80, 0x100, 0x10000, 0x10040, 0x20000, 0x100000, 0x40000000)
_RIGHTS = [1 << number for number in range(21) if FULL >> number & 1]


@dataclass(frozen=True, slots=True)
class World:
    """Who is in which group; names are those of `Names` in `servers`.

    Attributes:
        domain: members of the domain's groups, by name.
        local: members of each server's local groups, by the server's name and theirs.
    """

    domain: Mapping[str, tuple[str, ...]]
    local: Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class DaclEntry:
    """An entry of a DACL: allows or denies, flags ([MS-DTYP] 2.4.4.1), a mask, a name or a SID."""

    allow: bool
    flags: int
    mask: int
    who: str


Dacl = tuple[DaclEntry, ...] | None
"""None is a NULL DACL."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """The owner of an object and its DACL; `inherited` means that of the folder passes on all that there is."""

    owner: str
    dacl: Dacl
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One run.

    Attributes:
        number: the seed that makes it.
        server: the member server.
        account: who connects.
        kerberos: by Kerberos instead of NTLM.
        share: the share's permissions.
        folder: those of the shared folder.
        files: those of each file.
    """

    number: int
    server: str
    account: str
    kerberos: bool
    share: Permissions
    folder: Permissions
    files: Mapping[str, Permissions]


def world_of(number: int) -> World:
    """The world that a run takes place in."""
    random = Random(f"world {number // RUNS_OF_A_WORLD}")
    accounts = [rf"CORP\{name}" for name in DOMAIN_ACCOUNTS]
    partners = [rf"PARTNER\{name}" for name in (*PARTNER_ACCOUNTS, PARTNER_GROUP)]
    groups = {kind: [rf"CORP\{name}" for name, scope in DOMAIN_GROUPS.items() if scope is kind] for kind in Scope}
    fit = {
        Scope.GLOBAL: accounts + groups[Scope.GLOBAL],
        Scope.UNIVERSAL: accounts + groups[Scope.GLOBAL] + groups[Scope.UNIVERSAL],
        Scope.DOMAIN_LOCAL: accounts + [name for found in groups.values() for name in found] + partners,
    }
    domain = {name: _some(random, fit[scope], rf"CORP\{name}") for name, scope in DOMAIN_GROUPS.items()}
    local = {}
    for server in SERVERS:
        own = [_local(server, name) for name in LOCAL_GROUPS]
        everybody = [*accounts, *partners, *(rf"CORP\{name}" for name in (*DOMAIN_GROUPS, *NESTED_GROUPS))]
        fitting = [*everybody, rf"{server}\{LOCAL_USER}", *own]
        local[server] = {name: _some(random, fitting, _local(server, name)) for name in LOCAL_GROUPS}
    return World(domain, local)


def case_of(number: int) -> Case:
    """A run, from its number alone."""
    random = Random(f"case {number}")
    server = SERVERS[number % len(SERVERS)]
    account = random.choice(
        [
            *(rf"CORP\{name}" for name in DOMAIN_ACCOUNTS),
            *(rf"PARTNER\{name}" for name in PARTNER_ACCOUNTS),
            rf"{server}\{LOCAL_USER}",
        ]
    )
    maker = _Maker(random, server, account)
    return Case(
        number,
        server,
        account,
        account.startswith("CORP") and random.random() < 0.15,
        maker.share(),
        maker.on_disk(),
        {name: maker.on_disk(inherited=random.random() < 0.35) for name in FILES},
    )


class _Maker:
    """Permissions for one case."""

    def __init__(self, random: Random, server: str, account: str) -> None:
        self._random = random
        self._account = account
        self._groups = [rf"CORP\{name}" for name in (*DOMAIN_GROUPS, *NESTED_GROUPS)]
        self._local = [_local(server, name) for name in LOCAL_GROUPS]
        self._others = [rf"CORP\{name}" for name in DOMAIN_ACCOUNTS] + [rf"PARTNER\{PARTNER_GROUP}"]

    def share(self) -> Permissions:
        owner = self._random.choice([_ADMINISTRATORS, self._account])
        if self._random.random() < 0.3:
            return Permissions(owner, (DaclEntry(True, 0, self._random.choice([FULL, CHANGE]), "S-1-1-0"),))
        return Permissions(owner, self._dacl(on_disk=False))

    def on_disk(self, *, inherited: bool = False) -> Permissions:
        owner = self._random.choice(
            [_ADMINISTRATORS, self._account, self._account, self._random.choice(self._groups + self._others)]
        )
        return Permissions(owner, () if inherited else self._dacl(on_disk=True), inherited)

    def _dacl(self, *, on_disk: bool) -> Dacl:
        kind = self._random.random()
        if kind < 0.03:
            return None
        if kind < 0.06:
            return ()
        entries = [self._entry(on_disk=on_disk) for _unused in range(self._random.randrange(1, 6))]
        if self._random.random() < 0.6:
            who = self._random.choice([self._account, *_OF_EVERY_LOGON, *self._groups, *self._local])
            entries.append(
                DaclEntry(allow=True, flags=0, mask=self._random.choice(_WHOLE + _WITHOUT_READ_CONTROL), who=who)
            )
        if self._random.random() < 0.7:
            # The order that Windows keeps: own entries first, of each kind those that deny.
            entries.sort(key=lambda entry: (bool(entry.flags & 0x10), entry.allow))
        return tuple(entries)

    def _entry(self, *, on_disk: bool) -> DaclEntry:
        allow = self._random.random() < 0.75
        flags = 0
        if on_disk:
            flags = self._random.choice([0, 0, 0x3, 0x3, 0x1, 0x2, 0xB, 0x9, 0x7])
            flags |= 0x10 if self._random.random() < 0.3 else 0
        return DaclEntry(allow, flags, self._mask(allow=allow), self._who(on_disk=on_disk))

    def _mask(self, *, allow: bool) -> int:
        kind = self._random.random()
        if kind < (0.6 if allow else 0.15):
            return self._random.choice(_WHOLE + (_WITHOUT_READ_CONTROL if allow else ()))
        if kind < 0.8:
            return self._random.choice(_PARTS)
        if kind < 0.95:
            share = 0.85 if allow else 0.2
            return sum(right for right in _RIGHTS if self._random.random() < share)
        # Bits that no right of a file has; not those that no entry can give.
        return self._random.getrandbits(32) & ~0x0F000000

    def _who(self, *, on_disk: bool) -> str:
        pick: Sequence[str] = self._random.choices(
            [
                [self._account],
                self._groups,
                self._local,
                _OF_EVERY_LOGON,
                [_OWNER_RIGHTS] if on_disk else _OF_EVERY_LOGON,
                self._others,
                [_CREATOR_OWNER, _SYSTEM, _INTERACTIVE, GONE, HISTORY],
            ],
            [3, 5, 4, 4, 2.5, 1, 1],
        )[0]
        return self._random.choice(pick)


def _local(server: str, group: str) -> str:
    return rf"{server if group.startswith('Team') else 'BUILTIN'}\{group}"


def _some(random: Random, names: Sequence[str], but: str) -> tuple[str, ...]:
    """Up to three of the names, without a group itself."""
    possible = [name for name in names if name != but]
    return tuple(random.sample(possible, random.randrange(4)))
