# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ACEs a file or folder inherits from its parent folder ([MS-DTYP] 2.5.3.4).

The pseudocode of [MS-DTYP] 2.5.3.4 and Windows differ. This module does what Windows does:

- An ACE with INHERIT_ONLY_ACE is inherited like any other. (The table and the text of 2.5.3.4.4 agree; the pseudocode
  skips the ACE.)
- An ACE that has the same effect here and further down is one ACE, not two. If there are two, they stay together, in
  the order of the parent (Microsoft, "ACE Inheritance Rules"; descriptors in the root of an NTFS volume).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

from .ace import (
    ACCESS_ALLOWED_CALLBACK,
    ACCESS_ALLOWED_CALLBACK_OBJECT,
    ACCESS_ALLOWED_OBJECT,
    CONTAINER_INHERIT,
    INHERIT_ONLY,
    INHERITANCE_FLAGS,
    INHERITED,
    NO_PROPAGATE,
    OBJECT_INHERIT,
    OBJECT_TYPES,
    SYSTEM_ALARM_OBJECT,
    SYSTEM_RESOURCE_ATTRIBUTE,
    SYSTEM_SCOPED_POLICY_ID,
    Ace,
    AnyAce,
    ConditionalAce,
    ObjectAce,
    OpaqueAce,
)
from .acl import ACL_REVISION, ACL_REVISION_DS, Acl
from .descriptor import (
    SE_DACL_AUTO_INHERITED,
    SE_DACL_PRESENT,
    SE_DACL_PROTECTED,
    SE_SACL_AUTO_INHERITED,
    SE_SACL_PRESENT,
    SE_SACL_PROTECTED,
    SecurityDescriptor,
)
from .rights import map_generic
from .sid import CREATOR_GROUP, CREATOR_OWNER, Sid

_PASSES_ON = OBJECT_INHERIT | CONTAINER_INHERIT

# Protection does not stop these types (Microsoft, "ACE Inheritance" and "SACL for a New Object").
_UNSTOPPED_TYPES = (SYSTEM_RESOURCE_ATTRIBUTE, SYSTEM_SCOPED_POLICY_ID)


@dataclass(frozen=True, slots=True)
class AclBits:
    """The control bits of the DACL or the SACL ([MS-DTYP] 2.4.6); the same rules apply to both."""

    present: int
    auto_inherited: int
    protected: int

    def acl_of(self, descriptor: SecurityDescriptor) -> Acl | None:
        """Return this list of a descriptor; None if it is NULL or absent."""
        return descriptor.dacl if self.present == SE_DACL_PRESENT else descriptor.sacl


DACL_BITS = AclBits(SE_DACL_PRESENT, SE_DACL_AUTO_INHERITED, SE_DACL_PROTECTED)
SACL_BITS = AclBits(SE_SACL_PRESENT, SE_SACL_AUTO_INHERITED, SE_SACL_PROTECTED)


def inherited_aces(
    parent: Acl,
    *,
    is_folder: bool,
    owner: Sid | None,
    group: Sid | None,
    object_types: Collection[UUID] = frozenset(),
) -> tuple[AnyAce, ...]:
    """Return the ACEs that a child inherits, in order, marked as inherited ([MS-DTYP] 2.5.3.4.4, 2.5.3.4.7).

    Generic rights become file rights. Each ACE of the parent results in at most two.

    Args:
        parent: DACL or SACL of the parent folder.
        is_folder: whether the child is a folder. Only folders pass ACEs on.
        owner: the child's owner, which replaces CREATOR OWNER. None keeps CREATOR OWNER.
        group: the child's primary group, which replaces CREATOR GROUP. None keeps CREATOR GROUP.
        object_types: classes of the child; files and folders have none. An ACE with an inherited object type has an
            effect on these classes only and passes through children of other classes.
    """
    creators = _creators(owner, group)
    result: list[AnyAce] = []
    for ace in parent:
        result.extend(_inherit(ace, is_folder, creators, object_types))
    return tuple(result)


