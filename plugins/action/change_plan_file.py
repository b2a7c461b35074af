# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""change_plan_file: one plan for all site servers, and its pages for the change board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ansible.release import __version__ as ansible_version

from ansible_collections.sitekeeper.sms.plugins.modules.change_plan_file import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    as_html,
    as_markdown,
    checked_change_id,
    make_document,
    summary_of,
    unread_section,
    utc_now,
    write_document,
    write_file,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.collection import collection_version
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import NoSite
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import registered
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import plan_lines


class ActionModule(ControllerAction):
    """The action of the module `change_plan_file`."""

    spec = argument_spec(DOCUMENTATION)
    rules: ClassVar[dict[str, Any]] = {
        "required_one_of": [("results", "registered")],
        "mutually_exclusive": [("results", "registered"), ("sites", "registered")],
    }
    failures = (ChangeError,)

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Write the plan, and the pages for those who approve it."""
        checked_change_id(arguments["change_id"])
        versions = {"collection": collection_version(), "ansible": str(ansible_version)}
        hosts = dict(_sections(arguments, variables))
        _give_findings(hosts, arguments["findings"] or [])
        document = make_document(arguments["change_id"], utc_now(), versions, hosts)
        write_document(Path(arguments["path"]), document, check_mode=self.check_mode)
        for option, render in (("markdown", as_markdown), ("html", as_html)):
            if arguments[option]:
                write_file(Path(arguments[option]), render(document).encode(), check_mode=self.check_mode)
        about = {"digest": document["digest"], "path": arguments["path"], **summary_of(hosts)}
        return {
            "changed": True,
            **about,
            "lines": plan_lines(about),
            "failures": {
                host: f"Nothing is planned for this host: {hosts[host]['message'] or hosts[host]['status']}"
                for host in about["not_read"]
            },
        }


def _sections(arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the hosts with their sections of the plan."""
    name, results = arguments["registered"], arguments["results"]
    if name is not None:
        results = _registered(name, variables)
    sites = arguments["sites"] or {}
    for host, result in sorted(results.items()):
        yield str(host), _section(str(host), result or {}, sites.get(host))


def _registered(name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the hosts of the play have registered.

    A host that failed or was unreachable before runs no task. It keeps the result that it has from an earlier play.

    Raises:
        ChangeError: no host has a result.
    """
    results = {host: registered(variables, host, name) for host in variables["ansible_play_hosts_all"]}
    if not any(isinstance(result, Mapping) for result in results.values()):
        raise ChangeError(f"registered: no host of the play has a result in the variable {name}")
    for host in results.keys() - set(variables["ansible_play_hosts"]):
        result = results[host] or {}
        if not (isinstance(result, Mapping) and (result.get("failed") or result.get("unreachable"))):
            results[host] = {"msg": "it failed or was unreachable in an earlier task, so it was not read"}
    return results


def _section(host: str, found: Any, site: str | None) -> dict[str, Any]:
    """The section of a host, by what `change_plan` returned for it."""
    if not isinstance(found, Mapping) or not isinstance(found.get("planned") or {}, Mapping):
        raise ChangeError(f"results: {host} has no result of change_plan; give the variable that it registers")
    site = site or found.get("site_code") or None
    if found.get("planned"):
        return dict(found["planned"])
    # A plan is Unicode; programs that write other encodings leave bytes that are not.
    message = str(found.get("msg") or "").encode("utf-8", "replace").decode()
    message = NoSite.message_in(message) or message
    if found.get("unreachable"):
        return unread_section("unreachable", message or None, site=site)
    if found.get("skipped") and site:
        return unread_section("nothing_owed", None, site=site)
    return unread_section("error", message or "no site of the hierarchy has this server, or it was not read", site=site)


def _give_findings(hosts: Mapping[str, dict[str, Any]], findings: Sequence[Mapping[str, Any]]) -> None:
    """Put each finding into the section of the server of its site."""
    by_site: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        by_site.setdefault(str(finding.get("site")).upper(), []).append(dict(finding))
    for section in hosts.values():
        section["findings"] = by_site.get(str(section["site"] or "").upper(), [])
