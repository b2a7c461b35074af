# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Membership as a domain's answer decides it: yes, no, or unknown."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import DomainAccount
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from tests.unit.directory.entries import DOMAIN, SENDER

GROUP, OTHER = Sid.parse(f"{DOMAIN}-2001"), Sid.parse(f"{DOMAIN}-2002")
ELSEWHERE = Sid.parse("S-1-5-21-7-8-9-2001")
ADMINISTRATORS, USERS = Sid.parse("S-1-5-32-544"), Sid.parse("S-1-5-32-545")
ACCOUNT = DomainAccount(
    SENDER, "P01$", frozenset({GROUP}), frozenset({ADMINISTRATORS}), frozenset({ELSEWHERE}), frozenset()
)


@pytest.mark.parametrize(
    ("group", "elsewhere", "on_domain_controller"),
    [
        (GROUP, True, True),
        (OTHER, False, False),
        (ELSEWHERE, None, None),
        (Sid.parse("S-1-5-21-7-8-9-1"), None, None),
        (ADMINISTRATORS, None, True),
        (USERS, None, None),
        (Sid.parse("S-1-1-0"), None, None),
    ],
)
def test_membership(group: Sid, elsewhere: bool | None, on_domain_controller: bool | None):
    assert ACCOUNT.is_member(group) is elsewhere
    assert ACCOUNT.is_member(group, on_domain_controller=True) is on_domain_controller


def test_groups_that_were_not_read_are_unknown():
    assert DomainAccount(SENDER, "P01$", groups=None).is_member(GROUP) is None


def test_a_state_is_unknown_until_it_is_read():
    assert DomainAccount(SENDER, "P01$", groups=None).state == AccountState(None, None, None, None)


def test_a_name_is_visible():
    assert DomainAccount(SENDER, "a\u202eb", groups=None).name == "a<U+202E>b"
