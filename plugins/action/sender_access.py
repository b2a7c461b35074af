# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sender_access: what the senders of other sites need on this site server."""

from __future__ import annotations

from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.sender_access import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import enforce_sender_access
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.arguments import sender_request
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.assess import service_accounts
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.report import diff_of, sender_outcome_result
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.sender_access import how_to_add
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_action import SiteServerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer


class ActionModule(SiteServerAction):
    """Door of the module."""

    spec = argument_spec(DOCUMENTATION)

    def run_task(self, server: SiteServer, arguments: dict[str, Any]) -> dict[str, Any]:
        """Assert the access of the senders."""
        request = sender_request(server.host, arguments)
        # Before anything is written: what fails after a write must tell of it.
        services = service_accounts(server, request.product) if arguments["services"] else None
        outcome = enforce_sender_access(server, request, check_mode=self.check_mode)
        result = {"product": request.product.name, **sender_outcome_result(outcome)}
        required = arguments["group_members"] in ("require", "add_or_require")
        if required and outcome.group is not None and outcome.missing:
            # All the rest is done, and told: what failed is only this.
            message = how_to_add(server.host, outcome.group, outcome.missing)
            told = [warning for warning in result.pop("warnings", []) if warning != message]
            result.update(failed=True, msg=message, **({"warnings": told} if told else {}))
        if services is not None:
            result["services"] = services
        if self.wants_diff:
            result["diff"] = [
                diff_of(outcome.directory_plan, outcome.directory_after),
                diff_of(outcome.share_plan, outcome.share_after),
            ]
        return result
