# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role does around its modules: it reads the description, finds each host's site, and prints the table.

What is between it and ``ansible.windows`` is seen on a site server of the lab, with a stand-in for that collection.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.findings import KINDS
from tests.functional.ansible_runs import run_playbook
from tests.lab.testing import default_hierarchy, running_lab

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

    def run(hosts, sites, tasks, *options, collections=(), **given):
        inventory = tmp_path / "inventory.yml"
        variables = {"ansible_connection": "ansible.builtin.ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
        if sites is not None:
            variables["sms_sites"] = sites
        variables |= given
        inventory.write_text(yaml.safe_dump({"sms_sites": {"hosts": hosts, "vars": variables}}, sort_keys=False))
        playbook = tmp_path / "playbook.yml"
        playbook.write_text(yaml.safe_dump([{"hosts": "sms_sites", "gather_facts": False, "tasks": tasks}]))
        return run_playbook(tmp_path, "-i", inventory, playbook, *options, collections=collections)

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
    show = {"ansible.builtin.debug": {"msg": "{{ [_sms_sender_perms_site.code, _sms_sender_perms_site.senders] }}"}}
    finished = play(hosts, SITES, [role("validate"), show])
    assert finished.returncode == 2, finished.stdout
    assert "No site in sms_sites has the server 'stray'. Add the site" in message_of(
        finished, "fatal: [stray]: FAILED! =>"
    )
    del hosts["stray"]
    assert {host: message_of(finished, f'[{host}] => {{\n    "msg"') for host in hosts} == {
        "central": ["C01", [r"CORP\smssvc"]],
        "Primary": ["P01", ["a@corp", r"CORP\smssend"]],
        "alias": ["S01", [r"CORP\smssend"]],
        "told": ["S02", []],
    }


@pytest.mark.parametrize("entry_point", ["main", "audit"])
def test_a_host_without_a_site_is_told_so(play, entry_point):
    hosts = {"stray": {}, "lost": {"sms_site_code": "X99"}}
    finished = play(hosts, SITES, [role(entry_point)])
    assert finished.returncode == 2, finished.stdout
    advice = "Add the site, correct its server, set sms_site_code for this host, or leave the host out with --limit."
    table = message_of(finished, '=> {\n    "msg"')
    assert f"- (stray): No site in sms_sites has the server 'stray'. {advice}" in table
    assert f"X99 (lost): Site 'X99' of this host is not in sms_sites. {advice}" in table


def access(name, satisfied):
    return {"access": name, "satisfied": satisfied}


GOOD = {"share": access("Full Control", True), "directory": access("Read, Write", True)}
BAD = {"share": access("Full Control", True), "directory": access("none", False)}


def sender(account, in_desired_state, **states):
    return {"account": account, "name": account, "in_desired_state": in_desired_state, **states}


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
        "branch": {"result": {"changed": False, "skipped": True, "site_code": "S02"}},
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
        "Site  Server   Result         Share         Directory            Sender account",
        "----  -------  -------------  ------------  -------------------  --------------",
        r"C01   central  unchanged      Full Control  Read, Write          CORP\smssvc",
        "P01   primary  changed        Full Control  none -> Read, Write  a@corp",
        r"                              Full Control  Read, Write          CORP\smssend",
        "S02   branch   none required  -             -                    -",
        r"S01   alias    unreachable    -             -                    CORP\smssend",
        "-     stray    not run        -             -                    -",
        r"S01   denied   failed         Full Control  none (not enough)    CORP\smssend",
        r"S01   broken   failed         -             -                    CORP\smssend",
        "7 site servers: 1 unchanged, 1 changed, 1 none required, 2 failed, 1 unreachable, 1 not run",
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
        "Site  Server   Result            Share         Directory          Sender account",
        "----  -------  ----------------  ------------  -----------------  --------------",
        r"C01   central  in desired state  Full Control  Read, Write        CORP\smssvc",
        "P01   primary  drift             Full Control  none (not enough)  a@corp",
        r"                                 Full Control  Read, Write        CORP\smssend",
        "2 site servers: 1 in desired state, 1 drift",
        "Not in the inventory, so neither read nor changed: S01 (elsewhere), S02 (branch)",
    ]


def test_own_products_count(play):
    sites = [{"code": "C01", "server": "central", "product": "ours"}]
    tasks = [role("validate")]
    assert play({"central": {}}, sites, tasks, sms_products={"ours": {"based_on": "configmgr"}}).returncode == 0
    finished = play({"central": {}}, sites, tasks, sms_products={"ours": {"based_on": "configmgrr"}})
    assert "product ours: unknown product 'configmgrr'" in message_of(finished, "FAILED! =>")


