# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan file: canonical form, digest, schema, and what becomes of a plan that somebody edits."""

from __future__ import annotations

import hashlib
import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    canonical,
    digest_of,
    read_document,
    read_host_plan,
    summary_of,
    unread_section,
    write_document,
)
from tests.unit.change.samples import CREATED, document, section, validator


def written(path: Path, content: dict[str, Any]) -> Path:
    write_document(path, content)
    return path


def test_the_canonical_form_is_what_its_description_says() -> None:
    # Keys sorted, no white space, no digest, and ü as itself.
    assert canonical({"b": [1, None, True], "digest": "x", "a": {"d": "ü\n", "c": "\\"}}) == (
        '{"a":{"c":"\\\\","d":"ü\\n"},"b":[1,null,true]}'.encode()
    )


def test_the_digest_is_of_the_bytes_in_the_file_without_the_digest(tmp_path: Path) -> None:
    plan = document()
    raw = written(tmp_path / "plan.json", plan).read_bytes()
    pair = b',"digest":"' + plan["digest"].encode() + b'"'
    assert raw.count(pair) == 1
    assert plan["digest"] == "sha256:" + hashlib.sha256(raw.rstrip(b"\n").replace(pair, b"")).hexdigest()


def test_the_order_in_which_hosts_were_read_makes_no_difference(tmp_path: Path) -> None:
    hosts = {name: section() for name in ("p01", "c01", "a01")}
    backwards = dict(reversed(hosts.items()))
    one, other = document(hosts), document(backwards)
    assert one["digest"] == other["digest"]
    assert written(tmp_path / "1", one).read_bytes() == written(tmp_path / "2", other).read_bytes()


def test_a_plan_that_is_written_is_read(tmp_path: Path) -> None:
    plan = document()
    path = written(tmp_path / "plan.json", plan)
    assert read_document(path).content == plan
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["plan.json"]


def test_white_space_and_order_are_no_edit(tmp_path: Path) -> None:
    plan = document()
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(dict(reversed(plan.items())), indent=2), encoding="utf-8")
    assert read_document(path).digest == plan["digest"]


def edit_sddl(plan: dict[str, Any]) -> None:
    plan["hosts"]["p01.corp.example"]["share"]["after"] += "(A;;FA;;;WD)"


def add_host(plan: dict[str, Any]) -> None:
    plan["hosts"]["c01.corp.example"] = section()


def drop_host(plan: dict[str, Any]) -> None:
    plan["hosts"].clear()


def rename_change(plan: dict[str, Any]) -> None:
    plan["change_id"] = "CHG0099999"


def change_time(plan: dict[str, Any]) -> None:
    plan["created"] = CREATED.replace("2026", "2027")


def add_key(plan: dict[str, Any]) -> None:
    plan["note"] = "approved by phone"


@pytest.mark.parametrize("edit", [edit_sddl, add_host, drop_host, rename_change, change_time, add_key])
def test_a_plan_that_was_edited_is_refused(tmp_path: Path, edit: Any) -> None:
    plan = document()
    edit(plan)
    path = written(tmp_path / "plan.json", plan)
    with pytest.raises(ChangeError, match="was edited after it was made"):
        read_document(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no plan"),
        (b"{", "is no plan"),
        (b"[]", "does not say that its format is sitekeeper.sms/change-plan"),
        (b'{"format":"sitekeeper.sms/audit"}', "does not say that its format is"),
        (b'{"format":"sitekeeper.sms/change-plan","version":2}', "version 2; this collection reads version 1"),
        (b'{"format":"sitekeeper.sms/change-plan","version":1,"version":1}', "a key is there twice"),
        (b'{"format":"sitekeeper.sms/change-plan","version":NaN}', "NaN is no JSON"),
        (b'{"format":"sitekeeper.sms/change-plan","version":1,"x":"\\ud800"}', "is no plan"),
        (b"[" * 100_000, "is no plan"),
        (b"\xff\xfe", "is no plan"),
    ],
)
def test_what_is_no_plan_is_said_to_be_none(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(ChangeError, match=says):
        read_document(path)


def test_a_digest_that_fits_makes_no_plan_of_something_else(tmp_path: Path) -> None:
    plan = {"format": "sitekeeper.sms/change-plan", "version": 1, "hosts": []}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**plan, "digest": digest_of(plan)}), encoding="utf-8")
    with pytest.raises(ChangeError, match="its keys are not those of version 1"):
        read_document(path)


@pytest.mark.parametrize(
    "broken",
    [
        {"share": None},
        {"share": {"name": "SMS_SITE", "path": "relative", "before": "D:", "after": "D:", "edits": []}},
        {"directory": {"path": "D:\\SMS", "before": "D:(nonsense)", "after": "D:", "edits": []}},
        {"group": {"name": "g", "sid": "nobody", "members": [], "add": [{"name": "a", "sid": "S-1-1-0"}]}},
    ],
)
def test_a_section_that_cannot_be_used_is_said_to_be_so(broken: dict[str, Any]) -> None:
    with pytest.raises(ChangeError, match=r"p01: the plan's section of this host cannot be used"):
        read_host_plan("p01", section(**broken))


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ChangeError, match="cannot be read on the controller: No such file or directory"):
        read_document(tmp_path / "plan.json")
    with pytest.raises(ChangeError, match="cannot be written: No such file or directory"):
        write_document(tmp_path / "nowhere" / "plan.json", document())


def test_the_summary_counts_every_host_once() -> None:
    same = section()
    same["share"]["after"], same["directory"]["after"] = same["share"]["before"], same["directory"]["before"]
    joins = {"name": "g", "sid": "S-1-5-32-545", "members": [], "add": [{"name": "a", "sid": "S-1-1-0"}], "missing": []}
    hosts = {
        "changes": section(),
        "same": same,
        "joins": {**same, "group": joins},
        "dead": unread_section("unreachable", "no answer", site="P01"),
        "wrong": unread_section("error", "no such share", site="P02"),
        "none": unread_section("nothing_owed", None, site="P03"),
    }
    assert summary_of(document(hosts)) == {
        "hosts": 6,
        "changing": ["changes", "joins"],
        "unchanged": 2,
        "not_read": ["dead", "wrong"],
    }


def test_plans_are_as_the_schema_says() -> None:
    validator("plan").validate(
        document({"p01": section(), "dead": unread_section("unreachable", "no answer", site="P01")})
    )


@pytest.mark.parametrize(
    "broken",
    [{"status": "approved"}, {"share": None}, {"note": ""}, {"grants": [{}]}, {"status": "error"}, {"warnings": None}],
)
def test_the_schema_refuses_what_is_no_section(broken: dict[str, Any]) -> None:
    plan = document({"p01": section(**broken)})
    assert not validator("plan").is_valid(plan)


def test_six_thousand_hosts_are_a_file_that_people_can_send_around(tmp_path: Path) -> None:
    start = time.process_time()
    path = written(
        tmp_path / "plan.json", document({f"p{number:04}.corp.example": section() for number in range(6000)})
    )
    plan = read_document(path)
    seconds = time.process_time() - start
    assert len(plan.hosts) == 6000
    assert path.stat().st_size < 16_000_000
    # Generous: it takes about a second on a slow machine. Something quadratic would take minutes.
    assert seconds < 20
