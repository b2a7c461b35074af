# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""share_permissions: a share's DACL."""

from __future__ import annotations

from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.share_permissions import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    desired_share,
    permissions_result,
    set_share_permissions,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_action import SiteServerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer


class ActionModule(SiteServerAction):
    """Runs the module."""

    spec = argument_spec(DOCUMENTATION)

    def run_task(self, server: SiteServer, arguments: dict[str, Any]) -> dict[str, Any]:
        """Give the share its DACL."""
        desired = desired_share(server.host, arguments)
        outcome = set_share_permissions(server, arguments["share"], desired, check_mode=self.check_mode)
        return permissions_result(outcome, diff=self.wants_diff)
