# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The descriptor of a new object ([MS-DTYP] 2.5.3.4): what the collection's inheritance is compared with.

The collection never creates an object. But Windows, Samba and books show inheritance by the descriptors of new objects,
and a propagated descriptor must be equal to that of a new object.

The pseudocode of [MS-DTYP] 2.5.3.4 and Windows differ. This module does what Windows does:

- If the parent's ACEs are for other children than this one (files, not folders), the default DACL applies (Samba's
  torture test RAW-ACLS "inheritance", which passes on Windows).
- An ACE is marked INHERITED_ACE only under automatic inheritance (RAW-ACLS "inheritance_flags"; J. Forshaw, "Windows
  Security Internals", 2024, chapter 6, listings 6-21 and 6-23).
- If parent and creator both have a list, the explicit ACEs of the creator stay (same book, listing 6-25; the pseudocode
  of 2.5.3.4.2 filters for CopyInheritedAces there and would drop them).
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Acl, AnyAce, SecurityDescriptor, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import (
    CONTAINER_INHERIT,
    INHERIT_ONLY,
    INHERITANCE_FLAGS,
    OBJECT_INHERIT,
    ObjectAce,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.descriptor import SE_SACL_DEFAULTED
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.inheritance import (
    DACL_BITS,
    SACL_BITS,
    AclBits,
    _acl,
    _creators,
    _in_effect_only,
    _mapped,
    _passes,
    inherited_aces,
)

_SE_DACL_DEFAULTED = 0x0008
_SE_RM_CONTROL_VALID = 0x4000


class AutoInherit(enum.Flag):
    """AutoInheritFlags of [MS-DTYP] 2.5.3.4.1; the values are those of SEF_* in the Windows SDK's winnt.h.

    DACL, SACL: inherited ACEs are marked and follow those of the creator. Without the flag, a list of the creator
    replaces what could be inherited.
    DEFAULT_DESCRIPTOR_FOR_OBJECT: the creator's lists count only if the parent has no ACE for exactly this type of
    object (Active Directory).
    DEFAULT_OWNER_FROM_PARENT, DEFAULT_GROUP_FROM_PARENT: if the creator gives none, the parent's is used.
    """

    DACL = 0x01
    SACL = 0x02
    DEFAULT_DESCRIPTOR_FOR_OBJECT = 0x04
    DEFAULT_OWNER_FROM_PARENT = 0x20
    DEFAULT_GROUP_FROM_PARENT = 0x40


@dataclass(frozen=True, slots=True)
class NewAclBits:
    """The bits of one of the two lists, with those that only a new object has."""

    bits: AclBits
    defaulted: int
    auto_inherit: AutoInherit


_DACL = NewAclBits(DACL_BITS, _SE_DACL_DEFAULTED, AutoInherit.DACL)
_SACL = NewAclBits(SACL_BITS, SE_SACL_DEFAULTED, AutoInherit.SACL)


def child_descriptor(
    parent: SecurityDescriptor | None,
    creator: SecurityDescriptor | None = None,
    *,
    is_folder: bool,
    owner: Sid | None,
    group: Sid | None,
    object_types: Collection[UUID] = frozenset(),
    default_dacl: Acl | None = None,
    flags: AutoInherit | None = None,
) -> SecurityDescriptor:
    """Return the descriptor of a new object (CreateSecurityDescriptor, [MS-DTYP] 2.5.3.4.1).

    Each list comes from the first of these that exists: the creator (under automatic inheritance followed by the
    parent's ACEs, unless the creator protects the list), the parent, the default, nothing. A list that the creator
    marks as defaulted (SE_DACL_DEFAULTED) yields to the parent's ACEs. A protected list holds the creator's ACEs only,
    the inherited ones among them as explicit ones (2.5.3.4, listing 6-26 of the book). A NULL DACL of the creator stays
    NULL, except that under automatic inheritance the parent's ACEs make a list of it (Microsoft, "Automatic Propagation
    of Inheritable ACEs").

    Args:
        parent: descriptor of the parent folder; None for an object without a parent.
        creator: descriptor that the creator of the object gives. It may be partial or None.
        is_folder: whether the object can have children.
        owner: owner in the creator's token, used if `creator` has none.
        group: primary group in the creator's token, used if `creator` has none.
        object_types: see `inherited_aces`.
        default_dacl: default DACL of the creator's token.
        flags: None for the behaviour of Windows for a new file or folder: automatic inheritance of a list if the parent
            has SE_DACL_AUTO_INHERITED (SE_SACL_AUTO_INHERITED) and the creator does not give the list (same book,
            table 6-3; RAW-ACLS "inheritance_flags").
    """
    above, given = parent or SecurityDescriptor(), creator or SecurityDescriptor()
    if flags is None:
        flags = AutoInherit(0)
        for bits in (_DACL, _SACL):
            if above.control & bits.bits.auto_inherited and not given.control & bits.bits.present:
                flags |= bits.auto_inherit
    owner = given.owner or (above.owner if flags & AutoInherit.DEFAULT_OWNER_FROM_PARENT else None) or owner
    group = given.group or (above.group if flags & AutoInherit.DEFAULT_GROUP_FROM_PARENT else None) or group
    control = given.control & _SE_RM_CONTROL_VALID
    acls: list[Acl | None] = []
    for bits, default in ((_DACL, default_dacl), (_SACL, None)):
        found, acl = _compute_acl(bits, above, given, default, is_folder, owner, group, object_types, flags)
        control |= found
        acls.append(acl)
    return SecurityDescriptor(control, owner, group, acls[0], acls[1], given.resource_manager_control)


def _compute_acl(
    bits: NewAclBits,
    above: SecurityDescriptor,
    given: SecurityDescriptor,
    default: Acl | None,
    is_folder: bool,
    owner: Sid | None,
    group: Sid | None,
    object_types: Collection[UUID],
    flags: AutoInherit,
) -> tuple[int, Acl | None]:
    """Return one list and its control bits (ComputeACL, [MS-DTYP] 2.5.3.4.2)."""
    auto = bool(flags & bits.auto_inherit)
    protected = given.control & bits.bits.protected
    above_acl, given_acl = bits.bits.acl_of(above) or Acl(), bits.bits.acl_of(given)
    control = protected | (bits.bits.auto_inherited if auto else 0)
    passed = tuple(
        ace if auto else ace.without_inherited_flag()
        for ace in inherited_aces(above_acl, is_folder=is_folder, owner=owner, group=group, object_types=object_types)
        if _passes(ace, bool(protected))
    )
    gives_way = (not auto and given.control & bits.defaulted) or (
        flags & AutoInherit.DEFAULT_DESCRIPTOR_FOR_OBJECT and _names_type(above_acl, is_folder, object_types)
    )
    if given.control & bits.bits.present and not (gives_way and passed):
        passed = passed if auto else ()
        if given_acl is None:
            return control | bits.bits.present, _acl(passed) if passed else None
        own = [ace.without_inherited_flag() for ace in given_acl if protected or not ace.inherited]
        aces = (*_concrete(own, is_folder, owner, group), *passed)
        return control | bits.bits.present, _acl(aces, given_acl.revision)
    if passed:
        return control | bits.bits.present, _acl(passed)
    if default is not None:
        return control | bits.bits.present, _acl(_concrete(default, is_folder, owner, group), default.revision)
    return control, None


def _concrete(aces: Iterable[AnyAce], is_folder: bool, owner: Sid | None, group: Sid | None) -> tuple[AnyAce, ...]:
    """Return explicit ACEs as Windows stores them ([MS-DTYP] 2.5.3.4.5 and 2.5.3.4.7)."""
    creators = _creators(owner, group)
    result: list[AnyAce] = []
    for ace in aces:
        mapped = ace if ace.flags & INHERIT_ONLY else _mapped(ace, creators)
        if mapped != ace and is_folder and ace.flags & (OBJECT_INHERIT | CONTAINER_INHERIT):
            result.append(_in_effect_only(mapped, ace.flags & ~INHERITANCE_FLAGS))
            result.append(replace(ace, flags=ace.flags | INHERIT_ONLY))
        else:
            result.append(mapped)
    return tuple(result)


def _names_type(acl: Acl, is_folder: bool, object_types: Collection[UUID]) -> bool:
    """Whether the parent passes on an ACE for exactly this type of object."""
    reach = CONTAINER_INHERIT if is_folder else OBJECT_INHERIT
    return any(
        isinstance(ace, ObjectAce) and ace.flags & reach and ace.inherited_object_type in object_types for ace in acl
    )
