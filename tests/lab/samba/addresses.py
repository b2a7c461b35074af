# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loopback addresses that nobody else listens at."""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Iterable

from ..errors import LabError
from .configuration import SMB_PORT

_GUARD = 254
_BLOCKS = 256


def claim(network: str, count: int, ports: Iterable[int] = (SMB_PORT,)) -> tuple[socket.socket, list[str]]:
    """Addresses ``network``.x.1 and on whose ports are free, and the socket that guards them.

    The bound socket keeps other labs off the block: it goes with this process, however that ends. Raises LabError.
    """
    first = secrets.randbelow(_BLOCKS)
    wanted = tuple(ports)
    for offset in range(_BLOCKS):
        block = f"{network}.{(first + offset) % _BLOCKS}"
        guard = socket.socket()
        try:
            guard.bind((f"{block}.{_GUARD}", SMB_PORT))
        except OSError as error:
            guard.close()
            if error.errno != errno.EADDRINUSE:
                raise LabError(f"cannot bind port {SMB_PORT} of {block}.{_GUARD}: {error}") from None
            continue
        addresses = [f"{block}.{index + 1}" for index in range(count)]
        if all(_is_free(address, port) for address in addresses for port in wanted):
            return guard, addresses
        guard.close()
    raise LabError(f"no block of addresses below {network}.0.0/16 is free at port {', '.join(map(str, wanted))}")


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True
