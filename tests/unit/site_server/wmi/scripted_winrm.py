# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback that says what a test wrote, byte for byte, with pyspnego's server side for NTLM.

The framing of sealed messages is written here a second time, after the example in [MS-WSMV] 2.2.9.1.1.
"""

from __future__ import annotations

import base64
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import spnego

from tests.waiting import PATIENCE

SEALED = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
HEAD = (
    b"--Encrypted Boundary\r\n"
    b"\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
    b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n"
    b"--Encrypted Boundary\r\n"
    b"\tContent-Type: application/octet-stream\r\n"
)
END = b"--Encrypted Boundary--\r\n"


class Gone(Exception):
    """The client closed the connection."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; names of headers in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> bytes:
        """What it is to log on with."""
        scheme, _blank, token = self.headers["authorization"].partition(" ")
        assert scheme == "Negotiate"
        return base64.b64decode(token, validate=True)


def http(status: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """A plain answer."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Peer:
    """The server's side of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pending = b""
        self._again: list[Request] = []
        self.context: Any = spnego.server(
            protocol="ntlm",
            options=spnego.NegotiateOptions.use_ntlm,
            context_req=spnego.ContextReq.integrity | spnego.ContextReq.confidentiality,
        )
        self.requests: list[Request] = []

    def read(self) -> Request:
        """The next request."""
        if self._again:
            return self._again.pop()
        head = self._take(lambda pending: pending.find(b"\r\n\r\n") + 4 if b"\r\n\r\n" in pending else 0)
        line, *rest = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        headers = {name.lower(): value.strip() for name, _colon, value in (each.partition(":") for each in rest)}
        length = int(headers["content-length"])
        body = self._take(lambda pending: length if len(pending) >= length else 0) if length else b""
        self.requests.append(Request(line, headers, body))
        return self.requests[-1]

    def write(self, data: bytes) -> None:
        """Send it, if the client is still there to take it."""
        try:
            self._connection.sendall(data)
        except (ConnectionError, ssl.SSLError):
            raise Gone from None

    def write_past_tls(self, data: bytes) -> None:
        """Send it beside the encryption."""
        with self.beside() as beside:
            beside.sendall(data)

    def beside(self) -> socket.socket:
        """The connection a second time, without encryption."""
        return socket.socket(fileno=os.dup(self._connection.fileno()))

    def encrypt(self, tls: ssl.SSLContext) -> None:
        """Speak TLS from here on."""
        self._connection = tls.wrap_socket(self._connection, server_side=True)

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            socket.socket.shutdown(self._connection, socket.SHUT_RDWR)

    def challenge(self) -> bytes:
        """Read the first token; the one that answers it."""
        answer: bytes = self.context.step(self.read().token)
        return answer

    def refuse(self, token: bytes, **headers: str) -> None:
        """Send HTTP 401 with this token."""
        offer = f"Negotiate {base64.b64encode(token).decode()}"
        self.write(http("401 ", {"WWW-Authenticate": offer, **headers}))

    def log_on(self) -> None:
        """The client is authenticated. The message that came with its last token is the next to be read."""
        self.refuse(self.challenge())
        request = self.read()
        self.context.step(request.token)
        self._again.append(request)

    def unsealed(self) -> bytes:
        """The next request's message."""
        return self.unseal(self.read().body)

    def unseal(self, body: bytes) -> bytes:
        """The message in it."""
        assert body.endswith(END)
        length = int(body.partition(b"Length=")[2].partition(b"\r\n")[0])
        head = HEAD % length
        assert body.startswith(head)
        data = body.removeprefix(head).removesuffix(END)
        assert data[:4] == b"\x10\0\0\0"
        message: bytes = self.context.unwrap(data[4:]).data
        assert len(message) == length
        return message

    def seal(self, message: bytes, *, length: int | None = None) -> bytes:
        """A body with that message."""
        sealed = self.context.wrap(message).data
        return HEAD % (len(message) if length is None else length) + b"\x10\0\0\0" + sealed + END

    def answer(self, message: bytes, status: str = "200 ") -> None:
        """Send that message, sealed."""
        self.write(http(status, {"Content-Type": SEALED}, self.seal(message)))

    def _take(self, ends: Callable[[bytes], int]) -> bytes:
        while not (end := ends(self._pending)):
            try:
                received = self._connection.recv(65536)
            except (ConnectionError, ssl.SSLError):
                received = b""
            if not received:
                raise Gone
            self._pending += received
        taken, self._pending = self._pending[:end], self._pending[end:]
        return taken


class Server:
    """Gives each connection the next script; its peers, in order."""

    def __init__(
        self, listener: socket.socket, scripts: tuple[Callable[[Peer], None], ...], tls: ssl.SSLContext | None
    ) -> None:
        self._listener = listener
        self._scripts = scripts
        self._tls = tls
        self.port: int = listener.getsockname()[1]
        self.peers: list[Peer] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Serve until the listener is closed."""
        for script in (*self._scripts, None):
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            try:
                if script is None:
                    raise AssertionError("there is one connection more than the test wrote a script for")
                if self._tls is not None:
                    connection = self._encrypted(connection, self._tls)
                self.peers.append(Peer(connection))
                script(self.peers[-1])
            except Gone:
                pass
            except BaseException as failure:
                connection.close()
                self.failure = failure
                return
            # Closed with something unread, the answer would be lost with a reset.
            with connection, suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass

    @staticmethod
    def _encrypted(connection: socket.socket, tls: ssl.SSLContext) -> socket.socket:
        try:
            return tls.wrap_socket(connection, server_side=True)
        except (ssl.SSLError, ConnectionError):
            connection.close()
            raise Gone from None


@contextmanager
def serving(
    *scripts: Callable[[Peer], None], address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """A server that does that, and ends well if the test does."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        server = Server(listener, scripts, tls)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)
    assert not thread.is_alive()
    if server.failure is not None:
        raise server.failure
