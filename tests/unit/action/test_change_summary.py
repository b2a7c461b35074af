# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `change_summary`: what the tasks of the hosts registered, and what the record still has to roll back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import change_apply, change_summary
from tests.unit.action.changes import CHANGE, plan_file
from tests.unit.action.tasks import HostVars, drifted, play_of, run_on_controller, run_on_server


def summary(results: dict[str, dict[str, Any]], directory: Path, **options: Any) -> dict[str, Any]:
    task = {"get_play": options.pop("get_play")} if "get_play" in options else {}
    variables = play_of(*results)
    variables["hostvars"] = HostVars({host: {"applied": result} for host, result in results.items()})
    arguments = {
        "change_id": CHANGE, "results": "applied", "record": str(directory / "record.jsonl"),
        "max_fail_percentage": 100, **options,
    }  # fmt: skip
    return run_on_controller(change_summary, arguments, variables, **task)


def test_who_failed_fails_with_its_message(tmp_path: Path) -> None:
    results = {
        "p01": {"changed": True, "outcome": "applied"},
        "p02": {"failed": True, "msg": "p02: no"},
        "p03": {"failed": True, "uncertain": True, "msg": "p03: it may or may not have been written"},
        "p04": {},
    }
    found = summary(results, tmp_path, planned=["p01", "p09"])
    assert found["changed"] is False
    assert set(found["failures"]) == {"p02", "p03", "p04"}
    assert found["failures"]["p02"] == "p02: no"
    assert found["last"] is True
    assert any("p09" in line for line in found["lines"])


def test_where_the_change_is_still_in_place_the_rollback_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = drifted()
    approved = plan_file(monkeypatch, server, tmp_path)
    arguments = {**approved, "record": str(tmp_path / "record.jsonl")}
    assert run_on_server(monkeypatch, change_apply, arguments, server)["changed"]
    others = {"p02": {"changed": False, "outcome": "nothing_to_restore"}}
    found = summary(others, tmp_path, rolls_back=True)
    assert "p01" in found["failures"]["p02"]
    assert summary(others, tmp_path, rolls_back=False)["failures"] == {}


def test_a_strategy_under_which_results_could_be_false_is_refused(tmp_path: Path) -> None:
    play = SimpleNamespace(strategy="free", order=None, _uuid="x")
    assert summary({"p01": {}}, tmp_path, get_play=lambda: play)["failed"]
