# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules' documentation: its examples run, and what it says of choices is what the code knows."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.goal import Inheritance, State
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import APPLIES_TO
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.rights import NTFS_RIGHTS, SHARE_ACCESS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_action import argument_spec
from tests.lab.testing import running_lab

CHECKOUT = Path(__file__).resolve().parents[3]
MODULES = ("ntfs_permissions", "sender_access", "sender_access_info", "share_permissions")

RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
ADMINISTRATORS = {"principal": "S-1-5-32-544", "access": "full_control"}
DRIVE_DACL = [
    {**ADMINISTRATORS, "flags": "OI CI"},
    {"principal": "S-1-5-18", "access": "full_control", "flags": "OI CI"},
]
# An ordinary site server, and one whose share is on another drive and where a deny entry is in the way.
SITE_SERVERS: dict[str, Any] = {
    "domain": "CORP",
    "dns_domain": "corp.example",
    "accounts": [{"name": name} for name in ("ansible", "smssend", "smssend-p02", "smsold")],
    "logons": [{"user": "CORP\\ansible"}],
    "hosts": [
        {
            "name": "C01",
            "directories": [
                {"path": "D:\\", "protected": True, "dacl": DRIVE_DACL},
                *({"path": RECEIVE.rsplit("\\", up)[0]} for up in (3, 2, 1)),
                {"path": RECEIVE, "dacl": [{"principal": "CORP\\smsold", "access": "modify", "flags": "OI CI"}]},
            ],
            "shares": [
                {"name": "SMS_SITE", "path": RECEIVE, "dacl": [ADMINISTRATORS]},
                {"name": "SMSPKGD", "path": "D:\\SMS", "dacl": [ADMINISTRATORS]},
            ],
        },
        {
            "name": "P02",
            "directories": [
                {"path": "E:\\", "protected": True, "dacl": DRIVE_DACL},
                {"path": "E:\\Sites"},
                {
                    "path": "E:\\Sites\\Receive",
                    "dacl": [{"principal": "CORP\\smssend", "type": "deny", "access": "write", "flags": "OI CI"}],
                },
            ],
            "shares": [{"name": "SMS_SITE", "path": "E:\\Sites\\Receive", "dacl": [ADMINISTRATORS]}],
        },
    ],
}


def module(name: str) -> Any:
    """The module's file, with its DOCUMENTATION and EXAMPLES."""
    return importlib.import_module(f"ansible_collections.sitekeeper.sms.plugins.modules.{name}")


def test_examples_run_and_change_nothing_when_run_again(tmp_path: Path) -> None:
    plays = []
    for name in MODULES:
        for task in yaml.safe_load(module(name).EXAMPLES):
            host = "P02" if "E:\\" in str(task) else "C01"
            plays.append({"hosts": host, "gather_facts": False, "tasks": [task]})
    (tmp_path / "examples.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
    with running_lab(SITE_SERVERS) as lab:
        hosts = {}
        for name, host in lab.items():
            address, port = host.url.split("/")[2].split(":")
            hosts[name] = {
                "ansible_connection": "winrm",
                "ansible_host": address,
                "ansible_port": int(port),
                "ansible_winrm_scheme": "http",
                "ansible_winrm_transport": "ntlm",
                "ansible_user": host.user,
                "ansible_password": host.password,
            }
        (tmp_path / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
        changed = [run_playbook(tmp_path) for _again in range(2)]
    assert changed[0] > 0
    assert changed[1] == 0


def run_playbook(directory: Path) -> int:
    """Run the plays; how many tasks changed something."""
    environment = {"ANSIBLE_COLLECTIONS_PATH": f"{CHECKOUT}/build/collections", "ANSIBLE_HOME": f"{directory}/ansible"}
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "inventory.yml", "examples.yml"],
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    return sum(map(int, re.findall(r"changed=(\d+)", done.stdout)))


@pytest.mark.parametrize("name", MODULES)
def test_the_argument_spec_is_the_documentation(name: str) -> None:
    documented = yaml.safe_load(module(name).DOCUMENTATION)["options"]
    spec = argument_spec(module(name).DOCUMENTATION)
    assert set(spec) == set(documented)
    assert all(spec[option].get("required", False) == documented[option].get("required", False) for option in spec)
    if "entries" in spec:
        assert set(spec["entries"]["options"]) == set(documented["entries"]["suboptions"])
        assert spec["entries"]["options"]["principal"] == {"type": "str", "required": True}


def test_choices_are_what_the_code_knows() -> None:
    share, ntfs = (argument_spec(module(name).DOCUMENTATION) for name in ("share_permissions", "ntfs_permissions"))
    assert share["entries"]["options"]["access"]["choices"] == list(SHARE_ACCESS)
    assert ntfs["entries"]["options"]["applies_to"]["choices"] == list(APPLIES_TO)
    assert ntfs["inheritance"]["choices"] == [choice.value for choice in Inheritance]
    for spec in (share, ntfs):
        assert spec["state"]["choices"] == [choice.value for choice in State]
    for name in ("sender_access", "sender_access_info", "sender_probe"):
        text = module(name).DOCUMENTATION
        assert argument_spec(text)["product"]["default"] in PRODUCTS
        assert [product for product in PRODUCTS if f"V({product})" not in text] == []


def test_every_right_is_documented() -> None:
    text = module("ntfs_permissions").DOCUMENTATION
    undocumented = {right for right in NTFS_RIGHTS if f"V({right})" not in text}
    assert undocumented <= {"execute_file", "delete_child"}
