# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events that a run appends to a record."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import read_journal
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.record import Event
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import format_sddl, parse_sddl
from tests.unit.change.samples import recorder, validator

A, B = (parse_sddl(f"D:(A;;FA;;;BA)(A;;{mask};;;WD)") for mask in ("0x1", "0x2"))
SHARE = {"kind": "share", "name": "SMS_SITE"}


def test_an_event_tells_all_that_an_auditor_asks(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    recorder(path, "p01", connection="CORP\\ansible")(Event.WRITTEN, **SHARE, before=A, after=B)
    (event,) = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert set(event) == {
        "time", "format", "version", "event", "action", "change_id", "digest", "approval", "who", "host", "object",
        "before", "after", "message",
    }  # fmt: skip
    assert (event["before"], event["after"]) == (format_sddl(A), format_sddl(B))
    assert event["who"]["connection"] == "CORP\\ansible"
    assert event["who"]["user"]
    assert event["who"]["controller"]
    assert event["approval"]["approver"] == "Change board"


def test_events_are_as_the_schema_says(tmp_path: Path) -> None:
    schema = validator("record")
    record = recorder(tmp_path / "record.jsonl", "p01")
    for event in Event:
        record(event, **SHARE, before=A, after=B)
        record(event, message="why")
    lines = read_journal(tmp_path / "record.jsonl").lines
    assert len(lines) == 2 * len(Event)
    for line in lines:
        schema.validate(line)
    assert not schema.is_valid({**lines[0], "event": "approved"})
    assert not schema.is_valid({key: value for key, value in lines[0].items() if key != "digest"})


def test_check_mode_records_nothing(tmp_path: Path) -> None:
    recorder(None, "p01")(Event.WRITTEN, **SHARE, before=A, after=B)
    assert list(tmp_path.iterdir()) == []
