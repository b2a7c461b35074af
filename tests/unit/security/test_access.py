# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access check, case by case and against the definition in [MS-DTYP] 2.5.3.2 written down bit by bit."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    AnyAce,
    Effect,
    OpaqueAce,
    Scope,
    Sid,
    Token,
    check_access,
    satisfied_everywhere,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import ConditionalAce, ObjectAce

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
    assert sum(step.rights for step in found.steps if step.effect is Effect.GRANTS) == found.granted
    assert sum(step.rights for step in found.steps if step.effect is Effect.DENIES) == found.denied
    assert [step.ace for step in found.steps] == list(dacl)
    assert all(step.reason for step in found.steps if step.effect is Effect.SKIPPED)
    assert found.unknown == 0


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


class TestUnknown:
    """Groups of the account that were not read."""

    TOKEN = Token(frozenset({USER, EVERYONE}), complete=False)

    @pytest.mark.parametrize(
        ("dacl", "granted", "denied", "unknown"),
        [
            (Acl((allow(OTHER, FULL),)), 0, 0, FULL),
            (Acl((deny(OTHER, WRITE), allow(USER, FULL))), FULL & ~WRITE, 0, WRITE),
            (Acl((allow(OTHER, READ), allow(USER, FULL))), FULL, 0, 0),
            (Acl((allow(USER, FULL), deny(OTHER, WRITE))), FULL, 0, 0),
            (Acl((deny(OTHER, WRITE), deny(USER, FULL))), 0, FULL, 0),
            (Acl((allow(OTHER, READ), deny(USER, FULL))), 0, FULL & ~READ, READ),
            (Acl((deny(OTHER, FULL), allow(OTHER, FULL))), 0, 0, 0),
            (Acl((allow(Sid.parse("S-1-5-18"), FULL), allow(Sid.parse("S-1-3-0"), FULL))), 0, 0, 0),
        ],
        ids=["allow", "deny", "allow twice", "too late", "denied anyway", "allow or deny", "same group", "no groups"],
    )
    def test_stay_unknown(self, dacl: Acl, granted: int, denied: int, unknown: int) -> None:
        found = check_access(dacl, self.TOKEN, FULL)
        assert (found.granted, found.denied, found.unknown) == (granted, denied, unknown)
        assert found.satisfied == (granted == FULL)

    def test_the_entry_that_would_decide_is_named(self) -> None:
        found = check_access(Acl((deny(OTHER, WRITE), allow(USER, FULL))), self.TOKEN, FULL)
        assert [(step.effect, step.rights) for step in found.deciding] == [
            (Effect.MAY_DENY, WRITE),
            (Effect.GRANTS, FULL),
        ]
        assert found.deciding[0].reason == "it is not known whether the account is a member"

    @given(dacls, st.frozensets(st.sampled_from(ACCOUNTS)), st.frozensets(st.sampled_from(ACCOUNTS)), file_masks)
    def test_knowing_more_never_changes_what_was_known(
        self, dacl: Acl, known: frozenset[Sid], more: frozenset[Sid], mask: int
    ) -> None:
        unsure = check_access(dacl, Token(known, complete=False), mask)
        # Whatever the account turns out to be a member of.
        groups = known | (more - {Sid.parse("S-1-5-18")})
        sure = check_access(dacl, groups, mask)
        assert unsure.granted & ~sure.granted == 0
        assert sure.granted & ~unsure.granted & ~unsure.unknown == 0
        assert unsure.granted | unsure.unknown | (unsure.requested & ~sure.granted) == unsure.requested

    @given(dacls, st.frozensets(st.sampled_from(ACCOUNTS)), st.sampled_from([READ, WRITE, FULL]))
    def test_unknown_means_that_it_can_come_out_either_way(self, dacl: Acl, known: frozenset[Sid], mask: int) -> None:
        unsure = check_access(dacl, Token(known, complete=False), mask)
        others = [sid for sid in ACCOUNTS if sid not in known and sid != Sid.parse("S-1-5-18")]
        worlds = [
            check_access(dacl, known | {sid for number, sid in enumerate(others) if pick >> number & 1}, mask).granted
            for pick in range(2 ** len(others))
        ]
        always = sometimes = worlds[0]
        for granted in worlds:
            always &= granted
            sometimes |= granted
        assert unsure.granted == always
        assert unsure.unknown == sometimes & ~always


OWNER, OWNER_RIGHTS = Sid.parse("S-1-5-21-1-2-3-500"), Sid.parse("S-1-3-4")
RC_WD = 0x20000 | 0x40000


