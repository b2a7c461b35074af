# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab inside a test process.

>>> with running_lab(default_hierarchy(6)) as lab:  # doctest: +SKIP
...     host = lab["P01"]
...     host.url, host.user, host.password
...     host.controls.share_descriptor("SMS_SITE")["entries"]
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..waiting import PATIENCE
from .control import Controls
from .hierarchy import default_hierarchy
from .inventory import WINRM, reach
from .lab import Endpoint, Lab
from .model import Logon
from .samba import SmbControls
from .scenario import Scenario, build

__all__ = ["RunningHost", "RunningLab", "default_hierarchy", "running_lab"]


@dataclass(frozen=True, slots=True)
class RunningHost:
    """A host of a running lab: how to reach it as an administrator, and how to act behind its back."""

    endpoint: Endpoint
    controls: Controls
    _lab: RunningLab

    @property
    def url(self) -> str:
        return self.endpoint.url

    @property
    def https_url(self) -> str:
        return self.endpoint.https_url

    @property
    def user(self) -> str:
        return self.logons[0].user

    @property
    def password(self) -> str:
        return self.logons[0].password

    @property
    def logons(self) -> tuple[Logon, ...]:
        """Everyone who may log on, administrators or not."""
        return self.endpoint.host.logons

    @property
    def credentials(self) -> Mapping[str, Logon]:
        r"""Everyone with a password, as ``CORP\smssend``: on Samba that is every user of the scenario."""
        return self.endpoint.credentials

    @property
    def address(self) -> str:
        return self.endpoint.address

    @property
    def smb_port(self) -> int | None:
        """445 on Samba."""
        return self.endpoint.smb_port

    @property
    def smb(self) -> SmbControls | None:
        """What can be done to the host's smbd; None in memory."""
        return self.endpoint.smb

    def winrm(self, logon: Logon | None = None, **changed: Any) -> dict[str, Any]:
        """The variables of an inventory with which a patient client reaches it by WinRM: NTLM over HTTP."""
        return {**WINRM, **reach(self.endpoint, logon), **changed}

    def path(self, path: str) -> str:
        r"""A path of the scenario (``D:\SMS``) as this host spells it."""
        return self.endpoint.host.backend.located(path)

    def set_listening(self, listening: bool) -> None:
        """Close the host's ports (connections are refused), SMB's too, or open them again."""
        self._lab.set_listening(self.endpoint, listening=listening)


class RunningLab(Mapping[str, RunningHost]):
    """The hosts of a running lab, by NetBIOS name as the scenario spells it."""

    def __init__(self, lab: Lab, loop: asyncio.AbstractEventLoop) -> None:
        self.lab = lab
        self._loop = loop
        controls = lab.control.controls
        self._hosts = {
            endpoint.host.name: RunningHost(endpoint, controls[endpoint.host.name.casefold()], self)
            for endpoint in lab.endpoints
        }

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority behind every host's HTTPS."""
        return self.lab.ca_file

    def set_listening(self, endpoint: Endpoint, *, listening: bool) -> None:
        """See RunningHost.set_listening."""
        _run(self._loop, self.lab.set_listening(endpoint.host, listening=listening))

    def __getitem__(self, name: str) -> RunningHost:
        return self._hosts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def __len__(self) -> int:
        return len(self._hosts)


@contextmanager
def running_lab(
    scenario: Scenario | Mapping[str, Any] | int, *, ports_mode: bool = False, backend: str = "memory"
) -> Iterator[RunningLab]:
    """Run a scenario (or its description, or the default hierarchy of so many hosts) on a thread of its own."""
    if isinstance(scenario, int):
        scenario = default_hierarchy(scenario)
    made = scenario if isinstance(scenario, Scenario) else build(scenario)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="lab", daemon=True)
    with tempfile.TemporaryDirectory(prefix="lab-") as directory:
        lab = Lab(made, Path(directory), ports_mode=ports_mode, backend=backend)
        thread.start()
        try:
            _run(loop, lab.start())
            yield RunningLab(lab, loop)
        finally:
            _run(loop, _stop(lab))
            loop.call_soon_threadsafe(loop.stop)
            thread.join(PATIENCE)
            loop.close()


async def _stop(lab: Lab) -> None:
    """Stop a lab, and what its clients have left half done: handshakes of TLS, answers that were to come later."""
    await lab.stop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
    asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE)
