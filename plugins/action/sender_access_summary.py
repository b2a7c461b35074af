# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sender_access_summary: what the role has found and done on the site servers of a play."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.memory import before_forks

with before_forks():
    from ansible_collections.sitekeeper.sms.plugins.modules.sender_access_summary import DOCUMENTATION
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import hierarchy_findings, read_hierarchy
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import (
        absent_sites,
        is_last_batch,
        play_id,
        registered,
    )
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import (
        AccessSummary,
        HostRun,
        not_in_inventory,
    )

_SPEC = argument_spec(DOCUMENTATION)

# What the role registers for each host.
_REGISTERED = (
    "_sms_sender_perms_result",
    "_sms_sender_perms_again",
    "_sms_sender_perms_joined",
    "_sms_sender_perms_scope",
)


class ActionModule(ActionBase):  # type: ignore[misc]
    """Door of the module. Works on the controller and connects to nothing."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        # Ansible copies what it checks, each item of each site; hierarchy_scope has checked them.
        sites = self._task.args.get("sms_sites")
        self._task.args = {**self._task.args, "sms_sites": []}
        _checked, arguments = self.validate_argument_spec(argument_spec=_SPEC)
        variables = task_vars or {}
        scope = arguments["scope"]
        last = is_last_batch(self._task, variables)
        hosts = variables["ansible_play_hosts_all"] if last else scope["batch"]
        runs = [_run_of(host, variables, scope, play_id(self._task)) for host in hosts]
        findings = _findings(sites, scope, runs) if sites else []
        summary = AccessSummary(
            runs=runs,
            audit=arguments["audit"],
            check_mode=bool(self._task.check_mode),
            accounts=scope["senders"],
            absent=absent_sites(variables, scope["sites"]) if last else (),
            findings=findings,
        )
        result.update(
            changed=False,
            last=last,
            lines=summary.lines() if last and arguments["show"] else [],
            findings=findings,
            fine=summary.fine,
            outcomes={run.host: summary.outcome(run).value for run in summary.runs},
            faults=summary.faults(
                fail_on_drift=arguments["fail_on_drift"], fail_on_findings=arguments["fail_on_findings"]
            ),
        )
        if not arguments["show"]:
            # Without the table nobody would be told.
            result["warnings"] = list(not_in_inventory(summary.absent))
        return result


def _run_of(host: str, variables: Mapping[str, Any], scope: Mapping[str, Any], play: str) -> HostRun:
    """What the role has registered for a host, in this play and in no other."""
    first, again, joined, own_scope = (registered(variables, host, name) for name in _REGISTERED)
    if (own_scope or {}).get("play") != play:
        first = again = joined = None
    code = (first or {}).get("site_code") or _code_of(host, variables["hostvars"][host], scope["sites"])
    return HostRun(host, str(code).upper(), first or {}, again or {}, tuple(joined or ()))


def _code_of(host: str, of_host: Mapping[str, Any], sites: Mapping[str, str]) -> str:
    """The site code of a host that has no result with it, as the role finds it."""
    codes = (of_host.get("sms_sender_perms_site_code"), sites.get(host.lower()), of_host.get("sms_site_code"))
    return next(filter(None, codes), "-")


def _findings(sites: object, scope: Mapping[str, Any], runs: Iterable[HostRun]) -> list[dict[str, str]]:
    """What is not as it should be in the sites that were read. Who is no member of a group, the table shows."""
    logons = {
        str(run.first["site_code"]).upper(): (run.first.get("services") or {}).get("SMS_EXECUTIVE") or ""
        for run in runs
        if run.first.get("site_code")
    }
    known = {code: logon for code, logon in logons.items() if code in scope["senders"]}
    found = hierarchy_findings(read_hierarchy(sites, scope["sms_products"]), known)
    return [each.as_dict() for each in found if each.site in known and each.kind.id != "group_membership"]
