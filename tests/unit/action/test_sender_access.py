# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sender_access asks of a server beside the access itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import sender_access
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import format_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Unreachable
from tests.unit.action.tasks import (
    FOLDER_AFTER,
    SENDER,
    SHARE_AFTER,
    WRITES,
    converged,
    drifted,
    run_on_server,
    writes,
)
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer, Fault

ARGUMENTS: dict[str, Any] = {
    "senders": [SENDER],
    "product": "sms_1_2",
    "services": True,
    "group_members": "report",
    "allow_unexpected_path": False,
    "sms_directory": None,
}


class Gone(FakeSiteServer):
    """Answers everything but the question for the account of a service."""

    def service_account(self, service: str) -> str:
        raise Unreachable(self.host, f"read the account of service {service}", "connection refused", "Check it.")


def test_a_server_that_cannot_tell_its_services_is_not_written() -> None:
    # A host that is unreachable by then would be told as one on which nothing was written.
    server = Gone()
    server.hold("D:(A;;FA;;;BA)", "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)")
    action = sender_access.ActionModule.__new__(sender_access.ActionModule)
    action._task = SimpleNamespace(check_mode=False, diff=False)
    action._connection = None
    with pytest.raises(Unreachable):
        action.run_task(server, ARGUMENTS)
    assert not [line for line in server.log if line.startswith("write")]


def run(monkeypatch: pytest.MonkeyPatch, server: Any, arguments: dict[str, Any] | None = None, **task: Any) -> Any:
    return run_on_server(monkeypatch, sender_access, {"senders": [SENDER], **(arguments or {})}, server, **task)


def test_a_drifted_server_is_converged_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    server = drifted()
    result = run(monkeypatch, server, {"site_code": "P01"}, diff=True)
    assert writes(server) == WRITES
    assert (result["changed"], result["site_code"], result["product"]) == (True, "P01", "sms_1_2")
    assert format_sddl(server.held["SMS_SITE"]) == SHARE_AFTER
    assert format_sddl(server.held[DIRECTORY]) == FOLDER_AFTER
    (sender,) = result["senders"]
    assert sender["before"]["combined"]["access"] == "none"
    assert sender["after"]["combined"]["access"] == "Read, Write"
    assert [part["before_header"] for part in result["diff"]] == [f"p01: folder {DIRECTORY}", "p01: share SMS_SITE"]


def test_a_converged_server_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    server = converged()
    result = run(monkeypatch, server)
    assert result["changed"] is False
    assert writes(server) == []
    assert "diff" not in result


def test_check_mode_writes_nothing_and_returns_what_a_run_does(monkeypatch: pytest.MonkeyPatch) -> None:
    server, other = drifted(), drifted()
    predicted = run(monkeypatch, server, check_mode=True)
    assert writes(server) == []
    assert predicted == run(monkeypatch, other)


def test_without_senders_the_task_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, AssertionError("it connects"), {"senders": []})
    assert result["skipped"]


def test_a_lost_answer_that_reading_cannot_settle_is_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, drifted(Fault.LATE))
    assert (result["failed"], result["changed"], result["uncertain"]) == (True, True, True)
    assert "may or may not have been written" in result["msg"]
    assert [step["status"] for step in result["steps"]] == ["uncertain"]
