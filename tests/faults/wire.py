# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both proxies share: what becomes of a request, what was seen, the client's side of an exchange."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

DRIP_SECONDS = 0.25


class Gone(Exception):
    """The connection is closed, or the proxy is about to end."""


class Fate(Enum):
    """What becomes of a request that is struck."""

    LOST = "lost"
    """The server never gets it, or never carries it out."""
    DONE = "done"
    """The server carries it out, and its answer is thrown away."""
    LATE = "late"
    """The server carries it out when the proxy's ``land`` says so, long after the client was given something else."""


@dataclass(slots=True)
class Seen:
    """What came by.

    Attributes:
        connections: TCP connections.
        requests: requests, or SMB messages.
        logons: those that carry credentials.
        struck: those that were struck.
    """

    connections: int = 0
    requests: int = 0
    logons: int = 0
    struck: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, *counters: str) -> None:
        """One more of each."""
        with self._lock:
            for counter in counters:
                setattr(self, counter, getattr(self, counter) + 1)


@dataclass(frozen=True, slots=True)
class Client:
    """The client's side of one exchange.

    Attributes:
        wire: its connection.
        ending: set when the proxy is about to end.
        request: what it asked.
        genuine: what the server answered; empty if it was not asked, or has not answered yet.
        earlier: what the server answered to an earlier request.
        elsewhere: the URL of another server.
    """

    wire: socket.socket
    ending: threading.Event
    request: bytes = b""
    genuine: bytes = b""
    earlier: bytes = b""
    elsewhere: str = ""

    def send(self, data: bytes) -> None:
        """Send it. Raises Gone."""
        try:
            self.wire.sendall(data)
        except OSError:
            raise Gone from None

    def wait(self, seconds: float) -> None:
        """Let time pass. Raises Gone."""
        if self.ending.wait(seconds):
            raise Gone

    def wait_for_end(self) -> None:
        """Until the client has enough. Raises Gone."""
        self.wire.settimeout(DRIP_SECONDS)
        while True:
            try:
                if not self.wire.recv(65536):
                    raise Gone
            except TimeoutError:
                self.wait(0)
            except OSError:
                raise Gone from None

    def reset(self) -> None:
        """Close the connection so that the client is told of a reset. Raises Gone."""
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """Close the connection. Raises Gone."""
        self.wire.close()
        raise Gone


def receive(wire: socket.socket) -> bytes:
    """What has come. Raises Gone at the connection's end."""
    received = wire.recv(65536)
    if not received:
        raise Gone
    return received


def end(wire: socket.socket) -> None:
    """Close a socket on which another thread may be waiting."""
    with suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        wire.close()
