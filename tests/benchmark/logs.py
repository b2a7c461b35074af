# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs: megabytes a second of each format, and the memory it takes."""

from __future__ import annotations

import platform
import statistics
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import Analysis

MEGABYTE = 1_000_000
MEGABYTES = 32
REPEATS = 5

_SENT = r"~Attempt to write 1024 bytes to \\P01.CORP.EXAMPLE\SMS_SITE\202SQCS1.PCK at position {0}"
_OLD = "  $$<SMS_LAN_SENDER><Wed May 21 17:{1:02}:{2:02} 1997~><thread=DB>\r\n"
_NEW = "  $$<SMS_LAN_SENDER><06-14-2018 06:{1:02}:{2:02}.828-60><thread=9112 (0x2398)>\r\n"
_CMTRACE = (
    '<![LOG[{0}]LOG]!><time="06:{1:02}:{2:02}.828-60" date="06-14-2018" component="SMS_LAN_SENDER" context="" type="1" '
    'thread="9112" file="sender.cpp:100">\r\n'
)
_FAILED = "Cannot find the package file. we'll fail the job (Job ID = M{0:08X} Package ID = W_M0200024)"
_NOTHING = "~There is no existing connection, Win32 error = 0"


def _log(entry: str, *, failures: int) -> bytes:
    """About a megabyte of entries; one in `failures` is a symptom, and one in ten speaks of an error that is none."""
    lines: list[bytes] = []
    size = number = 0
    while size < MEGABYTE:
        text = _FAILED if number % failures == 0 else _NOTHING if number % 10 == 1 else _SENT
        text = text.format(number % 500)
        filled = entry.format(text, number // 60 % 60, number % 60)
        lines.append((filled if "{0}" in entry else text + filled).encode())
        size += len(lines[-1])
        number += 1
    return b"".join(lines)


CASES = {
    "SMS 1.x, one failure in 1000 lines": _log(_OLD, failures=1000),
    "Configuration Manager, one failure in 1000 lines": _log(_NEW, failures=1000),
    "CMTrace, one failure in 1000 lines": _log(_CMTRACE, failures=1000),
    "Configuration Manager in UTF-16, one failure in 1000 lines": b"\xff\xfe"
    + _log(_NEW, failures=1000).decode().encode("utf-16-le"),
    "SMS 1.x, every line a failure": _log(_OLD, failures=1),
}


def measure() -> dict[str, Any]:
    """Measure, print the table, and return the results: megabytes a second, and the most memory in bytes."""
    result: dict[str, Any] = {
        "python": platform.python_version(),
        "megabytes": MEGABYTES,
        "repeats": REPEATS,
        "cases": {},
    }
    for name, block in CASES.items():
        rates = [_rate(block) for _repeat in range(REPEATS)]
        result["cases"][name] = {
            "megabytes_a_second": round(statistics.median(rates), 1),
            "peak_bytes": _peak(block, 4),
            "peak_bytes_of_four_times_as_much": _peak(block, 16),
        }
    print(*_table(result), sep="\n")
    return result


def _rate(block: bytes) -> float:
    start = time.thread_time()
    size = Analysis().read("log", _pieces(block, MEGABYTES)).size
    return size / MEGABYTE / (time.thread_time() - start)


def _peak(block: bytes, count: int) -> int:
    tracemalloc.start()
    try:
        Analysis().read("log", _pieces(block, count))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _pieces(block: bytes, count: int) -> Iterator[bytes]:
    yield block
    for _number in range(count - 1):
        yield block[2:] if block.startswith(b"\xff\xfe") else block


def _table(result: dict[str, Any]) -> list[str]:
    lines = [
        f"Logs of {MEGABYTES} MB, median of {REPEATS} (Python {result['python']})",
        f"{'log':<60}{'MB/s':>8}{'MB of memory':>14}{'for 4 times as much':>21}",
    ]
    for name, row in result["cases"].items():
        lines.append(
            f"{name:<60}{row['megabytes_a_second']:>8,.1f}{row['peak_bytes'] / MEGABYTE:>14,.1f}"
            f"{row['peak_bytes_of_four_times_as_much'] / MEGABYTE:>21,.1f}"
        )
    return lines
