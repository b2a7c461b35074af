# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows account names as people write them: what is malformed, and when two are the same."""

from __future__ import annotations

import re

# The longest form is a user principal name: Active Directory schema, User-Principal-Name, Range-Upper.
MAX_LENGTH = 1024

# Not allowed in an account name: Active Directory schema, SAM-Account-Name. (So is the backslash, which
# separates the domain.)
_FORBIDDEN = '"/[]:;|=,+*?<>'

_SID = re.compile(r"S-1(-\d+){2,16}", re.IGNORECASE | re.ASCII)


def account_key(account: str) -> str:
    """Return what two spellings of one account name have in common: Windows ignores case in names."""
    return account.lower()


def account_problem(account: str) -> str | None:
    r"""Say what is wrong with ``account``, as the end of a sentence, or return None if nothing is.

    Accepted are ``DOMAIN\name``, ``.\name``, ``name@dns.domain``, a bare name such as ``Everyone``, and a
    SID string ([MS-DTYP] 2.4.2.1). Whether the account exists only its server can tell.
    """
    if len(account) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    if not account.isprintable():
        return r"contains a control or invisible character (in YAML, write DOMAIN\name without double quotes)"
    if _SID.fullmatch(account):
        return None
    parts = account.split("\\")
    if len(parts) > 2:
        return r"contains more than one backslash; write DOMAIN\name"
    name = parts[-1]
    if len(parts) == 1 and "@" in account:
        parts = account.split("@")
        if len(parts) > 2:
            return "contains more than one @; write name@dns.domain"
    elif found := [char for char in _FORBIDDEN if char in name]:
        return f"contains {' '.join(found)}, which Windows does not allow in an account name"
    if any(not part.strip() for part in parts):
        return r"lacks its name or its domain; write DOMAIN\name or name@dns.domain"
    if any(part != part.strip() for part in parts):
        return "has a space at the start or the end of its name or its domain"
    return None
