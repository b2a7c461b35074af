# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From checked module arguments to plans and approvals, and from results to return values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..enforcement import Refused
from ..security import format_sddl
from .approval import Approval, approve
from .document import ChangeError, PlanDocument, checked_change_id, read_document
from .host_change import Result


def plan_of(arguments: Mapping[str, Any]) -> PlanDocument:
    """Read the plan in the file `path`, and check that it is of the change `change_id` if that is given.

    Raises:
        ChangeError: see `read_document`; or `change_id` is not valid, or the plan is of another change.
    """
    wanted = arguments.get("change_id")
    if wanted:
        checked_change_id(wanted)
    plan = read_document(Path(arguments["path"]))
    if wanted and wanted != plan.change_id:
        raise ChangeError(f"{plan.path} is the plan of change {plan.change_id}, not of {wanted}")
    return plan


def approved_plan(arguments: Mapping[str, Any]) -> tuple[PlanDocument, Approval]:
    """Read the plan and check its approval.

    Raises:
        ChangeError: see `plan_of`; or it is not approved.
    """
    plan = plan_of(arguments)
    signature, allowed = arguments["signature"], arguments["allowed_signers"]
    approval = approve(
        plan,
        approved_digest=arguments["approved_digest"],
        signature=Path(signature) if signature else None,
        allowed_signers=Path(allowed) if allowed else None,
        signer=arguments["signer"],
        approver=arguments["approver"],
    )
    return plan, approval


def host_result(result: Result, done: str) -> dict[str, Any]:
    """Return values of `change_apply` and `change_rollback`. `done` is the outcome if something was written."""
    joined = [account.name for account in result.added]
    left = [account.name for account in result.removed]
    members = {"added": joined} if done == "applied" else {"removed": left}
    return {
        "changed": result.changed,
        "outcome": done if result.changed else "in_place",
        "objects": [
            {
                "kind": each.kind,
                "name": each.name,
                "changed": each.changed,
                "before_sddl": format_sddl(each.before),
                "after_sddl": format_sddl(each.after),
            }
            for each in result.objects
        ],
        **members,
        **({"warnings": list(result.warnings)} if result.warnings else {}),
    }


def refused(refusal: Refused) -> dict[str, Any]:
    """Return values of a host that was refused because it has changed: nothing was written, and the task fails."""
    return {"failed": True, "changed": False, "outcome": "refused", "msg": str(refusal)}
