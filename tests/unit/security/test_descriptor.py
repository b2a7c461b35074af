# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-relative form of a descriptor, against what impacket reads and writes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from impacket.ldap import ldaptypes

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    SecurityDescriptor,
    SecurityDescriptorError,
    Sid,
    parse_sddl,
)

from .binary import EVERYONE_ENTRY, acl_header, header
from .strategies import basic_aces, descriptors


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


def test_absent_null_and_empty_dacl_are_three_things() -> None:
    absent, null, empty = SecurityDescriptor(), SecurityDescriptor(4), SecurityDescriptor(4, dacl=Acl())
    assert [d.has_dacl for d in (absent, null, empty)] == [False, True, True]
    assert [d.dacl is None for d in (absent, null, empty)] == [True, True, False]
    encoded = [d.to_bytes() for d in (absent, null, empty)]
    # Control bits 0x8000 and 0x8004; a DACL offset of 0 or of 20, where an ACL header of 8 bytes follows.
    assert [struct.unpack_from("<H", data, 2)[0] for data in encoded] == [0x8000, 0x8004, 0x8004]
    assert [struct.unpack_from("<I", data, 16)[0] for data in encoded] == [0, 0, 20]
    assert [SecurityDescriptor.from_bytes(data) for data in encoded] == [absent, null, empty]


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


def test_a_file_descriptor_as_windows_lays_it_out() -> None:
    descriptor = parse_sddl("O:BAG:SYD:AI(A;ID;FA;;;SY)")
    system = "010100000000000512000000"
    administrators = "01020000000000052000000020020000"
    dacl = "02001c0001000000" + "00101400" + "ff011f00" + system
    # Revision 1, control SELF_RELATIVE | AUTO_INHERITED | PRESENT, owner at 48, group at 64, no SACL, DACL at 20.
    header = "01000484" + "30000000" + "40000000" + "00000000" + "14000000"
    assert descriptor.to_bytes() == bytes.fromhex(header + dacl + administrators + system)


ADMINISTRATORS = bytes.fromhex("01020000000000052000000020020000")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        header()[:19],
        header(revision=0),
        header(revision=2),
        header(control=0x0000),
        header(control=0x7FFF),
    ],
    ids=["nothing", "short", "revision 0", "revision 2", "absolute", "absolute, every other bit"],
)
def test_a_malformed_descriptor_header_is_refused(data: bytes) -> None:
    with pytest.raises(SecurityDescriptorError):
        SecurityDescriptor.from_bytes(data)


@pytest.mark.parametrize("part", ["owner", "group", "sacl", "dacl"])
@pytest.mark.parametrize("offset", [1, 19, 20 + 16, 0xFFFFFFFF])
def test_an_offset_outside_the_descriptor_is_refused(part: str, offset: int) -> None:
    data = header(control=0x8014, **{part: offset}) + ADMINISTRATORS
    with pytest.raises(SecurityDescriptorError, match=f"offset {offset} is outside"):
        SecurityDescriptor.from_bytes(data)


def test_parts_may_stand_in_any_order() -> None:
    acl, entries = acl_header(8, 0), acl_header(28, 1) + EVERYONE_ENTRY
    data = header(control=0x8014, owner=56, group=20, sacl=36, dacl=72) + ADMINISTRATORS
    data += acl + bytes(12) + ADMINISTRATORS.replace(b"\x20\x02", b"\x21\x02") + entries
    found = SecurityDescriptor.from_bytes(data)
    assert (str(found.owner), str(found.group)) == ("S-1-5-32-545", "S-1-5-32-544")
    assert (found.sacl, found.dacl) == (Acl(), Acl((Ace(0, 0, 0x1F01FF, Sid.parse("S-1-1-0")),)))


def test_a_list_that_the_control_bits_call_absent_is_not_read() -> None:
    data = header(control=0x8000, sacl=20, dacl=20) + acl_header(8, 0)
    assert SecurityDescriptor.from_bytes(data) == SecurityDescriptor()
    # Each list has a bit of its own ([MS-DTYP] 2.4.6: DP is 0x0004, SP is 0x0010).
    only_sacl = SecurityDescriptor.from_bytes(header(control=0x8010, sacl=20, dacl=20) + acl_header(8, 0))
    assert (only_sacl.sacl, only_sacl.dacl, only_sacl.has_dacl) == (Acl(), None, False)
    with pytest.raises(SecurityDescriptorError, match="SACL"):
        SecurityDescriptor(0x4, sacl=Acl())


@pytest.mark.parametrize("control", [-1, ~0x8000, 0x8000, 0x8004, 0x10000])
def test_control_bits_that_cannot_be_are_refused(control: int) -> None:
    with pytest.raises(SecurityDescriptorError, match="control"):
        SecurityDescriptor(control)


def test_every_other_bit_of_the_header_is_carried() -> None:
    data = header(control=0xFFFF, sbz1=0xA5)
    found = SecurityDescriptor.from_bytes(data)
    assert (found.control, found.resource_manager_control) == (0x7FFF, 0xA5)
    assert found.to_bytes() == data


@pytest.mark.parametrize(
    ("control", "protected", "after"),
    [
        (0x0000, None, 0x0004),
        (0x1404, None, 0x1404),
        (0x0404, None, 0x0404),
        (0x0404, True, 0x1404),
        (0x1404, True, 0x1404),
        (0x1404, False, 0x0404),
        (0x0404, False, 0x0404),
    ],
)
def test_a_new_dacl_keeps_the_other_control_bits(control: int, protected: bool | None, after: int) -> None:
    owner, dacl = Sid.parse("S-1-5-18"), Acl((Ace(0, 0, 1, Sid.parse("S-1-1-0")),))
    found = SecurityDescriptor(control, owner).with_dacl(dacl, protected=protected)
    assert found == SecurityDescriptor(after, owner, dacl=dacl)
    assert found.dacl_protected == bool(after & 0x1000)


def test_an_acl_of_the_largest_size_is_read() -> None:
    # AclSize is 16 bits ([MS-DTYP] 2.4.5), and slack behind the entries counts in.
    data = header(control=0x8004, dacl=20) + acl_header(0xFFFF, 1) + EVERYONE_ENTRY + bytes(0xFFFF - 28)
    found = SecurityDescriptor.from_bytes(data)
    assert found.dacl == Acl((Ace(0, 0, 0x1F01FF, Sid.parse("S-1-1-0")),))
    with pytest.raises(SecurityDescriptorError):
        SecurityDescriptor.from_bytes(data[:-1])
