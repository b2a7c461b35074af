# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shares of a server of the domain: their directories with NT ACLs, and the shares' own descriptors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .. import ntfs
from ..backend import Missing, Unavailable, split_path
from ..descriptors import SE_DACL_PRESENT, SE_DACL_PROTECTED, SE_SELF_RELATIVE, Ace, Descriptor, pack, parse
from ..errors import LabError
from ..model import Logon, Share
from ..samba import configuration, ntacl
from ..samba.session import Session
from .computer import Computer
from .description import (
    ADMINISTRATORS,
    FILES_AND_DIRECTORIES,
    FULL_CONTROL,
    SYSTEM,
    Entry,
    Server,
    SharedDirectory,
)

_ADMINISTRATORS_ONLY = (Entry(ADMINISTRATORS, FULL_CONTROL),)
_DISK = tuple(Entry(sid, FULL_CONTROL, flags=FILES_AND_DIRECTORIES) for sid in (ADMINISTRATORS, SYSTEM))


class Shares:
    """The shares of one server, C$ too, and the disk that they lie on."""

    def __init__(self, computer: Computer, server: Server, address: str) -> None:
        self.computer = computer
        self.server = server
        self.address = address

    def sections(self) -> configuration.Sections:
        """Their sections of smb.conf."""
        shares = {
            share.name: configuration.share_section(Share(share.name, share.path), self.disk_path(share.path))
            for share in self.server.shares
        }
        return shares | {
            configuration.ADMINISTRATIVE: {
                "path": str(self.computer.disk),
                "read only": "no",
                "administrative share": "yes",
                "comment": "Default share",
            }
        }

    def disk_path(self, path: str) -> Path:
        r"""Where ``D:\SMS`` of the description lies on this machine."""
        drive, *names = split_path(path)
        return self.computer.disk.joinpath(drive[0].upper(), *names)

    def windows_path(self, path: str) -> str:
        r"""``D:\SMS`` of the description as the server shows it: below ``C:\``."""
        return "C:" + str(self.disk_path(path)).replace("/", "\\")

    def make_directories(self, sids: Mapping[str, str]) -> None:
        """Make the tree with its NT ACLs; what is above a shared directory belongs to Administrators."""
        ntacl.store(self.computer.disk, descriptor(_DISK, {}, protected=True))
        for share in self.server.shares:
            self._make_above(self.disk_path(share.path))
            self._make(share, sids)

    def share(self, administrator: Logon, sids: Mapping[str, str]) -> None:
        """Give the shares their descriptors by RPC, as an administrator does; raises LabError."""
        self._open_database()
        session = Session(self.address, administrator)
        try:
            for share in self.server.shares:
                session.set_share_descriptor(share.name, descriptor(share.share_entries, sids))
            session.set_share_descriptor(configuration.ADMINISTRATIVE, descriptor(_ADMINISTRATORS_ONLY, {}))
        except (Missing, Unavailable) as error:
            raise LabError(f"{self.server.name}: {error}") from None
        finally:
            session.close()

    def _open_database(self) -> None:
        """Let the RPC service open the database of share descriptors.

        rpcd_classic opens it at the first request for one, as the user who asks (sharesec.c, share_info_db_init). If
        that user is not root, it drops what is set and shows no descriptors, without an error.
        """
        self.computer.run("sharesec", configuration.ADMINISTRATIVE, "--view")
        (self.computer.state / "share_info.tdb").chmod(0o666)

    def _make_above(self, path: Path) -> None:
        """The directories down to ``path``, open to all: the NT ACLs decide."""
        packed, made = descriptor(_DISK, {}, protected=True), self.computer.disk
        for name in path.relative_to(self.computer.disk).parts:
            made /= name
            packed = ntfs.child_descriptor(packed, directory=True)
            if not made.exists():
                made.mkdir()
                made.chmod(0o777)
                ntacl.store(made, packed)

    def _make(self, share: SharedDirectory, sids: Mapping[str, str]) -> None:
        """The directory's own entries stand before those that it inherits."""
        made = self.disk_path(share.path)
        inherited = parse(ntfs.child_descriptor(descriptor(_DISK, {}), directory=True))
        own = parse(descriptor(share.directory_entries, sids))
        packed = pack(inherited.with_dacl((*(own.dacl or ()), *(inherited.dacl or ()))))
        ntacl.store(made, packed)
        for name in share.files:
            file = made / name
            file.touch()
            file.chmod(0o666)
            ntacl.store(file, ntfs.child_descriptor(packed, directory=False))


def descriptor(entries: tuple[Entry, ...], sids: Mapping[str, str], *, protected: bool = False) -> bytes:
    """The self-relative descriptor with these entries in their order; raises LabError for a name without a SID."""
    control = SE_SELF_RELATIVE | SE_DACL_PRESENT | (SE_DACL_PROTECTED if protected else 0)
    aces = []
    for entry in entries:
        sid = entry.principal if entry.principal.startswith("S-1-") else sids.get(entry.principal)
        if sid is None:
            raise LabError(f"{entry.principal} is neither in the domain nor on the server")
        aces.append(Ace.basic(0 if entry.allow else 1, entry.flags, entry.mask, sid))
    return pack(Descriptor(control, owner=ADMINISTRATORS, group=SYSTEM, dacl=tuple(aces)))
