# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the actions on one host: arguments checked, one connection, each foreseeable failure a result."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import sender_access_info
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import Refused, WriteFailed
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_action import SiteServerAction
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    AuthenticationFailed,
    ConnectionUnsupported,
    NoAnswer,
    SiteServer,
    Unreachable,
)
from tests.unit.action.tasks import run_on_server
from tests.unit.fake_site_server import FakeSiteServer

WORDS = ("p01", "read it", "no", "Try again.")


def action(outcome: Any) -> Any:
    """An action that returns what its work returns, or raises."""

    class ActionModule(SiteServerAction):
        spec: ClassVar[dict[str, Any]] = {
            "site_code": {"type": "str"},
            "senders": {"type": "list", "elements": "str"},
            "count": {"type": "int", "default": 3},
        }

        def run_task(self, server: SiteServer, arguments: dict[str, Any]) -> dict[str, Any]:
            if isinstance(outcome, BaseException):
                raise outcome
            about = {"host": server.host, "check": self.check_mode, "diff": self.wants_diff}
            return {"arguments": arguments, **about}

    return SimpleNamespace(ActionModule=ActionModule)


def test_the_task_has_its_arguments_and_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = {"site_code": "P01", "senders": ["a"], "count": "7"}
    result = run_on_server(monkeypatch, action(None), arguments, FakeSiteServer(), check_mode=True, diff=True)
    assert result["arguments"] == {"site_code": "P01", "senders": ["a"], "count": 7}
    assert (result["host"], result["check"], result["diff"], result["site_code"]) == ("p01", True, True, "P01")


def test_with_delegate_to_it_is_the_other_host(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_on_server(monkeypatch, action(None), {}, FakeSiteServer(), delegate_to="p02")["host"] == "p02"


def test_a_wrong_argument_fails_before_anything_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_on_server(monkeypatch, action(None), {"cuont": 1}, AssertionError("it connects"))
    assert result["failed"]
    assert "cuont" in result["msg"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("dc1.corp.example", "sms_directory: it is no list of domain controllers. Write - server: NAME."),
        (["dc1.corp.example"], "sms_directory[0]: it is no mapping. Write server: NAME."),
        (
            [{"server": "dc1", "addr": "192.0.2.1"}],
            "sms_directory[0]: 'addr' is no key; there are server, address, ",
        ),
    ],
)
def test_a_wrong_entry_of_sms_directory_is_named(monkeypatch: pytest.MonkeyPatch, given: Any, reason: str) -> None:
    result = run_on_server(
        monkeypatch, sender_access_info, {"senders": ["a"], "sms_directory": given}, AssertionError("it connects")
    )
    assert result["failed"]
    assert result["msg"].startswith(f"p01: {reason}")


def test_no_senders_is_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_on_server(monkeypatch, action(None), {"senders": [], "site_code": "P01"}, AssertionError("connects"))
    assert (result["skipped"], result["site_code"]) == (True, "P01")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Unreachable(*WORDS), {"unreachable": True, "changed": False}),
        (AuthenticationFailed(*WORDS), {"unreachable": True, "changed": False}),
        (AccessDenied(*WORDS), {"failed": True, "changed": False}),
        (NoAnswer(*WORDS), {"failed": True, "changed": False}),
        (ConnectionUnsupported("p01: no"), {"failed": True, "changed": False}),
        (Refused("p01: no"), {"failed": True, "changed": False}),
        (WriteFailed("p01: no", changed=True), {"failed": True, "changed": True}),
        (WriteFailed("p01: no", changed=True, uncertain=True), {"failed": True, "changed": True, "uncertain": True}),
    ],
)
@pytest.mark.parametrize("opening", [False, True])
def test_a_foreseeable_failure_is_a_result(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, expected: dict[str, Any], opening: bool
) -> None:
    server = failure if opening else FakeSiteServer()
    result = run_on_server(monkeypatch, action(failure), {"site_code": "P01"}, server)
    assert result == {**expected, "msg": str(failure), "site_code": "P01"}


def test_a_fault_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyError):
        run_on_server(monkeypatch, action(KeyError("x")), {}, FakeSiteServer())
