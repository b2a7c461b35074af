# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain inside a test process.

>>> with running_domain() as domain:  # doctest: +SKIP
...     domain.members["P01"].address
...     domain.accounts["C01$"].password
...     domain.smbclient(domain.members["P01"], "put file", domain.accounts["C01$"], kerberos=True)
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import LabError
from ..model import Logon
from ..samba.tools import find
from .computer import STEP_SECONDS
from .controller import accounts
from .controls import ServerControls
from .description import SITE_SHARE, SITES, DomainDescription, Kind, State
from .domain import ADMINISTRATOR, Domain
from .lab import DomainLab
from .requirements import missing

__all__ = ["RunningAccount", "RunningComputer", "RunningDomain", "missing", "running_domain"]

_RUN = """#!/bin/sh
# Runs a command that finds the computers of the domain by their names, its KDC, and settings for programs of Samba.
[ -n "$KRB5_CONFIG" ] || export KRB5_CONFIG={krb5_conf}
export SMB_CONF_PATH={smb_conf}
exec unshare --mount --propagation private sh -c 'mount --bind "$0" /etc/hosts || exit 126; exec "$@"' {hosts} "$@"
"""


@dataclass(frozen=True, slots=True)
class RunningAccount:
    r"""An account that can be used: ``CORP\P01$`` or, on a member server, ``P01\localsend``."""

    name: str
    domain: str
    realm: str
    """Empty for a local account."""
    sid: str
    kind: Kind
    state: State
    password: str = field(repr=False)
    keytab: Path | None
    """Of a domain's account. A new password makes it out of date."""

    @property
    def user(self) -> str:
        return rf"{self.domain}\{self.name}"

    @property
    def principal(self) -> str:
        """Its name in Kerberos."""
        return f"{self.name}@{self.realm}"

    @property
    def logon(self) -> Logon:
        return Logon(self.user, self.password, administrator=False)


@dataclass(frozen=True, slots=True)
class RunningComputer:
    """A computer of the domain, and where it can be reached."""

    name: str
    dns_name: str
    address: str
    controls: ServerControls
    local_sids: Mapping[str, str] = field(default_factory=dict)
    """The SIDs of its local groups and users by full name; those of BUILTIN are well known."""
    local_accounts: Mapping[str, RunningAccount] = field(default_factory=dict)
    refused_rights: Mapping[str, str] = field(default_factory=dict)
    """The user rights that its Samba does not keep, and what it answered."""


