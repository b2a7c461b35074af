# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A return code of 0 means what docs/results.md says, whatever the settings of Ansible are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

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
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                *(() if "-i" in options else ("-i", "inventory.json")),
                f"sitekeeper.sms.{playbook}" if isinstance(playbook, str) else "own.yml",
                *options,
            ],
            cwd=self.directory,
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": f"{CHECKOUT}/build/collections",
                "ANSIBLE_HOME": f"{self.directory}/home",
                "ANSIBLE_NOCOLOR": "1",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
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
    assert "3 site servers: 1 in order, 2 drift" in output


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
    assert recap(output) == dict.fromkeys([C01, P01, P02], "failed")
    assert f"The role does not run with the strategy {strategy}: " in output
    assert "site servers:" not in output
    assert [requests for requests, _writes in desk.counted().values()] == [0, 0, 0]


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_without_hosts_fails_with_the_reason(desk: Desk, playbook: str) -> None:
    desk.inventory["elsewhere"] = {"hosts": {"web01": {}}}
    code, output = desk.run(playbook, "--limit", "web01", "-e", "sms_change_id=C1")
    assert code != 0
    assert f"--limit web01 leaves no host of sms_sites. Correct one of them. {NOTHING}" in output
    assert [requests for requests, _writes in desk.counted().values()] == [0, 0, 0]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["-i", "broken.yml"], "The inventory has no hosts. Name one with -i."),
        (["-i", "missing"], "The inventory has no hosts. Name one with -i."),
        (
            ["-i", "web01,"],
            "'sms_sites' is neither a group nor a host of the inventory. Put the site servers into that",
        ),
        (
            ["-e", "sms_sender_perms_hosts=sms_sites,sms_sitse"],
            "'sms_sitse' is neither a group nor a host of the inventory. Correct sms_sender_perms_hosts",
        ),
        (
            ["-e", '{"sms_sender_perms_hosts": ["sms_sites", "!spared"]}'],
            "'spared' is neither a group nor a host of the inventory. Correct sms_sender_perms_hosts",
        ),
        (["-e", "sms_sender_perms_hosts=sms_sites:!sms_sites"], "sms_sites,!sms_sites has no hosts."),
        (["--tags", "quick"], "Tags (--tags quick --skip-tags -) leave out the tasks"),
        (["--skip-tags", "untagged"], "Tags (--tags all --skip-tags untagged) leave out the tasks"),
        (["--start-at-task", "Summarize"], "--start-at-task leaves out tasks"),
    ],
)
def test_a_run_that_would_cover_less_than_it_seems_fails_with_the_reason(
    desk: Desk, options: list[str], reason: str
) -> None:
    (desk.directory / "broken.yml").write_text("sms_sites: {hosts: [")
    code, output = desk.run("audit", *options)
    assert code != 0
    assert reason in output
    assert output.count(NOTHING) == 1
    assert "Traceback" not in output
    assert [requests for requests, _writes in desk.counted().values()] == [0, 0, 0]


def test_a_pattern_may_exclude_an_empty_group_and_showing_a_playbook_needs_no_hosts(desk: Desk) -> None:
    desk.inventory["spared"] = {"hosts": {}}
    code, output = desk.run("audit", "-e", f"sms_sender_perms_hosts=sms_sites:!spared:!{C01}:!{P02}")
    assert code == 0, output
    assert recap(output) == {P01: "ok"}
    code, output = desk.run("audit", "-i", "web01,", "--syntax-check")
    assert code == 0, output


def test_a_playbook_that_imports_ours_may_use_tags(desk: Desk) -> None:
    own = [{"import_playbook": "sitekeeper.sms.audit", "tags": "access"}]
    assert desk.run(own, "--tags", "access")[0] == 2
    assert desk.run(own, "--tags", "other")[0] == 0
