"""fleet_summary: the outcome of each host of a fleet, by its second reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.fleet_summary import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import absent_sites, registered
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import FleetSummary


class ActionModule(ControllerAction):
    """The action of the module `fleet_summary`."""

    spec = argument_spec(DOCUMENTATION)
    unchecked = ("sms_sites",)

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Compare the two readings with what the role has registered."""
        self.check_play()
        # fleet_audit has read the hierarchy already, in the same play.
        sites = arguments["sms_sites"] or ()
        summary = FleetSummary(
            found=arguments["found"]["hosts"],
            again=(arguments["again"] or {}).get("hosts") or {},
            remediations=dict(_remediations(variables, arguments["found"]["drifted"])),
            check_mode=self.check_mode,
            absent=absent_sites(variables, {str(site["server"]).lower(): str(site["code"]).upper() for site in sites}),
        )
        return {"lines": summary.lines(), "reasons": summary.reasons()}


def _remediations(variables: Mapping[str, Any], hosts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the hosts that the role has worked on, with the outcome that its summary has for each."""
    for host in hosts:
        outcomes = (registered(variables, host, "_sms_sender_perms_summary") or {}).get("outcomes") or {}
        if host in outcomes:
            yield host, outcomes[host]
