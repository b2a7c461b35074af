# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of every type, byte by byte as [MS-DTYP] 2.4.4 lays them out."""

from __future__ import annotations

import struct
from uuid import UUID

import pytest
from hypothesis import given

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import ace as types
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import (
    APPLIES_TO,
    Ace,
    CompoundAce,
    ConditionalAce,
    ObjectAce,
    OpaqueAce,
    ResourceAttributeAce,
    ace_from_bytes,
    describe_flags,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.errors import SecurityDescriptorError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.sid import Sid

from .strategies import any_aces

EVERYONE, SYSTEM = Sid.parse("S-1-1-0"), Sid.parse("S-1-5-18")
EVERYONE_BYTES, SYSTEM_BYTES = bytes.fromhex("010100000000000100000000"), bytes.fromhex("010100000000000512000000")
MASK = 0x1F01FF
MASK_BYTES = bytes.fromhex("ff011f00")
# The first fields of a GUID are little-endian ([MS-DTYP] 2.3.4.2).
PASSWORD, USER = UUID("00299570-246d-11d0-a768-00aa006e0529"), UUID("bf967aba-0de6-11d0-a285-00aa003049e2")
PASSWORD_BYTES = bytes.fromhex("70952900 6d24 d011 a768 00aa006e0529")
USER_BYTES = bytes.fromhex("ba7a96bf e60d d011 a285 00aa003049e2")


def entry(ace_type: int, body: bytes, flags: int = 0x13) -> bytes:
    return bytes((ace_type, flags)) + struct.pack("<H", 4 + len(body)) + body


# The table of AceType in [MS-DTYP] 2.4.4.1; 0x04, 0x14 and 0x15 as in winnt.h of the Windows SDK.
TYPES = {
    0x00: ("ACCESS_ALLOWED", Ace),
    0x01: ("ACCESS_DENIED", Ace),
    0x02: ("SYSTEM_AUDIT", Ace),
    0x03: ("SYSTEM_ALARM", Ace),
    0x04: ("ACCESS_ALLOWED_COMPOUND", CompoundAce),
    0x05: ("ACCESS_ALLOWED_OBJECT", ObjectAce),
    0x06: ("ACCESS_DENIED_OBJECT", ObjectAce),
    0x07: ("SYSTEM_AUDIT_OBJECT", ObjectAce),
    0x08: ("SYSTEM_ALARM_OBJECT", ObjectAce),
    0x09: ("ACCESS_ALLOWED_CALLBACK", ConditionalAce),
    0x0A: ("ACCESS_DENIED_CALLBACK", ConditionalAce),
    0x0B: ("ACCESS_ALLOWED_CALLBACK_OBJECT", ObjectAce),
    0x0C: ("ACCESS_DENIED_CALLBACK_OBJECT", ObjectAce),
    0x0D: ("SYSTEM_AUDIT_CALLBACK", ConditionalAce),
    0x0E: ("SYSTEM_ALARM_CALLBACK", ConditionalAce),
    0x0F: ("SYSTEM_AUDIT_CALLBACK_OBJECT", ObjectAce),
    0x10: ("SYSTEM_ALARM_CALLBACK_OBJECT", ObjectAce),
    0x11: ("SYSTEM_MANDATORY_LABEL", Ace),
    0x12: ("SYSTEM_RESOURCE_ATTRIBUTE", ResourceAttributeAce),
    0x13: ("SYSTEM_SCOPED_POLICY_ID", Ace),
    0x14: ("SYSTEM_PROCESS_TRUST_LABEL", Ace),
    0x15: ("SYSTEM_ACCESS_FILTER", ConditionalAce),
}


@pytest.mark.parametrize("ace_type", TYPES)
def test_every_documented_type_is_read_as_what_it_is(ace_type: int) -> None:
    name, layout = TYPES[ace_type]
    assert getattr(types, name) == ace_type
    body = MASK_BYTES
    if layout is ObjectAce:
        body += bytes(4)
    if layout is CompoundAce:
        body += bytes.fromhex("01000000") + SYSTEM_BYTES
    data = entry(ace_type, body + EVERYONE_BYTES + b"data")
    found = ace_from_bytes(data)
    assert found.__class__ is layout
    assert not isinstance(found, OpaqueAce)
    assert (found.ace_type, found.flags, found.mask, found.sid, found.data) == (ace_type, 0x13, MASK, EVERYONE, b"data")
    assert found.inherited
    assert found.allows == (ace_type in (0x00, 0x05, 0x09, 0x0B))
    assert found.denies == (ace_type in (0x01, 0x06, 0x0A, 0x0C))
    assert found.to_bytes() == data


@pytest.mark.parametrize("ace_type", [0x16, 0x7F, 0xFF])
def test_types_that_nobody_documents_are_carried(ace_type: int) -> None:
    data = entry(ace_type, b"body")
    assert ace_from_bytes(data) == OpaqueAce(ace_type, 0x13, b"body")
    assert ace_from_bytes(data).to_bytes() == data


@pytest.mark.parametrize(
    ("flags", "kinds", "object_type", "inherited_type"),
    [
        (0, b"", None, None),
        (1, PASSWORD_BYTES, PASSWORD, None),
        (2, USER_BYTES, None, USER),
        (3, PASSWORD_BYTES + USER_BYTES, PASSWORD, USER),
        (0x80000006, USER_BYTES, None, USER),
    ],
)
def test_the_object_types_that_the_flags_announce(
    flags: int, kinds: bytes, object_type: UUID | None, inherited_type: UUID | None
) -> None:
    data = entry(0x05, MASK_BYTES + struct.pack("<I", flags) + kinds + EVERYONE_BYTES + b"data")
    expected = ObjectAce(0x05, 0x13, MASK, EVERYONE, object_type, inherited_type, b"data", flags & ~3)
    assert ace_from_bytes(data) == expected
    assert expected.to_bytes() == data


def test_a_compound_entry_names_the_server_before_the_client() -> None:
    data = entry(0x04, MASK_BYTES + bytes.fromhex("0200a55a") + SYSTEM_BYTES + EVERYONE_BYTES + b"data")
    expected = CompoundAce(0x04, 0x13, MASK, EVERYONE, SYSTEM, 2, 0x5AA5, b"data")
    assert ace_from_bytes(data) == expected
    assert expected.to_bytes() == data
    # 1 is COMPOUND_ACE_IMPERSONATION, the only kind that there is.
    assert CompoundAce(0x04, 0, MASK, EVERYONE, SYSTEM).to_bytes()[8:12] == bytes.fromhex("01000000")


WHOLE = {
    0x05: MASK_BYTES + struct.pack("<I", 3) + PASSWORD_BYTES + USER_BYTES + EVERYONE_BYTES,
    0x04: MASK_BYTES + bytes.fromhex("01000000") + SYSTEM_BYTES + EVERYONE_BYTES,
    0x09: MASK_BYTES + EVERYONE_BYTES,
    0x12: MASK_BYTES + EVERYONE_BYTES,
}


@pytest.mark.parametrize(
    ("ace_type", "length"), [(kind, length) for kind, body in WHOLE.items() for length in range(0, len(body), 4)]
)
def test_an_entry_that_ends_early_is_carried_as_it_is(ace_type: int, length: int) -> None:
    body = WHOLE[ace_type][:length]
    assert ace_from_bytes(entry(ace_type, body)) == OpaqueAce(ace_type, 0x13, body)


@pytest.mark.parametrize("ace_type", WHOLE)
def test_an_entry_of_an_odd_size_is_refused(ace_type: int) -> None:
    body = WHOLE[ace_type]
    for length in (number for number in range(len(body)) if number % 4):
        with pytest.raises(SecurityDescriptorError):
            ace_from_bytes(entry(ace_type, body[:length]))


@pytest.mark.parametrize("length", range(0, 16, 4))
def test_a_plain_entry_that_ends_early_is_refused(length: int) -> None:
    with pytest.raises(SecurityDescriptorError):
        ace_from_bytes(entry(0x00, (MASK_BYTES + EVERYONE_BYTES)[:length]))


@pytest.mark.parametrize(
    "data", [b"", b"\x16\x00\x04", b"\x16\x00\x08\x00", b"\x16\x00\x04\x00body", b"\x16\x00\x00\x00"]
)
def test_bytes_of_another_size_than_the_entry_says_are_refused(data: bytes) -> None:
    with pytest.raises(SecurityDescriptorError, match="does not match its length"):
        ace_from_bytes(data)


@pytest.mark.parametrize(
    ("layout", "arguments"),
    [
        (Ace, (-1, 0, 0, EVERYONE)),
        (Ace, (0, -1, 0, EVERYONE)),
        (Ace, (0, 256, 0, EVERYONE)),
        (Ace, (0, 0, -1, EVERYONE)),
        (Ace, (0, 0, 2**32, EVERYONE)),
        (Ace, (0, 0, 0, EVERYONE, b"odd")),
        (OpaqueAce, (-1, 0, b"")),
        (OpaqueAce, (256, 0, b"")),
        (OpaqueAce, (0x16, 256, b"")),
        (OpaqueAce, (0x16, 0, b"odd")),
        (ObjectAce, (5, 0, 0, EVERYONE, None, None, b"", -1)),
        (ObjectAce, (5, 0, 0, EVERYONE, None, None, b"", ~3)),
        (ObjectAce, (5, 0, 0, EVERYONE, None, None, b"", 2**32)),
        (ObjectAce, (5, 0, 0, EVERYONE, None, None, b"", 1)),
        (ObjectAce, (5, 0, 0, EVERYONE, None, None, b"", 2)),
        (ObjectAce, (5, 0, 2**32, EVERYONE)),
    ],
)
def test_values_that_no_entry_can_hold_are_refused(layout: type, arguments: tuple[object, ...]) -> None:
    with pytest.raises(SecurityDescriptorError):
        layout(*arguments)


@pytest.mark.parametrize("ace_type", [*TYPES, 0x16])
def test_a_type_comes_in_its_own_layout_only(ace_type: int) -> None:
    fitting = TYPES.get(ace_type, ("", OpaqueAce))[1]
    for layout, rest in (
        (Ace, (0, EVERYONE)),
        (ConditionalAce, (0, EVERYONE)),
        (ResourceAttributeAce, (0, EVERYONE)),
        (ObjectAce, (0, EVERYONE)),
        (CompoundAce, (0, EVERYONE, SYSTEM)),
    ):
        if layout is fitting:
            assert layout(ace_type, 0, *rest).ace_type == ace_type
        else:
            with pytest.raises(SecurityDescriptorError, match="does not have the layout"):
                layout(ace_type, 0, *rest)


@pytest.mark.parametrize("ace_type", [kind for kind, (_name, layout) in TYPES.items() if layout is Ace])
def test_a_plain_type_is_never_opaque(ace_type: int) -> None:
    with pytest.raises(SecurityDescriptorError, match="does not have the layout"):
        OpaqueAce(ace_type, 0, b"")


def test_the_largest_values() -> None:
    found = Ace(0, 255, 2**32 - 1, EVERYONE)
    assert found.to_bytes() == bytes.fromhex("00ff1400ffffffff") + EVERYONE_BYTES
    assert OpaqueAce(255, 255, b"").to_bytes() == bytes.fromhex("ffff0400")
    assert (
        ObjectAce(5, 0, 2**32 - 1, EVERYONE, other_flags=0xFFFFFFFC).to_bytes()[4:12]
        == b"\xff" * 4 + b"\xfc\xff\xff\xff"
    )


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (0x00, "this folder only"),
        (0x03, "this folder, subfolders and files"),
        (0x02, "this folder and subfolders"),
        (0x01, "this folder and files"),
        (0x0B, "subfolders and files only"),
        (0x0A, "subfolders only"),
        (0x09, "files only"),
        (0x07, "this folder, subfolders and files, one level"),
        (0x0D, "files only, one level"),
        (0x13, "this folder, subfolders and files"),
        (0xC0, "this folder only"),
        (0x04, "this folder only"),
        (0x08, "nothing"),
    ],
)
def test_applies_to_in_windows_words(flags: int, words: str) -> None:
    # [MS-DTYP] 2.4.4.1: OI 0x01, CI 0x02, NP 0x04, IO 0x08, ID 0x10, and the audit flags 0x40 and 0x80.
    assert describe_flags(flags) == words
    if flags in (0x00, 0x01, 0x02, 0x03, 0x09, 0x0A, 0x0B):
        assert APPLIES_TO[words] == flags


