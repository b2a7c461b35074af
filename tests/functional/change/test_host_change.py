# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans applied on the lab: drift in between, failures half way, second runs, and the way back.

What the servers hold is read through the lab, not through the code that wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    HostPlan,
    apply_host_plan,
    changes_of,
    read_host_plan,
    read_journal,
    roll_back,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.host_plan import GroupPlan
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.record import Event, Member
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import Refused, WriteFailed
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Account,
    SiteServer,
    Unreachable,
    Unsupported,
)
from tests.functional.change.servers import server_of
from tests.lab.testing import RunningHost, default_hierarchy, running_lab
from tests.unit.change.samples import DIRECTORY, SENDER, planned_section, recorder

SHARE_WRITE = "Win32_LogicalShareSecuritySetting.SetSecurityDescriptor"
FOLDER_WRITE = "Win32_LogicalFileSecuritySetting.SetSecurityDescriptor"
STRANGER = {"principal": "S-1-1-0", "access": "read"}


def as_given(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry that was read, to be set again."""
    return {"principal": entry["sid"], **{key: entry[key] for key in ("type", "flags", "mask")}}


class Site:
    """A site server of the lab, with what was planned for it and the record of the change."""

    def __init__(self, server: SiteServer, host: RunningHost, record: Path) -> None:
        self.server, self.host, self.record = server, host, record
        self.fault = self.held()
        self.plan = self.planned()
        host.controls.reset_counters()

    def planned(self, *senders: str) -> HostPlan:
        plan = read_host_plan("C01", planned_section(self.server, *senders))
        assert plan is not None
        return plan

    def held(self) -> tuple[Any, Any]:
        controls = self.host.controls
        share = controls.share_descriptor("SMS_SITE")
        assert share is not None
        return share["entries"], controls.file_descriptor(DIRECTORY)["entries"]

    def names(self) -> tuple[list[str], list[str]]:
        share, folder = self.held()
        return [entry["name"] for entry in share], [entry["name"] for entry in folder]

    @property
    def writes(self) -> int:
        return int(self.host.controls.counters()["writes"])

    def apply(self, **options: Any) -> Any:
        check_mode = options.get("check_mode", False)
        return apply_host_plan(
            self.server, self.plan, recorder(None if check_mode else self.record, "C01"), check_mode=check_mode
        )

    def roll_back(self, **options: Any) -> Any:
        changes = changes_of(self.record, read_journal(self.record), "C01")
        path = None if options.get("check_mode") else self.record
        return roll_back(self.server, changes, recorder(path, "C01", action="rollback"), **options)

    def misbehave(self, kind: str, **rule: Any) -> None:
        self.host.controls.misbehave({"kind": kind, **rule})

    def events(self) -> list[str]:
        if not self.record.exists():
            return []
        return [
            " ".join(filter(None, (line["event"], (line["object"] or {}).get("kind"))))
            for line in read_journal(self.record).lines
        ]

    def add_stranger(self) -> None:
        """Somebody lets everyone read the share."""
        entries = [as_given(each) for each in self.held()[0]]
        self.host.controls.set_share_descriptor("SMS_SITE", {"entries": [*entries, STRANGER]})

    def add_stranger_below(self) -> None:
        """The same on the directory, keeping the entries that it does not inherit."""
        own = [as_given(each) for each in self.held()[1] if not each["flags"] & 0x10]
        self.host.controls.set_file_descriptor(DIRECTORY, {"entries": [*own, STRANGER]})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running_lab(default_hierarchy(1)) as lab, server_of(lab["C01"]) as server:
        yield Site(server, lab["C01"], tmp_path / "record.jsonl")


APPLIED = ["writing directory", "written directory", "writing share", "written share", "done"]


def test_what_was_planned_is_there_and_nothing_else(site: Site) -> None:
    (share, folder), (share_names, folder_names) = site.fault, site.names()
    result = site.apply()
    assert result.changed
    assert [(each.kind, each.changed) for each in result.objects] == [("directory", True), ("share", True)]
    assert site.writes == 2
    now_share, now_folder = site.held()
    assert [entry for entry in now_share if entry["name"] != SENDER] == share
    assert [entry for entry in now_folder if entry["name"] != SENDER] == folder
    assert SENDER not in share_names + folder_names
    assert [entry["mask"] for entry in now_share if entry["name"] == SENDER] == [0x1F01FF]
    assert [entry["mask"] for entry in now_folder if entry["name"] == SENDER] == [0x12019F]
    assert site.events() == APPLIED


def test_a_second_run_writes_nothing_and_says_so(site: Site) -> None:
    site.apply()
    again = site.apply()
    assert not again.changed
    assert site.writes == 2
    assert site.events() == [*APPLIED, "in_place"]


def test_check_mode_writes_nothing_and_records_nothing(site: Site) -> None:
    predicted = site.apply(check_mode=True)
    assert predicted.changed
    assert (site.held(), site.writes, site.record.exists()) == (site.fault, 0, False)
    assert [each.after for each in site.apply().objects] == [each.after for each in predicted.objects]


@pytest.mark.parametrize("drift", [Site.add_stranger, Site.add_stranger_below])
def test_a_site_that_has_drifted_is_refused_named_and_left_as_it_is(site: Site, drift: Any) -> None:
    drift(site)
    held = site.held()
    with pytest.raises(
        Refused, match=r"C01: it has changed since, and nothing was written: (share|folder) "
    ) as refusal:
        site.apply()
    assert ("share SMS_SITE" in str(refusal.value)) == (drift is Site.add_stranger)
    assert (site.held(), site.writes) == (held, 0)
    assert site.events() == ["refused"]


def test_inherited_entries_count(site: Site) -> None:
    above = DIRECTORY.rpartition("\\")[0]
    site.host.controls.set_file_descriptor(above, {"entries": [{**STRANGER, "flags": "OI CI"}]})
    assert "Everyone" in site.names()[1]
    with pytest.raises(Refused, match="it has changed since"):
        site.apply()
    assert site.writes == 0


def test_protection_counts(site: Site) -> None:
    own = [as_given(each) for each in site.held()[1]]
    site.host.controls.set_file_descriptor(DIRECTORY, {"entries": own, "protected": True})
    with pytest.raises(Refused, match="it has changed since"):
        site.apply()


def test_an_object_that_is_not_to_be_changed_counts_as_well(site: Site) -> None:
    own = [as_given(each) for each in site.held()[0]]
    site.host.controls.set_share_descriptor(
        "SMS_SITE", {"entries": [*own, {"principal": SENDER, "access": "full_control"}]}
    )
    site.plan = site.planned()
    assert not site.plan.share.changes
    site.add_stranger()
    with pytest.raises(Refused, match="share SMS_SITE holds"):
        site.apply()
    assert site.writes == 0


def test_a_share_that_points_elsewhere_is_refused(site: Site) -> None:
    site.host.controls.set_share_path("SMS_SITE", "D:\\SMS")
    with pytest.raises(Refused, match=r"share SMS_SITE points to D:\\SMS now"):
        site.apply()
    assert site.writes == 0


def test_if_the_share_fails_the_directory_is_put_back_and_a_second_run_goes_on(site: Site) -> None:
    site.misbehave("return_value", operation=SHARE_WRITE, value=2, times=1)
    with pytest.raises(WriteFailed, match=r"Access is denied.* was restored"):
        site.apply()
    assert site.held() == site.fault
    assert site.events() == [
        "writing directory",
        "written directory",
        "writing share",
        "not_written share",
        "put_back directory",
        "stopped",
    ]
    assert changes_of(site.record, read_journal(site.record), "C01").objects == ()
    assert site.apply().changed
    assert site.events()[-5:] == APPLIED


def test_a_share_that_is_acknowledged_and_not_written_is_uncertain(site: Site) -> None:
    site.misbehave("ignore_write", operation=SHARE_WRITE, times=1)
    with pytest.raises(
        WriteFailed,
        match=r"acknowledged the write, but it holds what it held before.* folder .* was restored.*"
        r"share SMS_SITE may or may not have been written\. Run again",
    ) as failure:
        site.apply()
    assert failure.value.uncertain
    assert site.held() == site.fault
    assert site.events()[3:] == ["uncertain share", "put_back directory", "stopped"]
    # It holds what it held before, so there is nothing to do.
    assert not site.roll_back().changed


def test_a_share_that_holds_something_else_is_restored_too(site: Site) -> None:
    site.misbehave("alter_write", operation=SHARE_WRITE, times=1)
    site.plan = site.planned(SENDER, "CORP\\smssend-p02")
    with pytest.raises(WriteFailed, match=r"holds other permissions.* folder .* was restored.* SMS_SITE was restored"):
        site.apply()
    assert site.held() == site.fault
    assert site.events()[3:] == ["uncertain share", "put_back share", "put_back directory", "stopped"]


def test_what_could_not_be_put_back_is_said_and_can_be_rolled_back_later(site: Site) -> None:
    site.misbehave("return_value", operation=SHARE_WRITE, value=2, times=1)
    site.misbehave("return_value", operation=FOLDER_WRITE, value=2, skip=1, times=1)
    with pytest.raises(WriteFailed, match="could NOT be restored"):
        site.apply()
    assert site.events()[-2:] == ["not_put_back directory", "stopped"]
    assert site.held() != site.fault
    assert site.roll_back().changed
    assert site.held() == site.fault


def test_a_directory_that_cannot_be_written_leaves_all_as_it_was(site: Site) -> None:
    site.misbehave("return_value", operation=FOLDER_WRITE, value=2, times=1)
    with pytest.raises(AccessDenied):
        site.apply()
    assert site.held() == site.fault
    assert site.events() == ["writing directory", "not_written directory", "stopped"]


def test_a_run_that_broke_off_between_the_two_is_taken_up(site: Site) -> None:
    site.misbehave("return_value", operation=SHARE_WRITE, value=2, times=1)
    site.misbehave("return_value", operation=FOLDER_WRITE, value=2, skip=1, times=1)
    with pytest.raises(WriteFailed):
        site.apply()
    told = len(site.events())
    result = site.apply()
    assert [(each.kind, each.changed) for each in result.objects] == [("directory", False), ("share", True)]
    assert site.events()[told:] == ["writing share", "written share", "done"]
    assert site.roll_back().changed
    assert site.held() == site.fault


def test_a_dead_server_is_recorded(site: Site) -> None:
    site.host.set_listening(False)
    with pytest.raises(Unreachable):
        site.apply()
    assert site.events() == ["stopped"]


def test_what_cannot_be_recorded_is_not_written(site: Site) -> None:
    site.record = site.record.parent / "nowhere" / "record.jsonl"
    with pytest.raises(ChangeError, match=r"^C01: the record .* cannot be written: .*\. Nothing was written"):
        site.apply()
    assert (site.held(), site.writes) == (site.fault, 0)


def test_the_way_back(site: Site) -> None:
    site.apply()
    assert site.roll_back(check_mode=True).changed
    assert site.held() != site.fault
    assert site.roll_back().changed
    assert site.held() == site.fault
    assert site.events()[len(APPLIED) :] == [
        "writing share",
        "written share",
        "writing directory",
        "written directory",
        "done",
    ]
    assert not site.roll_back().changed
    assert site.apply().changed


def test_the_way_back_from_a_run_that_was_killed_before_it_could_say_how_it_went(site: Site) -> None:
    site.apply()
    lines = site.record.read_bytes().splitlines(keepends=True)
    site.record.write_bytes(b"".join(lines[:3]) + lines[3][:50])
    assert site.roll_back().changed
    assert site.held() == site.fault


@pytest.mark.parametrize("kept", [1, 3])
def test_a_way_back_that_was_killed_before_it_wrote_is_taken_up(site: Site, kept: int) -> None:
    """Before the share, or between share and directory."""
    site.apply()
    applied = site.record.read_bytes()
    site.roll_back()
    told = site.record.read_bytes()[len(applied) :].splitlines(keepends=True)
    site.record.write_bytes(applied + b"".join(told[:kept]))
    # As it was when it was killed.
    plan = site.plan
    if kept == 1:
        site.server.set_share_descriptor(site.server.share("SMS_SITE"), plan.share.after)
    site.server.set_path_descriptor(DIRECTORY, plan.directory.after)
    assert site.roll_back().changed
    assert site.held() == site.fault


def test_what_is_about_to_be_written_is_in_the_record_by_then(site: Site) -> None:
    watched = Watched(site.server, site.events)
    apply_host_plan(watched, site.plan, recorder(site.record, "C01"))
    assert watched.seen == [
        ("set_path_descriptor", "writing directory"),
        ("set_share_descriptor", "writing share"),
    ]


class Watched:
    """A site server that looks into the record whenever something is written."""

    def __init__(self, server: SiteServer, events: Callable[[], list[str]]) -> None:
        self._server, self._events = server, events
        self.seen: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._server, name)
        if not name.startswith("set_"):
            return real

        def write(*arguments: Any) -> Any:
            self.seen.append((name, self._events()[-1]))
            return real(*arguments)

        return write


class Full:
    """A record on a disk that is full after some events."""

    def __init__(self, site: Site, events: int) -> None:
        self._record, self._left = recorder(site.record, "C01"), events

    def __call__(self, *event: Any, **about: Any) -> None:
        if not self._left:
            raise ChangeError("the record cannot be written: No space left on device")
        self._left -= 1
        self._record(*event, **about)


@pytest.mark.parametrize("events", range(1, 5))
def test_a_disk_that_is_full_on_the_way_stops_the_change_and_both_ways_lead_on(site: Site, events: int) -> None:
    with pytest.raises(
        ChangeError, match=r"No space left on device\. By then something was written, or may have been"
    ) as full:
        apply_host_plan(site.server, site.plan, Full(site, events))
    assert str(full.value).count("No space left") == 1
    assert len(site.events()) == events
    assert site.held() != site.fault
    assert site.roll_back().changed
    assert site.held() == site.fault
    assert site.apply().changed
    # There, back, and there again.
    assert site.writes == (1 + 1 + 2 if events < 3 else 2 + 2 + 2)


def test_what_cannot_be_told_to_the_record_is_told_to_the_operator(site: Site) -> None:
    site.add_stranger()
    with pytest.raises(ChangeError, match=r"it has changed since.* And this is not in the record: .*No space left"):
        apply_host_plan(site.server, site.plan, Full(site, 0))


# -- members of groups, over a connection that cannot change them: see test_group for one that can

ADMINISTRATORS = Account(Sid.parse("S-1-5-32-544"), "BUILTIN\\Administrators")


def joined(site: Site, name: str, group: Account = ADMINISTRATORS) -> None:
    """The record says that the change has made somebody a member."""
    member = Member(group, site.server.resolve(name))
    recorder(site.record, "C01")(Event.ADDED, member=member)


def test_a_member_that_cannot_be_removed_stops_the_way_back_before_anything_is_written(site: Site) -> None:
    site.apply()
    held = site.held()
    joined(site, "CORP\\ansible")
    says = r"nothing was written.*{name: 'Administrators', members: \['CORP\\ansible'\], state: absent}.*\.sms\.smb"
    for check_mode in (True, False):
        with pytest.raises(Unsupported, match=says):
            site.roll_back(check_mode=check_mode)
    assert (site.held(), site.writes) == (held, 2)
    assert [event for event in site.events() if "member" in event] == ["added member"]
    assert site.events()[-1] == "stopped"


def test_a_member_that_cannot_be_added_stops_a_change_before_anything_is_written(site: Site) -> None:
    held = site.held()
    members = frozenset(account.sid for account in site.server.group_members(ADMINISTRATORS.sid))
    sender = site.server.resolve(SENDER)
    site.plan = replace(site.plan, group=GroupPlan(ADMINISTRATORS, members, (sender,)))
    says = r"nothing was written.*{name: 'Administrators', members: \['CORP\\smssend'\], state: present}"
    for check_mode in (True, False):
        with pytest.raises(Unsupported, match=says):
            site.apply(check_mode=check_mode)
    assert (site.held(), site.writes) == (held, 0)


def test_who_was_removed_in_another_way_is_no_obstacle(site: Site) -> None:
    site.apply()
    joined(site, SENDER)
    joined(site, SENDER, Account(Sid.parse("S-1-5-32-999"), "C01\\Gone"))
    back = site.roll_back()
    assert (back.changed, back.removed) == (True, ())
    assert site.held() == site.fault


def test_the_way_back_refuses_a_site_that_has_drifted_and_is_forced(site: Site) -> None:
    site.apply()
    site.add_stranger()
    held = site.held()
    with pytest.raises(Refused, match=r"C01: it has changed since, and nothing was written: share SMS_SITE holds"):
        site.roll_back()
    assert (site.held(), site.writes) == (held, 2)
    assert site.roll_back(force=True).changed
    assert site.held() == site.fault
    assert not site.roll_back().changed


def test_if_the_way_back_fails_half_way_the_change_is_whole_again(site: Site) -> None:
    site.apply()
    held = site.held()
    site.misbehave("return_value", operation=FOLDER_WRITE, value=2, times=1)
    with pytest.raises(WriteFailed, match=r"share SMS_SITE was restored"):
        site.roll_back()
    assert site.held() == held
    assert site.roll_back().changed
    assert site.held() == site.fault


def test_a_share_without_a_descriptor_of_its_own_gets_one(tmp_path: Path) -> None:
    description = default_hierarchy(1)
    for share in description["hosts"][0]["shares"]:
        if share["name"] == "SMS_SITE":
            share.pop("dacl")
    with running_lab(description) as lab, server_of(lab["C01"]) as server:
        assert lab["C01"].controls.share_descriptor("SMS_SITE") is None
        plan = read_host_plan("C01", planned_section(server))
        assert plan is not None
        # Everyone may read: Windows' default for such shares. So only what that lacks is added.
        assert plan.share.changes
        path = tmp_path / "record.jsonl"
        assert apply_host_plan(server, plan, recorder(path, "C01")).changed
        held = lab["C01"].controls.share_descriptor("SMS_SITE")
        assert held is not None
        assert SENDER in [entry["name"] for entry in held["entries"]]
        changes = changes_of(path, read_journal(path), "C01")
        assert roll_back(server, changes, recorder(path, "C01", action="rollback")).changed
        held = lab["C01"].controls.share_descriptor("SMS_SITE")
        assert held is not None
        assert [entry["name"] for entry in held["entries"]] == ["Everyone"]
