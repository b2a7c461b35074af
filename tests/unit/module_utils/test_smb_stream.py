# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every exchange over SMB has one deadline and one limit, whatever the server sends."""

from __future__ import annotations

import socket
import struct
import threading
import time

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import open_session
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_stream import MAX_EXCHANGE, MAX_MESSAGES, Stream
from tests.unit.module_utils.smb_endless import EMPTY, FAULTS, KEEP_ALIVE, PATIENCE, drip, pending, settings, slowly
from tests.unit.module_utils.smb_servers import failure_of, framed, negotiated, receive, serving


def refusal(wanted: SmbSettings) -> SmbError:
    with pytest.raises(SmbError) as caught, open_session(wanted):
        pass
    return caught.value


# -- before the logon


@pytest.mark.parametrize(("fault", "dialect"), FAULTS)
def test_a_server_that_never_negotiates_costs_its_time_only(fault: str, dialect: str | None) -> None:
    pieces = {"drip": drip(), "keep-alives": lambda: KEEP_ALIVE, "pending": pending}

    def serve(client: socket.socket) -> None:
        receive(client)
        if fault == "nothing":
            client.settimeout(PATIENCE)
            client.recv(1)
            return
        for piece in slowly(pieces[fault]):
            client.sendall(piece)

    with serving(serve) as port:
        error = refusal(settings(port, dialect))
        assert (error.kind, failure_of(error)) == (
            "unreachable",
            f"no answer from 127.0.0.1 port {port} in 0.25 seconds",
        )
        assert "ansible_smb_timeout" in error.advice


@pytest.mark.parametrize("dialect", [None, "nt1"])
def test_empty_messages_are_no_answer(dialect: str | None) -> None:
    def serve(client: socket.socket) -> None:
        receive(client)
        for piece in slowly(lambda: EMPTY):
            client.sendall(piece)

    with serving(serve) as port:
        assert refusal(settings(port, dialect)).kind in ("garbled", "refused")


def test_a_server_that_never_lets_in_costs_its_time_only() -> None:
    def serve(client: socket.socket) -> None:
        receive(client)
        client.sendall(framed(negotiated()))
        receive(client)
        for piece in slowly(lambda: pending(1, 1)):
            client.sendall(piece)

    with serving(serve) as port:
        error = refusal(settings(port, None, timeout=1))
    assert (error.kind, failure_of(error)) == ("unreachable", "no whole answer within 1 seconds")


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
    assert (error.kind, failure_of(error)) == (
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
    assert (error.kind, failure_of(error)) == ("garbled", f"the answer is longer than {MAX_EXCHANGE} bytes")


def test_a_message_of_another_service_is_named() -> None:
    with serving(lambda client: client.sendall(b"\x83\0\0\1\x82")) as port:  # RFC 1002: negative session response
        assert failure_of(refusal(settings(port, None))) == "a message of type 83h"


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
    assert (error.kind, failure_of(error)) == ("garbled", "the server negotiates 65535 contexts")


# -- the stream itself


def test_a_deadline_is_that_of_all_requests_in_an_exchange() -> None:
    def serve(client: socket.socket) -> None:
        for _unused in range(PATIENCE * 20):
            receive(client)
            time.sleep(0.05)
            client.sendall(framed(b"part"))

    asked = 0
    with serving(serve) as port:
        stream = Stream(settings(port, None, timeout=1))
        with pytest.raises(TimeoutError, match=r"no whole answer within 1 seconds"), stream.exchange():  # noqa: PT012
            stream.connect()
            with stream.exchange():
                while True:
                    stream.send_packet(b"more")
                    asked += 1
                    assert stream.recv_packet().get_trailer() == b"part"
        assert 1 <= asked < PATIENCE * 20
        assert stream.get_socket() is None
        with pytest.raises(TimeoutError, match=r"no whole answer within 1 seconds"):
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
        stream = Stream(settings(port, None, timeout=1))
        try:
            with stream.exchange():
                stream.connect()
            with pytest.raises(TimeoutError, match=r"no whole answer within 1 seconds"):
                stream.send_packet(bytes(64 * 1024 * 1024))
        finally:
            done.set()
