# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One domain: its controller, its member servers, and the passwords of its accounts."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..model import Logon
from ..samba.addresses import claim
from .computer import Computer
from .controller import PORTS, Controller, accounts
from .description import DomainDescription
from .member import Member

NETWORK = "127.79"
ADMINISTRATOR = "Administrator"


class Domain:
    """A domain with its files below ``base``. The methods are called in the order in which they stand here."""

    def __init__(self, base: Path, description: DomainDescription) -> None:
        self.base = base
        self.description = description
        self.sids: dict[str, str] = {}
        """The SIDs of its accounts and groups, by sAMAccountName; filled by ``populate``."""
        self.members: dict[str, Member] = {}
        self.logons: dict[str, Logon] = {}
        """Every account by sAMAccountName, ``Administrator`` too, with its new password."""
        self.keytabs: dict[str, Path] = {}
        self.local_logons: dict[str, dict[str, Logon]] = {}
        """The local users of each member server, by their names."""
        self._guard, addresses = self._claim()
        self.controller = Controller(Computer(base / "dc"), description, addresses[0])
        for server, address in zip(description.members, addresses[1:], strict=True):
            self.members[server.name] = Member(Computer(base / server.name), server, description, address)
        self._make_passwords()

    @property
    def administrator(self) -> Logon:
        return self.logons[ADMINISTRATOR]

    @property
    def hosts(self) -> dict[str, str]:
        """The addresses of its computers by DNS name."""
        found = {self.description.dns_name(self.description.controller.name): self.controller.address}
        return found | {self.description.dns_name(name): member.address for name, member in self.members.items()}

    @property
    def full_sids(self) -> dict[str, str]:
        r"""The SIDs by full name, ``CORP\name``."""
        return {rf"{self.description.netbios}\{name}": sid for name, sid in self.sids.items()}

    def write_views(self, hosts: Mapping[str, str], name_server: str, krb5_conf: str) -> None:
        """Make the directories, and what the computers find in /etc: the addresses of all domains."""
        self.base.mkdir()
        self.base.chmod(0o711)
        (self.base / "keytabs").mkdir(mode=0o700)
        self.controller.computer.make()
        self.controller.computer.write_etc(hosts, name_server, krb5_conf)
        for member in self.members.values():
            member.computer.make()
            member.computer.write_etc(hosts, name_server, krb5_conf, member.server.local_users)

    def populate(self, foreign: Mapping[str, str], forwarder: str) -> None:
        """Make the directory; ``foreign`` are full SIDs of trusted domains. Raises LabError."""
        addresses = {name: member.address for name, member in self.members.items()}
        self.sids = self.controller.populate(self.logons, self.keytabs, addresses, foreign, forwarder)

    def start_controller(self) -> None:
        """Start the controller; raises LabError."""
        self.controller.start(self.administrator, self.sids)

    def start_members(self, foreign: Mapping[str, str]) -> None:
        """Start the member servers; raises LabError."""
        sids = self.full_sids | dict(foreign)

        def start(member: Member) -> None:
            account = self.logons[f"{member.name}$"]
            member.start(self.administrator, account, sids, self.local_logons[member.name])

        with ThreadPoolExecutor() as pool:
            list(pool.map(start, self.members.values()))

    def stop(self) -> None:
        """End all programs, and give the addresses back."""
        for member in self.members.values():
            member.stop()
        self.controller.stop()
        self._guard.close()

    def _claim(self) -> tuple[socket.socket, list[str]]:
        return claim(NETWORK, 1 + len(self.description.members), PORTS)

    def _make_passwords(self) -> None:
        names = [ADMINISTRATOR, *(account.name for account in accounts(self.description))]
        for index, name in enumerate(names):
            user = rf"{self.description.netbios}\{name}"
            self.logons[name] = Logon(user, _password(), administrator=name == ADMINISTRATOR)
            self.keytabs[name] = self.base / "keytabs" / f"{index}.keytab"
        for server in self.description.members:
            self.local_logons[server.name] = {
                name: Logon(rf"{server.name}\{name}", _password(), administrator=False) for name in server.local_users
            }


def _password() -> str:
    """A password that meets the domain's policy: letters in both cases, digits and a sign."""
    return f"Aa1-{secrets.token_urlsafe(15)}"
