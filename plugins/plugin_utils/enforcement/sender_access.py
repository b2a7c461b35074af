# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The use case behind `sender_access`: the resolution of KB Q179118 on one site server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..hierarchy.products import Holder
from ..security import ACCESS_ALLOWED, ANY_NETWORK_LOGON, SecurityDescriptor, Sid
from ..site_server import Account, Propagated, Reading, Share, SiteServer, SiteServerError
from .apply import Applied, Securable, apply_plan, path_object, restore, share_object
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
from .errors import EnforcementError, Refused, WriteFailed
from .goal import Entry, Goal
from .plan import Plan, make_plan


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


def enforce_sender_access(server: SiteServer, request: SenderRequest, *, predict: bool = False) -> SenderOutcome:
    """Give each sender what the product requires; `predict` plans without writing.

    Where a group holds rights for the senders, its members come first: a connection that cannot add any says so before
    anything is written. Then the directory, then the share: a sender who reaches the share but may not write stops the
    Despooler as surely as one who does not reach it, but an open share with nothing behind it gives nobody anything. If
    the share cannot be written, the directory is put back; a member stays one.

    Raises:
        SiteServerError: the server cannot be reached or refuses; nothing is half-written without being said.
        EnforcementError: the goal is refused, or the server holds something else after the write.
    """
    found = assess_sender_access(server, request)
    product = request.product
    share, folder = share_object(server, found.share), path_object(server, found.directory)
    folder_plan, share_plan = _plans(server, request, found, folder, share)

    warnings = [*folder_plan.warnings, *share_plan.warnings]
    folder_after, share_after = found.directory_reading, found.share_reading
    group, propagated = found.group, None
    added = _to_add(server, request, found)
    if group is not None and added:
        group = Group(group.account, (*group.members, *added)) if predict else _add_members(server, group, added)
    if predict:
        folder_after = Reading(folder_plan.after, found.names)
        share_after = Reading(share_plan.after, found.names)
    else:
        try:
            if folder_plan.changed:
                applied = apply_plan(folder, folder_plan)
                folder_after, propagated = applied.now, applied.propagated
                warnings.extend(applied.warnings)
            if share_plan.changed:
                applied = _apply_share(share, share_plan, folder, folder_plan)
                share_after = applied.now
                warnings.extend(applied.warnings)
        except (SiteServerError, EnforcementError) as failure:
            if group is None or not added:
                raise
            raise WriteFailed(f"{str(failure).rstrip('. ')}. {_joined(group, added)}") from None

    writes = folder_plan.changed or share_plan.changed or bool(added)
    missing = () if added else tuple(found.missing.values())
    if group is not None and missing:
        warnings.append(how_to_add(server.host, group, missing))
    senders = tuple(
        Sender(
            given,
            account,
            found.senders[given],
            access_of(account, product, share_after, folder_after, found.names, group)
            if writes
            else found.senders[given],
        )
        for given, account in found.accounts.items()
    )
    for sender in senders:
        if not sender.after.satisfied and sender.account not in missing:
            lines = (*sender.after.directory.decided_by, *sender.after.share.decided_by)
            raise WriteFailed(
                f"{server.host}: with all that is required in place, {sender.account.name} still lacks access: "
                f"{'; '.join(lines)}"
            )
    return SenderOutcome(
        found.share,
        found.directory,
        share_plan,
        folder_plan,
        share_after.descriptor,
        folder_after.descriptor,
        senders,
        tuple(warnings),
        propagated,
        group,
        added,
        missing,
        group_satisfied(group, product, share_after, folder_after, found.names) if writes else found.group_satisfied,
    )


def _plans(
    server: SiteServer, request: SenderRequest, found: Assessment, folder: Securable, share: Securable
) -> tuple[Plan, Plan]:
    """What is to be written to the directory and to the share; what speaks against either is said at once."""
    accounts = dict(found.accounts)
    group = found.group.account if found.group else None
    if group is not None:
        accounts[group.name] = group
    plans, refusals = [], []
    for target, reading, requirement, flags in (
        (folder, found.directory_reading, request.product.directory_access, DIRECTORY_FLAGS),
        (share, found.share_reading, request.product.share_access, 0),
    ):
        entries: list[Entry] = []
        through: frozenset[Sid] = frozenset()
        if group is not None and requirement.holder is Holder.GROUP:
            entries.append(Entry(group.name, ACCESS_ALLOWED, requirement.mask, flags))
            through = frozenset({group.sid})
        # A sender needs no entry of its own for what the group has; a deny entry in its way is found all the same.
        entries += [Entry(given, ACCESS_ALLOWED, requirement.mask, flags, through) for given in found.accounts]
        goal = Goal(tuple(entries), groups=ANY_NETWORK_LOGON, remove_blocking_denies=request.remove_blocking_denies)
        try:
            plans.append(make_plan(target.subject, reading, goal, accounts, found.names, operator=server.operator))
        except Refused as refusal:
            refusals.append(str(refusal))
    if refusals:
        raise Refused("; ".join(refusals))
    return plans[0], plans[1]


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


def _add_members(server: SiteServer, group: Group, accounts: tuple[Account, ...]) -> Group:
    """Make accounts members of the group; what it has then is read back."""
    done: list[Account] = []
    try:
        for account in accounts:
            server.add_group_member(group.account.sid, account.sid)
            done.append(account)
        now = Group(group.account, server.group_members(group.account.sid))
    except SiteServerError as failure:
        if not done:
            raise
        raise WriteFailed(f"{str(failure).rstrip('. ')}. {_joined(group, done)}") from None
    lost = [account for account in accounts if not now.has(account)]
    if lost:
        raise WriteFailed(
            f"{server.host}: group {group.account.name}: the server took {_listed(lost)} as members, and holds others: "
            f"{_listed(now.members) or 'none'}"
        )
    return now


def _joined(group: Group, accounts: Sequence[Account]) -> str:
    """What has happened before something else failed."""
    return f"Made members of {group.account.name} before that, and still so: {_listed(accounts)}."


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


def _apply_share(share: Securable, share_plan: Plan, folder: Securable, folder_plan: Plan) -> Applied:
    try:
        return apply_plan(share, share_plan)
    except (SiteServerError, EnforcementError) as failure:
        raise WriteFailed(_undo(failure, share, share_plan, folder, folder_plan)) from None


def _undo(failure: Exception, share: Securable, share_plan: Plan, folder: Securable, folder_plan: Plan) -> str:
    """Put back what was written before the share failed, and say what is how now."""
    said = [str(failure)]
    if isinstance(failure, WriteFailed):
        said.append(restore(share, share_plan.before))
    if folder_plan.changed:
        said.append(restore(folder, folder_plan.before))
    else:
        said.append(f"{folder.subject.label} had not been changed")
    return " ".join(part if part.endswith(".") else f"{part}." for part in said)
