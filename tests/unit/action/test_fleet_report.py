# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `fleet_report`: audit files in, reports out, each written only if it differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import fleet_report
from tests.unit.action.tasks import run_on_controller
from tests.unit.report.support import description, fleet_lines

SITES = 12


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    path = tmp_path / "fleet.jsonl"
    path.write_bytes(b"".join(fleet_lines(SITES)))
    return path


def report(*audits: Path, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    given = {"audit_files": [str(path) for path in audits], "sms_sites": description(SITES), **options}
    return run_on_controller(fleet_report, given, check_mode=check_mode)


def test_a_second_run_writes_nothing(audit: Path, tmp_path: Path) -> None:
    options = {name: str(tmp_path / "out" / f"report.{name}") for name in ("html", "json", "csv", "junit")}
    first, second = report(audit, **options), report(audit, **options)
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["hosts"] == sum(first["counts"].values()) == SITES
    assert first["complete"]
    for name, path in options.items():
        assert first["files"][name]["bytes"] == Path(path).stat().st_size > 0
    assert len(json.loads(Path(options["json"]).read_text())["sites"]) == SITES


def test_the_summary_of_an_interrupted_audit_is_not_that_of_a_whole_one(audit: Path, tmp_path: Path) -> None:
    whole = report(audit, json=str(tmp_path / "report.json"))
    audit.write_bytes(b"".join(audit.read_bytes().splitlines(keepends=True)[:-1]))
    part = report(audit, json=str(tmp_path / "report.json"))
    assert (whole["complete"], part["complete"]) == (True, False)
    assert len(whole["lines"]) == 1
    assert part["lines"] == [
        *whole["lines"],
        "The audit was interrupted, so this report is incomplete. Run the audit again to complete it.",
    ]


def test_check_mode_writes_nothing(audit: Path, tmp_path: Path) -> None:
    assert report(audit, json=str(tmp_path / "out" / "report.json"), check_mode=True)["changed"]
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_reported_is_a_failure(audit: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "report.json")
    cases = {
        "audit_files names no file": report(json=out),
        "missing.jsonl": report(tmp_path / "missing.jsonl", json=out),
        "sms_sites": report(audit, json=out, sms_sites=[{"code": "C01"}]),
        "html, json, csv, junit": report(audit),
        str(tmp_path): report(audit, json=str(tmp_path)),
    }
    for words, result in cases.items():
        assert result["failed"], words
        assert words in result["msg"]
