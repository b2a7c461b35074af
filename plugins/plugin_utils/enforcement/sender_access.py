# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The use case behind `sender_access`: the resolution of KB Q179118 on one site server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ..hierarchy.products import Holder
from ..security import ACCESS_ALLOWED, ANY_NETWORK_LOGON, SecurityDescriptor, Sid
from ..site_server import Account, DescriptorReading, Propagated, Share, SiteServer
from .assess import (
    DIRECTORY_FLAGS,
    Assessment,
    Group,
    MissingMembers,
    SenderAccess,
    SenderRequest,
    access_of,
    assess_sender_access,
    group_satisfied,
)
from .desired import DesiredEntry, DesiredState
from .errors import Refused, WriteFailed
from .execute import StepStatus, execute
from .plan import Plan, make_plan
from .securable import Securable, path_object, share_object
from .steps import ChangeMember, WriteDescriptor, written


@dataclass(frozen=True, slots=True)
class Sender:
    """A Sender account before and after.

    Attributes:
        given: the name as the operator spells it.
        account: the account behind it.
        before: its access as it was read.
        after: its access now, or, if only a prediction was wanted, as it will be.
    """

    given: str
    account: Account
    before: SenderAccess
    after: SenderAccess


@dataclass(frozen=True, slots=True)
class SenderOutcome:
    """What was found, planned and done.

    Attributes:
        share: the share.
        directory: path of the directory.
        share_plan: the plan for the share's DACL.
        directory_plan: the plan for the directory's DACL.
        share_after: the share's descriptor now, or as predicted.
        directory_after: the same for the directory.
        senders: the accounts.
        warnings: what the operator should know.
        propagated: what became of the directory's children, where the server did not see to them itself.
        group: the group that holds rights for the senders now, or as predicted; None if the product has none.
        added: the senders that became, or would become, members of it.
        missing: the senders that are no members of it, and were not to be added.
        group_satisfied: whether the group has the rights that it has to hold now, or as predicted; None likewise.
    """

    share: Share
    directory: str
    share_plan: Plan
    directory_plan: Plan
    share_after: SecurityDescriptor
    directory_after: SecurityDescriptor
    senders: tuple[Sender, ...]
    warnings: tuple[str, ...]
    propagated: Propagated | None = None
    group: Group | None = None
    added: tuple[Account, ...] = ()
    missing: tuple[Account, ...] = ()
    group_satisfied: bool | None = None

    @property
    def changed(self) -> bool:
        """Whether something was, or would be, written."""
        return self.share_plan.changed or self.directory_plan.changed or bool(self.added)


def enforce_sender_access(server: SiteServer, request: SenderRequest, *, check_mode: bool = False) -> SenderOutcome:
    """Give each sender what the product requires; `check_mode` plans without writing.

    Where a group holds rights for the senders, its members come first: a connection that cannot add any says so before
    anything is written. Then the directory, then the share: a sender who reaches the share but may not write stops the
    Despooler as surely as one who does not reach it, but an open share with nothing behind it gives nobody anything. If
    the share cannot be written, the directory is restored; a member stays one.

    Raises:
        SiteServerError: the server cannot be reached or refuses, and nothing was written.
        EnforcementError: the desired state is refused, or the server holds something else after the write.
    """
    found = assess_sender_access(server, request)
    folder_step, share_step = _steps(server, request, found)
    added = _to_add(server, request, found)
    if check_mode:
        group = found.group and Group(found.group.account, (*found.group.members, *added))
        folder = folder_step.plan, DescriptorReading(folder_step.plan.after, found.names)
        share = share_step.plan, DescriptorReading(share_step.plan.after, found.names)
        return _outcome(server, request, found, group, added, folder, share)
    joining = _joining(server, found, added)
    *joined, wrote_folder, wrote_share = execute(server, [*joining, folder_step, share_step])
    group = found.group and Group(found.group.account, joined[-1].held if joined else found.group.members)
    # Not whom somebody else has added meanwhile.
    added = tuple(account for account, result in zip(added, joined, strict=True) if result.status is StepStatus.DONE)
    warnings = tuple(warning for result in (*joined, wrote_folder, wrote_share) for warning in result.warnings)
    folder, share = written(wrote_folder), written(wrote_share)
    return _outcome(server, request, found, group, added, folder, share, warnings, wrote_folder.propagated)


