# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every cell of the two tables: each status, with each event of each action."""

from __future__ import annotations

from itertools import product

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.record import Event
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.states import (
    APPLY,
    MEMBER_TABLE,
    OBJECT_TABLE,
    ROLLBACK,
    MemberStatus,
    ObjectState,
    ObjectStatus,
    Undone,
    Write,
    member_after,
    object_after,
)

# What an object holds, in turn. The change has written it from 1 to 2; a further write, from 2 to 3, is not settled.
WRITTEN, LATER, LAST = Write("1", "2"), Write("2", "3"), Write("3", "4")
UNDONE = Undone(Write("1", "2"), was_held=True)
STATES = {
    ObjectStatus.SETTLED: ObjectState(written=WRITTEN),
    ObjectStatus.WRITING: ObjectState(written=WRITTEN, begun=LATER),
    ObjectStatus.UNCERTAIN: ObjectState(written=WRITTEN, uncertain=LATER),
    ObjectStatus.WRITING_AGAIN: ObjectState(written=WRITTEN, begun=LATER, uncertain=Write("2", "9")),
}
SETTLED, WRITING, UNCERTAIN, AGAIN = ObjectStatus


def test_the_states_have_the_status_that_they_stand_for() -> None:
    assert {status: state.status for status, state in STATES.items()} == {status: status for status in ObjectStatus}


# Action, event, what it has as before and after, and the state after it, for each status before it.
OBJECT_CELLS: list[tuple[str, Event, Write, dict[ObjectStatus, ObjectState]]] = [
    # It starts from what was written last: the unsettled write is not done, or not yet.
    (
        APPLY,
        Event.WRITING,
        Write("2", "5"),
        {
            SETTLED: ObjectState(written=WRITTEN, begun=Write("2", "5")),
            WRITING: ObjectState(written=WRITTEN, begun=Write("2", "5"), uncertain=LATER),
            UNCERTAIN: ObjectState(written=WRITTEN, begun=Write("2", "5"), uncertain=LATER),
            AGAIN: ObjectState(written=WRITTEN, begun=Write("2", "5"), uncertain=LATER),
        },
    ),
    # It starts from what the unsettled write was to leave: that one is done.
    (
        APPLY,
        Event.WRITING,
        LAST,
        {
            SETTLED: ObjectState(written=WRITTEN, begun=LAST),
            WRITING: ObjectState(written=Write("1", "3"), begun=LAST),
            UNCERTAIN: ObjectState(written=Write("1", "3"), begun=LAST),
            AGAIN: ObjectState(written=Write("1", "3"), begun=LAST),
        },
    ),
    (APPLY, Event.WRITTEN, LATER, dict.fromkeys(ObjectStatus, ObjectState(written=Write("1", "3")))),
    # Somebody else has written in between: only the last write can be rolled back.
    (APPLY, Event.WRITTEN, Write("7", "8"), dict.fromkeys(ObjectStatus, ObjectState(written=Write("7", "8")))),
    # It holds again what it held before the change.
    (APPLY, Event.WRITTEN, Write("2", "1"), dict.fromkeys(ObjectStatus, ObjectState())),
    (
        APPLY,
        Event.NOT_WRITTEN,
        LATER,
        {
            SETTLED: STATES[SETTLED],
            WRITING: ObjectState(written=WRITTEN),
            UNCERTAIN: STATES[UNCERTAIN],
            AGAIN: ObjectState(written=WRITTEN, uncertain=Write("2", "9")),
        },
    ),
    (
        APPLY,
        Event.PUT_BACK,
        Write("2", "1"),
        {
            SETTLED: ObjectState(),
            WRITING: ObjectState(written=WRITTEN),
            UNCERTAIN: ObjectState(),
            AGAIN: ObjectState(written=WRITTEN, uncertain=Write("2", "9")),
        },
    ),
    (
        APPLY,
        Event.NOT_PUT_BACK,
        Write("2", "2"),
        {
            SETTLED: ObjectState(written=WRITTEN, uncertain=WRITTEN),
            WRITING: ObjectState(written=WRITTEN, begun=LATER, uncertain=WRITTEN),
            UNCERTAIN: ObjectState(written=WRITTEN, uncertain=WRITTEN),
            AGAIN: ObjectState(written=WRITTEN, begun=LATER, uncertain=WRITTEN),
        },
    ),
    # What was unsettled counts as written, so it is rolled back with what was written before.
    (
        ROLLBACK,
        Event.WRITTEN,
        Write("3", "1"),
        {
            SETTLED: ObjectState(undone=Undone(WRITTEN, was_held=False)),
            WRITING: ObjectState(undone=Undone(Write("1", "3"), was_held=True)),
            UNCERTAIN: ObjectState(undone=Undone(Write("1", "3"), was_held=True)),
            AGAIN: ObjectState(undone=Undone(Write("1", "3"), was_held=True)),
        },
    ),
    # Nothing was rolled back before.
    (ROLLBACK, Event.PUT_BACK, Write("1", "2"), STATES),
    (ROLLBACK, Event.NOT_PUT_BACK, Write("1", "1"), STATES),
]


@pytest.mark.parametrize(
    ("action", "event", "write", "before", "after"),
    [
        (action, event, write, before, after)
        for action, event, write, cells in OBJECT_CELLS
        for before, after in cells.items()
    ],
)
def test_each_cell_of_the_table_of_objects(
    action: str, event: Event, write: Write, before: ObjectStatus, after: ObjectState
) -> None:
    assert object_after(STATES[before], action, event, write) == after


@pytest.mark.parametrize("status", ObjectStatus)
def test_what_was_rolled_back_is_written_again(status: ObjectStatus) -> None:
    """As a later step of the rollback failed. What is unsettled stays so."""
    of = STATES[status]
    before = ObjectState(begun=of.begun, uncertain=of.uncertain, undone=UNDONE)
    after = object_after(before, ROLLBACK, Event.PUT_BACK, Write("1", "2"))
    assert after == ObjectState(written=WRITTEN, begun=of.begun, uncertain=of.uncertain)
    # By force, over what somebody else had written: that is written again, and it is not of the change.
    before = ObjectState(begun=of.begun, uncertain=of.uncertain, undone=Undone(WRITTEN, was_held=False))
    after = object_after(before, ROLLBACK, Event.PUT_BACK, Write("1", "7"))
    assert after == ObjectState(written=WRITTEN, begun=of.begun, uncertain=of.uncertain)


@pytest.mark.parametrize("status", ObjectStatus)
def test_what_was_rolled_back_may_be_there_again(status: ObjectStatus) -> None:
    before = ObjectState(begun=STATES[status].begun, uncertain=STATES[status].uncertain, undone=UNDONE)
    after = object_after(before, ROLLBACK, Event.NOT_PUT_BACK, Write("1", "1"))
    assert after == ObjectState(begun=before.begun, uncertain=WRITTEN)


@pytest.mark.parametrize("status", ObjectStatus)
def test_a_rollback_that_finds_nothing_written_undoes_what_it_found(status: ObjectStatus) -> None:
    """As by force, of something that the record has nothing of."""
    of = STATES[status]
    before = ObjectState(begun=of.begun, uncertain=of.uncertain)
    after = object_after(before, ROLLBACK, Event.WRITTEN, Write("3", "2"))
    assert after == ObjectState(undone=Undone(before.left or Write("2", "3"), was_held=True))


@pytest.mark.parametrize("status", ObjectStatus)
def test_what_was_never_written_need_not_be_restored(status: ObjectStatus) -> None:
    of = STATES[status]
    before = ObjectState(begun=of.begun, uncertain=of.uncertain)
    assert object_after(before, APPLY, Event.NOT_PUT_BACK, Write("2", "2")) == before


def test_a_write_that_changes_nothing_shows_nothing_about_an_earlier_one() -> None:
    unsettled = Write("2", "2")
    after = object_after(ObjectState(begun=unsettled), APPLY, Event.WRITING, LATER)
    assert after == ObjectState(begun=LATER, uncertain=unsettled)


@pytest.mark.parametrize(("action", "event"), list(product((APPLY, ROLLBACK), Event)))
def test_every_other_event_shows_nothing_new_about_an_object(action: str, event: Event) -> None:
    cells = {(action, event, status) for action, event, _write, row in OBJECT_CELLS for status in row}
    in_table = {(action, event, status) for (action, event), row in OBJECT_TABLE.items() for status in row}
    assert in_table <= cells
    if (action, event) not in OBJECT_TABLE:
        for state in STATES.values():
            assert object_after(state, action, event, LATER) == state


@pytest.mark.parametrize(
    ("state", "left"),
    [
        (ObjectState(), None),
        (ObjectState(undone=UNDONE), None),
        (STATES[SETTLED], WRITTEN),
        (STATES[WRITING], Write("1", "3")),
        (STATES[UNCERTAIN], Write("1", "3")),
        (STATES[AGAIN], Write("1", "3")),
        (ObjectState(uncertain=LATER), LATER),
        (ObjectState(begun=LATER, uncertain=LAST), LATER),
    ],
)
def test_what_is_left_to_roll_back(state: ObjectState, left: Write | None) -> None:
    assert state.left == left


NOT_ADDED, ADDED, MAYBE = MemberStatus

# The status after it, for each status before it: not added, added, uncertain. None: it shows nothing new.
MEMBER_CELLS: dict[tuple[str, Event], tuple[MemberStatus | None, MemberStatus | None, MemberStatus | None]] = {
    (APPLY, Event.ADDING): (ADDED, MAYBE, MAYBE),
    (APPLY, Event.ADDED): (ADDED, ADDED, ADDED),
    (APPLY, Event.NOT_WRITTEN): (None, NOT_ADDED, None),
    (APPLY, Event.PUT_BACK): (NOT_ADDED, NOT_ADDED, NOT_ADDED),
    (APPLY, Event.REMOVED): (NOT_ADDED, NOT_ADDED, NOT_ADDED),
    (ROLLBACK, Event.ADDING): (ADDED, MAYBE, MAYBE),
    (ROLLBACK, Event.ADDED): (ADDED, ADDED, ADDED),
    (ROLLBACK, Event.REMOVED): (NOT_ADDED, NOT_ADDED, NOT_ADDED),
    (ROLLBACK, Event.PUT_BACK): (ADDED, ADDED, ADDED),
    (ROLLBACK, Event.NOT_PUT_BACK): (MAYBE, MAYBE, MAYBE),
}


@pytest.mark.parametrize(("action", "event"), list(product((APPLY, ROLLBACK), Event)))
def test_each_cell_of_the_table_of_members(action: str, event: Event) -> None:
    after = MEMBER_CELLS.get((action, event), (None, None, None))
    assert tuple(member_after(status, action, event) for status in MemberStatus) == after
    assert set(MEMBER_TABLE) == set(MEMBER_CELLS)
