# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's descriptors against bytes laid out by hand from [MS-DTYP] 2.4.6."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.functional.lab.support import sid_octets
from tests.lab.descriptors import (
    MAX_BYTES,
    Ace,
    BadDescriptor,
    Descriptor,
    pack,
    parse,
    sid_bytes,
    sid_string,
)

ADMINISTRATORS = bytes.fromhex("01020000000000052000000020020000")
SYSTEM = bytes.fromhex("010100000000000512000000")


def by_hand(control: int, *, owner: bytes = b"", dacl: bytes = b"") -> bytes:
    """Header, DACL, owner."""
    dacl_at = 20 if dacl else 0
    owner_at = 20 + len(dacl) if owner else 0
    return struct.pack("<BBHLLLL", 1, 0, control, owner_at, 0, 0, dacl_at) + dacl + owner


def acl(*aces: bytes, revision: int = 2) -> bytes:
    body = b"".join(aces)
    return struct.pack("<BBHHH", revision, 0, 8 + len(body), len(aces), 0) + body


def ace(type_: int, flags: int, body: bytes) -> bytes:
    return struct.pack("<BBH", type_, flags, 4 + len(body)) + body


ALLOW = ace(0, 3, struct.pack("<L", 0x1F01FF) + ADMINISTRATORS)
CALLBACK = ace(9, 0, struct.pack("<L", 1) + SYSTEM + b"artx" + bytes(4))


def test_a_descriptor_laid_out_by_hand_is_read() -> None:
    data = by_hand(0x9404, owner=SYSTEM, dacl=acl(ALLOW, CALLBACK))
    read = parse(data)
    assert read.control == 0x9404
    assert read.owner == "S-1-5-18"
    assert read.group is None
    assert read.protected
    assert read.dacl is not None
    assert [(a.type, a.flags, a.mask, a.sid) for a in read.dacl] == [
        (0, 3, 0x1F01FF, "S-1-5-32-544"),
        (9, 0, 1, None),
    ]
    assert pack(read) == data


@pytest.mark.parametrize(
    ("data", "present", "dacl"),
    [(by_hand(0x8000), False, None), (by_hand(0x8004), True, None), (by_hand(0x8004, dacl=acl()), True, ())],
    ids=["absent", "null", "empty"],
)
def test_absent_null_and_empty_dacl_are_told_apart(data: bytes, present: bool, dacl: tuple[Ace, ...] | None) -> None:
    read = parse(data)
    assert (read.dacl_present, read.dacl) == (present, dacl)
    assert pack(read) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        by_hand(0x8004)[:19],
        by_hand(0x0004),
        b"\x02" + by_hand(0x8004)[1:],
        by_hand(0x8004, dacl=acl(ALLOW))[:-1],
        by_hand(0x8004, dacl=acl(ALLOW[:2] + b"\x09\x00" + ALLOW[4:])),
        by_hand(0x8004, dacl=acl(ALLOW)[:4] + b"\x02\x00" + acl(ALLOW)[6:]),
        by_hand(0x8004, dacl=acl(ace(0, 0, struct.pack("<L", 1) + SYSTEM[:-4]))),
        by_hand(0x8000, owner=SYSTEM[:8]),
        bytes(MAX_BYTES + 1),
    ],
)
def test_what_is_no_descriptor_is_refused(data: bytes) -> None:
    with pytest.raises(BadDescriptor):
        parse(data)


def test_an_object_ace_raises_the_revision() -> None:
    data = pack(Descriptor(0x8004, dacl=(Ace(5, 0, bytes(4) + bytes(4) + SYSTEM),)))
    assert data[20] == 4


sids = st.builds(
    lambda authority, subs: "-".join(map(str, ("S", 1, authority, *subs))),
    st.integers(0, 255),
    st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=15),
)


@given(sids)
def test_sids_agree_with_the_layout(sid: str) -> None:
    assert sid_bytes(sid) == sid_octets(sid)
    assert sid_string(sid_octets(sid)) == sid


@pytest.mark.parametrize(
    "text", ["", "S-1-5", "S-2-5-18", "S-1-5-4294967296", "S-1-5-٣", "S-1-256-1", "s-1-5-18", "S-1-5-"]
)
def test_what_is_no_sid_is_refused(text: str) -> None:
    with pytest.raises(BadDescriptor):
        sid_bytes(text)


aces = st.one_of(
    st.builds(Ace.basic, st.integers(0, 2), st.integers(0, 255), st.integers(0, 0xFFFFFFFF), sids),
    st.builds(
        lambda t, f, words: Ace(t, f, bytes(4) + words),
        st.integers(3, 21),
        st.integers(0, 255),
        st.binary(min_size=1, max_size=16).map(lambda b: b * 4),
    ),
)


@given(st.none() | sids, st.none() | sids, st.none() | st.lists(aces, max_size=6).map(tuple))
def test_packing_loses_nothing(owner: str | None, group: str | None, dacl: tuple[Ace, ...] | None) -> None:
    descriptor = Descriptor(0x8004, owner, group, dacl)
    assert parse(pack(descriptor)) == descriptor
