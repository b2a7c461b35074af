# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The executor: every fault of a write, at every step, by what the server holds in the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    MissingMembers,
    Refused,
    SenderRequest,
    WriteFailed,
    enforce_sender_access,
    set_path_permissions,
    set_share_permissions,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.desired import (
    DesiredEntry,
    DesiredState,
    Presence,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.execute import (
    Observer,
    Step,
    StepResult,
    StepStatus,
    execute,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.plan import Plan
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.results import failure_result
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.securable import path_object, share_object
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.steps import ChangeMember, WriteDescriptor
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    ACCESS_ALLOWED,
    SecurityDescriptor,
    Sid,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Account,
    DescriptorReading,
    Propagated,
    Share,
    SiteServerError,
)
from tests.unit.fake_site_server import DIRECTORY, OTHER, FakeSiteServer, Fault

SENDER = "S-1-5-21-1004336348-1177238915-682003330-1104"
SHARE_BEFORE = "D:(A;;FA;;;BA)"
SHARE_AFTER = f"D:(A;;FA;;;BA)(A;;FA;;;{SENDER})"
FOLDER_BEFORE = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
FOLDER_AFTER = f"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x12019f;;;{SENDER})"
SHARE, FOLDER = "SMS_SITE", DIRECTORY
REQUEST = SenderRequest(PRODUCTS["sms_1_2"], (SENDER,))


def server_with(*faults: Fault | None) -> FakeSiteServer:
    server = FakeSiteServer(*faults)
    server.hold(SHARE_BEFORE, FOLDER_BEFORE)
    return server


def steps_of(server: FakeSiteServer) -> list[Step]:
    """The article's resolution, as two steps that write exactly this."""
    folder, share = path_object(server, DIRECTORY), share_object(server, server.share(SHARE))
    return [
        WriteDescriptor(folder, Plan(folder.subject, folder.read(), parse_sddl(FOLDER_AFTER), {}), again="Plan anew"),
        WriteDescriptor(share, Plan(share.subject, share.read(), parse_sddl(SHARE_AFTER), {}), again="Plan anew"),
    ]


class Watch(Observer):
    """Writes down what it sees."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def starting(self, step: Step) -> None:
        self.seen.append(f"starting {step.label}")

    def finished(self, result: StepResult) -> None:
        self.seen.append(f"{result.status.value} {result.step.label}")

    def undone(self, result: StepResult) -> None:
        self.seen.append(f"undo: {result.status.value} {result.step.label}")


def holds(server: FakeSiteServer, share: str, folder: str) -> bool:
    return (server.held[SHARE], server.held[FOLDER]) == (parse_sddl(share), parse_sddl(folder))


DONE_ALL_THE_SAME = [Fault.LOST, Fault.FAILED, Fault.DENIED]
"""The write is done, whatever the server answered."""


@pytest.mark.parametrize("fault", DONE_ALL_THE_SAME)
@pytest.mark.parametrize("at", [0, 1])
def test_a_write_that_a_reading_shows_is_done_with_a_warning(fault: Fault, at: int) -> None:
    server = server_with(*[None] * at, fault)
    results = execute(server, steps_of(server))
    assert [result.status for result in results] == [StepStatus.DONE, StepStatus.DONE]
    (warning,) = results[at].warnings
    assert warning.startswith(f"p01: {results[at].step.label}: ")
    assert results[1 - at].warnings == ()
    assert holds(server, SHARE_AFTER, FOLDER_AFTER)
    # Read over a new connection, and not over the one on which the answer got lost.
    names = [f"write {name}" for name in (FOLDER, SHARE)]
    assert server.log[server.log.index(names[at]) + 1 :][:1] == ["reconnect"]


def test_a_refusal_at_the_first_write_is_told_as_it_is_and_nothing_is_done() -> None:
    server = server_with(Fault.REFUSED)
    watch = Watch()
    with pytest.raises(AccessDenied):
        execute(server, steps_of(server), watch)
    assert holds(server, SHARE_BEFORE, FOLDER_BEFORE)
    assert watch.seen == [f"starting folder {FOLDER}", f"not_done folder {FOLDER}"]


def test_a_refusal_at_the_second_write_restores_the_first() -> None:
    server = server_with(None, Fault.REFUSED)
    watch = Watch()
    with pytest.raises(
        WriteFailed, match=r"Access is denied.*folder .* was restored .*; share SMS_SITE was not"
    ) as told:
        execute(server, steps_of(server), watch)
    assert (told.value.changed, told.value.uncertain) == (False, False)
    assert [result.status for result in told.value.results] == [StepStatus.UNDONE, StepStatus.NOT_DONE]
    assert holds(server, SHARE_BEFORE, FOLDER_BEFORE)
    assert watch.seen[-1] == f"undo: undone folder {FOLDER}"


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.LATE, Fault.IGNORED])
@pytest.mark.parametrize("at", [0, 1])
def test_a_write_that_is_not_there_yet_is_uncertain_unless_it_was_refused(fault: Fault, at: int) -> None:
    server = server_with(*[None] * at, fault)
    with pytest.raises(WriteFailed, match="may or may not have been written") as told:
        execute(server, steps_of(server))
    assert told.value.uncertain
    assert told.value.changed
    statuses = [StepStatus.UNCERTAIN] if at == 0 else [StepStatus.UNDONE, StepStatus.UNCERTAIN]
    assert [result.status for result in told.value.results] == statuses
    assert "Run again" in str(told.value)
    server.arrive()
    late = fault is Fault.LATE
    assert holds(
        server, SHARE_AFTER if late and at else SHARE_BEFORE, FOLDER_AFTER if late and not at else FOLDER_BEFORE
    )


@pytest.mark.parametrize("fault", [Fault.DEAD, Fault.DEAD_BEFORE])
@pytest.mark.parametrize("at", [0, 1])
def test_a_server_that_dies_leaves_it_uncertain(fault: Fault, at: int) -> None:
    server = server_with(*[None] * at, fault)
    with pytest.raises(WriteFailed, match=r"may or may not have been written.*it could not be read") as told:
        execute(server, steps_of(server))
    assert (told.value.uncertain, told.value.changed) == (True, True)
    assert told.value.results[at].status is StepStatus.UNCERTAIN
    if at:
        # It is known to be written: it was read back.
        assert told.value.results[0].status is StepStatus.DONE
        assert "it could NOT be restored" in str(told.value)


def test_something_else_than_was_written_is_restored() -> None:
    server = server_with(None, Fault.ALTERED)
    with pytest.raises(WriteFailed, match=r"it holds other permissions than were written") as told:
        execute(server, steps_of(server))
    assert [result.status for result in told.value.results] == [StepStatus.UNDONE, StepStatus.UNDONE]
    assert (told.value.uncertain, told.value.changed) == (False, False)
    assert holds(server, SHARE_BEFORE, FOLDER_BEFORE)


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.DROPPED, Fault.DEAD_BEFORE, Fault.IGNORED])
def test_what_cannot_be_restored_is_said(fault: Fault) -> None:
    server = server_with(None, Fault.REFUSED, fault)
    with pytest.raises(WriteFailed, match=r"it could NOT be restored") as told:
        execute(server, steps_of(server))
    status = StepStatus.DONE if fault is Fault.REFUSED else StepStatus.UNCERTAIN
    assert [result.status for result in told.value.results] == [status, StepStatus.NOT_DONE]
    assert told.value.changed
    assert told.value.uncertain is (status is StepStatus.UNCERTAIN)
    assert holds(server, SHARE_BEFORE, FOLDER_AFTER)


@pytest.mark.parametrize("fault", DONE_ALL_THE_SAME)
def test_a_restoration_that_a_reading_shows_is_done(fault: Fault) -> None:
    server = server_with(None, Fault.REFUSED, fault)
    with pytest.raises(WriteFailed) as told:
        execute(server, steps_of(server))
    assert told.value.results[0].status is StepStatus.UNDONE
    assert holds(server, SHARE_BEFORE, FOLDER_BEFORE)


def test_what_somebody_else_has_made_of_it_since_is_not_restored() -> None:
    server = server_with(None, Fault.REFUSED)

    def meanwhile(name: str) -> None:
        if name == FOLDER and f"write {SHARE}" in server.log:
            server.held[FOLDER] = OTHER

    server.reading = meanwhile
    with pytest.raises(WriteFailed, match="somebody else has changed it since, and it was left as it is") as told:
        execute(server, steps_of(server))
    assert server.held[FOLDER] == OTHER
    assert told.value.changed


def test_an_object_that_has_changed_since_is_not_written() -> None:
    server = server_with()
    steps = steps_of(server)
    server.held[FOLDER] = OTHER
    with pytest.raises(Refused, match=r"it has changed since it was compared, and was not written.*Plan anew"):
        execute(server, steps)
    assert holds(server, SHARE_BEFORE, "D:(A;;0x1;;;WD)")
    assert "write" not in " ".join(server.log)


def test_an_object_that_somebody_else_has_written_alike_is_in_place() -> None:
    server = server_with()
    steps = steps_of(server)
    server.held[FOLDER] = parse_sddl(FOLDER_AFTER)
    assert [result.status for result in execute(server, steps)] == [StepStatus.UNCHANGED, StepStatus.DONE]


def test_an_observer_that_fails_ends_it_before_the_write() -> None:
    class Full(Observer):
        def starting(self, step: Step) -> None:
            raise RuntimeError("the disk is full")

    server = server_with()
    with pytest.raises(RuntimeError):
        execute(server, steps_of(server), Full())
    assert holds(server, SHARE_BEFORE, FOLDER_BEFORE)


# -- members

GROUP = Account(Sid.parse("S-1-5-32-545"), "BUILTIN\\Users")
FIRST, SECOND = (Account(Sid.parse(f"S-1-5-21-1-2-3-{number}"), f"CORP\\p0{number}$") for number in (1, 2))


def joining(server: FakeSiteServer, **options: Any) -> list[Step]:
    return [ChangeMember(server, GROUP, each, joins=True, is_member=False, **options) for each in (FIRST, SECOND)]


def group_of(*faults: Fault | None) -> FakeSiteServer:
    server = FakeSiteServer(*faults)
    server.members = {GROUP.sid: []}
    return server


def sids(server: FakeSiteServer) -> list[Sid]:
    return [each.sid for each in server.members[GROUP.sid]]


@pytest.mark.parametrize("undoable", [True, False])
def test_the_members_added_before_one_that_failed_are_named(undoable: bool) -> None:
    server = group_of(None, Fault.REFUSED)
    with pytest.raises(WriteFailed) as told:
        execute(server, joining(server, undoable=undoable))
    assert sids(server) == ([] if undoable else [FIRST.sid])
    again = "is no member of group BUILTIN\\Users again" if undoable else "is a member of group BUILTIN\\Users"
    assert f"{FIRST.name} {again}; {SECOND.name} is no member of group BUILTIN\\Users" in str(told.value)
    assert told.value.changed is not undoable


@pytest.mark.parametrize("at", [0, 1])
def test_a_member_whose_answer_is_lost_is_looked_at(at: int) -> None:
    server = group_of(*[None] * at, Fault.LOST)
    results = execute(server, joining(server))
    assert [result.status for result in results] == [StepStatus.DONE, StepStatus.DONE]
    assert sids(server) == [FIRST.sid, SECOND.sid]
    assert len(results[at].warnings) == 1


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.LATE])
def test_a_member_that_may_still_arrive_is_uncertain(fault: Fault) -> None:
    server = group_of(None, fault)
    with pytest.raises(WriteFailed, match=r"CORP\\p02\$ may or may not have been added to group") as told:
        execute(server, joining(server))
    assert told.value.uncertain
    assert [result.status for result in told.value.results] == [StepStatus.UNDONE, StepStatus.UNCERTAIN]


# -- the use cases


def test_what_a_server_calls_its_directory_is_visible_in_a_refusal() -> None:
    server = server_with()
    server.points_to = "D:\\SMS\u202e\x1b[31m"
    with pytest.raises(Refused) as refusal:
        enforce_sender_access(server, REQUEST)
    assert str(refusal.value).isprintable()
    assert "<U+202E>" in str(refusal.value)


def test_converge_plans_anew_if_the_share_has_changed_meanwhile_and_says_so() -> None:
    server = server_with()
    added = parse_sddl(f"{SHARE_BEFORE}(A;;0x1200a9;;;WD)")

    def meanwhile(name: str) -> None:
        if name == SHARE and f"write {FOLDER}" in server.log and f"write {SHARE}" not in server.log:
            server.held[SHARE] = added

    server.reading = meanwhile
    outcome = enforce_sender_access(server, REQUEST)
    # The entry that somebody else has added is still there.
    assert server.held[SHARE] == parse_sddl(f"{SHARE_BEFORE}(A;;0x1200a9;;;WD)(A;;FA;;;{SENDER})")
    assert outcome.share_plan.before.descriptor == added
    assert any("share SMS_SITE: it has changed since it was read" in warning for warning in outcome.warnings)


def test_converge_refuses_what_a_deny_entry_that_came_meanwhile_blocks_and_restores_the_folder() -> None:
    server = server_with()

    def meanwhile(name: str) -> None:
        if name == SHARE and f"write {FOLDER}" in server.log:
            server.held[SHARE] = parse_sddl(f"D:(D;;FA;;;{SENDER})(A;;FA;;;BA)")

    server.reading = meanwhile
    with pytest.raises(WriteFailed, match="is blocked by the entry"):
        enforce_sender_access(server, REQUEST)
    assert server.held[FOLDER] == parse_sddl(FOLDER_BEFORE)


def test_the_share_is_read_after_the_folder_is_written() -> None:
    server = server_with()
    enforce_sender_access(server, REQUEST)
    writes = [server.log.index(f"write {name}") for name in (FOLDER, SHARE)]
    between = server.log[writes[0] + 1 : writes[1]]
    assert f"read descriptor of {SHARE}" in between


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("fault", [each for each in Fault if each not in (Fault.DEAD, Fault.DEAD_BEFORE)])
def test_converge_run_again_repairs_whatever_went_wrong(fault: Fault, at: int) -> None:
    server = server_with(*[None] * at, fault)
    try:
        first = enforce_sender_access(server, REQUEST)
        assert first.changed
        assert fault in DONE_ALL_THE_SAME
    except (SiteServerError, WriteFailed):
        assert fault not in DONE_ALL_THE_SAME
    server.arrive()
    enforce_sender_access(server, REQUEST)
    assert holds(server, SHARE_AFTER, FOLDER_AFTER)
    assert not enforce_sender_access(server, REQUEST).changed


@pytest.mark.parametrize("follows", [True, False])
def test_a_child_that_does_not_inherit_what_was_written_is_a_warning(follows: bool) -> None:
    server = server_with()
    server.child = rf"{FOLDER}\old.pkg"
    inherited = f"(A;ID;0x12019f;;;{SENDER})" if follows else ""
    server.held[server.child] = parse_sddl(f"D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA){inherited}")
    outcome = enforce_sender_access(server, REQUEST)
    assert outcome.changed
    assert [warning for warning in outcome.warnings if "old.pkg" in warning] == ([] if follows else [*outcome.warnings])


def test_what_nobody_foresees_while_a_child_is_looked_at_hides_no_write() -> None:
    server = server_with()
    server.child = rf"{FOLDER}\strange.pkg"  # the server of the tests raises KeyError when it is read
    outcome = enforce_sender_access(server, REQUEST)
    assert outcome.changed
    assert holds(server, SHARE_AFTER, FOLDER_AFTER)
    (warning,) = outcome.warnings
    assert warning.startswith(f"p01: folder {FOLDER}: the write is done, but its effects could not be checked: ")


def test_no_child_is_looked_at_if_the_folder_is_not_written() -> None:
    server = server_with()
    server.held[FOLDER] = parse_sddl(FOLDER_AFTER)
    enforce_sender_access(server, REQUEST)
    assert "look for a child" not in " ".join(server.log)


def test_one_object_alone_is_uncertain_too() -> None:
    server = server_with(Fault.DROPPED)
    desired = DesiredState((DesiredEntry(SENDER, ACCESS_ALLOWED, 0x1F01FF),))
    with pytest.raises(WriteFailed, match="may or may not have been written") as told:
        set_share_permissions(server, SHARE, desired)
    assert told.value.uncertain


def test_members_that_converge_has_added_stay_if_the_folder_fails() -> None:
    server = server_with(None, Fault.REFUSED)
    server.members = {GROUP.sid: []}
    request = SenderRequest(
        PRODUCTS["configmgr"],
        (SENDER,),
        group="S-1-5-32-545",
        allow_unexpected_path=True,
        missing_members=MissingMembers.ADD,
    )
    with pytest.raises(WriteFailed, match=rf"State now: {SENDER} is a member of group .*; folder .* was not written"):
        enforce_sender_access(server, request)
    assert sids(server) == [Sid.parse(SENDER)]


# -- what only puts a list in order

INHERITED = "(A;OICIID;FA;;;SY)"
IN_DISORDER = f"D:AI{INHERITED}(D;;WP;;;WD)(A;OICI;FA;;;BA)"
IN_ORDER = f"D:AI(D;;WP;;;WD)(A;OICI;FA;;;BA){INHERITED}"


def puts_in_order(server: FakeSiteServer) -> list[Step]:
    server.held[FOLDER] = parse_sddl(IN_DISORDER)
    folder = path_object(server, FOLDER)
    return [WriteDescriptor(folder, Plan(folder.subject, folder.read(), parse_sddl(IN_ORDER), {}), again="Plan anew")]


def test_a_list_that_was_not_put_in_order_is_not_told_to_be() -> None:
    server = server_with(Fault.REFUSED)
    with pytest.raises(AccessDenied):
        execute(server, puts_in_order(server))
    server = server_with(Fault.IGNORED)
    with pytest.raises(WriteFailed, match="acknowledged the write, but it holds what it held before"):
        execute(server, puts_in_order(server))


def test_a_list_that_was_put_in_order_is_put_back_if_what_follows_fails() -> None:
    server = server_with(None, Fault.REFUSED)
    share = steps_of(server)[1]
    with pytest.raises(WriteFailed) as told:
        execute(server, [*puts_in_order(server), share])
    assert [result.status for result in told.value.results] == [StepStatus.UNDONE, StepStatus.NOT_DONE]
    assert server.held[FOLDER] == parse_sddl(IN_DISORDER)


# -- what the operator should know, of a task that failed


class HidesAuditing(FakeSiteServer):
    """Says with each reading what a write may lose."""

    def path_descriptor(self, path: str) -> DescriptorReading:
        return replace(super().path_descriptor(path), cautions=("A write may lose auditing entries",))


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        # The folder was written, and what it lost does not come back with the rest.
        ([None, Fault.REFUSED], ["A write may lose auditing entries"]),
        ([Fault.DROPPED], ["A write may lose auditing entries"]),
        ([Fault.LOST, Fault.REFUSED, Fault.REFUSED], ["A write may lose auditing entries", "an error: could not set"]),
    ],
)
def test_a_failure_tells_what_the_writes_before_it_may_have_lost(faults: list[Fault | None], told: list[str]) -> None:
    server = HidesAuditing(*faults)
    server.hold(SHARE_BEFORE, FOLDER_BEFORE)
    with pytest.raises(WriteFailed) as failed:
        execute(server, steps_of(server))
    warnings = failure_result(failed.value)["warnings"]
    assert len(warnings) == len(told)
    assert all(part in warning for part, warning in zip(told, warnings, strict=True))


# -- children


class Below(FakeSiteServer):
    """Its folder has five files, which a connection brings in line itself; each write tells how many were refused."""

    def __init__(self, *refused: int) -> None:
        super().__init__(None, Fault.REFUSED)
        self.refused = list(refused)

    def set_path_descriptor(self, path: str, descriptor: SecurityDescriptor) -> Propagated | None:
        super().set_path_descriptor(path, descriptor)
        if path != FOLDER:
            return None
        refused = self.refused.pop(0)
        return Propagated(5, 5 - refused, refused, ("open.pkg (sharing violation)",) * refused)


@pytest.mark.parametrize("refused", [0, 1])
def test_children_that_keep_what_was_undone_are_told(refused: int) -> None:
    server = Below(0, refused)
    server.hold(SHARE_BEFORE, FOLDER_BEFORE)
    with pytest.raises(WriteFailed, match=r"folder .* was restored to what it held before") as told:
        execute(server, steps_of(server))
    assert ("1 of 5 files and folders below it" in str(told.value)) == bool(refused)
    assert ("open.pkg (sharing violation)" in str(told.value)) == bool(refused)
    assert told.value.changed is bool(refused)


# -- errors that no adapter foresees


@pytest.mark.parametrize("error", [ValueError("no digits"), RuntimeError("can't start new thread"), RecursionError()])
def test_whatever_a_write_raises_the_object_is_read_again(error: Exception) -> None:
    class Strange(FakeSiteServer):
        """Does what it was asked for, and raises what is none of the port's errors."""

        def set_share_descriptor(self, share: Share, descriptor: SecurityDescriptor) -> None:
            super().set_share_descriptor(share, descriptor)
            raise error

    server = Strange()
    server.hold(SHARE_BEFORE, FOLDER_BEFORE)
    results = execute(server, steps_of(server))
    assert [result.status for result in results] == [StepStatus.DONE, StepStatus.DONE]
    (warning,) = results[1].warnings
    assert type(error).__name__ in warning


@pytest.mark.parametrize("fails_at", ["before the second write", "after the second write"])
def test_whatever_a_reading_raises_what_was_written_is_told(fails_at: str) -> None:
    server = server_with()
    steps = steps_of(server)

    def fails(name: str) -> None:
        before, after = f"write {FOLDER}" in server.log, f"write {SHARE}" in server.log
        if name == SHARE and (after if fails_at.startswith("after") else before):
            raise ValueError("no digits")

    server.reading = fails
    with pytest.raises(WriteFailed, match="no digits") as told:
        execute(server, steps)
    uncertain = fails_at.startswith("after")
    last = StepStatus.UNCERTAIN if uncertain else StepStatus.NOT_DONE
    assert [result.status for result in told.value.results] == [StepStatus.UNDONE, last]
    assert told.value.uncertain is uncertain


# -- members that somebody else has added meanwhile


def test_who_was_made_a_member_meanwhile_was_not_added() -> None:
    server = group_of()
    steps = joining(server)
    server.members[GROUP.sid].append(FIRST)
    results = execute(server, steps)
    assert [result.status for result in results] == [StepStatus.UNCHANGED, StepStatus.DONE]
    assert sids(server) == [FIRST.sid, SECOND.sid]


def test_converge_tells_only_the_members_that_it_has_added() -> None:
    server = server_with()
    server.members = {GROUP.sid: []}
    request = SenderRequest(
        PRODUCTS["configmgr"],
        (SENDER,),
        group="S-1-5-32-545",
        allow_unexpected_path=True,
        missing_members=MissingMembers.ADD,
    )
    enforce_sender_access(server, request)
    server.members = {GROUP.sid: []}
    looked: list[str] = []

    def meanwhile(name: str) -> None:
        looked.append(name)
        if name == str(GROUP.sid) and looked.count(name) == 2:
            server.members[GROUP.sid] = [Account(Sid.parse(SENDER), SENDER)]

    server.reading = meanwhile
    outcome = enforce_sender_access(server, request)
    assert (outcome.added, outcome.changed) == ((), False)


# -- what is looked at after the write


class FollowsParent(FakeSiteServer):
    """Brings what a folder inherits in line with its parent when it is written."""

    inherits = ""

    def set_path_descriptor(self, path: str, descriptor: SecurityDescriptor) -> Propagated | None:
        super().set_path_descriptor(path, descriptor)
        self.held[path] = parse_sddl(f"{format_sddl(self.held[path])}{self.inherits}")
        return None


def test_an_entry_that_comes_down_with_the_write_and_blocks_it_does_not_hide_that_it_was_written() -> None:
    server = FollowsParent()
    server.hold(SHARE_BEFORE, f"D:AI(A;OICI;FA;;;BA)(A;OICI;FA;;;{SENDER})(A;OICIID;FA;;;SY)")
    desired = DesiredState((DesiredEntry(SENDER, ACCESS_ALLOWED, 0x1F01FF, 3),), Presence.ABSENT)
    server.inherits = f"(A;OICIID;FA;;;{SENDER})"
    with pytest.raises(WriteFailed, match=r"the new permissions are written, but .*comes from a parent folder") as told:
        set_path_permissions(server, FOLDER, lambda _is_directory: desired)
    assert told.value.changed
    assert parse_sddl(f"D:AI(A;OICI;FA;;;BA)(A;OICIID;FA;;;SY)(A;OICIID;FA;;;{SENDER})") == server.held[FOLDER]
