# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes as the results and diffs of the modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..security import SecurityDescriptor, Sid, format_sddl
from ..security.describe import describe_dacl
from ..site_server import Account, Propagated
from .assess import Access, Assessment, Group, SenderAccess
from .errors import EnforcementError
from .execute import StepResult, StepStatus
from .permissions import PermissionsOutcome
from .plan import Plan
from .sender_access import SenderOutcome
from .steps import WriteDescriptor

_SIGNS = {"add": "+", "remove": "-", "reorder": "~"}


def outcome_result(outcome: PermissionsOutcome) -> dict[str, Any]:
    """Return values of `share_permissions` and `ntfs_permissions`."""
    return {
        "changed": outcome.changed,
        **_warnings(outcome.warnings),
        **_sddl(outcome.plan, outcome.after),
        **_children(outcome.propagated),
    }


def failure_result(error: EnforcementError) -> dict[str, Any]:
    """Return values of every task that failed, with what was or may have been written by then."""
    steps = [{"object": result.step.label, "status": result.status.value} for result in error.results]
    return {
        "failed": True,
        "changed": error.changed,
        "msg": str(error),
        **_warnings(tuple(dict.fromkeys(_left(error.results)))),
        **({"uncertain": True} if error.uncertain else {}),
        **({"steps": steps} if steps else {}),
    }


def _left(results: Iterable[StepResult]) -> Iterator[str]:
    """What the operator should know of writes that were done, or may have been: undone ones may have lost something."""
    for result in results:
        if result.status in (StepStatus.DONE, StepStatus.UNDONE, StepStatus.UNCERTAIN):
            yield from result.step.before.cautions if isinstance(result.step, WriteDescriptor) else ()
        if result.status in (StepStatus.DONE, StepStatus.UNCERTAIN):
            yield from result.warnings


def diff_of(plan: Plan, after: SecurityDescriptor) -> dict[str, str]:
    """What `--diff` shows of one object: readable entries, and the SDDL beside them."""
    label = f"{plan.subject.host}: {plan.subject.label}"
    return {
        "before_header": label,
        "after_header": label,
        "before": _page(plan.before.descriptor, plan.names, share=plan.subject.is_share),
        "after": _page(after, plan.names, share=plan.subject.is_share),
    }


def sender_outcome_result(outcome: SenderOutcome) -> dict[str, Any]:
    """Return values of `sender_access`."""
    return {
        "changed": outcome.changed,
        **_warnings(outcome.warnings),
        "share": {
            "name": outcome.share.name,
            "path": outcome.share.path,
            **_sddl(outcome.share_plan, outcome.share_after),
        },
        "directory": {
            "path": outcome.directory,
            **_sddl(outcome.directory_plan, outcome.directory_after),
            **_children(outcome.propagated),
        },
        **_group(outcome.group, outcome.group_satisfied, missing=outcome.missing, added=outcome.added),
        "senders": [
            {
                "account": sender.given,
                "name": sender.account.name,
                "sid": str(sender.account.sid),
                "in_desired_state": sender.after.satisfied,
                "before": _sender(sender.before),
                "after": _sender(sender.after),
            }
            for sender in outcome.senders
        ],
    }


def assessment_result(found: Assessment) -> dict[str, Any]:
    """Return values of `sender_access_info`."""
    senders = [
        {
            "account": given,
            "name": account.name,
            "sid": str(account.sid),
            "in_desired_state": found.senders[given].satisfied,
            "current": _sender(found.senders[given]),
        }
        for given, account in found.accounts.items()
    ]
    return {
        "changed": False,
        "in_desired_state": found.satisfied,
        "share": {
            "name": found.share.name,
            "path": found.share.path,
            "sddl": format_sddl(found.share_reading.descriptor),
            "is_default": found.share_reading.is_default,
            "entries": describe_dacl(found.share_reading.descriptor, found.names, share=True),
        },
        "directory": {
            "path": found.directory,
            "sddl": format_sddl(found.directory_reading.descriptor),
            "entries": describe_dacl(found.directory_reading.descriptor, found.names, share=False),
        },
        **_group(found.group, found.group_satisfied, missing=found.missing.values()),
        "senders": senders,
    }


def _group(
    group: Group | None, satisfied: bool | None, *, missing: Iterable[Account], added: Iterable[Account] | None = None
) -> dict[str, Any]:
    if group is None:
        return {}
    return {
        "group": {
            "name": group.account.name,
            "sid": str(group.account.sid),
            "in_desired_state": satisfied,
            "members": [account.name for account in group.members],
            "missing": [account.name for account in missing],
            **({} if added is None else {"added": [account.name for account in added]}),
        }
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


def _warnings(warnings: tuple[str, ...]) -> dict[str, list[str]]:
    return {"warnings": list(warnings)} if warnings else {}


def _sddl(plan: Plan, after: SecurityDescriptor) -> dict[str, Any]:
    return {
        "before_sddl": format_sddl(plan.before.descriptor),
        "after_sddl": format_sddl(after),
        "edits": [f"{_SIGNS[edit.action]} {plan.subject.describe(edit.ace, plan.names)}" for edit in plan.edits],
    }


def _sender(access: SenderAccess) -> dict[str, Any]:
    return {
        "share": _access(access.share),
        "directory": _access(access.directory),
        "combined": {"access": access.combined_words, "mask": f"0x{access.combined_mask:08X}"},
        **({} if access.member is None else {"member": access.member}),
    }


def _access(access: Access) -> dict[str, Any]:
    return {
        "access": access.words,
        "mask": f"0x{access.mask:08X}",
        "satisfied": access.satisfied,
        "decided_by": list(access.decided_by),
        "may_be_denied_by": list(access.may_be_denied_by),
    }


def _page(descriptor: SecurityDescriptor, names: Mapping[Sid, str], *, share: bool) -> str:
    # The blank in front sets the text off from the + and - of the diff.
    lines = [f" {line}" for line in describe_dacl(descriptor, names, share=share)]
    return "\n".join([*lines, f" SDDL {format_sddl(descriptor)}", ""])
