# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The use cases: assess, plan, apply, verify. They use the port `SiteServer` and no adapter of it."""

from __future__ import annotations

from .arguments import desired_path, desired_share, local_path_of, sender_request
from .assess import GROUPS_OF_ACCOUNT, Assessment, MissingMembers, SenderRequest, assess_sender_access
from .desired import DesiredEntry, DesiredState, Inheritance, Presence
from .errors import EnforcementError, GroupsUnread, Refused, WriteFailed
from .permissions import PermissionsOutcome, set_path_permissions, set_share_permissions
from .results import assessment_result, failure_result, permissions_result, plan_result, sender_result
from .sender_access import SenderOutcome, enforce_sender_access, membership_task

__all__ = [
    "GROUPS_OF_ACCOUNT",
    "Assessment",
    "DesiredEntry",
    "DesiredState",
    "EnforcementError",
    "GroupsUnread",
    "Inheritance",
    "MissingMembers",
    "PermissionsOutcome",
    "Presence",
    "Refused",
    "SenderOutcome",
    "SenderRequest",
    "WriteFailed",
    "assess_sender_access",
    "assessment_result",
    "desired_path",
    "desired_share",
    "enforce_sender_access",
    "failure_result",
    "local_path_of",
    "membership_task",
    "permissions_result",
    "plan_result",
    "sender_request",
    "sender_result",
    "set_path_permissions",
    "set_share_permissions",
]
