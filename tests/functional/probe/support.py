# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site server on Samba for the probe, and a wire to it that can be held and cut."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.sender_probe import STEPS, ProbeOutcome, ProbeRequest
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, running_lab
from tests.waiting import PATIENCE, wait_until

needs_samba = pytest.mark.skipif(bool(missing()), reason=missing())

SHARE = "SMS_SITE"
RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
SENDER = "CORP\\smssend"
READ_AND_WRITE = 0x12019F
MODIFY = 0x1301BF
FULL_CONTROL = 0x1F01FF
ADMINISTRATORS = {"principal": "S-1-5-32-544", "access": "full_control"}
SYSTEM = {"principal": "S-1-5-18", "access": "full_control"}
REQUIRED = STEPS[:7]

SCENARIO: dict[str, Any] = {
    "domain": "CORP",
    "dns_domain": "corp.example",
    "accounts": [{"name": name} for name in ("ansible", "smssend", "bystander")],
    "logons": [{"user": "CORP\\ansible"}],
    "hosts": [
        {
            "name": "C01",
            "directories": [
                {
                    "path": "D:\\",
                    "protected": True,
                    "dacl": [{**ADMINISTRATORS, "flags": "OI CI"}, {**SYSTEM, "flags": "OI CI"}],
                },
                *({"path": RECEIVE.rsplit("\\", up)[0]} for up in (3, 2, 1)),
                {"path": RECEIVE},
            ],
            "shares": [{"name": SHARE, "path": RECEIVE, "dacl": [ADMINISTRATORS]}],
            "members": {"S-1-5-32-544": ["CORP\\ansible"]},
        },
    ],
}


@dataclass(frozen=True)
class SiteServer:
    """The lab's host, as the tests of the probe see it."""

    host: RunningHost

    def permit(self, mask: int, *, share: int = FULL_CONTROL, flags: str = "OI CI") -> None:
        """Give the Sender account this on the directory and on the share; 0 is nothing."""
        directory = [{"principal": SENDER, "mask": mask, "flags": flags}] if mask else []
        self.host.controls.set_file_descriptor(RECEIVE, {"entries": directory})
        entries = [ADMINISTRATORS, *([{"principal": SENDER, "mask": share}] if share else [])]
        self.host.controls.set_share_descriptor(SHARE, {"entries": entries})

    def settings(self, **changes: Any) -> SmbSettings:
        domain, _slash, user = SENDER.partition("\\")
        chosen: dict[str, Any] = {
            "host": "C01",
            "address": self.host.address,
            "domain": domain,
            "user": user,
            "password": self.host.credentials[SENDER].password,
            "timeout": PATIENCE,
        }
        return SmbSettings(**(chosen | changes))

    def request(
        self, *, required: Sequence[str] = REQUIRED, reading_only: bool = False, **changes: Any
    ) -> ProbeRequest:
        return ProbeRequest(self.settings(**changes), SHARE, required, reading_only)

    @property
    def directory(self) -> Path:
        return Path(self.host.smb.disk_path(RECEIVE))

    def listed(self) -> set[str]:
        """Names of the files in the directory, as Samba's own client shows them to the operator."""
        user, password = self.host.user, self.host.password
        done = subprocess.run(
            ["smbclient", f"//{self.host.address}/{SHARE}", "--user", user, "--command", "ls"],
            env={"PASSWD": password, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        names = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
        return names - {".", ".."}

    def wait_until_empty(self) -> None:
        wait_until(lambda: not self.listed(), "the directory is empty")


@pytest.fixture(scope="session")
def lab_server() -> Iterator[SiteServer]:
    with running_lab(SCENARIO, backend="samba") as lab:
        yield SiteServer(lab["C01"])


@pytest.fixture
def server(lab_server: SiteServer) -> Iterator[SiteServer]:
    """The server, its directory empty, Read and Write for the Sender account; nothing may be left at the end."""
    lab_server.permit(READ_AND_WRITE)
    yield lab_server
    left = lab_server.listed()
    for path in lab_server.directory.iterdir():
        path.unlink()
    assert not left


class Wire:
    """A TCP relay to a server that can be held, so that something can be done while the client waits, and cut."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._moment: Callable[[], bool] | None = None
        self._held, self._released = threading.Event(), threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def hold_when(self, moment: Callable[[], bool]) -> None:
        """Keep the first answer of the server that comes after this moment, and all that come later."""
        self._moment = moment

    def wait_until_held(self) -> None:
        """Return once an answer is kept: the server has done what was asked, and the client does not know."""
        assert self._held.wait(PATIENCE), "the moment has not come"

    def release(self) -> None:
        """Let all answers pass, those that were kept first."""
        self._moment = None
        self._released.set()

    def cut(self) -> None:
        """Lose what is kept, and end all connections; new ones are let through."""
        ends, self._sockets = self._sockets, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.release()

    def close(self) -> None:
        """End all connections and let no more through."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                for source, sink, answers in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass, args=(source, sink, answers), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError), source, sink:
            try:
                while data := source.recv(65536):
                    if answers and self._moment and self._moment():
                        self._held.set()
                        self._released.wait(PATIENCE)
                    sink.sendall(data)
            finally:
                # To close alone does not end a connection while the other thread waits for what comes from it.
                for end in (source, sink):
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire(lab_server: SiteServer) -> Iterator[Wire]:
    relay = Wire((lab_server.host.address, lab_server.host.smb_port))
    yield relay
    relay.close()


def in_words(outcome: ProbeOutcome) -> Mapping[str, str]:
    """Each step with its status; `-` for one that was not tried, `?` for one that failed without a status."""
    return {
        step.step: "-" if step.ok is None else "ok" if step.ok else step.status.removeprefix("STATUS_") or "?"
        for step in outcome.steps
    }
