# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one exchange over HTTP may cost: a total time and a number of bytes, whichever library runs it.

The time-out of a socket holds for each read, and http.client, urllib3 and the libraries for authentication read again
and again: interim answers (`100 Continue`), headers, chunks, and a logon's further answers. OpenSSL processes records
without content inside one read. So a thread beside them keeps the time, and shuts the connections of the exchange down
at its end. That ends every read and write, whoever waits for it.
"""

from __future__ import annotations

import heapq
import http.client
import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from ..errors import Unreachable
from .wmi import TALKING

TIMES_READ_TIMEOUT = 4
"""An exchange may take so many times the read time-out of the connection, whose default is 30 seconds: once each for
the connection with TLS, the two answers of a logon, and the answer itself."""

MAX_FRAMING = 256 * 1024
"""Bytes that an answer may have besides its message: headers, interim answers, sizes of chunks, a logon's answers."""


class Unusable(Exception):
    """An answer that is not read, or not read on.

    Attributes:
        said: what is wrong with it.
        advice: what to do about it.
    """

    def __init__(self, said: str, advice: str = "Is this address really WinRM's?") -> None:
        self.said = said
        self.advice = advice
        super().__init__(said)


class Exchange:
    """A request and its answer, with the connection and the logon that they need.

    Attributes:
        limit: most bytes of a message.
        expired: whether the time is over, and so the connections are shut down.
        ended: whether it is through, in time or not.
        opens: whether a new connection may be made for it.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.expired = False
        self.ended = False
        self.opens = True
        self._left = limit + MAX_FRAMING
        self._lock = threading.Lock()
        self._descriptors: list[int] = []
        self._open: list[http.client.HTTPConnection | _Answer] = []

    def watch(self, connection: http.client.HTTPConnection) -> None:
        """Let the connection, which is made, end with the exchange.

        Raises:
            TimeoutError: the time is over.
        """
        with self._lock:
            if self.expired:
                raise TimeoutError("the time is over")
            # A descriptor of its own stays the connection's when the library wraps the socket in TLS, or closes it.
            self._descriptors.append(os.dup(connection.sock.fileno()))
            self._open.append(connection)

    def answer(self, connection: socket.socket) -> _Answer:
        """An answer that comes over the connection."""
        made = _Answer(connection)
        self._open.append(made)
        return made

    def abandon(self) -> None:
        """Close the connections and answers: a library that gives up on an answer may leave both open."""
        for used in self._open:
            with suppress(OSError):
                used.close()

    def count(self, size: int) -> None:
        """Count bytes that were received.

        Raises:
            Unusable: there are too many.
        """
        self._left -= size
        if self._left < 0:
            raise too_long(self.limit)

    def expire(self) -> None:
        """Shut the connections down, unless the exchange is through."""
        with self._lock:
            self.expired = not self.ended
            for descriptor in self._descriptors:
                # Python asks for the address first, which not every system has of a connection that was reset.
                with suppress(OSError):
                    connection = socket.socket(fileno=descriptor)
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    finally:
                        connection.detach()

    def end(self) -> None:
        """Let go of the connections."""
        with self._lock:
            self.ended = True
            for descriptor in self._descriptors:
                os.close(descriptor)
            self._descriptors.clear()
            self._open.clear()


class _Watch:
    """The thread that ends exchanges in time, one for all of a process: starting one costs as much as a request."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Exchange]] = []
        self._runs = False
        self._wakes = 0.0

    def over(self, running: Exchange, seconds: float) -> None:
        """Have the exchange expire after so many seconds, if it has not ended by then.

        Raises:
            RuntimeError: the controller has no thread left that could see to it.
        """
        entry = (time.monotonic() + seconds, id(running), running)
        with self._changed:
            while self._due and self._due[0][2].ended:
                heapq.heappop(self._due)
            heapq.heappush(self._due, entry)
            if not self._runs:
                threading.Thread(target=self._run, name="exchanges", daemon=True).start()
                self._runs = True
            elif entry[0] < self._wakes:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._due and (left := self._due[0][0] - time.monotonic()) > 0:
                    self._wakes = self._due[0][0]
                    self._changed.wait(left)
                if not self._due:
                    self._runs = False
                    return
                _end, _number, due = heapq.heappop(self._due)
            due.expire()


_WATCH = _Watch()
# A forked process has no such thread.
os.register_at_fork(after_in_child=_WATCH.__init__)  # type: ignore[misc]

_CURRENT: ContextVar[Exchange] = ContextVar("exchange")


def current() -> Exchange:
    """The exchange that this thread is in."""
    return _CURRENT.get()


@contextmanager
def exchange(host: str, seconds: float, limit: int) -> Iterator[Exchange]:
    """Run one exchange in this thread.

    The look-up of a name cannot be ended, and each of its addresses is tried for as long as the connection's time-out:
    only what follows these is not begun after the time.

    Args:
        host: the host as the inventory calls it, for messages.
        seconds: what it may take in all.
        limit: most bytes of a message.

    Raises:
        Unreachable: the time was over before its end. Whatever went wrong for that reason is not raised. Or nothing
            can keep the time, and so nothing was begun.
    """
    running = Exchange(limit)
    try:
        _WATCH.over(running, seconds)
    except RuntimeError as error:
        advice = "The controller has no thread left: check its limits (ulimit -u), or run with fewer forks."
        raise Unreachable(host, TALKING, str(error), advice) from None
    token = _CURRENT.set(running)
    try:
        yield running
    except Exception:
        running.abandon()
        if not running.expired:
            raise
    finally:
        running.end()
        _CURRENT.reset(token)
    if running.expired:
        raise Unreachable(
            host,
            TALKING,
            f"no complete answer within {seconds:g} seconds",
            "Check the load of the server and the network, or give the connection a longer read time-out.",
        )


def longest(read_timeout: float) -> float:
    """Seconds that an exchange may take over a connection with this read time-out, in seconds."""
    return read_timeout * TIMES_READ_TIMEOUT


def too_long(limit: int) -> Unusable:
    """An answer with more bytes than are read."""
    return Unusable(
        f"the answer is longer than {limit} bytes, the most that is read", "Look at what answers at this address."
    )


class _Answer(io.RawIOBase):
    """What http.client reads an answer from: the connection, each byte of it counted."""

    def __init__(self, connection: socket.socket) -> None:
        self._sock = connection  # under this name libraries look for the certificate, to bind a logon to it
        self._received = connection.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As http.client asks a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Some more of it."""
        size = self._received.readinto(buffer)
        current().count(size or 0)
        return size

    def close(self) -> None:
        """Let go of the socket."""
        self._received.close()
        super().close()


def counted_response(connection: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
    """The `response_class` of a connection of http.client whose answers are counted."""
    return http.client.HTTPResponse(current().answer(connection), *args, **kwargs)  # type: ignore[arg-type]
