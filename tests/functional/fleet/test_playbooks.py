# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks `fleet` and `report`, one after the other: by one controller, and in slices by several."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.functional.ansible_runs import AnsibleRun
from tests.lab.inventory import inventory as lab_inventory
from tests.lab.testing import RunningLab, default_hierarchy, running_lab
from tests.waiting import PATIENCE

RIGHT = "p01.corp.example"
"""The one site server of the lab's small hierarchy with nothing amiss (see tests.lab.hierarchy)."""

SLICES = 4
SITES = 11
DEAD = "s07.corp.example"


class Controller:
    """A directory with an inventory of the lab's hosts, or of some of them."""

    def __init__(self, lab: RunningLab, directory: Path, every: slice = slice(None)) -> None:
        self.directory = directory
        group = lab_inventory(lab.lab)["sms_sites"]
        self.hosts = {name: group["hosts"][name] for name in sorted(group["hosts"])[every]}
        self.variables = group["vars"]
        if DEAD in self.hosts:
            # The lab's addresses and ports differ from run to run, and what is said of a dead host has them.
            self.hosts[DEAD] |= {"ansible_host": "127.0.0.1", "ansible_port": 1}
        (directory / "inventory").mkdir(parents=True)

    def start(self, program: str, *arguments: str | Path) -> AnsibleRun:
        inventory = {"all": {"children": {"sms_sites": {"hosts": self.hosts, "vars": self.variables}}}}
        (self.directory / "inventory" / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
        return AnsibleRun(self.directory, program, *arguments, merged=True)

    def play(self, playbook: str, *arguments: str, failed: bool = False) -> str:
        with self.start("ansible-playbook", "-i", "inventory", f"sitekeeper.sms.{playbook}", *arguments) as running:
            said, _nothing = running.communicate(timeout=PATIENCE)
        assert bool(running.returncode) == failed, said
        return said

    def report(self) -> dict[str, Any]:
        """What the report says, but for the times."""
        self.play("report")
        report: dict[str, Any] = json.loads((self.directory / "report.json").read_text(encoding="utf-8"))
        assert report.pop("started")
        assert report.pop("finished")
        return report

    def states(self) -> dict[str, str]:
        return {site["host"]: site["state"] for site in self.report()["sites"]}


def test_what_an_earlier_run_has_read_again_is_no_part_of_the_next(tmp_path: Path) -> None:
    with running_lab(6) as lab:
        controller = Controller(lab, tmp_path)
        everyone = set(controller.hosts)
        controller.play("fleet")
        assert controller.states() == dict.fromkeys(everyone, "in_desired_state")
        again = tmp_path / "fleet.jsonl.after"
        of_the_first = again.read_bytes()
        for arguments in (["--check"], []):
            again.write_bytes(of_the_first)
            controller.play("fleet", "--limit", RIGHT, *arguments)
            assert controller.states() == {**dict.fromkeys(everyone, "not_read"), RIGHT: "in_desired_state"}


def test_four_slices_at_the_same_time_report_what_one_run_does(tmp_path: Path) -> None:
    with running_lab(hierarchy()) as lab:
        whole = Controller(lab, tmp_path / "whole")
        whole.play("fleet", failed=True)
        expected = whole.report()
    with running_lab(hierarchy()) as lab:
        # As AWX slices the hosts of a job: those of the other slices are not in the inventory, and all variables are.
        slices = [Controller(lab, tmp_path / f"slice{number}", slice(number, None, SLICES)) for number in range(SLICES)]
        with ExitStack() as stack:
            started = [
                stack.enter_context(
                    one.start(
                        "ansible-runner",
                        *("run", ".", "--playbook", playbook_for(one)),
                        *("--cmdline", f"-e sms_fleet_file={tmp_path}/{one.directory.name}.jsonl"),
                    )
                )
                for one in slices
            ]
            said = [running.communicate(timeout=PATIENCE)[0] for running in started]
        assert [running.returncode for running in started] == [0, 0, 2, 0], said[2]
        merged = Controller(lab, tmp_path / "merged")
        files = f"{{{{ query('ansible.builtin.fileglob', '{tmp_path}/*.jsonl') }}}}"
        merged.variables |= {"sms_report_audit_files": files, "sms_report_directory": "."}
        assert merged.report() == expected
        # The hosts themselves say so, too.
        writes = {name: host.controls.counters()["writes"] for name, host in lab.items()}
        passwords = {host.password.encode() for host in lab.values()}
    assert {name for name, count in writes.items() if not count} == {"P01", "P03", "S04", "S07"}
    assert expected["counts"] == {
        "drifted": 0,
        "error": 0,
        "unreachable": 1,
        "not_read": 0,
        "in_desired_state": SITES - 1,
    }
    kept = [path.read_bytes() for path in tmp_path.glob("slice*/artifacts/**/*") if path.is_file()]
    assert len(kept) > SLICES
    assert not [password for password in passwords if any(password in data for data in kept)]


def playbook_for(one: Controller) -> str:
    """The playbook as ansible-runner takes it by itself, and for the last slice as AWX takes it: from a project."""
    if not one.directory.name.endswith(str(SLICES - 1)):
        return "sitekeeper.sms.fleet"
    project = one.directory / "project"
    project.mkdir()
    (project / "fleet.yml").write_text("- import_playbook: sitekeeper.sms.fleet\n", encoding="utf-8")
    return "fleet.yml"


def hierarchy() -> dict[str, Any]:
    """Eleven sites, of which those of the last slice (P03, S04) are as they should be."""
    made = default_hierarchy(SITES)
    right = made["hosts"][3]
    # Its share is right already, see tests.lab.hierarchy.
    owed = [entry["principal"] for entry in right["shares"][0]["dacl"] if entry["principal"].startswith("CORP\\")]
    receive = right["directories"][4]
    receive["dacl"] = [{"principal": account, "access": "read_write", "flags": "OI CI"} for account in owed]
    return made
