# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits: what is asked for holds afterwards, and nobody else's entry is touched."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    AnyAce,
    OpaqueAce,
    Scope,
    Sid,
    check_access,
    satisfied_everywhere,
    scopes_of,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.edit import (
    Edit,
    blocking_denies,
    canonicalize,
    deny,
    edits_between,
    exact,
    grant,
    make_explicit,
    remove_entries,
    revoke,
)

from .strategies import ACCOUNTS, accounts, aces, canonical_dacls, dacls, file_masks, inheritance_flags

USER, OTHER, EVERYONE = ACCOUNTS[0], ACCOUNTS[1], ACCOUNTS[3]
FULL, READ, WRITE, RW = 0x1F01FF, 0x120089, 0x100116, 0x12019F
ID = 0x10
rights = file_masks.filter(bool)


def allow(sid: Sid, mask: int, flags: int = 0) -> Ace:
    return Ace(0, flags, mask, sid)


def refuse(sid: Sid, mask: int, flags: int = 0) -> Ace:
    return Ace(1, flags, mask, sid)


wanted_allows = st.builds(allow, accounts, rights, inheritance_flags)
wanted_denies = st.builds(refuse, accounts, rights, inheritance_flags)


def foreign(acl: Acl, sid: Sid) -> list[AnyAce]:
    return [ace for ace in acl if not isinstance(ace, Ace) or ace.sid != sid]


@pytest.mark.parametrize(
    "acl",
    [
        Acl((allow(USER, FULL, 3),)),
        Acl((allow(USER, READ, 3), allow(USER, WRITE, 3))),
        Acl((allow(USER, RW, 3 | ID),)),
        Acl((allow(USER, 0x10000000, 3),)),
        Acl((allow(USER, RW), allow(USER, RW, 0xB))),
        Acl((allow(USER, READ, 3), allow(USER, WRITE, 3 | ID))),
        Acl((refuse(USER, 0x10000, 3), allow(USER, FULL, 3))),
        Acl((refuse(OTHER, FULL, 3), allow(USER, RW, 3))),
    ],
    ids=[
        "wider",
        "adding up",
        "inherited",
        "generic",
        "split",
        "explicit and inherited",
        "harmless deny",
        "foreign deny",
    ],
)
def test_access_that_is_there_in_any_form_is_not_changed(acl: Acl) -> None:
    assert grant(acl, allow(USER, RW, 3)) is acl


@pytest.mark.parametrize(
    ("acl", "after"),
    [
        (Acl(), Acl((allow(USER, RW, 3),))),
        (Acl((allow(USER, READ, 3),)), Acl((allow(USER, RW, 3),))),
        (Acl((allow(USER, RW),)), Acl((allow(USER, RW), allow(USER, RW, 3)))),
        (Acl((allow(USER, RW, 7),)), Acl((allow(USER, RW, 7), allow(USER, RW, 3)))),
        (
            Acl((allow(OTHER, READ), allow(EVERYONE, READ, ID))),
            Acl((allow(OTHER, READ), allow(USER, RW, 3), allow(EVERYONE, READ, ID))),
        ),
        (Acl((refuse(USER, WRITE, ID),)), Acl((allow(USER, RW, 3), refuse(USER, WRITE, ID)))),
    ],
    ids=["nothing", "widened", "folder only", "one level", "order kept", "before an inherited deny"],
)
def test_missing_access_is_granted_by_one_entry(acl: Acl, after: Acl) -> None:
    assert grant(acl, allow(USER, RW, 3)) == after


def test_a_grant_that_a_deny_blocks_is_not_added_again_and_again() -> None:
    acl = Acl((refuse(USER, FULL), allow(USER, FULL, ID)))
    once = grant(acl, allow(USER, 0x10000000))
    assert once == Acl((refuse(USER, FULL), allow(USER, FULL), allow(USER, FULL, ID)))
    assert grant(once, allow(USER, 0x10000000)) is once


@given(canonical_dacls, wanted_allows)
def test_grant(acl: Acl, wanted: Ace) -> None:
    after = grant(acl, wanted)
    assert grant(after, wanted) == after
    assert foreign(after, wanted.sid) == foreign(acl, wanted.sid)
    assert after.is_canonical
    sids = frozenset({wanted.sid})
    blocked = blocking_denies(after, sids, wanted.mask, wanted.scopes)
    assert satisfied_everywhere(after, sids, wanted.mask, wanted.scopes) == (not blocked)
    cleared = grant(remove_entries(after, blocked), wanted)
    assert satisfied_everywhere(cleared, sids, wanted.mask, wanted.scopes)
    for scope in Scope:
        was, now = check_access(acl, sids, FULL, scope).granted, check_access(after, sids, FULL, scope).granted
        assert was & ~now == 0, "a grant takes nothing away"


@given(canonical_dacls, wanted_allows)
def test_entries_of_groups_count_where_they_are_asked_to(acl: Acl, wanted: Ace) -> None:
    token = frozenset({wanted.sid, EVERYONE})
    after = grant(acl, wanted, token)
    if satisfied_everywhere(acl, token, wanted.mask, wanted.scopes):
        assert after is acl
    else:
        blocked = blocking_denies(after, token, wanted.mask, wanted.scopes)
        assert satisfied_everywhere(remove_entries(after, blocked), token, wanted.mask, wanted.scopes)


