# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access masks of shares, directories and files: names, numbers and the generic mapping.

Sources: [MS-DTYP] 2.4.3 (ACCESS_MASK), [MS-SMB2] 2.2.13.1 (file and directory rights), and the names that the
Security tab of Windows and .NET's FileSystemRights use.

SYNCHRONIZE belongs in allow ACEs. CreateFile requests it with every handle. An allow ACE without it grants nothing that
a program can use, and a deny ACE with it denies everything. The dialogs of Windows and .NET (FileSystemAccessRule) set
it in allow ACEs and omit it in deny ACEs. Full control contains it in both.
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
"""0x12019F: NT 4.0 shows it as "Read and Write"."""

_GENERIC_MAPPING = (
    (GENERIC_ALL, FULL_CONTROL),
    (GENERIC_READ, 0x120089),
    (GENERIC_WRITE, 0x120116),
    (GENERIC_EXECUTE, 0x1200A0),
)

SHARE_ACCESS = {"full_control": FULL_CONTROL, "change": MODIFY, "read": READ_AND_EXECUTE}
"""The masks of the three check boxes of a share's permissions; `denied_mask` returns those of deny ACEs."""

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
"""Every name that `parse_ntfs_rights` accepts, in snake case, with its value in .NET's FileSystemRights."""

_BY_LETTERS = {re.sub("[^a-z]", "", name): mask for name, mask in NTFS_RIGHTS.items()} | {
    "fullcontrol": FULL_CONTROL,
    "readexecute": READ_AND_EXECUTE,
}


def map_generic(mask: int) -> int:
    """Replace generic bits with file rights ([MS-DTYP] 2.4.3; [MS-SMB2] 2.2.13.1)."""
    if mask & _GENERIC_BITS:
        for bit, rights in _GENERIC_MAPPING:
            if mask & bit:
                mask |= rights
    return mask & ~_GENERIC_BITS


def denied_mask(allowed: int) -> int:
    """Return the mask of the deny ACE for the allow mask `allowed`: without SYNCHRONIZE.

    Full control keeps SYNCHRONIZE, as in .NET's FileSystemAccessRule.
    """
    return allowed if allowed == FULL_CONTROL else allowed & ~SYNCHRONIZE


def parse_ntfs_rights(rights: Iterable[str | int], *, denied: bool = False) -> int:
    """Return the mask of rights given as names (`modify`, `ReadAndExecute`, `Read & execute`) or masks.

    Args:
        rights: names and masks.
        denied: whether the ACE denies. A deny ACE gets exactly the given bits: SYNCHRONIZE only by its name, by
            `full_control` or by a mask that contains it. An allow ACE always gets SYNCHRONIZE.

    Raises:
        SecurityDescriptorError: a name is unknown, a mask is not a 32-bit number, or there are no rights.
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
            raise SecurityDescriptorError(f"the mask {text} contains bits that are not file or directory rights")
        return mask
    try:
        return _BY_LETTERS[re.sub("[^a-z]", "", text.lower())]
    except KeyError:
        names = ", ".join(NTFS_RIGHTS)
        raise SecurityDescriptorError(f"unknown right {text!r}; use {names}, or a mask like 0x12019F") from None


def describe_share_mask(mask: int, *, denied: bool = False) -> str:
    """Return a share mask as Windows shows it: `Full Control`, `Change`, `Read`, or `Special` with the rights.

    Args:
        mask: access mask of an ACE.
        denied: whether the ACE denies. Then these names mean rights without SYNCHRONIZE, and SYNCHRONIZE is named if
            the ACE contains it.
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
    """Return a file or directory mask as the Security tab of Windows shows it: `Read, Write`, `Modify`, single rights.

    Named sets come first, then single rights. The text contains every bit, so different masks have different texts.

    Args:
        mask: access mask of an ACE, or the rights that an access check returned.
        denied: whether the mask is from a deny ACE. Then the named sets are those without SYNCHRONIZE, and SYNCHRONIZE
            is named if the ACE contains it.
    """
    mask = map_generic(mask)
    if not mask:
        return "none"
    words: list[str] = []
    named = 0
    for allowed, name in _NTFS_WORDS:
        known = denied_mask(allowed) if denied else allowed
        if mask & known == known and known & ~named:
            words.append(name)
            named |= known
    words.extend(name for bit, _key, name in _SINGLE_RIGHTS if mask & ~named & bit)
    if mask & ~FULL_CONTROL:
        words.append(f"0x{mask & ~FULL_CONTROL:X}")
    return ", ".join(words)
