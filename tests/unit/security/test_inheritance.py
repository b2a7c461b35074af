# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes down to a child, as Windows does it ([MS-DTYP] 2.5.3.4)."""

from __future__ import annotations

import pytest
from hypothesis import given

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    OpaqueAce,
    Scope,
    Sid,
    check_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.inheritance import inherited_aces

from .strategies import ACCOUNTS, dacls, file_masks

USER, OWNER, GROUP = ACCOUNTS[0], Sid.parse("S-1-5-21-1-2-3-500"), Sid.parse("S-1-5-21-1-2-3-513")
CREATOR_OWNER, CREATOR_GROUP = Sid.parse("S-1-3-0"), Sid.parse("S-1-3-1")
ID = 0x10


def child(*aces: Ace | OpaqueAce, is_folder: bool) -> tuple[Ace | OpaqueAce, ...]:
    return inherited_aces(Acl(aces), is_folder=is_folder, owner=OWNER, group=GROUP)


@pytest.mark.parametrize(
    ("flags", "folder", "file"),
    [
        (0x0, None, None),
        (0x1, 0x1 | 0x8 | ID, ID),
        (0x2, 0x2 | ID, None),
        (0x3, 0x3 | ID, ID),
        (0xB, 0x3 | ID, ID),
        (0x9, 0x1 | 0x8 | ID, ID),
        (0xA, 0x2 | ID, None),
        (0x7, ID, ID),
        (0x5, None, ID),
        (0x13, 0x3 | ID, ID),
    ],
)
def test_flags_of_the_child(flags: int, folder: int | None, file: int | None) -> None:
    for is_folder, expected in ((True, folder), (False, file)):
        found = child(Ace(0, flags, 0x1200A9, USER), is_folder=is_folder)
        assert found == (() if expected is None else (Ace(0, expected, 0x1200A9, USER),))


def test_creator_owner_stands_for_the_owner_and_goes_on() -> None:
    assert child(Ace(0, 0xB, 0x10000000, CREATOR_OWNER), is_folder=True) == (
        Ace(0, ID, 0x1F01FF, OWNER),
        Ace(0, 0xB | ID, 0x10000000, CREATOR_OWNER),
    )
    assert child(Ace(0, 0xB, 0x1301BF, CREATOR_GROUP), is_folder=False) == (Ace(0, ID, 0x1301BF, GROUP),)


def test_generic_rights_are_mapped_where_they_take_effect_and_go_on_as_they_are() -> None:
    assert child(Ace(0, 0x3, 0x80000000, USER), is_folder=True) == (
        Ace(0, ID, 0x120089, USER),
        Ace(0, 0xB | ID, 0x80000000, USER),
    )


def test_types_that_are_not_understood_come_down_whole() -> None:
    assert child(OpaqueAce(9, 0x3, b"abcd"), is_folder=False) == (OpaqueAce(9, ID, b"abcd"),)


@given(dacls, file_masks)
def test_the_child_grants_what_the_parent_says_for_its_place(dacl: Acl, mask: int) -> None:
    token = frozenset(ACCOUNTS)
    for scope, is_folder in ((Scope.CHILD_FOLDERS, True), (Scope.CHILD_FILES, False)):
        below = Acl(inherited_aces(dacl, is_folder=is_folder, owner=OWNER, group=GROUP))
        assert check_access(below, token, mask).granted == check_access(dacl, token, mask, scope).granted
        if is_folder:
            deep = Acl(inherited_aces(below, is_folder=False, owner=OWNER, group=GROUP))
            predicted = check_access(dacl, token, mask, Scope.DEEP_FILES)
            assert check_access(deep, token, mask).granted == predicted.granted
