# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of a connection, for another server."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.credentials import Credentials


def test_the_password_is_hidden() -> None:
    assert "Passw0rd" not in repr(Credentials("CORP\\ansible", "Passw0rd"))
