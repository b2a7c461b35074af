# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that no server has to look up: SIDs, and built-in names, which are the same everywhere."""

from __future__ import annotations

from ..security import SecurityDescriptorError, Sid
from ..security.well_known import NAME_OF, well_known_sid
from .errors import AccountNotFound
from .port import Account


def known_account(host: str, account: str) -> Account | None:
    """The account of a SID or an English built-in name; None if the server has to look it up.

    Raises:
        AccountNotFound: it looks like a SID and is not one, or it is a name without a domain.
    """
    text = account.strip()
    if text.upper().startswith("S-1-"):
        try:
            sid = Sid.parse(text)
        except SecurityDescriptorError as error:
            raise no_account(host, account, str(error)) from None
        return Account(sid, NAME_OF.get(sid, str(sid)))
    sid_of_name = well_known_sid(text)
    if sid_of_name is not None:
        return Account(sid_of_name, NAME_OF.get(sid_of_name, text))
    if "\\" not in text and "@" not in text:
        advice = "Write DOMAIN\\name, or .\\name for a local one."
        raise no_account(host, account, "the name has no domain", advice)
    return None


def no_account(
    host: str, account: str, reason: str, advice: str = "Check the spelling (DOMAIN\\name), or give the account's SID."
) -> AccountNotFound:
    """The error if the server finds no such account, or if the name cannot be looked up."""
    return AccountNotFound(host, f"look up account {account}", reason, advice)
