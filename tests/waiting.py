# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for what others do: for a condition, and never for a time.

How fast a machine is decides how long a test takes. It must not decide whether the test passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 600
"""Seconds after which a test gives up. Only a test that fails waits that long, so a slow machine fits in many times."""

PATIENT = {
    "ansible_winrm_connection_timeout": PATIENCE,
    "ansible_psrp_read_timeout": PATIENCE,
    "ansible_smb_timeout": PATIENCE,
}
"""Variables of hosts that may take that long for an answer. With the defaults of half a minute, a host of the lab that
has many files to bring in line was too late on a busy machine."""

_PAUSE = 0.01


def wait_until(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Wait until a condition holds.

    Args:
        condition: asked again and again until it returns something true.
        what: what is waited for, for the message of the error.
        seconds: the longest wait.

    Returns:
        What the condition returned.

    Raises:
        AssertionError: it did not hold in that time.
    """
    give_up = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > give_up:
            raise AssertionError(f"{what}: still not so after {seconds:g} seconds")
        time.sleep(_PAUSE)
