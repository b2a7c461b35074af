# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible results (return values) of the modules, made from the values of the use cases. Nothing else makes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..security import SecurityDescriptor, Sid, format_sddl
from ..security.describe import describe_dacl
from ..site_server import Propagated
from .assess import GROUPS_OF_ACCOUNT, Assessment
from .effective import Access, SenderAccess, hex_mask
from .errors import EnforcementError
from .execute import StepResult, StepStatus
from .permissions import PermissionsOutcome
from .plan import Plan
from .sender_access import SenderOutcome
from .steps import WriteDescriptor


def permissions_result(outcome: PermissionsOutcome, *, diff: bool) -> dict[str, Any]:
    """Return values of `share_permissions` and `ntfs_permissions`."""
    return {
        "changed": outcome.changed,
        **_warnings(outcome.warnings),
        **_sddl(outcome.plan, outcome.after),
        **_children(outcome.propagated),
        **({"diff": _diff(outcome.plan, outcome.after)} if diff else {}),
    }


def sender_result(outcome: SenderOutcome, *, diff: bool) -> dict[str, Any]:
    """Return values of `sender_access`. The task fails if a sender cannot log on, or is not in a group that it must."""
    before, after = outcome.before, outcome.after
    share, directory = after.share_reading.descriptor, after.directory_reading.descriptor
    group = _group(after)
    if group:
        group["added"] = [account.name for account in outcome.added]
    return {
        **_product(before),
        "changed": outcome.changed,
        **_left_undone(outcome),
        "share": {"name": before.share.name, "path": before.share.path, **_sddl(outcome.share_plan, share)},
        "directory": {
            "path": before.directory,
            **_sddl(outcome.directory_plan, directory),
            **_children(outcome.propagated),
        },
        **({"group": group} if group else {}),
        "senders": [
            {
                **_sender(after, given),
                "before": _sender_access(before.senders[given]),
                "after": _sender_access(after.senders[given]),
            }
            for given in after.senders
        ],
        **({"diff": [_diff(outcome.directory_plan, directory), _diff(outcome.share_plan, share)]} if diff else {}),
    }


def assessment_result(found: Assessment) -> dict[str, Any]:
    """Return values of `sender_access_info`."""
    group = _group(found)
    share, directory = found.share_reading, found.directory_reading
    return {
        **_product(found),
        "changed": False,
        "in_desired_state": found.satisfied,
        "share": {
            "name": found.share.name,
            "path": found.share.path,
            "sddl": format_sddl(share.descriptor),
            "is_default": share.is_default,
            "entries": describe_dacl(share.descriptor, found.names, share=True),
        },
        "directory": {
            "path": found.directory,
            "sddl": format_sddl(directory.descriptor),
            "entries": describe_dacl(directory.descriptor, found.names, share=False),
        },
        **({"group": group} if group else {}),
        "senders": [
            {**_sender(found, given), "current": _sender_access(access)} for given, access in found.senders.items()
        ],
    }


