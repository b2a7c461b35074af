# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that never come to an end: every exchange over SMB has a deadline and a limit."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.sender_probe import STEPS, ProbeRequest, probe
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import SmbSession, open_session
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb import PipeClient, file_client
from tests.functional.smb.between import between
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab
from tests.unit.module_utils.smb_endless import FAULTS, KEEP_ALIVE, drip, pending, settings, slowly
from tests.unit.module_utils.smb_servers import framed

SAMBA_MISSING = missing()
on_samba = pytest.mark.skipif(
    bool(SAMBA_MISSING), reason=f"{SAMBA_MISSING}; as root on Debian, `make test` installs what it needs"
)
RECEIVE = "D\\SMS\\Site.srv\\Despoolr.box\\Receive"
# -- after the logon


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running_lab(default_hierarchy(1), backend="samba") as running:
        yield running


@pytest.fixture
def host(lab: RunningLab) -> RunningHost:
    return lab["C01"]


OPERATIONS: dict[str, Callable[[SmbSession], Any]] = {
    "open": lambda session: file_client(session).attributes("C$", RECEIVE),
    "list": lambda session: list(file_client(session).entries("C$", RECEIVE)),
    "read": lambda session: file_client(session).security("C$", RECEIVE),
    "call": lambda session: PipeClient(session).shares(),
    "log off": lambda session: session.close(),
}


@on_samba
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("fault", "dialect"), FAULTS)
def test_a_server_that_stops_to_answer_costs_its_time_only(
    host: RunningHost, fault: str, operation: str, dialect: str | None
) -> None:
    armed = False

    def endless(message: bytes) -> Any:
        if not armed:
            return message
        number, command = struct.unpack_from("<Q", message, 24)[0], struct.unpack_from("<H", message, 12)[0]
        pieces = {
            "nothing": lambda: b"",
            "drip": drip(),
            "keep-alives": lambda: KEEP_ALIVE,
            "pending": lambda: pending(number, command),
        }
        return slowly(pieces[fault])

    with between(host.address, endless) as port:
        wanted = dataclasses.replace(settings(port, dialect, timeout=60), password=host.password)
        session = open_session(wanted)
        armed = True
        session._stream.timeout = 1
        if operation == "log off":
            OPERATIONS[operation](session)
            assert session.closed
            return
        with pytest.raises(SmbError) as caught:
            OPERATIONS[operation](session)
        assert (caught.value.kind, caught.value.reason) == ("unreachable", "no whole answer within 1 seconds")
        # No late answer is taken for that to something else.
        assert session.closed
        with pytest.raises(SmbError, match="no whole answer within 1 seconds") as caught:
            OPERATIONS[operation](session)
        assert caught.value.kind == "unreachable"
        session.close()


@on_samba
def test_an_answer_to_another_request_is_none(host: RunningHost) -> None:
    armed = False

    def twice(message: bytes) -> Any:
        return (framed(message), framed(message)) if armed else message

    with (
        between(host.address, twice) as port,
        open_session(dataclasses.replace(settings(port, None, timeout=60), password=host.password)) as session,
    ):
        armed = True
        with session.exchange():
            session.connection.connectTree("SMS_SITE")
        with pytest.raises(SmbError, match="answers what it was not asked"), session.exchange():
            session.connection.connectTree("IPC$")


@on_samba
@pytest.mark.parametrize("dialect", ["auto", "nt1"])
def test_a_probe_of_a_server_that_stops_to_answer_ends(host: RunningHost, dialect: str) -> None:
    left = 8

    def endless(message: bytes) -> Any:
        nonlocal left
        left -= 1
        return message if left > 0 else slowly(lambda: KEEP_ALIVE)

    with between(host.address, endless) as port:
        arguments = {
            "server": "127.0.0.1",
            "port": port,
            "share": "SMS_SITE",
            "account": "CORP\\ansible",
            "password": host.password,
            "auth": "ntlm",
            "domains": {},
            "dialect": dialect,
            "signing": "required",
            "encryption": False,
            "timeout": 5,
            "required_steps": list(STEPS),
        }
        outcome = probe(ProbeRequest.from_arguments(arguments, reading_only=False))
    assert outcome.works is False
    (failed,) = [step for step in outcome.steps if step.ok is False]
    assert failed.detail.startswith("no whole answer within 5 seconds")
