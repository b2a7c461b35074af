# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the executor can do: write the DACL of an object, and change a member of a local group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from ..security import Acl, SecurityDescriptor, format_sddl, same_access
from ..security.same import inherited_entries
from ..site_server import Account, DescriptorReading, NotFound, Propagated, SiteServer
from .execute import StepResult, StepStatus
from .plan import Plan
from .securable import Securable

_DESCRIPTOR_STATES = {
    StepStatus.UNCHANGED: "was not written",
    StepStatus.NOT_DONE: "was not written",
    StepStatus.DONE: "has its new permissions",
    StepStatus.UNDONE: "was restored to what it held before",
    StepStatus.UNCERTAIN: "may or may not have been written",
}


@dataclass(frozen=True, slots=True)
class WriteDescriptor:
    """Writes the DACL of an object.

    Attributes:
        target: the object.
        plan: what is to be written, and the reading that it was made from.
        replan: makes the plan anew from what the object holds right before the write; None if only this plan may be
            written, and only over what it was made from.
        again: the next step for the operator if the object has changed and `replan` is None.
        always: whether it is written even if the plan changes nothing, to propagate inheritance to its children.
    """

    target: Securable
    plan: Plan
    replan: Callable[[DescriptorReading], Plan] | None = None
    again: str = ""
    always: bool = False

    @property
    def label(self) -> str:
        """The object."""
        return self.target.subject.label

    @property
    def undoable(self) -> bool:
        """An object is restored."""
        return True

    @property
    def needed(self) -> bool:
        """Whether the plan changes anything, or may do so below the object."""
        return self.always or self.plan.changed

    @property
    def before(self) -> DescriptorReading:
        """What the plan was made from."""
        return self.plan.before

    def check(self) -> WriteDescriptor:
        """Read the object right before the write: WMI and RPC have no write that only replaces what was read.

        Raises:
            SiteServerError: it cannot be read.
            Refused: it has changed, and must not be written, or not without a new plan.
        """
        if not self.needed:
            return self
        held = self.target.read()
        if self.replan is None:
            return self._unless_changed(held)
        # What this connection does not show stays unwritable.
        held = replace(held, unwritable=held.unwritable or self.before.unwritable)
        plan = self.replan(held)
        if not _is_same_list(self.before, held):
            warning = self.target.subject.message("it has changed since it was read, and a new plan was made")
            plan = replace(plan, warnings=(*plan.warnings, warning))
        return replace(self, plan=plan)

    def _unless_changed(self, held: DescriptorReading) -> WriteDescriptor:
        if held.descriptor == self.before.descriptor:
            return self
        if self.is_done(held):
            return replace(self, plan=replace(self.plan, before=held, after=held.descriptor))
        raise self.target.subject.refuse(
            f"it has changed since it was compared, and was not written: it holds {format_sddl(held.descriptor)} "
            f"now, and held {format_sddl(self.before.descriptor)}. {self.again}"
        )

    def read(self) -> DescriptorReading:
        """Read it."""
        return self.target.read()

    def do(self) -> Propagated | None:
        """Write the new descriptor."""
        return self.target.write(self.plan.after)

    def undo(self) -> Propagated | None:
        """Write the old descriptor."""
        return self.target.write(self.before.descriptor)

    def is_done(self, held: DescriptorReading) -> bool:
        """Whether it has the new permissions, and in order if they were put in order."""
        return same_access(self.plan.after, held.descriptor) and self._is_in_order(held)

    def is_undone(self, held: DescriptorReading) -> bool:
        """Whether it has the old permissions, and not the new order."""
        return same_access(self.before.descriptor, held.descriptor) and not (
            self._puts_in_order and self._is_in_order(held)
        )

    @property
    def _puts_in_order(self) -> bool:
        """Whether the plan moves entries before inherited ones, which no comparison of explicit entries shows."""
        return _inherits_last(self.plan.after) and not _inherits_last(self.before.descriptor)

    def _is_in_order(self, held: DescriptorReading) -> bool:
        return not self._puts_in_order or _inherits_last(held.descriptor)

    def remarks(self, held: DescriptorReading, propagated: Propagated | None) -> tuple[str, ...]:
        """What the server did to inherited entries and to children."""
        subject = self.target.subject
        remarks = []
        if inherited_entries(self.plan.after) != inherited_entries(held.descriptor):
            remarks.append(
                "the entries that it inherits were out of date; the server updated them from the parent folder"
            )
        if propagated is not None and propagated.left:
            remarks.append(propagated.left)
        below = self.target.look_below(held)
        return (*map(subject.message, remarks), *([below] if below else []))

    def state(self, status: StepStatus) -> str:
        """The state that it is in."""
        return f"{self.label} {_DESCRIPTOR_STATES[status]}"

    def differs(self, held: DescriptorReading) -> str:
        """What it holds, was to hold, and held."""
        return (
            f"it holds other permissions than were written. Written: {format_sddl(self.plan.after)} Held now: "
            f"{format_sddl(held.descriptor)} Before: {format_sddl(self.before.descriptor)}"
        )


