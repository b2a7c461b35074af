# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The observer that records what the executor does: each write before it starts, and its result."""

from __future__ import annotations

from typing import Any

from ..enforcement.execute import Observer, Step, StepResult, StepStatus
from ..enforcement.steps import ChangeMember, WriteDescriptor, written
from .document import ChangeError
from .host_plan import as_held
from .record import Event, Member, Recorder

_ENDED = {StepStatus.DONE: Event.WRITTEN, StepStatus.NOT_DONE: Event.NOT_WRITTEN, StepStatus.UNCERTAIN: Event.UNCERTAIN}


class Recording(Observer):
    """Records the steps of a host.

    Args:
        record: appends events.
        host: the host, for messages.
    """

    def __init__(self, record: Recorder, host: str) -> None:
        self._record = record
        self._host = host
        self._begun = False

    def starting(self, step: Step) -> None:
        """Record that an object is about to be written, or a member to be added or removed."""
        if isinstance(step, ChangeMember):
            self._append(Event.ADDING if step.joins else Event.REMOVING, member=_member(step))
        elif isinstance(step, WriteDescriptor):
            self._append(Event.WRITING, **_object(step), before=_before(step), after=step.plan.after)
        self._begun = True

    def finished(self, result: StepResult) -> None:
        """Record the result of the write."""
        step, event = result.step, _ENDED[result.status]
        if result.below:
            event = Event.UNCERTAIN
        message = None if result.status is StepStatus.DONE else _message(result)
        if isinstance(step, ChangeMember):
            if event is Event.WRITTEN:
                event = Event.ADDED if step.joins else Event.REMOVED
            self._append(event, member=_member(step), message=message)
        elif isinstance(step, WriteDescriptor):
            after = step.plan.after if event is Event.NOT_WRITTEN else _held(result)
            self._append(event, **_object(step), before=_before(step), after=after, message=message)

    def undone(self, result: StepResult) -> None:
        """Record whether what the step had written was restored."""
        step = result.step
        whole = result.status is StepStatus.UNDONE and not result.below
        event = Event.PUT_BACK if whole else Event.NOT_PUT_BACK
        if isinstance(step, ChangeMember):
            self._append(event, member=_member(step), message=result.sentence)
        elif isinstance(step, WriteDescriptor):
            held = _held(result)
            self._append(event, **_object(step), before=step.plan.after, after=held, message=result.sentence)

    def done(self) -> None:
        """Record that everything that was planned for the host is in place now."""
        self._append(Event.DONE)

    def _append(self, event: Event, **about: Any) -> None:
        """Append an event. If that fails, the run stops, and nothing is restored: that could not be recorded either.

        Raises:
            ChangeError: the record cannot be written.
        """
        try:
            self._record(event, **about)
        except ChangeError as unrecorded:
            if not self._begun:
                raise ChangeError(f"{self._host}: {unrecorded}. Nothing was written") from None
            raise ChangeError(
                f"{self._host}: {unrecorded}. By then something was written, or may have been. Run again when the "
                "record can be written",
                changed=True,
                uncertain=True,
            ) from None


def _member(step: ChangeMember) -> Member:
    return Member(step.group, step.account)


def _object(step: WriteDescriptor) -> dict[str, str]:
    subject = step.target.subject
    return {"kind": "share" if subject.is_share else "directory", "name": subject.name}


def _before(step: WriteDescriptor) -> Any:
    return as_held(step.before.descriptor)


def _held(result: StepResult) -> Any:
    """What the object holds, as last read; None if it could not be read."""
    return None if result.held is None else as_held(written(result)[1].descriptor)


def _message(result: StepResult) -> str:
    answer = f"{str(result.answer).rstrip('. ')}. " if result.answer else ""
    return f"{answer}{result.sentence}"
