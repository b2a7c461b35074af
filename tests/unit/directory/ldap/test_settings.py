# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach a domain controller, and by which account."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import LdapSettings


def test_the_password_is_hidden():
    assert "Passw0rd" not in repr(LdapSettings("c01", "127.0.0.1", "ansible", "CORP", "Passw0rd"))


@pytest.mark.parametrize(
    ("user", "domain", "kerberos", "expected"),
    [
        ("ansible", "CORP", False, r"CORP\ansible"),
        ("ansible", "CORP.EXAMPLE", True, "ansible@CORP.EXAMPLE"),
        ("ansible@corp.example", "", False, "ansible@corp.example"),
        ("", "", True, ""),
    ],
)
def test_the_account_as_people_write_it(user: str, domain: str, kerberos: bool, expected: str):
    assert LdapSettings("c01", "127.0.0.1", user, domain, kerberos=kerberos).account == expected
