# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A return code of 0 means what docs/results.md says, whatever the settings of Ansible are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.functional.ansible_runs import run_playbook
from tests.lab.inventory import inventory as lab_inventory
from tests.lab.testing import RunningLab, default_hierarchy, running_lab

CHECKOUT = Path(__file__).resolve().parents[3]
PLAYBOOKS = ("audit", "converge", "plan", "apply", "rollback", "fleet", "report")
ROLE = "sitekeeper.sms.sms_sender_perms"
NOTHING = "Nothing was read or changed on any site server."


class Desk:
    """A directory with an inventory of the lab's hosts, where playbooks are run."""

    def __init__(self, lab: RunningLab, directory: Path) -> None:
        self.lab, self.directory = lab, directory
        self.inventory = json.loads(json.dumps(lab_inventory(lab.lab)))
        self.variables = self.inventory["sms_sites"]["vars"]
        self.hosts = self.inventory["sms_sites"]["hosts"]

    def run(self, playbook: str | list[dict[str, Any]], *options: str, **environment: str) -> tuple[int, str]:
        """Return the return code and the output."""
        (self.directory / "inventory.json").write_text(json.dumps({"all": {"children": self.inventory}}))
        if not isinstance(playbook, str):
            (self.directory / "own.yml").write_text(yaml.safe_dump(playbook, sort_keys=False))
        inventory = () if "-i" in options else ("-i", "inventory.json")
        name = f"sitekeeper.sms.{playbook}" if isinstance(playbook, str) else "own.yml"
        done = run_playbook(self.directory, *inventory, name, *options, merged=True, **environment)
        return done.returncode, done.stdout

    def counted(self) -> dict[str, list[int]]:
        """Return the requests and the writes that each host has seen."""
        counters = {name: host.controls.counters() for name, host in self.lab.items()}
        return {name: [len(seen["exchanges"]), int(seen["writes"])] for name, seen in counters.items()}


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    """Three site servers. C01 and P02 have drifted, P01 is in its desired state; no test here writes to them."""
    with running_lab(default_hierarchy(3)) as running:
        yield running


@pytest.fixture
def desk(lab: RunningLab, tmp_path: Path) -> Desk:
    for host in lab.values():
        host.controls.reset_counters()
    return Desk(lab, tmp_path)


def recap(output: str) -> dict[str, str]:
    """Return for each host of the recap how it ended."""
    rows = re.findall(r"(?m)^(\S+) +: .* changed=(\d+) +unreachable=(\d+) +failed=(\d+)", output)
    return {
        host: "unreachable" if int(unreachable) else "failed" if int(failed) else "changed" if int(changed) else "ok"
        for host, changed, unreachable, failed in rows
    }


def role(**keywords: Any) -> dict[str, Any]:
    """Return a task with the role's audit, with keywords of Ansible."""
    return {
        "ansible.builtin.import_role": {"name": ROLE, "tasks_from": "audit", "rolespec_validate": False},
        **keywords,
    }


