# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of the playbook `plan`: what a person is asked to approve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def plan_lines(plan: Mapping[str, Any]) -> list[str]:
    """Return the lines about a plan, from its path, its digest and its counts, as `change_plan_file` returns them."""

    def listed(key: str, none: str) -> str:
        names: Sequence[str] = plan[key]
        return ", ".join(names) or none

    return [
        f"Plan: {plan['path']}",
        f"To change: {listed('changing', 'nothing')}",
        f"Group lacks members that this change does not add: {listed('lacking_members', 'none')}",
        f"No change needed: {plan['unchanged']} of {plan['hosts']}",
        f"Not read, and so not planned: {listed('not_read', 'none')}",
        f"Digest to approve: {plan['digest']}",
    ]
