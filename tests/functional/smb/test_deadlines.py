# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that never come to an end: every exchange over SMB has a deadline and a limit.

Such a server here gives up after `PATIENCE` seconds by itself and closes the connection, which is another error than a
deadline. So a client without a deadline fails these tests, and does not hang in them.
"""

from __future__ import annotations

import dataclasses
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.kerberos import TicketError, service_ticket
from ansible_collections.sitekeeper.sms.plugins.module_utils.sender_probe import STEPS, ProbeRequest, probe
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import SmbSession, open_session
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_stream import MAX_EXCHANGE, MAX_MESSAGES, Stream
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb import PipeClient, file_client
from tests.functional.smb.between import between, framed, receive, serving
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab

SAMBA_MISSING = missing()
on_samba = pytest.mark.skipif(
    bool(SAMBA_MISSING), reason=f"{SAMBA_MISSING}; as root on Debian, `make test` installs what it needs"
)
PATIENCE = 30
RECEIVE = "D\\SMS\\Site.srv\\Despoolr.box\\Receive"
KEEP_ALIVE = b"\x85\0\0\0"  # RFC 1002, 4.3.1
EMPTY = bytes(4)


def slowly(pieces: Callable[[], bytes]) -> Iterator[bytes]:
    """A piece every twentieth of a second, for as long as the patience lasts."""
    for _unused in range(PATIENCE * 20):
        yield pieces()
        time.sleep(0.05)


def pending(number: int = 0, command: int = 0) -> bytes:
    """An interim answer ([MS-SMB2] 3.3.4.4)."""
    header = struct.pack("<4sHHLHHLLQQQ16s", b"\xfeSMB", 64, 0, 0x103, command, 1, 3, 0, number, 1, 0, bytes(16))
    return framed(header + struct.pack("<HHLB", 9, 0, 0, 0))


def drip() -> Callable[[], bytes]:
    """The bytes of a message of 60,000, one by one."""
    left = iter(framed(b"\xfeSMB" + bytes(60_000)))
    return lambda: bytes((next(left),))


def settings(port: int, dialect: str | None, timeout: float = 1) -> SmbSettings:
    return SmbSettings("C01", "127.0.0.1", port, "CORP", "ansible", "Secret-1", dialect=dialect, timeout=timeout)


def refusal(wanted: SmbSettings) -> SmbError:
    with pytest.raises(SmbError) as caught, open_session(wanted):
        pass
    return caught.value


# SMB 1 has no interim answers.
FAULTS = [(fault, dialect) for dialect in (None, "nt1") for fault in ("nothing", "drip", "keep-alives")]
FAULTS.append(("pending", None))


# -- before the logon


@pytest.mark.parametrize(("fault", "dialect"), FAULTS)
def test_a_server_that_never_negotiates_costs_its_time_only(fault: str, dialect: str | None) -> None:
    pieces = {"nothing": lambda: b"", "drip": drip(), "keep-alives": lambda: KEEP_ALIVE, "pending": pending}[fault]

    def serve(client: socket.socket) -> None:
        receive(client)
        for piece in slowly(pieces):
            client.sendall(piece)

    with serving(serve) as port:
        error = refusal(settings(port, dialect))
        assert (error.kind, error.reason) == ("unreachable", f"no answer from 127.0.0.1 port {port} in 1 seconds")
        assert "ansible_smb_timeout" in error.advice


@pytest.mark.parametrize("dialect", [None, "nt1"])
def test_empty_messages_are_no_answer(dialect: str | None) -> None:
    def serve(client: socket.socket) -> None:
        receive(client)
        for piece in slowly(lambda: EMPTY):
            client.sendall(piece)

    with serving(serve) as port:
        assert refusal(settings(port, dialect)).kind in ("garbled", "refused")


def negotiated(version: int = 0x0210) -> bytes:
    """What a server of SMB 2 answers to a negotiation: signing enabled, 64 KiB of everything ([MS-SMB2] 2.2.4)."""
    body = struct.pack("<HHHH16sLLLLQQHHL", 65, 1, version, 0, bytes(16), 0, 65536, 65536, 65536, 0, 0, 128, 0, 0)
    return struct.pack("<4sHHLHHLLQLLQ16s", b"\xfeSMB", 64, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, bytes(16)) + body


def test_a_server_that_never_lets_in_costs_its_time_only() -> None:
    def serve(client: socket.socket) -> None:
        receive(client)
        client.sendall(framed(negotiated()))
        receive(client)
        for piece in slowly(lambda: pending(1, 1)):
            client.sendall(piece)

    with serving(serve) as port:
        error = refusal(settings(port, None))
    assert (error.kind, error.reason) == ("unreachable", "no whole answer within 1 seconds")


@pytest.mark.parametrize("dialect", [None, "nt1"])
def test_messages_without_end_are_counted(dialect: str | None) -> None:
    sent = 0

    def serve(client: socket.socket) -> None:
        nonlocal sent
        receive(client)
        for _unused in range(1_000_000):
            client.sendall(KEEP_ALIVE)
            sent += 1

    with serving(serve) as port:
        error = refusal(settings(port, dialect, timeout=60))
    assert (error.kind, error.reason) == (
        "garbled",
        f"the server sent {MAX_MESSAGES} messages and no answer among them",
    )
    assert sent < 1_000_000


@pytest.mark.parametrize("dialect", [None, "nt1"])
def test_an_answer_that_is_too_long_is_not_read(dialect: str | None) -> None:
    def serve(client: socket.socket) -> None:
        receive(client)
        # The length of SMB's messages goes up to 16 MiB; the rest of this one never comes.
        client.sendall(b"\0\xff\xff\xff" + bytes(1000))
        client.recv(1)

    with serving(serve) as port:
        error = refusal(settings(port, dialect, timeout=60))
    assert (error.kind, error.reason) == ("garbled", f"the answer is longer than {MAX_EXCHANGE} bytes")


def test_a_message_of_another_service_is_named() -> None:
    with serving(lambda client: client.sendall(b"\x83\0\0\1\x82")) as port:  # RFC 1002: negative session response
        assert refusal(settings(port, None)).reason == "a message of type 83h"


def test_many_contexts_are_not_read() -> None:
    # impacket would look through all of them, which takes a list of 64 KiB 65,535 times.
    answer = bytearray(negotiated(0x0311))
    struct.pack_into("<H", answer, 70, 0xFFFF)
    struct.pack_into("<L", answer, 124, 128)

    def serve(client: socket.socket) -> None:
        receive(client)
        client.sendall(framed(bytes(answer) + bytes(65536)))

    with serving(serve) as port:
        error = refusal(settings(port, None))
    assert (error.kind, error.reason) == ("garbled", "the server negotiates 65535 contexts")


def test_a_kdc_that_never_comes_to_an_end_costs_its_time_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def serve(client: socket.socket) -> None:
        client.recv(1)
        client.sendall((60_000).to_bytes(4, "big"))
        for piece in slowly(lambda: b"\0"):
            client.sendall(piece)

    with serving(serve) as port:
        configuration = tmp_path / "krb5.conf"
        configuration.write_text(f"[realms]\nCORP.EXAMPLE = {{\n kdc = 127.0.0.1:{port}\n}}\n")
        monkeypatch.setenv("KRB5_CONFIG", str(configuration))
        with pytest.raises(TicketError) as caught:
            service_ticket("ansible", "CORP.EXAMPLE", "Secret-1", "cifs/c01.corp.example", 1)
    assert f"127.0.0.1 port {port}: no answer in 1 seconds" in caught.value.reason


# -- the stream itself


def test_a_deadline_is_that_of_all_requests_in_an_exchange() -> None:
    def serve(client: socket.socket) -> None:
        for _unused in range(PATIENCE * 20):
            receive(client)
            time.sleep(0.05)
            client.sendall(framed(b"part"))

    asked = 0
    with serving(serve) as port:
        stream = Stream(settings(port, None))
        with pytest.raises(TimeoutError, match="no whole answer within 1 seconds"), stream.exchange():  # noqa: PT012
            stream.connect()
            with stream.exchange():
                while True:
                    stream.send_packet(b"more")
                    asked += 1
                    assert stream.recv_packet().get_trailer() == b"part"
        assert 1 <= asked < PATIENCE * 20
        assert stream.get_socket() is None
        with pytest.raises(TimeoutError, match="no whole answer within 1 seconds"):
            stream.send_packet(b"more")


def test_an_exchange_that_is_ended_from_outside_leaves_no_answer_behind() -> None:
    def serve(client: socket.socket) -> None:
        receive(client)
        client.sendall(framed(b"late"))
        client.recv(1)

    with serving(serve) as port:
        stream = Stream(settings(port, None, timeout=60))
        with stream.exchange():
            stream.connect()
            stream.send_packet(b"a request")
        with pytest.raises(KeyboardInterrupt), stream.exchange():
            raise KeyboardInterrupt
        with pytest.raises(ConnectionResetError, match="it is closed"):
            stream.send_packet(b"another")


def test_a_server_that_takes_nothing_does_not_hold_up_the_client() -> None:
    done = threading.Event()
    with serving(lambda _client: done.wait(PATIENCE)) as port:  # type: ignore[arg-type, return-value]
        stream = Stream(settings(port, None))
        try:
            with stream.exchange():
                stream.connect()
            with pytest.raises(TimeoutError, match="no whole answer within 1 seconds"):
                stream.send_packet(bytes(64 * 1024 * 1024))
        finally:
            done.set()


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