def test_every_finding_that_an_audit_shows_may_be_refused():
    specs = yaml.safe_load((CHECKOUT / "roles" / "sms_sender_perms" / "meta" / "argument_specs.yml").read_text())
    option = specs["argument_specs"]["audit"]["options"]["sms_sender_perms_fail_on_findings"]
    # Who is no member of a group, the audit reads on the server.
    assert set(option["choices"]) == {"error", "warning", "info", *KINDS} - {"group_membership"}


GROUP = "SMS_SiteToSiteConnection_P01"
RECEIVE = r"D:\ConfigMgr\inboxes\despoolr.box\receive"
SMSSEND = r"CORP\smssend"

# It records how it was called, and does with the lab's group what the real one does with Windows.
STAND_IN = """
import json, os, urllib.request
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        with open(os.environ["CALLS"], "a") as calls:
            calls.write(json.dumps([self._connection.transport, self._task.args]) + "\\n")
        if "REFUSAL" in os.environ:
            return {"failed": True, "msg": os.environ["REFUSAL"]}
        if not self._task.check_mode:
            body = {"group": ".\\\\" + self._task.args["name"], "members": self._task.args["members"]}
            request = urllib.request.Request(
                os.environ["LAB"], json.dumps(body).encode(), {"Authorization": os.environ["TOKEN"]}, method="PUT"
            )
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()
        return {"changed": True}
"""


class SiteServer:
    """A site server of Configuration Manager on the lab, reached by WinRM, to which CORP\\smssend sends."""

    def __init__(self, play, lab, directory, monkeypatch):
        self.play, self.lab = play, lab["P01"]
        self.calls_file = directory / "calls"
        # Not beside the playbook, where Ansible looks anyway.
        self.collections = [directory / "installed" / "collections"]
        stand_in = self.collections[0] / "ansible_collections" / "ansible" / "windows" / "plugins" / "action"
        stand_in.mkdir(parents=True)
        (stand_in / "win_group_membership.py").write_text(STAND_IN)
        monkeypatch.setenv("CALLS", str(self.calls_file))
        monkeypatch.setenv("LAB", f"{lab.lab.control.url}/hosts/P01/members")
        monkeypatch.setenv("TOKEN", f"Bearer {lab.lab.control.token}")

    def run(self, *options, entry_point="main", installed=True, product="configmgr", sender=SMSSEND, **variables):
        sites = [
            {"code": "C01", "server": "c01", "addresses": [{"to": "P01", "sender_account": sender}]},
            {"code": "P01", "server": "p01", "product": product, "parent": "C01", "addresses": []},
        ]
        task = {"ansible.builtin.import_role": {"name": ROLE, "tasks_from": entry_point, "rolespec_validate": False}}
        collections = self.collections if installed else []
        self.calls_file.write_text("")
        finished = self.play({"p01": self.lab.winrm()}, sites, [task], *options, collections=collections, **variables)
        table = message_of(finished, '=> {\n    "msg"')
        return finished, table

    @property
    def calls(self):
        return [json.loads(line) for line in self.calls_file.read_text().splitlines()]

    @property
    def members(self):
        return self.lab.controls.members(f".\\{GROUP}")

    def requests(self):
        return [exchange["operation"] for exchange in self.lab.controls.counters()["exchanges"]]


@pytest.fixture
def site_server(play, tmp_path, monkeypatch):
    description = default_hierarchy(2)
    description["accounts"].append({"name": "o'neil"})
    host = description["hosts"][1]
    administrators = {"principal": "S-1-5-32-544", "access": "full_control"}
    group = {"principal": f".\\{GROUP}", "access": "full_control"}
    host["directories"] += [
        *({"path": path} for path in (r"D:\ConfigMgr", r"D:\ConfigMgr\inboxes", r"D:\ConfigMgr\inboxes\despoolr.box")),
        {"path": RECEIVE, "dacl": [{**group, "flags": "OI CI"}]},
    ]
    host["shares"][0] = {"name": "SMS_SITE", "path": RECEIVE, "dacl": [administrators, group]}
    host["local_accounts"] = [{"name": GROUP, "type": "group"}]
    host["members"][f".\\{GROUP}"] = []
    with running_lab(description) as lab:
        yield SiteServer(play, lab, tmp_path, monkeypatch)


