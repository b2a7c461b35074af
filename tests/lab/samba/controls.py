# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test can do to a host's smbd behind its back."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from .. import ntfs
from ..backend import Missing
from ..errors import LabError
from ..model import Logon
from .backend import SambaBackend
from .configuration import GLOBAL
from .server import SmbServer


@dataclass(frozen=True, slots=True)
class SmbControls:
    """Raises LabError for what cannot be done, Missing for what is not there.

    Accounts are named as in ``credentials``; paths as the host spells them, or as the scenario did.
    """

    server: SmbServer
    backend: SambaBackend
    credentials: MutableMapping[str, Logon] = field(repr=False)

    # -- smbd

    @property
    def running(self) -> bool:
        return self.server.running

    def stop(self) -> None:
        """Kill smbd with everything it started: connections end, new ones are refused."""
        self.server.stop()

    def start(self) -> None:
        """Start it again, holding what it held."""
        self.server.start()
        self.backend.announce_services()

    def set_parameters(
        self, parameters: Mapping[str, str | None], *, share: str = GLOBAL, restart: bool = False
    ) -> None:
        """Change parameters of smb.conf (None removes one) in ``[global]`` or a share's section.

        Connections that are open keep what they negotiated, unless smbd is restarted.
        """
        section = self.server.sections.get(share)
        if section is None:
            raise Missing(f"share {share!r}")
        for name, value in parameters.items():
            if any(set(text) & set("\n\r[]=") for text in (name, *(value or "").split("="))):
                raise LabError(f"{name!r}: not a parameter")
            if value is None:
                section.pop(name, None)
            else:
                section[name] = value
        if restart and self.running:
            self.stop()
            self.start()
        elif share == GLOBAL or not self.running:
            self.server.reconfigure()
        else:
            self.backend.reload_shares()

    # -- accounts

    def set_account_state(self, name: str, state: str) -> None:
        """Make an account ``ok``, ``disabled``, ``locked_out``, ``password_expired``, ``must_change``,
        ``account_expired`` or ``wrong_workstation``: just that, whatever it was before."""
        self.server.set_state(self._user(name), state)

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password. WinRM's front keeps the old one."""
        self.server.set_password(self._user(name), password)
        self.credentials[name] = Logon(name, password, administrator=self.credentials[name].administrator)

    def _user(self, name: str) -> str:
        if name not in self.credentials:
            raise Missing(f"account {name!r} that can log on")
        return name.rpartition("\\")[2]

    # -- files, as root

    def disk_path(self, path: str) -> Path:
        """Where a path of the host lies on this machine."""
        return self.backend.disk_path(path)

    def read_file(self, path: str) -> bytes:
        """What a file holds."""
        found = self.disk_path(path)
        if not found.is_file():
            raise Missing(f"file {path!r}")
        return found.read_bytes()

    def write_file(self, path: str, data: bytes) -> None:
        """Write a file; a new one inherits from its directory."""
        if not self.disk_path(path).exists():
            ntfs.new_child(self.backend, self.backend.located(path), directory=False)
        self.disk_path(path).write_bytes(data)

    def make_files(self, directory: str, count: int) -> None:
        """Make ``count`` empty files (W_000000.TMP and on) that inherit from their directory."""
        self.backend.make_files(self.backend.located(directory), count)
