# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one executor: everything that writes to a site server is a list of steps that this runs.

After each write the object is read again; if the server did not acknowledge the write, over a new connection. What
that reading does not settle is uncertain. A write without an acknowledgement may still be on its way: a server that
holds the old value shows that nothing was done only if it positively refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Protocol

from ..site_server import (
    AuthenticationFailed,
    Interrupted,
    NotSent,
    Propagated,
    Rejected,
    ServerFault,
    SiteServer,
    SiteServerError,
)
from .errors import EnforcementError, WriteFailed


class StepStatus(Enum):
    """How a step ended."""

    UNCHANGED = "unchanged"
    """The object held the desired state already. Nothing was written."""
    DONE = "done"
    """The object holds the desired state, as read back."""
    NOT_DONE = "not_done"
    """Nothing was written: the server refused, or the write was never sent."""
    UNDONE = "undone"
    """It was written, and holds again what it held before, as read back."""
    UNCERTAIN = "uncertain"
    """It may or may not have been written, or it holds something else than was written."""


_NOTHING_DONE = (Rejected, NotSent, Interrupted)
"""What shows that a write was not done: the server refused it, or the adapter did not send it."""


class Step(Protocol):
    """One write to one object. Only the step itself interprets what the object holds."""

    @property
    def label(self) -> str:
        r"""The object, for messages: `share SMS_SITE`, `CORP\smssend in group BUILTIN\Users`."""

    @property
    def undoable(self) -> bool:
        """Whether it is undone if it, or a later step, fails."""

    @property
    def needed(self) -> bool:
        """Whether there is something to write."""

    def check(self) -> Step:
        """The step to run, given what the object holds right now.

        Raises:
            SiteServerError: the object cannot be read.
            EnforcementError: the object has changed, and is not to be written.
        """

    @property
    def before(self) -> Any:
        """What the object holds before the write."""

    def do(self) -> Propagated | None:
        """Write it once.

        Raises:
            SiteServerError: the server did not acknowledge the write.
        """

    def undo(self) -> Propagated | None:
        """Write once what the object held before.

        Raises:
            SiteServerError: the server did not acknowledge the write.
        """

    def read(self) -> Any:
        """Read what the object holds.

        Raises:
            SiteServerError: the object cannot be read.
        """

    def is_done(self, held: Any) -> bool:
        """Whether the object holds the desired state."""

    def is_undone(self, held: Any) -> bool:
        """Whether the object holds what it held before."""

    def remarks(self, held: Any, propagated: Propagated | None) -> tuple[str, ...]:
        """What the operator should know of a write that is done."""

    def state(self, status: StepStatus) -> str:
        """A clause with the state of the object."""

    def differs(self, held: Any) -> str:
        """A clause that shows what the object holds, what was written, and what it held before."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step ended.

    Attributes:
        step: the step, as it was run.
        status: how it ended.
        held: what the object holds, as last read; None if it could not be read.
        answer: how the server answered the write; None if it acknowledged it, or if none was sent.
        note: a clause with what the status alone does not show.
        warnings: what the operator should know.
        propagated: what became of a directory's children, where the server did not see to them itself.
        below: how many children may hold the new permissions although the object itself does not.
    """

    step: Step
    status: StepStatus
    held: Any = None
    answer: SiteServerError | EnforcementError | None = None
    note: str = ""
    warnings: tuple[str, ...] = ()
    propagated: Propagated | None = None
    below: int = 0

    @property
    def changed(self) -> bool:
        """Whether the server holds something else than before because of this step, or may hold it."""
        return self.below > 0 or self.status in (StepStatus.DONE, StepStatus.UNCERTAIN)

    @property
    def sentence(self) -> str:
        """The state that the object is in."""
        return f"{self.step.state(self.status)}{f' ({self.note})' if self.note else ''}"


class Observer:
    """Is called before and after each write. This one does nothing.

    An exception of an observer ends the execution at once, and nothing is undone: what cannot be recorded must not
    be done.
    """

    def starting(self, step: Step) -> None:
        """The step is about to write."""

    def finished(self, result: StepResult) -> None:
        """The step has written, or tried to."""

    def undone(self, result: StepResult) -> None:
        """Undoing the step was tried, since it or a later one failed."""