class TestOwner:
    """[MS-DTYP] 2.5.3.2 and, for OWNER RIGHTS, Microsoft, "Well-known SIDs"."""

    TOKEN = frozenset({OWNER, EVERYONE})

    def test_may_read_and_change_the_permissions(self) -> None:
        found = check_access(Acl(), self.TOKEN, FULL, owner=OWNER)
        assert (found.granted, found.owned, found.denied, found.unknown) == (RC_WD, RC_WD, 0, 0)
        assert check_access(Acl(), self.TOKEN, READ, owner=OWNER).owned == 0x20000
        assert check_access(Acl(), TOKEN, FULL, owner=OWNER).granted == 0
        assert check_access(Acl(), self.TOKEN, FULL).granted == 0

    def test_has_its_rights_before_any_entry_takes_them(self) -> None:
        dacl = Acl((deny(OWNER, RC_WD), deny(EVERYONE, FULL)))
        found = check_access(dacl, self.TOKEN, FULL, owner=OWNER)
        assert (found.granted, found.denied) == (RC_WD, FULL & ~RC_WD)
        assert [(step.effect, step.reason) for step in found.steps] == [
            (Effect.SKIPPED, "the owner has all its rights anyway"),
            (Effect.DENIES, ""),
        ]
        assert sum(step.rights for step in found.deciding if step.effect is Effect.GRANTS) + found.owned == RC_WD

    def test_has_what_owner_rights_says_instead(self) -> None:
        dacl = Acl((deny(OWNER_RIGHTS, 0x116), allow(OWNER_RIGHTS, READ | WRITE), allow(OTHER, FULL)))
        found = check_access(dacl, self.TOKEN, FULL, owner=OWNER)
        assert (found.granted, found.owned, found.denied) == (READ, 0, 0x116)
        assert check_access(dacl, TOKEN, FULL, owner=OWNER).granted == 0
        assert check_access(dacl, self.TOKEN, FULL).granted == 0

    @pytest.mark.parametrize("about_owner", [allow(OWNER_RIGHTS, 0), ConditionalAce(0x09, 0, READ, OWNER_RIGHTS, b"")])
    def test_loses_its_rights_by_any_entry_for_owner_rights(self, about_owner: AnyAce) -> None:
        assert check_access(Acl((about_owner,)), self.TOKEN, FULL, owner=OWNER).granted == 0

    def test_keeps_its_rights_if_owner_rights_applies_elsewhere(self) -> None:
        below = Acl((allow(OWNER_RIGHTS, READ, 0x0B),))
        assert check_access(below, self.TOKEN, FULL, owner=OWNER).granted == RC_WD
        assert check_access(below, self.TOKEN, FULL, Scope.CHILD_FILES, owner=OWNER).granted == READ
        below = Acl((deny(Sid.parse("S-1-3-0"), FULL),))
        assert check_access(below, self.TOKEN, FULL, owner=OWNER).granted == RC_WD

    @pytest.mark.parametrize("who", [OWNER_RIGHTS, Sid.parse("S-1-3-0")])
    def test_of_what_is_below_is_not_known(self, who: Sid) -> None:
        """An account that makes files owns them, so an inherited deny entry for owners may be for it."""
        dacl = Acl((deny(who, WRITE, 0x0B), allow(OWNER, FULL, 0x03)))
        unsure = Token(self.TOKEN, complete=False, absent=frozenset({who}))
        assert check_access(dacl, unsure, WRITE, owner=OWNER).satisfied
        below = check_access(dacl, unsure, WRITE, Scope.CHILD_FILES)
        assert (below.granted, below.unknown) == (0, WRITE)
        assert check_access(Acl((allow(who, WRITE, 0x0B),)), unsure, WRITE, Scope.CHILD_FILES).unknown == 0

    @given(
        st.lists(st.tuples(st.booleans(), file_masks, st.sampled_from([*ACCOUNTS[:3], OWNER_RIGHTS])), max_size=6),
        st.frozensets(st.sampled_from(ACCOUNTS[:3])),
        st.sampled_from([READ, FULL]),
    )
    def test_may_be_a_group_that_is_not_known(
        self, entries: list[tuple[bool, int, Sid]], known: frozenset[Sid], mask: int
    ) -> None:
        """Unknown is what comes out either way, whatever groups the account turns out to be in."""
        dacl = Acl(tuple((deny if denies else allow)(sid, rights) for denies, rights, sid in entries))
        unsure = check_access(dacl, Token(known, complete=False), mask, owner=OTHER)
        worlds = [
            check_access(dacl, known | {sid for number, sid in enumerate(ACCOUNTS[:3]) if pick >> number & 1}, mask,
                         owner=OTHER).granted
            for pick in range(8)
        ]  # fmt: skip
        always = sometimes = worlds[0]
        for granted in worlds:
            always &= granted
            sometimes |= granted
        assert (unsure.granted, unsure.unknown) == (always, sometimes & ~always)


