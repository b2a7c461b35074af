"""hierarchy_scope: what each site server of a play must have, before anything connects to one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ansible.plugins.loader import filter_loader

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.memory import before_forks

with before_forks():
    from ansible_collections.sitekeeper.sms.plugins.modules.hierarchy_scope import DOCUMENTATION
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.controller_action import ControllerAction
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import codes_by_server, required_grants
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import play_id

    # The role uses this filter for each host. Ansible loads a filter when a template first has it. That is after
    # a fork, so each host takes about 5 ms more. Outside of a running Ansible there are no collections to load it from.
    with suppress(KeyError):
        filter_loader.get("sitekeeper.sms.host_site")

_NOTHING_DONE = "Nothing was read or changed on any site server."


class ActionModule(ControllerAction):
    """The action of the module `hierarchy_scope`."""

    spec = argument_spec(DOCUMENTATION)
    unchecked = ("sms_sites",)

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Read the hierarchy, and derive what follows from it."""
        self.check_play(_NOTHING_DONE)
        products = arguments["sms_products"] or {}
        hierarchy = self.read_sites(arguments["sms_sites"], products, _NOTHING_DONE)
        grants = required_grants(hierarchy)
        return {
            "play": play_id(self._task),
            "check_mode": self.check_mode,
            "batch": list(variables.get("ansible_play_batch") or ()),
            "grants": {code: [grant.as_dict() for grant in of_site] for code, of_site in grants.items()},
            "senders": {code: [grant.account for grant in of_site] for code, of_site in grants.items()},
            "products": {site.code: site.product.name for site in hierarchy.sites},
            "sms_products": products,
            "sites": codes_by_server(hierarchy),
        }
