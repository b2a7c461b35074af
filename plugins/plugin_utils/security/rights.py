# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access masks of shares, directories and files: names, numbers and the generic mapping.

Sources: [MS-DTYP] 2.4.3 (ACCESS_MASK), [MS-SMB2] 2.2.13.1 (file and directory rights), and the names that the
Security tab of Windows and .NET's FileSystemRights use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import SecurityDescriptorError

READ_DATA = 0x1
WRITE_DATA = 0x2
APPEND_DATA = 0x4
DELETE_CHILD = 0x40
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
"""What the three boxes of a share's permissions page mean."""

_SHARE_WORDS = ((FULL_CONTROL, "Full Control"), (MODIFY, "Change"), (READ_AND_EXECUTE, "Read"))

_NTFS_NAMES = {
    "full_control": FULL_CONTROL,
    "modify": MODIFY,
    "read_and_execute": READ_AND_EXECUTE,
    "read": READ,
    "write": WRITE,
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
    (0x20, "traverse", "Traverse folder / execute file"),
    (DELETE_CHILD, "delete_subfolders_and_files", "Delete subfolders and files"),
    (0x80, "read_attributes", "Read attributes"),
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
"""Every name that `parse_ntfs_rights` knows, in snake case."""

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


def parse_ntfs_rights(rights: Iterable[str | int]) -> int:
    """Add up rights given by name (`modify`, `ReadAndExecute`, `Read & execute`, `create_files`) or as a mask.

    SYNCHRONIZE is added as Windows' own dialogs do: without it no handle opened for synchronous I/O works, so that
    an entry without it would not grant what its name says.

    Raises:
        SecurityDescriptorError: a name is unknown, or a mask is no 32-bit number, or nothing is left.
    """
    total = 0
    for right in rights:
        total |= _one_right(right)
    if not total:
        raise SecurityDescriptorError("no rights are given")
    return map_generic(total) | SYNCHRONIZE


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


def describe_share_mask(mask: int) -> str:
    """A share mask in the words of Windows' dialog: `Full Control`, `Change`, `Read`, or `Special` and what it is."""
    mask = map_generic(mask)
    if not mask:
        return "none"
    for known, words in _SHARE_WORDS:
        if mask == known:
            return words
    return f"Special ({describe_ntfs_mask(mask)})"


def describe_ntfs_mask(mask: int) -> str:
    """A file or directory mask in the words of Windows' Security tab: `Read, Write`, `Modify`, single rights.

    Named sets come first, then the single rights that no named set holds. SYNCHRONIZE alone is said only where
    nothing else is there, since every named set brings it along.
    """
    mask = map_generic(mask)
    if not mask:
        return "none"
    words: list[str] = []
    said = 0
    for known, name in _NTFS_WORDS:
        if mask & known == known and known & ~said & ~SYNCHRONIZE:
            words.append(name)
            said |= known
    words.extend(name for bit, _key, name in _SINGLE_RIGHTS if mask & ~said & bit and bit != SYNCHRONIZE)
    if mask & ~FULL_CONTROL:
        words.append(f"0x{mask & ~FULL_CONTROL:X}")
    return ", ".join(words) or "Synchronize"
