# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a child inherits from its parent ([MS-DTYP] 2.5.3.4.1, ComputeACL, auto-inherit part)."""

from __future__ import annotations

from dataclasses import replace

from .ace import (
    CONTAINER_INHERIT,
    INHERIT_ONLY,
    INHERITANCE_FLAGS,
    INHERITED,
    NO_PROPAGATE,
    OBJECT_INHERIT,
    Ace,
    AnyAce,
)
from .acl import Acl
from .rights import map_generic
from .sid import CREATOR_GROUP, CREATOR_OWNER, Sid


def inherited_aces(parent: Acl, *, is_folder: bool, owner: Sid | None, group: Sid | None) -> tuple[AnyAce, ...]:
    """The entries that a child of `parent` inherits, in order.

    Args:
        parent: DACL of the parent directory.
        is_folder: folders pass entries on, files do not.
        owner: the child's owner, who stands in for CREATOR OWNER.
        group: the child's primary group, which stands in for CREATOR GROUP.
    """
    result: list[AnyAce] = []
    for ace in parent:
        result.extend(_inherit(ace, is_folder, owner, group))
    return tuple(result)


def _inherit(ace: AnyAce, is_folder: bool, owner: Sid | None, group: Sid | None) -> list[AnyAce]:
    passes = ace.flags & (OBJECT_INHERIT | CONTAINER_INHERIT)
    other = ace.flags & ~INHERITANCE_FLAGS & ~INHERITED
    reaches = ace.flags & (CONTAINER_INHERIT if is_folder else OBJECT_INHERIT)
    if not is_folder:
        return [_effective(ace, other | INHERITED, owner, group)] if reaches else []
    if not reaches:
        # An entry for files only travels through folders without taking effect there.
        if passes and not ace.flags & NO_PROPAGATE:
            return [replace(ace, flags=other | passes | INHERIT_ONLY | INHERITED)]
        return []
    if ace.flags & NO_PROPAGATE:
        return [_effective(ace, other | INHERITED, owner, group)]
    effective = _effective(ace, other | INHERITED, owner, group)
    if isinstance(ace, Ace) and isinstance(effective, Ace) and (effective.sid, effective.mask) != (ace.sid, ace.mask):
        # CREATOR OWNER and generic bits mean something else at every child: the template goes on beside its result.
        return [effective, replace(ace, flags=other | passes | INHERIT_ONLY | INHERITED)]
    return [replace(effective, flags=other | passes | INHERITED)]


def _effective(ace: AnyAce, flags: int, owner: Sid | None, group: Sid | None) -> AnyAce:
    if not isinstance(ace, Ace):
        return replace(ace, flags=flags)
    sid = {CREATOR_OWNER: owner, CREATOR_GROUP: group}.get(ace.sid) or ace.sid
    return replace(ace, flags=flags, sid=sid, mask=map_generic(ace.mask))
