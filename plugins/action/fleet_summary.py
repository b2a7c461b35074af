# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet_summary: what came of a fleet, by its second reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.sitekeeper.sms.plugins.modules.fleet_summary import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import absent_sites, refusal, registered
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import FleetSummary

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
        # Ansible copies what it checks, each item of each site; fleet_audit has checked them.
        sites = self._task.args.get("sms_sites") or []
        self._task.args = {**self._task.args, "sms_sites": []}
        _checked, arguments = self.validate_argument_spec(argument_spec=_SPEC)
        variables = task_vars or {}
        refused = refusal(self._task, self._loader)
        if refused:
            return {**result, "failed": True, "changed": False, "msg": refused}
        summary = FleetSummary(
            found=arguments["found"]["hosts"],
            again=(arguments["again"] or {}).get("hosts") or {},
            corrections=dict(_corrections(variables, arguments["found"]["drifted"])),
            check_mode=bool(self._task.check_mode),
            absent=absent_sites(variables, {str(site["server"]).lower(): str(site["code"]).upper() for site in sites}),
        )
        result.update(changed=False, lines=summary.lines(), reasons=summary.reasons())
        return result


def _corrections(variables: Mapping[str, Any], hosts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the hosts that the role has worked on, and what its summary says of each."""
    for host in hosts:
        outcomes = (registered(variables, host, "_sms_sender_perms_summary") or {}).get("outcomes") or {}
        if host in outcomes:
            yield host, outcomes[host]
