# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access masks of shares, directories and files: names, numbers and the generic mapping.

Sources: [MS-DTYP] 2.4.3 (ACCESS_MASK), [MS-SMB2] 2.2.13.1 (file and directory rights), and the names that the
Security tab of Windows and .NET's FileSystemRights use.

SYNCHRONIZE belongs to entries that allow. CreateFile asks for it with every handle, so an entry that allows without it
grants nothing that a program can use, and an entry that denies it denies everything. Windows' dialogs and .NET
(FileSystemAccessRule) set it in entries that allow and leave it out of entries that deny. Full control has it in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import SecurityDescriptorError

READ_DATA = 0x1
WRITE_DATA = 0x2
APPEND_DATA = 0x4
TRAVERSE = 0x20
DELETE_CHILD = 0x40
READ_ATTRIBUTES = 0x80
DELETE = 0x10000
READ_CONTROL = 0x20000
WRITE_DAC = 0x40000
SYNCHRONIZE = 0x100000

GENERIC_ALL = 0x10000000
GENERIC_EXECUTE = 0x20000000
GENERIC_WRITE = 0x40000000
GENERIC_READ = 0x80000000
_GENERIC_BITS = GENERIC_ALL | GENERIC_EXECUTE | GENERIC_WRITE | GENERIC_READ

FULL_CONTROL = 0x1F01FF
MODIFY = 0x1301BF
READ_AND_EXECUTE = 0x1200A9
READ = 0x120089
WRITE = 0x100116
READ_AND_WRITE = READ | WRITE
"""0x12019F, what NT 4.0 shows as "Read and Write"."""

_GENERIC_MAPPING = (
    (GENERIC_ALL, FULL_CONTROL),
    (GENERIC_READ, 0x120089),
    (GENERIC_WRITE, 0x120116),
    (GENERIC_EXECUTE, 0x1200A0),
)

SHARE_ACCESS = {"full_control": FULL_CONTROL, "change": MODIFY, "read": READ_AND_EXECUTE}
"""What the three boxes of a share's permissions page allow; `denied_mask` has what they deny."""

_SHARE_WORDS = ((FULL_CONTROL, "Full Control"), (MODIFY, "Change"), (READ_AND_EXECUTE, "Read"))

_NTFS_NAMES = {
    "full_control": FULL_CONTROL,
    "modify": MODIFY & ~SYNCHRONIZE,
    "read_and_execute": READ_AND_EXECUTE & ~SYNCHRONIZE,
    "read": READ & ~SYNCHRONIZE,
    "write": WRITE & ~SYNCHRONIZE,
}
_NTFS_WORDS = (
    (FULL_CONTROL, "Full control"),
    (MODIFY, "Modify"),
    (READ_AND_EXECUTE, "Read & execute"),
    (READ, "Read"),
    (WRITE, "Write"),
)
_SINGLE_RIGHTS = (
    (0x1, "list_directory", "List folder / read data"),
    (0x2, "create_files", "Create files / write data"),
    (0x4, "create_directories", "Create folders / append data"),
    (0x8, "read_extended_attributes", "Read extended attributes"),
    (0x10, "write_extended_attributes", "Write extended attributes"),
    (TRAVERSE, "traverse", "Traverse folder / execute file"),
    (DELETE_CHILD, "delete_subfolders_and_files", "Delete subfolders and files"),
    (READ_ATTRIBUTES, "read_attributes", "Read attributes"),
    (0x100, "write_attributes", "Write attributes"),
    (DELETE, "delete", "Delete"),
    (READ_CONTROL, "read_permissions", "Read permissions"),
    (WRITE_DAC, "change_permissions", "Change permissions"),
    (0x80000, "take_ownership", "Take ownership"),
    (SYNCHRONIZE, "synchronize", "Synchronize"),
)
_SINGLE_ALIASES = {
    "read_data": 0x1,
    "write_data": 0x2,
    "append_data": 0x4,
    "execute_file": 0x20,
    "execute": 0x20,
    "delete_child": DELETE_CHILD,
}
NTFS_RIGHTS: dict[str, int] = {
    **_NTFS_NAMES,
    **{name: bit for bit, name, _words in _SINGLE_RIGHTS},
    **_SINGLE_ALIASES,
}
"""Every name that `parse_ntfs_rights` knows, in snake case, with its value in .NET's FileSystemRights."""

