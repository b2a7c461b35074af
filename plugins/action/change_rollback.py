# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""change_rollback: restores what a site server held before a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.modules.change_rollback import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    Approval,
    Event,
    Recorder,
    changes_of,
    checked_change_id,
    host_lock,
    host_result,
    read_journal,
    refused,
    roll_back,
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
        """Read the record, compare, restore, record."""
        if arguments["change_id"]:
            checked_change_id(arguments["change_id"])
        path = Path(arguments["record"])
        with host_lock(None if self.check_mode or not path.exists() else path, server.host):
            return self._roll_back(server, path, arguments)

    def _roll_back(self, server: SiteServer, path: Path, arguments: dict[str, Any]) -> dict[str, Any]:
        journal = read_journal(path, server.host)
        changes = changes_of(path, journal, server.host, arguments["change_id"])
        record = Recorder(
            None if self.check_mode else path,
            action="rollback",
            host=server.host,
            change_id=changes.change_id,
            digest=changes.digest,
            approval=Approval(digest=False, approver=arguments["approver"]).as_dict(),
            connection=server.operator,
        )
        if journal.torn:
            self._display.warning(
                f"{path}: these lines are no events, because a write was interrupted: {_listed(journal.torn)}"
            )
        about = {"change_id": changes.change_id, "digest": changes.digest, "play": play_id(self._task)}
        if not changes.objects and not changes.members:
            message = (
                f"{server.host}: change {changes.change_id} has written nothing here, or all of it is restored already"
            )
            record(Event.NOT_PLANNED, message=message)
            return {"changed": False, "outcome": "nothing_to_restore", "objects": [], "removed": [], **about}
        try:
            result = roll_back(server, changes, record, check_mode=self.check_mode, force=arguments["force"])
        except Refused as refusal:
            return {**refused(refusal), **about}
        return {**host_result(result, "restored"), **about}


def _listed(lines: tuple[int, ...]) -> str:
    return ", ".join(map(str, lines))
