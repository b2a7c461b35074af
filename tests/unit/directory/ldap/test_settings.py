# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach a domain controller, and by which account."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import LdapSettings


def test_the_password_is_hidden():
    assert "Passw0rd" not in repr(LdapSettings("c01", "127.0.0.1", password="Passw0rd"))


def test_the_port_is_that_of_ldap():
    assert LdapSettings("c01", "127.0.0.1").port == 389
