# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""change_plan_info: whether a plan is whole and approved, and what is in it."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.sitekeeper.sms.plugins.modules.change_plan_info import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import ChangeError, summary_of
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.arguments import approved_plan, plan_of
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec

_SPEC = argument_spec(DOCUMENTATION)


class ActionModule(ActionBase):  # type: ignore[misc]
    """Door of the module. Works on the controller and connects to nothing."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        _checked, arguments = self.validate_argument_spec(argument_spec=_SPEC)
        approval = None
        try:
            if arguments["require_approval"]:
                plan, approval = approved_plan(arguments)
            else:
                plan = plan_of(arguments)
            summary = summary_of(plan.hosts())
        except ChangeError as error:
            return {**result, "failed": True, "changed": False, "msg": str(error)}
        return {
            **result,
            "changed": False,
            "change_id": plan.change_id,
            "digest": plan.digest,
            "created": plan.head["created"],
            "approval": approval.as_dict() if approval else None,
            **summary,
        }
