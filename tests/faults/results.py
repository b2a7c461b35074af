# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of the cells: a line for each as it comes, which an interrupted run keeps, and the matrix at the end."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

_PROGRESS_SECONDS = 10.0


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


class Results:
    """The verdicts of a run, in memory and in a file of JSON lines.

    Args:
        path: the file.
        cells: the names of the cells to play.
        resume: keep the verdicts on these that the file has; otherwise it begins empty.
        output: where failed cells are printed.
        progress: where the progress is printed.
        now: seconds, as of a clock that never goes back.
    """

    def __init__(
        self,
        path: Path,
        cells: Collection[str],
        *,
        resume: bool,
        output: TextIO,
        progress: TextIO,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._total = len(cells)
        self._output = output
        self._progress = progress
        self._now = now
        self._begun = self._printed = now()
        wanted = set(cells)
        found = _read(path) if resume else {}
        self._verdicts = {cell: verdict for cell, verdict in found.items() if cell in wanted}
        path.parent.mkdir(parents=True, exist_ok=True)
        # Anew, so that a line that was cut off does not spoil the next one.
        path.write_text("".join(map(_line, found.values())), encoding="utf-8")

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """All, in the order in which they came."""
        return tuple(self._verdicts.values())

    @property
    def failed(self) -> int:
        """How many cells have not held."""
        return sum(not verdict.held for verdict in self._verdicts.values())

    @property
    def seconds(self) -> float:
        """How long this run has taken."""
        return self._now() - self._begun

    def has(self, cell: str) -> bool:
        """Whether there is a verdict on a cell."""
        return cell in self._verdicts

    def add(self, verdict: Verdict) -> None:
        """Keep a verdict; print it if the cell has failed, and now and then how far the run is."""
        self._verdicts[verdict.cell] = verdict
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(verdict))
        if not verdict.held:
            reasons = (f"    {reason}" for reason in verdict.reasons)
            print(f"FAILED {verdict.cell}", *reasons, sep="\n", file=self._output, flush=True)
        if self._now() - self._printed >= _PROGRESS_SECONDS:
            self.show_progress()

    def show_progress(self) -> None:
        """Print how far the run is."""
        self._printed = self._now()
        done = f"{len(self._verdicts)} of {self._total} cells, {self.failed} failed, {self.seconds:.0f} s"
        print(f"faults: {done}", file=self._progress, flush=True)

    def report(self, path: Path, left_out: Sequence[tuple[str, str]]) -> None:
        """Print the matrix, and write it with all verdicts to a file."""
        cells: Counter[tuple[str, str]] = Counter()
        held: Counter[tuple[str, str]] = Counter()
        for verdict in self.verdicts:
            operation, transport, *_rest = verdict.cell.split("/")
            cells[operation, transport] += 1
            held[operation, transport] += verdict.held
        lines = [f"{'operation':12} {'transport':20} {'cells':>6} {'held':>6} {'failed':>6}"]
        for (operation, transport), count in sorted(cells.items()):
            right = held[operation, transport]
            lines.append(f"{operation:12} {transport:20} {count:6} {right:6} {count - right:6}")
        total, failed = len(self._verdicts), self.failed
        lines.append(f"{'all':33} {total:6} {total - failed:6} {failed:6}   in {self.seconds:.0f} s; see {path}")
        print(*lines, sep="\n", file=self._output, flush=True)
        summary: dict[str, Any] = {"cells": total, "held": total - failed, "failed": failed}
        summary |= {"seconds": round(self.seconds), "left_out": [{"what": what, "why": why} for what, why in left_out]}
        summary["verdicts"] = [asdict(each) for each in self.verdicts]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(summary, indent=1) + "\n", "utf-8")


def _line(verdict: Verdict) -> str:
    return json.dumps(asdict(verdict)) + "\n"


def _read(path: Path) -> dict[str, Verdict]:
    """The verdicts of an earlier run; a line that was cut off is none."""
    found: dict[str, Verdict] = {}
    with suppress(FileNotFoundError):
        for line in path.read_text("utf-8", errors="replace").splitlines():
            with suppress(ValueError, TypeError, KeyError):
                fields = json.loads(line)
                found[fields["cell"]] = Verdict(**{**fields, "reasons": tuple(fields["reasons"])})
    return found
