# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role `sms_sender_perms` has registered for a host, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .hierarchy import site_code_of
from .play import registered
from .summary import HostRun, joined_members

_RESULT = "_sms_sender_perms_result"
_MEMBERSHIP = "_sms_sender_perms_membership"
_AGAIN = "_sms_sender_perms_again"
_SCOPE = "_sms_sender_perms_scope"


def host_run(host: str, variables: Mapping[str, Any], scope: Mapping[str, Any], play: str) -> HostRun:
    """Return what the role has registered for a host in this play; results of another play do not count.

    Args:
        host: its inventory name.
        variables: those of the task.
        scope: what `hierarchy_scope` returned in this play.
        play: see `play.play_id`.
    """
    ran = (registered(variables, host, _SCOPE) or {}).get("play") == play
    first, membership, again = (
        (registered(variables, host, name) or {}) if ran else {} for name in (_RESULT, _MEMBERSHIP, _AGAIN)
    )
    code = first.get("site_code") or site_code_of(host, variables["hostvars"][host], scope["sites"]) or "-"
    check_mode = scope["check_mode"]
    joined = joined_members(first, membership, again, check_mode=check_mode)
    return HostRun(host, str(code).upper(), first, again, joined, membership, check_mode)
