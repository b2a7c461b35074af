# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of an SMB session."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings, split_account

WRONG = "Not-The-Passw0rd"


def test_a_password_is_in_no_representation() -> None:
    assert WRONG not in repr(SmbSettings("C01", "c01", user="ansible", password=WRONG))


@pytest.mark.parametrize(
    ("account", "kerberos", "expected"),
    [
        ("CORP\\ansible", False, ("CORP", "ansible")),
        ("ansible@corp.example", False, ("", "ansible@corp.example")),
        ("ansible@corp.example", True, ("CORP.EXAMPLE", "ansible")),
        ("ansible", False, ("", "ansible")),
        (".\\ansible", False, (".", "ansible")),
    ],
)
def test_accounts_are_split_as_each_logon_takes_them(account: str, kerberos: bool, expected: tuple[str, str]) -> None:
    assert split_account(account, kerberos=kerberos) == expected


@pytest.mark.parametrize(
    ("domain", "kerberos", "shown"),
    [
        ("CORP", False, "CORP\\ansible"),
        ("CORP", True, "CORP\\ansible"),
        ("CORP.EXAMPLE", True, "ansible@CORP.EXAMPLE"),
        ("", True, "ansible"),
        ("", False, "ansible"),
    ],
)
def test_an_account_is_shown_as_people_write_it(domain: str, kerberos: bool, shown: str) -> None:
    assert SmbSettings("C01", "c01", domain=domain, user="ansible", kerberos=kerberos).account == shown
