# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `change_plan_info`: what a plan has, and whether it is approved."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import change_plan_info
from tests.unit.action.changes import CHANGE, plan_file
from tests.unit.action.tasks import drifted, run_on_controller


def test_what_a_plan_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    approved = plan_file(monkeypatch, drifted(), tmp_path)
    result = run_on_controller(change_plan_info, {"path": approved["path"], "require_approval": False})
    assert (result["changed"], result["change_id"], result["digest"]) == (False, CHANGE, approved["approved_digest"])
    assert result["approval"] is None
    assert not result.get("failed")


def test_an_approval_is_checked_if_it_is_required(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    approved = plan_file(monkeypatch, drifted(), tmp_path)
    good = run_on_controller(change_plan_info, {**approved, "require_approval": True})
    assert good["approval"]["digest"] is True
    bad = run_on_controller(change_plan_info, {"path": approved["path"], "require_approval": True})
    assert (bad["failed"], bad["changed"]) == (True, False)


def test_a_file_that_is_no_plan(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    result = run_on_controller(change_plan_info, {"path": str(tmp_path / "x.json"), "require_approval": False})
    assert (result["failed"], result["changed"]) == (True, False)
    assert "x.json" in result["msg"]
