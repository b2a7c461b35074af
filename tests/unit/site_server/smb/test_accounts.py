# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of the server itself: which SIDs they can have, and what state they are in."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.account_state import filetime
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.accounts import account_state, can_be_own
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb import UserInfo

NOW = filetime(datetime(2026, 12, 1, tzinfo=timezone.utc).timestamp())
DAY = 24 * 60 * 60 * 10_000_000
NEVER = 0x7FFFFFFFFFFFFFFF
NORMAL = 0x10
ALL_GOOD = AccountState(disabled=False, locked=False, expired=False, password_expired=False)


def state(control: int | None = NORMAL, expires: int | None = NEVER, must_change: int | None = NEVER) -> AccountState:
    return account_state(UserInfo(control, expires, must_change), NOW)


def test_an_account_that_may_log_on():
    assert state() == state(expires=0) == state(must_change=NOW + DAY) == ALL_GOOD


@pytest.mark.parametrize(("bit", "fact"), [(0x1, "disabled"), (0x400, "locked"), (0x20000, "password_expired")])
def test_each_bit_is_its_own_fact(bit: int, fact: str):
    """[MS-SAMR] 2.2.1.12."""
    found = state(NORMAL | bit)
    assert {name for name in AccountState.__slots__ if getattr(found, name)} == {fact}
    assert state(0x003FFFFF & ~0x20401) == ALL_GOOD


def test_nothing_that_is_not_shown_is_a_yes_or_a_no():
    assert state(None, None, None) == AccountState(None, None, None, None)
    assert state(None, NEVER, NEVER) == AccountState(None, None, expired=False, password_expired=False)


def test_an_account_expires():
    assert state(expires=NOW - DAY).expired is True
    assert state(expires=NOW + DAY).expired is False
    assert state(expires=NOW).expired is None


def test_a_password_expires():
    """[MS-SAMR] 3.1.5.14.4: 0 is a password that must be changed at the next logon."""
    assert state(must_change=0).password_expired is True
    assert state(must_change=NOW - DAY).password_expired is True
    assert state(must_change=NOW).password_expired is None
    assert state(NORMAL | 0x20000, must_change=None).password_expired is True
    # What Samba shows for never.
    assert state(must_change=-21474836470000001).password_expired is None


@pytest.mark.parametrize("bit", [0x40, 0x80, 0x100, 0x200, 0x1000])
def test_a_password_that_never_expires(bit: int):
    """The same: whatever the time is, which Samba does not compute for them."""
    for must_change in (0, NOW - DAY, -21474836470000001, None):
        assert state(NORMAL | bit, must_change=must_change).password_expired is False
    assert state(NORMAL | bit | 0x20000).password_expired is True


@pytest.mark.parametrize(
    ("sid", "own"),
    [
        ("S-1-5-21-1-2-3-1000", True),
        ("S-1-5-32-544", True),
        ("S-1-5-21-1-2-3", False),
        ("S-1-5-32", False),
        ("S-1-5-32-544-1", False),
        ("S-1-1-0", False),
        ("S-1-5-18", False),
        ("S-1-5", False),
        ("S-1-22-1-0", False),
        ("S-1-9-32-544", False),
    ],
)
def test_sids_of_accounts(sid: str, own: bool):
    assert can_be_own(Sid.parse(sid)) is own
