# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module: its examples run as documented, on files; what it refuses, it says in words."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.modules.sender_log_info import EXAMPLES
from tests.functional.ansible_runs import run_playbook
from tests.lab.testing import running_lab
from tests.unit.logs import samples

RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
ADMINISTRATORS = {"principal": "S-1-5-32-544", "access": "full_control"}
SITE: dict[str, Any] = {
    "domain": "CORP",
    "dns_domain": "corp.example",
    "accounts": [{"name": "ansible"}, {"name": "smssend"}],
    "logons": [{"user": "CORP\\ansible"}],
    "hosts": [
        {
            "name": "C01",
            "directories": [
                {"path": "D:\\", "protected": True, "dacl": [{**ADMINISTRATORS, "flags": "OI CI"}]},
                *({"path": RECEIVE.rsplit("\\", up)[0]} for up in (3, 2, 1)),
                {"path": RECEIVE},
            ],
            "shares": [
                {
                    "name": "SMS_SITE",
                    "path": RECEIVE,
                    "dacl": [ADMINISTRATORS, {"principal": "CORP\\smssend", "access": "full_control"}],
                }
            ],
        }
    ],
}


def play(directory: Path, tasks: list[dict[str, Any]], variables: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run the tasks on C01, and return the result of each by its name."""
    inventory = {"all": {"hosts": {"C01": variables or {"ansible_connection": "local"}}}}
    (directory / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    registers = [task.setdefault("register", f"result_{number}") for number, task in enumerate(tasks)]
    told = directory / "results.json"
    write = {
        "name": "Write down what was registered",
        "ansible.builtin.copy": {"dest": str(told), "content": f"{{{{ [{', '.join(registers)}] | to_json }}}}"},
        "delegate_to": "localhost",
        "check_mode": False,
    }
    plays = [{"hosts": "C01", "gather_facts": False, "tasks": [*tasks, write]}]
    (directory / "play.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
    done = run_playbook(directory, "-i", "inventory.yml", "play.yml")
    assert told.exists(), done.stdout + done.stderr
    results = json.loads(told.read_text(encoding="utf-8"))
    return {task["name"]: result for task, result in zip(tasks, results, strict=True)}


def test_the_examples(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    *despooler, scheduler = samples.Q179118.splitlines(keepends=True)
    (tmp_path / "logs" / "despool.log").write_bytes("".join(despooler).encode("utf-16"))
    (tmp_path / "logs" / "sched.log").write_text(scheduler, encoding="ascii")
    with running_lab(SITE) as lab:
        done = play(tmp_path, yaml.safe_load(EXAMPLES), lab["C01"].winrm())
    assert not any(result.get("changed") or result.get("failed") for result in done.values()), done
    (statement,) = done["Show the likely causes"]["msg"]
    assert statement.startswith("1 job failed because access was denied.")
    (cause,) = done["Compare the logs with the access"]["causes"]
    assert cause["statement"] == (
        f"1 job failed because CORP\\smssend lacks access to the directory {RECEIVE}"
        " (folder: no entry grants Read, Write)"
    )
    assert (cause["evidence"], cause["jobs"], cause["count"]) == ("confirmed", ["M020002D1"], 4)


@pytest.mark.parametrize(
    ("member", "evidence", "words"),
    [
        ("CORP\\smssend", "not_confirmed", "CORP\\smssend → BUILTIN\\Administrators: allow Full control"),
        (
            "CORP\\SCCM Servers",
            "unknown",
            "it is not known whether this entry is for the account: allow BUILTIN\\Admini",
        ),
    ],
)
def test_access_through_a_group_is_no_confirmed_cause(tmp_path: Path, member: str, evidence: str, words: str) -> None:
    (tmp_path / "logs").mkdir()
    for name in ("despool.log", "sched.log"):
        (tmp_path / "logs" / name).write_text(samples.Q179118, encoding="ascii")
    site = copy.deepcopy(SITE)
    site["accounts"].append({"name": "SCCM Servers", "type": "group"})
    site["hosts"][0]["members"] = {"S-1-5-32-544": ["CORP\\ansible", member]}
    with running_lab(site) as lab:
        done = play(tmp_path, yaml.safe_load(EXAMPLES), lab["C01"].winrm())
    (cause,) = done["Compare the logs with the access"]["causes"]
    assert (cause["evidence"], cause["accounts"]) == (evidence, [])
    assert words in cause["statement"]


def test_what_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("", encoding="ascii")
    module = "sitekeeper.sms.sender_log_info"
    cases = {
        "at least one log": {},
        "missing.log cannot be read on the controller: No such file or directory": {"files": ["missing.log"]},
        "is not a result of sitekeeper.sms.sender_access_info": {"files": ["a.log"], "access": [{"result": {}}]},
        "ansible_connection": {"paths": ["D:\\SMS\\LOGS\\sender.log"]},
    }
    done = play(
        tmp_path,
        [{"name": words, module: options, "ignore_errors": True} for words, options in cases.items()],
    )
    for words, result in done.items():
        assert result["failed"], result
        assert words in result["msg"]
        assert "Traceback" not in str(result)


def test_winrm_cannot_read_logs_and_says_what_can(tmp_path: Path) -> None:
    tasks = [{"name": "read", "sitekeeper.sms.sender_log_info": {"paths": ["D:\\a.log"]}, "ignore_errors": True}]
    with running_lab(SITE) as lab:
        result = play(tmp_path, tasks, lab["C01"].winrm())["read"]
    assert result["failed"]
    assert result["msg"].startswith("C01: paths: files cannot be read over this connection. Fetch the logs")


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_empty_log_tells_nothing_and_changes_nothing(tmp_path: Path, check_mode: bool) -> None:
    (tmp_path / "a.log").write_bytes(b"")
    tasks = [
        {"name": "read", "sitekeeper.sms.sender_log_info": {"files": ["a.log"]}, "check_mode": check_mode, "diff": True}
    ]
    result = play(tmp_path, tasks)["read"]
    assert (result["changed"], result["symptoms"], result["causes"]) == (False, [], [])
    assert (result["logs"][0]["lines"], result["logs"][0]["first"]) == (0, None)
