# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The use case behind `sender_access`: the resolution of KB Q179118 on one site server."""

from __future__ import annotations

from dataclasses import dataclass

from ..security import ACCESS_ALLOWED, ANY_NETWORK_LOGON, SecurityDescriptor
from ..site_server import Account, Reading, Share, SiteServer, SiteServerError
from .apply import Securable, apply_plan, path_object, restore, share_object
from .assess import DIRECTORY_FLAGS, SenderAccess, SenderRequest, access_of, assess_sender_access
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
    """

    share: Share
    directory: str
    share_plan: Plan
    directory_plan: Plan
    share_after: SecurityDescriptor
    directory_after: SecurityDescriptor
    senders: tuple[Sender, ...]
    warnings: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether something was, or would be, written."""
        return self.share_plan.changed or self.directory_plan.changed


def enforce_sender_access(server: SiteServer, request: SenderRequest, *, predict: bool = False) -> SenderOutcome:
    """Give each sender what the product requires; `predict` plans without writing.

    The directory is written first: a sender who reaches the share but may not write stops the Despooler as surely as
    one who does not reach it, but an open share with nothing behind it gives nobody anything. If the share cannot be
    written, the directory is put back.

    Raises:
        SiteServerError: the server cannot be reached or refuses; nothing is half-written without being said.
        EnforcementError: the goal is refused, or the server holds something else after the write.
    """
    found = assess_sender_access(server, request)
    product = request.product
    share, folder = share_object(server, found.share), path_object(server, found.directory)

    def plan(target: Securable, reading: Reading, mask: int, flags: int) -> Plan:
        goal = Goal(
            tuple(Entry(given, ACCESS_ALLOWED, mask, flags) for given in found.accounts),
            groups=ANY_NETWORK_LOGON,
            remove_blocking_denies=request.remove_blocking_denies,
        )
        return make_plan(target.subject, reading, goal, found.accounts, found.names, operator=server.operator)

    plans, refusals = [], []
    for target, reading, mask, flags in (
        (folder, found.directory_reading, product.directory_mask, DIRECTORY_FLAGS),
        (share, found.share_reading, product.share_mask, 0),
    ):
        try:
            plans.append(plan(target, reading, mask, flags))
        except Refused as refusal:
            refusals.append(str(refusal))
    if refusals:
        raise Refused("; ".join(refusals))
    folder_plan, share_plan = plans

    warnings = [*folder_plan.warnings, *share_plan.warnings]
    folder_after, share_after = found.directory_reading, found.share_reading
    if predict:
        folder_after = Reading(folder_plan.after, found.names)
        share_after = Reading(share_plan.after, found.names)
    else:
        if folder_plan.changed:
            folder_after, more = apply_plan(folder, folder_plan)
            warnings.extend(more)
        if share_plan.changed:
            try:
                share_after, more = apply_plan(share, share_plan)
            except (SiteServerError, EnforcementError) as failure:
                raise WriteFailed(_undo(failure, share, share_plan, folder, folder_plan)) from None
            warnings.extend(more)

    senders = tuple(
        Sender(
            given,
            account,
            found.senders[given],
            access_of(server.host, product, account, share_after, folder_after, found.names),
        )
        for given, account in found.accounts.items()
    )
    for sender in senders:
        if not sender.after.satisfied:
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
    )


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
