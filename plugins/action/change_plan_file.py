# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""change_plan_file: one plan for all site servers, and what the change board reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version

from ansible_collections.sitekeeper.sms.plugins.modules.change_plan_file import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    as_html,
    as_markdown,
    make_document,
    summary_of,
    unread_section,
    write_document,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.document import checked_change_id, write_file
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.journal import utc_now
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.collection import collection_version
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec

_SPEC = argument_spec(DOCUMENTATION)


class ActionModule(ActionBase):  # type: ignore[misc]
    """Door of the module. Works on the controller and connects to nothing."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        _checked, arguments = self.validate_argument_spec(argument_spec=_SPEC)
        sites = arguments["sites"] or {}
        versions = {"collection": collection_version(), "ansible": str(ansible_version)}
        try:
            checked_change_id(arguments["change_id"])
            hosts = {
                str(host): _section(str(host), found or {}, sites.get(host))
                for host, found in sorted(arguments["results"].items())
            }
            _give_findings(hosts, arguments["findings"] or [])
            document = make_document(arguments["change_id"], utc_now(), versions, hosts)
            check_mode = bool(self._task.check_mode)
            write_document(Path(arguments["path"]), document, check_mode=check_mode)
            for option, render in (("markdown", as_markdown), ("html", as_html)):
                if arguments[option]:
                    write_file(Path(arguments[option]), render(document).encode(), check_mode=check_mode)
        except ChangeError as error:
            return {**result, "failed": True, "changed": False, "msg": str(error)}
        summary = summary_of(hosts)
        return {**result, "changed": True, "digest": document["digest"], "path": arguments["path"], **summary}


def _section(host: str, found: Any, site: str | None) -> dict[str, Any]:
    """What is planned for a host, by what `change_plan` said of it."""
    if not isinstance(found, Mapping) or not isinstance(found.get("planned") or {}, Mapping):
        raise ChangeError(f"results: {host} has no result of change_plan; give what that registered")
    if found.get("planned"):
        return dict(found["planned"])
    # What is no Unicode comes from programs that write other encodings, and a plan cannot hold it.
    message = str(found.get("msg") or "").encode("utf-8", "replace").decode() or None
    if found.get("unreachable"):
        return unread_section("unreachable", message, site=site or None)
    if found.get("skipped") and site:
        return unread_section("nothing_owed", None, site=site)
    return unread_section(
        "error", message or "no site of the hierarchy has this server, or it was not read", site=site or None
    )


def _give_findings(hosts: Mapping[str, dict[str, Any]], findings: Sequence[Mapping[str, Any]]) -> None:
    """Each finding goes to the server of the site that it is about."""
    by_site: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        by_site.setdefault(str(finding.get("site")).upper(), []).append(dict(finding))
    for section in hosts.values():
        section["findings"] = by_site.get(str(section["site"] or "").upper(), [])