@pytest.mark.parametrize("data", [b"", b"artx", b"artx\xee\0\0\0", b"none"])
def test_the_rights_of_a_conditional_entry_are_unknown(data: bytes) -> None:
    allowing = ConditionalAce(0x09, 0, READ, USER, data)
    found = check_access(Acl((allowing,)), TOKEN, FULL)
    assert (found.granted, found.unknown) == (0, READ)
    assert found.steps[0].reason == "it is not known whether its condition is true"
    denying = ConditionalAce(0x0A, 0, WRITE, USER, data)
    found = check_access(Acl((denying, allow(USER, FULL))), TOKEN, FULL)
    assert (found.granted, found.denied, found.unknown) == (FULL & ~WRITE, 0, WRITE)
    assert check_access(Acl((replace(allowing, sid=OTHER),)), TOKEN, FULL).unknown == 0


@pytest.mark.parametrize(("kind", "effect"), [(0x0B, Effect.MAY_GRANT), (0x0C, Effect.MAY_DENY)])
def test_the_rights_of_an_object_entry_with_a_condition_are_unknown(kind: int, effect: Effect) -> None:
    found = check_access(Acl((ObjectAce(kind, 0, WRITE, USER, data=b"artx"),)), TOKEN, FULL)
    assert (found.granted, found.denied) == (0, 0)
    assert (found.steps[0].effect, found.steps[0].rights) == (effect, WRITE)
    for_another_type = ObjectAce(kind, 0, WRITE, USER, object_type=UUID(int=1), data=b"artx")
    assert check_access(Acl((for_another_type,)), TOKEN, FULL).deciding == ()


def test_object_entries_count_only_if_they_are_about_every_kind() -> None:
    every, some = ObjectAce(0x05, 0, READ, USER), ObjectAce(0x05, 0, WRITE, USER, object_type=UUID(int=1))
    assert check_access(Acl((every, some)), TOKEN, FULL).granted == READ


def test_a_null_dacl_leaves_nothing_open() -> None:
    found = check_access(None, TOKEN, 0x80000000)
    assert (found.requested, found.granted, found.denied, found.unknown, found.steps) == (READ, READ, 0, 0, ())


def test_entries_that_decide_nothing_say_why() -> None:
    last = allow(USER, READ)
    below, foreign, audit = allow(USER, FULL, 0x0B), allow(OTHER, FULL), Ace(2, 0x40, FULL, USER)
    found = check_access(Acl((allow(USER, READ), below, foreign, audit, last)), TOKEN, READ)
    assert [(step.effect, step.rights, step.reason) for step in found.steps] == [
        (Effect.GRANTS, READ, ""),
        (Effect.SKIPPED, 0, "it does not apply to this folder"),
        (Effect.SKIPPED, 0, "it is for another account"),
        (Effect.SKIPPED, 0, "it neither allows nor denies"),
        (Effect.SKIPPED, 0, "earlier entries decide all its rights"),
    ]


@pytest.mark.parametrize("kind", [0x05, 0x06])
def test_object_entries_of_other_accounts_do_not_count(kind: int) -> None:
    found = check_access(Acl((ObjectAce(kind, 0, WRITE, OTHER), allow(USER, FULL))), TOKEN, FULL)
    assert (found.granted, found.denied, found.unknown) == (FULL, 0, 0)
    assert found.steps[0].reason == "it is for another account"
    own = check_access(Acl((ObjectAce(kind, 0, WRITE, USER),)), TOKEN, FULL)
    assert [(step.rights, step.reason) for step in own.steps] == [(WRITE, "")]
    perhaps = check_access(Acl((ObjectAce(kind, 0, WRITE, OTHER),)), Token(TOKEN, complete=False), FULL)
    assert perhaps.steps[0].reason == "it is not known whether the account is a member"


@pytest.mark.parametrize(("second", "everywhere"), [(READ, True), (0x1, False)])
def test_everywhere_means_at_each_place(second: int, everywhere: bool) -> None:
    dacl = Acl((allow(USER, READ), allow(USER, second, 0x0A)))
    assert satisfied_everywhere(dacl, TOKEN, READ, [Scope.THIS, Scope.CHILD_FOLDERS]) is everywhere


def test_entries_that_decide_or_may_decide_are_named_apart_from_the_others() -> None:
    dacl = Acl((allow(OTHER, 0x1), Ace(2, 0x40, FULL, USER), deny(USER, 0x2), allow(USER, FULL)))
    found = check_access(dacl, Token(TOKEN, complete=False), 0x7)
    assert [(step.position, step.effect, step.rights) for step in found.deciding] == [
        (0, Effect.MAY_GRANT, 0x1),
        (2, Effect.DENIES, 0x2),
        (3, Effect.GRANTS, 0x5),
    ]
