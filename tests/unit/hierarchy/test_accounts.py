# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which account names are malformed, and in what words."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import account_key, account_problem
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.accounts import computer_account, same_account


@pytest.mark.parametrize(
    "account",
    [
        r"CORP\smssend",
        r".\smssend",
        r"CORP\CENTRAL$",
        "smssend@corp.example",
        r"BUILTIN\Administrators",
        r"NT AUTHORITY\SYSTEM",
        r"VORDEFINIERT\Administratoren",
        r"CORP\Jürgen Müller",
        "Everyone",
        "S-1-5-32-544",
        "s-1-5-21-1004336348-1177238915-682003330-512",
    ],
)
def test_accounts_as_people_write_them(account):
    assert account_problem(account) is None


@pytest.mark.parametrize(
    ("account", "problem"),
    [
        (r"CORP\EU\smssend", r"contains more than one backslash; write DOMAIN\name"),
        (r"CORP\\smssend", r"contains more than one backslash; write DOMAIN\name"),
        (r"CORP" + "\\", r"has no name or no domain; write DOMAIN\name or name@dns.domain"),
        (r"\smssend", r"has no name or no domain; write DOMAIN\name or name@dns.domain"),
        ("smssend@", r"has no name or no domain; write DOMAIN\name or name@dns.domain"),
        ("@corp.example", r"has no name or no domain; write DOMAIN\name or name@dns.domain"),
        ("", r"has no name or no domain; write DOMAIN\name or name@dns.domain"),
        ("a@b@corp.example", "contains more than one @; write name@dns.domain"),
        ("CORP\\ smssend", "has a space at the start or the end of its name or its domain"),
        ("CORP \\smssend", "has a space at the start or the end of its name or its domain"),
        ("CORP/smssend", "contains /, which Windows does not allow in an account name"),
        (r"CORP\a+b*c", "contains + *, which Windows does not allow in an account name"),
        ("x" * 1025, "is longer than 1024 characters"),
        (
            "CORP\network",
            r"contains a control or invisible character (in YAML, write DOMAIN\name without double quotes)",
        ),
        (
            "CORP\\sms\N{ZERO WIDTH SPACE}send",
            r"contains a control or invisible character (in YAML, write DOMAIN\name without double quotes)",
        ),
    ],
)
def test_malformed_accounts(account, problem):
    assert account_problem(account) == problem


def test_case_does_not_tell_accounts_apart():
    assert account_key(r"Corp\SmsSend") == account_key(r"CORP\smssend")
    assert account_key(r"CORP\smssend") != account_key(r"CORP2\smssend")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (r"CORP\smssvc", r"corp\SMSSVC", True),
        (r"CORP\smssvc", r"CORP\smssend", False),
        (r"CORP\smssvc", r"OTHER\smssvc", False),
        # A domain's two names, and a name that only its server can place.
        (r"CORP\smssvc", r"corp.example\smssvc", None),
        (r"CORP\smssvc", r".\smssvc", None),
        (r"CORP\smssvc", r".\smssend", False),
        (r"CORP\smssvc", "smssvc@corp.example", None),
        (r"CORP\smssvc", "S-1-5-21-1-2-3-1104", None),
        ("smssvc@corp.example", "SMSSVC@corp.example", True),
        ("LocalSystem", r"NT AUTHORITY\SYSTEM", True),
        ("LocalSystem", r"CORP\smssvc", False),
        ("S-1-5-18", r"CORP\P01$", None),
    ],
)
def test_same_account(one, other, same):
    assert same_account(one, other) is same
    assert same_account(other, one) is same


@pytest.mark.parametrize(
    ("domain", "host", "account"),
    [
        ("CORP", "p01.corp.example", r"CORP\P01$"),
        ("corp.example", "p01", r"corp.example\P01$"),
        (None, "p01", None),
        # An address is no name, and a name of 16 characters is cut in a way that nobody should guess.
        ("CORP", "192.0.2.1", None),
        ("CORP", "a23456789012345", r"CORP\A23456789012345$"),
        ("CORP", "a234567890123456", None),
    ],
)
def test_computer_account(domain, host, account):
    assert computer_account(domain, host) == account
