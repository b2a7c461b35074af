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
    MAXIMUM_ALLOWED,
    Ace,
    Acl,
    Claims,
    ClaimValue,
    Effect,
    OpaqueAce,
    Scope,
    Sid,
    Token,
    check_access,
    combine,
    condition_with,
    parse_sddl,
    satisfied_everywhere,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import ConditionalAce, ObjectAce
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.claims import ValueType

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


OWNER = Sid.parse("S-1-5-21-1-2-3-500")
RC_WD = 0x20000 | 0x40000


class TestOwner:
    def test_may_read_and_change_the_permissions(self) -> None:
        token = frozenset({OWNER})
        assert check_access(Acl(), token, FULL, owner=OWNER).granted == RC_WD
        # The owner's rights come first: a deny entry does not take them ([MS-DTYP] 2.5.3.2).
        denied = check_access(Acl((deny(OWNER, FULL),)), token, FULL, owner=OWNER)
        assert (denied.granted, denied.denied) == (RC_WD, FULL & ~RC_WD)
        assert check_access(Acl(), frozenset({USER}), FULL, owner=OWNER).granted == 0
        assert check_access(Acl(), token, FULL).granted == 0

    def test_an_owner_rights_entry_speaks_for_the_owner(self) -> None:
        dacl = Acl((allow(Sid.parse("S-1-3-4"), READ), allow(OTHER, FULL)))
        assert check_access(dacl, frozenset({OWNER}), FULL, owner=OWNER).granted == READ
        assert check_access(dacl, frozenset({USER}), FULL, owner=OWNER).granted == 0
        only_below = Acl((allow(Sid.parse("S-1-3-4"), READ, 0x0B),))
        assert check_access(only_below, frozenset({OWNER}), FULL, owner=OWNER).granted == RC_WD


def test_maximum_allowed_asks_for_everything() -> None:
    dacl = Acl((deny(USER, 0x10000), allow(USER, 0x1301BF)))
    assert check_access(dacl, TOKEN, MAXIMUM_ALLOWED).granted == 0x1301BF & ~0x10000


def test_a_deny_only_group_counts_in_deny_entries_only() -> None:
    token = Token(frozenset({USER}), deny_only=frozenset({OTHER}))
    assert check_access(Acl((allow(OTHER, FULL),)), token, FULL).granted == 0
    found = check_access(Acl((deny(OTHER, WRITE), allow(USER, FULL))), token, FULL)
    assert (found.granted, found.denied) == (FULL & ~WRITE, WRITE)


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
        assert found.deciding[0].reason == "whether the account is a member is not known"

    def test_who_is_known_not_to_be_a_group_is_known(self) -> None:
        token = Token(frozenset({USER}), complete=False, not_member_of=frozenset({OTHER}))
        assert check_access(Acl((allow(OTHER, FULL),)), token, FULL).unknown == 0

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


class TestConditions:
    ACE = ConditionalAce(0x09, 0, READ, USER, b"artx")

    @pytest.mark.parametrize(("answer", "granted", "unknown"), [(True, READ, 0), (False, 0, 0), (None, 0, READ)])
    def test_a_conditional_entry_counts_if_its_condition_holds(
        self, answer: bool | None, granted: int, unknown: int
    ) -> None:
        token = Token(frozenset({USER}), condition=lambda _ace: answer)
        found = check_access(Acl((self.ACE,)), token, FULL)
        assert (found.granted, found.unknown) == (granted, unknown)

    def test_without_claims_nothing_is_known(self) -> None:
        denying = ConditionalAce(0x0A, 0, WRITE, USER, b"artx")
        found = check_access(Acl((denying, allow(USER, FULL))), TOKEN, FULL)
        assert (found.granted, found.unknown) == (FULL & ~WRITE, WRITE)
        assert check_access(Acl((replace(self.ACE, sid=OTHER),)), TOKEN, FULL).unknown == 0


