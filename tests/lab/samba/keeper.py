# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program and ends it, with everything it started, when this process's standard input closes.

smbd starts helpers that leave its process group and its parentage; as their subreaper (prctl(2)) the keeper inherits
them all. Its standard input is a pipe from the lab, which closes even when the lab is killed. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def main(command: list[str]) -> int:
    """Run ``command`` until it ends or standard input closes."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        print("prctl(PR_SET_CHILD_SUBREAPER) failed", file=sys.stderr)
        return 1
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_unused: None)
    program = os.fork()
    if program == 0:
        _become(command)
    while True:
        readable, _unused, _unused = select.select([0, woken], [], [])
        if 0 in readable and not os.read(0, 1024):
            break
        if woken in readable:
            os.read(woken, 1024)
            if _reaped(program):
                break
    _end_all()
    return 0


def _become(command: list[str]) -> None:
    """The child's part of the fork: the program, without our standard input."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execvp(command[0], command)
    finally:
        os._exit(127)


def _reaped(program: int) -> bool:
    """Collect the children that have ended; whether the program is one of them."""
    ended = False
    try:
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ended = ended or pid == program
    except ChildProcessError:
        return True
    return ended


def _end_all() -> None:
    """Kill child after child; theirs become ours, until none is left."""
    while True:
        for child in _children():
            os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    """The processes whose parent this is (proc(5): state and parent follow the name, which may hold anything)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_bytes().rpartition(b")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == os.getpid():
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
