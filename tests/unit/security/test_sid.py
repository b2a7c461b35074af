# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIDs as text and in binary form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from impacket.ldap.ldaptypes import LDAP_SID

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import sid as constants

from .strategies import sids


def test_administrators_as_documented() -> None:
    # [MS-DTYP] 2.4.2.2: revision 1, two subauthorities, authority 5 big-endian, 32 and 544 little-endian.
    data = bytes.fromhex("01020000000000052000000020020000")
    assert Sid.from_bytes(data) == Sid.parse("S-1-5-32-544")
    assert Sid.parse("S-1-5-32-544").to_bytes() == data


@given(sids)
def test_text_and_bytes_hold_the_same(sid: Sid) -> None:
    assert Sid.parse(str(sid)) == sid
    assert Sid.parse(str(sid).lower()) == sid
    assert Sid.from_bytes(sid.to_bytes()) == sid
    assert len(sid.to_bytes()) == sid.size


@given(sids.filter(lambda sid: sid.authority < 256))  # impacket prints no more than the lowest octet of it
def test_impacket_reads_and_writes_the_same(sid: Sid) -> None:
    theirs = LDAP_SID(data=sid.to_bytes())
    assert theirs.formatCanonical() == str(sid)
    assert theirs.getData() == sid.to_bytes()


def test_authority_of_more_than_32_bits_is_hexadecimal() -> None:
    # [MS-DTYP] 2.4.2.1: IdentifierAuthority is "0x" and 12 hexadecimal digits from 2^32 on.
    assert str(Sid(2**32, (7,))) == "S-1-0x000100000000-7"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "S-1",
        "S-2-5-18",
        "S-1-5-",
        "S-1-5-4294967296",
        "S-1-281474976710656",
        "S-1-5-18 x",
        "S-1-5-١٨",
        "S-1-5" + "-1" * 16,
    ],
)
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(SecurityDescriptorError):
        Sid.parse(text)


@given(st.binary(max_size=80))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        sid = Sid.from_bytes(data)
    except SecurityDescriptorError:
        return
    assert data.startswith(sid.to_bytes())


@pytest.mark.parametrize(
    ("authority", "subauthorities"),
    [(-1, ()), (2**48, ()), (5, (-1,)), (5, (2**32,)), (5, (18, 2**32)), (5, (1,) * 16)],
)
def test_values_that_do_not_fit_are_refused(authority: int, subauthorities: tuple[int, ...]) -> None:
    with pytest.raises(SecurityDescriptorError):
        Sid(authority, subauthorities)


def test_the_largest_sid() -> None:
    # [MS-DTYP] 2.4.2.2: a 48-bit authority and 15 subauthorities of 32 bits, 8 + 15 * 4 bytes.
    largest = Sid(2**48 - 1, (2**32 - 1,) * 15)
    assert largest.to_bytes() == bytes((1, 15)) + b"\xff" * 66
    assert Sid.from_bytes(b"\x01\x0f" + b"\xff" * 66 + b"behind") == largest
    assert str(largest) == "S-1-0xFFFFFFFFFFFF" + "-4294967295" * 15
    assert Sid.parse(str(largest)) == largest


@pytest.mark.parametrize(
    ("text", "sid"),
    [
        ("S-1-0", Sid(0)),
        ("  s-1-5-18\n", Sid(5, (18,))),
        ("S-1-0x5-18", Sid(5, (18,))),
        ("S-1-0X00000000000A-1", Sid(10, (1,))),
        ("S-1-4294967295-0", Sid(2**32 - 1, (0,))),
    ],
)
def test_other_ways_to_write_a_sid(text: str, sid: Sid) -> None:
    assert Sid.parse(text) == sid


def test_the_largest_authority_in_decimal() -> None:
    assert str(Sid(2**32 - 1, (0,))) == "S-1-4294967295-0"
    assert str(Sid(2**32, (0,))) == "S-1-0x000100000000-0"


ADMINISTRATORS = "01020000000000052000000020020000"


@pytest.mark.parametrize("length", range(16))
def test_a_sid_that_ends_early_is_refused(length: int) -> None:
    with pytest.raises(SecurityDescriptorError):
        Sid.from_bytes(bytes.fromhex(ADMINISTRATORS)[:length])


@pytest.mark.parametrize("head", ["0002", "0202", "ff02", "0110", "01ff"])
def test_another_revision_or_too_many_subauthorities_are_refused(head: str) -> None:
    with pytest.raises(SecurityDescriptorError):
        Sid.from_bytes(bytes.fromhex(head + ADMINISTRATORS[4:]) + bytes(2000))


def test_the_named_sids_are_the_documented_ones() -> None:
    # [MS-DTYP] 2.4.2.4, "Well-Known SID Structures".
    documented = {
        "EVERYONE": "S-1-1-0",
        "CREATOR_OWNER": "S-1-3-0",
        "CREATOR_GROUP": "S-1-3-1",
        "OWNER_RIGHTS": "S-1-3-4",
        "NETWORK": "S-1-5-2",
        "AUTHENTICATED_USERS": "S-1-5-11",
        "THIS_ORGANIZATION": "S-1-5-15",
        "SYSTEM": "S-1-5-18",
        "ADMINISTRATORS": "S-1-5-32-544",
    }
    assert {name: str(value) for name, value in vars(constants).items() if isinstance(value, Sid)} == documented


def test_the_groups_of_every_network_logon() -> None:
    assert set(map(str, constants.ANY_NETWORK_LOGON)) == {"S-1-1-0", "S-1-5-2", "S-1-5-11"}


@pytest.mark.parametrize(
    ("sid", "domain"),
    [
        ("S-1-5-21-1-2-3-500", "S-1-5-21-1-2-3"),
        ("S-1-5-21-1-2-3", None),
        ("S-1-5-21-1-2-3-500-1", None),
        ("S-1-5-32-544", None),
        ("S-1-4-21-1-2-3-500", None),
        ("S-1-5-22-1-2-3-500", None),
    ],
)
def test_the_domain_of_a_sid(sid: str, domain: str | None) -> None:
    assert Sid.parse(sid).domain == (None if domain is None else Sid.parse(domain))


@pytest.mark.parametrize(
    ("sid", "builtin"),
    [
        ("S-1-5-32-544", True),
        ("S-1-5-32", False),
        ("S-1-5-32-544-1", False),
        ("S-1-4-32-544", False),
        ("S-1-5-33-544", False),
        ("S-1-5-21-1-2-3-544", False),
    ],
)
def test_groups_of_builtin(sid: str, builtin: bool) -> None:
    assert Sid.parse(sid).is_builtin is builtin
