# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain controller that answers as a test wants. Others encode and decode for it, and nothing is signed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from impacket.ldap.ldapasn1 import LDAPMessage
from pyasn1.codec.ber import decoder, encoder
from pyasn1_modules import rfc2251

from tests.unit.directory.entries import raw

Entry = Mapping[str, Sequence[bytes]]
Answer = Callable[[socket.socket, int, Any], None]
"""Answers a search: the connection, the number of the request, the request."""


class Plain:
    """A logon and seals that are none: two tokens each way, and messages as they are."""

    def __init__(self, *_unused: object) -> None:
        pass

    def first(self) -> bytes:
        return b"first"

    def next(self, token: bytes) -> bytes:
        return token

    def finish(self, token: bytes) -> None:
        pass

    def wrap(self, message: bytes) -> bytes:
        return message

    def unwrap(self, sealed: bytes) -> bytes:
        return sealed


def message(number: int, kind: str, **fields: Any) -> bytes:
    """A message of one operation."""
    made = LDAPMessage()
    made["messageID"] = number
    for name, value in fields.items():
        made["protocolOp"][kind][name] = value
    return bytes(encoder.encode(made))


def done(number: int, code: int = 0, text: str = "") -> bytes:
    return message(number, "searchResDone", resultCode=code, matchedDN="", diagnosticMessage=text)


def entry(number: int, attributes: Entry) -> bytes:
    made = LDAPMessage()
    made["messageID"] = number
    found = made["protocolOp"]["searchResEntry"]
    found["objectName"] = "CN=any"
    found["attributes"].clear()
    for position, (name, values) in enumerate(attributes.items()):
        found["attributes"][position]["type"] = name
        found["attributes"][position]["vals"].clear()
        found["attributes"][position]["vals"].extend(values)
    return bytes(encoder.encode(made))


def sealed(*messages: bytes) -> bytes:
    """Messages in one buffer of SASL."""
    content = b"".join(messages)
    return len(content).to_bytes(4, "big") + content


def answer_entries(*entries: Entry, code: int = 0, text: str = "") -> Answer:
    """Answer each search with these entries and this result."""

    def answer(connection: socket.socket, number: int, _request: Any) -> None:
        connection.sendall(sealed(*(entry(number, each) for each in entries), done(number, code, text)))

    return answer


def answer_bytes(*parts: bytes) -> Answer:
    """Answer each search with bytes."""
    return lambda connection, _number, _request: connection.sendall(b"".join(parts))


class ScriptedController:
    """Listens until its `with` block ends.

    Attributes:
        answer: how a search is answered, other than for the root and the domain.
        bind: code and text of the result of a logon.
        requests: the searches so far, without those for the root and the domain.
        connections: how many were made.
    """

    def __init__(
        self,
        answer: Answer,
        bind: tuple[int, str] = (0, ""),
        domain: str = "S-1-5-21-1-2-3",
        context: Sequence[bytes] = (b"DC=corp,DC=example",),
    ) -> None:
        self.answer = answer
        self.bind = bind
        self.requests: list[Any] = []
        self.connections = 0
        self._domain = domain
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)

    def drop(self) -> None:
        """Close all connections, as a domain controller does with idle ones."""
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> ScriptedController:
        self._thread.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self.drop()
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        threads = []
        with suppress(OSError):
            while True:
                connection, _address = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threads.append(threading.Thread(target=self._serve, args=(connection,)))
                threads[-1].start()
        self.drop()
        for thread in threads:
            thread.join()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            for number, token in ((1, 14), (2, self.bind[0])):
                request = _request(connection, LDAPMessage())
                text = self.bind[1] if number == 2 else ""
                fields = {"resultCode": token, "matchedDN": "", "diagnosticMessage": text}
                made = message(int(request["messageID"]), "bindResponse", **fields, serverSaslCreds=b"token")
                connection.sendall(made)
            while True:
                _received(connection, 4)
                request = _request(connection, rfc2251.LDAPMessage())
                number, search = int(request["messageID"]), request["protocolOp"]["searchRequest"]
                wanted = [str(name) for name in search["attributes"]]
                if wanted == ["defaultNamingContext"]:
                    answer_entries({"defaultNamingContext": self._context})(connection, number, search)
                elif wanted == ["objectSid"] and int(search["scope"]) == 0:
                    answer_entries({"objectSid": [raw(self._domain)]})(connection, number, search)
                else:
                    self.requests.append(search)
                    self.answer(connection, number, search)


def _request(connection: socket.socket, form: Any) -> Any:
    """impacket's form of a message cannot decode a filter of several conditions, the other one no logon."""
    start = _received(connection, 2)
    if start[1] & 0x80:
        start += _received(connection, start[1] & 0x7F)
        size = int.from_bytes(start[2:], "big")
    else:
        size = start[1]
    return decoder.decode(start + _received(connection, size), asn1Spec=form)[0]


def _received(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            raise ConnectionResetError
        found += more
    return found


@contextmanager
def controller(answer: Answer, **options: Any) -> Iterator[ScriptedController]:
    with ScriptedController(answer, **options) as running:
        yield running
