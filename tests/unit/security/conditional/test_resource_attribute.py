# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource attributes in bytes and text."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.resource_attribute import (
    ResourceAttribute,
    ValueType,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.text import (
    format_resource_attribute,
    parse_resource_attribute_text,
)

from ..strategies import sids, unicode_text

names = unicode_text.filter(bool)
VALUES = {
    ValueType.INT64: st.integers(-(2**63), 2**63 - 1),
    ValueType.UINT64: st.integers(0, 2**64 - 1),
    ValueType.STRING: unicode_text.filter(lambda text: '"' not in text),
    ValueType.SID: sids,
    ValueType.BOOLEAN: st.booleans(),
    ValueType.OCTET_STRING: st.binary(min_size=1, max_size=8),
}
flags = st.sampled_from([0, 1, 2, 0x3F, 0x00010000, 0xFFFF0002])


@st.composite
def attributes(draw: st.DrawFn) -> ResourceAttribute:
    value_type = draw(st.sampled_from(ValueType))
    values = tuple(draw(st.lists(VALUES[value_type], max_size=4)))
    return ResourceAttribute(draw(names), value_type, draw(flags), values)


# What Windows Server 2022 makes of SDDL, as published with Samba's tests (libcli/security/tests).
FROM_WINDOWS = [
    (
        '("colour",TS,0,"blue", "red")',
        ResourceAttribute("colour", ValueType.STRING, 0, ("blue", "red")),
        "18000000 0300 0000 00000000 02000000 26000000 30000000"
        "63006f006c006f007500720000 00 62006c00750065000000 720065006400 0000",
    ),
    (
        '("colOIr",TU,0xe,29925)',
        ResourceAttribute("colOIr", ValueType.UINT64, 0xE, (29925,)),
        "14000000 0200 0000 0e000000 01000000 22000000 63006f006c004f00490072000000 e574000000000000 0000",
    ),
]


@pytest.mark.parametrize(("text", "attribute", "data"), FROM_WINDOWS)
def test_as_windows_encodes_it(text: str, attribute: ResourceAttribute, data: str) -> None:
    assert parse_resource_attribute_text(text) == attribute
    assert attribute.to_bytes() == bytes.fromhex(data)
    assert ResourceAttribute.from_bytes(bytes.fromhex(data)) == attribute


def test_octets_as_windows_encodes_them() -> None:
    # The offsets of the example of six octet strings behind a name of 100 characters.
    octets = [bytes.fromhex(digits) for digits in ("0077", "0077777183689662959300000000000007", "007777", "0077")]
    octets += [bytes.fromhex("007777")] * 2
    attribute = ResourceAttribute("x" * 100, ValueType.OCTET_STRING, 0, tuple(octets))
    data = attribute.to_bytes()
    assert struct.unpack_from("<I", data) == (0x28,)
    assert struct.unpack_from("<6I", data, 16) == (0xF2, 0xF8, 0x10D, 0x114, 0x11A, 0x121)
    assert data[0xF2:0xFE] == bytes.fromhex("02000000 0077 11000000 0077")


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        # The example of Microsoft, "ACE strings".
        ('("Project",TS,0,"Windows","SQL")', ResourceAttribute("Project", ValueType.STRING, 0, ("Windows", "SQL"))),
        ('( "Secrecy" , TU , 0x0 , 3 )', ResourceAttribute("Secrecy", ValueType.UINT64, 0, (3,))),
        ('("n",TI,0x2,-1,+2,0x10,010)', ResourceAttribute("n", ValueType.INT64, 2, (-1, 2, 16, 8))),
        ('("n",TB,0x0,0,1)', ResourceAttribute("n", ValueType.BOOLEAN, 0, (False, True))),
        (
            '("n",td,0x0,BA,s-1-5-18)',
            ResourceAttribute("n", ValueType.SID, 0, (Sid(5, (32, 544)), Sid(5, (18,)))),
        ),
        # Windows counts "#" as a zero, and puts one before an odd number of digits.
        (
            '("n",TX,0,abc,#12,f##)',
            ResourceAttribute("n", ValueType.OCTET_STRING, 0, (b"\x0a\xbc", b"\0\x12", b"\x0f\0")),
        ),
        ('("a%0020b%d83d%de00",TS,0)', ResourceAttribute("a b\U0001f600", ValueType.STRING, 0, ())),
    ],
)
def test_text_is_read(text: str, attribute: ResourceAttribute) -> None:
    assert parse_resource_attribute_text(text) == attribute


