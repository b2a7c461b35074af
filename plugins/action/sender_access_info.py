# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sender_access_info: the access that the senders have on this site server. Changes nothing."""

from __future__ import annotations

from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.sender_access_info import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    assess_sender_access,
    assessment_result,
    sender_request,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_action import SiteServerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer


class ActionModule(SiteServerAction):
    """Runs the module."""

    spec = argument_spec(DOCUMENTATION)

    def run_task(self, server: SiteServer, arguments: dict[str, Any]) -> dict[str, Any]:
        """Read the access of the senders."""
        request = sender_request(server.host, arguments)
        return assessment_result(assess_sender_access(server, request, self.directories(server, arguments)))
