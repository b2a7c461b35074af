# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks by name, and names of masks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import rights as constants
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.rights import (
    NTFS_RIGHTS,
    SHARE_ACCESS,
    denied_mask,
    describe_ntfs_mask,
    describe_share_mask,
    map_generic,
    parse_ntfs_rights,
)


@pytest.mark.parametrize(
    ("generic", "mapped"),
    [
        # [MS-SMB2] 2.2.13.1.1 names the bits; their sums are FILE_GENERIC_* of the Windows SDK.
        (0x80000000, 0x1 | 0x8 | 0x80 | 0x20000 | 0x100000),
        (0x40000000, 0x2 | 0x4 | 0x10 | 0x100 | 0x20000 | 0x100000),
        (0x20000000, 0x20 | 0x80 | 0x20000 | 0x100000),
        (0x10000000, 0x1FF | 0x1F0000),
        (0xA0000000, 0x1200A9),
        (0x12019F, 0x12019F),
        (0, 0),
    ],
)
def test_generic_bits_are_mapped(generic: int, mapped: int) -> None:
    assert map_generic(generic) == mapped


@given(st.integers(0, 2**32 - 1))
def test_mapping_twice_is_mapping_once(mask: int) -> None:
    assert map_generic(map_generic(mask)) == map_generic(mask)


# The masks of .NET's FileSystemRights, SYNCHRONIZE (0x100000) added as Windows does for entries that allow.
@pytest.mark.parametrize(
    ("rights", "mask"),
    [
        (["full_control"], 0x1F01FF),
        (["Modify"], 0x301BF | 0x100000),
        (["ReadAndExecute"], 0x200A9 | 0x100000),
        (["Read & execute"], 0x200A9 | 0x100000),
        (["read"], 0x20089 | 0x100000),
        (["write"], 0x116 | 0x100000),
        (["read", "write"], 0x2019F | 0x100000),
        (["create_files", "create_directories"], 0x6 | 0x100000),
        (["CreateFiles"], 0x2 | 0x100000),
        (["write_data", "append_data"], 0x6 | 0x100000),
        (["0x12019F"], 0x12019F),
        (["1179785"], 0x120089),
        ([0x1301BF], 0x1301BF),
        (["0x80000000"], 0x120089),
        (["traverse"], 0x20 | 0x100000),
    ],
)
def test_rights_by_the_names_people_know(rights: list[str | int], mask: int) -> None:
    assert parse_ntfs_rights(rights) == mask


# .NET's FileSystemAccessRule leaves SYNCHRONIZE out of rules that deny, but for FullControl. By name or in a mask it is
# there because it was asked for.
@pytest.mark.parametrize(
    ("rights", "mask"),
    [
        (["full_control"], 0x1F01FF),
        (["modify"], 0x301BF),
        (["read_and_execute"], 0x200A9),
        (["read"], 0x20089),
        (["write"], 0x116),
        (["read", "write"], 0x2019F),
        (["delete"], 0x10000),
        (["delete", "delete_subfolders_and_files"], 0x10040),
        (["modify", "delete_subfolders_and_files", "change_permissions", "take_ownership"], 0xF01FF),
        (["synchronize"], 0x100000),
        (["delete", "synchronize"], 0x110000),
        (["0x10000"], 0x10000),
        (["65536"], 0x10000),
        (["0x110000"], 0x110000),
        (["0x12019F"], 0x12019F),
        # FILE_GENERIC_READ of the Windows SDK holds SYNCHRONIZE.
        (["0x80000000"], 0x120089),
    ],
)
def test_what_is_denied_is_what_was_asked_for(rights: list[str], mask: int) -> None:
    assert parse_ntfs_rights(rights, denied=True) == mask


@pytest.mark.parametrize(("allowed", "denied"), [(0x1F01FF, 0x1F01FF), (0x1301BF, 0x301BF), (0x1200A9, 0x200A9)])
def test_the_boxes_of_a_share_deny_without_synchronize(allowed: int, denied: int) -> None:
    assert denied_mask(allowed) == denied


@pytest.mark.parametrize("rights", [["red"], [""], [], ["0x0"], ["0x200"], ["0x1FFFFFFFF"], ["-1"], ["read,write"]])
def test_rights_that_nobody_knows_are_refused(rights: list[str]) -> None:
    with pytest.raises(SecurityDescriptorError):
        parse_ntfs_rights(rights)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (0x1F01FF, "Full control"),
        (0x10000000, "Full control"),
        (0x1301BF, "Modify"),
        (0x1200A9, "Read & execute"),
        (0x120089, "Read"),
        (0x100116, "Write"),
        (0x12019F, "Read, Write"),
        (0x1201BF, "Read & execute, Write"),
        (0x13019F, "Read, Write, Delete"),
        (0x100001, "List folder / read data, Synchronize"),
        (0x1, "List folder / read data"),
        (0x20089, "List folder / read data, Read extended attributes, Read attributes, Read permissions"),
        (0x110000, "Delete, Synchronize"),
        (0x10000, "Delete"),
        (0x100000, "Synchronize"),
        (0, "none"),
    ],
)
def test_ntfs_masks_in_windows_words(mask: int, words: str) -> None:
    assert describe_ntfs_mask(mask) == words


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (0x1F01FF, "Full control"),
        (0x10000000, "Full control"),
        (0xF01FF, "Modify, Delete subfolders and files, Change permissions, Take ownership"),
        (0x301BF, "Modify"),
        (0x1301BF, "Modify, Synchronize"),
        (0x20089, "Read"),
        (0x120089, "Read, Synchronize"),
        (0x80000000, "Read, Synchronize"),
        (0x116, "Write"),
        (0x100116, "Write, Synchronize"),
        (0x2019F, "Read, Write"),
        (0x10000, "Delete"),
        (0x110000, "Delete, Synchronize"),
        (0x100000, "Synchronize"),
        (0, "none"),
    ],
)
def test_denied_masks_in_windows_words(mask: int, words: str) -> None:
    assert describe_ntfs_mask(mask, denied=True) == words


