# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of a fleet is asked: nothing is written, and whatever goes wrong is an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SMB
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import host_to_json
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.directories import Directories
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.fleet import Job, Question, Questions, reading
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Account,
    AuthenticationFailed,
    NoAnswer,
    Unreachable,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import TicketUse
from tests.unit.action.tasks import SENDER, converged, drifted, writes
from tests.unit.fake_site_server import FakeSiteServer
from tests.unit.tokens.accounts import ADMINISTRATORS, SERVERS, SilentDirectory

QUESTION = Question("P01", "sms_1_2", (SENDER,))
WORDS = ("p01", "read it", "no", "Try again.")


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Asks a site server in memory, or one where opening the connection fails."""

    def asked(
        server: FakeSiteServer | Exception,
        question: Question = QUESTION,
        directories: Directories | None = None,
        **variables: Any,
    ) -> tuple[Any, bool]:
        @contextmanager
        def site_server(_host: str, _connection: Any, **_options: Any) -> Iterator[FakeSiteServer]:
            if isinstance(server, Exception):
                raise server
            yield server

        monkeypatch.setattr(reading, "site_server", site_server)
        found = reading.read_host("p01", SimpleNamespace(transport=SMB), question, variables, directories=directories)
        return host_to_json(found.line), found.again

    return asked


def test_what_a_host_holds_and_what_a_run_would_do(ask: Any) -> None:
    for server, status in ((drifted(), "drifted"), (converged(), "in_desired_state")):
        line, again = ask(server)
        assert (line["status"], line["site"], again) == (status, "P01", False)
        assert [sender["in_desired_state"] for sender in line["senders"]] == [status != "drifted"]
        assert (line["after"] is not None) is (status == "drifted")
        assert writes(server) == []


def test_nobody_asks_a_host_that_no_site_sends_to(ask: Any) -> None:
    line, _again = ask(AssertionError("it connects"), Question("P01", "sms_1_2", ()))
    assert line["status"] == "in_desired_state"


@pytest.mark.parametrize(
    ("variables", "why"),
    [({}, "No site in sms_sites has the server 'web01'"), ({"sms_site_code": "x9"}, "Site 'X9' of this host is")],
)
def test_a_host_without_a_site_is_an_error_with_the_reason(variables: dict[str, Any], why: str) -> None:
    connections = SimpleNamespace(make=lambda _host: (None, variables))
    questions = Questions({"P01": QUESTION}, {"p01": "P01"})
    line = host_to_json(reading.preparation(connections, questions, None)("web01").ask().line)  # type: ignore[arg-type]
    assert (line["status"], line["site"]) == ("error", None)
    assert why in line["message"]


@pytest.mark.parametrize(
    ("failure", "status", "again"),
    [
        (Unreachable(*WORDS), "unreachable", True),
        (NoAnswer(*WORDS), "error", True),
        # A wrong password that is tried again and again locks the account.
        (AuthenticationFailed(*WORDS), "unreachable", False),
        (AccessDenied(*WORDS), "error", False),
    ],
)
def test_a_failure_is_an_answer(ask: Any, failure: Exception, status: str, again: bool) -> None:
    line, tries_again = ask(failure)
    assert (line["status"], line["message"], tries_again) == (status, str(failure), again)
    assert line["senders"] == []


def test_drift_that_nothing_can_be_planned_for_is_drift(ask: Any) -> None:
    server = FakeSiteServer()
    server.hold(f"D:(D;;FA;;;{SENDER})(A;;FA;;;BA)", "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)")
    line, _again = ask(server)
    assert line["status"] == "drifted"
    assert "share SMS_SITE" in line["message"]
    assert [sender["in_desired_state"] for sender in line["senders"]] == [False]


def test_a_domain_that_does_not_answer_is_no_drift(ask: Any) -> None:
    server = drifted()
    server.members[ADMINISTRATORS] = [Account(SERVERS, "CORP\\Servers", is_group=True)]
    line, again = ask(server, directories=Directories([SilentDirectory(SENDER.rpartition("-")[0])]))
    assert (line["status"], line["senders"], again) == ("error", [], False)
    assert "domain groups" in line["message"]
    assert ask(server)[0]["status"] == "drifted"


def test_variables_of_the_host_are_the_roles(ask: Any) -> None:
    server = drifted()
    server.points_to = r"D:\Elsewhere"
    server.held[server.points_to] = server.held[next(name for name in server.held if name.startswith("D:"))]
    assert ask(server)[0]["status"] == "error"
    assert ask(server, sms_sender_perms_allow_unexpected_path="yes")[0]["status"] == "drifted"


def test_jobs_that_name_a_ticket_run_alone_among_those_with_one() -> None:
    jobs = {use: Job(None, lambda: None, ticket=use) for use in (None, *TicketUse)}  # type: ignore[arg-type, return-value]
    apart = {(one, other) for one, other in product(jobs, jobs) if not jobs[one].can_run_beside(jobs[other])}
    named, found = TicketUse.NAMED, TicketUse.FOUND
    assert apart == {(named, named), (named, found), (found, named)}
