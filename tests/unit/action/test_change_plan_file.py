# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `change_plan_file`: the results of all hosts become one plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import change_plan_file
from tests.unit.action.changes import CHANGE, plan_of
from tests.unit.action.tasks import drifted, run_on_controller
from tests.unit.change.samples import validator


def write(directory: Path, results: dict[str, Any], **options: Any) -> dict[str, Any]:
    task = {"check_mode": options.pop("check_mode", False)}
    arguments = {"path": str(directory / "change.plan.json"), "change_id": CHANGE, "results": results, **options}
    return run_on_controller(change_plan_file, arguments, **task)


def test_a_plan_of_all_hosts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    results = {
        "p01": plan_of(monkeypatch, drifted()),
        "p02": {"unreachable": True, "msg": "p02: no answer"},
        "p03": {"skipped": True},
        "p04": {"skipped": True},
        "p05": {},
    }
    finding = {"site": "p01", "id": "x", "severity": "info", "evidence": "y", "advice": "z", "source": "s"}
    pages = {name: str(tmp_path / f"plan.{name}") for name in ("markdown", "html")}
    result = write(tmp_path, results, sites={"p03": "P03"}, findings=[finding], **pages)
    plan = json.loads((tmp_path / "change.plan.json").read_text())
    validator("plan").validate(plan)
    assert (result["changed"], result["digest"]) == (True, plan["digest"])
    assert {host: section["status"] for host, section in plan["hosts"].items()} == {
        "p01": "planned", "p02": "unreachable", "p03": "nothing_owed", "p04": "error", "p05": "error"
    }  # fmt: skip
    assert plan["hosts"]["p01"]["findings"] == [finding]
    for page in pages.values():
        assert "p02: no answer" in Path(page).read_text()


def test_check_mode_writes_no_file(tmp_path: Path) -> None:
    result = write(tmp_path, {"p01": {}}, check_mode=True, markdown=str(tmp_path / "plan.md"))
    assert result["changed"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("results", "change_id", "words"),
    [({"p01": "planned"}, CHANGE, "results: p01 has no result of change_plan"), ({}, "../CHG1", "'../CHG1'")],
)
def test_what_is_no_result_or_no_change_is_refused(
    tmp_path: Path, results: dict[str, Any], change_id: str, words: str
) -> None:
    result = write(tmp_path, results, change_id=change_id)
    assert (result["failed"], result["changed"]) == (True, False)
    assert words in result["msg"]
    assert list(tmp_path.iterdir()) == []
