# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers of the lab: brings a world and a case about, and lets the account try each operation with smbclient.

Nothing of the collection is used here. What an operation came to is seen on the server's disk, and smbclient's words
have to agree with it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tests.lab import ntfs
from tests.lab.descriptors import (
    SE_DACL_AUTO_INHERITED,
    SE_DACL_PRESENT,
    SE_SELF_RELATIVE,
    Ace,
    Descriptor,
    pack,
    parse,
)
from tests.lab.domain.testing import RunningAccount, RunningComputer, RunningDomain
from tests.lab.errors import LabError

from .cases import FILES, Case, Dacl, Permissions, World
from .operations import OPERATIONS
from .population import DOMAIN, DOMAIN_GROUPS, FOLDER, SHARE

_REFUSALS = {
    "NT_STATUS_ACCESS_DENIED",
    "NT_STATUS_MEDIA_WRITE_PROTECTED",
    "NT_STATUS_CANNOT_DELETE",
}
_ALL_OF_IT, _GENERIC = 0x1F01FF, 0xF0000000
_INHERITABLE = 0x3
_NO_TREE = "tree connect failed: NT_STATUS_ACCESS_DENIED"


@dataclass(frozen=True, slots=True)
class Tried:
    """The outcome of the operations.

    Attributes:
        done: whether each was done, by its name.
        words: what smbclient printed.
    """

    done: Mapping[str, bool]
    words: str


