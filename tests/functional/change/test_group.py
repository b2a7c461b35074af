# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of a local group in a plan, applied over SMB to a real server, on a built-in group: it has no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    HostPlan,
    Result,
    apply_host_plan,
    changes_of,
    read_host_plan,
    read_journal,
    roll_back,
    section_of,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    MissingMembers,
    Refused,
    SenderRequest,
    WriteFailed,
    enforce_sender_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import NoAnswer, Rejected, SiteServer
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, default_hierarchy, running_lab
from tests.unit.change.samples import SENDER, document, recorder, validator

pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"{missing()}; as root on Debian, `make test` installs what it needs"
)
USERS = "BUILTIN\\Users"
OTHER = "CORP\\smssend-p02"
BYSTANDER = "CORP\\bystander"


@pytest.fixture
def host() -> Iterator[RunningHost]:
    with running_lab(default_hierarchy(1), backend="samba") as lab:
        yield lab["C01"]


@pytest.fixture
def server(host: RunningHost) -> Iterator[SiteServer]:
    settings = SmbSettings("c01", host.address, domain="CORP", user="ansible", password=host.password)
    with closing(SmbSiteServer(settings)) as made:
        yield made


def planned(server: SiteServer) -> tuple[dict[str, Any], HostPlan]:
    wanted = SenderRequest(
        PRODUCTS["configmgr"],
        (SENDER, OTHER),
        group=USERS,
        allow_unexpected_path=True,
        missing_members=MissingMembers.ADD,
    )
    section = section_of(enforce_sender_access(server, wanted, check_mode=True), site="C01", reasons={})
    plan = read_host_plan("c01", section)
    assert plan is not None
    return section, plan


def members(server: SiteServer) -> set[str]:
    return {account.name for account in server.group_members(server.resolve(USERS).sid)}


@dataclass
class Change:
    """A change of a site server, planned; applied and taken back here."""

    server: SiteServer
    plan: HostPlan
    path: Path

    def apply(self, **options: Any) -> Result:
        return apply_host_plan(self.server, self.plan, recorder(self.path, "c01"), **options)

    def roll_back(self, server: SiteServer | None = None, **options: Any) -> Result:
        changes = changes_of(self.path, read_journal(self.path), "c01")
        path = None if options.get("check_mode") else self.path
        return roll_back(server or self.server, changes, recorder(path, "c01", action="rollback"), **options)

    def members(self) -> set[str]:
        return members(self.server)

    def set_members(self, *names: str) -> None:
        """Behind the change's back."""
        group = self.server.resolve(USERS).sid
        for account in self.server.group_members(group):
            if account.name not in names:
                self.server.remove_group_member(group, account.sid)
        for name in names:
            self.server.add_group_member(group, self.server.resolve(name).sid)

    def events(self) -> list[str]:
        lines = read_journal(self.path).lines
        for line in lines:
            validator("record").validate(line)
        return [" ".join(filter(None, (line["event"], (line["object"] or {}).get("kind")))) for line in lines]


@pytest.fixture
def change(server: SiteServer, tmp_path: Path) -> Change:
    return Change(server, planned(server)[1], tmp_path / "record.jsonl")


JOINED = ["adding member", "added member"] * 2
LEFT = ["removing member", "removed member"] * 2
OBJECTS = ["directory", "share"]


def written(kinds: list[str]) -> list[str]:
    return [f"{event} {kind}" for kind in kinds for event in ("writing", "written")]


def test_members_are_planned_added_recorded_and_removed_when_the_change_is_taken_back(
    server: SiteServer, change: Change
) -> None:
    section, plan = planned(server)
    assert {account["name"] for account in section["group"]["add"]} == {SENDER, OTHER}
    assert section["group"]["members"] == []
    validator("plan").validate(document({"c01": section}))
    assert change.members() == set()

    before = server.path_descriptor(plan.directory.name).descriptor
    result = change.apply()
    assert {account.name for account in result.added} == {SENDER, OTHER}
    assert change.members() == {SENDER, OTHER}
    assert not change.apply().changed

    foretold = change.roll_back(check_mode=True)
    assert {account.name for account in foretold.removed} == {SENDER, OTHER}
    assert change.members() == {SENDER, OTHER}
    back = change.roll_back()
    assert (back.changed, back.removed, back.added, back.warnings) == (True, foretold.removed, (), ())
    assert server.path_descriptor(plan.directory.name).descriptor == before
    assert change.members() == set()
    assert change.events() == [
        *JOINED, *written(OBJECTS), "done", "in_place", *LEFT, *written(OBJECTS[::-1]), "done"
    ]  # fmt: skip
    assert not change.roll_back().changed


