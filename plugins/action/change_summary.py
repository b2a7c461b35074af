"""change_summary: the outcome of each site server of a play that applies a change or rolls it back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.change_summary import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import ChangeError, changed_hosts, read_journal
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import is_last_batch, play_id, registered
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import ChangeSummary


class ActionModule(ControllerAction):
    """The action of the module `change_summary`."""

    spec = argument_spec(DOCUMENTATION)
    failures = (ChangeError,)

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Summarize what the tasks of the play have registered."""
        self.check_play()
        hosts, batch = variables["ansible_play_hosts_all"], variables["ansible_play_batch"]
        # With --limit, others are left out on purpose.
        limited = bool(variables.get("ansible_limit"))
        summary = ChangeSummary(
            change_id=arguments["change_id"],
            play=play_id(self._task),
            results={host: registered(variables, host, arguments["results"]) or {} for host in hosts},
            batch=batch,
            check_mode=self.check_mode,
            record=os.path.realpath(arguments["record"]),
            left_out=[] if limited else sorted(set(arguments["planned"] or ()) - set(hosts)),
            remaining=[] if limited or not arguments["rolls_back"] else _remaining(arguments, hosts),
        )
        failures = summary.failures()
        # Ansible runs no further batch where that many hosts have failed.
        ends = len(failures) == len(batch) or 100 * len(failures) > len(batch) * arguments["max_fail_percentage"]
        last = ends or is_last_batch(self._task, variables)
        return {"last": last, "lines": summary.lines() if last else [], "failures": failures}


def _remaining(arguments: Mapping[str, Any], hosts: list[str]) -> list[str]:
    """The hosts on which the change is not rolled back, and which are not in the play."""
    path = Path(arguments["record"])
    changed = changed_hosts(path, read_journal(path), arguments["change_id"])
    return [host for host in changed if host not in set(hosts)]
