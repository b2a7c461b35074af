# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `fleet_audit`, as far as it decides before it asks anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import fleet_audit
from tests.unit.action.tasks import SITES, run_on_controller


def audit(directory: Path, **arguments: Any) -> dict[str, Any]:
    given = {"path": str(directory / "fleet.jsonl"), "hosts": [], **arguments}
    return run_on_controller(fleet_audit, given, {"ansible_play_hosts_all": []})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "sms_sites, senders"),
        ({"sms_sites": SITES, "senders": ["CORP\\a"]}, "sms_sites|senders"),
        ({"sms_sites": [{"code": "C01"}]}, "sms_sites describes no usable hierarchy. Nothing was read."),
        ({"senders": ["CORP\\a"], "product": "sms_9"}, "sms_9"),
    ],
)
def test_what_makes_no_question_is_refused(tmp_path: Path, arguments: dict[str, Any], words: str) -> None:
    result = audit(tmp_path, **arguments)
    assert result["failed"]
    assert words in result["msg"]
    assert not (tmp_path / "fleet.jsonl").exists()


@pytest.mark.parametrize("question", [{"sms_sites": SITES}, {"senders": ["CORP\\a"]}])
def test_a_fleet_of_no_hosts_is_a_whole_audit(tmp_path: Path, question: dict[str, Any]) -> None:
    result = audit(tmp_path, **question)
    assert (result["changed"], result["counts"]["hosts"], result["hosts"]) == (False, 0, {})
    assert result["path"] == str(tmp_path / "fleet.jsonl")
    assert len((tmp_path / "fleet.jsonl").read_text().splitlines()) == 2


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fleet.jsonl").mkdir()
    result = audit(tmp_path, senders=["CORP\\a"])
    assert result["failed"]
    assert "fleet.jsonl" in result["msg"]


def question(directory: Path, **entry: Any) -> str:
    audit(directory, senders=["CORP\\a"], sms_directory=[{"server": "dc1.corp.example", **entry}])
    header = json.loads((directory / "fleet.jsonl").read_text().splitlines()[0])
    return str(header["question"])


@pytest.mark.parametrize(
    ("entry", "same"),
    [
        ({}, True),
        ({"user": "CORP\\other", "password": "x"}, False),
        ({"address": "10.0.0.2"}, False),
        ({"auth": "kerberos"}, False),
        ({"server": "dc2.corp.example"}, False),
        # Nothing that follows from a password is in the file, and time changes no answer.
        ({"user": "CORP\\a", "password": "y"}, True),
        ({"timeout": 20}, True),
    ],
)
def test_answers_from_another_directory_are_others(tmp_path: Path, entry: dict[str, Any], same: bool) -> None:
    first = {"user": "CORP\\a", "password": "x"}
    assert (question(tmp_path, **first) == question(tmp_path, **{**first, **entry})) is same
