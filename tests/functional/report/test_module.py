# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module `fleet_report` and its playbook, run by Ansible."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.modules.fleet_report import EXAMPLES
from tests.unit.report.support import HEADER, codes, description, fleet_lines, host, lines, server

CHECKOUT = Path(__file__).resolve().parents[3]
SITES = 30
REPORTS = ("report.html", "report.json", "report.csv", "report.xml")


@pytest.fixture
def controller(tmp_path: Path) -> Path:
    """A directory with an inventory, whose hosts nobody can reach, and an audit file."""
    hosts = {server(code): {"ansible_connection": "winrm", "ansible_host": "192.0.2.1"} for code in codes(SITES)}
    inventory = {"sms_sites": {"hosts": hosts, "vars": {"sms_sites": description(SITES)}}}
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    (tmp_path / "fleet.jsonl").write_bytes(b"".join(fleet_lines(SITES)))
    return tmp_path


def play(directory: Path, *arguments: str) -> tuple[int, dict[str, str]]:
    """Run a playbook there, and return its exit code and what it says."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "build" / "collections"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "inventory.yml", *arguments]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, {"out": done.stdout, "err": done.stderr}


def results(directory: Path, *calls: dict[str, Any], check: bool = False) -> list[dict[str, Any]]:
    """Call the module so many times in one run, and return the results."""
    tasks: list[dict[str, Any]] = []
    for number, arguments in enumerate(calls):
        tasks += [
            {"sitekeeper.sms.fleet_report": arguments, "register": "found", "ignore_errors": True},
            {
                "ansible.builtin.copy": {"content": "{{ found | to_json }}", "dest": f"{number}.result"},
                "check_mode": False,
            },
        ]
    text = yaml.safe_dump([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}])
    (directory / "play.yml").write_text(text, encoding="utf-8")
    code, said = play(directory, "play.yml", *(["--check"] if check else []))
    assert code == 0, said
    return [json.loads((directory / f"{number}.result").read_text(encoding="utf-8")) for number in range(len(calls))]


def test_the_playbook_writes_all_reports_and_a_second_run_nothing(controller: Path) -> None:
    # The site that drifts among the first thirty is the eighth. It was corrected, and read again.
    again = host(server(codes(8)[7]), codes(8)[7])
    after = lines(again, header={**HEADER, "started": "2026-03-02T08:05:00Z"})
    (controller / "fleet.jsonl.after").write_bytes(b"".join(after))
    arguments = ("sitekeeper.sms.report",)
    code, said = play(controller, *arguments)
    assert code == 0, said
    assert "30 site servers: 30 in desired state. See report.html" in said["out"]
    # Once, whatever the number of hosts.
    assert said["out"].count("changed: [") == 1
    before = [(controller / name).stat() for name in REPORTS]
    assert {stat.S_IMODE(about.st_mode) for about in before} == {0o600}
    code, said = play(controller, *arguments)
    assert code == 0
    assert "changed=0" in said["out"]
    after = [(controller / name).stat() for name in REPORTS]
    assert [(about.st_ino, about.st_mtime_ns) for about in after] == [
        (about.st_ino, about.st_mtime_ns) for about in before
    ]


def test_the_playbook_takes_what_was_read_again_with_each_file_and_says_if_there_is_none(controller: Path) -> None:
    header = json.loads((controller / "fleet.jsonl").read_bytes().partition(b"\n")[0])
    # Both within one second, in which what was read again counts, whichever is named first.
    after = lines(host(server(codes(8)[7]), codes(8)[7]), header=header)
    (controller / "fleet.jsonl.after").write_bytes(b"".join(after))
    for files in (["$HOME/fleet.jsonl"], ["fleet.jsonl.after", "fleet.jsonl"]):
        code, said = play(controller, "sitekeeper.sms.report", "-e", json.dumps({"sms_report_audit_files": files}))
        assert code == 0, said
        assert "30 site servers: 30 in desired state. See " in said["out"]
    code, said = play(controller, "sitekeeper.sms.report", "-e", '{"sms_report_audit_files": []}')
    assert code != 0
    assert "audit_files names no file" in said["out"] + said["err"]


def test_examples(controller: Path) -> None:
    tasks = yaml.safe_load(EXAMPLES)
    text = yaml.safe_dump([{"hosts": "sms_sites", "gather_facts": False, "tasks": tasks}])
    (controller / "play.yml").write_text(text, encoding="utf-8")
    code, said = play(controller, "play.yml")
    assert code == 0, said
    assert "1 of 30 site servers drifted" in said["out"]


def test_result_and_check_mode(controller: Path) -> None:
    call = {"audit_files": ["fleet.jsonl"], "html": "new/report.html"}
    (predicted,) = results(controller, call, check=True)
    assert predicted["changed"] is True
    assert not (controller / "new").exists()
    wrote, again = results(controller, call, call)
    assert (wrote["changed"], wrote["complete"], wrote["hosts"]) == (True, True, SITES)
    assert wrote["counts"] == {"drifted": 1, "error": 0, "unreachable": 0, "not_read": 0, "in_desired_state": 29}
    assert wrote["findings"] == {"warning": 2}
    size = (controller / "new" / "report.html").stat().st_size
    assert wrote["files"]["html"]["bytes"] == predicted["files"]["html"]["bytes"] == size
    assert [file.name for file in (controller / "new").iterdir()] == ["report.html"]
    assert again["changed"] is False


def test_an_audit_from_the_future_is_said_to_be_so(controller: Path) -> None:
    (controller / "future.jsonl").write_bytes(b"".join(lines(header={**HEADER, "started": "9999-01-01T00:00:00Z"})))
    now, later = (
        results(controller, {"audit_files": [name], "json": "x"})[0] for name in ("fleet.jsonl", "future.jsonl")
    )
    assert "warnings" not in now
    (warning,) = later["warnings"]
    assert "an audit began at '9999-01-01T00:00:00Z', which is later than the clock of this controller (2" in warning


FLEET = ["fleet.jsonl"]
FAILURES: dict[str, dict[str, Any]] = {
    "audit_files: none.jsonl can't be read: No such file or directory": {"audit_files": ["none.jsonl"], "json": "x"},
    "audit_files names no file, so there is nothing to report": {"audit_files": [], "json": "x"},
    "audit_files: . can't be read: it is a directory": {"audit_files": ["."], "json": "x"},
    "inventory.yml, line 1: an audit file begins with a header": {"audit_files": ["inventory.yml"], "json": "x"},
    "newer.jsonl, line 1: this collection reads version 1": {"audit_files": ["newer.jsonl"], "json": "x"},
    ". can't be written: ": {"audit_files": FLEET, "json": "."},
    "fleet.jsonl/x can't be written: ": {"audit_files": FLEET, "json": "fleet.jsonl/x"},
    "one of the following is required: html, json, csv, junit": {"audit_files": FLEET},
    "sms_sites describes no usable hierarchy. Correct it:\n- site C01: server is missing": {
        "audit_files": FLEET,
        "json": "x",
        "sms_sites": [{"code": "C01"}],
    },
}


def test_what_goes_wrong_is_said_and_leaves_nothing(controller: Path) -> None:
    (controller / "newer.jsonl").write_bytes(b"".join(lines(header={**HEADER, "version": 2})))
    before = {file.name for file in controller.iterdir()}
    for message, result in zip(FAILURES, results(controller, *FAILURES.values()), strict=True):
        assert result["failed"] is True
        assert message in result["msg"]
        assert "Traceback" not in json.dumps(result)
    left = {file.name for file in controller.iterdir()} - before
    assert {name for name in left if not name.endswith(".result") and name != ".ansible"} == {"play.yml"}
