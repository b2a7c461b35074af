# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback that answers noise, at some moment of a conversation over NTLM."""

from __future__ import annotations

import queue
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServerError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.transport_ntlm import NtlmSender
from tests.lab.ntlm import Negotiation
from tests.waiting import PATIENCE

LIMIT = 8 * 1024
MESSAGE = b"<s:Envelope>told</s:Envelope>"
SEAL_HERE = b"{seal}"

_ACCOUNTS = Path(__file__).with_name("accounts.txt")
_CHALLENGE = "HTTP/1.1 401 \r\nWWW-Authenticate: Negotiate {}\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Conversation:
    """What came of it.

    Attributes:
        requests: how many the server got.
        message: what was taken for a sealed one.
        refusal: why nothing was.
    """

    requests: int
    message: bytes | None = None
    refusal: SiteServerError | None = None


class _Server:
    """Has one conversation after the other, each over a connection of its own, and counts the requests."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.challenges = False
        self.noise = b""
        self.requests: queue.Queue[int] = queue.Queue()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            connection, _address = self._listener.accept()
            requests = 0
            with connection, suppress(OSError):
                token = _token(connection)
                requests += 1
                noise = self.noise
                if self.challenges:
                    negotiation = Negotiation(_ACCOUNTS)
                    connection.sendall(_CHALLENGE.format(negotiation.step(token)).encode())
                    negotiation.step(_token(connection))
                    requests += 1
                    if negotiation.context is not None:
                        noise = noise.replace(SEAL_HERE, negotiation.context.wrap(MESSAGE).data)
                connection.sendall(noise)
                # Closed with something unread, the answer would be lost with a reset.
                connection.shutdown(socket.SHUT_WR)
                rest = b""
                while received := connection.recv(65536):
                    rest += received
                requests += rest.count(b"POST /wsman ")
            self.requests.put(requests)


def _token(connection: socket.socket) -> str:
    """What the next request is to log on with; it is read to its end."""
    data, missing = b"", 1
    while missing > 0:
        received = connection.recv(65536)
        if not received:
            raise ConnectionResetError("the client went away")
        data += received
        head, blank, body = data.partition(b"\r\n\r\n")
        if blank:
            missing = int(head.partition(b"Content-Length: ")[2].split()[0]) - len(body)
    return head.partition(b"Authorization: Negotiate ")[2].split()[0].decode()


_servers: list[_Server] = []


def converse(data: bytes) -> Conversation:
    """Let the server answer noise. Its first byte says to which request: the first one, or the one after the challenge.

    Raises:
        SiteServerError: the answer cannot be used.
    """
    if not _servers:
        _servers.append(_Server())
    (server,) = _servers
    server.challenges, server.noise = bool(data and data[0] % 2), data[1:]
    address = ("fuzz", "127.0.0.1", server.port, "/wsman")
    sender = NtlmSender(*address, user="CORP\\fuzz", password="noise", timeout=PATIENCE, limit=LIMIT)
    message, refusal = None, None
    try:
        message = sender.send(b"<s:Envelope>asked</s:Envelope>")
    except SiteServerError as error:
        refusal = error
    finally:
        sender.close()
    requests = server.requests.get(timeout=PATIENCE)
    if refusal is not None and not str(refusal).isprintable():
        raise AssertionError(f"{str(refusal)!r:.2000} is not safe to show")
    if refusal is not None and requests <= server.challenges + 1:
        raise refusal
    return Conversation(requests, message, refusal)
