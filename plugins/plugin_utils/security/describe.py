# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries as lines that an administrator reads without a manual."""

from __future__ import annotations

from collections.abc import Mapping

from .ace import Ace, AnyAce, describe_flags
from .descriptor import SecurityDescriptor
from .rights import describe_ntfs_mask, describe_share_mask
from .sid import Sid
from .well_known import NAME_OF

Names = Mapping[Sid, str]

_KINDS = ("allow", "deny", "audit")


def name_of(sid: Sid, names: Names) -> str:
    """The name that the server gave, else the well-known English one, else the SID itself."""
    return names.get(sid) or NAME_OF.get(sid) or str(sid)


def describe_ace(ace: AnyAce, names: Names, *, share: bool) -> str:
    r"""One line: `allow CORP\smssend  Read, Write  (this folder, subfolders and files)`.

    Args:
        share: entries of a share have no "applies to" and use the share's words.
    """
    origin = "  [inherited]" if ace.inherited else ""
    if not isinstance(ace, Ace):
        kind = "deny" if ace.denies else "other"
        return f"{kind} entry of type 0x{ace.ace_type:02X}, {len(ace.body)} bytes{origin}"
    who = name_of(ace.sid, names)
    if share:
        return f"{_KINDS[ace.ace_type]} {who}  {describe_share_mask(ace.mask)}{origin}"
    return f"{_KINDS[ace.ace_type]} {who}  {describe_ntfs_mask(ace.mask)}  ({describe_flags(ace.flags)}){origin}"


def describe_dacl(descriptor: SecurityDescriptor | None, names: Names, *, share: bool) -> list[str]:
    """The DACL, a line an entry; the special states are said in words."""
    if descriptor is None:
        return ["no security descriptor of its own: the server's default applies"]
    if not descriptor.has_dacl:
        return ["no DACL: everyone has every right"]
    if descriptor.dacl is None:
        return ["NULL DACL: everyone has every right"]
    lines = [describe_ace(ace, names, share=share) for ace in descriptor.dacl]
    if descriptor.dacl_protected and not share:
        lines.append("inheritance from the parent folder is disabled")
    return lines or ["empty DACL: nobody has any right"]
