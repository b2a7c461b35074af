# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits: what is asked for holds afterwards, and nobody else's entry is touched."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

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
            assert ace.rights & mask & (~0 if kind else ~0x100000) == 0
    if kind == 0:
        for scope in Scope:
            was, now = (check_access(a, frozenset({sid}), FULL, scope).granted for a in (acl, after))
            assert now & ~was == 0, "taking an allow entry away never widens"


def test_revoke_leaves_the_rights_that_were_not_named() -> None:
    acl = Acl((allow(USER, RW, 3),))
    # RW is 0x12019F; without READ (0x120089) but with SYNCHRONIZE, 0x100116 stays, which is WRITE.
    assert revoke(acl, USER, 0, READ) == Acl((allow(USER, WRITE, 3),))
    assert revoke(acl, USER, 0, FULL) == Acl()


@pytest.mark.parametrize(
    ("kind", "have", "mask", "left"),
    [
        # SYNCHRONIZE (0x100000) stays in an entry that allows while another right does, and goes with the last one.
        (0, 0x110040, 0x110000, 0x100040),
        (0, 0x110040, 0x110040, None),
        (0, 0x110000, 0x10000, None),
        (0, 0x10040, 0x110000, 0x40),
        # It is taken away alone where it is all that was named.
        (0, 0x110000, 0x100000, 0x10000),
        (0, 0x100000, 0x100000, None),
        (0, 0x100000, 0x110000, 0x100000),
        # In an entry that denies it is a right of its own: what is left is the others, neither more nor less.
        (1, 0x10040, 0x10000, 0x40),
        (1, 0x110040, 0x10000, 0x100040),
        (1, 0x110040, 0x110000, 0x40),
        (1, 0x110000, 0x10000, 0x100000),
        (1, 0x110000, 0x110000, None),
        (1, 0x110000, 0x100000, 0x10000),
        (1, 0x100000, 0x100000, None),
        (1, 0x1F01FF, 0x301BF, 0x1C0040),
        # GENERIC_READ is 0x120089, which holds SYNCHRONIZE.
        (1, 0x110001, 0x80000000, 0x10000),
        (0, 0x110001, 0x80000000, 0x110000),
    ],
)
def test_revoke_and_synchronize(kind: int, have: int, mask: int, left: int | None) -> None:
    acl = Acl((Ace(kind, 3, have, USER), allow(OTHER, FULL)))
    after = revoke(acl, USER, kind, mask)
    assert after == Acl((*(() if left is None else (Ace(kind, 3, left, USER),)), allow(OTHER, FULL)))
    assert (after is acl) == (left == have)


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


@pytest.mark.parametrize(
    "other", [OpaqueAce(9, 0, bytes(20)), Ace(2, 0x40, FULL, USER)], ids=["not understood", "audit"]
)
def test_exact_leaves_no_entry_that_neither_allows_nor_denies(other: AnyAce) -> None:
    inherited = replace(other, flags=other.flags | ID)
    acl = Acl((allow(USER, RW), other, inherited))
    for mask in (RW, READ):
        assert exact(acl, [allow(USER, mask)]) == Acl((allow(USER, mask), inherited))


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


def test_an_entry_is_widened_behind_one_that_is_not_understood() -> None:
    opaque = OpaqueAce(9, 0, bytes(20))
    assert grant(Acl((opaque, allow(USER, READ))), allow(USER, RW)) == Acl((opaque, allow(USER, RW)))


@pytest.mark.parametrize(
    "acl",
    [
        Acl((refuse(USER, FULL, ID),)),
        Acl((refuse(USER, 0x10000000),)),
        Acl((refuse(USER, READ), refuse(USER, WRITE, 3 | ID))),
    ],
    ids=["inherited", "generic", "adding up"],
)
def test_what_is_denied_in_any_form_is_not_denied_again(acl: Acl) -> None:
    assert deny(acl, refuse(USER, RW)) is acl


@pytest.mark.parametrize(("have", "want"), [(0x10000, 0x10000), (0x110000, 0x10000), (0x110000, 0x110000)])
def test_a_deny_with_or_without_synchronize_that_denies_enough_stays(have: int, want: int) -> None:
    acl = Acl((refuse(USER, have, 3), allow(USER, READ)))
    assert deny(acl, refuse(USER, want, 3)) is acl


def test_a_deny_gets_synchronize_only_if_that_is_wanted() -> None:
    acl = Acl((refuse(USER, 0x10000, 3),))
    assert deny(acl, refuse(USER, 0x40, 3)) == Acl((refuse(USER, 0x10040, 3),))
    assert deny(acl, refuse(USER, 0x110000, 3)) == Acl((refuse(USER, 0x110000, 3),))
    assert deny(Acl(), refuse(USER, 0x10000, 3)) == acl


