# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `change_apply`: only what was planned and approved is written, and only over what was planned from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import change_apply
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import format_sddl, parse_sddl
from tests.unit.action.changes import CHANGE, plan_file
from tests.unit.action.tasks import SHARE_AFTER, WRITES, drifted, run_on_server, writes
from tests.unit.fake_site_server import FakeSiteServer, Fault


def apply(monkeypatch: pytest.MonkeyPatch, server: FakeSiteServer, approved: dict[str, Any], **task: Any) -> Any:
    record = str(Path(approved["path"]).with_name("record.jsonl"))
    return run_on_server(monkeypatch, change_apply, {**approved, "record": record}, server, **task)


def events(directory: Path) -> list[str]:
    path = directory / "record.jsonl"
    return [json.loads(line)["event"] for line in path.read_text().splitlines()] if path.exists() else []


def test_the_plan_is_applied_and_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = drifted()
    approved = plan_file(monkeypatch, server, tmp_path)
    result = apply(monkeypatch, server, approved)
    assert (result["changed"], result["outcome"], result["change_id"]) == (True, "applied", CHANGE)
    assert writes(server) == WRITES
    assert format_sddl(server.held["SMS_SITE"]) == SHARE_AFTER
    assert events(tmp_path).count("written") == 2
    again = apply(monkeypatch, server, approved)
    assert (again["changed"], again["outcome"]) == (False, "in_place")
    assert len(writes(server)) == 2


def test_check_mode_writes_and_records_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = drifted()
    result = apply(monkeypatch, server, plan_file(monkeypatch, server, tmp_path), check_mode=True)
    assert (result["changed"], result["outcome"]) == (True, "applied")
    assert writes(server) == []
    assert not list(tmp_path.glob("record*"))


def test_a_server_that_has_changed_since_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = drifted()
    approved = plan_file(monkeypatch, server, tmp_path)
    server.held["SMS_SITE"] = parse_sddl("D:(A;;FA;;;BA)(A;;0x1200a9;;;WD)")
    result = apply(monkeypatch, server, approved)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert writes(server) == []


def test_a_write_that_may_have_been_done_is_uncertain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = drifted(Fault.LATE)
    result = apply(monkeypatch, server, plan_file(monkeypatch, server, tmp_path))
    assert (result["failed"], result["changed"], result["uncertain"]) == (True, True, True)
    assert "uncertain" in events(tmp_path)


def test_another_digest_approves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = drifted()
    approved = plan_file(monkeypatch, server, tmp_path)
    result = apply(monkeypatch, server, {**approved, "approved_digest": "sha256:" + "0" * 64})
    assert (result["failed"], result["changed"]) == (True, False)
    assert server.log == []


def test_a_host_that_is_not_in_the_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = drifted()
    approved = plan_file(monkeypatch, server, tmp_path)
    result = apply(monkeypatch, server, approved, delegate_to="p09")
    assert (result["changed"], result["outcome"]) == (False, "not_planned")
    assert "this host is not in it" in result["warnings"][0]
    assert events(tmp_path) == ["not_planned"]
    assert server.log == []
