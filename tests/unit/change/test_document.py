# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan file: canonical form, digest, schema, and what becomes of a plan that somebody edits."""

from __future__ import annotations

import hashlib
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    canonical,
    digest_of,
    make_document,
    read_document,
    read_host_plan,
    summary_of,
    unread_section,
    write_document,
)
from tests.unit.change.samples import CREATED, VERSIONS, document, section, validator


def written(path: Path, content: dict[str, Any]) -> Path:
    write_document(path, content)
    return path


def test_the_canonical_form_is_what_its_description_says() -> None:
    # Keys sorted, no white space, ü as itself.
    assert canonical({"b": [1, None, True], "a": {"d": "ü\n", "c": "\\"}}) == (
        '{"a":{"c":"\\\\","d":"ü\\n"},"b":[1,null,true]}'.encode()
    )


def sha256_as_others_do(value: Any) -> str:
    """What `jq -cSj . | sha256sum` makes of it."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_the_digest_is_of_the_head_and_the_head_has_those_of_all_hosts(tmp_path: Path) -> None:
    names = ("p01", 'ü "quoted"', "back\\slash", "c01")
    path = written(tmp_path / "plan.json", document({name: section(site=name) for name in names}))
    # The file is JSON to other programs, whatever the lines are that it has.
    plan = json.loads(path.read_text(encoding="utf-8"))
    assert plan["digest"] == sha256_as_others_do(plan["head"])
    assert plan["head"]["sections"] == {name: sha256_as_others_do(plan["hosts"][name]) for name in names}
    read = read_document(path)
    assert read.digest == plan["digest"]
    assert {name: read.section(name) for name in names} == plan["hosts"] == read.hosts()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_plan_of_few_hosts(tmp_path: Path, count: int) -> None:
    hosts = {f"p{number:02}": section() for number in range(count)}
    path = written(tmp_path / "plan.json", make_document("CHG1", CREATED, VERSIONS, hosts))
    assert json.loads(path.read_bytes())["hosts"] == read_document(path).hosts() == hosts
    assert read_document(path).section("nobody") is None


def test_the_order_in_which_hosts_were_read_makes_no_difference(tmp_path: Path) -> None:
    hosts = {name: section() for name in ("p01", "c01", "a01")}
    backwards = dict(reversed(hosts.items()))
    one, other = document(hosts), document(backwards)
    assert one["digest"] == other["digest"]
    assert written(tmp_path / "1", one).read_bytes() == written(tmp_path / "2", other).read_bytes()


def test_a_plan_that_is_written_is_read(tmp_path: Path) -> None:
    plan = document()
    path = written(tmp_path / "plan.json", plan)
    read = read_document(path)
    assert (read.head, read.digest, read.hosts()) == (plan["head"], plan["digest"], plan["hosts"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["plan.json"]


def test_a_plan_in_another_layout_is_refused_with_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document(), indent=2), encoding="utf-8")
    with pytest.raises(ChangeError, match=r"another program has changed its layout.* as change_plan_file wrote it"):
        read_document(path)


HOST, OTHER = "p01.corp.example", "c01.corp.example"


def edit_sddl(plan: dict[str, Any]) -> None:
    plan["hosts"][HOST]["share"]["after"] += "(A;;FA;;;WD)"


def edit_sddl_and_its_digest(plan: dict[str, Any]) -> None:
    edit_sddl(plan)
    plan["head"]["sections"][HOST] = digest_of(plan["hosts"][HOST])


def drop_section(plan: dict[str, Any]) -> None:
    del plan["hosts"][HOST]


def drop_host(plan: dict[str, Any]) -> None:
    drop_section(plan)
    del plan["head"]["sections"][HOST]


def rename_change(plan: dict[str, Any]) -> None:
    plan["head"]["change_id"] = "CHG0099999"


def change_time(plan: dict[str, Any]) -> None:
    plan["head"]["created"] = CREATED.replace("2026", "2027")


def add_key(plan: dict[str, Any]) -> None:
    plan["head"]["note"] = "approved by phone"


def add_digest(plan: dict[str, Any]) -> None:
    plan["head"]["sections"]["p02"] = digest_of(section())


def swap(plan: dict[str, Any]) -> None:
    hosts = plan["hosts"]
    hosts[HOST], hosts[OTHER] = hosts[OTHER], hosts[HOST]


EDITS = [
    edit_sddl, edit_sddl_and_its_digest, drop_section, drop_host, rename_change, change_time, add_key, add_digest, swap,
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_a_plan_that_was_edited_is_refused(tmp_path: Path, edit: Any) -> None:
    plan = document({HOST: section(), OTHER: section(site="C01")})
    edit(plan)
    path = written(tmp_path / "plan.json", plan)
    with pytest.raises(ChangeError, match="was edited after it was made"):
        read_document(path).section(HOST)
    with pytest.raises(ChangeError, match="was edited after it was made"):
        read_document(path).hosts()


def test_a_host_that_was_added_is_none_to_the_plan(tmp_path: Path) -> None:
    plan = document({HOST: section()})
    plan["hosts"][OTHER] = section()
    read = read_document(written(tmp_path / "plan.json", plan))
    assert read.section(OTHER) is None
    with pytest.raises(ChangeError, match="was edited after it was made: it has other sections"):
        read.hosts()


@pytest.mark.parametrize("at", ["first", "last"])
def test_a_second_section_of_a_host_does_not_count(tmp_path: Path, at: str) -> None:
    path = written(tmp_path / "plan.json", document({HOST: section()}))
    first, own, last = path.read_bytes().splitlines(keepends=True)
    forged = own.replace(b"0x12019f", b"0x1f01ff")
    assert forged != own
    lines = [first, forged, own, last] if at == "first" else [first, own, forged, last]
    path.write_bytes(b"".join(lines))
    if at == "first":
        with pytest.raises(ChangeError, match="has another digest than its head lists"):
            read_document(path).section(HOST)
    else:
        assert read_document(path).section(HOST) == section()
    with pytest.raises(ChangeError, match="was edited after it was made"):
        read_document(path).hosts()


def test_a_host_is_no_other_whose_name_begins_alike(tmp_path: Path) -> None:
    names = ("p0", "p01", "p01.corp", "digest", "head", "hosts", "share")
    path = written(tmp_path / "plan.json", document({name: section(site=name) for name in names}))
    assert [(read_document(path).section(name) or {})["site"] for name in names] == list(names)


def test_what_a_host_reads_is_its_own_section_alone(tmp_path: Path) -> None:
    """That is what makes it cheap; and what was done to others is refused where it is read."""
    plan = document({HOST: section(), OTHER: section()})
    plan["hosts"][OTHER]["site"] = "X99"
    read = read_document(written(tmp_path / "plan.json", plan))
    assert read.section(HOST) == section()
    with pytest.raises(ChangeError, match=f"its section of {OTHER} has another digest"):
        read.section(OTHER)


def test_a_section_is_checked_when_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "plan.json", document({HOST: section()}))
    read = read_document(path)
    path.write_bytes(path.read_bytes().replace(b"0x12019f", b"0x1f01ff"))
    with pytest.raises(ChangeError, match="was edited after it was made"):
        read.section(HOST)


def head_line(head: bytes) -> bytes:
    """The first line of a plan, with a digest that fits."""
    return b'{"digest":"sha256:' + hashlib.sha256(head).hexdigest().encode() + b'","head":' + head + b',"hosts":{\n}}\n'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not a plan"),
        (b"{", "is not a plan"),
        (b"[]", "is not a plan"),
        (b"[" * 100_000, "is not a plan"),
        (b"\xff\xfe", "is not a plan"),
        (b'{"format":"sitekeeper.sms/change-plan","version":1}', "its first line is not that of a plan of version 2"),
        (head_line(b"[]"), "has another value where a JSON object is required"),
        (head_line(b"[" * 100_000), "is not a plan"),
        (head_line(b'{"format":"sitekeeper.sms/audit"}'), "its format is not sitekeeper.sms/change-plan"),
        (
            head_line(b'{"format":"sitekeeper.sms/change-plan","version":3}'),
            "version 3; this collection reads version 2",
        ),
        (head_line(b'{"format":"sitekeeper.sms/change-plan","version":2,"version":2}'), "a key is there twice"),
        (head_line(b'{"format":"sitekeeper.sms/change-plan","version":NaN}'), "NaN is not JSON"),
        (head_line(b'{"format":"sitekeeper.sms/change-plan","version":2}'), "its head lacks 'ansible'"),
        (head_line(b'{"x":"\xff"}'), "is not a plan"),
    ],
)
def test_what_is_no_plan_is_said_to_be_none(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(ChangeError, match=says):
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
        "lacks": {**same, "group": {**joins, "add": [], "missing": joins["add"]}},
        "dead": unread_section("unreachable", "no answer", site="P01"),
        "wrong": unread_section("error", "no such share", site="P02"),
        "none": unread_section("nothing_owed", None, site="P03"),
    }
    assert summary_of(hosts) == {
        "hosts": 7,
        "changing": ["changes", "joins"],
        "lacking_members": ["lacks"],
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
    plan = document({"p01": section()})
    plan["hosts"]["p01"].update(broken)
    assert not validator("plan").is_valid(plan)
    with pytest.raises(ChangeError, match=r"^p01: the section of this host is not valid: it"):
        document({"p01": section(**broken)})


def test_six_thousand_hosts_are_a_file_that_people_can_send_around(tmp_path: Path) -> None:
    path, _calls = written_and_read(tmp_path, 6000)
    assert path.stat().st_size < 16_000_000


def test_twice_the_hosts_are_twice_the_work(tmp_path: Path) -> None:
    (_path, half), (_other, whole) = written_and_read(tmp_path, 500), written_and_read(tmp_path, 1000)
    # Something quadratic would take four times the calls.
    assert half < whole < 2.5 * half


def test_a_host_costs_a_small_part_of_what_all_of_them_do(tmp_path: Path) -> None:
    path, _calls = written_and_read(tmp_path, 1000)
    for_all = calls_of(read_document(path).hosts)
    for number in (0, 500, 999):
        assert calls_of(lambda: read_document(path).section(f"p{number:04}.corp.example")) < for_all / 5  # noqa: B023


def written_and_read(directory: Path, count: int) -> tuple[Path, int]:
    """A plan of so many hosts, and how many calls it took to make, write and read it."""
    path = directory / f"{count}.json"
    names = [f"p{number:04}.corp.example" for number in range(count)]

    def work() -> None:
        write_document(path, document({name: section() for name in names}))
        assert list(read_document(path).hosts()) == names

    return path, calls_of(work)


def calls_of(work: Callable[[], object]) -> int:
    """How many calls of functions something takes: a measure of its work that is the same on every machine."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls
