# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two tables: the state of an object, and of a member, after each event of a record.

A write that is uncertain, or during which a run was killed, may still arrive. If the server refuses a later write of
the same object, that shows nothing about the earlier one. So the object stays uncertain until a reading shows that it
was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from .record import Event

APPLY = "apply"
ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Write:
    """A write of an object, or several as one: what the object held before, and what it holds after. Both are SDDL."""

    before: str
    after: str


class ObjectStatus(Enum):
    """What the record shows about the writes of an object."""

    SETTLED = "settled"
    """The result of every write is recorded."""
    WRITING = "writing"
    """A write has begun, and no event has its result."""
    UNCERTAIN = "uncertain"
    """An earlier write may or may not have been done."""
    WRITING_AGAIN = "writing again"
    """An earlier write may or may not have been done, and another one has begun."""


_STATUS = {
    (False, False): ObjectStatus.SETTLED,
    (True, False): ObjectStatus.WRITING,
    (False, True): ObjectStatus.UNCERTAIN,
    (True, True): ObjectStatus.WRITING_AGAIN,
}


@dataclass(frozen=True, slots=True)
class Undone:
    """What a rollback has undone. `was_held` is false if force replaced what somebody else had written over it."""

    write: Write
    was_held: bool


@dataclass(frozen=True, slots=True)
class ObjectState:
    """The state of one object.

    Attributes:
        written: what is written and not rolled back; None if that is nothing.
        begun: the write that has begun, if no event has its result.
        uncertain: the last earlier write that may or may not have been done.
        undone: what was rolled back last.
    """

    written: Write | None = None
    begun: Write | None = None
    uncertain: Write | None = None
    undone: Undone | None = None

    @property
    def status(self) -> ObjectStatus:
        """What the record shows about its writes."""
        return _STATUS[self.begun is not None, self.uncertain is not None]

    @property
    def unsettled(self) -> Write | None:
        """The last write that may or may not have been done."""
        return self.begun or self.uncertain

    @property
    def left(self) -> Write | None:
        """What is to be rolled back; None if that is nothing. What may have been written counts as written."""
        last = self.unsettled
        return self.written if last is None else Write((self.written or last).before, last.after)

    def with_written(self, write: Write) -> Write | None:
        """What is written once this write is done too. If somebody else wrote in between, only this one counts."""
        first = self.written if self.written and self.written.after == write.before else write
        return _effective(Write(first.before, write.after))


def _effective(write: Write) -> Write | None:
    return write if write.before != write.after else None


# -- what an event does to the state of an object


def begun(state: ObjectState, write: Write) -> ObjectState:
    """A write begins. If it starts from what an unsettled one was to leave, that one is done; else it is uncertain."""
    earlier = state.unsettled
    if earlier is not None and earlier.before != earlier.after == write.before:
        return replace(state, written=state.with_written(earlier), begun=write, uncertain=None)
    return replace(state, begun=write, uncertain=earlier)


def not_done(state: ObjectState, _write: Write) -> ObjectState:
    """The write that has begun is not done, or was undone before an event showed that it was done."""
    return replace(state, begun=None)


def done(state: ObjectState, write: Write) -> ObjectState:
    """The write is done, as a reading shows. That settles every earlier one."""
    return replace(state, written=state.with_written(write), begun=None, uncertain=None)


def restored(state: ObjectState, write: Write) -> ObjectState:
    """What the run has written is restored, as a reading shows."""
    first = (state.written or write).before
    return replace(state, written=_effective(Write(first, write.after)), uncertain=None)


def not_restored(state: ObjectState, _write: Write) -> ObjectState:
    """What is written may be there, or may be restored later."""
    return state if state.written is None else replace(state, uncertain=state.written)


def rolled_back(state: ObjectState, write: Write) -> ObjectState:
    """Everything that the change has written is undone."""
    left = state.left or Write(write.after, write.before)
    return ObjectState(undone=Undone(left, was_held=left.after == write.before))


def applied_again(state: ObjectState, write: Write) -> ObjectState:
    """What was rolled back is written again, as a later step of the rollback failed."""
    if state.undone is None:
        return state
    earlier = state.undone.write
    return replace(state, written=Write(earlier.before, write.after) if state.undone.was_held else earlier, undone=None)


def maybe_applied_again(state: ObjectState, _write: Write) -> ObjectState:
    """What was rolled back may be there again, or may still arrive."""
    return state if state.undone is None else replace(state, uncertain=state.undone.write, undone=None)


ObjectChange = Callable[[ObjectState, Write], ObjectState]


def _whatever_its_status(change: ObjectChange) -> Mapping[ObjectStatus, ObjectChange]:
    return dict.fromkeys(ObjectStatus, change)


OBJECT_TABLE: Mapping[tuple[str, Event], Mapping[ObjectStatus, ObjectChange]] = {
    (APPLY, Event.WRITING): _whatever_its_status(begun),
    (APPLY, Event.WRITTEN): _whatever_its_status(done),
    (APPLY, Event.NOT_WRITTEN): {ObjectStatus.WRITING: not_done, ObjectStatus.WRITING_AGAIN: not_done},
    (APPLY, Event.PUT_BACK): {
        ObjectStatus.SETTLED: restored,
        ObjectStatus.WRITING: not_done,
        ObjectStatus.UNCERTAIN: restored,
        ObjectStatus.WRITING_AGAIN: not_done,
    },
    (APPLY, Event.NOT_PUT_BACK): _whatever_its_status(not_restored),
    (ROLLBACK, Event.WRITTEN): _whatever_its_status(rolled_back),
    (ROLLBACK, Event.PUT_BACK): _whatever_its_status(applied_again),
    (ROLLBACK, Event.NOT_PUT_BACK): _whatever_its_status(maybe_applied_again),
}
"""What an event does to the state of an object, by action and event, then by the object's status before it.

What is not here changes nothing. So until an event shows that a rollback has written, everything that the change has
written counts, and a rollback that was killed can be run again.
"""


class MemberStatus(Enum):
    """What the record shows about an account in a group."""

    NOT_ADDED = "not added"
    """The change has not added it, or has removed it again."""
    ADDED = "added"
    """The change has added it, or has begun to."""
    UNCERTAIN = "uncertain"
    """It counts as added, and an earlier attempt to add it may still arrive."""


def _to(status: MemberStatus) -> Mapping[MemberStatus, MemberStatus]:
    return dict.fromkeys(MemberStatus, status)


_ADDING = {
    MemberStatus.NOT_ADDED: MemberStatus.ADDED,
    MemberStatus.ADDED: MemberStatus.UNCERTAIN,
    MemberStatus.UNCERTAIN: MemberStatus.UNCERTAIN,
}

MEMBER_TABLE: Mapping[tuple[str, Event], Mapping[MemberStatus, MemberStatus]] = {
    (APPLY, Event.ADDING): _ADDING,
    (APPLY, Event.ADDED): _to(MemberStatus.ADDED),
    (APPLY, Event.REMOVED): _to(MemberStatus.NOT_ADDED),
    (APPLY, Event.NOT_WRITTEN): {MemberStatus.ADDED: MemberStatus.NOT_ADDED},
    (APPLY, Event.PUT_BACK): _to(MemberStatus.NOT_ADDED),
    (ROLLBACK, Event.ADDING): _ADDING,
    (ROLLBACK, Event.ADDED): _to(MemberStatus.ADDED),
    (ROLLBACK, Event.REMOVED): _to(MemberStatus.NOT_ADDED),
    (ROLLBACK, Event.PUT_BACK): _to(MemberStatus.ADDED),
    (ROLLBACK, Event.NOT_PUT_BACK): _to(MemberStatus.UNCERTAIN),
}
"""The status of a member after an event, by action and event, then by its status before it.

What is not here changes nothing. A refused attempt to add an account shows nothing about an earlier attempt.
"""


def object_after(state: ObjectState, action: str, event: Event, write: Write) -> ObjectState:
    """The state of an object after an event.

    Args:
        state: the state before it.
        action: `apply` or `rollback`.
        event: the event.
        write: what the event has as before and after.
    """
    change = OBJECT_TABLE.get((action, event), {}).get(state.status)
    return state if change is None else change(state, write)


def member_after(status: MemberStatus, action: str, event: Event) -> MemberStatus | None:
    """The status of a member after an event; None if the event shows nothing new.

    Args:
        status: the status before it.
        action: `apply` or `rollback`.
        event: the event.
    """
    return MEMBER_TABLE.get((action, event), {}).get(status)
