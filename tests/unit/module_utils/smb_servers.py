# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on loopback that send what a test wrote, in the framing of SMB ([MS-SMB2] 2.1)."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from tests.waiting import PATIENCE


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """A server on 127.0.0.1 that gives these answers, whatever it is asked, and closes the connection."""

    def serve(client: socket.socket) -> None:
        for answer in answers:
            receive(client)
            client.sendall(framed(answer))

    with serving(serve) as port:
        yield port


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on 127.0.0.1 that serves one client after the other, and closes the connection then."""

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _peer = listener.accept()
                with client, suppress(OSError, EOFError):
                    serve(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=(listener,), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            shut(listener)
            thread.join(PATIENCE)


def framed(message: bytes) -> bytes:
    """A message with its length in front ([MS-SMB2] 2.1)."""
    return len(message).to_bytes(4, "big") + message


def receive(client: socket.socket) -> bytes:
    """The client's next message."""
    return exactly(client, int.from_bytes(exactly(client, 4)[1:], "big"))


def exactly(source: socket.socket, size: int) -> bytes:
    """So many bytes. Raises EOFError at the connection's end."""
    data = b""
    while len(data) < size:
        more = source.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def shut(opened: socket.socket) -> None:
    """End a connection on which another thread may be waiting."""
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)


def negotiated(version: int = 0x0210) -> bytes:
    """What a server of SMB 2 answers to a negotiation: signing enabled, 64 KiB of everything ([MS-SMB2] 2.2.4)."""
    body = struct.pack("<HHHH16sLLLLQQHHL", 65, 1, version, 0, bytes(16), 0, 65536, 65536, 65536, 0, 0, 128, 0, 0)
    return struct.pack("<4sHHLHHLLQLLQ16s", b"\xfeSMB", 64, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, bytes(16)) + body


def failure_of(error: SmbError) -> str:
    """What an error shows without its advice, and without the full stop between both."""
    return str(error).removesuffix(error.advice).rstrip(". ")