@dataclass(frozen=True, slots=True)
class ChangeMember:
    """Makes an account a member of a local group, or removes it. Other members are never touched.

    Attributes:
        server: the site server.
        group: the group.
        account: the account.
        joins: whether it becomes a member; otherwise it is removed.
        is_member: whether it is one now, as read.
        undoable: whether it is undone if a later step fails.
        members: the group's members, as read right before the write.
    """

    server: SiteServer
    group: Account
    account: Account
    joins: bool
    is_member: bool
    undoable: bool = True
    members: tuple[Account, ...] = ()

    @property
    def label(self) -> str:
        """Account and group."""
        return f"{self.account.name} in group {self.group.name}"

    @property
    def needed(self) -> bool:
        """Whether the membership is to change."""
        return self.is_member != self.joins

    @property
    def before(self) -> tuple[Account, ...]:
        """The members right before the write. The step does not depend on them."""
        return self.members

    def check(self) -> ChangeMember:
        """Read the members right before the write: an account that somebody else has added is not added by this step.

        Raises:
            SiteServerError: that cannot be read.
        """
        if not self.needed:
            return self
        members = self.read()
        return replace(self, is_member=self._is_in(members), members=members)

    def read(self) -> tuple[Account, ...]:
        """The members; a group that is gone has none."""
        try:
            return self.server.group_members(self.group.sid)
        except NotFound:
            return ()

    def do(self) -> None:
        """Add or remove it."""
        self._change(joins=self.joins)

    def undo(self) -> None:
        """Remove or add it again."""
        self._change(joins=not self.joins)

    def _change(self, *, joins: bool) -> None:
        change = self.server.add_group_member if joins else self.server.remove_group_member
        change(self.group.sid, self.account.sid)

    def is_done(self, held: tuple[Account, ...]) -> bool:
        """Whether the membership is as desired."""
        return self._is_in(held) == self.joins

    def is_undone(self, held: tuple[Account, ...]) -> bool:
        """Whether the membership is as before."""
        return self._is_in(held) == self.is_member

    def _is_in(self, members: tuple[Account, ...]) -> bool:
        return self.account.sid in (each.sid for each in members)

    def remarks(self, held: tuple[Account, ...], propagated: Propagated | None) -> tuple[str, ...]:
        """None."""
        return ()

    def state(self, status: StepStatus) -> str:
        """Whether it is a member."""
        who, group = self.account.name, self.group.name
        if status is StepStatus.UNCERTAIN:
            return f"{who} may or may not have been {'added to' if self.joins else 'removed from'} group {group}"
        is_in = self.joins if status is StepStatus.DONE else not self.joins
        again = " again" if status is StepStatus.UNDONE else ""
        return f"{who} is {'a' if is_in else 'no'} member of group {group}{again}"

    def differs(self, held: tuple[Account, ...]) -> str:
        """Never needed: an account is a member or it is not."""
        return f"the group's members are {', '.join(each.name for each in held) or 'none'}"


def written(result: StepResult) -> tuple[Plan, DescriptorReading]:
    """The plan that a `WriteDescriptor` has run, and what the object holds now."""
    step = cast("WriteDescriptor", result.step)
    return step.plan, cast("DescriptorReading", result.held)


def _inherits_last(descriptor: SecurityDescriptor) -> bool:
    """Whether all inherited entries come after the others."""
    acl = descriptor.dacl or Acl()
    return (*acl.explicit, *acl.inherited) == acl.aces


def _is_same_list(one: DescriptorReading, other: DescriptorReading) -> bool:
    """Whether two readings show the same DACL, inherited entries included."""
    return same_access(one.descriptor, other.descriptor) and inherited_entries(one.descriptor) == inherited_entries(
        other.descriptor
    )
