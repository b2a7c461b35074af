# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inheritance and generic rights, against the tables of "ACE Inheritance Rules" and [MS-DTYP] 2.5.3.4."""

from __future__ import annotations

import pytest

from tests.lab import ntfs
from tests.lab.backend import AccountTable, MemoryBackend, Missing, join_path, split_path
from tests.lab.descriptors import Ace, Descriptor, parse

USER, OTHER = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
OWNER, GROUP = "S-1-5-32-544", "S-1-5-18"
OI, CI, NP, IO, ID = 1, 2, 4, 8, 0x10

Shown = list[tuple[int, int, int, str | None]]


def allow(flags: int, mask: int = 0x1200A9, sid: str = USER) -> Ace:
    return Ace.basic(0, flags, mask, sid)


def shown(descriptor: Descriptor) -> Shown:
    return [(a.type, a.flags, a.mask, a.sid) for a in descriptor.dacl or ()]


@pytest.fixture
def tree() -> MemoryBackend:
    r"""D:\ > A > B > C.txt, all of them empty of entries."""
    backend = MemoryBackend(AccountTable())
    for path in ("D:\\", "D:\\A", "D:\\A\\B"):
        ntfs.new_child(backend, path, directory=True)
    ntfs.new_child(backend, "D:\\A\\B\\C.txt", directory=False)
    return backend


def read(backend: MemoryBackend, path: str) -> Descriptor:
    return parse(backend.file_descriptor(path))


@pytest.mark.parametrize(
    ("flags", "directory", "expected"),
    [
        (0, True, []),
        (0, False, []),
        (OI, True, [OI | IO | ID]),
        (OI, False, [ID]),
        (CI, True, [CI | ID]),
        (CI, False, []),
        (OI | CI, True, [OI | CI | ID]),
        (OI | CI, False, [ID]),
        (OI | NP, True, []),
        (OI | NP, False, [ID]),
        (CI | NP, True, [ID]),
        (CI | NP, False, []),
        (OI | CI | NP, True, [ID]),
        (OI | CI | IO, True, [OI | CI | ID]),
        (OI | CI | IO, False, [ID]),
        (OI | IO, True, [OI | IO | ID]),
        (CI | IO, False, []),
        (IO, True, []),
    ],
)
def test_flags_are_inherited(flags: int, directory: bool, expected: list[int]) -> None:
    parent = Descriptor(0x8004, dacl=(allow(flags),))
    found = ntfs.inherited_from(parent, directory=directory, owner=OWNER, group=GROUP)
    assert [ace.flags for ace in found] == expected
    assert {(ace.mask, ace.sid) for ace in found} <= {(0x1200A9, USER)}


def test_generic_rights_and_creator_owner_are_split_for_a_directory() -> None:
    parent = Descriptor(0x8004, dacl=(allow(OI | CI | IO, 0x10000000, "S-1-3-0"),))
    found = ntfs.inherited_from(parent, directory=True, owner=OWNER, group=GROUP)
    assert [(a.flags, a.mask, a.sid) for a in found] == [
        (ID, 0x1F01FF, OWNER),
        (OI | CI | IO | ID, 0x10000000, "S-1-3-0"),
    ]


def test_creator_group_is_replaced_for_a_file() -> None:
    parent = Descriptor(0x8004, dacl=(allow(OI, 0x80000000, "S-1-3-1"),))
    found = ntfs.inherited_from(parent, directory=False, owner=OWNER, group=GROUP)
    assert [(a.flags, a.mask, a.sid) for a in found] == [(ID, 0x120089, GROUP)]


@pytest.mark.parametrize(
    ("generic", "specific"),
    [
        # FILE_GENERIC_READ, _WRITE, _EXECUTE and FILE_ALL_ACCESS, added up from the single rights of winnt.h.
        (0x80000000, 0x1 | 0x8 | 0x80 | 0x20000 | 0x100000),
        (0x40000000, 0x2 | 0x4 | 0x10 | 0x100 | 0x20000 | 0x100000),
        (0x20000000, 0x20 | 0x80 | 0x20000 | 0x100000),
        (0x10000000, 0x1FF | 0xF0000 | 0x100000),
    ],
)
def test_generic_rights_are_mapped(tree: MemoryBackend, generic: int, specific: int) -> None:
    ntfs.write(tree, "D:\\A\\B\\C.txt", Descriptor(0x8004, dacl=(allow(0, generic | 0x40),)))
    assert shown(read(tree, "D:\\A\\B\\C.txt")) == [(0, 0, specific | 0x40, USER)]
    assert [a.mask for a in ntfs.mapped_for_share([allow(0, generic)])] == [specific]


