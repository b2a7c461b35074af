# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test may do to a server of the domain behind everybody's back, and how it looks what became of it."""

from __future__ import annotations

from pathlib import Path

from ..model import Logon
from ..samba import ntacl
from ..samba.session import Session
from .description import BUILT_IN
from .shares import Shares


class ServerControls:
    r"""The descriptors of one server, as self-relative bytes. Paths are those of the description, ``D:\SMS``.

    Descriptors are read as clients read them. Those of files are stored byte by byte where Samba keeps them, so nothing
    is inherited, mapped or put into order on the way.
    """

    def __init__(self, shares: Shares, administrator: Logon) -> None:
        self._shares = shares
        self._session = Session(shares.address, administrator)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def share_descriptor(self, name: str) -> bytes:
        """A share's descriptor; raises Missing or Unavailable."""
        return self._session.share_descriptor(name)

    def set_share_descriptor(self, name: str, descriptor: bytes) -> None:
        """Set a share's descriptor by RPC; it counts for new connections. Raises Missing or Unavailable."""
        self._session.set_share_descriptor(name, descriptor)

    def file_descriptor(self, path: str) -> bytes:
        """Owner, group and DACL of a file or directory; raises Missing or Unavailable."""
        return self._session.file_descriptor(self._below_disk(path))

    def write_dacl(self, path: str, descriptor: bytes) -> None:
        """Write the DACL of a file or directory over SMB, so that the server maps it; raises Missing or Unavailable."""
        self._session.write_dacl(self._below_disk(path), descriptor)

    def set_file_descriptor(self, path: str, descriptor: bytes) -> None:
        """Set the descriptor of a file or directory; raises OSError."""
        ntacl.store(self.disk_path(path), descriptor)

    def disk_path(self, path: str) -> Path:
        """Where a path lies on this machine."""
        return self._shares.disk_path(path)

    def windows_path(self, path: str) -> str:
        r"""What the server calls a path: it lies below ``C:\``."""
        return self._shares.windows_path(path)

    def add_local_member(self, group: str, member: str) -> None:
        r"""Add a member (``CORP\name``) to a local group of a member server; raises LabError."""
        self._shares.computer.run("net", "sam", "addmem", self._full(group), member)

    def remove_local_member(self, group: str, member: str) -> None:
        """The reverse; raises LabError."""
        self._shares.computer.run("net", "sam", "delmem", self._full(group), member)

    def _below_disk(self, path: str) -> str:
        return "\\".join(self.disk_path(path).relative_to(self._shares.computer.disk).parts)

    def _full(self, group: str) -> str:
        return rf"{'BUILTIN' if group in BUILT_IN else self._shares.server.name}\{group}"
