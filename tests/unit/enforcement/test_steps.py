# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two steps that the executor runs, one by one; what goes wrong with them stands in test_execute.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.accounts import all_names
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.desired import DesiredEntry, DesiredState
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.errors import Refused
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.execute import StepStatus
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.plan import Plan, make_plan
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.securable import path_object
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.steps import ChangeMember, WriteDescriptor
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    ACCESS_ALLOWED,
    Sid,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account, DescriptorReading
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer

SENDER = "S-1-5-21-1-2-3-1104"
BEFORE = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
AFTER = f"{BEFORE}(A;OICI;0x12019f;;;{SENDER})"
CHANGED = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FR;;;WD)"


class Folder:
    """A folder of a site server in memory, and the step that gives the sender its entry."""

    def __init__(self, held: str = BEFORE) -> None:
        self.server = FakeSiteServer()
        self.server.hold("D:(A;;FA;;;BA)", held)
        self.target = path_object(self.server, DIRECTORY)

    def plan(self, held: DescriptorReading) -> Plan:
        account = Account(Sid.parse(SENDER), SENDER)
        desired = DesiredState((DesiredEntry(SENDER, ACCESS_ALLOWED, 0x12019F, 3),))
        return make_plan(self.target.subject, held, desired, {SENDER: account}, all_names([held], {SENDER: account}))

    def step(self, *, replans: bool = False, always: bool = False) -> WriteDescriptor:
        plan = self.plan(self.target.read())
        return WriteDescriptor(self.target, plan, self.plan if replans else None, again="Plan again.", always=always)

    def hold(self, sddl: str) -> None:
        self.server.held[DIRECTORY] = parse_sddl(sddl)

    @property
    def held(self) -> str:
        return format_sddl(self.server.held[DIRECTORY])


def test_a_write_and_its_undoing() -> None:
    folder = Folder()
    step = folder.step().check()
    assert step.needed
    assert step.undoable
    assert step.is_undone(step.read())
    step.do()
    assert folder.held == AFTER
    assert step.is_done(step.read())
    assert not step.is_undone(step.read())
    step.undo()
    assert folder.held == BEFORE
    assert step.is_undone(step.read())


def test_a_step_that_changes_nothing_is_not_needed_and_reads_nothing() -> None:
    folder = Folder(AFTER)
    step = folder.step()
    folder.server.log.clear()
    assert not step.needed
    assert step.check() is step
    assert folder.server.log == []
    assert folder.step(always=True).needed


def test_an_object_that_has_changed_is_not_written_without_a_new_plan() -> None:
    folder = Folder()
    step = folder.step()
    folder.hold(CHANGED)
    with pytest.raises(Refused) as refusal:
        step.check()
    for part in (DIRECTORY, CHANGED, BEFORE, "Plan again."):
        assert part in str(refusal.value)


def test_an_object_that_somebody_else_has_written_alike_is_done() -> None:
    folder = Folder()
    step = folder.step()
    folder.hold(AFTER)
    assert not step.check().plan.changed


def test_a_new_plan_is_made_from_what_is_there_now() -> None:
    folder = Folder()
    step = folder.step(replans=True)
    assert step.check().plan.warnings == step.plan.warnings
    folder.hold(CHANGED)
    anew = step.check()
    assert len(anew.plan.warnings) == len(step.plan.warnings) + 1
    anew.do()
    assert folder.held == CHANGED + f"(A;OICI;0x12019f;;;{SENDER})"


def test_what_a_wire_does_not_show_stays_unwritable() -> None:
    folder = Folder()
    step = folder.step(replans=True)
    before = replace(step.plan.before, unwritable=("an entry of type 9",))
    hidden = replace(step, plan=replace(step.plan, before=before))
    with pytest.raises(Refused):
        hidden.check()


@pytest.mark.parametrize("status", list(StepStatus))
def test_each_state_has_words(status: StepStatus) -> None:
    folder = Folder()
    text = folder.step().state(status)
    assert DIRECTORY in text
    assert ("may or may not" in text) is (status is StepStatus.UNCERTAIN)


def member(*members: str, joins: bool = True) -> tuple[FakeSiteServer, ChangeMember]:
    server = FakeSiteServer()
    group, account = Account(Sid.parse("S-1-5-21-9-9-9-1001"), "P01\\Senders"), Account(Sid.parse(SENDER), "CORP\\a")
    server.members[group.sid] = [Account(Sid.parse(each), each) for each in members]
    return server, ChangeMember(server, group, account, joins=joins, is_member=not joins)


@pytest.mark.parametrize("joins", [True, False])
def test_a_member_and_its_undoing(joins: bool) -> None:
    others = ("S-1-5-21-1-2-3-1200",)
    server, step = member(*others, *(() if joins else (SENDER,)), joins=joins)
    step = step.check()
    assert step.needed
    step.do()
    assert step.is_done(step.read())
    step.undo()
    assert step.is_undone(step.read())
    assert others[0] in [str(each.sid) for each in server.members[step.group.sid]]


def test_who_was_added_by_somebody_else_meanwhile_was_not_added_by_this_step() -> None:
    _server, step = member(SENDER)
    assert not step.check().needed


def test_a_group_that_is_gone_has_no_members() -> None:
    server, step = member()
    server.members.clear()
    assert step.read() == ()


@pytest.mark.parametrize("joins", [True, False])
@pytest.mark.parametrize("status", list(StepStatus))
def test_each_state_of_a_member_has_words(status: StepStatus, joins: bool) -> None:
    _server, step = member(joins=joins)
    text = step.state(status)
    assert "CORP\\a" in text
    assert "P01\\Senders" in text
    assert ("may or may not" in text) is (status is StepStatus.UNCERTAIN)
    if status is StepStatus.DONE:
        assert ("a member" in text) is joins