def test_every_deny_in_the_way_is_found_not_only_the_first() -> None:
    first, second, harmless = refuse(USER, FULL), refuse(USER, WRITE), refuse(USER, 0x10000)
    acl = Acl((first, second, harmless, allow(USER, FULL)))
    assert blocking_denies(acl, frozenset({USER}), RW, [Scope.THIS]) == (first, second)


@given(canonical_dacls, wanted_denies)
def test_deny(acl: Acl, wanted: Ace) -> None:
    after = deny(acl, wanted)
    assert deny(after, wanted) == after
    assert foreign(after, wanted.sid) == foreign(acl, wanted.sid)
    for scope in wanted.scopes:
        assert check_access(after, frozenset({wanted.sid}), wanted.mask, scope).granted == 0


@given(canonical_dacls, accounts, st.sampled_from([0, 1]), st.none() | rights)
def test_revoke(acl: Acl, sid: Sid, kind: int, mask: int | None) -> None:
    after = revoke(acl, sid, kind, mask)
    assert revoke(after, sid, kind, mask) == after
    assert foreign(after, sid) == foreign(acl, sid)
    assert after.inherited == acl.inherited
    for ace in after.explicit:
        if isinstance(ace, Ace) and (ace.sid, ace.ace_type) == (sid, kind):
            assert mask is not None
            assert ace.rights & mask & ~0x100000 == 0
    if kind == 0:
        for scope in Scope:
            was, now = (check_access(a, frozenset({sid}), FULL, scope).granted for a in (acl, after))
            assert now & ~was == 0, "taking an allow entry away never widens"


def test_revoke_leaves_the_rights_that_were_not_named() -> None:
    acl = Acl((allow(USER, RW, 3),))
    # RW is 0x12019F; without READ (0x120089) but with SYNCHRONIZE, 0x100116 stays, which is WRITE.
    assert revoke(acl, USER, 0, READ) == Acl((allow(USER, WRITE, 3),))
    assert revoke(acl, USER, 0, FULL) == Acl()


@given(canonical_dacls, st.lists(aces(inherited=False), max_size=5))
def test_exact(acl: Acl, wanted: list[Ace]) -> None:
    after = exact(acl, wanted)
    assert exact(after, wanted) == after
    assert after.inherited == acl.inherited
    assert after.is_canonical
    said: dict[tuple[Sid, int, Scope], int] = {}
    asked: dict[tuple[Sid, int, Scope], int] = {}
    for target, entries in ((said, after.explicit), (asked, wanted)):
        for ace in entries:
            assert isinstance(ace, Ace)
            for scope in scopes_of(ace.flags):
                key = (ace.sid, ace.ace_type, scope)
                target[key] = target.get(key, 0) | ace.rights
    assert {key: mask for key, mask in said.items() if mask} == {key: mask for key, mask in asked.items() if mask}


def test_exact_keeps_entries_that_say_the_same_in_their_own_way() -> None:
    acl = Acl((allow(USER, READ), allow(OTHER, FULL), allow(USER, WRITE)))
    assert exact(acl, [allow(USER, RW), allow(OTHER, 0x10000000)]) is acl
    assert exact(acl, [allow(USER, RW)]) == Acl((allow(USER, READ), allow(USER, WRITE)))


def test_exact_leaves_no_entry_that_it_does_not_understand() -> None:
    acl = Acl((allow(USER, RW), OpaqueAce(9, 0, bytes(20))))
    assert exact(acl, [allow(USER, RW)]) == Acl((allow(USER, RW),))


@given(dacls)
def test_canonical_order(acl: Acl) -> None:
    after = canonicalize(acl)
    assert after.is_canonical
    assert canonicalize(after) is after
    assert Counter(after) == Counter(acl)
    for rank in (
        lambda a: not a.inherited and a.denies,
        lambda a: not a.inherited and not a.denies,
        lambda a: a.inherited,
    ):
        assert list(filter(rank, after)) == list(filter(rank, acl)), "entries of one rank keep their order"
    assert [ace.inherited for ace in after] == sorted(ace.inherited for ace in after)


def test_converting_inherited_entries_keeps_the_access() -> None:
    acl = Acl((allow(USER, READ), refuse(OTHER, WRITE, 3 | ID), allow(OTHER, FULL, 3 | ID)))
    assert make_explicit(acl) == Acl((refuse(OTHER, WRITE, 3), allow(USER, READ), allow(OTHER, FULL, 3)))


@given(dacls, dacls)
def test_edits_turn_the_old_into_the_new(old: Acl, new: Acl) -> None:
    edits = edits_between(old, new)
    result = Counter(old)
    result.subtract(edit.ace for edit in edits if edit.action == "remove")
    result.update(edit.ace for edit in edits if edit.action == "add")
    assert +result == Counter(new)
    assert min(result.values(), default=0) >= 0
    assert bool(edits) == (old.aces != new.aces)


def test_entries_in_another_order_are_named() -> None:
    one, two = allow(USER, READ), refuse(USER, WRITE)
    assert edits_between((one, two), (two, one)) == (Edit("reorder", one), Edit("reorder", two))
