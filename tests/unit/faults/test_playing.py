# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playing cells: several at once, each verdict as it comes, and an end in between."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.faults.cells import Cell, fault_of
from tests.faults.controllers import Run
from tests.faults.judge import Evidence
from tests.faults.playing import played
from tests.waiting import PATIENCE

HOST = "f01.corp.example"
SAME = {"share": "old", "directory": "old"}
CELLS = [Cell("audit", "psrp_https", fault) for fault in ("none", "reset", "close", "never")]


class FakeStage:
    """Plays nothing; the evidence is true."""

    def __init__(self, play: Callable[[Cell], None]) -> None:
        self._play = play
        self.begun: list[str] = []
        self.stopped = threading.Event()

    def play(self, cell: Cell) -> Evidence:
        self.begun.append(cell.fault)
        self._play(cell)
        failure = {} if cell.fault == "none" else {"failed": True, "msg": f"{HOST}: SMS_SITE: reset, closed, time"}
        run = Run(({"host": HOST, **failure},), "", 2.0, 4096, 0)
        return Evidence(
            cell, fault_of(cell), HOST, (), runs=[run], old=SAME, goal=SAME, before=SAME, after=SAME, landed=SAME,
            written={"share": 0, "directory": 0},
        )  # fmt: skip

    def stop(self) -> None:
        self.stopped.set()


def test_verdicts_come_as_they_are_there() -> None:
    others = threading.Event()

    def play(cell: Cell) -> None:
        if cell.fault == "none":
            assert others.wait(PATIENCE)

    found = []
    for verdict in played(FakeStage(play), CELLS, 2):
        found.append(verdict.cell.rpartition("/")[2])
        if len(found) == 3:
            others.set()
    assert sorted(found[:3]) == ["close", "never", "reset"]
    assert found[3] == "none"


def test_a_cell_that_cannot_be_played_has_not_held() -> None:
    def play(cell: Cell) -> None:
        if cell.fault == "close":
            raise RuntimeError("no lab")

    stage = FakeStage(play)
    verdicts = {verdict.cell.rpartition("/")[2]: verdict for verdict in played(stage, CELLS, 1)}
    assert [fault for fault, verdict in verdicts.items() if not verdict.held] == ["close"]
    assert verdicts["close"].reasons == ("it could not be played: RuntimeError: no lab",)
    assert (verdicts["none"].seconds, verdicts["none"].memory) == (2.0, 4096)
    assert not stage.stopped.is_set()


@pytest.mark.parametrize("how", ["closed", "interrupted"])
def test_after_an_end_no_other_cell_is_played(how: str) -> None:
    def play(cell: Cell) -> None:
        # The second one goes on until the stage is stopped.
        assert cell.fault == "none" or stage.stopped.wait(PATIENCE)

    stage = FakeStage(play)
    verdicts = played(stage, CELLS, 1)
    assert next(verdicts).held
    if how == "closed":
        verdicts.close()
    else:
        with pytest.raises(KeyboardInterrupt):
            verdicts.throw(KeyboardInterrupt())
    assert stage.stopped.is_set()
    assert stage.begun in (["none"], ["none", "reset"])
