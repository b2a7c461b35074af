# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy in front of a host's SMB server that lets all pass until it is told to strike. It reads requests on the wire,
where they are signed and not sealed."""

from __future__ import annotations

import select
import socket
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from .smb_answers import Answer, framed
from .smb_frames import AUTHENTICATE, LOG_ON, RPC_RESPONSE, Listener, is_interim
from .wire import Address, Client, Fate, Gone, Server

_SETTLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault.

    Attributes:
        answer: what the client gets.
        operation: which operation is struck; None for everything after the logon.
        fate: what becomes of it.
        dies: whether the server is gone after that.
    """

    answer: Answer
    operation: str | None
    fate: Fate = Fate.LOST
    dies: bool = False


class SmbProxy(Server):
    """A proxy in front of a host's SMB server.

    Args:
        server: the host's SMB server.
        share: the share of interest.
        folder: the last part of the path of the folder of interest.
    """

    def __init__(self, server: Address, *, share: str, folder: str) -> None:
        self._server = server
        self._share, self._folder = share, folder
        self.forwarded: Counter[str] = Counter()
        self.strike: Strike | None = None
        self._left = 0
        self._landing: list[tuple[socket.socket, bytes, str]] = []
        super().__init__()

    def arm(self, strike: Strike) -> None:
        """Strike from now on."""
        # A write is struck once: then it can be looked at what it did.
        self._left = 1 if strike.operation not in (None, LOG_ON) else -1
        self.strike = strike

    def land(self) -> None:
        """Let what is late be carried out, and wait for its answer."""
        for wire, message, operation in self._landing:
            with suppress(OSError, Gone):
                wire.settimeout(_SETTLE_SECONDS)
                wire.sendall(framed(message))
                self.forwarded[operation] += 1
                _read(wire)
            wire.close()
        self._landing.clear()

    def close(self) -> None:
        """End."""
        super().close()
        for wire, _message, _operation in self._landing:
            wire.close()

    def _serve(self, wire: socket.socket) -> None:
        listener = Listener(self._share, self._folder)
        upstream: socket.socket | None = None
        earlier, logged_on = b"", False
        try:
            wire.settimeout(60)
            upstream = socket.create_connection(self._server, 60)
            while not self._ending.is_set():
                for ready in select.select([wire, upstream], [], [], 0.5)[0]:
                    message = _read(ready)
                    if ready is upstream:
                        listener.answered(message)
                        earlier = message
                        wire.sendall(framed(message))
                        continue
                    operation = listener.operation(message)
                    self.seen.count("requests", *(["logons"] if AUTHENTICATE in message else []))
                    strike = self._taken(operation, message, logged_on=logged_on)
                    logged_on = logged_on or operation not in (None, LOG_ON) or AUTHENTICATE in message
                    if strike is None:
                        if operation:
                            self.forwarded[operation] += 1
                        upstream.sendall(framed(message))
                        continue
                    self.seen.count("struck")
                    upstream = self._strike(wire, upstream, strike, message, operation or "", earlier)
        finally:
            if upstream is not None:
                upstream.close()

    def _taken(self, operation: str | None, message: bytes, *, logged_on: bool) -> Strike | None:
        strike = self.strike
        if strike is None or not self._left:
            return None
        if strike.operation == LOG_ON:
            matches = AUTHENTICATE in message
        else:
            matches = logged_on if strike.operation is None else operation == strike.operation
        if not matches:
            return None
        self._left -= 1
        return strike

    def _strike(
        self,
        wire: socket.socket,
        upstream: socket.socket,
        strike: Strike,
        message: bytes,
        operation: str,
        earlier: bytes,
    ) -> socket.socket:
        answer = b""
        if strike.fate is Fate.DONE:
            self.forwarded[operation] += 1
            upstream.sendall(framed(message))
            answer = _final(upstream, wire)
            if operation.startswith("share.") and not RPC_RESPONSE.search(answer):
                # The call was only written to the pipe. What matters is the answer to the reading that follows.
                wire.sendall(framed(answer))
                reading = _read(wire)
                upstream.sendall(framed(reading))
                message, answer = reading, _final(upstream, wire)
        elif strike.fate is Fate.LATE:
            self._landing.append((upstream, message, operation))
        client = Client(wire, self._ending, request=message, genuine=answer, earlier=earlier)
        self._answer(lambda: strike.answer(client), dies=strike.dies)
        if strike.fate is not Fate.DONE:
            raise Gone
        return upstream


def _final(upstream: socket.socket, wire: socket.socket) -> bytes:
    """The server's answer; interim ones before it are passed on."""
    while is_interim(answer := _read(upstream)):
        wire.sendall(framed(answer))
    return answer


def _read(wire: socket.socket) -> bytes:
    """One message, without its header. Keep-alives are passed over. Raises Gone."""
    while True:
        head = _exactly(wire, 4)
        if head[0] == 0:
            return _exactly(wire, int.from_bytes(head[1:], "big"))


def _exactly(wire: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        received = wire.recv(count - len(data))
        if not received:
            raise Gone
        data += received
    return data
