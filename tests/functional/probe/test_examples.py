# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's examples run, from here and from another host, and no password is seen however much is said."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.functional.ansible_runs import run_playbook
from tests.functional.probe.support import SENDER, SiteServer, needs_samba

pytestmark = needs_samba


def test_examples(server: SiteServer, tmp_path: Path) -> None:
    host = server.host
    passwords = {name: host.credentials[name].password for name in (SENDER, "CORP\\bystander")}
    secrets = {"smssend_password": passwords[SENDER], "bystander_password": passwords["CORP\\bystander"]}
    site_server = host.winrm(**secrets)
    sending = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = {"all": {"hosts": {"C01": site_server, "sending": sending}}}
    examples = importlib.import_module("ansible_collections.sitekeeper.sms.plugins.modules.sender_probe").EXAMPLES
    # The example with Kerberos needs a domain: see test_domain.py.
    tasks = [task for task in yaml.safe_load(examples) if "auth" not in task["sitekeeper.sms.sender_probe"]]
    output = play(tmp_path, inventory, tasks)
    assert output.count("ok: [C01") == 3
    assert "ok: [C01 -> sending]" in output
    assert "changed=0" in output
    assert "WARNING" not in output
    assert not [password for password in passwords.values() if password in output]


def play(directory: Path, inventory: dict[str, Any], tasks: list[dict[str, Any]]) -> str:
    """Run the tasks on C01, as talkative as can be, and return everything said."""
    (directory / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    plays = [{"hosts": "C01", "gather_facts": False, "tasks": tasks}]
    (directory / "play.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
    remote = f"{directory}/remote"
    done = run_playbook(directory, "-vvvvv", "-i", "inventory.yml", "play.yml", ANSIBLE_REMOTE_TEMP=remote)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