def test_an_inherited_entry_made_explicit_is_otherwise_the_same() -> None:
    assert Ace(0, 0xDB, MASK, EVERYONE, b"data").without_inherited_flag() == Ace(0, 0xCB, MASK, EVERYONE, b"data")
    explicit = Ace(0, 0xCB, MASK, EVERYONE)
    assert explicit.without_inherited_flag() == explicit
    assert not explicit.inherited


def test_generic_bits_of_an_entry_stay_and_its_rights_are_the_file_rights() -> None:
    found = Ace(0, 0, 0x80000000, EVERYONE)
    assert (found.mask, found.rights) == (0x80000000, 0x120089)


def test_the_flags_are_the_documented_ones() -> None:
    # [MS-DTYP] 2.4.4.1, AceFlags; those of inheritance without INHERITED_ACE are the lowest four.
    found = (types.OBJECT_INHERIT, types.CONTAINER_INHERIT, types.NO_PROPAGATE, types.INHERIT_ONLY, types.INHERITED)
    assert found == (0x01, 0x02, 0x04, 0x08, 0x10)
    assert types.INHERITANCE_FLAGS == 0x0F


BUILTIN_USERS = "010200000000000520000000" + "21020000"


def test_an_allow_entry_as_documented() -> None:
    # [MS-DTYP] 2.4.4.2: type 0, flags OI|CI, size 24, mask GENERIC_READ|GENERIC_EXECUTE, SID of BUILTIN\Users.
    data = bytes.fromhex("00031800" + "000000a0" + BUILTIN_USERS)
    assert ace_from_bytes(data) == Ace(0, 0x03, 0xA0000000, Sid.parse("S-1-5-32-545"))
    assert ace_from_bytes(data).to_bytes() == data


@given(any_aces)
def test_every_type_is_carried_byte_for_byte(ace: Ace | OpaqueAce) -> None:
    assert ace_from_bytes(ace.to_bytes()).to_bytes() == ace.to_bytes()


def test_the_longest_entry_and_the_next_longer_one() -> None:
    everyone = Sid.parse("S-1-1-0")
    longest = Ace(0, 0, 1, everyone, bytes(65532 - 20))
    assert ace_from_bytes(longest.to_bytes()) == longest
    with pytest.raises(SecurityDescriptorError, match="at most 65535 bytes, not 65536"):
        Ace(0, 0, 1, everyone, bytes(65536 - 20)).to_bytes()