@pytest.mark.parametrize(("have", "want"), [(0x110000, 0x10000), (0x10000, 0x110000)])
def test_exact_sets_synchronize_in_a_deny_as_wanted(have: int, want: int) -> None:
    assert exact(Acl((refuse(USER, have, 3),)), [refuse(USER, want, 3)]) == Acl((refuse(USER, want, 3),))


def test_a_deny_that_a_grant_overtakes_is_not_taken_for_done() -> None:
    acl = Acl((allow(USER, READ), refuse(USER, RW, ID)))
    assert deny(acl, refuse(USER, RW)) == Acl((refuse(USER, RW), allow(USER, READ), refuse(USER, RW, ID)))


@pytest.mark.parametrize("bit", [1 << number for number in range(9)])
def test_a_deny_of_any_single_right_is_in_the_way(bit: int) -> None:
    entry = refuse(USER, bit)
    assert blocking_denies(Acl((entry, allow(USER, FULL))), frozenset({USER}), bit, [Scope.THIS]) == (entry,)
    # Granted before it is denied, it is granted.
    assert blocking_denies(Acl((allow(USER, bit), entry)), frozenset({USER}), bit, [Scope.THIS]) == ()


def test_every_occurrence_of_an_entry_is_removed_and_nothing_else() -> None:
    one, two, three = refuse(USER, WRITE), allow(USER, RW), refuse(OTHER, WRITE, ID)
    acl = Acl((one, two, one, three), 4)
    assert remove_entries(acl, [one, three]) == Acl((two,), 4)
    assert remove_entries(acl, [refuse(USER, READ)]) is acl
    assert remove_entries(acl, []) is acl


@pytest.mark.parametrize("mask", [None, FULL, WRITE])
@pytest.mark.parametrize("kind", [0, 1])
def test_revoke_leaves_entries_of_other_types_alone(kind: int, mask: int | None) -> None:
    acl = Acl((Ace(1 - kind, 3, RW, USER), Ace(2, 0x40, RW, USER)))
    assert revoke(acl, USER, kind, mask) is acl


def test_revoke_of_rights_that_are_not_there_changes_nothing() -> None:
    # GENERIC_READ holds no right to write; the entry keeps even its spelling.
    acl = Acl((allow(USER, 0x80000000),))
    assert revoke(acl, USER, 0, 0x2) is acl


@pytest.mark.parametrize(
    ("have", "want"),
    [(READ, RW), (RW, READ), (0x2, 0x3), (0x3, 0x2), (FULL, 0x1301BF)],
    ids=["more", "less", "the lowest bit more", "the lowest bit less", "another set"],
)
@pytest.mark.parametrize("kind", [0, 1])
def test_exact_sets_the_rights_themselves(kind: int, have: int, want: int) -> None:
    inherited = allow(OTHER, FULL, ID)
    acl = Acl((Ace(kind, 3, have, USER), inherited))
    assert exact(acl, [Ace(kind, 3, want, USER)]) == Acl((Ace(kind, 3, want, USER), inherited))


def test_exact_does_not_mind_an_entry_that_says_nothing() -> None:
    acl = Acl((allow(OTHER, 0), allow(USER, RW)))
    assert exact(acl, [allow(USER, RW)]) is acl


def test_access_through_a_group_needs_no_entry_of_its_own() -> None:
    acl = Acl((allow(EVERYONE, FULL),))
    assert grant(acl, allow(USER, RW), frozenset({USER, EVERYONE})) is acl
    assert grant(acl, allow(USER, RW)) == Acl((allow(EVERYONE, FULL), allow(USER, RW)))


def test_only_denies_of_the_account_at_the_place_are_in_the_way() -> None:
    here, below = refuse(USER, WRITE), refuse(USER, WRITE, 0x0B)
    others = (OpaqueAce(10, 0, bytes(20)), refuse(OTHER, WRITE), Ace(2, 0x40, WRITE, USER))
    acl = Acl((*others, below, here, allow(USER, FULL, 3)))
    assert blocking_denies(acl, frozenset({USER}), RW, [Scope.THIS]) == (here,)
    assert blocking_denies(acl, frozenset({USER}), RW, [Scope.CHILD_FILES]) == (below,)
    assert blocking_denies(acl, frozenset({USER}), RW, Scope) == (below, here)


def test_revoke_leaves_what_it_does_not_understand_alone() -> None:
    opaque = OpaqueAce(9, 0, bytes(20))
    assert revoke(Acl((opaque, allow(USER, RW))), USER, 0) == Acl((opaque,))
