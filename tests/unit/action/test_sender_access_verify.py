# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `sender_access_verify`: a host whose access task has failed passes only if added members settle that."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.action.sender_access_verify import ActionModule

SCOPE: dict[str, Any] = {"play": "this-play", "check_mode": False, "sites": {"p01": "P01"}}
SENDER = {"account": "CORP\\a", "name": "CORP\\a", "in_desired_state": False}
LACKING = {
    "failed": True,
    "msg": "p01: group P01\\G lacks CORP\\a",
    "site_code": "P01",
    "senders": [SENDER],
    "group": {"name": "P01\\G", "in_desired_state": True, "missing": ["CORP\\a"]},
}
ADDED = {"membership": {"changed": True}, "again": {"senders": [{**SENDER, "in_desired_state": True}]}}


class HostVars(dict[str, dict[str, Any]]):
    """As Ansible's, as far as the action asks for what was registered."""

    def raw_get(self, host: str) -> dict[str, Any]:
        return self[host]


def verify(add: bool, **registered: Any) -> dict[str, Any]:
    play = SimpleNamespace(_uuid="this-play")
    task = SimpleNamespace(
        args={"scope": SCOPE, "add_group_members": add},
        check_mode=False,
        async_val=0,
        action="x",
        get_play=lambda: play,
    )
    own = {f"_sms_sender_perms_{name}": value for name, value in {"scope": SCOPE, **registered}.items()}
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="unused"))
    variables = {"inventory_hostname": "p01", "hostvars": HostVars(p01=own)}
    return ActionModule(task, connection, SimpleNamespace(), None, None, None).run(task_vars=variables)


def test_members_that_the_second_reading_shows_settle_it() -> None:
    assert verify(True, result=LACKING, **ADDED) == {"changed": False, "joined": ["CORP\\a"]}


def test_without_that_the_host_fails_with_the_reason() -> None:
    result = verify(True, result=LACKING, membership={"failed": True, "msg": "denied"})
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"].startswith("Site P01: required access is still missing for CORP\\a.")
    assert result["msg"].endswith("(the role has tried: denied)")
    assert verify(False, result=LACKING)["msg"].startswith("p01: group P01\\G lacks CORP\\a. With ")


def test_a_host_without_a_result_fails() -> None:
    nothing = {"failed": True, "changed": False, "msg": "The task that grants access has no result in this play"}
    assert verify(True, result={}) == nothing
    assert verify(True, result=LACKING, **ADDED, scope={**SCOPE, "play": "another"}) == nothing
