# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""change_apply: writes exactly what was planned for a site server and approved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.change_apply import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    Event,
    Recorder,
    apply_host_plan,
    approved_plan,
    host_lock,
    host_result,
    read_host_plan,
    refused,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import Refused
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import play_id
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_action import SiteServerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer


class ActionModule(SiteServerAction):
    """Runs the module."""

    spec = argument_spec(DOCUMENTATION)

    def run_task(self, server: SiteServer, arguments: dict[str, Any]) -> dict[str, Any]:
        """Check the approval, compare, write, record."""
        document, approval = approved_plan(arguments)
        path = None if self.check_mode else Path(arguments["record"])
        record = Recorder(
            path,
            action="apply",
            host=server.host,
            change_id=document.change_id,
            digest=document.digest,
            approval=approval.as_dict(),
            connection=server.operator,
        )
        about = {"change_id": document.change_id, "digest": document.digest, "play": play_id(self._task)}
        section = document.section(server.host)
        planned = read_host_plan(server.host, section) if section else None
        if planned is None:
            why = "this host is not in it" if section is None else section["message"] or "no account needs access there"
            message = f"{server.host}: nothing is planned for it in change {document.change_id} ({why})"
            record(Event.NOT_PLANNED, message=message)
            nothing: dict[str, Any] = {"objects": [], "added": []}
            # No warning for a host that needs no access. A host that is not in the plan, or was not read, gets one.
            if section is not None and section["status"] == "nothing_owed":
                return {"changed": False, "outcome": "nothing_owed", **nothing, **about}
            return {"changed": False, "outcome": "not_planned", "warnings": [message], **nothing, **about}
        with host_lock(path, server.host):
            try:
                result = apply_host_plan(server, planned, record, check_mode=self.check_mode)
            except Refused as refusal:
                return {**refused(refusal), **about}
        return {**host_result(result, "applied"), **about}
