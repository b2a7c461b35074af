# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sender_access_verify: whether the members that the role has added settle why its access task has failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.sender_access_verify import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.controller_action import ControllerAction, TaskFailed
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import play_id
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.role_results import host_run


class ActionModule(ControllerAction):
    """The action of the module `sender_access_verify`."""

    spec = argument_spec(DOCUMENTATION)

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Fail if an account still lacks access."""
        run = host_run(str(variables["inventory_hostname"]), variables, arguments["scope"], play_id(self._task))
        failure = run.failure(add_members=arguments["add_group_members"])
        if failure is not None:
            raise TaskFailed(failure)
        return {"joined": list(run.joined)}