def play(*tasks: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    return {"hosts": "sms_sites", "gather_facts": False, "tasks": list(tasks), **keywords}


C01, P01, P02 = "c01.corp.example", "p01.corp.example", "p02.corp.example"
DRIFTED = {C01: "failed", P01: "ok", P02: "failed"}


@pytest.mark.parametrize("strategy", ["free", "host_pinned", "debug"])
def test_an_audit_fails_on_drift_whatever_the_strategy_of_ansible_is(desk: Desk, strategy: str) -> None:
    code, output = desk.run("audit", ANSIBLE_STRATEGY=strategy)
    assert code == 2, output
    assert recap(output) == DRIFTED
    assert "3 site servers: 1 in desired state, 2 drift" in output


def test_check_mode_counts_what_would_change_whatever_the_strategy_is(desk: Desk) -> None:
    (desk.directory / "ansible.cfg").write_text("[defaults]\nstrategy = free\n")
    code, output = desk.run("converge", "--check")
    assert code == 0, output
    assert recap(output) == {C01: "changed", P01: "ok", P02: "changed"}
    assert "3 site servers: 1 unchanged, 2 would change" in output
    assert [writes for _requests, writes in desk.counted().values()] == [0, 0, 0]


@pytest.mark.parametrize("strategy", ["free", "ansible.builtin.host_pinned"])
def test_the_role_refuses_a_strategy_that_does_not_keep_hosts_together(desk: Desk, strategy: str) -> None:
    code, output = desk.run([play(role(), strategy=strategy)])
    assert code == 2, output
    # A task that runs once fails all hosts. Ansible counts that only for those whose turn had come.
    assert "failed" in recap(output).values()
    assert "changed" not in recap(output).values()
    assert f"The role does not run with the strategy {strategy}: " in output
    assert "site servers:" not in output
    assert [requests for requests, _writes in desk.counted().values()] == [0, 0, 0]


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_play_keeps_hosts_together_and_fails_without_hosts(playbook: str) -> None:
    plays = yaml.safe_load((CHECKOUT / "playbooks" / f"{playbook}.yml").read_text(encoding="utf-8"))
    assert {play["strategy"] for play in plays} == {"ansible.builtin.linear"}
    hosts = [play["hosts"] for play in plays]
    assert hosts == ["{{ lookup('sitekeeper.sms.playbook_hosts') }}", "sms_fleet_drifted", hosts[0]][: len(hosts)]


def test_a_playbook_without_hosts_fails_with_the_reason(desk: Desk) -> None:
    desk.inventory["elsewhere"] = {"hosts": {"web01": {}}}
    code, output = desk.run("fleet", "--limit", "web01")
    assert code != 0
    assert f"--limit web01 leaves no host of sms_sites. Correct one of them. {NOTHING}" in output
    assert [requests for requests, _writes in desk.counted().values()] == [0, 0, 0]


def test_an_inventory_that_cannot_be_read_fails_the_run_with_the_reason(desk: Desk) -> None:
    (desk.directory / "broken.yml").write_text("sms_sites: {hosts: [")
    code, output = desk.run("audit", "-i", "broken.yml")
    assert code != 0
    assert "Unable to parse" in output
    assert "The inventory has no hosts. Name one with -i." in output
    assert output.count(NOTHING) == 1
    assert "Traceback" not in output


def test_showing_a_playbook_needs_no_hosts(desk: Desk) -> None:
    code, output = desk.run("audit", "-i", "web01,", "--syntax-check")
    assert code == 0, output


def test_a_playbook_that_imports_ours_may_use_tags(desk: Desk) -> None:
    own = [{"import_playbook": "sitekeeper.sms.audit", "tags": "access"}]
    assert desk.run(own, "--tags", "access")[0] == 2
    assert desk.run(own, "--tags", "other")[0] == 0


def test_a_host_that_is_not_read_fails_an_audit_also_where_the_play_ignores_that(desk: Desk) -> None:
    desk.hosts[P01] |= {"ansible_host": "127.0.0.1", "ansible_port": 1}
    code, output = desk.run(
        [play(role(), ignore_unreachable=True)], "--limit", P01, "-e", "sms_sender_perms_findings=false"
    )
    assert code == 2, output
    assert recap(output) == {P01: "failed"}
    assert f"The access on {P01} was not read (unreachable: " in output
    code, output = desk.run("audit", "--limit", P01)
    assert code == 4, output


def test_batches_in_any_order_end_with_one_whole_table(desk: Desk) -> None:
    own = [play(role(), serial=1, order="reverse_inventory")]
    code, output = desk.run(own, "-e", "sms_sender_perms_fail_on_drift=false")
    assert code == 0, output
    assert re.findall(r"\d site servers?: [^\"]*", output) == ["3 site servers: 1 in desired state, 2 drift"]


def test_check_mode_by_a_keyword_is_check_mode(desk: Desk) -> None:
    task = {"ansible.builtin.import_role": {"name": ROLE, "rolespec_validate": False}, "check_mode": True}
    code, output = desk.run([play(task)])
    assert code == 0, output
    assert "3 site servers: 1 unchanged, 2 would change" in output
    assert [writes for _requests, writes in desk.counted().values()] == [0, 0, 0]


def test_a_host_that_a_condition_passes_over_is_not_run(desk: Desk) -> None:
    code, output = desk.run([play(role(when=f"inventory_hostname != '{P02}'"))])
    assert code == 2, output
    assert "3 site servers: 1 in desired state, 1 drift, 1 not run" in output


def test_a_result_of_an_earlier_play_does_not_count(desk: Desk) -> None:
    lose = {
        "sitekeeper.sms.sender_access_info": {"senders": ["CORP\\smssend"]},
        "vars": {"ansible_host": "127.0.0.1", "ansible_port": 1},
        "when": f"inventory_hostname == '{P01}'",
    }
    quiet = ["-e", "sms_sender_perms_fail_on_drift=false", "-e", "sms_sender_perms_findings=false"]
    code, output = desk.run([play(role()), play(lose), play(role())], "--limit", f"{C01},{P01}", *quiet)
    assert code == 4, output
    assert re.findall(r"2 site servers: [^\"]*", output) == [
        "2 site servers: 1 in desired state, 1 drift",
        "2 site servers: 1 drift, 1 not run",
    ]


def test_a_play_that_names_the_roles_own_variables_is_refused(desk: Desk) -> None:
    code, output = desk.run("audit", "-e", '{"_sms_sender_perms_result": {"senders": []}}')
    assert code == 2
    assert "Extra variables would replace results of the hosts: _sms_sender_perms_result. Remove them." in output
    assert [requests for requests, _writes in desk.counted().values()] == [0, 0, 0]


@pytest.fixture
def own_lab() -> Iterator[RunningLab]:
    """Three site servers for a test that changes them."""
    with running_lab(default_hierarchy(3)) as running:
        yield running


def test_a_fleet_of_which_nothing_can_be_corrected_is_read_again_and_fails(own_lab: RunningLab, tmp_path: Path) -> None:
    desk = Desk(own_lab, tmp_path)
    # Two hosts have drifted and are corrected one at a time; the first cannot be, so that the second is left alone.
    deny = {"principal": "CORP\\smssend", "type": "deny", "access": "write", "flags": "OI CI"}
    own_lab["C01"].controls.set_file_descriptor("D:\\SMS\\Site.srv\\Despoolr.box\\Receive", {"entries": [deny]})
    code, output = desk.run("fleet", "-e", "sms_fleet_serial=1")
    assert code == 2, output
    assert "3 site servers: 1 in desired state, 2 not remediated" in output
    assert f"{C01}: it had drifted; remediation: failed; second reading: still drifted" in output
    assert f"{P02}: it had drifted; remediation: not run; second reading: still drifted" in output
    assert [writes for _requests, writes in desk.counted().values()] == [0, 0, 0]
    assert len((tmp_path / "fleet.jsonl.after").read_text().splitlines()) >= 2

    code, output = desk.run("fleet", "--limit", P02)
    assert code == 0, output
    assert "1 site server: 1 remediated" in output
    code, output = desk.run("fleet", "--check", "--limit", f"{C01},{P01}")
    assert code == 2, output
    assert "2 site servers: 1 in desired state, 1 not remediated" in output