def with_inherited(
    bits: AclBits,
    parent: SecurityDescriptor,
    child: SecurityDescriptor,
    *,
    is_folder: bool,
    object_types: Collection[UUID] = frozenset(),
    protected: bool,
) -> SecurityDescriptor:
    """Return the descriptor of an existing child with the inherited ACEs of one list updated.

    The child's explicit ACEs stay unchanged and in order. The ACEs that the parent passes on follow them. The list is
    marked SE_DACL_AUTO_INHERITED (SE_SACL_AUTO_INHERITED). Rules for a child without a list: Microsoft, "Automatic
    Propagation of Inheritable ACEs".

    Args:
        bits: the list, DACL_BITS or SACL_BITS.
        parent: current descriptor of the parent folder.
        child: current descriptor. Its owner and group replace CREATOR OWNER and CREATOR GROUP.
        is_folder: see `inherited_aces`.
        object_types: see `inherited_aces`.
        protected: whether the child or a folder above it is protected from inheritance.
    """
    above, acl = bits.acl_of(parent), bits.acl_of(child)
    passed = tuple(
        ace
        for ace in inherited_aces(
            above or Acl(), is_folder=is_folder, owner=child.owner, group=child.group, object_types=object_types
        )
        if _passes(ace, protected)
    )
    if acl is None and not passed:
        return child
    acl = acl or Acl()
    own = (ace for ace in acl if not (ace.inherited and _passes(ace, protected)))
    aces = (*own, *passed)
    acl = acl if aces == acl.aces else _acl(aces, acl.revision)
    control = child.control | bits.present | (0 if protected else bits.auto_inherited)
    if bits.present == SE_DACL_PRESENT:
        return replace(child, control=control, dacl=acl)
    return replace(child, control=control, sacl=acl)


def _inherit(
    ace: AnyAce, is_folder: bool, creators: dict[Sid, Sid], object_types: Collection[UUID]
) -> tuple[AnyAce, ...]:
    """Return what a child inherits from one ACE: nothing, one ACE, or one for itself and one to pass on."""
    other = ace.flags & ~INHERITANCE_FLAGS | INHERITED
    goes_on = ace.flags & _PASSES_ON if is_folder and not ace.flags & NO_PROPAGATE else 0
    reaches = ace.flags & (CONTAINER_INHERIT if is_folder else OBJECT_INHERIT)
    if not reaches or not _is_for(ace, object_types):
        # An ACE for files, or for another object type, passes through folders without an effect on them.
        return (replace(ace, flags=other | goes_on | INHERIT_ONLY),) if goes_on else ()
    mapped = _mapped(ace, creators)
    if not goes_on:
        return (_in_effect_only(mapped, other),)
    if mapped != ace:
        # CREATOR OWNER and generic bits have another meaning for each child: the original ACE is passed on as well.
        return _in_effect_only(mapped, other), replace(ace, flags=other | goes_on | INHERIT_ONLY)
    return (replace(ace, flags=other | goes_on),)


def _creators(owner: Sid | None, group: Sid | None) -> dict[Sid, Sid]:
    return {creator: sid for creator, sid in ((CREATOR_OWNER, owner), (CREATOR_GROUP, group)) if sid is not None}


def _mapped(ace: AnyAce, creators: dict[Sid, Sid]) -> AnyAce:
    """Replace generic rights and creators. An ACE that cannot be read stays unchanged."""
    if isinstance(ace, OpaqueAce):
        return ace
    return replace(ace, sid=creators.get(ace.sid, ace.sid), mask=map_generic(ace.mask))


def _in_effect_only(ace: AnyAce, flags: int) -> AnyAce:
    """Return the ACE for this object only.

    The inherited object type is removed. An object ACE without any type becomes the equal plain ACE, as on Windows
    (Samba, calculate_inherited_from_parent).
    """
    if not isinstance(ace, ObjectAce):
        return replace(ace, flags=flags)
    if ace.object_type is not None:
        return replace(ace, flags=flags, inherited_object_type=None)
    if ace.ace_type <= SYSTEM_ALARM_OBJECT:
        return Ace(ace.ace_type - ACCESS_ALLOWED_OBJECT, flags, ace.mask, ace.sid, ace.data)
    plain = ace.ace_type - (ACCESS_ALLOWED_CALLBACK_OBJECT - ACCESS_ALLOWED_CALLBACK)
    return ConditionalAce(plain, flags, ace.mask, ace.sid, ace.data)


def _is_for(ace: AnyAce, object_types: Collection[UUID]) -> bool:
    kind = ace.inherited_object_type if isinstance(ace, ObjectAce) else None
    return kind is None or kind in object_types


def _passes(ace: AnyAce, protected: bool) -> bool:
    """Whether the child inherits the ACE in spite of protection."""
    return not protected or ace.ace_type in _UNSTOPPED_TYPES


def _acl(aces: tuple[AnyAce, ...], revision: int = ACL_REVISION) -> Acl:
    """Return a list of this revision, or of the highest one if it contains object ACEs."""
    return Acl(aces, ACL_REVISION_DS if any(ace.ace_type in OBJECT_TYPES for ace in aces) else revision)
