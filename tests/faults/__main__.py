# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.faults``: play the cells of the matrix, print what held, and keep it in build/faults.json."""

from __future__ import annotations

import argparse
import fcntl
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.lab.samba import missing

from .cells import LEFT_OUT, SMB, Cell, http_cells, playbook_cells, smb_cells
from .controllers import CHECKOUT
from .judge import Evidence, violations
from .playbooks import PlaybookStage
from .scenes import HttpStage, SmbStage, Stage


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a cell.

    Attributes:
        cell: its name.
        held: whether every law holds.
        reasons: those that do not.
        seconds: how long the run took, or the longest of several.
        memory: the most that it took, in bytes.
    """

    cell: str
    held: bool
    reasons: tuple[str, ...]
    seconds: float = 0.0
    memory: int = 0


def judged(evidence: Evidence) -> Verdict:
    """The verdict on a cell that was played."""
    reasons = tuple(dict.fromkeys(violations(evidence)))
    runs = evidence.runs
    seconds, memory = max(run.seconds for run in runs), max(run.memory for run in runs)
    return Verdict(evidence.cell.name, not reasons, reasons, round(seconds, 1), memory)


def played(stage: Stage, cells: Sequence[Cell], jobs: int) -> Iterator[Verdict]:
    """Play cells, so many at once; the verdicts as they come."""

    def play(cell: Cell) -> Verdict:
        try:
            return judged(stage.play(cell))
        except Exception as error:  # a cell that cannot be played has not held, and the others are played
            return Verdict(cell.name, False, (f"it could not be played: {type(error).__name__}: {error}",))

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(play, cells)


def selected(cells: Iterable[Cell], arguments: argparse.Namespace) -> list[Cell]:
    """The cells that the options name."""

    def wanted(text: str, patterns: list[str] | None) -> bool:
        return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)

    return [
        cell
        for cell in cells
        if wanted(cell.operation, arguments.operation)
        and wanted(cell.transport, arguments.transport)
        and wanted(cell.fault, arguments.fault)
        and wanted(cell.name, arguments.cell)
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Play the fault matrix.")
    for name in ("operation", "transport", "fault", "cell"):
        parser.add_argument(f"--{name}", action="append", help=f"only this {name}, or what matches; may be repeated")
    parser.add_argument("--jobs", type=int, default=6, help="cells at once; most of them wait (default: 6)")
    parser.add_argument("--build", type=Path, default=CHECKOUT / "build" / "faults", help="where to work")
    parser.add_argument("--report", type=Path, default=CHECKOUT / "build" / "faults.json", help="the file of results")
    parser.add_argument("--list", action="store_true", help="name the cells, and what is left out, and play none")
    return parser.parse_args()


def main() -> int:
    """Exit code 0 if every cell held."""
    arguments = _arguments()
    cells = selected((*http_cells(), *smb_cells(), *playbook_cells()), arguments)
    if arguments.list:
        print("\n".join(cell.name for cell in cells))
        print("\n".join(f"left out: {what}: {why}" for what, why in LEFT_OUT))
        return 0
    arguments.build.mkdir(parents=True, exist_ok=True)
    lock = (arguments.build / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"{arguments.build}: another run works there. Give another --build.", file=sys.stderr)
        return 2
    # A lab and a driver end with this process, also if it is told to end.
    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(1))
    begun = time.monotonic()
    verdicts: list[Verdict] = []
    over_smb = [cell for cell in cells if cell.transport in SMB]
    if over_smb and missing():
        print(f"{len(over_smb)} cells over SMB are left out: {missing()}", file=sys.stderr)
        over_smb = []
    over_http = [cell for cell in cells if cell.transport not in SMB]
    stages: tuple[tuple[type[Stage], list[Cell], int], ...] = (
        (PlaybookStage, [cell for cell in over_http if cell.playbook], min(arguments.jobs, 4)),
        (HttpStage, [cell for cell in over_http if not cell.playbook], arguments.jobs),
        (SmbStage, over_smb, arguments.jobs),
    )
    for kind, some, jobs in stages:
        if not some:
            continue
        stage = kind(arguments.build / kind.__name__, jobs)
        try:
            for verdict in played(stage, some, jobs):
                verdicts.append(verdict)
                if not verdict.held:
                    print(
                        f"FAILED {verdict.cell}", *(f"    {reason}" for reason in verdict.reasons), sep="\n", flush=True
                    )
        finally:
            stage.close()
    report(verdicts, arguments.report, time.monotonic() - begun)
    return int(any(not verdict.held for verdict in verdicts))


def report(verdicts: Sequence[Verdict], path: Path, seconds: float) -> None:
    """Print the matrix, and write the file."""
    cells: Counter[tuple[str, str]] = Counter()
    held: Counter[tuple[str, str]] = Counter()
    for verdict in verdicts:
        operation, transport, *_rest = verdict.cell.split("/")
        cells[operation, transport] += 1
        held[operation, transport] += verdict.held
    print(f"{'operation':12} {'transport':20} {'cells':>6} {'held':>6} {'failed':>6}")
    for (operation, transport), count in sorted(cells.items()):
        right = held[operation, transport]
        print(f"{operation:12} {transport:20} {count:6} {right:6} {count - right:6}")
    total, right = len(verdicts), sum(verdict.held for verdict in verdicts)
    print(f"{'all':33} {total:6} {right:6} {total - right:6}   in {seconds:.0f} s; see {path}")
    summary: dict[str, Any] = {"cells": total, "held": right, "failed": total - right, "seconds": round(seconds)}
    summary["left_out"] = [{"what": what, "why": why} for what, why in LEFT_OUT]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(summary | {"verdicts": [asdict(each) for each in verdicts]}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
