# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random SIDs, entries, lists and descriptors."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from random import Random

from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    ACCESS_ALLOWED,
    ACCESS_DENIED,
    SYSTEM_AUDIT,
    Ace,
    Acl,
    AnyAce,
    OpaqueAce,
    SecurityDescriptor,
    Sid,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import ace_from_bytes

# A handful of accounts, so that entries of the same account meet.
ACCOUNTS = [Sid.parse(f"S-1-5-21-1-2-3-{rid}") for rid in (1001, 1002, 1003)] + [
    Sid.parse(text) for text in ("S-1-1-0", "S-1-5-11", "S-1-5-18", "S-1-5-32-544")
]
accounts = st.sampled_from(ACCOUNTS)
sids = st.builds(
    Sid,
    st.integers(0, 2**48 - 1),
    st.lists(st.integers(0, 2**32 - 1), max_size=15).map(tuple),
)
file_masks = st.sampled_from(
    [0x1F01FF, 0x1301BF, 0x1200A9, 0x120089, 0x100116, 0x12019F, 0x1, 0x2, 0x10000000, 0x80000000]
) | st.integers(0, 0x1F01FF)
inheritance_flags = st.sampled_from([0, 1, 2, 3, 9, 10, 11, 4 | 3, 4 | 2, 4 | 1])


def aces(flags: st.SearchStrategy[int] = inheritance_flags, *, inherited: bool | None = None) -> st.SearchStrategy[Ace]:
    """Allow and deny entries of the few accounts."""
    origin = st.booleans() if inherited is None else st.just(inherited)
    return st.builds(
        lambda kind, flag, down, mask, sid: Ace(kind, flag | (0x10 if down else 0), mask, sid),
        st.sampled_from([ACCESS_ALLOWED, ACCESS_DENIED]),
        flags,
        origin,
        file_masks,
        accounts,
    )


dacls = st.lists(aces(), max_size=8).map(lambda found: Acl(tuple(found)))
canonical_dacls = dacls.map(lambda acl: acl.canonical())

# Well-formed structures as bytes, made by hand from [MS-DTYP] 2.4, so that whoever reads them had no part in making
# them. Their shape is drawn, and shrinks; what fills it comes out of one drawn seed, which is ten times as fast.
MASK_AND_SID_TYPES = (0x00, 0x01, 0x02, 0x03, 0x11, 0x13, 0x14)
OBJECT_TYPES = (0x05, 0x06, 0x07, 0x08)
CALLBACK_TYPES = (0x09, 0x0A, 0x0D, 0x0E, 0x15)
CALLBACK_OBJECT_TYPES = (0x0B, 0x0C, 0x0F, 0x10)
COMPOUND_TYPE = 0x04
RESOURCE_ATTRIBUTE_TYPE = 0x12
EVERY_TYPE = (
    *MASK_AND_SID_TYPES,
    *OBJECT_TYPES,
    *CALLBACK_TYPES,
    *CALLBACK_OBJECT_TYPES,
    COMPOUND_TYPE,
    RESOURCE_ATTRIBUTE_TYPE,
)
fillings = st.integers(0, 2**64 - 1).map(Random)


DOMAIN = "S-1-5-21-1-2-3"
# Some that text has a short name for, on every host or in that domain.
NAMED_SIDS = [(1, 0), (3, 0), (3, 4), (5, 11), (5, 18), (5, 32, 544), (5, 32, 545), (16, 4096), (16, 12288)] + [
    (5, 21, 1, 2, 3, rid) for rid in (498, 500, 512, 513, 519, 1001)
]


def random_sid(filling: Random, *, named: bool = True) -> bytes:
    """Any SID; every second authority is as small as those in use, and often it is one that has a name."""
    if named and filling.randrange(3) == 0:
        authority, *rest = filling.choice(NAMED_SIDS)
        return bytes((1, len(rest), 0, 0, 0, 0, 0, authority)) + struct.pack(f"<{len(rest)}I", *rest)
    large, count = filling.randrange(2), filling.randrange(16)
    return bytes((1, count)) + filling.randbytes(6 if large else 1).rjust(6, b"\0") + filling.randbytes(4 * count)


