# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of the server itself, as its security account manager (SAM) has them. Pure."""

from __future__ import annotations

from ...security import AccountState, Sid
from ...security.account_state import is_past
from ...smb import UserInfo

_DISABLED, _LOCKED, _PASSWORD_EXPIRED = 0x1, 0x400, 0x20000
"""USER_ACCOUNT_DISABLED, USER_ACCOUNT_AUTO_LOCKED and USER_PASSWORD_EXPIRED ([MS-SAMR] 2.2.1.12)."""
_PASSWORD_STAYS = 0x40 | 0x80 | 0x100 | 0x200 | 0x1000
"""Passwords of trusts, computers and smart cards, and those that are set not to expire ([MS-SAMR] 3.1.5.14.4)."""


def can_be_own(sid: Sid) -> bool:
    """Whether a SID has the form of an account or local group: S-1-5-32-rid or S-1-5-21-a-b-c-rid."""
    return sid.domain is not None or sid.is_builtin


def account_state(user: UserInfo, now: int) -> AccountState:
    """The state of an account.

    Args:
        user: what the server returned.
        now: a FILETIME, by the server's clock.
    """
    return AccountState(
        disabled=_has(user.control, _DISABLED),
        locked=_has(user.control, _LOCKED),
        expired=is_past(user.expires, now),
        password_expired=_password_expired(user, now),
    )


def _has(control: int | None, bit: int) -> bool | None:
    return None if control is None else bool(control & bit)


def _password_expired(user: UserInfo, now: int) -> bool | None:
    """Samba as a server of its own sets no bit for it, so the time counts too ([MS-SAMR] 3.1.5.14.4)."""
    if _has(user.control, _PASSWORD_EXPIRED):
        return True
    if _has(user.control, _PASSWORD_STAYS):
        return False
    return True if user.must_change == 0 else is_past(user.must_change, now)
