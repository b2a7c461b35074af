# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sender_log_info: symptoms and likely causes in the logs of a site server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.sitekeeper.sms.plugins.modules.sender_log_info import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    EnforcementError,
    Refused,
    failure_result,
    local_path_of,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.files import open_to_read
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import (
    Analysis,
    LogSource,
    ServerAccess,
    analysis_result,
    find_causes,
    read_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_action import SiteServerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer

_PIECE = 1024 * 1024


class ActionModule(SiteServerAction):
    """Runs the module."""

    spec = argument_spec(DOCUMENTATION)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point. Only logs that are on the site server need a connection to it."""
        if self._task.args.get("paths"):
            return super().run(tmp, task_vars)
        result: dict[str, Any] = ActionBase.run(self, tmp, task_vars)
        _checked, arguments = self.validate_argument_spec(argument_spec=self.spec)
        try:
            result.update(_analyse(arguments, None, str((task_vars or {}).get("inventory_hostname"))))
        except EnforcementError as error:
            result.update(failure_result(error))
        return result

    def run_task(self, server: SiteServer, arguments: dict[str, Any]) -> dict[str, Any]:
        """Read the logs, those on the site server included."""
        if not isinstance(server, LogSource):
            raise Refused(
                f"{server.host}: paths: files cannot be read over this connection. Fetch the logs and give them as"
                " files, or connect with ansible_connection: sitekeeper.sms.smb"
            )
        return _analyse(arguments, server, server.host)


def _analyse(arguments: Mapping[str, Any], source: LogSource | None, host: str) -> dict[str, Any]:
    files, paths = arguments["files"] or [], arguments["paths"] or []
    if not files and not paths:
        raise Refused(f"{host}: give at least one log, as files or paths")
    access = _access(host, arguments["access"] or [])
    places = [local_path_of(host, "paths", path) for path in paths]
    analysis = Analysis()
    for file in files:
        try:
            analysis.read(file, _pieces(Path(file)))
        except OSError as error:
            raise Refused(f"files: {file} cannot be read on the controller: {error.strerror or error}") from None
    if source is not None:
        for place in places:
            analysis.read(place, source.open_file(place))
    return analysis_result(analysis, find_causes(analysis.occurrences, access))


def _access(host: str, given: Sequence[Mapping[str, Any]]) -> list[ServerAccess]:
    try:
        return [read_access(one["host"] or None, one["result"]) for one in given]
    except ValueError as error:
        raise Refused(f"{host}: access: result: {error}") from None


def _pieces(path: Path) -> Iterator[bytes]:
    with open_to_read(path) as stream:
        while piece := stream.read(_PIECE):
            yield piece
