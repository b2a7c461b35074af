# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out what was planned, and taking it back: only where a host holds what it held, and all of it or nothing.

What counts as still held: the DACL (present or not, every entry in order, inherited ones included), its control bits as
SDDL has them (protected, auto-inherited, requested), and owner and group as read. For what is in place already, the
entries that an object inherits do not count: the server works them out itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ..enforcement import EnforcementError, Refused, WriteFailed, membership_task
from ..enforcement.apply import Securable, apply_plan, path_object, restore, share_object
from ..enforcement.plan import Plan
from ..security import Ace, AnyAce, SecurityDescriptor, Sid, format_sddl
from ..site_server import Account, NoAnswer, NotFound, Reading, SiteServer, SiteServerError, Unsupported, local_path
from .document import ChangeError
from .host_plan import GroupPlan, HostPlan, ObjectPlan, as_held
from .record import Event, HostChanges, Member, Recorder


@dataclass(frozen=True, slots=True)
class ObjectResult:
    """What came of one object.

    Attributes:
        kind: `share` or `directory`.
        name: the share's name, or the directory's path.
        changed: whether it was, or would be, written.
        before: what it held.
        after: what it holds, or would hold.
    """

    kind: str
    name: str
    changed: bool
    before: SecurityDescriptor
    after: SecurityDescriptor


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one host.

    Attributes:
        objects: its objects.
        added: accounts that became, or would become, members of the local group.
        removed: accounts that are, or would be, members no more.
        warnings: what the operator should know.
    """

    objects: tuple[ObjectResult, ...]
    added: tuple[Account, ...] = ()
    removed: tuple[Account, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether something was, or would be, written."""
        return bool(self.added or self.removed) or any(each.changed for each in self.objects)


@dataclass(frozen=True, slots=True)
class _Step:
    """One object, what it has to hold, and what it shall hold."""

    kind: str
    name: str
    target: Securable
    before: SecurityDescriptor
    after: SecurityDescriptor


@dataclass(frozen=True, slots=True)
class _MemberStep:
    """A member of a local group, and whether it shall be one."""

    member: Member
    joins: bool


def apply_host_plan(server: SiteServer, plan: HostPlan, record: Recorder, *, predict: bool = False) -> Result:
    """Write what was planned for a host: members of the group, the directory, the share.

    Args:
        server: the host.
        plan: what was planned.
        record: told of everything that is written, before and after.
        predict: compare, do not write.

    Raises:
        Refused: the host has changed since; nothing was written.
        SiteServerError: the server cannot be reached or refuses; what was written before that was put back.
        EnforcementError: the same, or something could not be put back; the message says what is how now.
        ChangeError: the record cannot be written; nothing is written without it.
    """
    try:
        share = server.share(plan.share.name)
        if _path(share.path) != _path(plan.share_path):
            raise Refused(
                f"{server.host}: share {share.name} points to {share.path or 'no directory'} now, and pointed to "
                f"{plan.share_path} when the change was planned; nothing was written. Make a new plan"
            )
        steps = [
            _step(path_object(server, plan.directory.name), plan.directory),
            _step(share_object(server, share), plan.share),
        ]
        return _carry_out(server, steps, _joining(server, plan.group), record, "Make a new plan", predict=predict)
    except (SiteServerError, EnforcementError) as error:
        _tell(record, error)
        raise


def roll_back(
    server: SiteServer, changes: HostChanges, record: Recorder, *, predict: bool = False, force: bool = False
) -> Result:
    """Give a host what it held before the change: the group, then the share, then the directory.

    From the group go the members that the change has added. They come first: not every connection can remove them, and
    where that fails, there is nothing to put back.

    Args:
        server: the host.
        changes: what the change has done there.
        record: told of everything that is written, before and after.
        predict: compare, do not write.
        force: restore also what has changed since.

    Raises:
        Refused: the host has changed since; nothing was written.
        SiteServerError: as in `apply_host_plan`.
        EnforcementError: the same.
        ChangeError: the record cannot be written.
    """
    try:
        leaving = [_MemberStep(member, joins=False) for member in changes.members]
        steps = []
        for each in changes.objects:
            if each.kind == "share":
                target = share_object(server, server.share(each.name))
            else:
                target = path_object(server, each.name)
            steps.append(_Step(each.kind, each.name, target, each.after, each.before))
        advice = "Find out who has changed it. To restore it all the same, and lose that, set force for this host"
        return _carry_out(server, steps, leaving, record, advice, predict=predict, force=force)
    except (SiteServerError, EnforcementError) as error:
        _tell(record, error)
        raise


