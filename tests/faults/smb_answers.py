# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client gets over SMB in place of an answer. What is signed cannot be forged: the client is to refuse it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeAlias

from .smb_frames import pending as interim
from .smb_frames import rpc_fault, with_status
from .wire import DRIP_SECONDS, Client

Answer: TypeAlias = Callable[[Client], None]
ACCESS_DENIED = 0xC0000022
LOGON_FAILURE, LOCKED_OUT = 0xC000006D, 0xC0000234
CALL_FAILED = 0x000006BE


def framed(message: bytes) -> bytes:
    """With the header of direct TCP ([MS-SMB2] 2.1)."""
    return struct.pack(">L", len(message)) + message


def reset(client: Client) -> None:
    """The connection is reset."""
    client.reset()


def close(client: Client) -> None:
    """The connection is closed."""
    client.close()


def genuine(client: Client) -> None:
    """What the server has answered."""
    client.send(framed(client.genuine))


def never(client: Client) -> None:
    """Nothing comes."""
    client.wait_for_end()


def pending(client: Client) -> None:
    """STATUS_PENDING for ever (SMB 2 and 3)."""
    while True:
        client.send(framed(interim(client.request)))
        client.wait(DRIP_SECONDS)


def zero_length(client: Client) -> None:
    """Messages without content."""
    while True:
        client.send(b"\0\0\0\0")
        client.wait(DRIP_SECONDS)


def keep_alive(client: Client) -> None:
    """NetBIOS keep-alives ([RFC1002] 4.3.6)."""
    while True:
        client.send(b"\x85\0\0\0")
        client.wait(DRIP_SECONDS)


def drip(client: Client) -> None:
    """A message that comes byte by byte."""
    client.send(b"\0\0\x10\0")
    while True:
        client.send(b"\xfe")
        client.wait(DRIP_SECONDS)


def huge(client: Client) -> None:
    """The longest message that can be announced, and a second one."""
    for _unused in range(16):
        client.send(b"\0\xff\xff\xff" + bytes(0xFFFFFF))


def truncated(client: Client) -> None:
    """A message that ends early."""
    client.send(b"\0\0\x10\0" + client.request[:32])
    client.close()


def garbage(client: Client) -> None:
    """Not SMB."""
    client.send(framed(b"\x00\xff\xfegarbage\x1b[31m" * 8))
    client.close()


def replay(client: Client) -> None:
    """An earlier answer."""
    client.send(framed(client.earlier))


def denied(client: Client) -> None:
    """An answer that says STATUS_ACCESS_DENIED, whatever the server said."""
    client.send(framed(with_status(client.genuine or client.earlier, ACCESS_DENIED)))


def call_failed(client: Client) -> None:
    """An answer that says that the procedure call has failed (RPC_S_CALL_FAILED)."""
    client.send(framed(rpc_fault(client.genuine or client.earlier, CALL_FAILED)))


def logon_refused(status: int) -> Answer:
    """The logon is refused; that answer is not signed."""

    def answer(client: Client) -> None:
        client.send(framed(with_status(client.genuine, status)))

    return answer
