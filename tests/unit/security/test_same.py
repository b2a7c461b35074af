# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When two descriptors are the same access, and when they are not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    AnyAce,
    SecurityDescriptor,
    Sid,
    inherited_entries,
    parse_sddl,
    same_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import ConditionalAce

from .strategies import ACCOUNTS, aces, any_aces, descriptors

# Control bits of [MS-DTYP] 2.4.6, written out so that a wrong constant shows.
DACL_PRESENT, SACL_PRESENT, DACL_PROTECTED, SACL_PROTECTED = 0x0004, 0x0010, 0x1000, 0x2000
OTHER_CONTROL_BITS = 0x7FFF & ~(DACL_PRESENT | SACL_PRESENT | DACL_PROTECTED | SACL_PROTECTED)
USER = ACCOUNTS[0]

ABSENT = SecurityDescriptor()
NULL = SecurityDescriptor(DACL_PRESENT)
EMPTY = SecurityDescriptor(DACL_PRESENT, dacl=Acl())
ONE = SecurityDescriptor(DACL_PRESENT, dacl=Acl((Ace(0, 3, 0x12019F, USER),)))
# The same states of a SACL, under the same DACL.
SACL_ABSENT, SACL_NULL, SACL_EMPTY, SACL_ONE = (
    replace(
        ONE,
        control=DACL_PRESENT | (SACL_PRESENT if state.has_dacl else 0),
        sacl=state.dacl and replace(state.dacl, aces=tuple(replace(ace, ace_type=2) for ace in state.dacl)),
    )
    for state in (ABSENT, NULL, EMPTY, ONE)
)


def without_sacl(descriptor: SecurityDescriptor) -> SecurityDescriptor:
    return replace(descriptor, control=descriptor.control & ~SACL_PRESENT, sacl=None)


@pytest.mark.parametrize("one", [ABSENT, NULL, EMPTY, ONE], ids=["absent", "null", "empty", "a list"])
@pytest.mark.parametrize("other", [ABSENT, NULL, EMPTY, ONE], ids=["absent", "null", "empty", "a list"])
def test_an_absent_a_null_and_an_empty_dacl_are_three_states(
    one: SecurityDescriptor, other: SecurityDescriptor
) -> None:
    assert same_access(one, other) == (one is other)


@pytest.mark.parametrize("wanted", [SACL_NULL, SACL_EMPTY, SACL_ONE], ids=["null", "empty", "a list"])
@pytest.mark.parametrize(
    "held", [SACL_ABSENT, SACL_NULL, SACL_EMPTY, SACL_ONE], ids=["absent", "null", "empty", "a list"]
)
def test_a_sacl_that_is_wanted_is_compared(wanted: SecurityDescriptor, held: SecurityDescriptor) -> None:
    assert same_access(wanted, held) == (wanted is held)


@pytest.mark.parametrize(
    "held", [SACL_ABSENT, SACL_NULL, SACL_EMPTY, SACL_ONE], ids=["absent", "null", "empty", "a list"]
)
def test_a_sacl_that_nobody_asked_for_does_not_matter(held: SecurityDescriptor) -> None:
    assert same_access(SACL_ABSENT, held)
    assert same_access(SACL_ABSENT, replace(held, control=held.control | SACL_PROTECTED))


@given(descriptors())
def test_every_descriptor_is_the_same_as_itself(descriptor: SecurityDescriptor) -> None:
    assert same_access(descriptor, descriptor)
    assert same_access(without_sacl(descriptor), descriptor)


@st.composite
def close_pairs(draw: st.DrawFn) -> tuple[SecurityDescriptor, SecurityDescriptor]:
    """Two descriptors without SACL that differ in little, so that both answers come."""
    one = without_sacl(draw(descriptors(aces(), min_entries=1)))
    entries = draw(st.permutations(one.dacl.aces)) if one.dacl is not None else ()
    other = draw(st.sampled_from([replace(one, dacl=Acl(tuple(entries))) if entries else one, ABSENT, NULL, EMPTY]))
    return one, replace(other, control=other.control ^ draw(st.sampled_from([0, DACL_PROTECTED])))


@given(close_pairs())
def test_neither_side_of_a_dacl_comes_first(pair: tuple[SecurityDescriptor, SecurityDescriptor]) -> None:
    one, other = pair
    assert same_access(one, other) == same_access(other, one)


@given(descriptors(), st.lists(any_aces, max_size=3))
def test_inherited_entries_do_not_matter(descriptor: SecurityDescriptor, others: list[AnyAce]) -> None:
    inherited = tuple(replace(ace, flags=ace.flags | 0x10) for ace in others)
    other = descriptor
    for name in ("dacl", "sacl"):
        acl = getattr(descriptor, name)
        if acl is not None:
            other = replace(other, **{name: replace(acl, aces=(*inherited, *acl.explicit))})
    assert same_access(descriptor, other)
    assert same_access(other, descriptor)
    if descriptor.dacl is not None:
        assert other.dacl is not None
        assert other.dacl.explicit == descriptor.dacl.explicit
        assert len(inherited_entries(other)) == len(inherited)