def test_text_as_windows_writes_it() -> None:
    assert format_resource_attribute(FROM_WINDOWS[0][1]) == '("colour",TS,0x0,"blue","red")'
    assert format_resource_attribute(FROM_WINDOWS[1][1]) == '("colOIr",TU,0xe,29925)'
    sids = ResourceAttribute("n", ValueType.SID, 0, (Sid(5, (32, 544)), Sid(5, (21, 1, 2, 3))))
    assert format_resource_attribute(sids) == '("n",TD,0x0,BA,S-1-5-21-1-2-3)'
    control = ResourceAttribute("r\x16%", ValueType.OCTET_STRING, 0, (b"\0\x77", b"\0"))
    assert format_resource_attribute(control) == '("r%0016%0025",TX,0x0,0077,00)'


@given(attributes())
def test_bytes_and_text_hold_the_same(attribute: ResourceAttribute) -> None:
    assert ResourceAttribute.from_bytes(attribute.to_bytes()) == attribute
    assert len(attribute.to_bytes()) % 4 == 0
    assert parse_resource_attribute_text(format_resource_attribute(attribute)) == attribute


def laid_out(*parts: str) -> bytes:
    return bytes.fromhex("".join(parts))


def test_another_layout_is_kept() -> None:
    # The value before the name, a reserved field that is to be ignored, four bytes of slack.
    data = laid_out("1c000000 0100 1234 00000000 01000000 14000000", "ffffffffffffffff", "6e000000", "00000000")
    attribute = ResourceAttribute.from_bytes(data)
    assert (attribute.name, attribute.value_type, attribute.values) == ("n", ValueType.INT64, (-1,))
    assert attribute.to_bytes() == data
    with pytest.raises(SecurityDescriptorError, match="SDDL cannot express"):
        format_resource_attribute(attribute)
    unpadded = bytes.fromhex(FROM_WINDOWS[1][2])[:-2]
    assert ResourceAttribute.from_bytes(unpadded).to_bytes() == unpadded


@pytest.mark.parametrize("octets", [b"S-1-5-18", b"S-1-5-18\0", Sid(5, (18,)).to_bytes()])
def test_sids_as_text_and_in_binary(octets: bytes) -> None:
    head = laid_out("14000000 0500 0000 00000000 01000000 18000000 6e000000")
    data = head + struct.pack("<I", len(octets)) + octets
    data += bytes(-len(data) % 4)
    attribute = ResourceAttribute.from_bytes(data)
    assert attribute.values == (Sid(5, (18,)),)
    assert attribute.to_bytes() == data


def test_overlapping_values_do_not_multiply() -> None:
    # 4,000 offsets to the same 40,000 characters would be 160 million.
    count = 4000
    name = 16 + 4 * count
    head = struct.pack("<IHHII", name, 3, 0, 0, count) + struct.pack("<I", name) * count
    with pytest.raises(SecurityDescriptorError, match="overlap"):
        ResourceAttribute.from_bytes(head + b"x\0" * 20_000 + b"\0\0")


@pytest.mark.parametrize(
    ("kind", "offsets", "values"),
    [
        ("0100", "1c000000 1c000000", "0100000000000000"),
        ("0200", "1c000000 1c000000", "0100000000000000"),
        ("0300", "1c000000 1c000000", "0000"),
        ("0600", "1c000000 1c000000", "0100000000000000"),
        # The one octet of the first value begins the length of the second.
        ("1000", "1c000000 20000000", "01000000 01 000000 ff"),
    ],
    ids=["INT64", "UINT64", "STRING", "BOOLEAN", "one octet"],
)
def test_values_overlap_by_little(kind: str, offsets: str, values: str) -> None:
    with pytest.raises(SecurityDescriptorError, match="overlap"):
        ResourceAttribute.from_bytes(laid_out("18000000", kind, "0000 00000000 02000000", offsets, "6e000000", values))


