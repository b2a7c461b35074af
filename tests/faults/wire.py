# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all servers of the matrix share: listening, what becomes of a request, what was seen, the client's side."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

Address = tuple[str, int]

DRIP_SECONDS = 0.25
_END_SECONDS = 30


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


class Server(ABC):
    """Listens on a port of its own, and serves each connection on a thread, until it is closed.

    A subclass sets its own attributes before it calls `__init__`, which starts to listen.

    Attributes:
        address: where it listens.
        seen: what came by.
        before_answer: called once, when the server has answered what was struck and the client has no answer yet.
    """

    def __init__(self) -> None:
        self.address: Address = ("127.0.0.1", 0)
        self.seen = Seen()
        self.before_answer: Callable[[], None] | None = None
        self._ending = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self.revive()

    def revive(self) -> None:
        """Listen (again), at the same port."""
        if self._listener is None:
            self._listener = socket.create_server(self.address, backlog=64)
            self.address = self._listener.getsockname()[:2]
            self._start(self._accept, self._listener)

    def die(self) -> None:
        """Refuse connections, and cut those that are open."""
        self._refuse()
        for wire in list(self._open):
            end(wire)

    def _refuse(self) -> None:
        if self._listener is not None:
            end(self._listener)
            self._listener = None

    def close(self) -> None:
        """End."""
        self._ending.set()
        self.die()
        for thread in self._threads:
            thread.join(_END_SECONDS)

    @abstractmethod
    def _serve(self, wire: socket.socket) -> None:
        """Serve one connection to its end. It is closed after that; what goes wrong with it is of no account."""

    def _answer(self, give: Callable[[], None], *, dies: bool) -> None:
        """Answer what was struck; the server is gone after that if it dies."""
        if self.before_answer:
            self.before_answer()
            self.before_answer = None
        if dies:
            # Before the client has its answer: it must not find the server that is gone.
            self._refuse()
        try:
            give()
        finally:
            if dies:
                self.die()

    def _encrypted(self, wire: socket.socket, tls: ssl.SSLContext) -> socket.socket:
        """The connection in TLS. The one without is of no more use."""
        made = tls.wrap_socket(wire, server_side=True)
        self._open.add(made)
        return made

    def _start(self, work: Callable[[socket.socket], None], wire: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(wire,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                wire, _peer = listener.accept()
            except OSError:
                return
            self.seen.count("connections")
            self._open.add(wire)
            self._start(self._run, wire)

    def _run(self, wire: socket.socket) -> None:
        try:
            # ValueError is what select raises for a socket that another thread has closed.
            with suppress(OSError, ValueError, Gone):
                self._serve(wire)
        finally:
            self._open.discard(wire)
            wire.close()
