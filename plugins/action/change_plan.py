# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""change_plan: what a change would do to one site server."""

from __future__ import annotations

from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.change_plan import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import section_of
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    enforce_sender_access,
    plan_result,
    sender_request,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_action import SiteServerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer


class ActionModule(SiteServerAction):
    """Runs the module."""

    spec = argument_spec(DOCUMENTATION)

    def run_task(self, server: SiteServer, arguments: dict[str, Any]) -> dict[str, Any]:
        """Plan, and write nothing."""
        request = sender_request(server.host, arguments)
        outcome = enforce_sender_access(server, request, self.directories(server, arguments), check_mode=True)
        section = section_of(outcome, site=arguments["site_code"], reasons=arguments["reasons"] or {})
        return plan_result(outcome, section)
