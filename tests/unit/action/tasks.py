# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs an action plugin as a task does, without Ansible around it: on a site server in memory, or on the controller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.playbook.play_context import PlayContext

from ansible_collections.sitekeeper.sms.plugins.plugin_utils import site_action
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer

SENDER = "S-1-5-21-1004336348-1177238915-682003330-1104"
SHARE_BEFORE = "D:(A;;FA;;;BA)"
SHARE_AFTER = f"D:(A;;FA;;;BA)(A;;FA;;;{SENDER})"
FOLDER_BEFORE = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
FOLDER_AFTER = f"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x12019f;;;{SENDER})"


def drifted(*faults: Any) -> FakeSiteServer:
    """A site server of SMS 1.2 where the sender has no access."""
    server = FakeSiteServer(*faults)
    server.hold(SHARE_BEFORE, FOLDER_BEFORE)
    return server


def converged() -> FakeSiteServer:
    """One where it has all that it needs."""
    server = FakeSiteServer()
    server.hold(SHARE_AFTER, FOLDER_AFTER)
    return server


def writes(server: FakeSiteServer) -> list[str]:
    """What was written, in order."""
    return [line for line in server.log if line.startswith("write")]


WRITES = [f"write {DIRECTORY}", "write SMS_SITE"]


SITES: list[dict[str, Any]] = [
    {"code": "C01", "server": "c01.corp.example", "product": "sms_1_2", "addresses": [
        {"to": "P01", "sender_account": "CORP\\smssend"}
    ]},
    {"code": "P01", "server": "p01.corp.example", "product": "sms_1_2", "parent": "C01", "addresses": [
        {"to": "C01", "sender_account": "CORP\\smsback"}
    ]},
]  # fmt: skip
"""A hierarchy of two sites that send to each other."""
C01, P01 = (str(site["server"]) for site in SITES)


class HostVars(dict[str, dict[str, Any]]):
    """The variables of all hosts, as far as the actions look at them."""

    def raw_get(self, host: str) -> dict[str, Any]:
        return self[host]


def task(arguments: Mapping[str, Any], **attributes: Any) -> SimpleNamespace:
    """A task of a play with the strategy `linear`."""
    play = SimpleNamespace(strategy="linear", order=None, _uuid="this-play")
    known: dict[str, Any] = {"check_mode": False, "diff": False, "async_val": 0, "delegate_to": None, "action": "x"}
    known |= {"_uuid": "1", "collections": [], "play": play, "get_play": lambda: play}
    known |= {"get_variable_manager": lambda: None, "dump_attrs": dict}
    return SimpleNamespace(args=dict(arguments), **{**known, **attributes})


def run_on_controller(
    action: Any, arguments: Mapping[str, Any], variables: Mapping[str, Any] | None = None, **attributes: Any
) -> dict[str, Any]:
    """Run an action that connects to nothing; `attributes` are those of the task.

    A failure is a result, as Ansible makes one of it.
    """
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="unused"), transport="local")
    made = action.ActionModule(task(arguments, **attributes), connection, PlayContext(), None, None, None)
    try:
        result: dict[str, Any] = made.run(task_vars=dict(variables or {}))
    except AnsibleActionFail as failure:
        return {"failed": True, "changed": False, "msg": failure.message}
    return result


def run_on_server(
    monkeypatch: pytest.MonkeyPatch,
    action: Any,
    arguments: Mapping[str, Any],
    server: FakeSiteServer | Exception,
    **attributes: Any,
) -> dict[str, Any]:
    """Run an action on a site server, or where opening the connection fails."""

    @contextmanager
    def site_server(host: str, _connection: Any, **_options: Any) -> Iterator[FakeSiteServer]:
        if isinstance(server, Exception):
            raise server
        server.host = host
        yield server

    monkeypatch.setattr(site_action, "site_server", site_server)
    return run_on_controller(action, arguments, {"inventory_hostname": "p01"}, **attributes)


def play_of(*hosts: str, **registered: Any) -> dict[str, Any]:
    """The variables of a task of a play on these hosts, for each of which the same is registered."""
    return {
        "ansible_play_hosts_all": list(hosts),
        "ansible_play_hosts": list(hosts),
        "ansible_play_batch": list(hosts),
        "groups": {"all": list(hosts)},
        "hostvars": HostVars({host: dict(registered) for host in hosts}),
    }