def _carry_out(
    server: SiteServer,
    steps: Sequence[_Step],
    members: Sequence[_MemberStep],
    record: Recorder,
    advice: str,
    *,
    predict: bool,
    force: bool = False,
) -> Result:
    readings = [step.target.read() for step in steps]
    changing = [step for step in members if _is_member(server, step.member) != step.joins]
    pending = [_is_pending(step, reading, force=force) for step, reading in zip(steps, readings, strict=True)]
    drifted = [
        _drift(step, reading) for step, reading, state in zip(steps, readings, pending, strict=True) if state is None
    ]
    if drifted:
        raise Refused(f"{server.host}: it has changed since, and nothing was written: {'; '.join(drifted)}. {advice}")
    for step, reading, state in zip(steps, readings, pending, strict=True):
        if state and reading.unwritable:
            raise step.target.subject.refuse(
                f"nothing was written, because entries would get lost on the way: {'; '.join(reading.unwritable)}"
            )
    if changing and not server.changes_members:
        raise _cannot(server.host, changing)
    if not changing and not any(pending):
        if steps or members:
            record(Event.IN_PLACE)
        return Result(tuple(_unwritten(step, reading) for step, reading in zip(steps, readings, strict=True)))

    results: list[ObjectResult] = []
    warnings: list[str] = []
    undo: list[Callable[[], str]] = []
    try:
        for each in changing:
            if not predict:
                _change_member(server, each, undo, record)
        for step, reading, state in zip(steps, readings, pending, strict=True):
            if not state:
                results.append(_unwritten(step, reading))
                continue
            now = step.after if predict else _write(step, reading, undo, record, warnings)
            results.append(ObjectResult(step.kind, step.name, True, as_held(reading.descriptor), now))
        record(Event.DONE)
    except ChangeError as unrecorded:
        # What cannot be recorded is not put back either. What was written is in the record as about to be.
        if not undo:
            raise
        raise ChangeError(
            f"{server.host}: {unrecorded}. By then something was written. Run again once the record can be written"
        ) from None
    except (SiteServerError, EnforcementError) as failure:
        if not undo:
            raise
        said = [str(failure), *(put_back() for put_back in reversed(undo))]
        raise WriteFailed(" ".join(part if part.endswith(".") else f"{part}." for part in said)) from None
    added, removed = (tuple(step.member.account for step in changing if step.joins is joins) for joins in (True, False))
    return Result(tuple(results), added, removed, tuple(warnings))


def _is_pending(step: _Step, reading: Reading, *, force: bool) -> bool | None:
    """Whether an object is to be written; None if it holds neither what it held nor what it shall hold."""
    held = as_held(reading.descriptor)
    if held == step.before:
        return step.before != step.after
    if step.before != step.after and (held == step.after or _reached(step.after, held)):
        return False
    return True if force else None


def _drift(step: _Step, reading: Reading) -> str:
    return (
        f"{step.target.subject.label} holds {format_sddl(reading.descriptor)} now, and it should hold "
        f"{format_sddl(step.before)} still"
    )


def _write(
    step: _Step, reading: Reading, undo: list[Callable[[], str]], record: Recorder, warnings: list[str]
) -> SecurityDescriptor:
    """Write an object. What may have been written is to be undone if this or something after it fails."""
    held = as_held(reading.descriptor)
    put_back = partial(_put_back, step, reading, record)
    record(Event.WRITING, kind=step.kind, name=step.name, before=held, after=step.after)
    plan = Plan(step.target.subject, reading, step.after, reading.names)
    try:
        applied = apply_plan(step.target, plan)
    except (SiteServerError, EnforcementError) as failure:
        uncertain = isinstance(failure, WriteFailed)
        event = Event.FAILED if uncertain else Event.NOT_WRITTEN
        record(event, kind=step.kind, name=step.name, before=held, after=step.after, message=str(failure))
        if uncertain:
            undo.append(put_back)
        raise
    undo.append(put_back)
    now = as_held(applied.now.descriptor)
    warnings.extend(applied.warnings)
    record(Event.WRITTEN, kind=step.kind, name=step.name, before=held, after=now)
    return now


def _put_back(step: _Step, before: Reading, record: Recorder) -> str:
    said = restore(step.target, before)
    old = as_held(before.descriptor)
    try:
        held = as_held(step.target.read().descriptor)
    except SiteServerError:
        held = None
    event = Event.PUT_BACK if held is not None and _reached(old, held) else Event.NOT_PUT_BACK
    record(event, kind=step.kind, name=step.name, before=step.after, after=held, message=said)
    return said


def _joining(server: SiteServer, plan: GroupPlan | None) -> list[_MemberStep]:
    """The accounts to add to the group; refused if others have joined or left it."""
    if plan is None:
        return []
    held = frozenset(member.sid for member in server.group_members(plan.account.sid))
    if not plan.members <= held <= plan.members | _sids(plan.add):
        raise Refused(
            f"{server.host}: it has changed since, and nothing was written: group {plan.account.name} has other "
            "members than when the change was planned. Make a new plan"
        )
    return [_MemberStep(Member(plan.account, account), joins=True) for account in plan.add]