class Ground:
    """The running domain with its two member servers. A server is used by one thread at a time."""

    def __init__(self, domain: RunningDomain, directory: Path) -> None:
        self.domain = domain
        self._directory = directory
        self._members: dict[tuple[str, str], set[str]] = {
            (server.name, group.name): set(group.members) for server in DOMAIN.members for group in server.local_groups
        }
        self._kept = {key: frozenset(members) for key, members in self._members.items()}
        self._domain_members: dict[str, tuple[str, ...]] = dict.fromkeys(DOMAIN_GROUPS, ())

    # -- names

    def sid(self, who: str) -> str:
        r"""The SID of `CORP\name`, `PARTNER\name`, `P01\name`, `BUILTIN\name`, or of itself."""
        if who.startswith("S-1-"):
            return who
        authority, _slash, name = who.partition("\\")
        if authority == "BUILTIN":
            return {"Administrators": "S-1-5-32-544", "Users": "S-1-5-32-545"}[name]
        if authority == self.domain.netbios:
            return self.domain.sids[name]
        if authority in self.domain.trusted:
            return self.domain.trusted[authority].sids[name]
        return self.domain.members[authority].local_sids[who]

    def account(self, who: str) -> RunningAccount:
        """An account that can connect."""
        authority, _slash, name = who.partition("\\")
        if authority == self.domain.netbios:
            return self.domain.accounts[name]
        if authority in self.domain.trusted:
            return self.domain.trusted[authority].accounts[name]
        return self.domain.members[authority].local_accounts[name]

    # -- who is in which group

    def enter(self, world: World) -> None:
        """Change the groups so that their members are those of the world; raises LabError."""
        changes = []
        for group, members in world.domain.items():
            if self._domain_members[group] != members:
                lines = "".join(f"member: <SID={self.sid(member)}>\n" for member in members)
                changes.append(f"dn: <SID={self.domain.sids[group]}>\nchangetype: modify\nreplace: member\n{lines}")
        if changes:
            self.domain.modify("\n".join(changes))
            self._domain_members |= world.domain
        with ThreadPoolExecutor(len(world.local)) as pool:
            list(pool.map(self._change, world.local, world.local.values()))

    def _change(self, server: str, groups: Mapping[str, tuple[str, ...]]) -> None:
        controls = self.domain.members[server].controls
        for group, members in groups.items():
            now, wanted = self._members[server, group], {*members, *self._kept[server, group]}
            for gone in sorted(now - wanted):
                controls.remove_local_member(group, gone)
            for new in sorted(wanted - now):
                controls.add_local_member(group, new)
            self._members[server, group] = wanted

    # -- permissions

    def prepare(self, case: Case) -> None:
        """Make the files, and set all permissions."""
        controls = self._server(case).controls
        folder = controls.disk_path(FOLDER)
        for path in folder.iterdir():
            path.unlink()
        self._set(case, FOLDER, case.folder)
        passed_on = controls.file_descriptor(FOLDER)
        for name in FILES:
            file = folder / name
            file.write_text(f"before {case.number}", encoding="utf-8")
            file.chmod(0o666)
            permissions = case.files[name]
            if permissions.inherited:
                controls.set_file_descriptor(
                    rf"{FOLDER}\{name}", self._inherited(passed_on, self.sid(permissions.owner))
                )
            else:
                self._set(case, rf"{FOLDER}\{name}", permissions)
        controls.set_share_descriptor(SHARE, pack(self._descriptor(case.share, first=())))

    def _set(self, case: Case, path: str, permissions: Permissions) -> None:
        """Set owner and DACL of a file or folder.

        The first entry is for the administrator who reads the permissions, an account that never connects. Without
        entries, that is the owner. Generic rights have to be mapped by the server, so such a DACL is written over SMB;
        all others are stored behind its back.
        """
        controls, administrator = self._server(case).controls, self.domain.administrator.sid
        first = (Ace.basic(0, _INHERITABLE, _ALL_OF_IT, administrator),)
        wanted = self._descriptor(permissions, first=first)
        if permissions.dacl == ():
            wanted = replace(wanted, owner=administrator, dacl=())
        if any(item.mask & _GENERIC for item in permissions.dacl or ()):
            controls.set_file_descriptor(path, pack(wanted.with_dacl(first)))
            controls.write_dacl(path, pack(wanted))
        else:
            controls.set_file_descriptor(path, pack(wanted))

    def _inherited(self, folder: bytes, owner: str) -> bytes:
        """All that the folder passes on. If that leaves out the administrator, who reads it, that is the owner."""
        administrator = self.domain.administrator.sid
        child = ntfs.child_descriptor(folder, directory=False, owner=owner)
        readable = any(ace.sid == administrator for ace in parse(child).dacl or ())
        return child if readable else ntfs.child_descriptor(folder, directory=False, owner=administrator)

    def _descriptor(self, permissions: Permissions, *, first: tuple[Ace, ...]) -> Descriptor:
        control = SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_DACL_AUTO_INHERITED
        return Descriptor(
            control,
            owner=self.sid(permissions.owner),
            group="S-1-5-18",
            dacl=None if permissions.dacl is None else (*first, *self._aces(permissions.dacl)),
        )

    def _aces(self, dacl: Dacl) -> list[Ace]:
        return [Ace.basic(0 if item.allow else 1, item.flags, item.mask, self.sid(item.who)) for item in dacl or ()]

    # -- what the account gets

    def try_all(self, case: Case) -> Tried:
        """Let the account try each operation; raises LabError if something else than a refusal keeps it from one."""
        work = self._directory / case.server
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        new, got = work / "new", work / "got"
        new.write_text(f"after {case.number}", encoding="utf-8")
        commands = [
            operation.command.format(file=operation.name, local=got if operation.name == "read" else new)
            for operation in OPERATIONS
        ]
        words = self.domain.smbclient(
            self._server(case), "; ".join(commands), self.account(case.account), share=SHARE, kerberos=case.kerberos
        )
        folder = self._server(case).controls.disk_path(FOLDER)
        before, after = f"before {case.number}", f"after {case.number}"
        seen: dict[str, Callable[[], bool]] = {
            "list": lambda: re.search(r"^  read  ", words, re.MULTILINE) is not None,
            "create": lambda: _holds(folder / "create", after),
            "write": lambda: _holds(folder / "write", after),
            "read": lambda: _holds(got, before),
            "rename": lambda: _holds(folder / "rename.new", before) and not (folder / "rename").exists(),
            "delete": lambda: not (folder / "delete").exists(),
        }
        done = {name: look() for name, look in seen.items()}
        _check(words, done)
        return Tried(done, words)

    def _server(self, case: Case) -> RunningComputer:
        return self.domain.members[case.server]


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def _check(words: str, done: Mapping[str, bool]) -> None:
    """Whether smbclient's words are about as many refusals as there are, and about nothing else."""
    statuses = re.findall(r"NT_STATUS_\w+", words)
    refused = sum(not value for value in done.values())
    expected = 1 if _NO_TREE in words else refused
    if _NO_TREE in words and refused < len(done):
        raise LabError(f"smbclient did something on a share that refused it: {words}")
    if len(statuses) != expected or not _REFUSALS.issuperset(statuses):
        raise LabError(f"smbclient was refused {refused} of {len(done)} operations, and printed: {words}")
