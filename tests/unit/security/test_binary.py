# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-relative form, against impacket's reading and writing of it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from impacket.ldap import ldaptypes

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    OpaqueAce,
    SecurityDescriptor,
    SecurityDescriptorError,
    Sid,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import ace_from_bytes

from .strategies import any_aces, basic_aces, descriptors

BUILTIN_USERS = "010200000000000520000000" + "21020000"


def test_an_allow_entry_as_documented() -> None:
    # [MS-DTYP] 2.4.4.2: type 0, flags OI|CI, size 24, mask GENERIC_READ|GENERIC_EXECUTE, SID of BUILTIN\Users.
    data = bytes.fromhex("00031800" + "000000a0" + BUILTIN_USERS)
    assert ace_from_bytes(data) == Ace(0, 0x03, 0xA0000000, Sid.parse("S-1-5-32-545"))
    assert ace_from_bytes(data).to_bytes() == data


@given(descriptors())
def test_round_trip(descriptor: SecurityDescriptor) -> None:
    assert SecurityDescriptor.from_bytes(descriptor.to_bytes()) == descriptor


@given(descriptors(basic_aces, min_entries=1))  # impacket knows fewer types, and takes an empty list for none
def test_impacket_reads_what_we_write(descriptor: SecurityDescriptor) -> None:
    assume(descriptor.dacl is not None)  # without a DACL, impacket drops the SACL
    theirs = ldaptypes.SR_SECURITY_DESCRIPTOR(data=descriptor.to_bytes())
    assert theirs["Control"] == descriptor.control | 0x8000
    for ours, name in ((descriptor.owner, "OwnerSid"), (descriptor.group, "GroupSid")):
        assert (theirs[name].getData() if ours else theirs[name]) == (ours.to_bytes() if ours else b"")
    for ours, name in ((descriptor.dacl, "Dacl"), (descriptor.sacl, "Sacl")):
        if ours is None:
            assert theirs[name] == b""
            continue
        assert theirs[name]["AclRevision"] == ours.revision
        assert [(a["AceType"], a["AceFlags"]) for a in theirs[name].aces] == [(a.ace_type, a.flags) for a in ours]
        for their_ace, our_ace in zip(theirs[name].aces, ours, strict=True):
            assert isinstance(our_ace, Ace)
            assert their_ace["Ace"]["Mask"]["Mask"] == our_ace.mask
            assert their_ace["Ace"]["Sid"].getData() == our_ace.sid.to_bytes()


@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(0, 255), st.integers(0, 2**32 - 1)), max_size=5))
def test_we_read_what_impacket_writes(entries: list[tuple[int, int, int]]) -> None:
    theirs = ldaptypes.SR_SECURITY_DESCRIPTOR()
    theirs["Revision"], theirs["Sbz1"], theirs["Control"] = b"\x01", b"\x00", 0x8004
    theirs["OwnerSid"] = ldaptypes.LDAP_SID()
    theirs["OwnerSid"].fromCanonical("S-1-5-32-544")
    theirs["GroupSid"], theirs["Sacl"] = b"", b""
    acl = ldaptypes.ACL()
    acl["AclRevision"], acl["Sbz1"], acl["Sbz2"] = 2, 0, 0
    acl.aces = []
    for kind, flags, mask in entries:
        ace = ldaptypes.ACE()
        ace["AceType"], ace["AceFlags"] = kind, flags
        body = ldaptypes.ACCESS_DENIED_ACE() if kind else ldaptypes.ACCESS_ALLOWED_ACE()
        body["Mask"] = ldaptypes.ACCESS_MASK()
        body["Mask"]["Mask"] = mask
        body["Sid"] = ldaptypes.LDAP_SID()
        body["Sid"].fromCanonical("S-1-1-0")
        ace["Ace"] = body
        acl.aces.append(ace)
    theirs["Dacl"] = acl
    ours = SecurityDescriptor.from_bytes(theirs.getData())
    assert ours.dacl is not None
    assert ours.owner == Sid.parse("S-1-5-32-544")
    everyone = Sid.parse("S-1-1-0")
    assert ours.dacl.aces == tuple(Ace(kind, flags, mask, everyone) for kind, flags, mask in entries)


@given(any_aces)
def test_every_type_is_carried_byte_for_byte(ace: Ace | OpaqueAce) -> None:
    assert ace_from_bytes(ace.to_bytes()).to_bytes() == ace.to_bytes()


def test_absent_null_and_empty_dacl_are_three_things() -> None:
    absent, null, empty = SecurityDescriptor(), SecurityDescriptor(4), SecurityDescriptor(4, dacl=Acl())
    assert [d.has_dacl for d in (absent, null, empty)] == [False, True, True]
    assert [d.dacl_grants_everything for d in (absent, null, empty)] == [True, True, False]
    encoded = [d.to_bytes() for d in (absent, null, empty)]
    # Control bits 0x8000 and 0x8004; a DACL offset of 0 or of 20, where an ACL header of 8 bytes follows.
    assert [struct.unpack_from("<H", data, 2)[0] for data in encoded] == [0x8000, 0x8004, 0x8004]
    assert [struct.unpack_from("<I", data, 16)[0] for data in encoded] == [0, 0, 20]
    assert [SecurityDescriptor.from_bytes(data) for data in encoded] == [absent, null, empty]


def test_slack_behind_the_last_entry_is_accepted() -> None:
    acl = Acl.from_bytes(struct.pack("<BBHHH", 2, 0, 16, 0, 0) + bytes(8))
    assert acl == Acl()


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        descriptor = SecurityDescriptor.from_bytes(data)
    except SecurityDescriptorError:
        return
    assert SecurityDescriptor.from_bytes(descriptor.to_bytes()) == descriptor


@given(descriptors(), st.integers(0, 400), st.integers(0, 255))
def test_damaged_bytes_are_read_or_refused(descriptor: SecurityDescriptor, position: int, value: int) -> None:
    data = bytearray(descriptor.to_bytes())
    data[position % len(data)] = value
    try:
        read = SecurityDescriptor.from_bytes(bytes(data))
    except SecurityDescriptorError:
        return
    assert SecurityDescriptor.from_bytes(read.to_bytes()) == read


def test_a_list_that_the_control_bits_deny_is_refused() -> None:
    with pytest.raises(SecurityDescriptorError, match="control bits"):
        SecurityDescriptor(0, dacl=Acl())


def test_an_acl_of_more_than_64_kib_is_refused() -> None:
    ace = Ace(0, 0, 1, Sid.parse("S-1-5-32-544"))  # 24 bytes
    assert len(Acl((ace,) * 2730).to_bytes()) == 8 + 2730 * 24
    with pytest.raises(SecurityDescriptorError, match="65535"):
        Acl((ace,) * 2731).to_bytes()


def test_a_file_descriptor_as_windows_lays_it_out() -> None:
    descriptor = parse_sddl("O:BAG:SYD:AI(A;ID;FA;;;SY)")
    system = "010100000000000512000000"
    administrators = "01020000000000052000000020020000"
    dacl = "02001c0001000000" + "00101400" + "ff011f00" + system
    # Revision 1, control SELF_RELATIVE | AUTO_INHERITED | PRESENT, owner at 48, group at 64, no SACL, DACL at 20.
    header = "01000484" + "30000000" + "40000000" + "00000000" + "14000000"
    assert descriptor.to_bytes() == bytes.fromhex(header + dacl + administrators + system)


def test_an_empty_list_is_not_mistaken_for_none() -> None:
    assert Acl()
    assert len(Acl()) == 0