def _outcome(
    server: SiteServer,
    request: SenderRequest,
    found: Assessment,
    group: Group | None,
    added: tuple[Account, ...],
    folder: tuple[Plan, DescriptorReading],
    share: tuple[Plan, DescriptorReading],
    warnings: tuple[str, ...] = (),
    propagated: Propagated | None = None,
) -> SenderOutcome:
    """What was done, or would be, and the access that each sender has by it.

    Raises:
        WriteFailed: a sender still lacks access.
    """
    product = request.product
    (folder_plan, folder_now), (share_plan, share_now) = folder, share
    changed = folder_plan.changed or share_plan.changed or bool(added)
    members = group.members if group is not None else ()
    missing = tuple(each for each in found.missing.values() if each.sid not in {member.sid for member in members})
    # What may be lost by writing to either is the same, and is told once.
    warnings = tuple(dict.fromkeys((*folder_plan.warnings, *share_plan.warnings, *warnings)))
    if group is not None and missing:
        warnings = (*warnings, how_to_add(server.host, group, missing))
    names = {**found.names, **folder_now.names, **share_now.names}
    senders = tuple(
        Sender(given, account, found.senders[given], access_of(account, product, share_now, folder_now, names, group))
        for given, account in found.accounts.items()
    )
    for sender in senders:
        if not sender.after.satisfied and sender.account not in missing:
            lines = (*sender.after.directory.decided_by, *sender.after.share.decided_by)
            raise WriteFailed(
                f"{server.host}: with all that is required in place, {sender.account.name} still lacks access: "
                f"{'; '.join(lines)}",
                changed=changed,
            )
    return SenderOutcome(
        found.share,
        found.directory,
        share_plan,
        folder_plan,
        share_now.descriptor,
        folder_now.descriptor,
        senders,
        warnings,
        propagated,
        group,
        added,
        missing,
        group_satisfied(group, product, share_now, folder_now, names),
    )


def _joining(server: SiteServer, found: Assessment, added: tuple[Account, ...]) -> list[ChangeMember]:
    """The steps that make accounts members of the group. What else fails does not make it wrong that they are."""
    if found.group is None:
        return []
    group = found.group.account
    return [ChangeMember(server, group, account, joins=True, is_member=False, undoable=False) for account in added]


def _steps(server: SiteServer, request: SenderRequest, found: Assessment) -> tuple[WriteDescriptor, WriteDescriptor]:
    """What is to be written to the directory and to the share; what speaks against either is said at once."""
    accounts = dict(found.accounts)
    group = found.group.account if found.group else None
    if group is not None:
        accounts[group.name] = group
    product = request.product
    steps, refusals = [], []
    for target, reading, requirement, flags in (
        (path_object(server, found.directory), found.directory_reading, product.directory_access, DIRECTORY_FLAGS),
        (share_object(server, found.share), found.share_reading, product.share_access, 0),
    ):
        entries: list[DesiredEntry] = []
        via_groups: frozenset[Sid] = frozenset()
        if group is not None and requirement.holder is Holder.GROUP:
            entries.append(DesiredEntry(group.name, ACCESS_ALLOWED, requirement.mask, flags))
            via_groups = frozenset({group.sid})
        # A sender needs no entry of its own for what the group has; a deny entry in its way is found all the same.
        entries += [
            DesiredEntry(given, ACCESS_ALLOWED, requirement.mask, flags, via_groups) for given in found.accounts
        ]
        desired = DesiredState(
            tuple(entries), groups=ANY_NETWORK_LOGON, remove_blocking_denies=request.remove_blocking_denies
        )
        plan_from = partial(_plan_from, target, desired, accounts, found.names, server.operator)
        try:
            steps.append(WriteDescriptor(target, plan_from(reading), plan_from))
        except Refused as refusal:
            refusals.append(str(refusal))
    if refusals:
        raise Refused("; ".join(refusals))
    return steps[0], steps[1]


def _plan_from(
    target: Securable,
    desired: DesiredState,
    accounts: Mapping[str, Account],
    names: Mapping[Sid, str],
    operator: str | None,
    held: DescriptorReading,
) -> Plan:
    return make_plan(target.subject, held, desired, accounts, {**names, **held.names}, operator=operator)


def _to_add(server: SiteServer, request: SenderRequest, found: Assessment) -> tuple[Account, ...]:
    """The senders that become members of the group."""
    missing = tuple(found.missing.values())
    if found.group is None or not missing or request.missing_members is MissingMembers.REPORT:
        return ()
    if server.changes_members:
        return missing
    if request.missing_members is MissingMembers.ADD:
        raise Refused(f"{how_to_add(server.host, found.group, missing)}. Nothing was done")
    return ()


def how_to_add(host: str, group: Group, accounts: Sequence[Account]) -> str:
    """What to run where a connection cannot make accounts members of the group."""
    return (
        f"{host}: group {group.account.name}, which holds rights for the senders, lacks {_listed(accounts)}. Add: "
        f"{membership_task(group.account, accounts, 'present')}"
    )


def membership_task(group: Account, accounts: Iterable[Account], state: str) -> str:
    """The task that makes accounts members of a local group (`present`), or no members (`absent`), over WinRM."""
    members = ", ".join(_yaml(account.name) for account in accounts)
    name = _yaml(group.name.rpartition("\\")[2])
    return f"ansible.windows.win_group_membership: {{name: {name}, members: [{members}], state: {state}}}"


def _yaml(text: str) -> str:
    """A string in YAML's single quotes (YAML 1.2.2, 7.3.2): a backslash stands for itself."""
    return "'" + text.replace("'", "''") + "'"


def _listed(accounts: Iterable[Account]) -> str:
    return ", ".join(account.name for account in accounts)
