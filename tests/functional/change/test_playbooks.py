# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks apply and rollback: batches, failures, limits, check mode, and what people are told at the end."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import unread_section, write_document
from tests.functional.ansible_runs import run_playbook
from tests.functional.change.servers import server_of
from tests.lab.testing import RunningLab, default_hierarchy, running_lab
from tests.unit.change.samples import DIRECTORY, document, planned_section, section

ELSEWHERE = "D:\\SMS"
HOSTS = ("C01", "P02", "S01", "S03")


class Desk:
    """A directory with an inventory and an approved plan, where the playbooks are run."""

    def __init__(self, directory: Path, lab: RunningLab) -> None:
        self.directory, self.lab = directory, lab
        self.inventory({name: lab[name].winrm() for name in HOSTS})
        self.plan({})

    def inventory(self, hosts: dict[str, Any]) -> None:
        text = yaml.safe_dump({"sms_sites": {"hosts": hosts}})
        (self.directory / "inventory.yml").write_text(text, encoding="utf-8")

    def plan(self, sections: dict[str, Any]) -> None:
        planned = {}
        for name in HOSTS:
            with server_of(self.lab[name]) as server:
                planned[name] = planned_section(server)
        plan = document({**planned, **sections})
        self.digest = plan["digest"]
        write_document(self.directory / "CHG0012345.plan.json", plan)

    def run(self, playbook: str, *options: str, **variables: Any) -> tuple[int, list[str], str]:
        """How it ended, the lines that people are told, and all of its output."""
        given = [f"sms_change_id=CHG0012345 sms_change_approved_digest={self.digest}"]
        given += [f"{key}={value}" for key, value in variables.items()]
        command = ["-i", "inventory.yml", f"sitekeeper.sms.{playbook}", "-e", " ".join(given), *options]
        done = run_playbook(self.directory, *command, ANSIBLE_CALLBACK_RESULT_FORMAT="json")
        output = done.stdout + done.stderr
        told = [yaml.safe_load(line.strip().rstrip(",")) for line in output.splitlines() if re.match(r" {8}\"", line)]
        return done.returncode, told, output

    @property
    def record(self) -> Path:
        return self.directory / "CHG0012345.record.jsonl"

    def writes(self) -> list[int]:
        return [int(self.lab[name].controls.counters()["writes"]) for name in HOSTS]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with running_lab(default_hierarchy(6)) as lab:
        yield Desk(tmp_path, lab)


def recap(output: str) -> dict[str, str]:
    """The hosts that changed, failed, or neither."""
    rows = re.findall(r"(?m)^(\S+) +: .* changed=(\d) +unreachable=\d +failed=(\d)", output)
    return {
        name: "failed" if failed != "0" else "changed" if changed != "0" else "ok" for name, changed, failed in rows
    }


def test_each_host_is_told_once_whatever_came_of_it(desk: Desk) -> None:
    desk.lab["C01"].controls.set_share_path("SMS_SITE", ELSEWHERE)
    desk.lab["S01"].set_listening(False)
    code, told, output = desk.run("apply", sms_change_serial=2)
    assert code == 2
    assert told == [
        "Change CHG0012345, 4 site servers: 2 applied, 1 refused, 1 unreachable",
        "Refused, since they have changed; nothing was written there: C01",
        "Unreachable: S01",
        f"Record: {desk.record}",
    ]
    assert recap(output) == {"C01": "failed", "P02": "changed", "S01": "failed", "S03": "changed"}
    assert desk.writes() == [0, 2, 0, 2]

    desk.lab["C01"].controls.set_share_path("SMS_SITE", DIRECTORY)
    desk.lab["S01"].set_listening(True)
    code, told, output = desk.run("apply")
    assert (code, told[0]) == (0, "Change CHG0012345, 4 site servers: 2 applied, 2 unchanged")
    assert len(told) == 2
    assert desk.writes() == [2, 2, 1, 2]


def test_hosts_that_the_plan_lacks_are_named(desk: Desk) -> None:
    desk.plan({"C01": unread_section("unreachable", "no answer"), "P02": unread_section("nothing_owed", None)})
    code, told, _output = desk.run("apply")
    assert code == 0
    assert told[:2] == [
        "Change CHG0012345, 4 site servers: 2 applied, 1 none required, 1 not in the plan",
        "Not in the plan, or not read for it; nothing was written there: C01",
    ]