def random_entry(filling: Random, ace_type: int, *, data: bool) -> bytes:
    """Any entry of this type; with `data`, up to 8 bytes may stand behind its SID."""
    body = struct.pack("<I", filling.choice([0, 0x1F01FF, 0xFFFFFFFF, filling.getrandbits(32)]))
    if ace_type in OBJECT_TYPES + CALLBACK_OBJECT_TYPES:
        present = filling.randrange(4)
        body += struct.pack("<I", present) + filling.randbytes(16 * present.bit_count())
    elif ace_type == COMPOUND_TYPE:
        body += struct.pack("<HH", 1, 0) + random_sid(filling)
    body += random_sid(filling) + filling.randbytes(4 * filling.randrange(3) if data else 0)
    return struct.pack("<BBH", ace_type, filling.randrange(256), 4 + len(body)) + body


def random_acl(filling: Random, types: Sequence[int], with_data: Collection[int]) -> bytes:
    """A list of entries of these types."""
    body = b"".join(random_entry(filling, kind, data=kind in with_data) for kind in types)
    return struct.pack("<BBHHH", filling.choice([2, 3, 4]), 0, 8 + len(body), len(types), 0) + body


_words = st.binary(max_size=8).map(lambda data: data + bytes(-len(data) % 4))
basic_aces = st.builds(
    Ace,
    st.sampled_from([ACCESS_ALLOWED, ACCESS_DENIED, SYSTEM_AUDIT]),
    st.integers(0, 255),
    st.integers(0, 2**32 - 1),
    sids,
    _words,
)
any_aces: st.SearchStrategy[AnyAce] = st.one_of(
    basic_aces,
    st.builds(OpaqueAce, st.integers(0x16, 255), st.integers(0, 255), _words),
    st.builds(lambda kind, filling: random_entry(filling, kind, data=True), st.sampled_from(EVERY_TYPE), fillings).map(
        ace_from_bytes
    ),
)
"""Entries of every type, known and unknown, with anything behind their SIDs."""


@st.composite
def descriptors(
    draw: st.DrawFn, entries: st.SearchStrategy[AnyAce] = any_aces, min_entries: int = 0
) -> SecurityDescriptor:
    """Any descriptor, every combination of absent, NULL and given lists among them."""
    any_acls = st.builds(Acl, st.lists(entries, min_size=min_entries, max_size=6).map(tuple), st.sampled_from([2, 4]))
    control = draw(st.integers(0, 0x7FFF)) & ~0x0014
    dacl = draw(st.none() | any_acls)
    sacl = draw(st.none() | any_acls)
    if dacl is not None or draw(st.booleans()):
        control |= 0x0004
    if sacl is not None or draw(st.booleans()):
        control |= 0x0010
    return SecurityDescriptor(
        control, draw(st.none() | sids), draw(st.none() | sids), dacl, sacl, draw(st.integers(0, 255))
    )


@st.composite
def descriptor_bytes(
    draw: st.DrawFn, types: Sequence[int], with_data: Collection[int] = (), *, dacl_given: bool = False
) -> bytes:
    """Self-relative descriptors with entries of these types; their parts stand in any order, with gaps between them."""
    lists = st.lists(st.sampled_from(types), max_size=4)
    sacl, dacl = draw(st.none() | lists), draw(lists if dacl_given else st.none() | lists)
    owner, group, control, filling = (
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.integers(0, 0x7FFF)),
        draw(fillings),
    )
    control |= (0 if sacl is None else 0x0010) | (0 if dacl is None else 0x0004)
    parts = [random_sid(filling) if present else None for present in (owner, group)]
    parts += [None if found is None else random_acl(filling, found, with_data) for found in (sacl, dacl)]
    offsets, body = [0] * 4, b""
    for index in filling.sample(range(4), 4):
        part = parts[index]
        if part is not None:
            body += bytes(filling.choice([0, 4]))
            offsets[index] = 20 + len(body)
            body += part
    return struct.pack("<BBHIIII", 1, filling.randrange(256), control | 0x8000, *offsets) + body


# All of UTF-16 but NUL, surrogates without a partner too; joined where two of them make a character.
unicode_text = st.text(st.characters(exclude_characters="\0"), max_size=12).map(
    lambda text: text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
)
