# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line of a host, made from what a use case has found there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..enforcement import Assessment, SenderOutcome
from ..enforcement.effective import Access, SenderAccess, hex_mask
from ..hierarchy import logon_findings
from ..security import format_sddl
from .model import (
    AuditedAccess,
    AuditedFinding,
    AuditedGroup,
    AuditedHost,
    AuditedObject,
    AuditedSender,
    HostStatus,
)


def audited_host(
    host: str,
    status: HostStatus,
    message: str | None,
    found: SenderOutcome | Assessment | None,
    *,
    site: str | None,
    product: str | None,
    reasons: Mapping[str, Sequence[str]],
    findings: Sequence[AuditedFinding],
    seconds: float,
    requests: int | None,
) -> AuditedHost:
    """The line of a host.

    Args:
        host: the host as the inventory names it.
        status: its state.
        message: the reason, or a warning.
        found: what a run would do there, or, if nothing could be planned, what it holds; None if it was not read.
        site: code of its site.
        product: name of its product.
        reasons: for each account, as it was given, one sentence for each site that sends as it.
        findings: the findings of its site.
        seconds: how long it took to read the host.
        requests: how many requests that took; None if they were not counted.
    """
    before = found.before if isinstance(found, SenderOutcome) else found
    share = directory = group = None
    senders: tuple[AuditedSender, ...] = ()
    if before is not None:
        share, directory = _objects(before, found if isinstance(found, SenderOutcome) else None, status)
        group = _group(before)
        senders = tuple(_sender(before, given, reasons.get(given, ())) for given in before.senders)
    return AuditedHost(
        host=host,
        site=site,
        product=product or "",
        status=status,
        message=message or "",
        share=share,
        directory=directory,
        group=group,
        senders=senders,
        findings=(*findings, *_logon_findings(before, site or host)),
        seconds=seconds,
        requests=requests,
    )


def _logon_findings(before: Assessment | None, site: str) -> tuple[AuditedFinding, ...]:
    """The findings about accounts that cannot log on."""
    if before is None:
        return ()
    problems = [
        (problem.finding, f"{before.accounts[given].name}: {problem.text}")
        for given, access in before.senders.items()
        for problem in access.logon.problems
    ]
    return tuple(map(AuditedFinding.of, logon_findings(site, problems)))


def _objects(
    before: Assessment, outcome: SenderOutcome | None, status: HostStatus
) -> tuple[AuditedObject, AuditedObject]:
    after = outcome.after if outcome and status is HostStatus.DRIFTED else None
    share = AuditedObject(
        path=before.share.path,
        sddl=format_sddl(before.share_reading.descriptor),
        name=before.share.name,
        edits=outcome.share_plan.edit_lines if outcome else (),
        after=format_sddl(after.share_reading.descriptor) if after else None,
    )
    directory = AuditedObject(
        path=before.directory,
        sddl=format_sddl(before.directory_reading.descriptor),
        edits=outcome.directory_plan.edit_lines if outcome else (),
        after=format_sddl(after.directory_reading.descriptor) if after else None,
    )
    return share, directory


def _group(before: Assessment) -> AuditedGroup | None:
    if before.group is None:
        return None
    return AuditedGroup(
        name=before.group.account.name,
        sid=str(before.group.account.sid),
        in_desired_state=before.group_satisfied,
        members=tuple(account.name for account in before.group.members),
        missing=tuple(account.name for account in before.missing.values()),
    )


def _sender(before: Assessment, given: str, reasons: Sequence[str]) -> AuditedSender:
    account, access = before.accounts[given], before.senders[given]
    return AuditedSender(
        account=given,
        name=account.name,
        sid=str(account.sid),
        in_desired_state=access.satisfied,
        reasons=tuple(reasons),
        share=_access(access.share),
        directory=_access(access.directory),
        combined=_combined(access),
        member=access.member,
        answer=access.answer.value,
        because=access.because,
        not_looked_at=access.logon.not_looked_at,
    )


def _access(access: Access) -> AuditedAccess:
    return AuditedAccess(
        access.words, hex_mask(access.mask), access.satisfied, access.decided_by, access.may_be_denied_by
    )


def _combined(access: SenderAccess) -> AuditedAccess:
    return AuditedAccess(access.combined_words, hex_mask(access.combined_mask))
