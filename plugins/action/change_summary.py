# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""change_summary: what came of the site servers of a play that applies a change or rolls it back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.sitekeeper.sms.plugins.modules.change_summary import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import ChangeError, changed_hosts, read_journal
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import is_last_batch, refusal, registered
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import ChangeSummary

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
        variables = task_vars or {}
        refused = refusal(self._task, self._loader)
        if refused:
            return {**result, "failed": True, "changed": False, "msg": refused}
        hosts, batch = variables["ansible_play_hosts_all"], variables["ansible_play_batch"]
        # With --limit, others are left out on purpose.
        limited = bool(variables.get("ansible_limit"))
        try:
            remaining = [] if limited or not arguments["rolls_back"] else _remaining(arguments, hosts)
        except ChangeError as error:
            return {**result, "failed": True, "changed": False, "msg": str(error)}
        summary = ChangeSummary(
            change_id=arguments["change_id"],
            results={host: registered(variables, host, arguments["results"]) or {} for host in hosts},
            batch=batch,
            check_mode=bool(self._task.check_mode),
            record=os.path.realpath(arguments["record"]),
            left_out=[] if limited else sorted(set(arguments["planned"] or ()) - set(hosts)),
            remaining=remaining,
        )
        failures = summary.failures()
        # Ansible goes on with no other batch where that many have failed.
        ends = len(failures) == len(batch) or 100 * len(failures) > len(batch) * arguments["max_fail_percentage"]
        last = ends or is_last_batch(self._task, variables)
        result.update(changed=False, last=last, lines=summary.lines() if last else [], failures=failures)
        return result


def _remaining(arguments: dict[str, Any], hosts: list[str]) -> list[str]:
    """The hosts on which the change is not rolled back, and which are not in the play."""
    path = Path(arguments["record"])
    changed = changed_hosts(path, read_journal(path), arguments["change_id"])
    return [host for host in changed if host not in set(hosts)]