@pytest.mark.parametrize(
    ("claims", "granted", "denied", "unknown"),
    [
        (Claims(), 0x1, 0, 0x2),
        (Claims(user={"Title": ClaimValue(ValueType.STRING, ("PM",))}), 0x3, 0, 0),
        (Claims(user={"Title": ClaimValue(ValueType.STRING, ("VP",))}), 0x1, 0x2, 0),
        # A claim that is known to be missing makes the condition UNKNOWN: entries that deny count then, and those that
        # allow do not ([MS-DTYP] 2.4.4.17.3).
        (Claims(user={}), 0x1, 0x2, 0),
    ],
    ids=["not read", "holds", "does not hold", "missing"],
)
def test_conditions_are_evaluated_with_the_claims(claims: Claims, granted: int, denied: int, unknown: int) -> None:
    dacl = parse_sddl('D:(XD;;0x2;;;WD;(@User.Title != "PM"))(XA;;0x2;;;WD;(@User.Title == "PM"))(A;;0x1;;;WD)').dacl
    found = check_access(dacl, Token(TOKEN, condition=condition_with(claims)), 0x3)
    assert (found.granted, found.denied, found.unknown) == (granted, denied, unknown)


def test_object_entries_count_only_if_they_are_about_every_kind() -> None:
    every, some = ObjectAce(0x05, 0, READ, USER), ObjectAce(0x05, 0, WRITE, USER, object_type=UUID(int=1))
    assert check_access(Acl((every, some)), TOKEN, FULL).granted == READ


@given(dacls, dacls, st.frozensets(st.sampled_from(ACCOUNTS)), st.booleans())
def test_over_the_network_both_lists_have_to_grant(
    share: Acl, folder: Acl, sids: frozenset[Sid], complete: bool
) -> None:
    token = Token(sids, complete=complete)
    first, second = (check_access(dacl, token, FULL) for dacl in (share, folder))
    both = combine(first, second)
    for bit in (1 << number for number in range(21)):
        if not FULL & bit:
            continue
        states = {"yes" if d.granted & bit else "maybe" if d.unknown & bit else "no" for d in (first, second)}
        expected = "no" if "no" in states else "maybe" if "maybe" in states else "yes"
        assert ("yes" if both.granted & bit else "maybe" if both.unknown & bit else "no") == expected


def test_a_null_dacl_leaves_nothing_open() -> None:
    found = check_access(None, TOKEN, 0x80000000)
    assert (found.requested, found.granted, found.denied, found.unknown, found.steps) == (READ, READ, 0, 0, ())


def test_the_trace_tells_the_owners_rights_from_the_entries() -> None:
    token = frozenset({OWNER})
    entry = deny(OWNER, FULL)
    found = check_access(Acl((entry,)), token, READ, owner=OWNER)
    # Of what is asked for, the owner has READ_CONTROL anyway; the entry decides the rest.
    assert [(step.position, step.ace, step.effect, step.rights) for step in found.steps] == [
        (-1, None, Effect.GRANTS, 0x20000),
        (0, entry, Effect.DENIES, READ & ~0x20000),
    ]
    # Where nothing that is the owner's is asked for, the owner is not mentioned.
    assert [step.position for step in check_access(Acl((entry,)), token, 0x1, owner=OWNER).steps] == [0]


def test_entries_for_everyone_do_not_speak_for_the_owner() -> None:
    dacl = Acl((allow(EVERYONE, 0x1), deny(Sid.parse("S-1-3-0"), FULL)))
    assert check_access(dacl, frozenset({OWNER, EVERYONE}), FULL, owner=OWNER).granted == RC_WD | 0x1


def test_entries_that_decide_nothing_say_why() -> None:
    last = allow(USER, READ)
    below, foreign, audit = allow(USER, FULL, 0x0B), allow(OTHER, FULL), Ace(2, 0x40, FULL, USER)
    found = check_access(Acl((allow(USER, READ), below, foreign, audit, last)), TOKEN, READ)
    assert [(step.effect, step.rights, step.reason) for step in found.steps] == [
        (Effect.GRANTS, READ, ""),
        (Effect.SKIPPED, 0, "it does not apply to this folder"),
        (Effect.SKIPPED, 0, "it is about another account"),
        (Effect.SKIPPED, 0, "it neither allows nor denies"),
        (Effect.SKIPPED, 0, "nothing is left for it to decide"),
    ]


@pytest.mark.parametrize("kind", [0x05, 0x06])
def test_object_entries_of_other_accounts_do_not_count(kind: int) -> None:
    found = check_access(Acl((ObjectAce(kind, 0, WRITE, OTHER), allow(USER, FULL))), TOKEN, FULL)
    assert (found.granted, found.denied, found.unknown) == (FULL, 0, 0)
    assert found.steps[0].reason == "it is about another account"
    own = check_access(Acl((ObjectAce(kind, 0, WRITE, USER),)), TOKEN, FULL)
    assert [(step.rights, step.reason) for step in own.steps] == [(WRITE, "")]
    perhaps = check_access(Acl((ObjectAce(kind, 0, WRITE, OTHER),)), Token(TOKEN, complete=False), FULL)
    assert perhaps.steps[0].reason == "whether the account is a member is not known"


