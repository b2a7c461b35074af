# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member server of the domain: smbd, winbindd and the RPC services, as a site server has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..errors import LabError
from ..model import Logon
from ..samba import configuration
from ..samba.process import KeptProcess
from .computer import Computer, wait_for
from .controller import answers
from .description import BUILT_IN, DomainDescription, Server
from .requirements import DCERPCD
from .shares import Shares

_DISTORTING = ("SeBackupPrivilege", "SeRestorePrivilege")
"""To Samba, who has them may read and write through any share, whatever its DACL is (create_share_access_mask). On
Windows they count only for who opens a file with backup intent. So Administrators lose them here."""
_NET, _WINBINDD, _SMBD = "net", "winbindd", "smbd"


class Member:
    """One member server at an address of its own."""

    def __init__(self, computer: Computer, server: Server, domain: DomainDescription, address: str) -> None:
        self.computer = computer
        self.server = server
        self.domain = domain
        self.address = address
        self.shares = Shares(computer, server, address)
        self.sids: dict[str, str] = {}
        """The SIDs of its local groups and users by name, ``P01\\SMS_SiteToSiteConnection_P01``."""
        self.refused_rights: dict[str, str] = {}
        """The rights of the description that Samba does not keep, and its answer."""
        self._processes = {_WINBINDD: KeptProcess(), "samba-dcerpcd": KeptProcess(), _SMBD: KeptProcess()}

    @property
    def name(self) -> str:
        return self.server.name

    def start(
        self, administrator: Logon, account: Logon, domain_sids: Mapping[str, str], local_logons: Mapping[str, Logon]
    ) -> None:
        """Join the domain and start everything; raises LabError.

        Args:
            administrator: of the domain.
            account: the server's own computer account.
            domain_sids: the SIDs of all domains' accounts and groups, by full name.
            local_logons: those of its local users, by name.
        """
        computer = self.computer
        computer.write_configuration({configuration.GLOBAL: self._settings()} | self.shares.sections())
        user = administrator.user.rpartition("\\")[2]
        computer.run(
            _NET, "ads", "join", "--no-dns-updates", "-U", user, f"machinepass={account.password}",
            password=administrator.password,
        )  # fmt: skip
        self._start(_WINBINDD, "-F", "--no-process-group")
        self._wait(self._trusts, "winbindd reaches the domain controller")
        self._make_local_accounts(local_logons)
        self._grant()
        resolve = dict(domain_sids) | self.sids
        self.shares.make_directories(resolve)
        self._start("samba-dcerpcd", "-F", "--no-process-group", "--libexec-rpcds")
        pipes = self.computer.rpc / "np"
        self._wait((pipes / "srvsvc").exists, f"the RPC services listen in {pipes}")
        self._start(_SMBD, "-F", "--no-process-group")
        self._wait(lambda: answers(self.address, configuration.SMB_PORT), f"smbd answers at {self.address}")
        self.shares.share(administrator, resolve)

    def stop(self) -> None:
        """End it and everything it started."""
        for process in reversed(self._processes.values()):
            process.stop()

    # -- steps

    def _settings(self) -> dict[str, str]:
        """Those of the lab's other Samba hosts, but for what makes it a member."""
        settings = configuration.identity(self.computer, self.domain.netbios, self.name)
        settings |= configuration.service(self.address, (), self.server.services)
        # Nobody is root here: Administrators have access by their SID, as on Windows.
        del settings["admin users"]
        first, size = 1_000_000, 1_000_000
        return settings | {
            "server role": "member server",
            "security": "ads",
            "realm": self.domain.realm,
            "logging": "file",
            "rpc start on demand helpers": "no",
            "idmap config * : backend": "tdb",
            "idmap config * : range": f"{3 * first}-{3 * first + size - 1}",
            f"idmap config {self.domain.netbios} : backend": "rid",
            f"idmap config {self.domain.netbios} : range": f"{first}-{first + size - 1}",
            "machine password timeout": "0",
            "template shell": "/bin/false",
            "template homedir": "/nonexistent",
        }

    def _start(self, program: str, *arguments: str) -> None:
        found = DCERPCD if program == "samba-dcerpcd" else program
        self.computer.start(self._processes[program], found, *arguments)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        wait_for(condition, f"{self.name}: {what}", self._ended)

    def _ended(self) -> str:
        """Why it cannot go on: a program has ended that was started."""
        started = [name for name, process in self._processes.items() if process.started]
        ended = [name for name in started if not self._processes[name].running]
        return f"{', '.join(ended)} ended: {self.computer.last_words()}" if ended else ""

    def _trusts(self) -> bool:
        try:
            self.computer.run_program("wbinfo", "-t")
        except LabError:
            return False
        return True

    def _make_local_accounts(self, logons: Mapping[str, Logon]) -> None:
        for name in self.server.local_users:
            self.computer.run("pdbedit", "-a", "-t", "-u", name, text=f"{logons[name].password}\n" * 2)
        for group in self.server.local_groups:
            built_in = group.name in BUILT_IN
            made = "createbuiltingroup" if built_in else "createlocalgroup"
            self.computer.run(_NET, "sam", made, group.name)
            full_name = rf"{'BUILTIN' if built_in else self.name}\{group.name}"
            for member in group.members:
                self.computer.run(_NET, "sam", "addmem", full_name, member)
            if not built_in:
                self.sids[full_name] = self._sid(full_name)
        for name in self.server.local_users:
            self.sids[rf"{self.name}\{name}"] = self._sid(rf"{self.name}\{name}")

    def _sid(self, name: str) -> str:
        """Not from winbindd: it asks the RPC services about the server's own names, which do not run yet."""
        return self.computer.run(_NET, "sam", "show", name).rpartition("SID ")[2].strip()

    def _grant(self) -> None:
        for privilege in _DISTORTING:
            self.computer.run(_NET, "sam", "rights", "revoke", r"BUILTIN\Administrators", privilege)
        for right in self.server.rights:
            for principal in right.principals:
                try:
                    self.computer.run(_NET, "sam", "rights", "grant", principal, right.name)
                except LabError as error:
                    self.refused_rights[right.name] = str(error)
