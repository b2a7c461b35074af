# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client gets over HTTP in place of an answer: bytes that no server should send, or not like that."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from itertools import count
from typing import TypeAlias

from .wire import DRIP_SECONDS, Client

_MAX_HUGE = 1 << 30
_BOMB_BYTES = 64 << 20
_XML = "application/soap+xml;charset=UTF-8"

Answer: TypeAlias = Callable[[Client], None]
"""Gives a client what it gets. Raises Gone where that was the connection's end."""


def genuine(client: Client) -> None:
    """What the server has answered."""
    client.send(client.genuine)


def reset(client: Client) -> None:
    """The connection is reset."""
    client.reset()


def close(client: Client) -> None:
    """The connection is closed as if all had been said."""
    client.close()


def never(client: Client) -> None:
    """Nothing comes, and the connection stays up."""
    client.wait_for_end()


def header_drip(client: Client) -> None:
    """Headers come one by one, without end."""
    client.send(b"HTTP/1.1 200 OK\r\n")
    for number in count():
        client.send(b"X-Drip-%d: drop\r\n" % number)
        client.wait(DRIP_SECONDS * 4)


def body_drip(client: Client) -> None:
    """The body comes byte by byte."""
    client.send(_head("200 OK", 1_000_000))
    while True:
        client.send(b" ")
        client.wait(DRIP_SECONDS)


def endless_continue(client: Client) -> None:
    """100 Continue, again and again (RFC 9110, 15.2.1)."""
    while True:
        client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.wait(DRIP_SECONDS / 5)


def truncated(client: Client) -> None:
    """The body ends early, the connection in order."""
    client.send(_head("200 OK", 5000) + b"<s:Envelope xmlns:s=")
    close(client)


def mid_body(client: Client) -> None:
    """The connection is reset in the middle of the body."""
    client.send(_head("200 OK", 5000) + b"<s:Envelope xmlns:s=")
    client.wait(DRIP_SECONDS)
    client.reset()


def huge(client: Client) -> None:
    """A body that is longer than any answer."""
    client.send(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % _XML.encode())
    block = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    for _unused in range(_MAX_HUGE >> 20):
        client.send(block)
    client.send(b"0\r\n\r\n")


def gzip_bomb(client: Client) -> None:
    """A short body that is long when it is unpacked."""
    packed = _BOMB
    client.send(_head("200 OK", len(packed), "Content-Encoding: gzip") + packed)


def garbage(client: Client) -> None:
    """Not HTTP at all."""
    client.send(b"\x16\x03\x00garbage\x00\xff\xfe" * 20 + b"\r\n\r\n")
    close(client)


def garbage_body(client: Client) -> None:
    """HTTP, and a body that is no XML."""
    _answer(client, "200 OK", b"\x00\xffthis is not XML <<<")


def replay(client: Client) -> None:
    """What the server answered to an earlier request."""
    if client.earlier:
        client.send(client.earlier)
    else:
        _answer(client, "200 OK", b"<old/>")


def status(code: int, *, body: bool) -> Answer:
    """An HTTP error, without a body or with one in HTML."""
    headers = ["WWW-Authenticate: Negotiate", 'WWW-Authenticate: Basic realm="WSMAN"'] if code == 401 else []
    text = f"<html><body><h1>Error {code}</h1></body></html>".encode() if body else b""

    def answer(client: Client) -> None:
        _answer(client, f"{code} {_REASONS[code]}", text, *headers, type_="text/html")

    return answer


def redirect(code: int) -> Answer:
    """Another server's address."""

    def answer(client: Client) -> None:
        _answer(client, f"{code} {_REASONS[code]}", b"", f"Location: {client.elsewhere}")

    return answer


_REASONS = {
    301: "Moved Permanently",
    302: "Found",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    401: "Unauthorized",
    403: "Forbidden",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def _answer(client: Client, line: str, body: bytes, *headers: str, type_: str = _XML) -> None:
    client.send(_head(line, len(body), *headers, type_=type_) + body)


def _head(line: str, length: int, *headers: str, type_: str = _XML) -> bytes:
    lines = [f"HTTP/1.1 {line}", f"Content-Type: {type_}", f"Content-Length: {length}", *headers]
    return "".join(f"{each}\r\n" for each in [*lines, ""]).encode()


def _bomb() -> bytes:
    """Many zeros, packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    return b"".join([*(packer.compress(block) for _unused in range(_BOMB_BYTES >> 20)), packer.flush()])


_BOMB = _bomb()
