# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TCP connection of SMB: it counts requests and bytes, and it ends every exchange.

impacket waits for each piece of an answer anew, so a server can keep it waiting for ever: with interim answers
(STATUS_PENDING), keep-alives, one byte a second, or a remote procedure call's answer in endless fragments. Here an
exchange has one deadline, from its first request to its last answer, and a limit of bytes.

Needs impacket and the standard library only, as `smb_session` does.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings

MAX_EXCHANGE = 4 * 1024 * 1024
"""Most bytes that a server may send in one exchange. A server of 5,000 shares needs about 1 MB to list them."""
MAX_MESSAGES = 256
"""Most messages that a server may send for one request. The longest answers take about 20."""

_LENGTH = 4
_SESSION_MESSAGE = 0x00  # [MS-SMB2] 2.1
_KEEP_ALIVE = 0x85  # RFC 1002, 4.3.1


@dataclass
class StreamTraffic:
    """Counts requests and bytes of a connection, including the four bytes of each message's length."""

    requests: int = 0
    sent: int = 0
    received: int = 0


@dataclass(frozen=True)
class Message:
    """A message of the server, as impacket takes it from its own session."""

    content: bytes

    def get_trailer(self) -> bytes:
        """The message without its length."""
        return self.content


class Stream:
    """Stands in for impacket's TCP session. After a failure it is closed, and every further use fails for that reason.

    Attributes:
        traffic: what went over it so far.
        connected: whether the TCP connection was made.
        timeout: seconds that an exchange may take.
    """

    def __init__(self, settings: SmbSettings) -> None:
        self.traffic = StreamTraffic()
        self.connected = False
        self.timeout = settings.timeout
        self._address = (settings.address, settings.port)
        self._socket: socket.socket | None = None
        self._failure: Exception = ConnectionResetError("it is closed")
        self._in_exchange = False
        self._until = 0.0
        self._bytes = 0
        self._messages = 0

    @contextmanager
    def exchange(self) -> Iterator[None]:
        """Give all that is sent and received in this block one deadline, `timeout` seconds from now.

        Outside of such a block every request has its own. A block within another one changes nothing.
        """
        if self._in_exchange:
            yield
            return
        self._begin()
        self._in_exchange = True
        try:
            yield
        except Exception:
            raise
        except BaseException:
            # Ansible ends a task that takes too long. The rest of its answer must not be read as the next answer.
            self.close()
            raise
        finally:
            self._in_exchange = False

    def connect(self) -> None:
        """Connect, to the first of the server's addresses that answers before the deadline.

        Raises:
            OSError: none does.
        """
        failure = OSError("the name has no address")
        for family, kind, protocol, _name, address in socket.getaddrinfo(*self._address, type=socket.SOCK_STREAM):
            made = socket.socket(family, kind, protocol)
            try:
                made.settimeout(self._left())
                made.connect(address)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                made.close()
                failure = error
            else:
                self._socket, self.connected = made, True
                return
        raise failure

    def send_packet(self, data: bytes) -> None:
        """Send a message.

        Raises:
            OSError: the connection broke, or the deadline has passed.
        """
        if not self._in_exchange:
            self._begin()
        self._messages = 0
        self.traffic.requests += 1
        self.traffic.sent += len(data) + _LENGTH
        with self._closed_on_failure() as connection:
            connection.settimeout(self._left())
            connection.sendall(len(data).to_bytes(_LENGTH, "big") + data)

    def recv_packet(self, timeout: float | None = None) -> Message:
        """The next message. impacket gives a longest wait, which does not count.

        Raises:
            OSError: the connection broke, or the deadline has passed.
            SmbError: the message is none, or more than an exchange may bring.
        """
        with self._closed_on_failure() as connection:
            while True:
                self._messages += 1
                if self._messages > MAX_MESSAGES:
                    raise SmbError("garbled", f"the server sent {MAX_MESSAGES} messages and no answer among them")
                head = receive(connection, _LENGTH, self._until)
                kind, size = head[0], int.from_bytes(head[1:], "big")
                if kind not in (_SESSION_MESSAGE, _KEEP_ALIVE):
                    raise SmbError("garbled", f"a message of type {kind:02X}h", "Is this really an SMB server?")
                self._bytes += _LENGTH + size
                if self._bytes > MAX_EXCHANGE:
                    raise SmbError("garbled", f"the answer is longer than {MAX_EXCHANGE} bytes")
                content = receive(connection, size, self._until)
                self.traffic.received += _LENGTH + size
                if kind == _SESSION_MESSAGE:
                    return Message(content)

    def close(self, failure: Exception | None = None) -> None:
        """Close the connection.

        Args:
            failure: the reason, for callers that use it anyway: impacket closes handles after a failure.
        """
        connection, self._socket = self._socket, None
        if connection is not None:
            self._failure = failure or self._failure
            connection.close()

    def get_socket(self) -> socket.socket | None:
        """The socket below it, or None once it is closed."""
        return self._socket

    def _begin(self) -> None:
        self._until = time.monotonic() + self.timeout
        self._bytes = 0

    def _left(self) -> float:
        return _left(self._until)

    @contextmanager
    def _closed_on_failure(self) -> Iterator[socket.socket]:
        if self._socket is None:
            raise self._failure
        try:
            yield self._socket
        except TimeoutError:
            late = TimeoutError(f"no whole answer within {self.timeout:g} seconds")
            self.close(late)
            raise late from None
        except Exception as error:
            self.close(error)
            raise


def receive(connection: socket.socket, size: int, until: float) -> bytes:
    """So many bytes of a connection.

    Args:
        connection: to read from.
        size: how many bytes.
        until: the deadline for all of them, by `time.monotonic`.

    Raises:
        TimeoutError: the deadline has passed.
        ConnectionResetError: the connection ended before.
        OSError: it broke.
    """
    received = bytearray()
    while len(received) < size:
        connection.settimeout(_left(until))
        more = connection.recv(min(size - len(received), 1 << 18))
        if not more:
            raise ConnectionResetError("the other side closed it")
        received += more
    return bytes(received)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left
