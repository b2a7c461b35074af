# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `change_rollback`: what the record names as written is restored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import change_apply, change_rollback
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import format_sddl, parse_sddl
from tests.unit.action.changes import CHANGE, plan_file
from tests.unit.action.tasks import FOLDER_BEFORE, SHARE_BEFORE, drifted, run_on_server, writes
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeSiteServer:
    """A site server to which a change was applied; its record is in the directory."""
    server = drifted()
    approved = plan_file(monkeypatch, server, tmp_path)
    arguments = {**approved, "record": str(tmp_path / "record.jsonl")}
    assert run_on_server(monkeypatch, change_apply, arguments, server)["changed"]
    server.log.clear()
    return server


def roll_back(
    monkeypatch: pytest.MonkeyPatch, server: FakeSiteServer, directory: Path, check_mode: bool = False, **arguments: Any
) -> dict[str, Any]:
    given = {"record": str(directory / "record.jsonl"), "change_id": CHANGE, **arguments}
    return run_on_server(monkeypatch, change_rollback, given, server, check_mode=check_mode)


def test_both_objects_are_restored_in_reverse_order(
    monkeypatch: pytest.MonkeyPatch, applied: FakeSiteServer, tmp_path: Path
) -> None:
    result = roll_back(monkeypatch, applied, tmp_path, approver="Change board")
    assert (result["changed"], result["outcome"], result["change_id"]) == (True, "restored", CHANGE)
    assert writes(applied) == ["write SMS_SITE", f"write {DIRECTORY}"]
    assert format_sddl(applied.held["SMS_SITE"]) == SHARE_BEFORE
    assert format_sddl(applied.held[DIRECTORY]) == FOLDER_BEFORE
    last = json.loads((tmp_path / "record.jsonl").read_text().splitlines()[-1])
    assert (last["action"], last["approval"]["approver"]) == ("rollback", "Change board")
    again = roll_back(monkeypatch, applied, tmp_path)
    assert (again["changed"], again["outcome"]) == (False, "nothing_to_restore")


def test_check_mode_writes_and_records_nothing(
    monkeypatch: pytest.MonkeyPatch, applied: FakeSiteServer, tmp_path: Path
) -> None:
    before = (tmp_path / "record.jsonl").read_text()
    assert roll_back(monkeypatch, applied, tmp_path, check_mode=True)["changed"]
    assert writes(applied) == []
    assert (tmp_path / "record.jsonl").read_text() == before


@pytest.mark.parametrize("force", [False, True])
def test_what_somebody_else_has_changed_since_is_restored_by_force_only(
    monkeypatch: pytest.MonkeyPatch, applied: FakeSiteServer, tmp_path: Path, force: bool
) -> None:
    applied.held["SMS_SITE"] = parse_sddl("D:(A;;FA;;;BA)(A;;0x1200a9;;;WD)")
    result = roll_back(monkeypatch, applied, tmp_path, force=force)
    assert result["outcome"] == ("restored" if force else "refused")
    assert bool(result.get("failed")) is not force
    assert (format_sddl(applied.held["SMS_SITE"]) == SHARE_BEFORE) is force


def test_what_is_no_number_of_a_change_is_refused(
    monkeypatch: pytest.MonkeyPatch, applied: FakeSiteServer, tmp_path: Path
) -> None:
    result = roll_back(monkeypatch, applied, tmp_path, change_id="../CHG1")
    assert (result["failed"], result["changed"]) == (True, False)
    assert applied.log == []
