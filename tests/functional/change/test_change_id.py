# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of a change names its files: it is a name, and no path."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.functional.ansible_runs import run_playbook


def run(directory: Path, *command: str) -> tuple[int, str]:
    done = run_playbook(directory, "-i", "inventory.yml", *command)
    return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


@pytest.mark.parametrize("playbook", ["plan", "apply", "rollback"])
def test_the_playbooks_make_no_path_of_it(tmp_path: Path, playbook: str) -> None:
    """Nobody is asked: the host's address is one that nothing answers at."""
    work = tmp_path / "work"
    work.mkdir()
    hosts = {"p01": {"ansible_connection": "winrm", "ansible_host": "127.0.0.1", "ansible_port": 1}}
    sites = [{"code": "P01", "server": "p01", "service_account": "CORP\\svc"}]
    inventory = {"sms_sites": {"hosts": hosts, "vars": {"sms_sites": sites}}}
    (work / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    given: dict[str, Any] = {"sms_change_id": "../CHG1", "sms_change_approved_digest": "0" * 64}
    code, said = run(work, f"sitekeeper.sms.{playbook}", "-e", json.dumps(given))
    assert code != 0
    if playbook != "rollback":
        assert "'../CHG1' is not a valid change number" in said
    assert [each.name for each in tmp_path.iterdir()] == ["work"]
    assert {each.name for each in work.iterdir()} <= {"inventory.yml", "home"}
