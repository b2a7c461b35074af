# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.account_state import filetime, is_past

NOW = datetime(2026, 12, 1, tzinfo=timezone.utc).timestamp()


def test_a_state_is_unknown_until_it_is_read():
    assert AccountState() == AccountState(disabled=None, locked=None, expired=None, password_expired=None)


def test_filetime():
    assert filetime(0) == 116444736000000000


@pytest.mark.parametrize(
    ("seconds", "past"), [(-301, True), (-299, None), (0, None), (299, None), (301, False), (86400, False)]
)
def test_the_clocks_may_differ_by_five_minutes(seconds: int, past: bool | None):
    assert is_past(filetime(NOW + seconds), filetime(NOW)) is past


@pytest.mark.parametrize(
    ("expires", "past"), [(0, False), (0x7FFFFFFFFFFFFFFF, False), (1, True), (-1, None), (None, None)]
)
def test_never_and_unknown(expires: int | None, past: bool | None):
    """[MS-ADA1], attribute accountExpires."""
    assert is_past(expires, filetime(NOW)) is past
