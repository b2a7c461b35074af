# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of security descriptors in binary form."""

from __future__ import annotations

import struct

EVERYONE_ENTRY = bytes.fromhex("00001400" + "ff011f00" + "010100000000000100000000")  # 20 bytes


def acl_header(size: int, count: int, revision: int = 2) -> bytes:
    return struct.pack("<BBHHH", revision, 0, size, count, 0)


def header(
    *,
    revision: int = 1,
    sbz1: int = 0,
    control: int = 0x8000,
    owner: int = 0,
    group: int = 0,
    sacl: int = 0,
    dacl: int = 0,
) -> bytes:
    # [MS-DTYP] 2.4.6: Revision, Sbz1, Control, OffsetOwner, OffsetGroup, OffsetSacl, OffsetDacl.
    return struct.pack("<BBHIIII", revision, sbz1, control, owner, group, sacl, dacl)
