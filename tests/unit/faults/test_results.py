# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the fault matrix: kept as they come, and kept when a run is interrupted."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.faults.results import Results, Verdict

HELD = Verdict("apply/psrp_https/reset", True, (), 1.5, 4096)
FAILED = Verdict("audit/smb_3/never", False, ("no warning", "changed is False"), 8.0, 0)
CELLS = [HELD.cell, FAILED.cell, "audit/smb_3/reset"]


class Clock:
    """A clock that a test sets."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def new(path: Path, *, resume: bool = False, clock: Clock | None = None) -> tuple[Results, io.StringIO, io.StringIO]:
    output, progress = io.StringIO(), io.StringIO()
    made = Results(path, CELLS, resume=resume, output=output, progress=progress, now=clock or Clock())
    return made, output, progress


def test_each_result_is_in_the_file_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "build" / "faults.jsonl"
    results, _output, _progress = new(path)
    results.add(HELD)
    assert [json.loads(line)["cell"] for line in path.read_text().splitlines()] == [HELD.cell]
    results.add(FAILED)
    assert json.loads(path.read_text().splitlines()[1]) == {
        "cell": FAILED.cell, "held": False, "reasons": ["no warning", "changed is False"], "seconds": 8.0, "memory": 0
    }  # fmt: skip


def test_failed_cells_are_printed_as_they_fail(tmp_path: Path) -> None:
    results, output, _progress = new(tmp_path / "faults.jsonl")
    results.add(HELD)
    assert output.getvalue() == ""
    results.add(FAILED)
    assert output.getvalue() == f"FAILED {FAILED.cell}\n    no warning\n    changed is False\n"


def test_progress_is_printed_every_ten_seconds_at_most(tmp_path: Path) -> None:
    clock = Clock()
    results, _output, progress = new(tmp_path / "faults.jsonl", clock=clock)
    clock.seconds = 9.9
    results.add(HELD)
    assert progress.getvalue() == ""
    clock.seconds = 10.1
    results.add(FAILED)
    assert progress.getvalue() == "faults: 2 of 3 cells, 1 failed, 10 s\n"
    clock.seconds = 20
    results.add(HELD)
    assert len(progress.getvalue().splitlines()) == 1


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "faults.jsonl"
    earlier, _output, _progress = new(path)
    earlier.add(HELD)
    earlier.add(FAILED)
    with path.open("a") as file:
        file.write('{"cell": "audit/smb_3/reset", "he')
    results, _output, _progress = new(path, resume=True)
    assert [results.has(cell) for cell in CELLS] == [True, True, False]
    assert results.verdicts == (HELD, FAILED)
    assert results.failed == 1
    results.add(Verdict(CELLS[2], True, ()))
    assert [json.loads(line)["cell"] for line in path.read_text().splitlines()] == CELLS


def test_another_run_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "faults.jsonl"
    new(path)[0].add(HELD)
    results, _output, _progress = new(path)
    assert results.verdicts == ()
    assert path.read_text() == ""


def test_results_of_other_cells_are_kept_and_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "faults.jsonl"
    new(path)[0].add(Verdict("rollback/smb_1/drip/share/late", False, ("x",)))
    results, _output, _progress = new(path, resume=True)
    assert results.verdicts == ()
    assert "rollback/smb_1" in path.read_text()


@pytest.mark.parametrize("line", ["", "[]", "7", '{"cell": 5}', '{"cell": "a", "held": true, "reasons": [], "x": 1}'])
def test_a_line_that_is_no_result_is_passed_over(tmp_path: Path, line: str) -> None:
    path = tmp_path / "faults.jsonl"
    path.write_text(f"{line}\n")
    assert new(path, resume=True)[0].verdicts == ()


def test_the_matrix(tmp_path: Path) -> None:
    results, output, _progress = new(tmp_path / "faults.jsonl")
    results.add(HELD)
    results.add(FAILED)
    report = tmp_path / "faults.json"
    results.report(report, [("a x b", "there is none")])
    table = [line.split() for line in output.getvalue().splitlines()[3:]]
    assert table[1:3] == [["apply", "psrp_https", "1", "1", "0"], ["audit", "smb_3", "1", "0", "1"]]
    assert table[3][:4] == ["all", "2", "1", "1"]
    written = json.loads(report.read_text())
    assert {key: written[key] for key in ("cells", "held", "failed")} == {"cells": 2, "held": 1, "failed": 1}
    assert [each["cell"] for each in written["verdicts"]] == CELLS[:2]
    assert written["left_out"] == [{"what": "a x b", "why": "there is none"}]
