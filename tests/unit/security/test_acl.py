# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACLs in binary form."""

from __future__ import annotations

import struct

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    SecurityDescriptorError,
    Sid,
)

from .binary import EVERYONE_ENTRY, acl_header


def test_slack_behind_the_last_entry_is_accepted() -> None:
    acl = Acl.from_bytes(struct.pack("<BBHHH", 2, 0, 16, 0, 0) + bytes(8))
    assert acl == Acl()


def test_an_acl_of_more_than_64_kib_is_refused() -> None:
    ace = Ace(0, 0, 1, Sid.parse("S-1-5-32-544"))  # 24 bytes
    assert len(Acl((ace,) * 2730).to_bytes()) == 8 + 2730 * 24
    with pytest.raises(SecurityDescriptorError, match="65535"):
        Acl((ace,) * 2731).to_bytes()


@pytest.mark.parametrize("slack", range(4))
@pytest.mark.parametrize("behind", [b"", EVERYONE_ENTRY], ids=["end of data", "other data"])
def test_an_acl_that_ends_before_its_entries_is_refused(slack: int, behind: bytes) -> None:
    data = acl_header(28 + slack, 2) + EVERYONE_ENTRY + bytes(slack) + behind
    with pytest.raises(SecurityDescriptorError, match="before entry 2 of 2"):
        Acl.from_bytes(data)


@pytest.mark.parametrize("length", [0, 3, 21, 24, 0xFFFF])
def test_an_entry_that_leaves_its_acl_is_refused(length: int) -> None:
    entry = EVERYONE_ENTRY[:2] + struct.pack("<H", length) + EVERYONE_ENTRY[4:]
    # What the entry claims is there, but it is not the list's.
    with pytest.raises(SecurityDescriptorError, match="entry 2 of 2 is longer"):
        Acl.from_bytes(acl_header(48, 2) + EVERYONE_ENTRY + entry + bytes(0xFFFF))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        acl_header(8, 0)[:7],
        acl_header(7, 0),
        acl_header(9, 0),
        acl_header(8, 0, revision=0),
        acl_header(8, 0, revision=5),
    ],
    ids=["nothing", "short", "size below the header", "size above the data", "revision 0", "revision 5"],
)
def test_a_malformed_acl_header_is_refused(data: bytes) -> None:
    with pytest.raises(SecurityDescriptorError):
        Acl.from_bytes(data)


def test_entries_up_to_the_last_byte_of_an_acl_are_read() -> None:
    everyone = Ace(0, 0, 0x1F01FF, Sid.parse("S-1-1-0"))
    assert Acl.from_bytes(acl_header(48, 2) + EVERYONE_ENTRY * 2 + b"behind") == Acl((everyone, everyone))
    assert Acl.from_bytes(acl_header(28, 1, revision=4) + EVERYONE_ENTRY) == Acl((everyone,), 4)


def test_the_longest_acl_and_the_next_longer_one() -> None:
    short, long = Ace(0, 0, 1, Sid.parse("S-1-1-0")), Ace(0, 0, 1, Sid.parse("S-1-5-32-544"))  # 20 and 24 bytes
    longest = Acl((long,) * 2726 + (short,) * 5)
    assert len(longest.to_bytes()) == 8 + 2726 * 24 + 5 * 20 == 65532
    too_long = Acl((long,) * 2727 + (short,) * 4)
    assert 8 + 2727 * 24 + 4 * 20 == 65536
    with pytest.raises(SecurityDescriptorError, match="at most 65535 bytes, not 65536"):
        too_long.to_bytes()


def test_an_empty_list_is_not_mistaken_for_none() -> None:
    assert Acl()
    assert len(Acl()) == 0
