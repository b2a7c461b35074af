# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against Samba: what it reports is what Samba's own access check decides, and nothing stays behind."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils import sender_probe
from ansible_collections.sitekeeper.sms.plugins.module_utils.sender_probe import STEPS, ProbeOutcome, probe, result_of
from tests.functional.probe.support import (
    FULL_CONTROL,
    MODIFY,
    READ_AND_WRITE,
    REQUIRED,
    SiteServer,
    Wire,
    in_words,
    needs_samba,
)
from tests.waiting import PATIENCE

pytestmark = [
    needs_samba,
    # impacket's own, of a connection that is refused or breaks
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket"),
]

DIALECTS: dict[str, dict[str, Any]] = {"smb3": {}, "nt1": {"dialect": "nt1", "signing": "if_offered"}}
DENIED = "ACCESS_DENIED"
ALL_OK = dict.fromkeys(STEPS, "ok")
NOT_TRIED = dict.fromkeys(STEPS, "-")
READ = 0x1200A9
WRITE_ONLY = 0x100116


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> dict[str, Any]:
    return DIALECTS[request.param]


def test_read_and_write_is_all_that_sms_1_2_needs(server: SiteServer, dialect: dict[str, Any]) -> None:
    outcome = probe(server.request(**dialect))
    assert in_words(outcome) == ALL_OK | {"rename": DENIED, "delete": DENIED}
    assert outcome.works
    assert outcome.left_behind == ()
    assert server.listed() == set()


def test_with_delete_required_read_and_write_is_not_enough(server: SiteServer) -> None:
    request = server.request(required=STEPS)
    result = result_of(request, probe(request))
    assert (result["works"], result["failed"], result["changed"]) == (False, True, False)
    assert "rename:" in result["msg"]
    assert "delete:" in result["msg"]


def test_modify_allows_every_step(server: SiteServer, dialect: dict[str, Any]) -> None:
    server.permit(MODIFY)
    outcome = probe(server.request(required=STEPS, **dialect))
    assert in_words(outcome) == ALL_OK
    assert outcome.works
    assert outcome.dialect == ("SMB 1" if dialect else "SMB 3.1.1")


def test_the_article_s_fault(server: SiteServer, dialect: dict[str, Any]) -> None:
    server.permit(0)
    outcome = probe(server.request(**dialect))
    assert in_words(outcome) == NOT_TRIED | {
        "connect": "ok", "log_on": "ok", "open_share": "ok", "list": DENIED, "create": DENIED,
    }  # fmt: skip
    assert outcome.works is False


def test_a_share_that_does_not_let_it_in(server: SiteServer, dialect: dict[str, Any]) -> None:
    server.permit(FULL_CONTROL, share=0)
    request = server.request(**dialect)
    outcome = probe(request)
    assert in_words(outcome) == NOT_TRIED | {"connect": "ok", "log_on": "ok", "open_share": DENIED}
    assert "open_share: the share's permissions do not let the account in" in result_of(request, outcome)["msg"]


def test_read_alone_lists_but_makes_no_file(server: SiteServer, dialect: dict[str, Any]) -> None:
    server.permit(READ)
    words = in_words(probe(server.request(**dialect)))
    assert (words["list"], words["create"], words["write"]) == ("ok", DENIED, "-")


def test_write_alone_makes_a_file_but_does_not_read_it(server: SiteServer) -> None:
    server.permit(WRITE_ONLY)
    words = in_words(probe(server.request()))
    assert words == ALL_OK | {"list": DENIED, "read": DENIED, "rename": DENIED, "delete": DENIED}


def test_entries_that_files_do_not_inherit(server: SiteServer, dialect: dict[str, Any]) -> None:
    server.permit(FULL_CONTROL, flags="")
    words = in_words(probe(server.request(**dialect)))
    assert (words["list"], words["create"], words["write"], words["read"]) == ("ok", "ok", DENIED, DENIED)


@pytest.mark.parametrize(
    ("state", "status", "says"),
    [
        ("disabled", "ACCOUNT_DISABLED", "disabled"),
        ("locked_out", "ACCOUNT_LOCKED_OUT", "locked out"),
        ("account_expired", "ACCOUNT_EXPIRED", "account has expired"),
        ("password_expired", "PASSWORD_EXPIRED", "password has expired"),
        ("must_change", "PASSWORD_MUST_CHANGE", "must be changed"),
        ("wrong_workstation", "INVALID_WORKSTATION", "from this computer"),
    ],
)
def test_logon_failures_are_told_apart(server: SiteServer, state: str, status: str, says: str) -> None:
    server.host.smb.set_account_state("CORP\\smssend", state)
    try:
        outcome = probe(server.request())
    finally:
        server.host.smb.set_account_state("CORP\\smssend", "ok")
    step = outcome.steps[1]
    # Samba tells an expired password as one that must be changed.
    expected = {status, "PASSWORD_MUST_CHANGE"} if state == "password_expired" else {status}
    assert step.status.removeprefix("STATUS_") in expected
    assert says in step.detail or expected - {status}
    assert [step.ok for step in outcome.steps] == [True, False, *[None] * 7]


