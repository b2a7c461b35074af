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
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.well_known import (
    NAME_OF,
    SDDL_ALIASES,
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


def test_aliases_are_unique() -> None:
    assert len(set(SDDL_ALIASES.values())) == len(SDDL_ALIASES)
    assert len(set(NAME_OF)) == len(NAME_OF)