@given(descriptors(), st.integers(0, 0x7FFF), st.sampled_from(ACCOUNTS))
def test_what_says_nothing_about_access_does_not_matter(descriptor: SecurityDescriptor, bits: int, sid: Sid) -> None:
    other = replace(
        descriptor,
        control=descriptor.control ^ (bits & OTHER_CONTROL_BITS),
        owner=sid,
        group=None,
        resource_manager_control=descriptor.resource_manager_control ^ 0xFF,
        dacl=descriptor.dacl and replace(descriptor.dacl, revision=3),
        sacl=descriptor.sacl and replace(descriptor.sacl, revision=3),
    )
    assert same_access(descriptor, other)


@given(descriptors())
def test_protection_matters(descriptor: SecurityDescriptor) -> None:
    assert not same_access(descriptor, replace(descriptor, control=descriptor.control ^ DACL_PROTECTED))
    other = replace(descriptor, control=descriptor.control ^ SACL_PROTECTED)
    assert same_access(descriptor, other) == (not descriptor.control & SACL_PRESENT)


def changed(ace: Ace, part: str, bit: int) -> Ace:
    if part == "ace_type":
        return replace(ace, ace_type=ace.ace_type ^ bit)
    if part == "flags":
        return replace(ace, flags=ace.flags ^ bit)
    if part == "mask":
        return replace(ace, mask=ace.mask ^ bit)
    *front, rid = ace.sid.subauthorities
    return replace(ace, sid=replace(ace.sid, subauthorities=(*front, rid ^ bit)))


@pytest.mark.parametrize(
    ("part", "bit"),
    [("ace_type", 1)]
    + [("flags", 1 << number) for number in (0, 1, 2, 3, 6, 7)]
    + [("mask", 1 << number) for number in range(28)]
    + [("sid", 1 << number) for number in range(32)],
)
@pytest.mark.parametrize("place", ["dacl", "sacl"])
def test_every_bit_of_an_explicit_entry_matters(place: str, part: str, bit: int) -> None:
    # Bits 28 to 31 of a mask are generic rights, which have a test of their own.
    ace = Ace(2 if place == "sacl" else 0, 0, 0x18, USER)
    first, last = Ace(ace.ace_type, 0, 0x1, ACCOUNTS[1]), Ace(ace.ace_type, 0, 0x2, ACCOUNTS[2])
    lists = (Acl((first, each, last)) for each in (ace, changed(ace, part, bit)))
    control = DACL_PRESENT | SACL_PRESENT
    one, other = (
        SecurityDescriptor(control, dacl=Acl(), sacl=acl) if place == "sacl" else SecurityDescriptor(control, dacl=acl)
        for acl in lists
    )
    assert same_access(one, one)
    assert not same_access(one, other)
    assert not same_access(other, one)


@given(descriptors(min_entries=1), st.integers(0, 5), any_aces.map(lambda ace: ace.without_inherited_flag()))
def test_one_explicit_entry_more_or_less_matters(descriptor: SecurityDescriptor, index: int, extra: AnyAce) -> None:
    for name in ("dacl", "sacl"):
        acl = getattr(descriptor, name)
        if acl is None:
            continue
        more = replace(descriptor, **{name: replace(acl, aces=(*acl.aces[:index], extra, *acl.aces[index:]))})
        assert not same_access(descriptor, more)
        assert not same_access(more, descriptor)


def test_the_order_of_explicit_entries_matters() -> None:
    one, two = Ace(1, 0, 0x2, USER), Ace(0, 0, 0x1F01FF, USER)
    first, second = (SecurityDescriptor(DACL_PRESENT, dacl=Acl(each)) for each in ((one, two), (two, one)))
    assert not same_access(first, second)


@pytest.mark.parametrize(
    ("generic", "rights"),
    # FILE_GENERIC_READ, _WRITE, _EXECUTE and FILE_ALL_ACCESS of the Windows SDK's winnt.h.
    [(0x80000000, 0x120089), (0x40000000, 0x120116), (0x20000000, 0x1200A0), (0x10000000, 0x1F01FF)],
)
@pytest.mark.parametrize("kind", [Ace, ConditionalAce])
def test_generic_rights_are_the_file_rights_that_they_stand_for(
    kind: type[Ace] | type[ConditionalAce], generic: int, rights: int
) -> None:
    ace_type = 0 if kind is Ace else 9
    one, other, less = (
        SecurityDescriptor(DACL_PRESENT, dacl=Acl((kind(ace_type, 0, mask, USER),)))
        for mask in (generic, rights, rights & ~0x20000)
    )
    assert same_access(one, other)
    assert same_access(other, one)
    assert not same_access(one, less)


def test_the_entries_of_a_list_by_where_they_come_from() -> None:
    found = parse_sddl("D:AI(D;;SD;;;BU)(A;OICI;GR;;;BA)(A;OICIID;GA;;;SY)")
    assert inherited_entries(found) == tuple(parse_sddl("D:(A;OICIID;FA;;;SY)").dacl or ())
    for nothing in (ABSENT, NULL, EMPTY):
        assert inherited_entries(nothing) == ()
