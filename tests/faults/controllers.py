# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controllers' other end: sends jobs to the driver's process and waits for what comes of them."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
RESULTS, OUTPUT = "results.json", "output.txt"
"""Files in a job's directory: what its tasks returned, and what it printed."""
LIMIT_SECONDS = 90.0
"""After which a run is killed that has not ended by itself. A wait for an answer is 8 seconds; a run has few."""


@dataclass(frozen=True, slots=True)
class Run:
    """A job that has ended.

    Attributes:
        results: what each task returned; None if the process was killed or broke off.
        output: what it printed, Ansible's warnings included.
        seconds: how long it took.
        memory: the most that it took, in bytes.
        status: as of ``os.wait``.
    """

    results: tuple[Mapping[str, Any], ...] | None
    output: str
    seconds: float
    memory: int
    status: int

    def of(self, host: str) -> Mapping[str, Any]:
        """What the last task of a host returned; nothing if there is none."""
        found = [result for result in self.results or () if result.get("host") == host]
        return found[-1] if found else {}


@dataclass(slots=True)
class _Job:
    ended: threading.Event
    started: Callable[[int], None] | None
    answer: Mapping[str, Any]


class Controllers:
    """The driver's process."""

    def __init__(self, home: Path) -> None:
        self._numbers = itertools.count(1)
        self._jobs: dict[int, _Job] = {}
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.driver"],
            cwd=CHECKOUT,
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # An interrupt is for this process, which ends the driver.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(LIMIT_SECONDS) or self._process.poll() is not None:
            self._process.kill()
            self.close()
            raise RuntimeError("the driver did not start")

    def run(
        self,
        directory: Path,
        inventory: Path,
        tasks: Sequence[Mapping[str, Any]],
        *,
        inventory_plugin: bool = False,
        started: Callable[[int], None] | None = None,
    ) -> Run:
        """Run tasks in a process of their own, and wait; ``started`` is told the number of the process."""
        directory.mkdir(parents=True, exist_ok=True)
        for name in (RESULTS, OUTPUT):
            (directory / name).unlink(missing_ok=True)
        number = next(self._numbers)
        job = self._jobs[number] = _Job(threading.Event(), started, {})
        line = {
            "id": number, "directory": str(directory), "inventory": str(inventory), "tasks": list(tasks),
            "inventory_plugin": inventory_plugin, "limit": LIMIT_SECONDS,
        }  # fmt: skip
        begun = time.monotonic()
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
            self._process.stdin.flush()
        if not job.ended.wait(LIMIT_SECONDS * 2):
            raise RuntimeError("the driver does not answer")
        if not job.answer:
            raise RuntimeError("the driver has ended")
        seconds = time.monotonic() - begun
        results = output = None
        if (directory / RESULTS).exists():
            results = tuple(json.loads((directory / RESULTS).read_text("utf-8")))
        if (directory / OUTPUT).exists():
            output = (directory / OUTPUT).read_text("utf-8", errors="replace")
        return Run(results, output or "", seconds, job.answer["memory"], job.answer["status"])

    def close(self) -> None:
        """End the driver; it has no jobs by now."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(LIMIT_SECONDS)
        self._reader.join(LIMIT_SECONDS)
        self._process.stdout.close()

    def stop(self) -> None:
        """End the driver and its jobs at once. Whoever waits for a job, or begins another, gets an error."""
        self._process.terminate()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if said.get("ready"):
                self._ready.set()
                continue
            job = self._jobs[said["id"]]
            if "process" in said:
                if job.started:
                    job.started(said["process"])
            else:
                job.answer = said
                job.ended.set()
                del self._jobs[said["id"]]
        self._ready.set()
        for job in list(self._jobs.values()):
            job.ended.set()


def environment(home: Path) -> dict[str, str]:
    """What Ansible is to see of this process's environment, and nothing of its user's settings."""
    unwanted = ("ANSIBLE_", "HTTP", "http", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "REQUESTS_", "CURL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    collections = CHECKOUT / "build" / "collections"
    return kept | {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_DEVEL_WARNING": "0",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "PYTHONPATH": f"{collections}:{CHECKOUT}",
    }
