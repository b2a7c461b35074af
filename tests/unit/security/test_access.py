# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access check, case by case and against the definition in [MS-DTYP] 2.5.3.2 written down bit by bit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    OpaqueAce,
    Scope,
    Sid,
    check_access,
)

from .strategies import ACCOUNTS, dacls, file_masks

USER, OTHER, EVERYONE = ACCOUNTS[0], ACCOUNTS[1], Sid.parse("S-1-1-0")
TOKEN = frozenset({USER, EVERYONE})
READ, WRITE, FULL = 0x120089, 0x100116, 0x1F01FF


def allow(sid: Sid, mask: int, flags: int = 0) -> Ace:
    return Ace(0, flags, mask, sid)


def deny(sid: Sid, mask: int, flags: int = 0) -> Ace:
    return Ace(1, flags, mask, sid)


@pytest.mark.parametrize(
    ("dacl", "granted", "denied"),
    [
        (None, FULL, 0),
        (Acl(), 0, 0),
        (Acl((allow(USER, FULL),)), FULL, 0),
        (Acl((allow(OTHER, FULL),)), 0, 0),
        (Acl((allow(USER, READ), allow(EVERYONE, WRITE))), READ | WRITE, 0),
        (Acl((deny(USER, WRITE), allow(USER, FULL))), FULL & ~WRITE, WRITE),
        (Acl((allow(USER, FULL), deny(USER, WRITE))), FULL, 0),
        (Acl((deny(EVERYONE, 0x10000), allow(USER, 0x10000000))), FULL & ~0x10000, 0x10000),
        (Acl((allow(USER, FULL, 0x0B),)), 0, 0),
        (Acl((OpaqueAce(9, 0, bytes(16)), Ace(2, 0x40, FULL, USER))), 0, 0),
    ],
)
def test_each_bit_is_decided_by_the_first_entry_that_names_it(dacl: Acl | None, granted: int, denied: int) -> None:
    found = check_access(dacl, TOKEN, FULL)
    assert (found.granted, found.denied) == (granted, denied)
    assert found.missing == FULL & ~granted


def by_definition(dacl: Acl, token: frozenset[Sid], mask: int) -> int:
    """[MS-DTYP] 2.5.3.2, a bit at a time: the first entry that is about the token and holds the bit decides."""
    result = 0
    for bit in (1 << number for number in range(32) if mask >> number & 1):
        for ace in dacl:
            if isinstance(ace, Ace) and not ace.flags & 0x08 and ace.sid in token and ace.rights & bit:
                result |= 0 if ace.denies else bit
                break
    return result


@given(dacls, st.frozensets(st.sampled_from(ACCOUNTS)), st.integers(0, 0x1F01FF))
def test_the_walk_is_the_definition(dacl: Acl, token: frozenset[Sid], mask: int) -> None:
    found = check_access(dacl, token, mask)
    assert found.granted == by_definition(dacl, token, mask)
    assert found.satisfied == (found.granted == mask)
    # The trace adds up to the answer.
    assert sum(step.rights for step in found.steps if not step.ace.denies) == found.granted
    assert sum(step.rights for step in found.steps if step.ace.denies) == found.denied
    assert all(dacl.aces[step.index] == step.ace for step in found.steps)


@given(dacls, file_masks)
def test_more_groups_never_hide_that_an_entry_decided(dacl: Acl, mask: int) -> None:
    alone = check_access(dacl, frozenset({USER}), mask)
    both = check_access(dacl, TOKEN, mask)
    assert (alone.granted | alone.denied) & ~(both.granted | both.denied) == 0


@pytest.mark.parametrize(
    ("flags", "scopes"),
    [
        (0x0, {Scope.THIS}),
        (0x1, {Scope.THIS, Scope.CHILD_FILES, Scope.DEEP_FILES}),
        (0x2, {Scope.THIS, Scope.CHILD_FOLDERS, Scope.DEEP_FOLDERS}),
        (0x3, set(Scope)),
        (0xB, set(Scope) - {Scope.THIS}),
        (0x9, {Scope.CHILD_FILES, Scope.DEEP_FILES}),
        (0xA, {Scope.CHILD_FOLDERS, Scope.DEEP_FOLDERS}),
        (0x7, {Scope.THIS, Scope.CHILD_FOLDERS, Scope.CHILD_FILES}),
        (0xF, {Scope.CHILD_FOLDERS, Scope.CHILD_FILES}),
    ],
)
def test_where_an_entry_takes_effect(flags: int, scopes: set[Scope]) -> None:
    found = {scope for scope in Scope if check_access(Acl((allow(USER, READ, flags),)), TOKEN, READ, scope).satisfied}
    assert found == scopes
