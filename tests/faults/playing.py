# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays cells on a stage, several at once."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Protocol

from .cells import Cell
from .judge import Evidence, violations
from .results import Verdict


class Plays(Protocol):
    """A stage, as far as it is needed here."""

    def play(self, cell: Cell) -> Evidence:
        """Play a cell and take the evidence."""

    def stop(self) -> None:
        """Let the cells that are being played end at once."""


def judged(evidence: Evidence) -> Verdict:
    """The verdict on a cell that was played."""
    reasons = tuple(dict.fromkeys(violations(evidence)))
    runs = evidence.runs
    seconds, memory = max(run.seconds for run in runs), max(run.memory for run in runs)
    return Verdict(evidence.cell.name, not reasons, reasons, round(seconds, 1), memory)


def played(stage: Plays, cells: Sequence[Cell], jobs: int) -> Generator[Verdict, None, None]:
    """Play cells, so many at once; the verdicts as they come.

    If the iterator is closed before its end, or interrupted, the other cells are not played.
    """

    def play(cell: Cell) -> Verdict:
        try:
            return judged(stage.play(cell))
        except Exception as error:  # a cell that cannot be played has not held, and the others are played
            return Verdict(cell.name, False, (f"it could not be played: {type(error).__name__}: {error}",))

    pool = ThreadPoolExecutor(jobs)
    try:
        for verdict in as_completed([pool.submit(play, cell) for cell in cells]):
            yield verdict.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        stage.stop()
        raise
    finally:
        pool.shutdown()
