# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TCP connection that SMB goes over, with what went over it counted.

Needs impacket and the standard library only, as `smb_session` does.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings

with suppress(ImportError):  # smb_session tells what is missing.
    from impacket import nmb


@dataclass
class Traffic:
    """What went over a connection: requests, and bytes including the four of each message's length."""

    requests: int = 0
    sent: int = 0
    received: int = 0


class Stream:
    """impacket's TCP session, counted, on a socket of our own: impacket's stays open if it does not connect."""

    def __init__(self, settings: SmbSettings, traffic: Traffic) -> None:
        self._traffic = traffic
        connected = socket.create_connection((settings.address, settings.port), settings.timeout)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._session = nmb.NetBIOSTCPSession(
            "", settings.address, settings.address, sess_port=nmb.SMB_SESSION_PORT, sock=connected
        )

    def send_packet(self, data: bytes) -> None:
        """Send a message."""
        self._traffic.requests += 1
        self._traffic.sent += len(data) + 4
        self._session.send_packet(data)

    def recv_packet(self, timeout: float | None = None) -> Any:
        """The next message; longest wait in seconds."""
        packet = self._session.recv_packet(timeout)
        self._traffic.received += len(packet.get_trailer()) + 4
        return packet

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def get_socket(self) -> Any:
        """The socket below it."""
        return self._session.get_socket()