@pytest.mark.parametrize("changes", [{"password": "Wrong-1"}, {"user": "nobody-of-this-name"}])
def test_wrong_password_and_unknown_user(server: SiteServer, changes: dict[str, str], dialect: dict[str, Any]) -> None:
    request = server.request(**changes, **dialect)
    result = result_of(request, probe(request))
    assert result["steps"][1]["status"] == "STATUS_LOGON_FAILURE"
    assert result["steps"][1]["code"] == "0xC000006D"
    assert request.settings.password not in json.dumps(result)


def test_a_share_that_is_not_there(server: SiteServer, dialect: dict[str, Any]) -> None:
    request = server.request(**dialect)
    request = type(request)(request.settings, "NO_SITE", REQUIRED)
    assert in_words(probe(request))["open_share"] == "BAD_NETWORK_NAME"


def test_a_share_whose_directory_is_gone(server: SiteServer) -> None:
    directory = server.directory
    aside = directory.with_name("Aside")
    directory.rename(aside)
    try:
        outcome = probe(server.request())
    finally:
        aside.rename(directory)
    assert outcome.works is False
    failed = next(step for step in outcome.steps if step.ok is False)
    assert failed.step in ("open_share", "list")
    assert "the directory behind" in failed.detail


def test_a_host_that_is_down(server: SiteServer) -> None:
    server.host.smb.stop()
    try:
        outcome = probe(server.request())
    finally:
        server.host.smb.start()
    assert in_words(outcome) == NOT_TRIED | {"connect": "?"}
    assert server.host.address in outcome.steps[0].detail
    assert "refused" in outcome.steps[0].detail


@pytest.mark.parametrize(
    ("offered", "signing"), [("disabled", "required"), ("disabled", "if_offered"), ("auto", "required")]
)
def test_smb_1_that_is_not_signed_is_refused_unless_allowed(server: SiteServer, offered: str, signing: str) -> None:
    server.host.smb.set_parameters({"server signing": offered}, restart=True)
    try:
        outcome = probe(server.request(dialect="nt1", signing=signing))
    finally:
        server.host.smb.set_parameters({"server signing": None}, restart=True)
    if (offered, signing) == ("disabled", "required"):
        assert in_words(outcome) == NOT_TRIED | {"connect": "?"}
        assert "sign" in outcome.steps[0].detail
    else:
        assert (outcome.works, outcome.signed) == (True, offered == "auto")


def test_encryption_is_used_where_it_is_asked_for(server: SiteServer) -> None:
    outcome = probe(server.request(encryption=True))
    assert (outcome.works, outcome.encrypted) == (True, True)


def test_check_mode_makes_no_file(server: SiteServer) -> None:
    server.permit(FULL_CONTROL)
    before = server.directory.stat().st_mtime_ns
    outcome = probe(server.request(reading_only=True))
    assert in_words(outcome) == NOT_TRIED | dict.fromkeys(("connect", "log_on", "open_share", "list"), "ok")
    assert outcome.works is None
    assert server.directory.stat().st_mtime_ns == before
    server.permit(0)
    assert probe(server.request(reading_only=True)).works is False


