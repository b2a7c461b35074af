# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the modules' documentation, one after the other, are a change from plan to roll-back."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from tests.functional.ansible_runs import run_playbook
from tests.lab.testing import default_hierarchy, running_lab
from tests.unit.change.samples import validator

MODULES = ("change_plan", "change_plan_file", "change_plan_info", "change_apply", "change_rollback")


def module(name: str) -> Any:
    return importlib.import_module(f"ansible_collections.sitekeeper.sms.plugins.modules.{name}")


def test_the_examples_run(tmp_path: Path) -> None:
    tasks: dict[str, list[Any]] = {name: yaml.safe_load(module(name).EXAMPLES) for name in MODULES}
    sign = {
        "ansible.builtin.shell": "ssh-keygen -q -t ed25519 -N '' -f key && { printf 'board '; cat key.pub; } >signers"
        " && echo {{ approved_digest }} | ssh-keygen -q -Y sign -n sitekeeper.sms -f key >CHG0012345.plan.sig",
        "args": {"chdir": str(tmp_path)},
        "delegate_to": "localhost",
        "vars": {"ansible_connection": "local"},
    }
    order = [*tasks["change_plan"], *tasks["change_plan_file"], sign]
    order += [task for name in MODULES[2:] for task in tasks[name]]
    text = json.dumps(
        [
            {
                "hosts": "sms_sites",
                "gather_facts": False,
                "vars": {"approved_digest": "{{ (lookup('file', 'CHG0012345.plan.json') | from_json).digest }}"},
                "tasks": order,
            }
        ]
    )
    (tmp_path / "play.json").write_text(text.replace("/etc/sitekeeper/allowed_signers", "signers"), encoding="utf-8")
    with running_lab(default_hierarchy(1)) as lab:
        host = lab["C01"]
        before = host.controls.share_descriptor("SMS_SITE")
        inventory = {"sms_sites": {"hosts": {"c01.corp.example": host.winrm()}}}
        (tmp_path / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
        done = run_playbook(tmp_path, "-i", "inventory.yml", "play.json")
        after = host.controls.share_descriptor("SMS_SITE")
        counted = host.controls.counters()
    assert done.returncode == 0, done.stdout + done.stderr
    assert before is not None
    assert after is not None
    assert after["entries"] == before["entries"]
    assert counted["writes"] == 4
    # The plan's file, the signature, what was applied, and what was taken back.
    assert re.findall(r"changed=(\d+)", done.stdout) == ["4"]
    validator("plan").validate(json.loads((tmp_path / "CHG0012345.plan.json").read_text(encoding="utf-8")))
    events = [json.loads(line) for line in (tmp_path / "CHG0012345.record.jsonl").read_text("utf-8").splitlines()]
    assert len(events) == 10
    for event in events:
        validator("record").validate(event)
    for file in tmp_path.glob("CHG0012345.*"):
        assert host.password not in file.read_text(encoding="utf-8")
    assert host.password not in done.stdout + done.stderr


def test_apply_and_info_ask_for_approval_in_the_same_way() -> None:
    info, apply = (argument_spec(module(name).DOCUMENTATION) for name in MODULES[2:4])
    assert {name: info[name] for name in info if name != "require_approval"} == {
        name: apply[name] for name in apply if name != "record"
    }