def _is_member(server: SiteServer, member: Member) -> bool:
    try:
        return member.account.sid in (each.sid for each in server.group_members(member.group.sid))
    except NotFound:
        # A group that is gone has no members.
        return False


def _cannot(host: str, steps: Sequence[_MemberStep]) -> Unsupported:
    """What to do first where the connection cannot change members; the steps are all of one kind."""
    groups: dict[Account, list[Account]] = {}
    for step in steps:
        groups.setdefault(step.member.group, []).append(step.member.account)
    state = "present" if steps[0].joins else "absent"
    tasks = "; ".join(membership_task(group, accounts, state) for group, accounts in groups.items())
    return Unsupported(
        host,
        f"change members of {', '.join(group.name for group in groups)}",
        "this connection has no way to do it, and nothing was written",
        f"Run this task on the host first: {tasks}. Or reach it by ansible_connection: sitekeeper.sms.smb.",
    )


def _change_member(server: SiteServer, step: _MemberStep, undo: list[Callable[[], str]], record: Recorder) -> None:
    """Make an account a member or no member, and look whether it is; to be undone if something after it fails."""
    member = step.member
    put_back = partial(_put_member_back, server, step, record)
    record(Event.ADDING if step.joins else Event.REMOVING, member=member)
    failure: SiteServerError | EnforcementError
    try:
        failure = _ask_for(server, member, joins=step.joins)
        done = _is_member(server, member) == step.joins
    except NoAnswer as error:
        undo.append(put_back)
        raise WriteFailed(f"{server.host}: whether {_would_be(step)} is not known: {error}") from None
    except SiteServerError as error:
        record(Event.NOT_WRITTEN, member=member, message=str(error))
        raise
    if not done:
        record(Event.NOT_WRITTEN, member=member, message=str(failure))
        raise failure
    undo.append(put_back)
    record(Event.ADDED if step.joins else Event.REMOVED, member=member)


def _ask_for(server: SiteServer, member: Member, *, joins: bool) -> SiteServerError | EnforcementError:
    """Ask the server once; returns what is wrong if it turns out not to be done.

    A request without an answer may have been carried out or not.
    """
    change = server.add_group_member if joins else server.remove_group_member
    try:
        change(member.group.sid, member.account.sid)
    except NoAnswer as lost:
        return lost
    what = "took" if joins else "removed"
    return WriteFailed(f"{server.host}: the server said that it {what} {member.name}, and holds other members")


def _put_member_back(server: SiteServer, step: _MemberStep, record: Recorder) -> str:
    member = step.member
    back = _MemberStep(member, joins=not step.joins)
    failure: SiteServerError | EnforcementError
    try:
        failure = _ask_for(server, member, joins=back.joins)
        done = _is_member(server, member) == back.joins
    except SiteServerError as error:
        failure, done = error, False
    said = f"{_would_be(back)} again" if done else f"{_would_be(step)}, and could NOT be put back ({failure})"
    record(Event.PUT_BACK if done else Event.NOT_PUT_BACK, member=member, message=said)
    return said


def _would_be(step: _MemberStep) -> str:
    state = "a member" if step.joins else "no member"
    return f"{step.member.account.name} is {state} of group {step.member.group.name}"


def _unwritten(step: _Step, reading: Reading) -> ObjectResult:
    held = as_held(reading.descriptor)
    return ObjectResult(step.kind, step.name, False, held, held)


def _step(target: Securable, planned: ObjectPlan) -> _Step:
    return _Step(planned.kind, planned.name, target, planned.before, planned.after)


def _reached(wanted: SecurityDescriptor, held: SecurityDescriptor) -> bool:
    if (wanted.dacl is None, wanted.has_dacl, wanted.dacl_protected) != (
        held.dacl is None,
        held.has_dacl,
        held.dacl_protected,
    ):
        return False
    return _explicit(wanted) == _explicit(held)


def _explicit(descriptor: SecurityDescriptor) -> list[AnyAce]:
    entries = descriptor.dacl.explicit if descriptor.dacl else ()
    return [replace(ace, mask=ace.rights) if isinstance(ace, Ace) else ace for ace in entries]


def _sids(accounts: Sequence[Account]) -> frozenset[Sid]:
    return frozenset(account.sid for account in accounts)


def _path(path: str) -> str:
    try:
        return local_path(path).casefold()
    except ValueError:
        return path


def _tell(record: Recorder, error: SiteServerError | EnforcementError) -> None:
    if isinstance(error, ChangeError):
        return
    try:
        record(Event.REFUSED if isinstance(error, Refused) else Event.STOPPED, message=str(error))
    except ChangeError as unrecorded:
        raise ChangeError(f"{str(error).rstrip('. ')}. And this is not in the record: {unrecorded}") from None