def test_the_largest_attribute() -> None:
    # Header 16, offset 4, name 4, length 4: 28 bytes, then the octets; an entry has a multiple of 4.
    largest = ResourceAttribute("n", ValueType.OCTET_STRING, 0, (bytes(65532 - 28),))
    assert len(largest.to_bytes()) == 65532
    assert ResourceAttribute.from_bytes(largest.to_bytes()) == largest
    with pytest.raises(SecurityDescriptorError, match="at most 65535 bytes"):
        ResourceAttribute("n", ValueType.OCTET_STRING, 0, (bytes(65533 - 28),)).to_bytes()
    slack = largest.to_bytes() + bytes(3)
    assert ResourceAttribute.from_bytes(slack).to_bytes() == slack
    with pytest.raises(SecurityDescriptorError, match="cannot have 65536 bytes"):
        ResourceAttribute.from_bytes(slack + bytes(1))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("", "0 bytes"),
        ("10000000 0300 0000 00000000 ffffffff", "no room"),
        ("20000000 0300 0000 00000000 04000000 6e0000000000000000000000", "no room"),
        ("10000000 0400 0000 00000000 00000000 6e000000", "type 4"),
        ("10000000 0300 0000 00000000 00000000 6e006e00", "no end"),
        ("10000000 0300 0000 00000000 00000000 00000000", "empty"),
        ("10000000 0300 0000 40000000 00000000 6e000000", "flags 0x40"),
        ("ffffffff 0300 0000 00000000 00000000 6e000000", "no end"),
        ("14000000 0100 0000 00000000 01000000 18000000 6e000000 0000", "inside a number"),
        ("14000000 0600 0000 00000000 01000000 18000000 6e000000 0200000000000000", "not 2"),
        ("14000000 1000 0000 00000000 01000000 18000000 6e000000 ffffffff", "inside a value"),
        ("14000000 1000 0000 00000000 01000000 18000000 6e000000 ff", "before the length"),
        ("14000000 1000 0000 00000000 01000000 18000000 6e000000 ffffff", "before the length"),
        ("14000000 0500 0000 00000000 01000000 18000000 6e000000 02000000 4241", "not a SID"),
        ("14000000 0500 0000 00000000 01000000 18000000 6e000000 0d000000 01010000000000051200000000", "after a SID"),
    ],
)
def test_malformed_bytes(data: str, problem: str) -> None:
    with pytest.raises(SecurityDescriptorError, match=problem):
        ResourceAttribute.from_bytes(bytes.fromhex(data))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "end of the text"),
        ('"n",TS,0', "expected '\\('"),
        ('("",TS,0)', "a name in quotation marks"),
        ('("a b",TS,0)', "a name in quotation marks"),
        ('("a%0041",TS,0)', "must not be escaped"),
        ('("a%0000",TS,0)', "must not be escaped"),
        ('("a%12",TS,0)', "a name in quotation marks"),
        ('("n",TQ,0)', "TI, TU, TS, TD, TX or TB at character 6"),
        ('("n",TS,0,3)', "a string in quotation marks"),
        ('("n",TB,0,2)', "0 or 1"),
        ('("n",TX,0,xy)', "octets"),
        ('("n",TU,0,-1)', "not a UINT64 value"),
        ('("n",TI,0,9223372036854775808)', "not a INT64 value"),
        ('("n",TD,0,DA)', "relative to a domain"),
        ('("n",TS,0x100)', "not defined"),
        ('("n",TS,0x100000000)', "not defined"),
        ('("n",TS,-1)', "not defined"),
        ('("n",TS,0,"a"', "',' or '\\)'"),
        ('("n",TS,0,"a"))', "expected the end of the text at character 15"),
        ('("n",TS,0,"a",)', "a string"),
        ("(" + "x" * 500_000, "too long"),
    ],
)
def test_malformed_text(text: str, problem: str) -> None:
    with pytest.raises(SecurityDescriptorError, match=problem):
        parse_resource_attribute_text(text)


