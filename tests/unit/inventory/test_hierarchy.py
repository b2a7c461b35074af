# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin: what becomes of a description, and what is said of a wrong one."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.unit.inventory.inventories import NAME, hosts_of, load_plugin, run

BAD = Path(__file__).with_name("bad")
EXAMPLES = sorted(path.stem for path in BAD.glob("*.sms_hierarchy"))

SITES = [
    {
        "code": "C01",
        "server": "c01.corp.example",
        "service_account": r"CORP\smssvc",
        "addresses": [
            {"to": "C01", "sender_account": r"CORP\smssvc"},
            {"to": "P01", "sender_account": r"CORP\smssend"},
        ],
    },
    # Its parent comes after it in the file.
    {
        "code": "S01",
        "server": "s01.corp.example",
        "parent": "P01",
        "type": "secondary",
        "product": "configmgr",
        "domain": "CORP",
    },
    {"code": "p01", "server": "p01.corp.example", "parent": "C01", "service_account": r"CORP\smssvc"},
    {"code": "X01", "server": "x01.corp.example", "parent": "p01", "name": "Lager {{ 7 * 6 }}"},
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_malformed_file_has_its_message(parse, example, tmp_path):
    with pytest.raises(AnsibleParserError) as caught:
        parse((BAD / f"{example}.sms_hierarchy").read_bytes())
    path = tmp_path / "corp.sms_hierarchy.yml"
    expected = (BAD / f"{example}.message").read_text(encoding="utf-8").rstrip("\n")
    assert str(caught.value) == f"{path} describes no usable hierarchy. Correct it:\n{expected}"


def test_a_file_that_is_not_utf_8(parse):
    contents = b"plugin: sitekeeper.sms.hierarchy\nsms_sites:\n  - code: C01\n    server: c01\n    name: M\xfcnchen\n"
    with pytest.raises(AnsibleParserError, match=r"\n- line 5: this is not UTF-8; save the file as UTF-8$"):
        parse(contents)


def test_there_are_enough_malformed_files():
    assert len(EXAMPLES) >= 30
    assert {path.stem for path in BAD.glob("*.message")} == set(EXAMPLES)


def test_a_file_that_is_too_large_is_not_read(parse):
    with pytest.raises(AnsibleParserError, match=r"the file has 67108865 bytes; the maximum is 67108864$"):
        parse(b"#" * (64 * 1024 * 1024 + 2))


def test_other_files_are_left_to_others(tmp_path):
    plugin = load_plugin()
    for name, ours in (("a.sms_hierarchy.yaml", True), ("a.yml", False), ("sms_hierarchy.yml", False)):
        (tmp_path / name).write_text("{}")
        assert plugin.verify_file(str(tmp_path / name)) is ours
    assert plugin.verify_file(str(tmp_path / "absent.sms_hierarchy.yml")) is False


def test_groups(parse):
    inventory = parse({"sms_sites": SITES})
    assert {name: hosts_of(inventory, name) for name in inventory.groups if name.startswith("sms_")} == {
        "sms_sites": ["c01", "p01", "s01", "x01"],
        "sms_central": ["c01"],
        "sms_primary": ["p01"],
        "sms_secondary": ["s01"],
        "sms_below_C01": ["p01", "s01", "x01"],
        "sms_below_P01": ["s01", "x01"],
        "sms_site_C01": ["c01"],
        "sms_site_P01": ["p01"],
        "sms_site_S01": ["s01"],
        "sms_site_X01": ["x01"],
        "sms_product_sms_1_2": ["c01", "p01", "x01"],
        "sms_product_configmgr": ["s01"],
    }


@pytest.mark.parametrize(
    "server", ["sms_sites", "sms_central", "sms_secondary", "sms_site_X01", "sms_below_X01", "sms_product_configmgr"]
)
def test_a_server_is_not_called_as_a_group(parse, server):
    with pytest.raises(AnsibleParserError) as caught:
        parse({"sms_sites": [*SITES[:3], {**SITES[3], "server": server}]})
    said = rf"\n- line \d+: site X01: server '{server}' is the name of a group, too; rename one of them\.$"
    assert re.search(said, str(caught.value))


@pytest.mark.parametrize("server", ["all", "ungrouped", "localhost", "127.0.0.1", "p01:p02", "~p.*"])
def test_a_server_that_ansible_would_take_for_something_else(parse, server):
    with pytest.raises(AnsibleParserError, match=r"line \d+: site X01: server '.*; give the computer's name"):
        parse({"sms_sites": [*SITES[:3], {**SITES[3], "server": server}]})


def test_a_server_called_as_a_group_of_another_source(tmp_path):
    (tmp_path / "a.yml").write_text("windows: {hosts: {w01: }}\n", encoding="utf-8")
    sites = [{"code": "P01", "server": "windows"}]
    (tmp_path / "b.sms_hierarchy.yml").write_text(yaml.safe_dump({"plugin": NAME, "sms_sites": sites}))
    (tmp_path / "ansible.cfg").write_text(
        f"[inventory]\nenable_plugins = {NAME}, yaml\nany_unparsed_is_failed = true\n", encoding="utf-8"
    )
    done = run(tmp_path, "inventory", "-i", "a.yml", "-i", "b.sms_hierarchy.yml", "--list")
    assert done.returncode != 0
    assert "server 'windows' is the name of a group, too" in " ".join((done.stdout + done.stderr).split())


def test_a_named_pipe_as_inventory_is_refused_at_once(tmp_path):
    path = tmp_path / "corp.sms_hierarchy.yml"
    os.mkfifo(path)
    # Opened for reading only, it would wait for a writer; with this one, for what that writes.
    writer = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    os.write(writer, b"plugin: sitekeeper.sms.hierarchy\n")
    try:
        with pytest.raises(AnsibleParserError, match="it can't be read: it is a named pipe, not a file"):
            load_plugin().parse(InventoryData(), DataLoader(), str(path), False)
        assert os.read(writer, 6) == b"plugin"
    finally:
        os.close(writer)


def test_variables_and_grants_with_their_reasons(parse):
    inventory = parse({"sms_sites": SITES})
    assert inventory.get_host("p01.corp.example").vars == {
        "inventory_file": inventory.get_host("p01.corp.example").vars["inventory_file"],
        "inventory_dir": inventory.get_host("p01.corp.example").vars["inventory_dir"],
        "sms_site_code": "P01",
        "sms_site_name": None,
        "sms_site_type": "primary",
        "sms_site_parent": "C01",
        "sms_site_product": "sms_1_2",
        "sms_site_service_account": r"CORP\smssvc",
        "sms_site_server_account": None,
        "sms_site_domain": None,
        "sms_grants": [
            {
                "account": r"CORP\S01$",
                "member_of": None,
                "reasons": [r"S01 sends to P01 as CORP\S01$ (default: no address is described)"],
            },
            {"account": r"CORP\smssend", "member_of": None, "reasons": [r"C01 sends to P01 as CORP\smssend"]},
            {
                "account": r"CORP\smssvc",
                "member_of": None,
                "reasons": [r"P01 sends to itself as CORP\smssvc (default: no address is described)"],
            },
        ],
    }
    secondary = inventory.get_host("s01.corp.example").vars
    assert secondary["sms_site_server_account"] == r"CORP\S01$"
    assert [(grant["account"], grant["member_of"]) for grant in secondary["sms_grants"]] == [
        (r"CORP\smssvc", "SMS_SiteToSiteConnection_S01")
    ]


def test_the_description_is_there_once_on_the_group(parse):
    products = {"ours": {"based_on": "configmgr", "share": "OUR_SITE"}}
    sites = [*SITES, {"code": "O01", "server": "o01", "product": "ours"}]
    inventory = parse({"sms_sites": sites, "sms_products": products})
    assert inventory.groups["sms_sites"].vars == {"sms_sites": sites, "sms_products": products}
    assert all("sms_sites" not in host.vars for host in inventory.hosts.values())
    assert hosts_of(inventory, "sms_product_ours") == ["o01"]


def test_a_group_that_holds_nothing_needs_no_members(parse):
    inventory = parse(
        {
            "sms_sites": [{"code": "C01", "server": "c01", "product": "ours", "service_account": r"CORP\smssvc"}],
            "sms_products": {"ours": {"based_on": "sms_1_2", "group": "Operators"}},
        }
    )
    assert [grant["member_of"] for grant in inventory.get_host("c01").vars["sms_grants"]] == [None]


def test_constructed_features(parse):
    inventory = parse(
        {
            "sms_sites": SITES,
            "strict": True,
            "compose": {"ansible_host": "sms_site_code | lower ~ '.mgmt.example'"},
            "groups": {"owing": "sms_grants | length > 0"},
            "keyed_groups": [{"key": "sms_site_domain", "prefix": "domain", "default_value": "unknown"}],
        }
    )
    assert inventory.get_host("s01.corp.example").vars["ansible_host"] == "s01.mgmt.example"
    assert hosts_of(inventory, "owing") == ["c01", "p01", "s01", "x01"]
    assert hosts_of(inventory, "domain_CORP") == ["s01"]
    assert hosts_of(inventory, "domain_unknown") == ["c01", "p01", "x01"]


def test_strict_makes_a_wrong_expression_an_error_and_otherwise_it_is_left_out(parse):
    wrong = {"sms_sites": SITES, "compose": {"ansible_host": "no_such_variable"}}
    assert "ansible_host" not in parse(wrong).get_host("c01.corp.example").vars
    with pytest.raises(Exception, match=r"Could not set ansible_host for host c01\.corp\.example"):
        parse({**wrong, "strict": True})


def test_what_stands_in_the_file_is_not_cached(parse, tmp_path):
    cached = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    assert len(parse({"sms_sites": SITES, **cached}).hosts) == 4
    assert not (tmp_path / "cache").exists() or list((tmp_path / "cache").iterdir()) == []
    changed = parse({"sms_sites": SITES[:1] + SITES[2:3], **cached})
    assert sorted(changed.hosts) == ["c01.corp.example", "p01.corp.example"]


def test_an_encrypted_file_is_decrypted(parse):
    secrets = [("default", VaultSecret(b"Pass-1"))]
    loader = DataLoader()
    loader.set_vault_secrets(secrets)
    text = yaml.safe_dump({"plugin": NAME, "sms_sites": SITES})
    assert len(parse(VaultLib(secrets).encrypt(text), loader=loader).hosts) == 4


@pytest.fixture
def inventory_file(tmp_path):
    path = tmp_path / "corp.sms_hierarchy.yml"
    path.write_text(
        yaml.safe_dump(
            {
                "plugin": NAME,
                "sms_sites": SITES,
                "compose": {
                    "ansible_connection": "'ansible.builtin.ssh'",
                    "ansible_port": "1",
                    "ansible_host": "'127.0.0.1'",
                },
            },
            sort_keys=False,
        )
    )
    return path


def test_the_graph_shows_the_tree(inventory_file):
    shown = run(inventory_file.parent, "inventory", "-i", inventory_file.name, "--graph", "sms_sites")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == (
        "@sms_sites:\n"
        "  |--@sms_below_C01:\n"
        "  |  |--@sms_below_P01:\n"
        "  |  |  |--s01.corp.example\n"
        "  |  |  |--x01.corp.example\n"
        "  |  |--p01.corp.example\n"
        "  |--c01.corp.example\n"
    )


def test_the_role_reads_such_an_inventory_unchanged(inventory_file):
    (inventory_file.parent / "play.yml").write_text(
        yaml.safe_dump(
            [
                {
                    "hosts": "sms_sites",
                    "gather_facts": False,
                    "tasks": [
                        {
                            "ansible.builtin.import_role": {
                                "name": "sitekeeper.sms.sms_sender_perms",
                                "tasks_from": "validate",
                                "rolespec_validate": False,
                            },
                            "vars": {"_sms_sender_perms_entry_point": "main"},
                        },
                        {
                            "ansible.builtin.assert": {
                                "that": [
                                    "_sms_sender_perms_site.code == sms_site_code",
                                    "_sms_sender_perms_site.senders == sms_grants | map(attribute='account') | list",
                                ]
                            }
                        },
                        # Not a template, though it looks like one.
                        {
                            "ansible.builtin.assert": {
                                "that": "'7 * 6' in (sms_sites | map(attribute='name', default='') | join)"
                            }
                        },
                    ],
                }
            ]
        )
    )
    done = run(inventory_file.parent, "playbook", "-i", inventory_file.name, "play.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("All assertions passed") == 8


def test_the_example_of_the_documentation_is_an_inventory(parse):
    plugin = load_plugin()
    described, _live = sys.modules[type(plugin).__module__].EXAMPLES.split("\n---\n")
    inventory = parse(described)
    assert [
        (host, [reason for grant in inventory.get_host(host).vars["sms_grants"] for reason in grant["reasons"]])
        for host in ("p01.corp.example", "s01.corp.example")
    ] == [
        (
            "p01.corp.example",
            [
                r"S01 sends to P01 as CORP\S01$ (default: no address is described)",
                r"C01 sends to P01 as CORP\smssend",
                r"P01 sends to itself as CORP\smssvc (default: no address is described)",
            ],
        ),
        ("s01.corp.example", [r"P01 sends to S01 as CORP\smssvc (default: no address is described)"]),
    ]
    assert inventory.get_host("c01.corp.example").vars["ansible_connection"] == "winrm"


def test_a_deep_hierarchy(parse):
    codes = [f"{number:03d}" for number in range(300)]
    sites = [
        {"code": code, "server": f"s{code}", **({"parent": codes[number - 1]} if number else {})}
        for number, code in enumerate(codes)
    ]
    inventory = parse({"sms_sites": sites})
    assert len(hosts_of(inventory, "sms_below_000")) == 299
    assert hosts_of(inventory, "sms_below_298") == ["s299"]


def test_ansible_shows_what_is_wrong_and_no_traceback(tmp_path):
    shutil.copy(BAD / "loop.sms_hierarchy", tmp_path / "loop.sms_hierarchy.yml")
    shown = run(tmp_path, "inventory", "-i", "loop.sms_hierarchy.yml", "--list")
    assert "line 5: site C01: the parents form a loop (C01 under P01 under C01)" in " ".join(shown.stderr.split())
    assert "Traceback" not in shown.stderr
