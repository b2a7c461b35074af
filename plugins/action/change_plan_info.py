"""change_plan_info: whether a plan is whole and approved, and what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.change_plan_info import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    approved_plan,
    plan_of,
    summary_of,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec


class ActionModule(ControllerAction):
    """The action of the module `change_plan_info`."""

    spec = argument_spec(DOCUMENTATION)
    failures = (ChangeError,)

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Read the plan, and check its approval."""
        del variables
        approval = None
        if arguments["require_approval"]:
            plan, approval = approved_plan(arguments)
        else:
            plan = plan_of(arguments)
        return {
            "change_id": plan.change_id,
            "digest": plan.digest,
            "created": plan.head["created"],
            "approval": approval.as_dict() if approval else None,
            **summary_of(plan.hosts()),
        }
