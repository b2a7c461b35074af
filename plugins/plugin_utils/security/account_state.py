# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an account may be unable to log on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountState:
    """Why an account may be unable to log on. Each fact is True, False, or None: it could not be read.

    None is neither a yes nor a no, and a caller must show it as unknown.

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
