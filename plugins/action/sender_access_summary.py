# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sender_access_summary: the outcome of the role on each site server of a play."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.memory import before_forks

with before_forks():
    from ansible_collections.sitekeeper.sms.plugins.modules.sender_access_summary import DOCUMENTATION
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.controller_action import ControllerAction
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import (
        hierarchy_findings,
        logon_findings,
        read_hierarchy,
    )
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import absent_sites, is_last_batch, play_id
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.role_results import host_run
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import (
        AccessSummary,
        HostRun,
        not_in_inventory,
    )


class ActionModule(ControllerAction):
    """The action of the module `sender_access_summary`."""

    spec = argument_spec(DOCUMENTATION)
    unchecked = ("sms_sites",)

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Summarize what the role has registered for the hosts of the batch, or after the last one of the play."""
        scope = arguments["scope"]
        last = is_last_batch(self._task, variables)
        hosts = variables["ansible_play_hosts_all"] if last else scope["batch"]
        play = play_id(self._task)
        runs = [host_run(host, variables, scope, play) for host in hosts]
        summary = AccessSummary(
            runs=runs,
            audit=arguments["audit"],
            check_mode=self.check_mode,
            accounts=scope["senders"],
            absent=absent_sites(variables, scope["sites"]) if last else (),
            findings=_findings(arguments["sms_sites"], scope, runs),
        )
        result = {
            "last": last,
            "lines": summary.lines() if last and arguments["show"] else [],
            "findings": summary.findings,
            "fine": summary.fine,
            "outcomes": {run.host: summary.outcome(run).value for run in summary.runs},
            "faults": summary.faults(
                fail_on_drift=arguments["fail_on_drift"], fail_on_findings=arguments["fail_on_findings"]
            ),
        }
        if not arguments["show"]:
            # The table has these lines; without it, they are warnings.
            result["warnings"] = [*not_in_inventory(summary.absent), *summary.unknown()]
        return result


def _findings(sites: object, scope: Mapping[str, Any], runs: Iterable[HostRun]) -> list[dict[str, str]]:
    """The findings about the sites that were read, without missing members of groups, which the table shows.

    Without `sites`, only those about accounts that cannot log on.
    """
    of_accounts = [each.as_dict() for run in runs for each in logon_findings(run.code, run.logon_problems)]
    if not sites:
        return of_accounts
    logons = {
        str(run.first["site_code"]).upper(): (run.first.get("services") or {}).get("SMS_EXECUTIVE") or ""
        for run in runs
        if run.first.get("site_code")
    }
    known = {code: logon for code, logon in logons.items() if code in scope["senders"]}
    found = hierarchy_findings(read_hierarchy(sites, scope["sms_products"]), known)
    of_sites = [each.as_dict() for each in found if each.site in known and each.kind.id != "group_membership"]
    return [*of_sites, *of_accounts]
