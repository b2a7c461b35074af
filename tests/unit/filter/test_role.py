# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role does without a site server: it reads the description, finds each host's site, and prints the table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
ROLE = "sitekeeper.sms.sms_sender_perms"

SITES = [
    {
        "code": "C01",
        "server": "central",
        "addresses": [
            {"to": "C01", "sender_account": r"CORP\smssvc"},
            {"to": "p01", "sender_account": r"CORP\smssend"},
            {"to": "S01", "sender_account": r"CORP\smssend"},
        ],
    },
    {"code": "p01", "server": "PRIMARY", "parent": "C01", "addresses": [{"to": "P01", "sender_account": "a@corp"}]},
    {"code": "S01", "server": "elsewhere", "parent": "P01"},
    {"code": "S02", "server": "branch", "parent": "P01"},
]


@pytest.fixture
def play(tmp_path):
    """Run tasks on an inventory as Ansible does; no host of it exists, so that a connection would fail."""

    def run(hosts, sites, tasks):
        inventory = tmp_path / "inventory.yml"
        variables = {"ansible_connection": "ansible.builtin.ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
        if sites is not None:
            variables["sms_sites"] = sites
        inventory.write_text(yaml.safe_dump({"sms_sites": {"hosts": hosts, "vars": variables}}, sort_keys=False))
        playbook = tmp_path / "playbook.yml"
        playbook.write_text(yaml.safe_dump([{"hosts": "sms_sites", "gather_facts": False, "tasks": tasks}]))
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "build" / "collections"),
            "ANSIBLE_HOME": str(tmp_path / "home"),
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "temp"),
            "ANSIBLE_NOCOLOR": "1",
        }
        return subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "-i", str(inventory), str(playbook)],
            cwd=tmp_path,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def role(tasks_from, entry_point="main"):
    return {
        "ansible.builtin.import_role": {"name": ROLE, "tasks_from": tasks_from, "rolespec_validate": False},
        "vars": {"_sms_sender_perms_entry_point": entry_point},
    }


def message_of(finished, opening):
    """Return the ``msg`` of the first result that starts with ``opening``."""
    start = finished.stdout.index("{", finished.stdout.index(opening))
    return json.JSONDecoder().raw_decode(finished.stdout[start:])[0]["msg"]


def test_all_mistakes_are_one_message_before_anything_connects(play):
    sites = [
        {"code": "C01", "server": "central", "adresses": []},
        {"code": "P01", "server": "primary", "parent": "C02", "addresses": [{"to": "C01"}]},
    ]
    finished = play({"central": {}, "primary": {}}, sites, [role("validate"), {"ansible.builtin.ping": {}}])
    assert finished.returncode == 2
    assert finished.stdout.count("FAILED!") == 1
    assert message_of(finished, "FAILED! =>") == (
        "sms_sites describes no usable hierarchy. Nothing was read or changed on any site server. Correct it:\n"
        "- site C01: unknown key 'adresses' (did you mean 'addresses'?).\n"
        "- site P01, address to C01: sender_account is missing; give the account that the Sender uses there.\n"
        "- site P01: its parent C02 is not described; add site C02 to sms_sites or correct the parent."
    )
    assert "UNREACHABLE" not in finished.stdout


def test_a_missing_description_is_one_message(play):
    finished = play({"central": {}, "primary": {}}, None, [role("validate")])
    assert finished.returncode == 2
    assert finished.stdout.count("FAILED!") == 1
    assert (
        message_of(finished, "FAILED! =>") == "Validation of arguments failed:\nmissing required arguments: sms_sites"
    )


def test_each_host_finds_its_site(play):
    hosts = {
        "central": {"sms_site_code": "S02"},
        "Primary": {},
        "alias": {"sms_site_code": "s01"},
        "told": {"sms_sender_perms_site_code": "s02"},
        "stray": {},
    }
    show = {"ansible.builtin.debug": {"msg": "{{ [_sms_sender_perms_code, _sms_sender_perms_accounts] }}"}}
    finished = play(hosts, SITES, [role("validate"), show])
    assert finished.returncode == 0, finished.stdout
    assert {host: message_of(finished, f'[{host}] => {{\n    "msg"') for host in hosts} == {
        "central": ["C01", [r"CORP\smssvc"]],
        "Primary": ["P01", ["a@corp", r"CORP\smssend"]],
        "alias": ["S01", [r"CORP\smssend"]],
        "told": ["S02", []],
        "stray": ["", []],
    }


