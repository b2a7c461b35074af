# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a domain shows about an account."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import DomainAccount
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState
from tests.unit.directory.entries import SENDER


def test_a_state_is_unknown_until_it_is_read():
    assert DomainAccount(SENDER, "P01$", groups=None).state == AccountState(None, None, None, None)


def test_a_name_is_visible():
    assert DomainAccount(SENDER, "a\u202eb", groups=None).name == "a<U+202E>b"