class RunningDomain:
    """A domain that runs, and the clients of others for it."""

    def __init__(self, domain: Domain, lab: DomainLab) -> None:
        self._domain = domain
        self._lab = lab
        description = domain.description
        self.realm = description.realm
        self.netbios = description.netbios
        self.dns_domain = description.dns_domain
        self.krb5_conf = lab.krb5_conf
        self.sids: Mapping[str, str] = domain.sids
        """The SIDs of the domain's accounts and groups by sAMAccountName."""
        name, controller = description.controller.name, domain.controller
        controls = ServerControls(controller.shares, domain.administrator)
        self.controller = RunningComputer(name, description.dns_name(name), controller.address, controls)
        self.members: Mapping[str, RunningComputer] = {name: self._member(name) for name in domain.members}
        self.accounts: Mapping[str, RunningAccount] = {
            item.name: self._account(item.name, item.kind, item.state) for item in accounts(description)
        }
        self.administrator = self._account(ADMINISTRATOR, Kind.USER, State.OK)
        self.trusted: Mapping[str, RunningDomain] = {}
        """The domains that this one trusts, by NetBIOS name."""
        self._write_client_files()

    @property
    def kdc(self) -> str:
        """The address of the KDC, which is the LDAP and DNS server too."""
        return self.controller.address

    @property
    def base_dn(self) -> str:
        return ",".join(f"DC={part}" for part in self.dns_domain.split("."))

    def environment(self) -> dict[str, str]:
        """What a client needs to find the domain by Kerberos, and to find no tickets of others."""
        return {
            "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "KRB5_CONFIG": str(self.krb5_conf),
            "KRB5CCNAME": f"FILE:{self._domain.base}/client/none",
        }

    def run(
        self, program: str, *arguments: str, text: str = "", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program that knows the names of the domain's computers (/etc/hosts of its own); raises LabError."""
        try:
            return subprocess.run(
                [str(self.run_script), find(program) or program, *arguments],
                input=text,
                capture_output=True,
                text=True,
                check=False,
                timeout=STEP_SECONDS,
                env={**self.environment(), **(environment or {})},
            )
        except subprocess.TimeoutExpired:
            raise LabError(f"{program}: no end after {STEP_SECONDS} seconds") from None

    def samba(self, program: str, account: RunningAccount, *arguments: str, kerberos: bool = False) -> str:
        """Run a client of Samba as an account, with NTLM or Kerberos alone; all that it printed."""
        who = account.principal if kerberos else account.user.replace("\\", "/")
        protocol = f"--use-kerberos={'required' if kerberos else 'off'}"
        done = self.run(
            program,
            f"--configfile={self.smb_conf}",
            protocol,
            "-U",
            who,
            *arguments,
            environment={"PASSWD": account.password},
        )
        return done.stdout + done.stderr

    def smbclient(
        self,
        computer: RunningComputer,
        commands: str,
        account: RunningAccount,
        *,
        share: str = SITE_SHARE,
        kerberos: bool = False,
    ) -> str:
        """Run commands of smbclient on a share; what it printed."""
        return self.samba("smbclient", account, f"//{computer.dns_name}/{share}", "-c", commands, kerberos=kerberos)

    def rpcclient(
        self, computer: RunningComputer, command: str, account: RunningAccount, *, kerberos: bool = False
    ) -> str:
        """Run a command of rpcclient; what it printed."""
        return self.samba("rpcclient", account, computer.dns_name, "-c", command, kerberos=kerberos)

    def modify(self, ldif: str) -> None:
        """Change the directory as its administrator, by LDAP (``changetype: modify`` and so on); raises LabError."""
        url, user = f"ldap://{self.controller.dns_name}", self.administrator.user.replace("\\", "/")
        options = (f"--configfile={self.smb_conf}", "--use-kerberos=off", "-U", user, "-H", url)
        done = self.run("ldbmodify", *options, text=ldif, environment={"PASSWD": self.administrator.password})
        if done.returncode:
            raise LabError(f"ldbmodify: {done.stderr.strip()}")

    def change_members(self, change: str, group: str, member: str) -> None:
        """``add`` or ``delete`` a member (a name, or a SID of elsewhere) of a group of the domain; raises LabError."""
        sid = member if member.startswith("S-1-") else self.sids[member]
        self.modify(f"dn: <SID={self.sids[group]}>\nchangetype: modify\n{change}: member\nmember: <SID={sid}>\n")

    def close(self) -> None:
        """Close the connections of the controls."""
        for computer in (self.controller, *self.members.values()):
            computer.controls.close()
        for domain in self.trusted.values():
            domain.close()

    @property
    def smb_conf(self) -> Path:
        """Settings for clients of Samba. Without them they remember addresses in a cache of the system."""
        return self._client / "smb.conf"

    @property
    def run_script(self) -> Path:
        """A program that runs a command where the names of the domain's computers lead to them (/etc/hosts)."""
        return self._client / "run"

    @property
    def _client(self) -> Path:
        return self._domain.base / "client"

    def _write_client_files(self) -> None:
        self._client.mkdir(exist_ok=True)
        lines = ["127.0.0.1 localhost"]
        lines += [f"{address} {name} {name.partition('.')[0]}" for name, address in self._lab.hosts.items()]
        hosts = self._client / "hosts"
        hosts.write_text("\n".join([*lines, ""]), encoding="utf-8")
        files = {"krb5_conf": self.krb5_conf, "smb_conf": self.smb_conf, "hosts": hosts}
        script = _RUN.format_map({name: shlex.quote(str(path)) for name, path in files.items()})
        self.run_script.write_text(script, encoding="utf-8")
        self.run_script.chmod(0o755)
        state = "".join(f"{kind} directory = {self._client}\n" for kind in ("lock", "state", "cache", "private"))
        settings = f"[global]\nworkgroup = {self.netbios}\nrealm = {self.realm}\n{state}"
        self.smb_conf.write_text(settings, encoding="utf-8")

    def _account(self, name: str, kind: Kind, state: State) -> RunningAccount:
        password = self._domain.logons[name].password
        keytab = self._domain.keytabs.get(name)
        return RunningAccount(name, self.netbios, self.realm, self.sids[name], kind, state, password, keytab)

    def _member(self, name: str) -> RunningComputer:
        member = self._domain.members[name]
        local = {
            user: RunningAccount(
                user, name, "", member.sids[rf"{name}\{user}"], Kind.USER, State.OK, logon.password, keytab=None
            )
            for user, logon in self._domain.local_logons[name].items()
        }
        dns_name = self._domain.description.dns_name(name)
        controls = ServerControls(member.shares, self._domain.administrator)
        return RunningComputer(name, dns_name, member.address, controls, member.sids, local, member.refused_rights)


def running_in(lab: DomainLab) -> RunningDomain:
    """The domain of a lab that was started, and those that it trusts."""
    own, *trusted = (RunningDomain(domain, lab) for domain in lab.domains.values())
    own.trusted = {domain.netbios: domain for domain in trusted}
    return own


@contextmanager
def running_domain(description: DomainDescription = SITES) -> Iterator[RunningDomain]:
    """Run a domain; nothing is left of it afterwards."""
    with tempfile.TemporaryDirectory(prefix="lab-") as directory:
        lab = DomainLab(Path(directory), description)
        running = None
        try:
            lab.start()
            running = running_in(lab)
            yield running
        finally:
            if running:
                running.close()
            lab.stop()
