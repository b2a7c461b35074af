# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain controller: a Samba that is KDC, LDAP server, DNS server and RPC server of the domain."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..model import Logon
from ..samba import configuration
from ..samba.configuration import Sections
from ..samba.process import KeptProcess
from .computer import Computer, run_bounded, wait_for
from .description import BUILT_IN, OLD_DOMAIN, Account, DomainDescription, Group, Kind, Scope
from .requirements import SYSTEM_PYTHON
from .shares import Shares

_WINDOWS_FILES = (
    "acl_xattr:ignore system acls",
    "acl_xattr:default acl style",
    "force unknown acl user",
    "store dos attributes",
    "map archive",
    "map readonly",
    "create mask",
    "force create mode",
    "directory mask",
    "force directory mode",
)
_POPULATE, _TRUST = (Path(__file__).with_name(name) for name in ("populate.py", "trust.py"))
PORTS = (53, 88, 135, 389, 445, 464, 636, 3268)
"""Where it must be able to listen: DNS, Kerberos, RPC, LDAP, SMB, passwords, LDAP over TLS, global catalogue."""


class Controller:
    """One domain controller at an address of its own."""

    def __init__(self, computer: Computer, description: DomainDescription, address: str) -> None:
        self.computer = computer
        self.description = description
        self.address = address
        self.shares = Shares(computer, description.controller, address)
        self._samba = KeptProcess()

    def populate(
        self,
        logons: Mapping[str, Logon],
        keytabs: Mapping[str, Path],
        addresses: Mapping[str, str],
        foreign: Mapping[str, str],
        forwarder: str,
    ) -> dict[str, str]:
        """Make the directory and everything in it; the SIDs by sAMAccountName. Raises LabError.

        Args:
            logons: every account's password, by sAMAccountName.
            keytabs: where each account's keytab is to be.
            addresses: those of the other computers, by name.
            foreign: the SIDs of accounts and groups of trusted domains, by full name.
            forwarder: the address of the name server for other domains; empty if there are none.
        """
        self.computer.write_configuration(self._sections(forwarder))
        for directory in ("b", "s/sysvol"):
            (self.computer.base / directory).mkdir()
        (self.computer.base / "s/sysvol" / self.description.dns_domain / "scripts").mkdir(parents=True)
        wanted = {
            "smb_conf": str(self.computer.smb_conf),
            "realm": self.description.realm,
            "netbios": self.description.netbios,
            "controller": self.description.controller.name,
            "address": self.address,
            "administrator_password": logons["Administrator"].password,
            "accounts": [_account(item, logons, keytabs) for item in accounts(self.description)],
            "groups": [_group(group, foreign) for group in (*self.description.groups, *self._groups())],
            "rights": [
                {"name": right.name, "principals": [_plain(name) for name in right.principals]}
                for right in self.description.controller.rights
            ],
            "records": addresses,
        }
        command = self.computer.command(SYSTEM_PYTHON, "-I", str(_POPULATE))
        printed = run_bounded(command, "making the domain's directory", json.dumps(wanted), self.computer.environment())
        found: dict[str, str] = json.loads(printed.splitlines()[-1])
        self.shares.make_directories(self._resolved(found))
        return found

    def start(self, administrator: Logon, sids: Mapping[str, str]) -> None:
        """Start it, wait until it answers, and make its shares; raises LabError.

        Args:
            administrator: of the domain.
            sids: what ``populate`` returned.
        """
        self.computer.start(self._samba, "samba", "--foreground", "--no-process-group")
        wait_for(
            lambda: all(answers(self.address, port) for port in PORTS),
            f"the domain controller answers at {self.address}",
            lambda: "" if self._samba.running else f"it ended: {self.computer.last_words()}",
        )
        self.shares.share(administrator, self._resolved(sids))

    def trust(self, realm: str, administrator: Logon, other: Logon) -> None:
        """Make this domain and another one trust each other; raises LabError.

        Args:
            realm: the other one, whose controller runs.
            administrator: of this domain.
            other: the administrator of that domain.
        """
        wanted = {
            "smb_conf": str(self.computer.smb_conf),
            "realm": realm,
            "user": administrator.user.rpartition("\\")[2],
            "password": other.password,
            "local_password": administrator.password,
        }
        command = self.computer.command(SYSTEM_PYTHON, "-I", str(_TRUST))
        run_bounded(command, f"the trust with {realm}", json.dumps(wanted), self.computer.environment())

    def stop(self) -> None:
        """End it and everything it started."""
        self._samba.stop()

    def _groups(self) -> tuple[Group, ...]:
        """Its local groups: those of BUILTIN are in the directory already, the others are domain local ones."""
        return tuple(
            replace(group, scope=None if group.name in BUILT_IN else Scope.DOMAIN_LOCAL)
            for group in self.description.controller.local_groups
        )

    def _resolved(self, sids: Mapping[str, str]) -> dict[str, str]:
        """SIDs by full name. A local group of the controller is one of the domain."""
        found = {rf"{self.description.netbios}\{name}": sid for name, sid in sids.items()}
        local = self.description.controller.local_groups
        return found | {rf"{self.description.controller.name}\{group.name}": sids[group.name] for group in local}

    def _sections(self, forwarder: str) -> Sections:
        computer, sysvol = self.computer, self.computer.state / "sysvol"
        settings = {
            "workgroup": self.description.netbios,
            "realm": self.description.realm,
            "netbios name": self.description.controller.name,
            "server role": "active directory domain controller",
            "private dir": str(computer.private),
            "lock directory": str(computer.state),
            "state directory": str(computer.state),
            "cache directory": str(computer.state),
            "pid directory": str(computer.state),
            "binddns dir": str(computer.base / "b"),
            "ncalrpc dir": str(computer.rpc),
            "ntp signd socket directory": str(computer.rpc / "ntp"),
            "log file": str(computer.log),
            "logging": "file",
            "log level": "1",
            "max log size": "1000",
            "interfaces": f"{self.address}/8",
            "bind interfaces only": "yes",
            "disable netbios": "yes",
            "smb ports": "445",
            # One controller replicates with nobody, and its names are in DNS already.
            "server services": "-nbt, -dnsupdate, -kcc, -drepl, -wrepl, -ntp_signd",
            "dns update command": "/bin/true",
            **({"dns forwarder": forwarder} if forwarder else {}),
            # As a Windows that requires signing: who binds inside TLS need not sign as well.
            "ldap server require strong auth": "allow_sasl_over_tls",
            "prefork children": "1",
            "load printers": "no",
            "printcap name": "/dev/null",
            "disable spoolss": "yes",
            "change share command": "/bin/true",
            "vfs objects": "dfs_samba4 acl_xattr",
        }
        # As on the other hosts of the lab. Not for sysvol, whose files have no NT ACLs that could decide alone.
        service = configuration.service(self.address, (), ())
        windows = {key: service[key] for key in _WINDOWS_FILES}
        return {
            "global": settings,
            "sysvol": {"path": str(sysvol), "read only": "no"},
            "netlogon": {"path": str(sysvol / self.description.dns_domain / "scripts"), "read only": "no"},
            **{name: section | windows for name, section in self.shares.sections().items()},
        }


def accounts(description: DomainDescription) -> tuple[Account, ...]:
    """All accounts of the domain, those of its servers too."""
    servers = (Account(f"{server.name}$", Kind.COMPUTER) for server in description.servers)
    return (*description.accounts, *servers)


def answers(address: str, port: int) -> bool:
    """Whether somebody accepts a connection there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((address, port)) == 0


def _account(item: Account, logons: Mapping[str, Logon], keytabs: Mapping[str, Path]) -> dict[str, Any]:
    return {
        "name": item.name,
        "kind": item.kind.name,
        "state": item.state.name,
        "common_name": item.common_name,
        "password": logons[item.name].password,
        "sid_history": [f"{OLD_DOMAIN}-{rid}" for rid in item.sid_history],
        "keytab": str(keytabs[item.name]),
    }


def _group(group: Group, foreign: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": group.name,
        "type": group.scope and group.scope.value,
        "members": [foreign.get(name) or _plain(name) for name in group.members],
        "common_name": group.common_name,
    }


def _plain(name: str) -> str:
    """The sAMAccountName in a full name."""
    return name.rpartition("\\")[2]