def test_after_too_many_failures_the_others_are_left_alone_and_that_is_said(desk: Desk) -> None:
    desk.lab["P02"].controls.set_share_path("SMS_SITE", ELSEWHERE)
    code, told, output = desk.run("apply", sms_change_serial=2, sms_change_max_fail_percentage=49)
    assert code == 2
    assert told[0] == "Change CHG0012345, 4 site servers: 1 applied, 1 refused, 2 not run"
    assert told[2] == "Not run, since these or too many others have failed before: S01, S03"
    assert desk.writes() == [2, 0, 0, 0]
    assert output.count("site servers:") == 1

    code, told, output = desk.run("apply", sms_change_serial=2, sms_change_max_fail_percentage=50)
    assert code == 2
    assert told[0] == "Change CHG0012345, 4 site servers: 2 applied, 1 unchanged, 1 refused"
    assert output.count("site servers:") == 1


@pytest.mark.parametrize(("serial", "left"), [(2, "2 unreachable, 2 not run"), (4, "4 unreachable")])
def test_where_no_host_can_be_reached_people_are_told_all_the_same(desk: Desk, serial: int, left: str) -> None:
    for name in HOSTS:
        desk.lab[name].set_listening(False)
    code, told, output = desk.run("apply", sms_change_serial=serial)
    assert code == 2
    assert told[0] == f"Change CHG0012345, 4 site servers: {left}"
    assert output.count("site servers:") == 1


def test_a_plan_that_is_not_approved_is_not_summed_up(desk: Desk) -> None:
    code, told, output = desk.run("apply", sms_change_approved_digest="sha256:" + "0" * 64)
    assert code == 2
    assert told == []
    assert "is not the plan that was approved" in output
    assert desk.writes() == [0, 0, 0, 0]


def test_a_limit_limits(desk: Desk) -> None:
    code, told, _output = desk.run("apply", "--limit", "P02")
    assert (code, told[0]) == (0, "Change CHG0012345, 1 site server: 1 applied")
    assert desk.writes() == [0, 2, 0, 0]


def test_check_mode_writes_and_records_nothing(desk: Desk) -> None:
    files = {path.name for path in desk.directory.iterdir()} | {"home"}
    code, told, _output = desk.run("apply", "--check")
    assert code == 0
    assert told == [
        "Change CHG0012345, 4 site servers: 4 would be changed",
        "Check mode: nothing was written, and nothing recorded",
    ]
    assert desk.writes() == [0, 0, 0, 0]
    assert {path.name for path in desk.directory.iterdir()} == files


def test_the_way_back_is_told_too(desk: Desk) -> None:
    desk.run("apply", "--limit", "C01,P02,S01")
    desk.lab["C01"].controls.set_share_descriptor(
        "SMS_SITE", {"entries": [{"principal": "S-1-5-32-544", "access": "full_control"}]}
    )
    code, told, _output = desk.run("rollback", "--check")
    assert code == 2
    assert told[0] == "Change CHG0012345, 4 site servers: 2 would be restored, 1 nothing to restore, 1 refused"
    code, told, output = desk.run("rollback", sms_change_serial=1)
    assert code == 2
    assert told[0] == "Change CHG0012345, 4 site servers: 1 refused, 3 not run"
    code, told, output = desk.run("rollback")
    assert code == 2
    assert told == [
        "Change CHG0012345, 4 site servers: 2 restored, 1 nothing to restore, 1 refused",
        "Refused, since they have changed; nothing was written there: C01",
        f"Record: {desk.record}",
    ]
    assert recap(output) == {"C01": "failed", "P02": "changed", "S01": "changed", "S03": "ok"}


def test_not_all_of_very_many_are_named(desk: Desk) -> None:
    names = [f"p{number:02}" for number in range(23)]
    with socket.socket() as taken:
        # Bound, and nobody listens.
        taken.bind(("127.0.0.1", 0))
        dead = desk.lab["C01"].winrm(ansible_host="127.0.0.1", ansible_port=taken.getsockname()[1])
        desk.inventory(dict.fromkeys(names, dead))
        desk.plan({name: section() for name in names})
        code, told, _output = desk.run("apply")
    assert code == 2
    assert told[:2] == [
        "Change CHG0012345, 23 site servers: 23 unreachable",
        f"Unreachable: {', '.join(names[:20])}, and 3 more",
    ]
