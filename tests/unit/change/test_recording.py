# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The observer of the executor: which event it records of which result."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import ChangeError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.record import Event, Member
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.recording import Recording
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.execute import StepResult, StepStatus
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.plan import Plan
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.securable import path_object, share_object
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.steps import ChangeMember, WriteDescriptor
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account, DescriptorReading, NoAnswer
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer

BEFORE, AFTER, OTHER = (parse_sddl(f"D:(A;;{mask};;;WD)") for mask in ("0x1", "0x2", "0x4"))
GROUP, JANE = Account(Sid.parse("S-1-5-32-545"), "Users"), Account(Sid.parse("S-1-1-0"), "CORP\\jane")
LOST = NoAnswer("p01", "write share SMS_SITE", "the connection broke.", "Check that the server is up.")


class Lines:
    """A record in memory, whose disk may be full after some events."""

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.lines: list[tuple[Event, dict[str, Any]]] = []

    def __call__(self, event: Event, **about: Any) -> None:
        if len(self.lines) == self.room:
            raise ChangeError("the record cannot be written: No space left on device")
        self.lines.append((event, about))


def observer(lines: Lines) -> Recording:
    return Recording(lines, "p01")  # type: ignore[arg-type]


def write(*, is_share: bool = True) -> WriteDescriptor:
    server = FakeSiteServer()
    server.held = {"SMS_SITE": BEFORE, DIRECTORY: BEFORE}
    target = share_object(server, server.share("SMS_SITE")) if is_share else path_object(server, DIRECTORY)
    return WriteDescriptor(target, Plan(target.subject, DescriptorReading(BEFORE), AFTER, {}))


def member(*, joins: bool) -> ChangeMember:
    return ChangeMember(FakeSiteServer(), GROUP, JANE, joins=joins, is_member=not joins)


@pytest.mark.parametrize(("is_share", "kind", "name"), [(True, "share", "SMS_SITE"), (False, "directory", DIRECTORY)])
def test_a_write_is_recorded_before_it_starts(kind: str, name: str, *, is_share: bool) -> None:
    lines = Lines()
    observer(lines).starting(write(is_share=is_share))
    assert lines.lines == [(Event.WRITING, {"kind": kind, "name": name, "before": BEFORE, "after": AFTER})]


@pytest.mark.parametrize(("joins", "event"), [(True, Event.ADDING), (False, Event.REMOVING)])
def test_a_change_of_members_is_recorded_before_it_starts(event: Event, *, joins: bool) -> None:
    lines = Lines()
    observer(lines).starting(member(joins=joins))
    assert lines.lines == [(event, {"member": Member(GROUP, JANE)})]


@pytest.mark.parametrize(
    ("status", "held", "below", "event", "after"),
    [
        (StepStatus.DONE, AFTER, 0, Event.WRITTEN, AFTER),
        # Of a write that was refused, the record has what was to be written.
        (StepStatus.NOT_DONE, BEFORE, 0, Event.NOT_WRITTEN, AFTER),
        (StepStatus.UNCERTAIN, OTHER, 0, Event.UNCERTAIN, OTHER),
        (StepStatus.UNCERTAIN, None, 0, Event.UNCERTAIN, None),
        # The directory was not written, but its children were.
        (StepStatus.NOT_DONE, BEFORE, 3, Event.UNCERTAIN, BEFORE),
    ],
)
def test_the_result_of_a_write_is_recorded(status: StepStatus, held: Any, below: int, event: Event, after: Any) -> None:
    lines = Lines()
    reading = None if held is None else DescriptorReading(held)
    observer(lines).finished(StepResult(write(), status, reading, LOST, "a note", below=below))
    ((recorded, about),) = lines.lines
    assert (recorded, about["before"], about["after"]) == (event, BEFORE, after)
    if status is StepStatus.DONE:
        assert about["message"] is None
    else:
        assert about["message"].startswith("p01: could not write share SMS_SITE: the connection broke")
        assert about["message"].endswith("(a note)")


@pytest.mark.parametrize(
    ("status", "joins", "event"),
    [
        (StepStatus.DONE, True, Event.ADDED),
        (StepStatus.DONE, False, Event.REMOVED),
        (StepStatus.NOT_DONE, True, Event.NOT_WRITTEN),
        (StepStatus.NOT_DONE, False, Event.NOT_WRITTEN),
        (StepStatus.UNCERTAIN, True, Event.UNCERTAIN),
        (StepStatus.UNCERTAIN, False, Event.UNCERTAIN),
    ],
)
def test_the_result_of_a_change_of_members_is_recorded(status: StepStatus, event: Event, *, joins: bool) -> None:
    lines = Lines()
    observer(lines).finished(StepResult(member(joins=joins), status, ()))
    ((recorded, about),) = lines.lines
    assert (recorded, about["member"]) == (event, Member(GROUP, JANE))


@pytest.mark.parametrize(
    ("status", "below", "event"),
    [
        (StepStatus.UNDONE, 0, Event.PUT_BACK),
        (StepStatus.UNDONE, 2, Event.NOT_PUT_BACK),
        (StepStatus.DONE, 0, Event.NOT_PUT_BACK),
        (StepStatus.UNCERTAIN, 0, Event.NOT_PUT_BACK),
    ],
)
def test_whether_something_was_restored_is_recorded(status: StepStatus, below: int, event: Event) -> None:
    lines = Lines()
    watch = observer(lines)
    watch.undone(StepResult(write(), status, DescriptorReading(BEFORE), below=below))
    watch.undone(StepResult(member(joins=True), status, (), below=below))
    (first, about), (second, of_member) = lines.lines
    assert (first, second) == (event, event)
    assert (about["before"], about["after"]) == (AFTER, BEFORE)
    assert of_member["member"] == Member(GROUP, JANE)


def test_the_end_of_a_host_is_recorded() -> None:
    lines = Lines()
    observer(lines).done()
    assert lines.lines == [(Event.DONE, {})]


def test_what_cannot_be_recorded_stops_the_run() -> None:
    with pytest.raises(ChangeError, match=r"^p01: .*No space left on device\. Nothing was written$") as first:
        observer(Lines(0)).starting(write())
    assert (first.value.changed, first.value.uncertain) == (False, False)
    watch = observer(Lines(1))
    watch.starting(write())
    with pytest.raises(ChangeError, match=r"By then something was written, or may have been\. Run again") as second:
        watch.finished(StepResult(write(), StepStatus.DONE, DescriptorReading(AFTER)))
    assert (second.value.changed, second.value.uncertain) == (True, True)
