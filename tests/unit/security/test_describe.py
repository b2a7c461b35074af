# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries and lists in words."""

from __future__ import annotations

from uuid import UUID

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    AnyAce,
    OpaqueAce,
    SecurityDescriptor,
    Sid,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import (
    CompoundAce,
    ConditionalAce,
    ObjectAce,
    ResourceAttributeAce,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.describe import (
    describe_ace,
    describe_dacl,
    name_of,
)

SENDER, SYSTEM = Sid.parse("S-1-5-21-1-2-3-1001"), Sid.parse("S-1-5-18")
NAMES = {SENDER: "CORP\\smssend"}


@pytest.mark.parametrize(
    ("ace", "on_folder", "on_share"),
    [
        (
            Ace(0, 0x03, 0x12019F, SENDER),
            "allow CORP\\smssend  Read, Write  (this folder, subfolders and files)",
            "allow CORP\\smssend  Special (Read, Write)",
        ),
        (
            Ace(1, 0x10, 0x301BF, SENDER),
            "deny CORP\\smssend  Modify  (this folder only)  [inherited]",
            "deny CORP\\smssend  Change  [inherited]",
        ),
        (
            Ace(1, 0x10, 0x1301BF, SENDER),
            "deny CORP\\smssend  Modify, Synchronize  (this folder only)  [inherited]",
            "deny CORP\\smssend  Change, Synchronize  [inherited]",
        ),
        (
            ConditionalAce(0x0A, 0, 0x10000, SENDER),
            "deny CORP\\smssend  Delete  (this folder only)  [only if its condition is true]",
            "deny CORP\\smssend  Special (Delete)  [only if its condition is true]",
        ),
        (
            ObjectAce(0x06, 0, 0x110000, SENDER),
            "deny CORP\\smssend  Delete, Synchronize  (this folder only)  [may apply to some object types only]",
            "deny CORP\\smssend  Special (Delete, Synchronize)  [may apply to some object types only]",
        ),
        (
            Ace(2, 0xC0, 0x1F01FF, SENDER),
            "audit CORP\\smssend  Full control  (this folder only)",
            "audit CORP\\smssend  Full Control",
        ),
        (
            Ace(3, 0, 0x1F01FF, SENDER),
            "alarm CORP\\smssend  Full control  (this folder only)",
            "alarm CORP\\smssend  Full Control",
        ),
        (
            ConditionalAce(0x09, 0x10, 0x1F01FF, SENDER),
            "allow CORP\\smssend  Full control  (this folder only)  [only if its condition is true]  [inherited]",
            "allow CORP\\smssend  Full Control  [only if its condition is true]  [inherited]",
        ),
        (
            ObjectAce(0x06, 0, 0x1F01FF, SENDER, UUID(int=1)),
            "deny CORP\\smssend  Full control  (this folder only)  [may apply to some object types only]",
            "deny CORP\\smssend  Full Control  [may apply to some object types only]",
        ),
        # Header, mask and 16 bits twice take 12 bytes, the SIDs 12 and 28.
        (
            CompoundAce(0x04, 0, 0x1, SENDER, SYSTEM),
            "other entry of type 0x04, 52 bytes",
            "other entry of type 0x04, 52 bytes",
        ),
        (
            OpaqueAce(0x0A, 0x10, bytes(12)),
            "deny entry of type 0x0A, 16 bytes  [inherited]",
            "deny entry of type 0x0A, 16 bytes  [inherited]",
        ),
        (OpaqueAce(0xEE, 0, b""), "other entry of type 0xEE, 4 bytes", "other entry of type 0xEE, 4 bytes"),
    ],
)
def test_an_entry_in_words(ace: AnyAce, on_folder: str, on_share: str) -> None:
    assert describe_ace(ace, NAMES, share=False) == on_folder
    assert describe_ace(ace, NAMES, share=True) == on_share


@pytest.mark.parametrize(
    ("ace", "kind"),
    [
        (Ace(0x11, 0, 0x1, SENDER), "integrity label"),
        (ResourceAttributeAce(0x12, 0, 0x1, SENDER), "resource attribute"),
        (Ace(0x13, 0, 0x1, SENDER), "central policy"),
        (Ace(0x14, 0, 0x1, SENDER), "trust label"),
        (ConditionalAce(0x15, 0, 0x1, SENDER), "access filter"),
    ],
)
def test_entries_that_neither_allow_nor_deny_say_what_they_are(ace: AnyAce, kind: str) -> None:
    assert describe_ace(ace, NAMES, share=False).startswith(f"{kind} CORP\\smssend  ")


def test_names_are_the_servers_then_the_english_ones_then_the_sid() -> None:
    assert name_of(SYSTEM, {SYSTEM: "NT-AUTORITÄT\\SYSTEM"}) == "NT-AUTORITÄT\\SYSTEM"
    assert name_of(SYSTEM, {SYSTEM: ""}) == name_of(SYSTEM, {}) == "NT AUTHORITY\\SYSTEM"
    assert name_of(SENDER, {}) == "S-1-5-21-1-2-3-1001"


ENTRY = Ace(0, 0, 0x1F01FF, SENDER)
DISABLED = "inheritance from the parent folder is disabled"


# The control bits: 0x0004 a DACL is present, 0x1000 it is protected ([MS-DTYP] 2.4.6).
@pytest.mark.parametrize(
    ("descriptor", "on_folder", "on_share"),
    [
        (
            None,
            ["no security descriptor of its own: the server's default applies"],
            ["no security descriptor of its own: the server's default applies"],
        ),
        (SecurityDescriptor(), ["no DACL: everyone has every right"], ["no DACL: everyone has every right"]),
        (SecurityDescriptor(0x4), ["NULL DACL: everyone has every right"], ["NULL DACL: everyone has every right"]),
        (
            SecurityDescriptor(0x4, dacl=Acl()),
            ["empty DACL: nobody has any right"],
            ["empty DACL: nobody has any right"],
        ),
        (
            SecurityDescriptor(0x4, dacl=Acl((ENTRY, ENTRY))),
            ["allow CORP\\smssend  Full control  (this folder only)"] * 2,
            ["allow CORP\\smssend  Full Control"] * 2,
        ),
        (
            SecurityDescriptor(0x1004, dacl=Acl((ENTRY,))),
            ["allow CORP\\smssend  Full control  (this folder only)", DISABLED],
            ["allow CORP\\smssend  Full Control"],
        ),
    ],
    ids=["none", "absent", "null", "empty", "entries", "protected"],
)
def test_a_dacl_in_words(descriptor: SecurityDescriptor | None, on_folder: list[str], on_share: list[str]) -> None:
    assert describe_dacl(descriptor, NAMES, share=False) == on_folder
    assert describe_dacl(descriptor, NAMES, share=True) == on_share


def test_a_protected_empty_dacl_says_both() -> None:
    empty = SecurityDescriptor(0x1004, dacl=Acl())
    assert describe_dacl(empty, NAMES, share=True) == ["empty DACL: nobody has any right"]
    assert describe_dacl(empty, NAMES, share=False) == ["empty DACL: nobody has any right", DISABLED]
