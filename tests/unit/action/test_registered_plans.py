# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are in a plan, from the results of the play or from results that are given."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action.change_plan_file import ActionModule
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import NoSite
from tests.unit.change.samples import section

LOST = {"unreachable": True, "msg": "p01: no answer", "site_code": "P01"}
SKIPPED = {"skipped": True, "site_code": "C01"}
LEFT_OUT = "it failed or was unreachable in an earlier task, so it was not read"
STRAY = {"failed": True, "msg": f"Finalization of task args failed: {NoSite('web01', '')}"}


class HostVars(dict[str, dict[str, Any]]):
    """As Ansible's, as far as an action asks for what was registered."""

    def raw_get(self, host: str) -> dict[str, Any]:
        return self[host]


def write(
    directory: Path, arguments: dict[str, Any], hosts: dict[str, dict[str, Any]], *, lost: str = ""
) -> dict[str, Any]:
    given = {"path": str(directory / "C1.plan.json"), "change_id": "C1", **arguments}
    task = SimpleNamespace(args=given, check_mode=False, async_val=0, action="x", _uuid="1", diff=False)
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="unused"))
    variables = {
        "ansible_play_hosts_all": list(hosts),
        "ansible_play_hosts": [host for host in hosts if host != lost],
        "hostvars": HostVars(hosts),
    }
    return ActionModule(task, connection, SimpleNamespace(), None, None, None).run(task_vars=variables)


@pytest.mark.parametrize("by_name", [True, False])
def test_hosts_without_a_plan_are_in_it_with_the_reason(tmp_path: Path, by_name: bool) -> None:
    results = {"p01": LOST, "c01": SKIPPED, "web01": STRAY, "s01": {}}
    hosts = {host: {"planned": result} for host, result in results.items()}
    result = write(tmp_path, {"registered": "planned"} if by_name else {"results": results}, hosts)
    assert result["not_read"] == ["p01", "s01", "web01"]
    assert result["failures"] == {
        "p01": "Nothing is planned for this host: p01: no answer",
        "s01": "Nothing is planned for this host: no site of the hierarchy has this server, or it was not read",
        "web01": f"Nothing is planned for this host: {NoSite('web01', '')}",
    }
    assert result["lines"][3:5] == ["No change needed: 1 of 4", "Not read, and so not planned: p01, s01, web01"]
    sections = json.loads((tmp_path / "C1.plan.json").read_text())["hosts"]
    assert {host: (section["status"], section["site"]) for host, section in sections.items()} == {
        "c01": ("nothing_owed", "C01"),
        "p01": ("unreachable", "P01"),
        "s01": ("error", None),
        "web01": ("error", None),
    }


@pytest.mark.parametrize(
    ("stale", "reason"),
    [
        ({"planned": section(), "site_code": "P01"}, LEFT_OUT),
        (SKIPPED, LEFT_OUT),
        ({}, LEFT_OUT),
        (LOST, "p01: no answer"),
    ],
)
def test_a_result_of_an_earlier_play_is_no_plan(tmp_path: Path, stale: dict[str, Any], reason: str) -> None:
    result = write(tmp_path, {"registered": "planned"}, {"p01": {"planned": stale}, "c01": {}}, lost="p01")
    assert (result["changing"], result["unchanged"], result["not_read"]) == ([], 0, ["c01", "p01"])
    assert result["failures"]["p01"] == f"Nothing is planned for this host: {reason}"


@pytest.mark.parametrize(
    ("registered", "message"),
    [
        ({}, "registered: no host of the play has a result in the variable planned"),
        ({"planned": ["x"]}, "registered: no host of the play has a result in the variable planned"),
        ({"planned": {"planned": "x"}}, "results: p01 has no result of change_plan"),
    ],
)
def test_a_variable_without_results_fails_and_writes_nothing(
    tmp_path: Path, registered: dict[str, Any], message: str
) -> None:
    result = write(tmp_path, {"registered": "planned"}, {"p01": registered})
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"].startswith(message)
    assert list(tmp_path.iterdir()) == []
