# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules' documentation: its examples run, it is the argument spec, and its choices are what the code knows."""

from __future__ import annotations

import importlib
import itertools
import json
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.desired import Inheritance, Presence
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.description import DEFAULT_PRODUCT
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import APPLIES_TO
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.rights import NTFS_RIGHTS, SHARE_ACCESS
from tests.functional.ansible_runs import run_ansible, run_playbook
from tests.lab.directory import DirectoryAccount, running_directory
from tests.lab.testing import running_lab

CHECKOUT = Path(__file__).resolve().parents[3]
ALL_MODULES = sorted(path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py"))
# Those whose examples run here; the others have theirs run beside what they do.
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
    with ExitStack() as stack:
        lab = stack.enter_context(running_lab(SITE_SERVERS))
        host = lab["C01"]
        accounts = [DirectoryAccount("smssend"), DirectoryAccount("smssend-p02")]
        directory = stack.enter_context(running_directory((host.user, host.password), accounts))
        plays = []
        for name in MODULES:
            for task in yaml.safe_load(module(name).EXAMPLES):
                for options in task.values():
                    if isinstance(options, dict) and "sms_directory" in options:
                        # The only part of an example that nothing here can resolve.
                        options["sms_directory"] = [{"server": "127.0.0.1", "port": directory.port, "timeout": 60}]
                on = "P02" if "E:\\" in str(task) else "C01"
                plays.append({"hosts": on, "gather_facts": False, "tasks": [task]})
        (tmp_path / "examples.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
        hosts = {name: host.winrm() for name, host in lab.items()}
        (tmp_path / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
        changed = [changes(tmp_path) for _again in range(2)]
    assert changed[0] > 0
    assert changed[1] == 0


def changes(directory: Path) -> int:
    """Run the plays; how many tasks changed something."""
    done = run_playbook(directory, "-i", "inventory.yml", "examples.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    # The lab's hosts have no auditing entries, as most Windows hosts.
    warnings = [line for line in (done.stdout + done.stderr).splitlines() if "WARNING" in line]
    assert [line for line in warnings if "WMI shows no auditing entries" not in line] == []
    return sum(map(int, re.findall(r"changed=(\d+)", done.stdout)))


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each module's documentation as ansible-doc shows it to people, fragments included."""
    names = [f"sitekeeper.sms.{name}" for name in ALL_MODULES]
    done = run_ansible(tmp_path_factory.mktemp("ansible"), "ansible-doc", "--type=module", "--json", *names)
    assert done.returncode == 0, done.stderr
    return {name.rpartition(".")[2]: shown["doc"] for name, shown in json.loads(done.stdout).items()}


@pytest.mark.parametrize("name", ALL_MODULES)
def test_the_argument_spec_is_what_ansible_doc_shows(name: str, documents: dict[str, Any]) -> None:
    assert_same(argument_spec(module(name).DOCUMENTATION), documents[name]["options"])


def assert_same(spec: dict[str, Any], documented: dict[str, Any]) -> None:
    assert set(spec) == set(documented)
    for name, option in spec.items():
        shown = documented[name]
        for key in ("type", "elements", "default", "choices"):
            assert option.get(key) == shown.get(key), (name, key)
        assert option.get("required", False) == shown.get("required", False)
        assert_same(option.get("options", {}), shown.get("suboptions", {}))


def test_a_module_says_more_of_an_option_than_its_fragment() -> None:
    spec = argument_spec("""
options:
  share:
    required: true
extends_documentation_fragment:
  - sitekeeper.sms.product
""")
    assert spec["share"] == {"type": "str", "required": True}
    assert spec["products"] == {"type": "dict"}


@pytest.mark.parametrize("key", ["options", "attributes"])
def test_what_modules_say_alike_is_in_a_fragment(key: str) -> None:
    own = [(name, yaml.safe_load(module(name).DOCUMENTATION).get(key, {})) for name in ALL_MODULES]
    # Whether a mode is supported each module says best itself.
    repeated = [
        (one, other, said)
        for (one, first), (other, second) in itertools.combinations(own, 2)
        for said in set(first) & set(second)
        if first[said] == second[said] and "description" in first[said]
    ]
    assert repeated == []


def test_choices_are_what_the_code_knows(documents: dict[str, Any]) -> None:
    share, ntfs = (argument_spec(module(name).DOCUMENTATION) for name in ("share_permissions", "ntfs_permissions"))
    assert share["entries"]["options"]["access"]["choices"] == list(SHARE_ACCESS)
    assert ntfs["entries"]["options"]["applies_to"]["choices"] == list(APPLIES_TO)
    assert ntfs["inheritance"]["choices"] == [choice.value for choice in Inheritance]
    for spec in (share, ntfs):
        assert spec["state"]["choices"] == [choice.value for choice in Presence]
    for name in ("sender_access", "sender_access_info", "sender_probe"):
        product = documents[name]["options"]["product"]
        assert product["default"] == DEFAULT_PRODUCT
        described = " ".join(product["description"])
        assert [known for known in PRODUCTS if f"V({known})" not in described] == []


def test_the_default_product_is_that_of_a_site(documents: dict[str, Any]) -> None:
    defaults = {
        name: option["default"]
        for name, document in documents.items()
        if (option := (document.get("options") or {}).get("product"))
    }
    assert {"sender_access", "sender_access_info", "change_plan", "fleet_audit", "sender_probe"} <= set(defaults)
    assert set(defaults.values()) == {DEFAULT_PRODUCT}


def test_every_right_is_documented() -> None:
    text = module("ntfs_permissions").DOCUMENTATION
    undocumented = {right for right in NTFS_RIGHTS if f"V({right})" not in text}
    assert undocumented <= {"execute_file", "delete_child"}
