# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState


def test_a_state_is_unknown_until_it_is_read():
    assert AccountState() == AccountState(disabled=None, locked=None, expired=None, password_expired=None)
