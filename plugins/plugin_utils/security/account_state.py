# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an account may be unable to log on."""

from __future__ import annotations

from dataclasses import dataclass

_NEVER = (0, 0x7FFFFFFFFFFFFFFF)
_CLOCKS = 5 * 60 * 10_000_000
"""Clocks of a domain differ by less than this, or Kerberos fails (RFC 4120, 8.2). In units of 100 ns."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """Why an account may be unable to log on. Each fact is True, False, or None: it could not be read.

    None is neither a yes nor a no, and a caller must show it as unknown.

    The sources below are for accounts of a domain. Accounts of a server have the same facts in USER_ACCOUNT codes
    ([MS-SAMR] 2.2.1.12).

    Attributes:
        disabled: ADS_UF_ACCOUNT_DISABLE in userAccountControl ([MS-ADTS] 2.2.16).
        locked: UF_LOCKOUT in msDS-User-Account-Control-Computed ([MS-ADTS] 3.1.1.4.5.17). The bit of the same value in
            userAccountControl is not kept by Active Directory. The lockout may end by itself after a time.
        expired: accountExpires ([MS-ADA1], attribute accountExpires) is past. Within five minutes of it the clocks
            decide, and this is None.
        password_expired: UF_PASSWORD_EXPIRED in msDS-User-Account-Control-Computed. It is set for a password that must
            be changed at the next logon too, and never for computers and passwords that do not expire.
    """

    disabled: bool | None = None
    locked: bool | None = None
    expired: bool | None = None
    password_expired: bool | None = None


def filetime(seconds: float) -> int:
    """A time since 1970 as a FILETIME: units of 100 ns since 1601 ([MS-DTYP] 2.3.3)."""
    return int((seconds + 11_644_473_600) * 10_000_000)


def is_past(expires: int | None, now: int) -> bool | None:
    """Whether an account has expired.

    Args:
        expires: accountExpires as a FILETIME, with its two values for "never" ([MS-ADA1], attribute accountExpires);
            None if it could not be read.
        now: a FILETIME.

    Returns:
        None if that is unknown, which it is within five minutes too: the clocks decide then.
    """
    if expires is None or expires < 0:
        return None
    if expires in _NEVER:
        return False
    return None if abs(expires - now) < _CLOCKS else expires < now
