# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a call takes. Standard library only: Debian's own interpreter, which has Samba, imports it too."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

REPEATS = 9
_BATCH_NANOSECONDS = 10_000_000
_PREPARATION_NANOSECONDS = 100_000_000


def microseconds(operation: Callable[[T], object], prepare: Callable[[], T]) -> float:
    """The median processor time of one call of `operation` over several batches of calls.

    Each call gets a state of its own, made by `prepare` outside of the time measured, so that it may change it.
    """
    count = 1
    while True:
        start = time.thread_time_ns()
        states = [prepare() for _unused in range(count)]
        prepared = time.thread_time_ns() - start
        if _nanoseconds(operation, states) >= _BATCH_NANOSECONDS or prepared >= _PREPARATION_NANOSECONDS:
            break
        count *= 2
    batches = [_nanoseconds(operation, [prepare() for _unused in range(count)]) / count for _unused in range(REPEATS)]
    return statistics.median(batches) / 1000


def _nanoseconds(operation: Callable[[T], object], states: list[T]) -> int:
    gc.collect()
    gc.disable()
    try:
        start = time.thread_time_ns()
        for state in states:
            operation(state)
        return time.thread_time_ns() - start
    finally:
        gc.enable()