def test_only_members_that_the_change_has_added_are_removed(server: SiteServer, change: Change) -> None:
    change.set_members(OTHER)
    change.plan = planned(server)[1]
    assert [account.name for account in change.apply().added] == [SENDER]
    change.set_members(SENDER, OTHER, BYSTANDER)
    assert [account.name for account in change.roll_back().removed] == [SENDER]
    assert change.members() == {OTHER, BYSTANDER}


def test_a_member_that_somebody_has_removed_is_gone_already(change: Change) -> None:
    change.apply()
    change.set_members(OTHER)
    back = change.roll_back()
    assert [account.name for account in back.removed] == [OTHER]
    assert change.members() == set()


def test_a_site_that_has_drifted_keeps_its_members_unless_forced(change: Change) -> None:
    change.apply()
    path = change.plan.directory.name
    change.server.set_path_descriptor(path, parse_sddl("D:(A;OICI;FA;;;BA)"))
    with pytest.raises(Refused, match="it has changed since, and nothing was written"):
        change.roll_back()
    assert change.members() == {SENDER, OTHER}
    assert len(change.roll_back(force=True).removed) == 2
    assert change.members() == set()


def test_if_the_directory_cannot_be_written_nobody_is_left_in_the_group(
    host: RunningHost, server: SiteServer, change: Change
) -> None:
    broken = Breaking(server)
    broken.fails = {"set_path_descriptor"}
    with pytest.raises(
        WriteFailed, match=r"no luck.* is no member of group .* again; .* is no member of group .* again"
    ):
        replace(change, server=broken).apply()
    assert change.members() == set()
    assert change.events() == [
        *JOINED, "writing directory", "not_written directory", "put_back member", "put_back member", "stopped"
    ]  # fmt: skip
    assert not change.roll_back().changed
    assert change.apply().changed


def test_if_the_way_back_fails_the_members_are_members_again(server: SiteServer, change: Change) -> None:
    change.apply()
    broken = Breaking(server)
    broken.fails = {"set_share_descriptor"}
    with pytest.raises(WriteFailed, match=r"no luck.* is a member of group .* again; .* is a member of group .* again"):
        change.roll_back(broken)
    assert change.members() == {SENDER, OTHER}
    assert len(change.roll_back().removed) == 2
    assert change.members() == set()


def test_a_member_that_the_server_refuses_is_not_one_of_the_changes(server: SiteServer, change: Change) -> None:
    broken = Breaking(server)
    broken.fails = {"add_group_member"}
    with pytest.raises(Rejected, match="no luck"):
        replace(change, server=broken).apply()
    assert change.events() == ["adding member", "not_written member", "stopped"]
    change.set_members(SENDER, OTHER)
    assert not change.roll_back().changed
    assert change.members() == {SENDER, OTHER}


@pytest.mark.parametrize("does", [True, False])
def test_where_no_answer_comes_it_is_looked_at(server: SiteServer, change: Change, does: bool) -> None:
    broken = Breaking(server)
    broken.silent = {"add_group_member": does}
    if does:
        assert len(replace(change, server=broken).apply().added) == 2
        assert change.events()[:4] == JOINED
        return
    with pytest.raises(WriteFailed, match=r"no answer.* may or may not have been added to group .*Run again") as lost:
        replace(change, server=broken).apply()
    assert lost.value.uncertain
    assert change.events() == ["adding member", "uncertain member", "stopped"]
    assert not change.roll_back().changed


def test_a_group_with_other_members_than_planned_is_refused(change: Change) -> None:
    change.set_members(BYSTANDER)
    with pytest.raises(Refused, match="has other members than when the change was planned"):
        change.apply()
    assert change.members() == {BYSTANDER}
    assert change.events() == ["refused"]


def test_a_run_that_broke_off_between_two_members_is_taken_up(change: Change) -> None:
    change.set_members(OTHER)
    result = change.apply()
    assert [account.name for account in result.added] == [SENDER]
    assert change.members() == {SENDER, OTHER}
    # Nothing in the record says that the other one came from this change.
    assert [account.name for account in change.roll_back().removed] == [SENDER]


class Breaking:
    """A site server that fails where it is told to; everything else is done by the real one."""

    def __init__(self, server: SiteServer) -> None:
        self._server = server
        self.fails: set[str] = set()
        self.silent: dict[str, bool] = {}

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._server, name)
        if name in self.fails:
            return self._fail
        if name in self.silent:
            return partial(self._silently, real, does=self.silent[name])
        return real

    def _fail(self, *_arguments: Any, **_options: Any) -> None:
        raise Rejected("c01", "do it", "no luck", "Try another day.")

    def _silently(self, real: Any, *arguments: Any, does: bool) -> None:
        if does:
            real(*arguments)
        raise NoAnswer("c01", "do it", "no answer", "Is it up?")