def plan_result(outcome: SenderOutcome, section: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of `change_plan`; `section` is the host's section of the plan."""
    return {
        "changed": False,
        "would_change": outcome.changed,
        "planned": section,
        **_services(outcome.before),
        **_warnings(dict.fromkeys(_unread_groups(outcome.before))),
    }


def _unread_groups(found: Assessment) -> Iterator[str]:
    """Why the groups of accounts that lack access could not be read."""
    for access in found.senders.values():
        if not access.permitted:
            for line in access.logon.unknown:
                if line.startswith(GROUPS_OF_ACCOUNT):
                    yield f"Unknown, so it does not count as access: {line}"


def failure_result(error: EnforcementError) -> dict[str, Any]:
    """Return values of every task that failed, with what was or may have been written by then."""
    steps = [{"object": result.step.label, "status": result.status.value} for result in error.results]
    return {
        "failed": True,
        "changed": error.changed,
        "msg": str(error),
        **_warnings(dict.fromkeys(_left(error.results))),
        **({"uncertain": True} if error.uncertain else {}),
        **({"steps": steps} if steps else {}),
    }


def _left(results: Iterable[StepResult]) -> Iterator[str]:
    """Warnings of writes that were done or may have been done. One that was undone may have lost something too."""
    for result in results:
        if result.status in (StepStatus.DONE, StepStatus.UNDONE, StepStatus.UNCERTAIN):
            yield from result.step.before.cautions if isinstance(result.step, WriteDescriptor) else ()
        if result.status in (StepStatus.DONE, StepStatus.UNCERTAIN):
            yield from result.warnings


def _left_undone(outcome: SenderOutcome) -> dict[str, Any]:
    """The warnings. What the task had to reach and could not is the failure, and no warning beside it."""
    advice = outcome.membership_advice if outcome.before.request.members_required else None
    failures = [*filter(None, [advice])]
    if problems := outcome.logon_problems:
        accounts = "it" if len(problems) == 1 else "them"
        host = outcome.planned.share.subject.host
        failures.append(f"{host}: {'; '.join(problems)}. Permissions do not help {accounts}")
    warnings = _warnings(line for line in outcome.warnings if line != advice)
    return {"failed": True, "msg": "; ".join(failures), **warnings} if failures else warnings


def _product(found: Assessment) -> dict[str, Any]:
    return {"product": found.request.product.name, **_services(found)}


def _services(found: Assessment) -> dict[str, Any]:
    return {} if found.services is None else {"services": dict(found.services)}


def _group(found: Assessment) -> dict[str, Any]:
    """The local group; empty if the product has none."""
    if found.group is None:
        return {}
    return {
        **found.group.account.as_dict(),
        "in_desired_state": found.group_satisfied,
        "members": [account.name for account in found.group.members],
        "missing": [account.name for account in found.missing.values()],
    }


def _sender(found: Assessment, given: str) -> dict[str, Any]:
    account = found.accounts[given]
    return {
        "account": given,
        **account.as_dict(),
        "in_desired_state": found.senders[given].satisfied,
        **_logon_problems(found.senders[given]),
    }


def _logon_problems(access: SenderAccess) -> dict[str, Any]:
    problems = [{"finding": problem.finding, "reason": problem.text} for problem in access.logon.problems]
    return {"logon_problems": problems} if problems else {}


def _sender_access(access: SenderAccess) -> dict[str, Any]:
    return {
        "share": _access(access.share),
        "directory": _access(access.directory),
        "combined": {"access": access.combined_words, "mask": hex_mask(access.combined_mask)},
        **({} if access.member is None else {"member": access.member}),
        "answer": access.answer.value,
        "because": list(access.because),
        "not_looked_at": list(access.logon.not_looked_at),
    }


def _access(access: Access) -> dict[str, Any]:
    return {
        "access": access.words,
        "mask": hex_mask(access.mask),
        "satisfied": access.satisfied,
        "decided_by": list(access.decided_by),
        "may_be_denied_by": list(access.may_be_denied_by),
    }


def _children(propagated: Propagated | None) -> dict[str, Any]:
    if propagated is None:
        return {}
    return {
        "children": {
            "examined": propagated.examined,
            "updated": propagated.updated,
            "refused": propagated.refused,
        }
    }


def _warnings(warnings: Iterable[str]) -> dict[str, list[str]]:
    every = list(warnings)
    return {"warnings": every} if every else {}


def _sddl(plan: Plan, after: SecurityDescriptor) -> dict[str, Any]:
    return {
        "before_sddl": format_sddl(plan.before.descriptor),
        "after_sddl": format_sddl(after),
        "edits": list(plan.edit_lines),
    }


def _diff(plan: Plan, after: SecurityDescriptor) -> dict[str, str]:
    """What `--diff` shows of one object: readable entries, and the SDDL beside them."""
    label = f"{plan.subject.host}: {plan.subject.label}"
    return {
        "before_header": label,
        "after_header": label,
        "before": _page(plan.before.descriptor, plan.names, share=plan.subject.is_share),
        "after": _page(after, plan.names, share=plan.subject.is_share),
    }


def _page(descriptor: SecurityDescriptor, names: Mapping[Sid, str], *, share: bool) -> str:
    # The blank in front sets the text off from the + and - of the diff.
    lines = [f" {line}" for line in describe_dacl(descriptor, names, share=share)]
    return "\n".join([*lines, f" SDDL {format_sddl(descriptor)}", ""])
