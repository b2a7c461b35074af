# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change has done to a host and not rolled back, from the events of its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    append,
    changed_hosts,
    changes_of,
    read_journal,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.record import Event, Member
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid, format_sddl, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account
from tests.unit.change.samples import DIRECTORY, recorder, validator

A, B, C = (parse_sddl(f"D:(A;;FA;;;BA)(A;;{mask};;;WD)") for mask in ("0x1", "0x2", "0x3"))


SHARE = {"kind": "share", "name": "SMS_SITE"}


FOLDER = {"kind": "directory", "name": DIRECTORY}


def told(path: Path, host: str = "p01", **about: Any) -> list[tuple[str, str, str, str]]:
    found = changes_of(path, read_journal(path), host, **about)
    return [(each.kind, each.name, format_sddl(each.before), format_sddl(each.after)) for each in found.objects]


def pair(kind: dict[str, str], before: Any, after: Any) -> tuple[str, str, str, str]:
    return kind["kind"], kind["name"], format_sddl(before), format_sddl(after)


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([], []),
        ([("writing", SHARE, A, B), ("written", SHARE, A, B)], [(SHARE, A, B)]),
        ([("writing", SHARE, A, B)], [(SHARE, A, B)]),
        ([("writing", SHARE, A, B), ("not_written", SHARE, A, B)], []),
        ([("writing", SHARE, A, B), ("uncertain", SHARE, A, B)], [(SHARE, A, B)]),
        ([("writing", SHARE, A, B), ("uncertain", SHARE, A, B), ("put_back", SHARE, B, A)], []),
        ([("writing", SHARE, A, B), ("uncertain", SHARE, A, B), ("not_put_back", SHARE, B, None)], [(SHARE, A, B)]),
        ([("writing", FOLDER, A, B), ("written", FOLDER, A, B), ("put_back", FOLDER, B, A)], []),
        ([("writing", FOLDER, A, B), ("written", FOLDER, A, B), ("not_put_back", FOLDER, B, B)], [(FOLDER, A, B)]),
        # The first write, of which nobody knows, may still arrive after the second one was refused.
        (
            [
                ("writing", SHARE, A, B),
                ("uncertain", SHARE, A, A),
                ("writing", SHARE, A, B),
                ("not_written", SHARE, A, B),
            ],
            [(SHARE, A, B)],
        ),
        # So may that of a run that was killed.
        ([("writing", SHARE, A, B), ("writing", SHARE, A, B), ("not_written", SHARE, A, B)], [(SHARE, A, B)]),
        # Or it has arrived, as the next reading shows.
        (
            [("writing", SHARE, A, B), ("uncertain", SHARE, A, A), ("writing", SHARE, B, C), ("written", SHARE, B, C)],
            [(SHARE, A, C)],
        ),
        ([("writing", SHARE, A, B), ("uncertain", SHARE, A, None)], [(SHARE, A, B)]),
        # A second plan under the same number goes on where the first has ended.
        ([("written", SHARE, A, B), ("written", SHARE, B, C)], [(SHARE, A, C)]),
        ([("written", SHARE, A, B), ("written", SHARE, B, A)], []),
        # Somebody else has been there in between: only the last step can be taken back.
        ([("written", SHARE, A, B), ("written", SHARE, C, B)], [(SHARE, C, B)]),
        # The share comes first.
        ([("written", FOLDER, A, B), ("written", SHARE, B, C)], [(SHARE, B, C), (FOLDER, A, B)]),
    ],
)
def test_what_is_left_to_take_back(tmp_path: Path, events: list[Any], left: list[Any]) -> None:
    path = tmp_path / "record.jsonl"
    record = recorder(path, "p01")
    record(Event.IN_PLACE)
    recorder(path, "p02")(Event.WRITTEN, **SHARE, before=C, after=A)
    for event, what, before, after in events:
        record(Event(event), **what, before=before, after=after)
    assert told(path) == [pair(*each) for each in left]


