# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIDs in text and bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from impacket.ldap.ldaptypes import LDAP_SID

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import sid as constants
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.well_known import (
    DOMAIN_ALIASES,
    FOREST_ALIASES,
    NAME_OF,
    SDDL_ALIASES,
    sid_of,
    well_known_sid,
)

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


def test_english_names_mean_the_same_with_and_without_authority() -> None:
    assert well_known_sid("BUILTIN\\Administrators") == well_known_sid("administrators") == Sid.parse("S-1-5-32-544")
    assert well_known_sid("nt authority\\system") == well_known_sid("SYSTEM") == Sid.parse("S-1-5-18")
    assert well_known_sid("CORP\\Administrators") is None


def test_the_aliases_are_the_documented_ones() -> None:
    # [MS-DTYP] 2.5.1.1 for the aliases, 2.4.2.4 for their SIDs.
    builtin = {"AA": 579, "AO": 548, "BA": 544, "BG": 546, "BO": 551, "BU": 545, "CD": 574, "CY": 569, "ER": 573}
    builtin |= {"ES": 576, "HA": 578, "IS": 568, "LU": 559, "MS": 577, "MU": 558, "NO": 556, "PO": 550, "PU": 547}
    builtin |= {"RA": 575, "RD": 555, "RE": 552, "RM": 580, "RU": 554, "SO": 549}
    authority = {"AN": 7, "AU": 11, "ED": 9, "IU": 4, "LS": 19, "NS": 20, "NU": 2, "PS": 10, "RC": 12, "SU": 6}
    authority |= {"SY": 18, "WR": 33}
    others = {"AC": "S-1-15-2-1", "AS": "S-1-18-1", "CG": "S-1-3-1", "CO": "S-1-3-0", "OW": "S-1-3-4"}
    others |= {"SS": "S-1-18-2", "UD": "S-1-5-84-0-0-0-0-0", "WD": "S-1-1-0"}
    labels = {"LW": 0x1000, "ME": 0x2000, "MP": 0x2100, "HI": 0x3000, "SI": 0x4000}
    documented = {alias: f"S-1-5-32-{rid}" for alias, rid in builtin.items()}
    documented |= {alias: f"S-1-5-{rid}" for alias, rid in authority.items()}
    documented |= {alias: f"S-1-16-{rid}" for alias, rid in labels.items()} | others
    assert {alias: str(sid) for alias, sid in SDDL_ALIASES.items()} == documented


def test_the_aliases_of_a_domain_are_the_documented_ones() -> None:
    # The same sections.
    domain, forest = Sid.parse("S-1-5-21-1-2-3"), Sid.parse("S-1-5-21-4-5-6")
    of_domain = {"AP": 525, "CA": 517, "CN": 522, "DA": 512, "DC": 515, "DD": 516, "DG": 514, "DU": 513, "KA": 526}
    of_domain |= {"LA": 500, "LG": 501, "PA": 520, "RS": 553}
    of_forest = {"EA": 519, "EK": 527, "RO": 498, "SA": 518}
    for known, root in ((of_domain, domain), (of_forest, forest)):
        for alias, rid in known.items():
            assert str(sid_of(alias, domain, forest)) == f"{root}-{rid}"
            assert str(sid_of(alias, domain)) == f"{domain}-{rid}"
            with pytest.raises(SecurityDescriptorError, match="relative to a domain"):
                sid_of(alias)
    assert set(DOMAIN_ALIASES) == set(of_domain)
    assert set(FOREST_ALIASES) == set(of_forest)


@pytest.mark.parametrize("word", ["", "ZZ", "ba", "DAX"])
def test_other_words_are_no_aliases(word: str) -> None:
    with pytest.raises(SecurityDescriptorError, match="is unknown"):
        sid_of(word, Sid.parse("S-1-5-21-1-2-3"))


def test_aliases_are_unique() -> None:
    assert len(set(SDDL_ALIASES.values())) == len(SDDL_ALIASES)
    assert len(set(NAME_OF)) == len(NAME_OF)


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