def test_what_either_list_denies_is_denied_over_the_network() -> None:
    share = check_access(Acl((deny(USER, 0x10002), allow(USER, FULL))), TOKEN, FULL)
    folder = check_access(Acl((deny(USER, 0x10004), allow(USER, 0x1301BF))), TOKEN, FULL)
    both = combine(share, folder)
    assert (both.requested, both.granted, both.unknown) == (FULL, 0x1301BF & ~0x10006, 0)
    assert both.denied == 0x10006
    assert both.steps == share.steps + folder.steps
    # A list that only may grant what the other denies leaves nothing open.
    unsure = check_access(Acl((allow(OTHER, FULL),)), Token(TOKEN, complete=False), FULL)
    found = combine(share, unsure)
    assert (found.granted, found.denied, found.unknown) == (0, 0x10002, FULL & ~0x10002)


@pytest.mark.parametrize(("second", "everywhere"), [(READ, True), (0x1, False)])
def test_everywhere_means_at_each_place(second: int, everywhere: bool) -> None:
    dacl = Acl((allow(USER, READ), allow(USER, second, 0x0A)))
    assert satisfied_everywhere(dacl, TOKEN, READ, [Scope.THIS, Scope.CHILD_FOLDERS]) is everywhere


@pytest.mark.parametrize("kind", [0x0B, 0x0C])
@pytest.mark.parametrize(("answer", "counts"), [(True, True), (False, False), (None, None)])
def test_object_entries_with_a_condition_count_if_it_holds(kind: int, answer: bool | None, counts: bool | None) -> None:
    ace = ObjectAce(kind, 0, WRITE, USER, data=b"artx")
    found = check_access(Acl((ace,)), Token(TOKEN, condition=lambda _ace: answer), FULL)
    certain, possible = WRITE if counts else 0, Effect.MAY_GRANT if kind == 0x0B else Effect.MAY_DENY
    assert (found.granted if kind == 0x0B else found.denied) == certain
    assert (found.steps[0].effect is possible) == (counts is None)


def test_a_deny_only_group_is_known_where_other_groups_are_not() -> None:
    token = Token(frozenset({USER}), deny_only=frozenset({OTHER}), complete=False)
    found = check_access(Acl((allow(OTHER, FULL),)), token, FULL)
    assert (found.granted, found.unknown) == (0, 0)


def test_an_allow_entry_whose_condition_is_unknown_to_the_rules_does_not_count() -> None:
    # [MS-DTYP] 2.4.4.17.3: UNKNOWN counts in an entry that denies, and does not in one that allows.
    token = Token(TOKEN, condition=condition_with(Claims(user={})))
    for kind, granted, denied in (("XA", 0, 0), ("XD", 0, 0x2)):
        dacl = parse_sddl(f'D:({kind};;0x2;;;WD;(@User.Title == "PM"))').dacl
        found = check_access(dacl, token, 0x2)
        assert (found.granted, found.denied, found.unknown) == (granted, denied, 0)


@pytest.mark.parametrize("data", [b"", b"artx\xee\0\0\0", b"none"])
def test_whether_a_condition_that_cannot_be_read_holds_is_not_known(data: bytes) -> None:
    token = Token(TOKEN, condition=condition_with(Claims(user={}, resource={})))
    found = check_access(Acl((ConditionalAce(0x09, 0, READ, USER, data),)), token, FULL)
    assert (found.granted, found.unknown) == (0, READ)


def test_entries_that_decide_or_may_decide_are_named_apart_from_the_others() -> None:
    dacl = Acl((allow(OTHER, 0x1), Ace(2, 0x40, FULL, USER), deny(USER, 0x2), allow(USER, FULL)))
    found = check_access(dacl, Token(TOKEN, complete=False), 0x7)
    assert [(step.position, step.effect, step.rights) for step in found.deciding] == [
        (0, Effect.MAY_GRANT, 0x1),
        (2, Effect.DENIES, 0x2),
        (3, Effect.GRANTS, 0x5),
    ]