def test_what_was_taken_back_is_not_taken_back_again(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    recorder(path, "p01")(Event.WRITTEN, **SHARE, before=A, after=B)
    # By force: it held C.
    recorder(path, "p01", action="rollback")(Event.WRITTEN, **SHARE, before=C, after=A)
    assert told(path) == []


def test_a_record_of_several_changes_wants_one_named(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    recorder(path, "p01")(Event.WRITTEN, **SHARE, before=A, after=B)
    recorder(path, "p01", change_id="CHG2")(Event.WRITTEN, **FOLDER, before=A, after=B)
    assert told(path, change_id="CHG2") == [pair(FOLDER, A, B)]
    with pytest.raises(ChangeError, match=r"has the changes CHG0012345, CHG2\. Set change_id to one of them"):
        told(path)
    with pytest.raises(ChangeError, match=r"has no event of change CHG3\. It has the changes CHG0012345, CHG2"):
        told(path, change_id="CHG3")


@pytest.mark.parametrize("line", [{"format": "sitekeeper.sms/change-record"}, {}, {"format": 1, "version": 1}])
def test_a_record_of_something_else_is_said_to_be_none(tmp_path: Path, line: dict[str, Any]) -> None:
    path = tmp_path / "record.jsonl"
    append(path, line)
    with pytest.raises(ChangeError):
        told(path)


@pytest.mark.parametrize(
    ("events", "left"),
    [
        # Killed before it wrote, or before it could say so: the change is still to be taken back.
        ([("writing", SHARE, B, A)], [(SHARE, A, B)]),
        ([("writing", SHARE, B, A), ("not_written", SHARE, B, A)], [(SHARE, A, B)]),
        ([("writing", SHARE, B, A), ("uncertain", SHARE, B, A), ("put_back", SHARE, A, B)], [(SHARE, A, B)]),
        ([("writing", SHARE, B, A), ("written", SHARE, B, A)], []),
        # What follows has failed, and the change is whole again.
        ([("written", SHARE, B, A), ("put_back", SHARE, A, B)], [(SHARE, A, B)]),
        # What follows has failed, and so has making the change whole again: a write may still be on its way.
        ([("written", SHARE, B, A), ("not_put_back", SHARE, A, A)], [(SHARE, A, B)]),
        ([("written", SHARE, B, A), ("not_put_back", SHARE, A, None)], [(SHARE, A, B)]),
        ([("written", SHARE, B, A), ("not_put_back", SHARE, A, None), ("written", SHARE, B, A)], []),
        ([("written", SHARE, C, A), ("not_put_back", SHARE, A, None)], [(SHARE, A, B)]),
        # By force, over what somebody else has made it; that is not the change's.
        ([("written", SHARE, C, A), ("put_back", SHARE, A, C)], [(SHARE, A, B)]),
    ],
)
@pytest.mark.parametrize("applied", ["writing", "written"])
def test_what_is_left_after_a_roll_back_that_did_not_end(
    tmp_path: Path, applied: str, events: list[Any], left: list[Any]
) -> None:
    path = tmp_path / "record.jsonl"
    recorder(path, "p01")(Event(applied), **SHARE, before=A, after=B)
    record = recorder(path, "p01", action="rollback")
    for event, what, before, after in events:
        record(Event(event), **what, before=before, after=after)
    assert told(path) == [pair(*each) for each in left]


GROUP = Account(Sid.parse("S-1-5-32-545"), "BUILTIN\\Users")


JANE = Member(GROUP, Account(Sid.parse("S-1-5-21-1-2-3-1104"), "CORP\\jane"))


JOHN = Member(GROUP, Account(Sid.parse("S-1-5-21-1-2-3-1105"), "CORP\\john"))


@pytest.mark.parametrize(
    ("events", "left"),
    [
        (["apply adding", "apply added"], [JANE]),
        # Killed before it could say how it went.
        (["apply adding"], [JANE]),
        (["apply adding", "apply not_written"], []),
        (["apply adding", "apply uncertain"], [JANE]),
        # It may still arrive after the second one was refused.
        (["apply adding", "apply uncertain", "apply adding", "apply not_written"], [JANE]),
        (["apply adding", "apply adding", "apply not_written"], [JANE]),
        (["apply adding", "apply uncertain", "rollback removing", "rollback removed"], []),
        (["apply adding", "apply added", "apply put_back"], []),
        (["apply adding", "apply added", "apply not_put_back"], [JANE]),
        (["apply added", "rollback removing"], [JANE]),
        (["apply added", "rollback removing", "rollback not_written"], [JANE]),
        (["apply added", "rollback removing", "rollback removed"], []),
        (["apply added", "rollback removing", "rollback removed", "rollback put_back"], [JANE]),
        (["apply added", "rollback removing", "rollback removed", "rollback not_put_back"], [JANE]),
        (["apply added", "rollback removed", "apply added"], [JANE]),
    ],
)
def test_only_members_that_the_change_has_added_are_to_be_removed(
    tmp_path: Path, events: list[str], left: list[Member]
) -> None:
    path = tmp_path / "record.jsonl"
    recorder(path, "p02")(Event.ADDED, member=JOHN)
    recorder(path, "p01")(Event.IN_PLACE)
    for action, event in (each.split() for each in events):
        recorder(path, "p01", action=action)(Event(event), member=JANE)
    found = changes_of(path, read_journal(path), "p01")
    assert (list(found.members), found.objects) == (left, ())
    for line in read_journal(path).lines:
        validator("record").validate(line)


def test_the_hosts_that_a_change_has_not_given_back(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    for host in ("p03", "p01", "p02", "p04", "p05"):
        recorder(path, host)(Event.WRITING, **SHARE, before=A, after=B)
    recorder(path, "p01")(Event.WRITTEN, **SHARE, before=A, after=B)
    recorder(path, "p01", action="rollback")(Event.WRITTEN, **SHARE, before=B, after=A)
    recorder(path, "p02")(Event.NOT_WRITTEN, **SHARE, before=A, after=B)
    recorder(path, "p03")(Event.WRITTEN, **SHARE, before=A, after=B)
    recorder(path, "p04")(Event.UNCERTAIN, **SHARE, before=A, after=None)
    recorder(path, "p06")(Event.ADDED, member=JANE)
    recorder(path, "p07", change_id="CHG2")(Event.ADDED, member=JANE)
    # p05 was killed.
    assert changed_hosts(path, read_journal(path), "CHG0012345") == ("p03", "p04", "p05", "p06")


def test_a_member_without_its_sids_is_no_event(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    recorder(path, "p01")(Event.ADDED, member=JANE)
    path.write_text(path.read_text(encoding="utf-8").replace("S-1-5-32-545", "Users"), encoding="utf-8")
    with pytest.raises(ChangeError, match="an event cannot be read"):
        changes_of(path, read_journal(path), "p01")


# -- one host of many


@pytest.mark.parametrize("host", ["p01", "p0", 'quoted "p01",', "p02", "none"])
def test_reading_for_one_host_tells_the_same_of_it(tmp_path: Path, host: str) -> None:
    path = tmp_path / "record.jsonl"
    for name in ("p01", "p0", 'quoted "p01",', "p02"):
        record = recorder(path, name, connection='"host":"p01",')
        record(Event.WRITING, **SHARE, before=A, after=B)
        record(Event.WRITTEN, **SHARE, before=A, after=B)
        record(Event.ADDED, member=JANE)
        # Killed in the middle of the next line.
        line = path.read_bytes().splitlines(keepends=True)[-1]
        with path.open("ab") as stream:
            stream.write(line[:-10])
    recorder(path, "p01", change_id='"host":"p02",')(Event.WRITTEN, **SHARE, before=A, after=B)
    for change_id in ("CHG0012345", '"host":"p02",'):
        of_all = changes_of(path, read_journal(path), host, change_id)
        assert changes_of(path, read_journal(path, host), host, change_id) == of_all
        assert read_journal(path, host).torn == read_journal(path).torn
    assert len(read_journal(path).torn) == 4
    with pytest.raises(ChangeError, match="Set change_id to one of them"):
        changes_of(path, read_journal(path, host), host)
