# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NT ACLs as Samba keeps them: the extended attribute ``security.NTACL`` of a file.

Its layout is ``xattr_NTACL`` of Samba's librpc/idl/xattr.idl, in NDR. Version 1 is the plain descriptor; with
``acl_xattr:ignore system acls`` nothing more is needed, and nothing is mapped or worked out on the way.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

ATTRIBUTE = "security.NTACL"
_HEAD = struct.pack("<HHL", 1, 1, 0x00020000)  # the version, again as the union's switch, and a pointer's referent


def attribute_value(descriptor: bytes) -> bytes:
    """The attribute for a self-relative descriptor: its offsets count from the start of the attribute."""
    offsets = struct.unpack_from("<4L", descriptor, 4)
    moved = struct.pack("<4L", *(offset + len(_HEAD) if offset else 0 for offset in offsets))
    return _HEAD + descriptor[:4] + moved + descriptor[20:]


def store(path: Path, descriptor: bytes) -> None:
    """Give a file or directory this NT ACL; raises OSError."""
    store_value(path, attribute_value(descriptor))


def store_value(path: Path, value: bytes) -> None:
    """The same for an attribute that was worked out before."""
    os.setxattr(path, ATTRIBUTE, value, follow_symlinks=False)
