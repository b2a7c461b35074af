# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sender_access: the access that the senders of other sites need on this site server."""

from __future__ import annotations

from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.sender_access import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    enforce_sender_access,
    sender_request,
    sender_result,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_action import SiteServerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer


class ActionModule(SiteServerAction):
    """Runs the module."""

    spec = argument_spec(DOCUMENTATION)

    def run_task(self, server: SiteServer, arguments: dict[str, Any]) -> dict[str, Any]:
        """Give the senders their access."""
        request = sender_request(server.host, arguments)
        directories = self.directories(server, arguments)
        outcome = enforce_sender_access(server, request, directories, check_mode=self.check_mode)
        return sender_result(outcome, diff=self.wants_diff)
