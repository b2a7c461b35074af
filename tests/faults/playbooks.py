# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells that are played by ansible-playbook itself: what an operator runs, with its exit code and its summary."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .cells import Cell
from .controllers import LIMIT_SECONDS, OUTPUT, Run, environment
from .scenes import CHANGE, RECORD, HttpStage, Killer

_PLAYBOOKS = {
    "sender_access_info": "audit",
    "sender_access": "converge",
    "change_plan": "plan",
    "fleet_audit": "fleet",
    "change_apply": "apply",
    "change_rollback": "rollback",
}
_PAGE = 4096
_LIMITS = 3
"""A playbook has several tasks that wait for the host that is struck, and processes to start for each."""


class PlaybookStage(HttpStage):
    """The same, with ansible-playbook for a controller. It costs ten times as much, so that it plays few cells."""

    _stopped = False

    def stop(self) -> None:
        """Let no other run begin, and end those that go on."""
        super().stop()
        self._stopped = True
        for process in list(self._processes):
            _end_group(process)

    def _prepare(self) -> None:
        super()._prepare()
        self._processes: set[int] = set()

    def _run(self, directory: Path, inventory: Path, tasks: Sequence[Mapping[str, Any]], killer: Killer | None) -> Run:
        if self._stopped:
            raise RuntimeError("it is stopped")
        directory.mkdir(parents=True, exist_ok=True)
        action = str(tasks[0]["action"])
        playbook = _PLAYBOOKS[action.rpartition(".")[2]]
        results = directory / f"{playbook}.results.jsonl"
        results.unlink(missing_ok=True)
        shutil.copy(self.stock.plan, directory / "change.plan.json")
        variables = {
            "sms_change_id": CHANGE,
            "sms_change_file": str(directory / ("planned" if playbook == "plan" else "change")),
            "sms_change_record": str(tasks[0]["args"].get("record", "")),
            "sms_change_approved_digest": self.stock.digest,
            "sms_fleet_file": str(directory / "fleet.jsonl"),
        }
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", str(inventory),
            f"sitekeeper.sms.{playbook}", "--extra-vars", json.dumps(variables),
        ]  # fmt: skip
        if playbook != "fleet":
            command += ["--limit", ",".join(str(task["host"]) for task in tasks)]
        home = directory / "home"
        settings = environment(home) | {
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback")),
            "ANSIBLE_CALLBACKS_ENABLED": "faults_results",
            "FAULTS_RESULTS": str(results),
        }
        begun = time.monotonic()
        with (
            tempfile.TemporaryFile() as output,
            subprocess.Popen(
                command, cwd=directory, env=settings, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            ) as process,
        ):  # fmt: skip
            self._processes.add(process.pid)
            if killer:
                killer.started(process.pid)
            in_time = True
            try:
                process.wait(_LIMITS * LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                in_time = False
            _end_group(process.pid)
            self._processes.discard(process.pid)
            process.wait()
            output.seek(0)
            text = output.read().decode(errors="replace")
        (directory / f"{playbook}.{OUTPUT}").write_text(text, encoding="utf-8")
        lines = results.read_text("utf-8").splitlines() if results.exists() else []
        # A playbook has other tasks too, which say nothing of the site server.
        found = [result for result in map(json.loads, lines) if result["action"] == action]
        ended = in_time and process.returncode >= 0
        return Run(tuple(found) if ended else None, text, time.monotonic() - begun, 0, process.returncode)

    def _record_path(self, cell: Cell, directory: Path) -> Path:
        return directory / "full" / RECORD if cell.fault == "disk_full" else directory / RECORD

    @contextmanager
    def _disk(self, cell: Cell, directory: Path) -> Iterator[None]:
        if cell.fault != "disk_full":
            yield
            return
        full = directory / "full"
        full.mkdir()
        _mount(full, f"size={self._record_size(cell)},mode=0700")
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(full)], check=True)

    def _make_room(self, cell: Cell, directory: Path) -> None:
        if cell.fault == "disk_full":
            _mount(directory / "full", "remount,size=1m")

    def _record_size(self, cell: Cell) -> int:
        """So many bytes that the record has no room for what the run adds; the file system counts in pages."""
        there = self.stock.record.stat().st_size if cell.operation == "rollback" else 0
        return -(-there // _PAGE) * _PAGE + _PAGE


def _end_group(process: int) -> None:
    """End a process that leads a session, with all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


def _mount(directory: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "faults", str(directory)], check=True)