def test_missing_members_are_added_where_that_is_asked_for_and_then_it_is_verified(site_server):
    finished, table = site_server.run(sms_sender_perms_add_group_members=True)
    assert finished.returncode == 0, finished.stdout
    assert site_server.calls == [["winrm", {"name": GROUP, "members": [SMSSEND], "state": "present"}]]
    assert site_server.members == [SMSSEND]
    assert table[2:] == [
        r"P01   p01     changed  none -> Full Control  none -> Full control  CORP\smssend",
        "1 site server: 1 changed",
        "Not in the inventory, so neither read nor changed: C01 (c01)",
    ]
    finished, table = site_server.run(sms_sender_perms_add_group_members=True)
    assert finished.returncode == 0, finished.stdout
    assert site_server.calls == []
    assert table[3] == "1 site server: 1 unchanged"


def test_check_mode_tells_who_would_become_a_member(site_server):
    finished, table = site_server.run("--check", sms_sender_perms_add_group_members=True)
    assert finished.returncode == 0, finished.stdout
    assert len(site_server.calls) == 1
    assert site_server.members == []
    assert table[2:4] == [
        r"P01   p01     would change  none (not enough)  none (not enough)  CORP\smssend (would become a member)",
        "1 site server: 1 would change",
    ]


def test_otherwise_the_end_tells_what_to_run(site_server):
    finished, table = site_server.run()
    assert finished.returncode == 2
    assert site_server.calls == []
    assert message_of(finished, "FAILED! =>") == (
        rf"p01: group P01\{GROUP}, which holds rights for the senders, lacks CORP\smssend. Add: "
        rf"ansible.windows.win_group_membership: {{name: '{GROUP}', members: ['CORP\smssend'], state: present}}"
    )
    assert (
        ". With sms_sender_perms_add_group_members, and the collection ansible.windows, the role adds members."
        in finished.stdout
    )
    assert table[2:4] == [
        r"P01   p01     failed  none (not enough)  none (not enough)  CORP\smssend (no member of the group)",
        "1 site server: 1 failed",
    ]


def test_it_tells_too_if_that_does_not_go_well(site_server, monkeypatch):
    told = r"members: ['CORP\\smssend'], state: present} (the role has tried: "
    finished, _table = site_server.run(sms_sender_perms_add_group_members=True, installed=False)
    assert finished.returncode == 2
    assert told in finished.stdout
    assert "win_group_membership" in finished.stdout.partition(told)[2].partition("\n")[0]
    monkeypatch.setenv("REFUSAL", "PowerShell is not what it was")
    finished, _table = site_server.run(sms_sender_perms_add_group_members=True)
    assert finished.returncode == 2
    assert f"{told}PowerShell is not what it was)" in finished.stdout


def test_an_audit_names_the_group_that_has_lost_its_rights(site_server):
    site_server.lab.controls.set_members(f".\\{GROUP}", [SMSSEND])
    own = [{"principal": name, "access": "full_control"} for name in ("S-1-5-32-544", SMSSEND)]
    site_server.lab.controls.set_share_descriptor("SMS_SITE", {"entries": own})
    finished, table = site_server.run(entry_point="audit")
    assert finished.returncode == 2
    assert rf"access that a Sender needs is missing for P01\\{GROUP}." in finished.stdout
    assert table[2:4] == [r"P01   p01     drift   Full Control  Full control  CORP\smssend", "1 site server: 1 drift"]
    assert table[5:6] == [
        rf"P01 (p01): group P01\{GROUP} itself lacks required rights",
    ]


def test_the_service_account_is_one_request_of_an_audit_and_none_of_a_converge(site_server):
    site_server.lab.controls.set_members(f".\\{GROUP}", [SMSSEND])
    runs = {}
    for name, options in {
        "converge": {},
        "audit without": {"entry_point": "audit", "sms_sender_perms_findings": False},
        "audit": {"entry_point": "audit"},
        "converge with": {"sms_sender_perms_findings": True},
    }.items():
        site_server.lab.controls.reset_counters()
        finished, table = site_server.run(**options)
        assert finished.returncode == 0, finished.stdout
        assert any(line.startswith("Findings") for line in table) == (name in ("audit", "converge with"))
        runs[name] = site_server.requests()
    service = [request for request in runs["audit"] if "Service" in request]
    assert len(service) == 1
    assert runs["audit without"] == runs["converge"] == [each for each in runs["audit"] if each not in service]
    assert sorted(runs["converge with"]) == sorted(runs["audit"])


def test_a_name_with_an_apostrophe_is_quoted_in_what_to_run(site_server):
    finished, _table = site_server.run(sms_sender_perms_add_group_members=True, installed=False, sender=r"CORP\o'neil")
    assert finished.returncode == 2
    assert r"members: ['CORP\\o''neil'], state: present} (the role has tried: " in finished.stdout
