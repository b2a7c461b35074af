# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server sends that never comes to an end.

Such a server gives up after `PATIENCE` seconds by itself and closes the connection, which is another error than a
deadline. So a client without a deadline fails the tests, and does not hang in them.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from tests.unit.module_utils.smb_servers import framed

PATIENCE = 30
KEEP_ALIVE = b"\x85\0\0\0"  # RFC 1002, 4.3.1
EMPTY = bytes(4)


def slowly(pieces: Callable[[], bytes]) -> Iterator[bytes]:
    """A piece every twentieth of a second, for as long as the patience lasts."""
    for _unused in range(PATIENCE * 20):
        yield pieces()
        time.sleep(0.05)


def pending(number: int = 0, command: int = 0) -> bytes:
    """An interim answer ([MS-SMB2] 3.3.4.4)."""
    header = struct.pack("<4sHHLHHLLQQQ16s", b"\xfeSMB", 64, 0, 0x103, command, 1, 3, 0, number, 1, 0, bytes(16))
    return framed(header + struct.pack("<HHLB", 9, 0, 0, 0))


def drip() -> Callable[[], bytes]:
    """The bytes of a message of 60,000, one by one."""
    left = iter(framed(b"\xfeSMB" + bytes(60_000)))
    return lambda: bytes((next(left),))


def settings(port: int, dialect: str | None, timeout: float = 0.25) -> SmbSettings:
    return SmbSettings("C01", "127.0.0.1", port, "CORP", "ansible", "Secret-1", dialect=dialect, timeout=timeout)


# SMB 1 has no interim answers.
FAULTS = [(fault, dialect) for dialect in (None, "nt1") for fault in ("nothing", "drip", "keep-alives")]
FAULTS.append(("pending", None))
