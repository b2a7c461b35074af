# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether it is uncertain what a server holds after a task that writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_uncertain(result: Mapping[str, Any]) -> bool:
    """Return whether a write may or may not have been done: by its result, or since Ansible has interrupted it.

    A task that exceeds its ``timeout`` is interrupted wherever it is, also between a write and its answer; its result
    has ``timedout``: Ansible documentation, "Task timeouts", and
    ansible-core 2.19, _internal/_errors/_task_timeout.py.
    """
    return bool(result.get("uncertain") or result.get("timedout"))
