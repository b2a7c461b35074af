# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy in front of a host's WinRM that lets all pass until it is told to strike.

What a sealed request asks for cannot be seen on the wire. So the lab holds the operation that is to be struck, and the
proxy decides, once it sees that the host holds one, what becomes of it and what the client gets.
"""

from __future__ import annotations

import select
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from .http_answers import Answer
from .wire import Address, Client, Fate, Gone, Server, receive

_GLANCE_SECONDS = 0.02
_MAX_MESSAGE = 16 << 20


class Gate(Protocol):
    """The operations that a host holds."""

    def held(self) -> bool:
        """Whether it holds one now."""

    def release(self, *, execute: bool) -> None:
        """Let it be carried out, or end."""


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault.

    Attributes:
        answer: what the client gets.
        fate: what becomes of the request.
        everywhere: whether all requests are struck, or those alone that the host holds.
        dies: whether the server is gone after that: connections end, new ones are refused.
    """

    answer: Answer
    fate: Fate = Fate.LOST
    everywhere: bool = False
    dies: bool = False


class Proxy(Server):
    """A proxy in front of a host's WinRM.

    Args:
        server: the host's WinRM.
        server_tls: whether that speaks TLS.
        tls: the certificate to show; None for plain HTTP.
        gate: the operations that the host holds.
        elsewhere: where redirects lead.
    """

    def __init__(
        self, server: Address, *, server_tls: bool, tls: ssl.SSLContext | None, gate: Gate, elsewhere: Elsewhere
    ) -> None:
        self._server = server
        self._server_tls = _client_context() if server_tls else None
        self._tls = tls
        self._gate = gate
        self.elsewhere = elsewhere
        self.strike: Strike | None = None
        self._landing: list[socket.socket] = []
        self._earlier = b""
        super().__init__()

    def land(self) -> None:
        """Let what is late be carried out, and wait until it is."""
        self._gate.release(execute=True)
        for wire in self._landing:
            with suppress(OSError, Gone):
                _read_message(wire)
            wire.close()
        self._landing.clear()

    def close(self) -> None:
        """End."""
        super().close()
        for wire in self._landing:
            wire.close()

    def _serve(self, wire: socket.socket) -> None:
        upstream: socket.socket | None = None
        try:
            wire.settimeout(60)
            if self._tls:
                wire = self._encrypted(wire, self._tls)
            while True:
                request = _read_message(wire)
                logs_on = b"\r\nauthorization:" in request.partition(b"\r\n\r\n")[0].lower()
                self.seen.count("requests", *(["logons"] if logs_on else []))
                strike = self.strike
                if strike and strike.everywhere:
                    self.seen.count("struck")
                    self._give(wire, strike, b"")
                    continue
                if upstream is None:
                    upstream = self._connected()
                upstream.sendall(request)
                if strike and self._is_held(upstream):
                    # Once: what is late is held on, and would be taken for the next request that takes its time.
                    self.strike = None
                    self.seen.count("struck")
                    upstream = self._strike(wire, upstream, strike)
                    continue
                answer = _read_message(upstream)
                self._earlier = answer
                wire.sendall(answer)
        finally:
            for each in (upstream, wire):
                if each is not None:
                    each.close()

    def _strike(self, wire: socket.socket, upstream: socket.socket, strike: Strike) -> socket.socket | None:
        """Strike the request that is held; returns the connection to the server, if it is still of use."""
        genuine = b""
        kept: socket.socket | None = upstream
        if strike.fate is Fate.LOST:
            self._gate.release(execute=False)
            upstream.close()
            kept = None
        elif strike.fate is Fate.DONE:
            self._gate.release(execute=True)
            genuine = _read_message(upstream)
        else:
            self._landing.append(upstream)
            kept = None
        self._answer(lambda: self._give(wire, strike, genuine), dies=strike.dies)
        if kept is None:
            raise Gone  # the next request would meet a server that does not know who is behind this connection
        return kept

    def _give(self, wire: socket.socket, strike: Strike, genuine: bytes) -> None:
        strike.answer(Client(wire, self._ending, genuine=genuine, earlier=self._earlier, elsewhere=self.elsewhere.url))

    def _is_held(self, upstream: socket.socket) -> bool:
        """Whether the server holds the request that it was just sent, and does not answer it."""
        while not self._ending.is_set():
            pending = isinstance(upstream, ssl.SSLSocket) and upstream.pending()
            if pending or select.select([upstream], [], [], _GLANCE_SECONDS)[0]:
                return False
            if self._gate.held():
                return True
        raise Gone

    def _connected(self) -> socket.socket:
        wire = socket.create_connection(self._server, 60)
        if self._server_tls:
            wire = self._server_tls.wrap_socket(wire)
        return wire


class Elsewhere(Server):
    """Another server. It answers as one would, and keeps what it was sent."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self.received: list[bytes] = []
        super().__init__()
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.address[1]}/wsman"

    def _serve(self, wire: socket.socket) -> None:
        wire.settimeout(30)
        if self._tls:
            wire = self._encrypted(wire, self._tls)
        with wire:
            while True:
                self.received.append(_read_message(wire))
                wire.sendall(b"HTTP/1.1 401 \r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n")


def _client_context() -> ssl.SSLContext:
    """The lab's certificates are of its own authority, and the way to it is this machine's loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # In TLS 1.3 a server sends tickets after the handshake, which would be taken for an answer to the first request.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _read_message(wire: socket.socket) -> bytes:
    """A request or an answer: its head, and as many bytes as it announces. Raises Gone at the connection's end."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += receive(wire)
    head, _blank, _rest = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _colon, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    wanted = len(head) + 4 + length
    if wanted > _MAX_MESSAGE:
        raise Gone
    while len(data) < wanted:
        data += receive(wire)
    return data
