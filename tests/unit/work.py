# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much work something is, in terms that hold on every machine: beside other work, and never in seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

_ATTEMPTS = 20
_SHORTEST = 0.02
"""Seconds of processor time below which nothing is compared."""


def costs_at_most(times: float, work: Callable[[], object], other: Callable[[], object]) -> bool:
    """Whether some work takes at most so many times the processor time of other work, on the same machine.

    Whatever else runs there can only add to a measurement. So the shortest of some counts, and as long as that says no,
    more are made.
    """
    shortest = other_shortest = math.inf
    for _attempt in range(_ATTEMPTS):
        other_shortest = min(other_shortest, *(_processor_seconds(other) for _again in range(3)))
        shortest = min(shortest, _processor_seconds(work))
        if shortest <= times * other_shortest + _SHORTEST:
            return True
    return False


def _processor_seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start
