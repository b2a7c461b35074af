# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply the plan of a host, and roll it back: all objects or none, and only if the host has not changed since.

An object is unchanged if these are equal: the DACL (present or not, every entry in its order, inherited ones included),
its control bits as SDDL has them (protected, auto-inherited, requested), and owner and group as read. To decide whether
an object is already in place, inherited entries do not count: the server computes them itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..enforcement import EnforcementError, Refused, membership_task
from ..enforcement.execute import StepResult, StepStatus, execute
from ..enforcement.plan import Plan
from ..enforcement.securable import Securable, path_object, share_object
from ..enforcement.steps import ChangeMember, WriteDescriptor, written
from ..security import SecurityDescriptor, Sid, format_sddl, same_access
from ..security.descriptor import (
    SE_SACL_AUTO_INHERIT_REQ,
    SE_SACL_AUTO_INHERITED,
    SE_SACL_PRESENT,
    SE_SACL_PROTECTED,
)
from ..site_server import Account, DescriptorReading, NotFound, SiteServer, SiteServerError, Unsupported, local_path
from .changes import HostChanges
from .document import ChangeError
from .host_plan import GroupPlan, HostPlan, ObjectPlan, as_held
from .record import Event, Member, Recorder
from .recording import Recording


@dataclass(frozen=True, slots=True)
class ObjectResult:
    """The result of one object of a host.

    Attributes:
        kind: `share` or `directory`.
        name: the share's name, or the directory's path.
        changed: whether it was written, or would be in check mode.
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
    """The result of a host.

    Attributes:
        objects: its objects.
        added: accounts that were added to the local group, or would be.
        removed: accounts that were removed from it, or would be.
        warnings: messages for the operator.
    """

    objects: tuple[ObjectResult, ...]
    added: tuple[Account, ...] = ()
    removed: tuple[Account, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether something was written, or would be."""
        return bool(self.added or self.removed) or any(each.changed for each in self.objects)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One object: what it must hold before, what it is to hold, and whether it is written even if it holds that."""

    target: Securable
    before: SecurityDescriptor
    after: SecurityDescriptor
    always: bool = False


def apply_host_plan(server: SiteServer, plan: HostPlan, record: Recorder, *, check_mode: bool = False) -> Result:
    """Write what was planned for a host: first the members of the group, then the directory, then the share.

    Args:
        server: the host.
        plan: what was planned.
        record: appends an event before and after each write.
        check_mode: compare, do not write.

    Raises:
        Refused: the host has changed since. Nothing was written.
        SiteServerError: the server cannot be reached, or it refuses. Nothing was written.
        WriteFailed: something was or may have been written. The message has the state of each object.
        ChangeError: the record cannot be written. Nothing is written without a record.
    """
    with _stops_recorded(record):
        share = server.share(plan.share.name)
        if _path(share.path) != _path(plan.share_path):
            raise Refused(
                f"{server.host}: share {share.name} points to {share.path or 'no directory'} now, and pointed to "
                f"{plan.share_path} when the change was planned; nothing was written. Make a new plan"
            )
        objects = [
            _wanted(path_object(server, plan.directory.name), plan.directory),
            _wanted(share_object(server, share), plan.share),
        ]
        return _run(server, objects, _joining(server, plan.group), record, "Make a new plan", check_mode=check_mode)


def roll_back(
    server: SiteServer, changes: HostChanges, record: Recorder, *, check_mode: bool = False, force: bool = False
) -> Result:
    """Restore what a host held before the change: first the group, then the share, then the directory.

    The members that the change added are removed from the group. That is the first step because not every connection
    can remove members; if it fails, nothing else has been written yet.

    An object that the change may or may not have written is read like any other. If it holds what was planned, the
    change has written it. If it holds what it held before, nothing needs to be done.

    Args:
        server: the host.
        changes: what the change has done there.
        record: appends an event before and after each write.
        check_mode: compare, do not write.
        force: also restore objects that have changed since.

    Raises:
        Refused: the host has changed since. Nothing was written.
        SiteServerError: as in `apply_host_plan`.
        WriteFailed: as in `apply_host_plan`.
        ChangeError: the record cannot be written.
    """
    with _stops_recorded(record):
        leaving = [
            ChangeMember(server, each.group, each.account, joins=False, is_member=_is_member(server, each))
            for each in changes.members
        ]
        objects = []
        for each in changes.objects:
            if each.kind == "share":
                target, always = share_object(server, server.share(each.name)), False
            else:
                # What the directory holds does not show what its children hold, so they are written with it.
                target, always = path_object(server, each.name), each.unsettled and server.propagates
            objects.append(_Wanted(target, each.after, each.before, always))
        advice = (
            "Find out who changed it. To restore it nevertheless, and lose that change, set force for this host "
            "(playbook: --limit HOST -e sms_change_force=true)"
        )
        return _run(server, objects, leaving, record, advice, check_mode=check_mode, force=force)


def _run(
    server: SiteServer,
    objects: Sequence[_Wanted],
    members: Sequence[ChangeMember],
    record: Recorder,
    advice: str,
    *,
    check_mode: bool,
    force: bool = False,
) -> Result:
    steps = _steps(server.host, objects, advice, force=force)
    for step in steps:
        if step.needed and step.before.unwritable:
            raise step.target.subject.refuse(
                f"nothing was written, because entries would get lost on the way: {'; '.join(step.before.unwritable)}"
            )
    changing = [member for member in members if member.needed]
    if changing and not server.changes_members:
        raise _cannot(server.host, changing)
    if not changing and not any(step.needed for step in steps):
        if steps or members:
            record(Event.IN_PLACE)
        return Result(tuple(_object_result(step.plan, step.before, changed=False) for step in steps))
    if check_mode:
        objects_after = tuple(
            _object_result(step.plan, DescriptorReading(step.plan.after), changed=step.needed) for step in steps
        )
        return Result(objects_after, *_accounts(changing))
    recording = Recording(record, server.host)
    results = execute(server, [*changing, *steps], recording)
    recording.done()
    written_objects = tuple(
        _object_result(*written(result), changed=_has_changed(result)) for result in results[len(changing) :]
    )
    lost = (caution for step in steps if step.needed for caution in step.before.cautions)
    warnings = tuple(dict.fromkeys((*lost, *(warning for result in results for warning in result.warnings))))
    members = [step for step, result in zip(changing, results, strict=False) if result.status is StepStatus.DONE]
    return Result(written_objects, *_accounts(members), warnings)


def _steps(host: str, objects: Sequence[_Wanted], advice: str, *, force: bool) -> list[WriteDescriptor]:
    """The steps for the objects. All objects are read before the first one is written.

    Raises:
        Refused: an object holds neither what it must hold before nor what it is to hold.
    """
    steps, drifted = [], []
    for each in objects:
        reading = each.target.read()
        after = _after(each, reading, force=force)
        if after is None:
            drifted.append(
                f"{each.target.subject.label} holds {format_sddl(reading.descriptor)}, and it must still hold "
                f"{format_sddl(each.before)}"
            )
            continue
        plan = Plan(each.target.subject, reading, after, reading.names)
        steps.append(WriteDescriptor(each.target, plan, again=advice, always=each.always))
    if drifted:
        raise Refused(f"{host}: it has changed since, and nothing was written: {'; '.join(drifted)}. {advice}")
    return steps


def _after(each: _Wanted, reading: DescriptorReading, *, force: bool) -> SecurityDescriptor | None:
    """What an object is to hold; what it holds now if it is in place; None if it has changed since."""
    held, after = as_held(reading.descriptor), each.after
    if not each.before.control & SE_SACL_PRESENT:
        # The plan has no audit entries (SACL): those of the object stay.
        held, after = _with_sacl_of(each.before, held), _with_sacl_of(reading.descriptor, after)
    if held == each.before:
        return after if each.before != each.after else reading.descriptor
    if each.before != each.after and same_access(each.after, held):
        return reading.descriptor
    return after if force else None


def _with_sacl_of(giver: SecurityDescriptor, taker: SecurityDescriptor) -> SecurityDescriptor:
    bits = SE_SACL_PRESENT | SE_SACL_PROTECTED | SE_SACL_AUTO_INHERITED | SE_SACL_AUTO_INHERIT_REQ
    return replace(taker, sacl=giver.sacl, control=taker.control & ~bits | giver.control & bits)


def _joining(server: SiteServer, plan: GroupPlan | None) -> list[ChangeMember]:
    """The steps that add accounts to the group.

    Raises:
        Refused: other accounts have been added to the group or removed from it since.
    """
    if plan is None:
        return []
    held = frozenset(member.sid for member in server.group_members(plan.account.sid))
    if not plan.members <= held <= plan.members | _sids(plan.add):
        raise Refused(
            f"{server.host}: it has changed since, and nothing was written: group {plan.account.name} has other "
            "members than when the change was planned. Make a new plan"
        )
    return [
        ChangeMember(server, plan.account, account, joins=True, is_member=account.sid in held) for account in plan.add
    ]


def _is_member(server: SiteServer, member: Member) -> bool:
    try:
        return member.account.sid in (each.sid for each in server.group_members(member.group.sid))
    except NotFound:
        # A group that was deleted has no members.
        return False


def _cannot(host: str, steps: Sequence[ChangeMember]) -> Unsupported:
    """The error if the connection cannot change members. The steps all add, or all remove."""
    groups: dict[Account, list[Account]] = {}
    for step in steps:
        groups.setdefault(step.group, []).append(step.account)
    state = "present" if steps[0].joins else "absent"
    tasks = "; ".join(
        membership_task(group.name, (account.name for account in accounts), state) for group, accounts in groups.items()
    )
    return Unsupported(
        host,
        f"change members of {', '.join(group.name for group in groups)}",
        "this connection cannot do it, and nothing was written",
        f"Run this task on the host first: {tasks}. Or set ansible_connection: sitekeeper.sms.smb.",
    )


def _accounts(changing: Sequence[ChangeMember]) -> tuple[tuple[Account, ...], tuple[Account, ...]]:
    """The accounts that are added, and those that are removed."""
    joins, leaves = (tuple(step.account for step in changing if step.joins is way) for way in (True, False))
    return joins, leaves


def _has_changed(result: StepResult) -> bool:
    below = result.propagated is not None and result.propagated.updated > 0
    return result.status is StepStatus.DONE and (below or written(result)[0].changed)


def _object_result(plan: Plan, now: DescriptorReading, *, changed: bool) -> ObjectResult:
    subject = plan.subject
    kind = "share" if subject.is_share else "directory"
    before, after = as_held(plan.before.descriptor), as_held(now.descriptor)
    return ObjectResult(kind, subject.name, changed, before, after)


def _wanted(target: Securable, planned: ObjectPlan) -> _Wanted:
    return _Wanted(target, planned.before, planned.after)


def _sids(accounts: Iterable[Account]) -> frozenset[Sid]:
    return frozenset(account.sid for account in accounts)


def _path(path: str) -> str:
    try:
        return local_path(path).casefold()
    except ValueError:
        return path


@contextmanager
def _stops_recorded(record: Recorder) -> Iterator[None]:
    """Record why a host was refused, or why its run stopped."""
    try:
        yield
    except ChangeError:
        raise
    except (SiteServerError, EnforcementError) as error:
        try:
            record(Event.REFUSED if isinstance(error, Refused) else Event.STOPPED, message=str(error))
        except ChangeError as unrecorded:
            raise ChangeError(
                f"{str(error).rstrip('. ')}. And this is not in the record: {unrecorded}",
                changed=getattr(error, "changed", False),
                uncertain=getattr(error, "uncertain", False),
            ) from None
        raise
