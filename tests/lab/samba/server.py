# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host's smbd: its files, its life, its settings and its accounts."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from ...waiting import wait_until
from ..errors import LabError
from ..model import Account, Logon
from . import configuration
from .process import KeptProcess
from .tools import Layout, find

_POLICY = "maximum password age"
_PASSWORD_SECONDS = 2.1
"""The age at which a password has expired for certain: Samba counts whole seconds, and may have one of them."""

STATES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "ok": (
        ("pdbedit", "-r", "-u", "{name}", "-c", "[X]", "-K", "never"),
        ("net", "sam", "set", "workstations", "{name}", ""),
    ),
    "disabled": (("pdbedit", "-r", "-u", "{name}", "-c", "[DX]"),),
    "locked_out": (("pdbedit", "-r", "-u", "{name}", "-c", "[LX]"),),
    "password_expired": (("pdbedit", "-r", "-u", "{name}", "-c", "[]"),),
    "must_change": (
        ("pdbedit", "-r", "-u", "{name}", "-c", "[]"),
        ("net", "sam", "set", "pwdmustchangenow", "{name}", "yes"),
    ),
    "account_expired": (("pdbedit", "-r", "-u", "{name}", "-K", "1"),),
    "wrong_workstation": (("net", "sam", "set", "workstations", "{name}", "ELSEWHERE"),),
}
"""What an account can be told to be, and the programs that make it so."""