def execute(server: SiteServer, steps: Sequence[Step], observer: Observer | None = None) -> tuple[StepResult, ...]:
    """Run the steps in order. If one fails, undo those before it, the last one first.

    Args:
        server: the site server.
        steps: the steps.
        observer: is called before and after each write.

    Raises:
        SiteServerError: the first write was refused, or never sent. Nothing was done.
        EnforcementError: the same, because the object has changed.
        WriteFailed: something was done or may have been done. The error has the result of every step that was run.
    """
    watch = observer or Observer()
    results: list[StepResult] = []
    for step in steps:
        result = _run(server, step, watch)
        results.append(result)
        if result.status in (StepStatus.NOT_DONE, StepStatus.UNCERTAIN):
            undone = [_undo(server, each, watch) for each in reversed(results)]
            raise _failure(server.host, result, undone[::-1], steps[len(results) :])
    return tuple(results)


def _run(server: SiteServer, step: Step, observer: Observer) -> StepResult:
    try:
        with _foreseen(server.host, f"read {step.label}"):
            step = step.check()
    except (SiteServerError, EnforcementError) as error:
        return StepResult(step, StepStatus.NOT_DONE, answer=error)
    if not step.needed:
        return StepResult(step, StepStatus.UNCHANGED, step.before)
    observer.starting(step)
    result = _judged(server.host, step, _attempt(server, step, step.do))
    observer.finished(result)
    return result


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One write.

    Attributes:
        held: what the object holds after it; None if it could not be read.
        answer: how the server answered the write; None if it acknowledged it.
        unread: why the object could not be read.
        propagated: what became of its children.
    """

    held: Any = None
    answer: SiteServerError | None = None
    unread: SiteServerError | None = None
    propagated: Propagated | None = None


def _attempt(server: SiteServer, step: Step, write: Callable[[], Propagated | None]) -> _Attempt:
    """Write once, and read what the object holds then."""
    answer, propagated = None, None
    try:
        with _foreseen(server.host, f"write {step.label}"):
            propagated = write()
    except SiteServerError as error:
        answer = error
        server.reconnect()
    try:
        return _Attempt(_read(server, step), answer, None, propagated)
    except SiteServerError as error:
        return _Attempt(None, answer, error, propagated)


def _read(server: SiteServer, step: Step) -> Any:
    """What the object holds; after a failure, once more over a new connection. No password is tried twice."""
    reading = f"read {step.label}"
    try:
        with _foreseen(server.host, reading):
            return step.read()
    except AuthenticationFailed:
        raise
    except SiteServerError:
        server.reconnect()
        with _foreseen(server.host, reading):
            return step.read()


@contextmanager
def _foreseen(host: str, operation: str) -> Iterator[None]:
    """Turn an error that no adapter foresees into a `ServerFault`: it must not hide what was written by then.

    Raises:
        SiteServerError: it, or what was raised.
        EnforcementError: what was raised.
    """
    try:
        yield
    except (SiteServerError, EnforcementError):
        raise
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        raise ServerFault(host, operation, message, "This is an error of the collection; please report it.") from error


def _judged(host: str, step: Step, attempt: _Attempt) -> StepResult:
    """The result of a write, from what the object holds after it."""
    held, answer = attempt.held, attempt.answer
    but = "the server acknowledged the write, but " if answer is None else ""
    if attempt.unread is not None:
        note = f"{but}it could not be read afterwards: {_reason(attempt.unread)}"
        return StepResult(step, StepStatus.UNCERTAIN, None, answer, note, propagated=attempt.propagated)
    # If the object held the desired state before, reading it shows nothing about a write that was not acknowledged.
    if step.is_done(held) and (answer is None or not step.is_undone(held)):
        warnings = _remarks(host, step, attempt)
        if answer is not None:
            warnings = (
                f"{host}: {step.label}: the write is done, as a reading shows, but the server answered it with "
                f"an error: {_reason(answer)}",
                *warnings,
            )
        return StepResult(step, StepStatus.DONE, held, answer, "", warnings, attempt.propagated)
    if step.is_undone(held):
        if isinstance(answer, _NOTHING_DONE):
            below = answer.updated if isinstance(answer, Interrupted) else 0
            return StepResult(step, StepStatus.NOT_DONE, held, answer, propagated=attempt.propagated, below=below)
        late = "" if answer is None else ", but the write may still be on its way"
        note = f"{but}it holds what it held before{late}"
    else:
        note = f"{but}{step.differs(held)}"
    return StepResult(step, StepStatus.UNCERTAIN, held, answer, note, propagated=attempt.propagated)


def _remarks(host: str, step: Step, attempt: _Attempt) -> tuple[str, ...]:
    """What the operator should know of a write that is done. An error in finding it out must not hide the write."""
    try:
        with _foreseen(host, f"check the effects on {step.label}"):
            return step.remarks(attempt.held, attempt.propagated)
    except SiteServerError as error:
        return (f"{host}: {step.label}: the write is done, but its effects could not be checked: {_reason(error)}",)


def _undo(server: SiteServer, result: StepResult, observer: Observer) -> StepResult:
    """Restore what a step has written, if the object still holds it."""
    step = result.step
    if not step.undoable or result.status not in (StepStatus.DONE, StepStatus.UNCERTAIN):
        return result
    try:
        held = _read(server, step)
    except SiteServerError as error:
        if result.status is StepStatus.UNCERTAIN:
            return result
        return _report(observer, replace(result, note=f"it could NOT be restored: {_reason(error)}"))
    if step.is_undone(held):
        # Nothing to restore. A write that is uncertain may still arrive.
        return (
            result
            if result.status is StepStatus.UNCERTAIN
            else _report(observer, replace(result, status=StepStatus.UNDONE))
        )
    altered = result.status is StepStatus.UNCERTAIN and result.answer is None and held == result.held
    if not step.is_done(held) and not altered:
        note = f"somebody else has changed it since, and it was left as it is: {step.differs(held)}"
        return _report(observer, replace(result, status=StepStatus.UNCERTAIN, held=held, note=note))
    attempt = _attempt(server, step, step.undo)
    now = replace(result, held=attempt.held, propagated=attempt.propagated or result.propagated)
    if attempt.held is not None and step.is_undone(attempt.held):
        below = attempt.propagated
        note, left = ("", 0) if below is None else (below.left, below.refused)
        return _report(observer, replace(now, status=StepStatus.UNDONE, note=note, below=left))
    remains = attempt.held is not None and step.is_done(attempt.held)
    status = StepStatus.DONE if remains and isinstance(attempt.answer, _NOTHING_DONE) else StepStatus.UNCERTAIN
    why = _reason(attempt.answer or attempt.unread)
    if not why:
        what = "it still holds what was written" if remains else step.differs(attempt.held)
        why = f"the server acknowledged that, but {what}"
    return _report(observer, replace(now, status=status, note=f"it could NOT be restored: {why}"))


def _report(observer: Observer, result: StepResult) -> StepResult:
    """Report to the observer that undoing was tried."""
    observer.undone(result)
    return result


def _failure(
    host: str, failed: StepResult, results: Sequence[StepResult], rest: Sequence[Step]
) -> SiteServerError | EnforcementError:
    """The error of an execution that failed: the cause, and the state of every object.

    Args:
        host: the host.
        failed: how the step ended that failed.
        results: how each step ended that was run, after what could be undone was undone.
        rest: the steps that were not run.
    """
    touched = any(each.changed or each.status is StepStatus.UNDONE for each in results)
    if failed.answer is not None and not touched:
        return failed.answer
    cause = f"{host}: {failed.step.label}: {failed.note}" if failed.answer is None else str(failed.answer)
    shown = failed.note if failed.answer is None else None
    states = [each.step.state(each.status) if each.note == shown else each.sentence for each in results]
    states += [step.state(StepStatus.NOT_DONE) for step in rest]
    uncertain = any(each.status is StepStatus.UNCERTAIN for each in results)
    again = " Run again: it reads what they hold then." if uncertain else ""
    return WriteFailed(
        f"{cause if cause.endswith('?') else cause.rstrip('. ') + '.'} State now: {'; '.join(states)}.{again}",
        changed=any(each.changed for each in results),
        uncertain=uncertain,
        results=tuple(results),
    )


def _reason(error: SiteServerError | None) -> str:
    return "" if error is None else f"could not {error.operation}: {error.reason.rstrip('. ')}"