def test_a_file_that_is_there_is_not_touched(server: SiteServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.permit(FULL_CONTROL)
    monkeypatch.setattr(secrets, "token_hex", lambda count: "5" * 2 * count)
    path = server.directory / f"sitekeeper-probe-{'5' * 32}.tmp"
    path.write_bytes(b"somebody else's")
    outcome = probe(server.request())
    assert in_words(outcome)["create"] == "OBJECT_NAME_COLLISION"
    assert outcome.left_behind == ()
    assert path.read_bytes() == b"somebody else's"
    path.unlink()


def test_leftovers_of_earlier_probes_are_reported_and_not_touched(server: SiteServer) -> None:
    server.permit(FULL_CONTROL)
    ours, young, alike = (f"sitekeeper-probe-{stem}.tmp" for stem in ("a" * 32, "b" * 32, "of-mine"))
    paths = [server.directory / name for name in (ours, young, alike)]
    for path in paths:
        path.write_bytes(b"left")
        if path.name != young:
            os.utime(path, (time.time() - 7200,) * 2)
    request = server.request()
    result = result_of(request, probe(request))
    assert result["leftovers"] == [ours]
    assert (result["changed"], result["works"]) == (False, True)
    assert any(ours in warning for warning in result["warnings"])
    assert server.listed() == {ours, young, alike}
    for path in paths:
        path.unlink()


# A share without Delete refuses delete-on-close, and so the file is made without.


def test_where_it_may_not_delete_the_operator_does(server: SiteServer, dialect: dict[str, Any]) -> None:
    server.permit(FULL_CONTROL, share=READ_AND_WRITE)
    asked: list[Sequence[str]] = []

    def clean_up(names: Sequence[str]) -> Sequence[str]:
        asked.append(names)
        assert server.listed() == set(names)
        for name in names:
            (server.directory / name).unlink()
        return []

    outcome = probe(server.request(**dialect), clean_up)
    assert in_words(outcome) == ALL_OK | {"rename": DENIED, "delete": DENIED}
    assert [len(names) for names in asked] == [1]
    assert outcome.left_behind == ()


def test_what_nobody_can_delete_is_said(server: SiteServer) -> None:
    server.permit(FULL_CONTROL, share=READ_AND_WRITE)
    request = server.request()
    result = result_of(request, probe(request))
    assert result["changed"]
    assert set(result["left_behind"]) == server.listed()
    assert len(result["left_behind"]) == 1
    assert any(result["left_behind"][0] in warning for warning in result["warnings"])
    assert result["works"]
    (server.directory / result["left_behind"][0]).unlink()


# Bad days: the wire is held while the file is there.


def file_is_there(server: SiteServer) -> Callable[[], bool]:
    return lambda: any(server.directory.iterdir())


def start_probe(server: SiteServer, wire: Wire, **changes: Any) -> tuple[threading.Thread, list[ProbeOutcome]]:
    outcomes: list[ProbeOutcome] = []
    request = server.request(address="127.0.0.1", port=wire.port, **changes)
    thread = threading.Thread(target=lambda: outcomes.append(probe(request)))
    thread.start()
    return thread, outcomes


@pytest.mark.parametrize("mask", [READ_AND_WRITE, MODIFY])
def test_one_connection_does_it_all(server: SiteServer, wire: Wire, mask: int, dialect: dict[str, Any]) -> None:
    server.permit(mask)
    thread, outcomes = start_probe(server, wire, **dialect)
    thread.join()
    assert outcomes[0].works
    assert wire.connections == 1


def test_content_that_is_not_what_was_written(server: SiteServer, wire: Wire) -> None:
    wire.hold_when(lambda: any(path.stat().st_size for path in server.directory.iterdir()))
    thread, outcomes = start_probe(server, wire)
    wire.wait_until_held()
    (path,) = server.directory.iterdir()
    path.write_bytes(b"\0" * 1024)
    wire.release()
    thread.join()
    (outcome,) = outcomes
    (read,) = (step for step in outcome.steps if step.step == "read")
    assert (read.ok, read.detail) == (False, "read 1024 bytes, which are not the 1024 written.")
    assert outcome.works is False


def test_a_connection_that_is_cut(
    server: SiteServer, wire: Wire, dialect: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_probe, "_SEES_END_SECONDS", PATIENCE)
    wire.hold_when(file_is_there(server))
    thread, outcomes = start_probe(server, wire, **dialect)
    wire.wait_until_held()
    wire.cut()
    thread.join()
    (outcome,) = outcomes
    words = in_words(outcome)
    assert "?" in words.values()
    assert words["delete"] in ("-", "?")
    assert outcome.works is False
    assert outcome.left_behind == ()
    assert server.listed() == set()


def test_a_server_that_dies(server: SiteServer, wire: Wire) -> None:
    wire.hold_when(file_is_there(server))
    thread, outcomes = start_probe(server, wire)
    wire.wait_until_held()
    server.host.smb.stop()
    wire.close()
    try:
        thread.join()
    finally:
        server.host.smb.start()
    (outcome,) = outcomes
    assert outcome.works is False
    # Nobody could look, so it says that the file may still be there; whether it is, is Samba's affair.
    assert len(outcome.left_behind) == 1
    assert server.listed() <= set(outcome.left_behind)
    for path in server.directory.iterdir():
        path.unlink()


PROBE = """
import json, signal, sys
# Whoever runs the tests in the background has told them to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
from ansible_collections.sitekeeper.sms.plugins.module_utils.sender_probe import ProbeRequest, probe
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
given = json.load(sys.stdin)
probe(ProbeRequest(SmbSettings(**given), "SMS_SITE", ("create",)))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_probe_that_is_killed(
    server: SiteServer, wire: Wire, dialect: dict[str, Any], number: signal.Signals
) -> None:
    settings = server.settings(address="127.0.0.1", port=wire.port, **dialect)
    given = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
    wire.hold_when(file_is_there(server))
    with subprocess.Popen(
        [sys.executable, "-c", PROBE],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdin
        json.dump(given, process.stdin)
        process.stdin.close()
        wire.wait_until_held()
        process.send_signal(number)
        # What the account can do after a signal that it can handle, it does over the wire.
        wire.release()
        assert process.wait(PATIENCE) != 0
    server.wait_until_empty()