# Each word that is shown, and its value in .NET's FileSystemRights.
WORDS = {
    "Full control": 0x1F01FF,
    "Modify": 0x301BF,
    "Read & execute": 0x200A9,
    "Read": 0x20089,
    "Write": 0x116,
    "List folder / read data": 0x1,
    "Create files / write data": 0x2,
    "Create folders / append data": 0x4,
    "Read extended attributes": 0x8,
    "Write extended attributes": 0x10,
    "Traverse folder / execute file": 0x20,
    "Delete subfolders and files": 0x40,
    "Read attributes": 0x80,
    "Write attributes": 0x100,
    "Delete": 0x10000,
    "Read permissions": 0x20000,
    "Change permissions": 0x40000,
    "Take ownership": 0x80000,
    "Synchronize": 0x100000,
}


@given(st.integers(1, 0x1F01FF).map(lambda mask: mask & 0x1F01FF).filter(bool), st.booleans())
def test_the_words_say_the_whole_mask_and_no_more(mask: int, denied: bool) -> None:
    said = 0
    for word in describe_ntfs_mask(mask, denied=denied).split(", "):
        # In an entry that allows, the names of sets stand for the set and SYNCHRONIZE.
        in_set = not denied and WORDS[word].bit_count() > 1
        said |= WORDS[word] | (0x100000 if in_set else 0)
    assert said == mask


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (0x1F01FF, "Full Control"),
        (0x10000000, "Full Control"),
        (0x1301BF, "Change"),
        (0x1200A9, "Read"),
        (0x12019F, "Special (Read, Write)"),
        (
            0x200A9,
            "Special (List folder / read data, Read extended attributes, Traverse folder / execute file, "
            "Read attributes, Read permissions)",
        ),
        (0, "none"),
    ],
)
def test_share_masks_in_windows_words(mask: int, words: str) -> None:
    assert describe_share_mask(mask) == words


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (0x1F01FF, "Full Control"),
        (0x10000000, "Full Control"),
        (0x301BF, "Change"),
        (0x1301BF, "Change, Synchronize"),
        (0x200A9, "Read"),
        (0x1200A9, "Read, Synchronize"),
        (0x2019F, "Special (Read, Write)"),
        (0x12019F, "Special (Read, Write, Synchronize)"),
        (0x100000, "Special (Synchronize)"),
        (0, "none"),
    ],
)
def test_denied_share_masks_in_windows_words(mask: int, words: str) -> None:
    assert describe_share_mask(mask, denied=True) == words


def test_share_access_is_what_the_dialog_writes() -> None:
    assert SHARE_ACCESS == {"full_control": 0x1F01FF, "change": 0x1301BF, "read": 0x1200A9}


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        # One bit has several names ([MS-SMB2] 2.2.13.1.1 and 2.2.13.1.2; .NET's FileSystemRights).
        ("list_directory", 0x1),
        ("read_data", 0x1),
        ("create_files", 0x2),
        ("write_data", 0x2),
        ("create_directories", 0x4),
        ("append_data", 0x4),
        ("read_extended_attributes", 0x8),
        ("write_extended_attributes", 0x10),
        ("traverse", 0x20),
        ("execute_file", 0x20),
        ("execute", 0x20),
        ("delete_subfolders_and_files", 0x40),
        ("delete_child", 0x40),
        ("read_attributes", 0x80),
        ("write_attributes", 0x100),
        ("delete", 0x10000),
        ("read_permissions", 0x20000),
        ("change_permissions", 0x40000),
        ("take_ownership", 0x80000),
        ("synchronize", 0x100000),
    ],
)
def test_single_rights_by_name(name: str, mask: int) -> None:
    assert NTFS_RIGHTS[name] == mask
    assert parse_ntfs_rights([name]) == mask | 0x100000
    assert parse_ntfs_rights([name], denied=True) == mask


def test_the_rights_that_code_calls_by_name() -> None:
    # [MS-DTYP] 2.4.3 and [MS-SMB2] 2.2.13.1.
    found = (constants.READ_DATA, constants.WRITE_DATA, constants.APPEND_DATA)
    assert found == (0x1, 0x2, 0x4)
    assert (constants.TRAVERSE, constants.DELETE_CHILD, constants.READ_ATTRIBUTES) == (0x20, 0x40, 0x80)
    standard = (constants.DELETE, constants.READ_CONTROL, constants.WRITE_DAC, constants.SYNCHRONIZE)
    assert standard == (0x10000, 0x20000, 0x40000, 0x100000)
    assert constants.READ_AND_WRITE == 0x12019F


@pytest.mark.parametrize(
    ("right", "mask"), [("0032", 0x20), ("08", 0x8), ("0X20", 0x20), (" 0x00000020 ", 0x20), ("4294967296", None)]
)
def test_masks_are_decimal_or_hexadecimal(right: str, mask: int | None) -> None:
    if mask is None:
        with pytest.raises(SecurityDescriptorError, match=right):
            parse_ntfs_rights([right])
    else:
        assert parse_ntfs_rights([right]) == mask | 0x100000


def test_bits_that_no_right_names_are_said_in_hexadecimal() -> None:
    # 0x1000000 is ACCESS_SYSTEM_SECURITY; 0x200 is nobody's.
    assert describe_ntfs_mask(0x1301BF | 0x1000200) == "Modify, 0x1000200"
    assert describe_ntfs_mask(0x200) == "0x200"
    assert describe_share_mask(0x1301BF | 0x200) == "Special (Modify, 0x200)"
