# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors of shares, directories and files ([MS-DTYP] 2.4 and 2.5).

Standard library only, no I/O, frozen values.
"""

from __future__ import annotations

from .access import AccessAnswer, AccessStep, Decision, Effect, Token, check_access, satisfied_everywhere
from .account_state import AccountState
from .ace import ACCESS_ALLOWED, ACCESS_DENIED, SYSTEM_AUDIT, Ace, AnyAce, OpaqueAce, Scope, scopes_of
from .acl import Acl
from .describe import describe_dacl, name_of
from .descriptor import SecurityDescriptor
from .errors import SecurityDescriptorError
from .same import inherited_entries, same_access
from .sddl import format_sddl, parse_sddl
from .sid import ANY_NETWORK_LOGON, Sid
from .well_known import well_known_sid

__all__ = [
    "ACCESS_ALLOWED",
    "ACCESS_DENIED",
    "ANY_NETWORK_LOGON",
    "SYSTEM_AUDIT",
    "AccessAnswer",
    "AccessStep",
    "AccountState",
    "Ace",
    "Acl",
    "AnyAce",
    "Decision",
    "Effect",
    "OpaqueAce",
    "Scope",
    "SecurityDescriptor",
    "SecurityDescriptorError",
    "Sid",
    "Token",
    "check_access",
    "describe_dacl",
    "format_sddl",
    "inherited_entries",
    "name_of",
    "parse_sddl",
    "same_access",
    "satisfied_everywhere",
    "scopes_of",
    "well_known_sid",
]