def access(name, satisfied):
    return {"access": name, "satisfied": satisfied}


GOOD = {"share": access("Full Control", True), "directory": access("Read, Write", True)}
BAD = {"share": access("Full Control", True), "directory": access("none", False)}


def sender(account, in_desired_state, **states):
    return {"account": account, "in_desired_state": in_desired_state, **states}


def found(result):
    """Return a task that makes ``result`` what the access task of a host has returned."""
    return {"ansible.builtin.set_fact": {"_sms_sender_perms_result": "{{ result }}"}}


def test_the_table_of_a_converge(play):
    hosts = {
        "central": {"result": {"changed": False, "senders": [sender(r"CORP\smssvc", True, before=GOOD, after=GOOD)]}},
        "primary": {
            "result": {
                "changed": True,
                "senders": [
                    sender("a@corp", True, before=BAD, after=GOOD),
                    sender(r"CORP\smssend", True, before=GOOD, after=GOOD),
                ],
            }
        },
        "branch": {"result": {"changed": False, "skipped": True}},
        "alias": {"sms_site_code": "S01", "result": {"unreachable": True, "msg": "no route\nto it"}},
        "stray": {"result": {}},
        "denied": {
            "sms_site_code": "S01",
            "result": {"changed": False, "senders": [sender(r"CORP\smssend", False, before=BAD, after=BAD)]},
        },
        "broken": {"sms_site_code": "S01", "result": {"failed": True, "msg": "No share {{ 'SMS' }}_SITE."}},
    }
    for variables in hosts.values():
        # As registered results: what a server has said is text, whatever it looks like.
        variables["result"] = {
            key: UnsafeText(value) if isinstance(value, str) else value for key, value in variables["result"].items()
        }
    finished = play(hosts, SITES, [role("validate"), found("result"), role("summary")])
    assert finished.returncode == 0, finished.stdout
    assert message_of(finished, '=> {\n    "msg"') == [
        "Site  Server   Result        Share         Directory            Sender account",
        "----  -------  ------------  ------------  -------------------  --------------",
        r"C01   central  unchanged     Full Control  Read, Write          CORP\smssvc",
        "P01   primary  changed       Full Control  none -> Read, Write  a@corp",
        r"                             Full Control  Read, Write          CORP\smssend",
        "S02   branch   nothing owed  -             -                    -",
        r"S01   alias    unreachable   -             -                    CORP\smssend",
        "-     stray    failed        -             -                    -",
        r"S01   denied   failed        Full Control  none (not enough)    CORP\smssend",
        r"S01   broken   failed        -             -                    CORP\smssend",
        "7 site servers: 1 unchanged, 1 changed, 1 nothing owed, 3 failed, 1 unreachable",
        "S01 (alias): no route",
        "S01 (broken): No share {{ 'SMS' }}_SITE.",
    ]


class UnsafeText(str):
    """Text that YAML shows to Ansible as not to be templated."""

    __slots__ = ()


yaml.SafeDumper.add_representer(UnsafeText, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


def test_the_table_of_an_audit(play):
    hosts = {
        "central": {"result": {"changed": False, "senders": [sender(r"CORP\smssvc", True, current=GOOD)]}},
        "primary": {
            "result": {
                "changed": False,
                "senders": [sender("a@corp", False, current=BAD), sender(r"CORP\smssend", True, current=GOOD)],
            }
        },
    }
    finished = play(hosts, SITES, [role("validate", "audit"), found("result"), role("summary", "audit")])
    assert finished.returncode == 0, finished.stdout
    assert message_of(finished, '=> {\n    "msg"') == [
        "Site  Server   Result    Share         Directory          Sender account",
        "----  -------  --------  ------------  -----------------  --------------",
        r"C01   central  in order  Full Control  Read, Write        CORP\smssvc",
        "P01   primary  drift     Full Control  none (not enough)  a@corp",
        r"                         Full Control  Read, Write        CORP\smssend",
        "2 site servers: 1 in order, 1 drift",
        "Not in the inventory, so neither read nor changed: S01 (elsewhere), S02 (branch)",
    ]
