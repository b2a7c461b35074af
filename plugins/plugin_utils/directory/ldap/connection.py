# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection to a domain controller: the logon, then sealed searches, each exchange with a deadline and a limit.

A domain controller cannot keep a query waiting for ever, with one byte a second or with entries without end: the
deadline is for the whole exchange, and so is the limit of bytes.
"""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ....module_utils.smb_stream import receive
from . import messages
from .ber import LONGEST_HEAD, SEQUENCE, BerError, head
from .messages import LdapMessage, LdapResult
from .security import MECHANISM, Security, SecurityError

MAX_ANSWER = 8 * 1024 * 1024
"""Most bytes that a domain controller may send in one exchange. An account in 10,000 groups takes 300 kB."""
MAX_MESSAGES = 1000
"""Most messages of one exchange. An account's answer has three at most."""

_LENGTH = 4  # of a sealed buffer, RFC 4422, 3.7


class UnusableError(Exception):
    """What the server sent cannot be used. The text is the reason, without a full stop."""


class LogonError(Exception):
    """The server ended the logon with this result."""

    def __init__(self, result: LdapResult) -> None:
        self.result = result
        super().__init__(result.diagnostic)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to a search: its entries, by attribute names in lower case, and how it ended."""

    entries: tuple[Mapping[str, tuple[bytes, ...]], ...]
    result: LdapResult


class LdapConnection:
    """A connection that is logged on. After any exception it must be closed.

    Args:
        address: name or address to connect to.
        port: its port.
        timeout: seconds for each exchange.
    """

    def __init__(self, address: str, port: int, timeout: float) -> None:
        self._timeout = timeout
        self._security: Security | None = None
        self._plain = bytearray()
        # An answer of another connection never has the number of a question of this one.
        self._number = random.SystemRandom().randrange(1, 1 << 30)
        self._begin()
        self._socket = _connected(address, port, self._until)

    def log_on(self, security: Security) -> None:
        """Log on, in the exchange that the connection began. All further messages are sealed.

        Raises:
            LogonError: the server refuses.
            UnusableError: its answer cannot be used.
            OSError: the connection broke, or the deadline has passed.
        """
        try:
            token = security.first()
            while True:
                result = self._bind(token)
                if result.code != messages.BIND_IN_PROGRESS:
                    break
                token = security.next(result.credentials)
            if result.code != messages.SUCCESS:
                raise LogonError(result)
            security.finish(result.credentials)
        except (BerError, SecurityError) as error:
            raise UnusableError(str(error)) from None
        self._security = security

    def search(
        self, base: str, scope: int, condition: bytes, attributes: Sequence[str], *, limit: int = 0
    ) -> SearchResult:
        """Search. References to other servers are left out; a referral as the result is in `SearchResult.result`.

        Raises:
            UnusableError: the answer cannot be used.
            OSError: the connection broke, or the deadline has passed.
        """
        self._begin()
        seconds = max(1, int(self._timeout))
        number = self._next_number()
        request = messages.search_request(number, base, scope, condition, attributes, limit=limit, seconds=seconds)
        entries = []
        try:
            self._send(request)
            while True:
                message = self._receive(number)
                if message.kind == messages.ENTRY:
                    entries.append(messages.read_entry(message.content))
                elif message.kind == messages.DONE:
                    return SearchResult(tuple(entries), messages.read_result(message.content))
                elif message.kind != messages.REFERENCE:
                    raise UnusableError(f"a message of kind {message.kind:02X}h in the answer to a search")
        except (BerError, SecurityError) as error:
            raise UnusableError(str(error)) from None

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _bind(self, token: bytes) -> LdapResult:
        number = self._next_number()
        self._send(messages.bind_request(number, MECHANISM, token))
        message = self._receive(number)
        if message.kind != messages.BIND_RESPONSE:
            raise UnusableError(f"a message of kind {message.kind:02X}h in the answer to a logon")
        return messages.read_result(message.content)

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _begin(self) -> None:
        self._until = time.monotonic() + self._timeout
        self._bytes = 0
        self._messages = 0

    def _send(self, message: bytes) -> None:
        if self._security is not None:
            sealed = self._security.wrap(message)
            message = len(sealed).to_bytes(_LENGTH, "big") + sealed
        self._socket.settimeout(_left(self._until))
        self._socket.sendall(message)

    def _receive(self, number: int) -> LdapMessage:
        """The next message, which must belong to this request."""
        self._messages += 1
        if self._messages > MAX_MESSAGES:
            raise UnusableError(f"the server sent {MAX_MESSAGES} messages and no end")
        message = messages.read_message(self._element())
        if message.number == 0 and message.kind == messages.EXTENDED_RESPONSE:
            # A notice of disconnection (RFC 4511, 4.4.1).
            raise ConnectionResetError(f"it ended the connection: {messages.read_result(message.content).diagnostic}")
        if message.number != number:
            raise UnusableError("the server answers what it was not asked")
        return message

    def _element(self) -> bytes:
        """The content of the next outer sequence."""
        while (found := head(bytes(self._plain[:LONGEST_HEAD]))) is None:
            self._more(1)
        tag, begin, size = found
        if tag != SEQUENCE:
            raise UnusableError("what it sends is not LDAP")
        if size > MAX_ANSWER:
            raise UnusableError(f"the answer is longer than {MAX_ANSWER} bytes")
        while len(self._plain) < begin + size:
            self._more(begin + size - len(self._plain))
        content = bytes(self._plain[begin : begin + size])
        del self._plain[: begin + size]
        return content

    def _more(self, size: int) -> None:
        """Read more of the plain text: so many bytes and no more, or a whole sealed buffer.

        So nothing that came before the logon was complete is taken for a message after it.
        """
        if self._security is None:
            self._plain += self._read(size)
            return
        length = int.from_bytes(self._read(_LENGTH), "big")
        self._plain += self._security.unwrap(self._read(length))

    def _read(self, size: int) -> bytes:
        self._bytes += size
        if self._bytes > MAX_ANSWER:
            raise UnusableError(f"the answer is longer than {MAX_ANSWER} bytes")
        return receive(self._socket, size, self._until)


def _connected(address: str, port: int, until: float) -> socket.socket:
    """A connection to the first of the addresses that answers before the deadline."""
    failure = OSError("the name has no address")
    for family, kind, protocol, _name, where in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM):
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(_left(until))
            made.connect(where)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            made.close()
            failure = error
        else:
            return made
    raise failure


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left