@pytest.mark.parametrize(
    "attribute",
    [
        ResourceAttribute("n", ValueType.STRING, 0, ('say "no"',)),
        ResourceAttribute("n", ValueType.OCTET_STRING, 0, (b"",)),
    ],
)
def test_what_has_no_text_is_refused(attribute: ResourceAttribute) -> None:
    assert ResourceAttribute.from_bytes(attribute.to_bytes()) == attribute
    with pytest.raises(SecurityDescriptorError, match="SDDL cannot express"):
        format_resource_attribute(attribute)


def test_the_callers_aliases_are_used() -> None:
    admins = Sid.parse("S-1-5-21-1-2-3-512")
    found = parse_resource_attribute_text('("n",TD,0,da)', lambda word: {"DA": admins}[word])
    assert found.values == (admins,)


@given(
    st.binary(max_size=80)
    | attributes().map(ResourceAttribute.to_bytes).flatmap(lambda good: st.permutations(list(good)).map(bytes))
)
def test_noise_in_bytes(data: bytes) -> None:
    try:
        attribute = ResourceAttribute.from_bytes(data)
    except SecurityDescriptorError:
        return
    assert attribute.to_bytes() == data


@given(st.text('("n,TISXDBU)0x1#% S-\\é', max_size=40))
def test_noise_in_text(text: str) -> None:
    try:
        attribute = parse_resource_attribute_text('("n",T' + text)
    except SecurityDescriptorError:
        return
    assert parse_resource_attribute_text(format_resource_attribute(attribute)) == attribute


@pytest.mark.parametrize(
    ("value_type", "value"),
    [
        (ValueType.INT64, 2**63),
        (ValueType.INT64, -(2**63) - 1),
        (ValueType.INT64, True),
        (ValueType.INT64, "1"),
        (ValueType.UINT64, -1),
        (ValueType.UINT64, 2**64),
        (ValueType.UINT64, True),
        (ValueType.UINT64, "1"),
        (ValueType.STRING, "a\0"),
        (ValueType.STRING, b"a"),
        (ValueType.BOOLEAN, 1),
        (ValueType.SID, "S-1-5-18"),
        (ValueType.OCTET_STRING, "a"),
    ],
)
def test_values_of_another_type(value_type: ValueType, value: int | str | bytes) -> None:
    good = {ValueType.STRING: "a", ValueType.SID: Sid(5, (18,)), ValueType.BOOLEAN: True, ValueType.OCTET_STRING: b"a"}
    for values in ((value,), (good.get(value_type, 1), value)):
        with pytest.raises(SecurityDescriptorError, match=value_type.name):
            ResourceAttribute("n", value_type, 0, values)


@pytest.mark.parametrize(
    ("value_type", "value", "data"),
    [
        (ValueType.INT64, -(2**63), "0000000000000080"),
        (ValueType.INT64, 2**63 - 1, "ffffffffffffff7f"),
        (ValueType.UINT64, 0, "0000000000000000"),
        (ValueType.UINT64, 2**64 - 1, "ffffffffffffffff"),
        (ValueType.BOOLEAN, True, "0100000000000000"),
    ],
)
def test_the_largest_and_smallest_values(value_type: ValueType, value: int, data: str) -> None:
    attribute = ResourceAttribute("n", value_type, 0, (value,))
    assert attribute.to_bytes()[24:] == bytes.fromhex(data)
    assert ResourceAttribute.from_bytes(attribute.to_bytes()) == attribute


@pytest.mark.parametrize("name", ["", "\0", "a\0"])
def test_names_that_bytes_cannot_tell(name: str) -> None:
    with pytest.raises(SecurityDescriptorError, match="name of a resource attribute"):
        ResourceAttribute(name, ValueType.INT64, 0, ())
