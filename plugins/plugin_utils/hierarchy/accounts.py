# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows account names as users write them: checks and comparisons."""

from __future__ import annotations

import re

# The longest form is a user principal name: Active Directory schema, User-Principal-Name, Range-Upper.
MAX_LENGTH = 1024

# Not allowed in an account name: Active Directory schema, SAM-Account-Name. (The backslash is not allowed either; it
# separates the domain.)
_FORBIDDEN = '"/[]:;|=,+*?<>'

_SID = re.compile(r"S-1(-\d+){2,16}", re.IGNORECASE | re.ASCII)


# The names of the account that services log on as by default: Microsoft Learn, "LocalSystem account".
_LOCAL_SYSTEM = frozenset({"localsystem", r".\localsystem", "system", r"nt authority\system", "s-1-5-18"})

# The longest computer name that NetBIOS, and so an account's name, can hold: Microsoft Learn, "Naming conventions in
# Active Directory for computers, domains, sites, and OUs", NetBIOS computer names.
_MAX_COMPUTER_NAME = 15


def account_key(account: str) -> str:
    """Return a key for comparisons. Windows ignores case in account names."""
    return account.lower()


def account_problem(account: str) -> str | None:
    r"""Return what is wrong with ``account``, as the end of a sentence, or None.

    Allowed are ``DOMAIN\name``, ``.\name``, ``name@dns.domain``, a bare name such as ``Everyone``, and a SID string
    ([MS-DTYP] 2.4.2.1). Only a server can check whether the account exists.
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
        return r"has no name or no domain; write DOMAIN\name or name@dns.domain"
    if any(part != part.strip() for part in parts):
        return "has a space at the start or the end of its name or its domain"
    return None


def is_local_system(account: str) -> bool:
    """Whether the account is LocalSystem, which is the computer account on the network (same source)."""
    return account_key(account) in _LOCAL_SYSTEM


def is_computer_account(account: str) -> bool:
    """Whether the name has the form of a computer account: it ends with ``$``."""
    return account.partition("@")[0].endswith("$")


def computer_account(domain: str | None, host: str) -> str | None:
    r"""Return ``DOMAIN\COMPUTER$`` for a host name; None if it cannot be derived.

    The first label of a host name is the computer name, unless it is too long for one.
    """
    name = host.partition(".")[0].upper()
    if not domain or not name or len(name) > _MAX_COMPUTER_NAME or name.isdigit():
        return None
    return f"{domain}\\{name}$"


def split_account(account: str) -> tuple[str | None, str] | None:
    r"""Return the domain and the name of ``DOMAIN\name``; the domain is None for ``.\name``.

    None for the other forms: a user principal name may not contain the domain's name, a SID and a bare name never do.
    """
    domain, backslash, name = account.partition("\\")
    if not backslash:
        return None
    return (None if domain == "." else domain.lower()), name.lower()


def same_account(first: str, second: str) -> bool | None:
    """Whether two names are the same account; None if only a server can compare them."""
    if account_key(first) == account_key(second) or (is_local_system(first) and is_local_system(second)):
        return True
    if is_local_system(first) or is_local_system(second):
        # On the network, LocalSystem is the computer account. Its name is not known here.
        other = second if is_local_system(first) else first
        return None if is_computer_account(other) or split_account(other) is None else False
    one, other_one = split_account(first), split_account(second)
    if one is None or other_one is None:
        return None
    if one[1] != other_one[1]:
        return False
    return False if same_domain(one[0], other_one[0]) is False else None


def same_domain(first: str | None, second: str | None) -> bool | None:
    """Whether two names are the same domain; None if one is not known or only one is a DNS name."""
    if not first or not second:
        return None
    if first.lower() == second.lower():
        return True
    return None if ("." in first) != ("." in second) else False