def test_an_explicit_inheritable_generic_entry_is_split(tree: MemoryBackend) -> None:
    ntfs.write(tree, "D:\\A", Descriptor(0x8004, dacl=(allow(OI | CI, 0x80000000),)))
    assert shown(read(tree, "D:\\A")) == [(0, 0, 0x120089, USER), (0, OI | CI | IO, 0x80000000, USER)]
    assert shown(read(tree, "D:\\A\\B\\C.txt")) == [(0, ID, 0x120089, USER)]


def test_children_follow_and_keep_their_own_entries(tree: MemoryBackend) -> None:
    own = allow(0, 0x1301BF, OTHER)
    ntfs.write(tree, "D:\\A\\B", Descriptor(0x8004, dacl=(own,)))
    ntfs.write(tree, "D:\\A", Descriptor(0x8004, dacl=(allow(OI | CI),)))
    assert shown(read(tree, "D:\\A\\B")) == [(0, 0, 0x1301BF, OTHER), (0, OI | CI | ID, 0x1200A9, USER)]
    assert shown(read(tree, "D:\\A\\B\\C.txt")) == [(0, ID, 0x1200A9, USER)]
    ntfs.write(tree, "D:\\A", Descriptor(0x8004, dacl=()))
    assert shown(read(tree, "D:\\A\\B")) == [(0, 0, 0x1301BF, OTHER)]
    assert shown(read(tree, "D:\\A\\B\\C.txt")) == []


def test_inherited_entries_that_are_sent_are_worked_out_again(tree: MemoryBackend) -> None:
    ntfs.write(tree, "D:\\A", Descriptor(0x8004, dacl=(allow(OI | CI),)))
    invented = allow(ID, 0x1F01FF, OTHER)
    ntfs.write(tree, "D:\\A\\B", Descriptor(0x8004, dacl=(invented, allow(0, 0x1, OTHER))))
    assert shown(read(tree, "D:\\A\\B")) == [(0, 0, 0x1, OTHER), (0, OI | CI | ID, 0x1200A9, USER)]
    assert read(tree, "D:\\A\\B").control & 0x400


def test_protection_stops_inheritance_below_it(tree: MemoryBackend) -> None:
    ntfs.write(tree, "D:\\A\\B", Descriptor(0x9004, dacl=(allow(OI, 0x1, OTHER),)))
    ntfs.write(tree, "D:\\A", Descriptor(0x8004, dacl=(allow(OI | CI),)))
    assert shown(read(tree, "D:\\A\\B")) == [(0, OI, 0x1, OTHER)]
    assert read(tree, "D:\\A\\B").protected
    assert shown(read(tree, "D:\\A\\B\\C.txt")) == [(0, ID, 0x1, OTHER)]
    ntfs.write(tree, "D:\\A\\B", Descriptor(0x8004, dacl=()))
    assert shown(read(tree, "D:\\A\\B")) == [(0, OI | CI | ID, 0x1200A9, USER)]
    assert not read(tree, "D:\\A\\B").protected


def test_a_null_dacl_stays_one_until_entries_come_down(tree: MemoryBackend) -> None:
    ntfs.write(tree, "D:\\A\\B", Descriptor(0x8004, dacl=None))
    found = read(tree, "D:\\A\\B")
    assert found.dacl_present
    assert found.dacl is None
    ntfs.write(tree, "D:\\A", Descriptor(0x8004, dacl=(allow(0),)))
    assert read(tree, "D:\\A\\B").dacl is None
    ntfs.write(tree, "D:\\A", Descriptor(0x8004, dacl=(allow(OI | CI),)))
    assert shown(read(tree, "D:\\A\\B")) == [(0, OI | CI | ID, 0x1200A9, USER)]


def test_without_the_present_flag_the_dacl_is_left_alone(tree: MemoryBackend) -> None:
    ntfs.write(tree, "D:\\A", Descriptor(0x8004, dacl=(allow(0),)))
    ntfs.write(tree, "D:\\A", Descriptor(0x8000, owner=OTHER))
    assert shown(read(tree, "D:\\A")) == [(0, 0, 0x1200A9, USER)]
    assert read(tree, "D:\\A").owner == OTHER
    assert read(tree, "D:\\A").group == "S-1-5-18"


@pytest.mark.parametrize(
    "path", ["", "D:", "D", "\\\\server\\share", "D:/A", "D:\\A\\..\\B", "D:\\\\A", "D:A", "1:\\A"]
)
def test_what_is_no_absolute_path_is_missing(path: str) -> None:
    with pytest.raises(Missing):
        split_path(path)


def test_paths_are_found_in_any_case(tree: MemoryBackend) -> None:
    assert tree.canonical_path("d:\\a\\b\\c.TXT") == "D:\\A\\B\\C.txt"
    assert join_path(split_path("D:\\")) == "D:\\"
