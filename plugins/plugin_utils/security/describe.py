# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACEs as text for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .ace import (
    SYSTEM_ACCESS_FILTER,
    SYSTEM_ALARM,
    SYSTEM_AUDIT,
    SYSTEM_MANDATORY_LABEL,
    SYSTEM_PROCESS_TRUST_LABEL,
    SYSTEM_RESOURCE_ATTRIBUTE,
    SYSTEM_SCOPED_POLICY_ID,
    AnyAce,
    CompoundAce,
    ConditionalAce,
    ObjectAce,
    OpaqueAce,
    describe_flags,
)
from .descriptor import SecurityDescriptor
from .rights import describe_ntfs_mask, describe_share_mask
from .sid import Sid
from .well_known import NAME_OF

Names = Mapping[Sid, str]

_OTHER_KINDS = {
    SYSTEM_AUDIT: "audit",
    SYSTEM_ALARM: "alarm",
    SYSTEM_MANDATORY_LABEL: "integrity label",
    SYSTEM_RESOURCE_ATTRIBUTE: "resource attribute",
    SYSTEM_SCOPED_POLICY_ID: "central policy",
    SYSTEM_PROCESS_TRUST_LABEL: "trust label",
    SYSTEM_ACCESS_FILTER: "access filter",
}
_LIMITS = {ConditionalAce: "  [only if its condition is true]", ObjectAce: "  [may apply to some object types only]"}


def name_of(sid: Sid, names: Names) -> str:
    """Return the name from the server, or the well-known English name, or the SID."""
    return names.get(sid) or NAME_OF.get(sid) or str(sid)


def describe_ace(ace: AnyAce, names: Names, *, share: bool, chains: Names = MappingProxyType({})) -> str:
    r"""Return one line: `allow CORP\smssend  Read, Write  (this folder, subfolders and files)`.

    Args:
        ace: the ACE.
        names: names to show.
        share: whether the ACE is on a share. Then the line has no "applies to", and the rights are those of a share.
        chains: for groups, the memberships that lead from an account to them: `CORP\P01$ → BUILTIN\Administrators`.
            The line is `CORP\P01$ → BUILTIN\Administrators: allow Full Control` then.
    """
    origin = "  [inherited]" if ace.inherited else ""
    kind = "deny" if ace.denies else "allow" if ace.allows else _OTHER_KINDS.get(ace.ace_type, "other")
    if isinstance(ace, OpaqueAce | CompoundAce):
        return f"{kind} entry of type 0x{ace.ace_type:02X}, {len(ace.to_bytes())} bytes{origin}"
    chain = chains.get(ace.sid)
    who = f"{chain}: {kind}" if chain else f"{kind} {name_of(ace.sid, names)} "
    origin = _LIMITS.get(type(ace), "") + origin
    if share:
        return f"{who} {describe_share_mask(ace.mask, denied=ace.denies)}{origin}"
    rights = describe_ntfs_mask(ace.mask, denied=ace.denies)
    return f"{who} {rights}  ({describe_flags(ace.flags)}){origin}"


def describe_dacl(descriptor: SecurityDescriptor | None, names: Names, *, share: bool) -> list[str]:
    """Return the DACL as text, one line for each ACE, or one line for a DACL without ACEs."""
    if descriptor is None:
        return ["no security descriptor of its own: the server's default applies"]
    if not descriptor.has_dacl:
        return ["no DACL: everyone has every right"]
    if descriptor.dacl is None:
        return ["NULL DACL: everyone has every right"]
    lines = [describe_ace(ace, names, share=share) for ace in descriptor.dacl]
    lines = lines or ["empty DACL: nobody has any right"]
    if descriptor.dacl_protected and not share:
        lines.append("inheritance from the parent folder is disabled")
    return lines
