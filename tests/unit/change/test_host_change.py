# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply and roll back on a site server in memory: drift, every fault of a write, members, and a full disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    HostPlan,
    Result,
    apply_host_plan,
    changes_of,
    read_host_plan,
    read_journal,
    roll_back,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import Refused, WriteFailed
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid, format_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account, Unreachable, Unsupported
from tests.unit.change.samples import recorder, section
from tests.unit.fake_site_server import DIRECTORY, OTHER, FakeSiteServer, Fault

SHARE = "SMS_SITE"
SECTION = section()
BEFORE = {SHARE: SECTION["share"]["before"], DIRECTORY: SECTION["directory"]["before"]}
AFTER = {SHARE: SECTION["share"]["after"], DIRECTORY: SECTION["directory"]["after"]}
APPLIED = ["writing directory", "written directory", "writing share", "written share", "done"]
GROUP = Account(Sid.parse("S-1-5-32-545"), "BUILTIN\\Users")
JANE = Account(Sid.parse("S-1-5-21-1-2-3-1104"), "CORP\\jane")
JOHN = Account(Sid.parse("S-1-5-21-1-2-3-1105"), "CORP\\john")


class Site:
    """A site server in memory, with its plan and the record of the change."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self.server = FakeSiteServer()
        self.server.hold(BEFORE[SHARE], BEFORE[DIRECTORY])
        self.plan = self.planned()

    @staticmethod
    def planned(**changes: Any) -> HostPlan:
        plan = read_host_plan("p01", section(**changes))
        assert plan is not None
        return plan

    def apply(self, *, check_mode: bool = False) -> Result:
        path = None if check_mode else self.record
        return apply_host_plan(self.server, self.plan, recorder(path, "p01"), check_mode=check_mode)

    def roll_back(self, *, check_mode: bool = False, force: bool = False) -> Result:
        changes = changes_of(self.record, read_journal(self.record), "p01")
        record = recorder(None if check_mode else self.record, "p01", action="rollback")
        return roll_back(self.server, changes, record, check_mode=check_mode, force=force)

    @property
    def held(self) -> dict[str, str]:
        return {name: format_sddl(descriptor) for name, descriptor in self.server.held.items()}

    @property
    def writes(self) -> list[str]:
        return [line for line in self.server.log if line.startswith("write ")]

    @property
    def events(self) -> list[str]:
        if not self.record.exists():
            return []
        return [
            " ".join(filter(None, (line["event"], (line["object"] or {}).get("kind"))))
            for line in read_journal(self.record).lines
        ]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "record.jsonl")


def test_apply_writes_the_directory_and_then_the_share(site: Site) -> None:
    result = site.apply()
    assert [(each.kind, each.changed) for each in result.objects] == [("directory", True), ("share", True)]
    assert [(format_sddl(each.before), format_sddl(each.after)) for each in result.objects] == [
        (BEFORE[DIRECTORY], AFTER[DIRECTORY]),
        (BEFORE[SHARE], AFTER[SHARE]),
    ]
    assert site.held == AFTER
    assert site.writes == [f"write {DIRECTORY}", f"write {SHARE}"]
    assert site.events == APPLIED


def test_a_second_apply_is_idempotent(site: Site) -> None:
    site.apply()
    assert not site.apply().changed
    assert len(site.writes) == 2
    assert site.events == [*APPLIED, "in_place"]


def test_check_mode_predicts_and_writes_nothing(site: Site) -> None:
    predicted = site.apply(check_mode=True)
    assert (site.held, site.writes, site.events) == (BEFORE, [], [])
    assert site.apply() == predicted


def test_roll_back_restores_the_share_and_then_the_directory(site: Site) -> None:
    site.apply()
    assert site.roll_back(check_mode=True).changed
    assert site.held == AFTER
    assert site.roll_back().changed
    assert site.held == BEFORE
    assert site.writes[2:] == [f"write {SHARE}", f"write {DIRECTORY}"]
    assert site.events[len(APPLIED) :] == [
        "writing share",
        "written share",
        "writing directory",
        "written directory",
        "done",
    ]


@pytest.mark.parametrize("name", [SHARE, DIRECTORY])
def test_an_object_that_has_changed_is_refused(site: Site, name: str) -> None:
    site.server.held[name] = OTHER
    held = site.held
    with pytest.raises(Refused, match=r"it has changed since, and nothing was written: .*Make a new plan") as refusal:
        site.apply()
    assert f"holds {format_sddl(OTHER)}, and it must still hold {BEFORE[name]}" in str(refusal.value)
    assert (site.held, site.writes, site.events) == (held, [], ["refused"])


def test_an_object_that_changes_between_comparison_and_write_is_refused(site: Site) -> None:
    reads: list[str] = []

    def change(name: str) -> None:
        reads.append(name)
        if reads.count(DIRECTORY) == 2:
            site.server.held[DIRECTORY] = OTHER

    site.server.reading = change
    with pytest.raises(Refused, match="it has changed since it was compared, and was not written"):
        site.apply()
    assert (site.writes, site.events) == ([], ["refused"])


def test_a_share_that_points_elsewhere_is_refused(site: Site) -> None:
    site.server.points_to = "D:\\SMS"
    with pytest.raises(Refused, match=r"share SMS_SITE points to D:\\SMS now"):
        site.apply()
    assert (site.writes, site.events) == ([], ["refused"])


def test_an_entry_that_the_connection_would_lose_stops_the_change(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    read = site.server.path_descriptor
    monkeypatch.setattr(
        site.server, "path_descriptor", lambda path: replace(read(path), unwritable=("entry 2 has no type",))
    )
    with pytest.raises(Refused, match="entries would get lost on the way: entry 2 has no type"):
        site.apply()
    assert (site.writes, site.events) == ([], ["refused"])


def test_a_server_that_does_not_answer_is_recorded(site: Site) -> None:
    site.server.dead = True
    with pytest.raises(Unreachable):
        site.apply()
    assert site.events == ["stopped"]


# How the write of the share ends by its fault: the event, what becomes of the directory, and what the share holds.
UNKNOWN = "uncertain share"
FAULTS: dict[Fault, tuple[str, list[str], str]] = {
    Fault.LOST: ("written share", ["done"], AFTER[SHARE]),
    Fault.FAILED: ("written share", ["done"], AFTER[SHARE]),
    Fault.DENIED: ("written share", ["done"], AFTER[SHARE]),
    Fault.REFUSED: ("not_written share", ["put_back directory", "stopped"], BEFORE[SHARE]),
    Fault.DROPPED: (UNKNOWN, ["put_back directory", "stopped"], BEFORE[SHARE]),
    Fault.LATE: (UNKNOWN, ["put_back directory", "stopped"], BEFORE[SHARE]),
    Fault.IGNORED: (UNKNOWN, ["put_back directory", "stopped"], BEFORE[SHARE]),
    Fault.ALTERED: (UNKNOWN, ["put_back share", "put_back directory", "stopped"], BEFORE[SHARE]),
    Fault.DEAD: (UNKNOWN, ["not_put_back directory", "stopped"], AFTER[SHARE]),
    Fault.DEAD_BEFORE: (UNKNOWN, ["not_put_back directory", "stopped"], BEFORE[SHARE]),
}


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_of_a_write_is_recorded_and_can_be_rolled_back(site: Site, fault: Fault) -> None:
    event, rest, held = FAULTS[fault]
    site.server.faults = [None, fault]
    if rest == ["done"]:
        assert "the server answered it with an error" in site.apply().warnings[0]
    else:
        with pytest.raises(WriteFailed) as failure:
            site.apply()
        # What was altered is restored at once.
        assert failure.value.uncertain == (event == UNKNOWN and fault is not Fault.ALTERED)
    assert site.events == [*APPLIED[:3], event, *rest]
    assert site.held[SHARE] == held
    # Now it answers again, and what was on its way has arrived.
    site.server.dead = False
    site.server.arrive()
    site.roll_back()
    assert site.held == BEFORE


def test_a_run_that_was_killed_can_be_rolled_back(site: Site) -> None:
    """However much of its record is on the disk."""
    site.apply()
    lines = site.record.read_bytes().splitlines(keepends=True)
    for kept in range(1, len(lines)):
        site.server.hold(BEFORE[SHARE], AFTER[DIRECTORY])
        if kept > 2:
            site.server.hold(AFTER[SHARE], AFTER[DIRECTORY])
        site.record.write_bytes(b"".join(lines[:kept]))
        site.roll_back()
        assert site.held == BEFORE, kept


def test_a_roll_back_refuses_what_has_changed_and_restores_it_by_force(site: Site) -> None:
    site.apply()
    site.server.held[SHARE] = OTHER
    advice = r"To restore it nevertheless, and lose that change, set force .*--limit HOST -e sms_change_force=true"
    with pytest.raises(Refused, match=advice):
        site.roll_back()
    assert site.held == {**AFTER, SHARE: format_sddl(OTHER)}
    assert site.roll_back(force=True).changed
    assert site.held == BEFORE


def test_a_roll_back_that_fails_half_way_applies_the_change_again_and_can_be_repeated(site: Site) -> None:
    site.apply()
    site.server.faults = [None, Fault.REFUSED]
    with pytest.raises(WriteFailed, match="share SMS_SITE was restored to what it held before"):
        site.roll_back()
    assert site.held == AFTER
    assert site.events[-2:] == ["put_back share", "stopped"]
    assert site.roll_back().changed
    assert site.held == BEFORE


# -- members of the local group


@pytest.fixture
def grouped(site: Site) -> Site:
    """The change adds Jane to a group of which John is a member."""
    group = {"name": GROUP.name, "sid": str(GROUP.sid), "missing": []}
    members = [{"name": JOHN.name, "sid": str(JOHN.sid)}]
    site.server.members[GROUP.sid] = [JOHN]
    site.plan = site.planned(group={**group, "members": members, "add": [{"name": JANE.name, "sid": str(JANE.sid)}]})
    return site


def sids(site: Site) -> list[Sid]:
    return [member.sid for member in site.server.members[GROUP.sid]]


def test_members_are_added_first_and_removed_first(grouped: Site) -> None:
    result = grouped.apply()
    assert (result.added, result.removed) == ((JANE,), ())
    assert sids(grouped) == [JOHN.sid, JANE.sid]
    assert grouped.events == ["adding member", "added member", *APPLIED]
    result = grouped.roll_back()
    assert (result.added, [each.sid for each in result.removed]) == ((), [JANE.sid])
    assert sids(grouped) == [JOHN.sid]
    assert grouped.events[7:9] == ["removing member", "removed member"]
    assert grouped.held == BEFORE


def test_a_member_is_removed_again_if_a_later_step_fails(grouped: Site) -> None:
    grouped.server.faults = [None, Fault.REFUSED]
    with pytest.raises(WriteFailed, match=r"CORP\\jane is no member of group"):
        grouped.apply()
    assert sids(grouped) == [JOHN.sid]
    assert grouped.events[-2:] == ["put_back member", "stopped"]
    assert not changes_of(grouped.record, read_journal(grouped.record), "p01").members


@pytest.mark.parametrize(
    ("members", "refused"), [([JANE], True), ([], True), ([JOHN, GROUP], True), ([JOHN, JANE], False)]
)
def test_a_group_with_other_members_is_refused(grouped: Site, members: list[Account], *, refused: bool) -> None:
    grouped.server.members[GROUP.sid] = members
    if refused:
        with pytest.raises(Refused, match="has other members than when the change was planned"):
            grouped.apply()
        assert grouped.writes == []
    else:
        assert grouped.apply().added == ()


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.LATE, Fault.DEAD])
def test_a_member_that_may_have_been_added_is_removed_by_a_roll_back(grouped: Site, fault: Fault) -> None:
    grouped.server.faults = [fault]
    if fault is Fault.LOST:
        grouped.apply()
    else:
        with pytest.raises(WriteFailed) as failure:
            grouped.apply()
        assert failure.value.uncertain
    grouped.server.dead = False
    grouped.server.arrive()
    grouped.roll_back()
    assert sids(grouped) == [JOHN.sid]


def test_a_connection_that_cannot_change_members_writes_nothing(grouped: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    grouped.apply()
    monkeypatch.setattr(FakeSiteServer, "changes_members", False)
    with pytest.raises(Unsupported, match=r"Run this task on the host first: .*win_group_membership.*absent"):
        grouped.roll_back()
    assert grouped.held == AFTER
    grouped.server.members[GROUP.sid] = [JOHN]
    assert grouped.roll_back().removed == ()
    with pytest.raises(Unsupported, match=r"Run this task on the host first: .*win_group_membership.*present"):
        grouped.apply()


def test_a_group_that_was_deleted_has_no_members(grouped: Site) -> None:
    grouped.apply()
    del grouped.server.members[GROUP.sid]
    assert grouped.roll_back().removed == ()


# -- a record that cannot be written


@pytest.mark.parametrize("events", range(5))
def test_a_full_disk_stops_the_change(site: Site, events: int) -> None:
    record, left = recorder(site.record, "p01"), [None] * events

    def full(*event: Any, **about: Any) -> None:
        if not left:
            raise ChangeError("the record cannot be written: No space left on device")
        left.pop()
        record(*event, **about)

    state = "Nothing was written" if not events else "By then something was written, or may have been"
    with pytest.raises(ChangeError, match=rf"^p01: .*No space left on device\. {state}") as failure:
        apply_host_plan(site.server, site.plan, full)  # type: ignore[arg-type]
    assert failure.value.uncertain == bool(events)
    assert len(site.writes) == (events + 1) // 2
    if events:
        site.roll_back()
        assert site.held == BEFORE


def test_a_refusal_that_cannot_be_recorded_has_both_reasons(site: Site) -> None:
    site.server.held[SHARE] = OTHER
    site.record = site.record / "nowhere"
    with pytest.raises(
        ChangeError, match=r"it has changed since.* And this is not in the record: the record .*nowhere"
    ):
        site.apply()
