# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out what was planned: only where the server holds what it held then, all of a host or nothing.

What counts as still held: the DACL (present or not, every entry in order, inherited ones included), its control bits as
SDDL has them (protected, auto-inherited, requested), and owner and group as read. For what is in place already, the
entries that an object inherits do not count: the server works them out itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..enforcement import EnforcementError, Refused, WriteFailed
from ..enforcement.apply import Securable, apply_plan, path_object, restore, share_object
from ..enforcement.plan import Plan
from ..security import Ace, AnyAce, SecurityDescriptor, Sid, format_sddl
from ..site_server import Account, Reading, SiteServer, SiteServerError, local_path
from .host_plan import GroupPlan, HostPlan, ObjectPlan, as_held
from .record import Event, HostChanges, Recorder


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
        warnings: what the operator should know.
    """

    objects: tuple[ObjectResult, ...]
    added: tuple[Account, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether something was, or would be, written."""
        return bool(self.added) or any(each.changed for each in self.objects)


@dataclass(frozen=True, slots=True)
class _Step:
    """One object, what it has to hold, and what it shall hold."""

    kind: str
    name: str
    target: Securable
    before: SecurityDescriptor
    after: SecurityDescriptor


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
        return _carry_out(server, steps, plan.group, record, "Make a new plan", predict=predict)
    except (SiteServerError, EnforcementError) as error:
        _tell(record, error)
        raise


def roll_back(
    server: SiteServer, changes: HostChanges, record: Recorder, *, predict: bool = False, force: bool = False
) -> Result:
    """Give a host's objects what they held before the change: the share, then the directory.

    Members of a local group stay members, since not every connection can remove them; a warning names them.

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
        steps = []
        for each in changes.objects:
            if each.kind == "share":
                target = share_object(server, server.share(each.name))
            else:
                target = path_object(server, each.name)
            steps.append(_Step(each.kind, each.name, target, each.after, each.before))
        advice = "Find out who has changed it. To restore it all the same, and lose that, set force for this host"
        result = _carry_out(server, steps, None, record, advice, predict=predict, force=force)
    except (SiteServerError, EnforcementError) as error:
        _tell(record, error)
        raise
    if not changes.members:
        return result
    said = (
        f"{server.host}: the change has made members of a local group, and nothing has removed them since: "
        f"{'; '.join(changes.members)}. Remove them on the server if they should not be"
    )
    return replace(result, warnings=(*result.warnings, said))


def _carry_out(
    server: SiteServer,
    steps: Sequence[_Step],
    group: GroupPlan | None,
    record: Recorder,
    advice: str,
    *,
    predict: bool,
    force: bool = False,
) -> Result:
    readings = [step.target.read() for step in steps]
    members = frozenset(member.sid for member in server.group_members(group.account.sid)) if group else frozenset()
    pending = [_is_pending(step, reading, force=force) for step, reading in zip(steps, readings, strict=True)]
    drifted = [
        _drift(step, reading) for step, reading, state in zip(steps, readings, pending, strict=True) if state is None
    ]
    if group is not None and not group.members <= members <= group.members | _sids(group.add):
        drifted.append(f"group {group.account.name} has other members than when the change was planned")
    if drifted:
        raise Refused(f"{server.host}: it has changed since, and nothing was written: {'; '.join(drifted)}. {advice}")
    for step, reading, state in zip(steps, readings, pending, strict=True):
        if state and reading.unwritable:
            raise step.target.subject.refuse(
                f"nothing was written, because entries would get lost on the way: {'; '.join(reading.unwritable)}"
            )

    joining = tuple(account for account in group.add if account.sid not in members) if group else ()
    if not joining and not any(pending):
        if steps or group:
            record(Event.IN_PLACE)
        return Result(tuple(_unwritten(step, reading) for step, reading in zip(steps, readings, strict=True)))
    results: list[ObjectResult] = []
    warnings: list[str] = []
    if group and joining and not predict:
        _add_members(server, group, joining, record)
    done: list[tuple[_Step, Reading]] = []
    for step, reading, state in zip(steps, readings, pending, strict=True):
        if not state:
            results.append(_unwritten(step, reading))
            continue
        held = as_held(reading.descriptor)
        now = step.after
        if not predict:
            now = _write(step, reading, done, record, warnings)
            done.append((step, reading))
        results.append(ObjectResult(step.kind, step.name, True, held, now))
    record(Event.DONE)
    return Result(tuple(results), joining, tuple(warnings))


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
    step: _Step, reading: Reading, done: Sequence[tuple[_Step, Reading]], record: Recorder, warnings: list[str]
) -> SecurityDescriptor:
    """Write an object; if that fails, put back this one and those that were written before it."""
    held = as_held(reading.descriptor)
    record(Event.WRITING, kind=step.kind, name=step.name, before=held, after=step.after)
    plan = Plan(step.target.subject, reading, step.after, reading.names)
    try:
        applied = apply_plan(step.target, plan)
    except (SiteServerError, EnforcementError) as failure:
        uncertain = isinstance(failure, WriteFailed)
        event = Event.FAILED if uncertain else Event.NOT_WRITTEN
        record(event, kind=step.kind, name=step.name, before=held, after=step.after, message=str(failure))
        undo = [*done, (step, reading)] if uncertain else list(done)
        if not undo:
            raise
        said = [str(failure), *(_put_back(each, before, record) for each, before in reversed(undo))]
        raise WriteFailed(" ".join(part if part.endswith(".") else f"{part}." for part in said)) from None
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


def _add_members(server: SiteServer, group: GroupPlan, joining: Sequence[Account], record: Recorder) -> None:
    for account in joining:
        name = f"{account.name} -> {group.account.name}"
        record(Event.ADDING, kind="member", name=name)
        server.add_group_member(group.account.sid, account.sid)
        record(Event.ADDED, kind="member", name=name)
    now = frozenset(member.sid for member in server.group_members(group.account.sid))
    lost = [account.name for account in joining if account.sid not in now]
    if lost:
        raise WriteFailed(
            f"{server.host}: group {group.account.name}: the server took {', '.join(lost)} as members, and holds others"
        )


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
    record(Event.REFUSED if isinstance(error, Refused) else Event.STOPPED, message=str(error))
