# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of one exchange over HTTP: a total time and a number of bytes, whichever library runs it.

The time-out of a socket holds for each read. http.client, urllib3 and the authentication libraries read many times:
interim answers (`100 Continue`), headers, chunks, and the further answers of a logon. OpenSSL processes records without
content inside one read. So a separate thread keeps the time, and shuts the connections of the exchange down at its end.
That ends every read and write.
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
"""An exchange may take this many times the read time-out of the connection, whose default is 30 seconds: once each for
the connection with TLS, the two answers of a logon, and the answer itself."""

MAX_FRAMING = 256 * 1024
"""Bytes that an answer may have besides its message: headers, interim answers, sizes of chunks, a logon's answers."""


class Unusable(Exception):
    """An answer that is not read, or not to its end.

    Attributes:
        reason: what is wrong with it.
        advice: what the operator can do about it.
    """

    def __init__(self, reason: str, advice: str = "Check that WinRM listens at this address and port.") -> None:
        self.reason = reason
        self.advice = advice
        super().__init__(reason)


class Exchange:
    """A request and its answer, with the connection and the logon that they need.

    Attributes:
        limit: most bytes of a message.
        expired: whether the time is over, so that the connections are shut down.
        ended: whether it has ended, in time or not.
        opens: whether it may open a new connection.
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
        """Let the open connection end with the exchange.

        Raises:
            TimeoutError: the time is over.
        """
        with self._lock:
            if self.expired:
                raise TimeoutError("the time is over")
            # A duplicate descriptor stays valid if the library wraps the socket in TLS, or closes it.
            self._descriptors.append(os.dup(connection.sock.fileno()))
            self._open.append(connection)

    def answer(self, connection: socket.socket) -> _Answer:
        """An answer that comes over the connection."""
        made = _Answer(connection)
        self._open.append(made)
        return made

    def abandon(self) -> None:
        """Close the connections and answers: a library that stops reading an answer may leave both open."""
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
        """Shut the connections down, unless the exchange has ended."""
        with self._lock:
            self.expired = not self.ended
            for descriptor in self._descriptors:
                # Python reads the address first, which some systems do not have after a connection was reset.
                with suppress(OSError):
                    connection = socket.socket(fileno=descriptor)
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    finally:
                        connection.detach()

    def end(self) -> None:
        """Release the connections."""
        with self._lock:
            self.ended = True
            for descriptor in self._descriptors:
                os.close(descriptor)
            self._descriptors.clear()
            self._open.clear()


class _Watch:
    """The thread that ends exchanges in time. A process has one, since starting a thread costs as much as a request."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Exchange]] = []
        self._runs = False
        self._wakes = 0.0

    def over(self, running: Exchange, seconds: float) -> None:
        """Let the exchange expire after so many seconds, if it has not ended by then.

        Raises:
            RuntimeError: the controller cannot start a thread for it.
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
    """The exchange that this thread runs."""
    return _CURRENT.get()


@contextmanager
def exchange(host: str, seconds: float, limit: int) -> Iterator[Exchange]:
    """Run one exchange in this thread.

    A name look-up cannot be ended, and each address of a name is tried for the connection's time-out. So these can take
    longer; what follows them does not begin after the time.

    Args:
        host: the host as the inventory names it, for messages.
        seconds: what it may take in total.
        limit: most bytes of a message.

    Raises:
        Unreachable: the time was over before the end. Errors that result from that are not raised. Or no thread can
            keep the time, and the exchange did not begin.
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
    """The error for an answer with more bytes than are read."""
    return Unusable(
        f"the answer is longer than {limit} bytes, the most that is read", "Look at what answers at this address."
    )


class _Answer(io.RawIOBase):
    """The connection as http.client reads an answer from it; each byte is counted."""

    def __init__(self, connection: socket.socket) -> None:
        self._sock = connection  # libraries take the certificate from this name, to bind a logon to it
        self._received = connection.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As http.client calls it on a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read some more bytes."""
        size = self._received.readinto(buffer)
        current().count(size or 0)
        return size

    def close(self) -> None:
        """Release the socket."""
        self._received.close()
        super().close()


def counted_response(connection: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
    """The `response_class` of a connection of http.client whose answers are counted."""
    return http.client.HTTPResponse(current().answer(connection), *args, **kwargs)  # type: ignore[arg-type]