class SmbServer:
    """An smbd at an address of its own. Everything it writes is below ``layout.base``."""

    def __init__(self, layout: Layout, address: str, sections: configuration.Sections) -> None:
        self.layout = layout
        self.address = address
        self.sections = sections
        self._smbd = KeptProcess()
        self._states: dict[str, str] = {}
        self._users: list[Account] = []
        self._passwords_set = 0.0

    # -- life

    @property
    def running(self) -> bool:
        return self._smbd.running

    def start(self) -> None:
        """Start smbd and wait until it answers; raises LabError."""
        if self.running:
            return
        self.stop()
        self.write_configuration()
        command = [find("smbd") or "smbd", "-F", "--no-process-group", "-s", str(self.layout.smb_conf)]
        self._smbd.start(command, self.layout.log.parent / "output", self.layout.environment())
        wait_until(lambda: not self.running or _answers(self.address), f"smbd answers at {self.address} or ends")
        if not self.running:
            self.stop()
            raise LabError(f"smbd ended: {self._last_words()}")

    def stop(self) -> None:
        """End smbd and every process it started, at once."""
        self._smbd.stop()

    def _last_words(self) -> str:
        lines: list[str] = []
        for path in (self.layout.log, self.layout.log.parent / "output"):
            if path.exists():
                lines += path.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        return " | ".join(lines) or "it said nothing"

    # -- settings

    def write_configuration(self) -> None:
        """Write smb.conf, at once."""
        new = self.layout.smb_conf.with_suffix(".new")
        new.write_text(configuration.render(self.sections), encoding="utf-8")
        new.replace(self.layout.smb_conf)

    def reconfigure(self, *, restart: bool = False) -> None:
        """Let smbd read its changed sections: on the run (connections stay as they are), or by starting again."""
        if restart and self.running:
            self.stop()
            self.start()
            return
        self.write_configuration()
        if self.running:
            self.layout.run("smbcontrol", "all", "reload-config")
            with ThreadPoolExecutor() as pool:
                list(pool.map(self._wait_for, [entry.name for entry in self.layout.messages.iterdir()]))

    def _wait_for(self, process: str) -> None:
        """A process that answers a ping has done what it was told before; one that has ended need not."""
        with suppress(LabError):
            self.layout.run("smbcontrol", process, "ping")

    # -- accounts

    def add_users(self, logons: Iterable[tuple[Account, Logon]]) -> None:
        """Add accounts of the domain with their RIDs and passwords; raises LabError."""
        added = list(logons)
        self._users += [account for account, _unused in added]
        _check_names(self._users)
        self.layout.passwd.write_text(configuration.passwd(self._users), encoding="utf-8")
        for account, logon in added:
            rid = account.sid.rpartition("-")[2]
            self.layout.run("pdbedit", "-a", "-t", "-u", account.name, "-U", rid, text=f"{logon.password}\n" * 2)
        self._passwords_set = time.time()

    def remove_user(self, account: Account) -> None:
        """Remove an account; its line below stays, so that no uid is used twice."""
        self.layout.run("pdbedit", "-x", "-u", account.name)

    def add_groups(self, groups: Iterable[Account], members: Mapping[str, Iterable[str]]) -> None:
        """Add the domain's groups and the built-in ones, and the members (SIDs) of the latter; raises LabError."""
        groups = list(groups)
        self.layout.group.write_text(configuration.group(groups), encoding="utf-8")
        for group in groups:
            kind = "builtin" if group.sid.startswith("S-1-5-32-") else "domain"
            arguments = (f"sid={group.sid}", f"ntgroup={group.name}", f"unixgroup={configuration.unix_group(group)}")
            self.layout.run("net", "groupmap", "add", *arguments, f"type={kind}")
        for group_sid, sids in members.items():
            for sid in sids:
                self.layout.run("net", "groupmap", "addmem", group_sid, sid)

    def copy_users(self, other: SmbServer) -> None:
        """Know the same accounts as another host."""
        self._users = list(other._users)
        self._passwords_set = other._passwords_set
        self._copy(other, other.layout.passwd, *other.layout.user_databases)

    def copy_groups(self, other: SmbServer) -> None:
        """Know the same groups as another host, with the same members."""
        self._copy(other, other.layout.group, other.layout.group_database)

    def _copy(self, other: SmbServer, *files: Path) -> None:
        for file in files:
            shutil.copy(file, self.layout.base / file.relative_to(other.layout.base))

    def set_state(self, name: str, state: str) -> None:
        """Make an account's state one of STATES, whatever it was; raises LabError."""
        if state not in STATES:
            raise LabError(f"{state!r} is not one of {', '.join(STATES)}")
        if "password_expired" in (state, *self._states.values()):
            self._let_passwords_expire()
        self._states[name.casefold()] = state
        for step in STATES["ok"] + (STATES[state] if state != "ok" else ()):
            program, *arguments = (part.format(name=name) for part in step)
            self.layout.run(program, *arguments)
        if state == "password_expired":
            wait_until(lambda: time.time() > self._passwords_set + _PASSWORD_SECONDS, "the password has expired")

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password (``-a`` takes one that exists, ``-r`` takes no password)."""
        self.layout.run("pdbedit", "-a", "-t", "-u", name, text=f"{password}\n" * 2)
        self._passwords_set = time.time()

    def _let_passwords_expire(self) -> None:
        """Passwords of accounts without the flag X (never expires) expire in a second: so all get the flag."""
        if "password_expired" not in self._states.values():
            for user in self._users:
                if self._states.get(user.name.casefold(), "ok") == "ok":
                    self.layout.run("pdbedit", "-r", "-u", user.name, "-c", "[X]")
            self.layout.run("pdbedit", "-P", _POLICY, "-C", "1")

    # -- services and shares

    def set_services(self, services: Mapping[str, tuple[str, str]]) -> None:
        """Tell what the service control manager shows. The first RPC worker must be there: it writes defaults."""
        self.layout.services.write_text(configuration.registry(services), encoding="utf-8")
        self.layout.run("net", "registry", "import", str(self.layout.services))

    def forget_share_descriptor(self, share: str) -> None:
        """The share has no descriptor of its own any more."""
        self.layout.run("sharesec", share, "--delete")


def _answers(address: str) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((address, configuration.SMB_PORT)) == 0


def _check_names(users: Iterable[Account]) -> None:
    for user in users:
        if set(user.name) & set(':/\\"\n') or user.name.casefold() in ("root", "nobody"):
            raise LabError(f"Samba cannot have an account {user.full_name}")


def is_open_to_others(path: Path) -> bool:
    """Whether users that are not root may pass through every directory above ``path``."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)
