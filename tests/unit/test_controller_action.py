# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of actions on the controller: arguments checked, large ones left as they are, failures as results."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.controller_action import ControllerAction, TaskFailed

SITES = [{"code": "C01", "server": "central"}]


class Foreseen(Exception):
    pass


class Action(ControllerAction):
    spec: ClassVar[dict[str, Any]] = {"sms_sites": {"type": "raw", "required": True}, "count": {"type": "int"}}
    unchecked = ("sms_sites",)
    failures = (Foreseen,)
    _load_name = "action"

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        return {"arguments": arguments, "variables": variables, "check": self.check_mode}


def made(action: type[ControllerAction], arguments: dict[str, Any], *, check_mode: bool = False) -> ControllerAction:
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="unused"))
    task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0, action="x", _uuid="1", diff=False)
    return action(task, connection, SimpleNamespace(), None, None, None)


def run(action: type[ControllerAction], arguments: dict[str, Any], *, check_mode: bool = False) -> dict[str, Any]:
    return made(action, arguments, check_mode=check_mode).run(task_vars={"a": 1})


def test_arguments_are_checked_and_large_ones_are_not_copied() -> None:
    result = run(Action, {"sms_sites": SITES, "count": "3"}, check_mode=True)
    assert result["arguments"]["count"] == 3
    assert result["arguments"]["sms_sites"] is SITES
    assert (result["changed"], result["variables"], result["check"]) == (False, {"a": 1}, True)


def test_another_attempt_has_the_same_arguments() -> None:
    # As Ansible repeats a task with `until`: with the same action.
    action = made(Action, {"sms_sites": SITES})
    results = [action.run(task_vars={}) for _attempt in range(2)]
    assert [result["arguments"]["sms_sites"] for result in results] == [SITES, SITES]


@pytest.mark.parametrize(
    "arguments", [{"count": 1}, {"sms_sites": SITES, "count": "many"}, {"sms_sites": SITES, "x": 1}]
)
def test_wrong_arguments_fail_the_task(arguments: dict[str, Any]) -> None:
    with pytest.raises(AnsibleActionFail):
        run(Action, arguments)


@pytest.mark.parametrize("failure", [TaskFailed, Foreseen])
def test_a_foreseen_failure_is_a_result(failure: type[Exception]) -> None:
    class Failing(Action):
        def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
            raise failure("why")

    assert run(Failing, {"sms_sites": SITES}) == {"failed": True, "changed": False, "msg": "why"}


def test_a_fault_of_the_program_is_not_hidden() -> None:
    class Broken(Action):
        def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
            raise KeyError("x")

    with pytest.raises(KeyError):
        run(Broken, {"sms_sites": SITES})


def test_all_mistakes_of_a_hierarchy_are_one_message() -> None:
    with pytest.raises(TaskFailed) as failed:
        Action.read_sites([{"code": "C01"}, 1], None, "Nothing was read.")
    lines = str(failed.value).splitlines()
    assert lines[0] == "sms_sites describes no usable hierarchy. Nothing was read. Correct it:"
    assert [line[:2] for line in lines[1:]] == ["- ", "- "]
