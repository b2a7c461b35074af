# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Ansible's programs as an operator does, with this checkout's collection and no settings of the user's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE

CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTIONS = CHECKOUT / "build" / "collections"
_PROGRAMS = Path(sys.executable).parent


class AnsibleRun(subprocess.Popen[str]):
    """A program of Ansible's that runs. Nothing of what it has started outlives the `with` block.

    Args:
        directory: where it runs, and where Ansible keeps its files.
        command: the program's name and its arguments.
        collections: further directories with collections.
        environment: further variables of its environment.
        merged: whether standard output has the errors too.
    """

    def __init__(
        self,
        directory: Path,
        *command: str | Path,
        collections: Sequence[Path] = (),
        merged: bool = False,
        **environment: str,
    ) -> None:
        program, *arguments = command
        super().__init__(
            [_PROGRAMS / program, *arguments],
            cwd=directory,
            env={
                **os.environ,
                "PATH": f"{_PROGRAMS}:{os.environ['PATH']}",
                "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, (COLLECTIONS, *collections))),
                "ANSIBLE_HOME": str(directory / "home"),
                "ANSIBLE_NOCOLOR": "1",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __exit__(self, *caught: Any) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        super().__exit__(*caught)


def run_ansible(directory: Path, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program of Ansible's to its end; see `AnsibleRun`."""
    with AnsibleRun(directory, *command, **options) as running:
        output, errors = running.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(running.args, running.returncode, output, errors or "")


def run_playbook(directory: Path, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run ansible-playbook to its end; see `AnsibleRun`."""
    return run_ansible(directory, "ansible-playbook", *arguments, **options)