_BY_LETTERS = {re.sub("[^a-z]", "", name): mask for name, mask in NTFS_RIGHTS.items()} | {
    "fullcontrol": FULL_CONTROL,
    "readexecute": READ_AND_EXECUTE,
}


def map_generic(mask: int) -> int:
    """Replace generic bits by the file rights they stand for ([MS-DTYP] 2.4.3; [MS-SMB2] 2.2.13.1)."""
    if mask & _GENERIC_BITS:
        for bit, rights in _GENERIC_MAPPING:
            if mask & bit:
                mask |= rights
    return mask & ~_GENERIC_BITS


def denied_mask(allowed: int) -> int:
    """The mask of an entry that denies what an entry with the mask `allowed` allows: without SYNCHRONIZE.

    Full control keeps it, as in .NET's FileSystemAccessRule.
    """
    return allowed if allowed == FULL_CONTROL else allowed & ~SYNCHRONIZE


def parse_ntfs_rights(rights: Iterable[str | int], *, denied: bool = False) -> int:
    """Add up rights given by name (`modify`, `ReadAndExecute`, `Read & execute`, `create_files`) or as a mask.

    Args:
        rights: names and masks.
        denied: whether the entry denies. It gets the given bits and no other; SYNCHRONIZE only by its name, by
            `full_control` or by a mask that holds it. An entry that allows always gets SYNCHRONIZE.

    Raises:
        SecurityDescriptorError: a name is unknown, or a mask is no 32-bit number, or nothing is left.
    """
    total = 0
    for right in rights:
        total |= _one_right(right)
    if not total:
        raise SecurityDescriptorError("no rights are given")
    return map_generic(total) | (0 if denied else SYNCHRONIZE)


def _one_right(right: str | int) -> int:
    text = str(right).strip()
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10}", text):
        mask = int(text, 0) if text[:2].lower() == "0x" else int(text)
        unknown = map_generic(mask) & ~FULL_CONTROL
        if mask >= 2**32 or unknown:
            raise SecurityDescriptorError(f"the mask {text} holds bits that no file or directory right has")
        return mask
    try:
        return _BY_LETTERS[re.sub("[^a-z]", "", text.lower())]
    except KeyError:
        names = ", ".join(NTFS_RIGHTS)
        raise SecurityDescriptorError(f"unknown right {text!r}; known are {names}, or a mask like 0x12019F") from None


def describe_share_mask(mask: int, *, denied: bool = False) -> str:
    """A share mask in the words of Windows' dialog: `Full Control`, `Change`, `Read`, or `Special` and what it is.

    Args:
        mask: access mask of an entry.
        denied: whether the entry denies. Then the words stand for rights without SYNCHRONIZE, which is named if the
            entry has it.
    """
    mask = map_generic(mask)
    if not mask:
        return "none"
    for known, words in _SHARE_WORDS:
        if mask == (denied_mask(known) if denied else known):
            return words
        if denied and mask == known:
            return f"{words}, Synchronize"
    return f"Special ({describe_ntfs_mask(mask, denied=denied)})"


def describe_ntfs_mask(mask: int, *, denied: bool = False) -> str:
    """A file or directory mask in the words of Windows' Security tab: `Read, Write`, `Modify`, single rights.

    Named sets come first, then the single rights that no named set holds. Every bit is in one of the words, so rights
    that differ never have the same words.

    Args:
        mask: access mask of an entry, or the rights that an access check found.
        denied: whether the mask is of an entry that denies. Then the named sets are those without SYNCHRONIZE, which
            is named if the entry has it.
    """
    mask = map_generic(mask)
    if not mask:
        return "none"
    words: list[str] = []
    said = 0
    for allowed, name in _NTFS_WORDS:
        known = denied_mask(allowed) if denied else allowed
        if mask & known == known and known & ~said:
            words.append(name)
            said |= known
    words.extend(name for bit, _key, name in _SINGLE_RIGHTS if mask & ~said & bit)
    if mask & ~FULL_CONTROL:
        words.append(f"0x{mask & ~FULL_CONTROL:X}")
    return ", ".join(words)
