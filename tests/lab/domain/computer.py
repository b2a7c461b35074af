# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A computer of the domain: its files, its view of the machine, and the programs that run in that view.

Samba's programs have paths that no setting changes (/run/samba/winbindd, /etc/nsswitch.conf). So each computer has a
mount namespace with an /etc, a /run and a /var/log of its own. The network is the machine's: who tests only connects.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import LabError
from ..samba import configuration
from ..samba.process import KeptProcess
from ..samba.tools import Layout, find

STEP_SECONDS = 180
"""The longest that a step of the set-up may take. Each takes seconds, so only a machine under heavy load comes near."""

_VIEW = """
mount --bind "$0/etc" /etc && mount --bind "$0/run" /run && mount --bind "$0/log" /var/log || exit 126
exec "$@"
"""
_NSSWITCH = "passwd: files winbind\ngroup: files winbind\nhosts: files dns\n"
_PASSWD = "root:x:0:0::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n"
_GROUP = "root:x:0:\nnogroup:x:65534:\nusers:x:100:\n"
_LOCAL_UID = 70001


@dataclass(frozen=True, slots=True)
class Computer(Layout):
    """Where a computer's files are, and how a program runs on it."""

    @property
    def etc(self) -> Path:
        return self.base / "etc"

    @property
    def run_directory(self) -> Path:
        return self.base / "run"

    def make(self) -> None:
        Layout.make(self)
        (self.log.parent / "samba").mkdir()
        for directory in (self.etc, self.run_directory / "samba"):
            directory.mkdir(parents=True)

    def write_etc(
        self, hosts: Mapping[str, str], name_server: str, krb5_conf: str, local_users: Sequence[str] = ()
    ) -> None:
        """Its names of other computers (``hosts``: addresses by DNS name), its DNS server, its accounts."""
        lines = [f"{address} {name} {name.partition('.')[0]}" for name, address in hosts.items()]
        users = "".join(f"{name}:x:{_LOCAL_UID + i}:100::/:/bin/false\n" for i, name in enumerate(local_users))
        for name, text in {
            "hosts": "\n".join(["127.0.0.1 localhost", *lines, ""]),
            "resolv.conf": f"nameserver {name_server}\n",
            "krb5.conf": krb5_conf,
            "nsswitch.conf": _NSSWITCH,
            "passwd": _PASSWD + users,
            "group": _GROUP,
        }.items():
            (self.etc / name).write_text(text, encoding="utf-8")

    def write_configuration(self, sections: configuration.Sections) -> None:
        """Write smb.conf."""
        self.smb_conf.write_text(configuration.render(sections), encoding="utf-8")

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join(("/usr/sbin", "/usr/bin", "/sbin", "/bin"))
        return {"PATH": path, "LC_ALL": "C.UTF-8", "KRB5CCNAME": f"FILE:{self.base}/credentials"}

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command that runs a program in the computer's view."""
        view = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _VIEW, str(self.base)]
        return [*view, find(program) or program, *arguments]

    def samba_command(self, program: str, *arguments: str) -> list[str]:
        """The same for a program of Samba."""
        return self.command(program, "-s", str(self.smb_conf), *arguments)

    def run(self, program: str, *arguments: str, text: str = "", password: str = "") -> str:
        """Run a program of Samba to its end; raises LabError.

        Args:
            program: its name.
            arguments: they may hold passwords, so errors name the first two only.
            text: its standard input.
            password: that of the account it acts as, for its environment.
        """
        what = " ".join([program, *arguments[:2]])
        environment = self.environment() | ({"PASSWD": password} if password else {})
        return run_bounded(self.samba_command(program, *arguments), what, text, environment)

    def run_program(self, program: str, *arguments: str) -> str:
        """Run a program that takes no smb.conf to its end; raises LabError."""
        return run_bounded(self.command(program, *arguments), " ".join([program, *arguments]), "", self.environment())

    def start(self, process: KeptProcess, program: str, *arguments: str) -> None:
        """Start a program of Samba that stays."""
        process.start(self.samba_command(program, *arguments), self.output, self.environment())

    @property
    def output(self) -> Path:
        """What the programs print before they have a log."""
        return self.log.parent / "output"

    def last_words(self) -> str:
        """The ends of the logs, for an error."""
        found = []
        for path in sorted(self.log.parent.rglob("*")):
            if path.is_file():
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
                found.append(f"{path.name}: {' | '.join(line.strip() for line in lines)}")
        return "; ".join(found)


def run_bounded(command: Sequence[str], what: str, text: str, environment: Mapping[str, str]) -> str:
    """Run a command to its end; what it prints. Raises LabError, which names it ``what``."""
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, timeout=STEP_SECONDS, env=environment
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"{what}: not done after {STEP_SECONDS} seconds") from None
    except OSError as error:
        raise LabError(f"{what}: {error}") from None
    if done.returncode:
        raise LabError(f"{what}: exit code {done.returncode}: {(done.stderr + done.stdout).strip()[-2000:]}")
    return done.stdout


def wait_for(condition: Callable[[], bool], what: str, alive: Callable[[], str]) -> None:
    """Wait until a condition holds; raises LabError when it does not in time, or ``alive`` returns why it cannot."""
    give_up = time.monotonic() + STEP_SECONDS
    while not condition():
        reason = alive()
        if reason:
            raise LabError(f"{what}: {reason}")
        if time.monotonic() > give_up:
            raise LabError(f"{what}: not so after {STEP_SECONDS} seconds")
        time.sleep(0.05)
