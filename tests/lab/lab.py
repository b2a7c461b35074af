# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running lab: the hosts of a scenario behind their listeners, and the control API beside them."""

from __future__ import annotations

import asyncio
import errno
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .certificates import Authority
from .control import ControlServer
from .errors import LabError
from .host import Host
from .model import Logon
from .ntlm import write_user_file
from .samba import SambaHosts, SmbControls
from .samba.configuration import SMB_PORT
from .scenario import Scenario
from .server import Listener, WinRMServer
from .wsman import Service

__all__ = ["BACKENDS", "Endpoint", "Lab", "LabError"]

BACKENDS = ("memory", "samba")
_PORT_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a host answers."""

    host: Host
    address: str
    port: int
    https_port: int
    smb: SmbControls | None = None

    @property
    def smb_port(self) -> int | None:
        """Where SMB answers, if it does."""
        return SMB_PORT if self.smb else None

    @property
    def credentials(self) -> Mapping[str, Logon]:
        r"""Everyone who may log on, as ``DOMAIN\name``. Over WS-Man, only the host's logons do."""
        return self.smb.credentials if self.smb else {logon.user: logon for logon in self.host.logons}

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}/wsman"

    @property
    def https_url(self) -> str:
        return f"https://{self.address}:{self.https_port}/wsman"


class Lab:
    """Starts and stops a scenario. Files it needs (accounts' hashes, the CA's certificate) are kept in ``build``."""

    def __init__(
        self, scenario: Scenario, build: Path, *, port: int = 0, ports_mode: bool = False, backend: str = "memory"
    ) -> None:
        if backend not in BACKENDS:
            raise LabError(f"back end {backend!r} is not one of {', '.join(BACKENDS)}")
        if backend == "samba" and ports_mode:
            raise LabError("with Samba, each host needs an address of its own")
        self.scenario = scenario
        self.backend = backend
        self._samba = SambaHosts(scenario.hosts, build) if backend == "samba" else None
        self._build = build
        self._port = port
        self._ports_mode = ports_mode
        self.user_file = build / "ntlm_users"
        self._winrm = WinRMServer(self.user_file)
        self.endpoints: tuple[Endpoint, ...] = ()
        self.control = ControlServer(scenario.hosts, self.set_listening, self._samba.hosts if self._samba else {})
        self.ca_file = build / "ca.pem"

    async def start(self) -> None:
        """Open every listener; raises LabError."""
        self._build.mkdir(parents=True, exist_ok=True)
        _allow_files(2 * len(self.scenario.hosts) + 256)
        write_user_file(self.user_file, self.scenario.hosts)
        authority = Authority(self._build)
        if self._samba:
            # Senders, who are not root, have to pass through to the shares below.
            self._build.chmod(self._build.stat().st_mode | 0o011)
            addresses = await asyncio.to_thread(self._samba.start)
        else:
            addresses = [self._address(index) for index in range(len(self.scenario.hosts))]
        names = [host.dns_name for host in self.scenario.hosts]
        contexts = authority.contexts(list(zip(addresses, names, strict=True)))
        services = [Service(host) for host in self.scenario.hosts]
        plain = await self._listen(addresses, [Listener(service) for service in services], self._port)
        secure = await self._listen(
            addresses,
            [Listener(service, context) for service, context in zip(services, contexts, strict=True)],
            self._port + 1 if self._port else 0,
        )
        self.endpoints = tuple(
            Endpoint(host, address, port, https_port, self._samba.hosts[host.name].controls if self._samba else None)
            for host, address, port, https_port in zip(self.scenario.hosts, addresses, plain, secure, strict=True)
        )
        await self.control.start()

    async def stop(self) -> None:
        """Close everything and remove the files that only a running lab needs."""
        await self.control.stop()
        await self._winrm.close()
        if self._samba:
            await asyncio.to_thread(self._samba.stop)
        self.user_file.unlink(missing_ok=True)

    async def set_listening(self, host: Host, *, listening: bool) -> None:
        """Close a host's ports, SMB's too, or open them again."""
        if self._samba:
            controls = self._samba.hosts[host.name].controls
            await asyncio.to_thread(controls.start if listening else controls.stop)
        await self._winrm.set_listening(host, listening=listening)

    def _address(self, index: int) -> str:
        """127.77.0.1 and on; with a port for each host, 127.0.0.1 for all."""
        if self._ports_mode:
            return "127.0.0.1"
        return f"127.77.{(index + 1) >> 8}.{(index + 1) & 0xFF}"

    async def _listen(self, addresses: list[str], listeners: list[Listener], wanted: int) -> list[int]:
        """Open listeners on one port (or on one each); returns the ports."""
        for _unused in range(_PORT_ATTEMPTS):
            try:
                return await self._listen_once(addresses, listeners, wanted)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or wanted:
                    raise LabError(_explain(error)) from None
        raise LabError("no port was free on all addresses")

    async def _listen_once(self, addresses: list[str], listeners: list[Listener], wanted: int) -> list[int]:
        bound: list[tuple[str, int]] = []
        port = wanted
        try:
            for address, listener in zip(addresses, listeners, strict=True):
                bound.append(await self._winrm.listen((address, port), listener))
                # With one address for all, each host has a port of its own: HTTP and HTTPS take turns.
                port = bound[-1][1] if not self._ports_mode else port + 2 if wanted else 0
        except OSError:
            self._winrm.forget(bound)
            raise
        return [port for _unused, port in bound]


def _explain(error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{error}: this system has no addresses but 127.0.0.1 on its loopback; start the lab with --ports"
    return f"cannot listen: {error}"


def _allow_files(needed: int) -> None:
    """Raise this process's limit of open files as far as it goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise LabError(f"{needed} open files are needed and {hard} allowed: raise the limit (ulimit -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
