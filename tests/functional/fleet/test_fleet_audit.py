# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet_audit in a playbook, against the lab."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.modules.fleet_audit import EXAMPLES
from tests.functional.ansible_runs import AnsibleRun
from tests.lab.hierarchy import SENDER, SERVICE
from tests.lab.misbehaviour import Kind, Rule
from tests.lab.testing import RunningLab, default_hierarchy, running_lab
from tests.waiting import PATIENCE, PATIENT, wait_until

HIERARCHY = default_hierarchy(6)
RIGHT = "p01.corp.example"
"""The one site server of the lab's hierarchy with nothing amiss (see tests.lab.hierarchy)."""
EVERYONE = tuple(site["server"] for site in HIERARCHY["sites"])


@pytest.fixture
def lab() -> Iterator[RunningLab]:
    with running_lab(HIERARCHY) as running:
        yield running


class Fleet:
    """A directory with an inventory of the lab's hosts."""

    def __init__(self, lab: RunningLab, directory: Path) -> None:
        self.directory = directory
        self.file = directory / "fleet.jsonl"
        self.hosts: dict[str, dict[str, Any]] = {
            host.endpoint.host.dns_name: {
                "ansible_host": host.endpoint.address,
                "ansible_port": host.endpoint.port,
                "ansible_password": "{{ secret }}",
                "secret": host.password,
            }
            for host in lab.values()
        }
        self.variables: dict[str, Any] = {
            "ansible_connection": "{{ way | default('winrm') }}",
            "ansible_user": lab["C01"].user,
            # A template that has no brace.
            "ansible_winrm_scheme": "#jinja2:variable_start_string:'[[', variable_end_string:']]'\n[[ 'ht' ~ 'tp' ]]",
            "ansible_winrm_transport": "ntlm",
            "ansible_psrp_protocol": "http",
            "ansible_psrp_auth": "ntlm",
            "sms_sites": HIERARCHY["sites"],
            **PATIENT,
        }

    def start(self, playbook: list[dict[str, Any]] | str, *arguments: str) -> AnsibleRun:
        inventory = {"sms_sites": {"hosts": self.hosts, "vars": self.variables}}
        (self.directory / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
        name = playbook
        if not isinstance(playbook, str):
            name = "play.yml"
            (self.directory / name).write_text(json.dumps(playbook), encoding="utf-8")
        return AnsibleRun(self.directory, "ansible-playbook", "-i", "inventory.json", name, *arguments, merged=True)

    def play(self, *arguments: str, playbook: list[dict[str, Any]] | str, failed: bool = False) -> str:
        with self.start(playbook, *arguments) as running:
            said, _nothing = running.communicate(timeout=PATIENCE)
        assert bool(running.returncode) == failed, said
        return said

    def audit(self, *arguments: str, play: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """Run fleet_audit; what it returns."""
        task = {"sms_sites": "{{ sms_sites }}", "path": str(self.file), "retries": 0, "timeout": PATIENCE, **options}
        result = self.directory / "result.json"
        tasks = [
            {"sitekeeper.sms.fleet_audit": task, "run_once": True, "register": "fleet"},
            {
                "ansible.builtin.copy": {"content": "{{ fleet | to_json }}", "dest": str(result)},
                "run_once": True,
                "delegate_to": "localhost",
                "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
                "check_mode": False,
            },
        ]
        said = self.play(
            *arguments, playbook=[{"hosts": "sms_sites", "gather_facts": False, "tasks": tasks, **(play or {})}]
        )
        assert not [host["secret"] for host in self.hosts.values() if host["secret"] in said + self.file.read_text()]
        returned: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return returned

    def lines(self) -> dict[str, dict[str, Any]]:
        every = [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]
        return {line["host"]: line for line in every if line["type"] == "host"}


@pytest.fixture
def fleet(lab: RunningLab, tmp_path: Path) -> Fleet:
    return Fleet(lab, tmp_path)


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {host: said["status"] for host, said in result["hosts"].items()}


def requests(lab: RunningLab) -> int:
    return sum(host.controls.counters()["wsman_requests"] for host in lab.values())


def test_every_host_by_its_own_connection_and_nothing_is_written(lab: RunningLab, fleet: Fleet) -> None:
    fleet.hosts["s01.corp.example"]["way"] = "psrp"
    fleet.hosts["s02.corp.example"]["ansible_port"] = 1
    fleet.hosts["s03.corp.example"]["ansible_password"] = "Not-The-Passw0rd"
    fleet.hosts["x01.corp.example"] = dict(fleet.hosts[RIGHT])
    lab["P02"].controls.host.misbehaviour.rules.append(Rule(Kind.GARBAGE))
    result = fleet.audit("--check")
    assert statuses(result) == {
        "c01.corp.example": "drifted",
        "p01.corp.example": "in_desired_state",
        "p02.corp.example": "error",
        "s01.corp.example": "drifted",
        "s02.corp.example": "unreachable",
        "s03.corp.example": "unreachable",
        "x01.corp.example": "error",
    }
    assert result["counts"] == {"hosts": 7, "in_desired_state": 1, "drifted": 2, "unreachable": 2, "error": 2}
    assert result["drifted"] == ["c01.corp.example", "s01.corp.example"]
    assert result["changed"] is False
    assert "credentials" in result["hosts"]["s03.corp.example"]["message"]
    assert "No site in sms_sites has the server" in result["hosts"]["x01.corp.example"]["message"]
    assert sum(host.controls.counters()["writes"] for host in lab.values()) == 0
    assert fleet.lines().keys() == fleet.hosts.keys()


def test_what_a_line_says(lab: RunningLab, fleet: Fleet) -> None:
    fleet.audit()
    right, lacking = fleet.lines()[RIGHT], fleet.lines()["s01.corp.example"]
    assert (right["site"], right["product"], right["requests"], right["after"]) == ("P01", "sms_1_2", 2, None)
    assert right["edits"] == {"share": [], "directory": []}
    by_account = {sender["account"]: sender for sender in right["senders"]}
    assert by_account[SERVICE]["reasons"] == [f"P01 sends to itself as {SERVICE}"]
    assert all(sender["in_desired_state"] for sender in right["senders"])
    # S01 lacks the directory's part only: two senders, one entry each.
    assert lacking["status"] == "drifted"
    assert lacking["edits"]["share"] == []
    assert len(lacking["edits"]["directory"]) == 2
    assert {sender["account"] for sender in lacking["senders"]} == {SENDER, SERVICE}
    assert [sender["share"]["satisfied"] for sender in lacking["senders"]] == [True, True]
    assert [sender["directory"]["satisfied"] for sender in lacking["senders"]] == [False, False]
    assert lacking["after"]["share_sddl"] == lacking["share"]["sddl"]
    assert lacking["after"]["directory_sddl"] != lacking["directory"]["sddl"]


def test_variables_of_the_play_count_as_for_any_task(fleet: Fleet) -> None:
    del fleet.variables["ansible_user"]
    user = "CORP\\ansible"
    assert statuses(fleet.audit(play={"vars": {"ansible_user": user}}))[RIGHT] == "in_desired_state"


def test_a_deny_entry_in_the_way_is_told_with_what_is_there(lab: RunningLab, fleet: Fleet) -> None:
    entries = [
        {"principal": SENDER, "type": "deny", "access": "full_control"},
        {"principal": "S-1-5-32-544", "access": "full_control"},
    ]
    lab["P01"].controls.set_share_descriptor("SMS_SITE", {"entries": entries})
    fleet.audit()
    line = fleet.lines()[RIGHT]
    assert line["status"] == "drifted"
    assert "deny" in line["message"]
    assert {sender["account"]: sender["in_desired_state"] for sender in line["senders"]}[SENDER] is False
    assert line["share"]["sddl"].startswith("D:AI(D;")


def test_an_interrupted_run_is_gone_on_with(lab: RunningLab, fleet: Fleet) -> None:
    fleet.audit()
    lines = fleet.file.read_bytes().splitlines(keepends=True)
    # Without the last answer but a part of it, and without the end.
    fleet.file.write_bytes(b"".join(lines[:-2]) + lines[-2][:40])
    before = requests(lab)
    result = fleet.audit()
    assert result["resumed"] == 5
    assert requests(lab) - before == fleet.lines()[json.loads(lines[-2])["host"]]["requests"]
    assert result["counts"] == {"hosts": 6, "in_desired_state": 1, "drifted": 5, "unreachable": 0, "error": 0}
    assert json.loads(fleet.file.read_text().splitlines()[-1])["hosts"] == 6


def test_answers_to_other_options_are_not_kept(fleet: Fleet) -> None:
    fleet.audit()
    whole = fleet.file.read_bytes().splitlines(keepends=True)
    fleet.file.write_bytes(b"".join(whole[:-1]))
    result = fleet.audit("-e", "sms_sender_perms_directory=D:/Elsewhere")
    assert (result["resumed"], result["counts"]["in_desired_state"]) == (0, 0)


def test_what_was_read_survives_an_interrupt(lab: RunningLab, fleet: Fleet) -> None:
    for name in ("S01", "S02", "S03"):
        lab[name].controls.misbehave(delay_ms=1000 * PATIENCE)
    fleet.variables["ansible_winrm_connection_timeout"] = 2 * PATIENCE
    task = {"sms_sites": "{{ sms_sites }}", "path": str(fleet.file), "timeout": PATIENCE}
    tasks = [{"sitekeeper.sms.fleet_audit": task, "run_once": True}]
    running = fleet.start([{"hosts": "sms_sites", "gather_facts": False, "tasks": tasks}])
    try:
        wait_until(lambda: fleet.file.exists() and len(fleet.file.read_bytes().splitlines()) == 4, "three are read")
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) != 0
        wait_until(lambda: not processes_with(str(fleet.directory)), "all its processes have ended")
    finally:
        running.kill()
        running.communicate()
    for host in lab.values():
        host.controls.behave()
    result = fleet.audit()
    assert result["resumed"] == 3
    assert result["counts"]["hosts"] == result["counts"]["drifted"] + 1 == 6


def processes_with(directory: str) -> list[str]:
    """The processes that were started in a directory and have not ended."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str((process / "cwd").readlink()) == directory:
                found.append(process.name)
    return found


def test_a_limit_counts(fleet: Fleet) -> None:
    assert statuses(fleet.audit("--limit", "p0*")) == {RIGHT: "in_desired_state", "p02.corp.example": "drifted"}


def test_a_host_that_drops_once_is_read_on_the_second_try(lab: RunningLab, fleet: Fleet) -> None:
    lab["P01"].controls.host.misbehaviour.rules.append(Rule(Kind.DROP, times=1))
    assert statuses(fleet.audit(retries=1))[RIGHT] == "in_desired_state"


def test_bad_descriptions_are_refused_before_anything_is_read(lab: RunningLab, fleet: Fleet) -> None:
    fleet.variables["sms_sites"] = [{"code": "TOOLONG", "server": RIGHT}]
    task = {"sitekeeper.sms.fleet_audit": {"sms_sites": "{{ sms_sites }}", "path": str(fleet.file)}}
    said = fleet.play(playbook=[{"hosts": "sms_sites", "gather_facts": False, "tasks": [task]}], failed=True)
    assert "sms_sites describes no usable hierarchy" in said
    assert requests(lab) == 0
    assert not fleet.file.exists()


def test_the_examples_run(fleet: Fleet) -> None:
    play = {"hosts": "sms_sites", "gather_facts": False, "tasks": yaml.safe_load(EXAMPLES)}
    said = fleet.play(playbook=[play])
    assert "5 of 6 have drifted: c01.corp.example, " in said


def test_the_playbook_corrects_what_has_drifted(lab: RunningLab, fleet: Fleet) -> None:
    predicted = fleet.play("--check", playbook="sitekeeper.sms.fleet")
    assert sum(host.controls.counters()["writes"] for host in lab.values()) == 0
    assert "'drifted': 5" in predicted.replace('"', "'")
    fleet.play("-e", "sms_fleet_serial=2", playbook="sitekeeper.sms.fleet")
    assert lab["P01"].controls.counters()["writes"] == 0
    assert statuses(fleet.audit()) == dict.fromkeys(EVERYONE, "in_desired_state")
    assert "'drifted': 0" in fleet.play(playbook="sitekeeper.sms.fleet").replace('"', "'")


def test_the_playbook_fails_if_a_host_could_not_be_read(fleet: Fleet) -> None:
    fleet.hosts["s02.corp.example"]["ansible_port"] = 1
    assert "s02.corp.example: unreachable (could not read share SMS_SITE: " in fleet.play(
        playbook="sitekeeper.sms.fleet", failed=True
    )
