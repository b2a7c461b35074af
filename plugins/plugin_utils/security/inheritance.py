# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a child inherits from its parent, and the descriptor that a new object gets ([MS-DTYP] 2.5.3.4).

The pseudocode of [MS-DTYP] 2.5.3.4 and what Windows does differ in places; Windows wins here:

- An entry with INHERIT_ONLY_ACE is inherited like any other (the table and the text of 2.5.3.4.4 say so, its
  pseudocode skips the entry).
- An entry that is in effect here and further down, and says the same in both places, is one entry and not two; where
  there are two, they stand together, in the parent's order (Microsoft, "ACE Inheritance Rules"; descriptors of the
  directories in the root of any NTFS volume).
- A parent whose entries go to other children than this one (files, not folders) counts as a parent without
  inheritable entries: the default DACL applies (Samba's torture test RAW-ACLS "inheritance", made to pass on Windows).
- An entry is marked INHERITED_ACE only under automatic inheritance (RAW-ACLS "inheritance_flags"; J. Forshaw,
  "Windows Security Internals", 2024, chapter 6, listings 6-21 and 6-23).
- Explicit entries of the creator stay where parent and creator both have a list (same book, listing 6-25; the
  pseudocode of 2.5.3.4.2 filters for CopyInheritedAces there and would drop them).
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
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

SE_DACL_DEFAULTED = 0x0008
SE_SACL_DEFAULTED = 0x0020
SE_RM_CONTROL_VALID = 0x4000

_PASSES_ON = OBJECT_INHERIT | CONTAINER_INHERIT

# Protection does not keep these out (Microsoft, "ACE Inheritance" and "SACL for a New Object").
_UNSTOPPED_TYPES = (SYSTEM_RESOURCE_ATTRIBUTE, SYSTEM_SCOPED_POLICY_ID)


class AutoInherit(enum.Flag):
    """AutoInheritFlags of [MS-DTYP] 2.5.3.4.1; the values are those of SEF_* in the Windows SDK's winnt.h.

    DACL, SACL: inherited entries are marked as such and stand behind those that the creator gives. Without the flag a
    list of the creator takes the place of what could be inherited.
    DEFAULT_DESCRIPTOR_FOR_OBJECT: the creator's lists count only where the parent has no entry for this very type of
    object (Active Directory).
    DEFAULT_OWNER_FROM_PARENT, DEFAULT_GROUP_FROM_PARENT: where the creator names none, the parent's is taken.
    """

    DACL = 0x01
    SACL = 0x02
    DEFAULT_DESCRIPTOR_FOR_OBJECT = 0x04
    DEFAULT_OWNER_FROM_PARENT = 0x20
    DEFAULT_GROUP_FROM_PARENT = 0x40


@dataclass(frozen=True, slots=True)
class AclBits:
    """The control bits of one of a descriptor's two lists ([MS-DTYP] 2.4.6), so that both follow the same rules."""

    present: int
    defaulted: int
    auto_inherited: int
    protected: int
    auto_inherit: AutoInherit

    def acl_of(self, descriptor: SecurityDescriptor) -> Acl | None:
        """This list of a descriptor; None where it is NULL or absent."""
        return descriptor.dacl if self.present == SE_DACL_PRESENT else descriptor.sacl


DACL_BITS = AclBits(SE_DACL_PRESENT, SE_DACL_DEFAULTED, SE_DACL_AUTO_INHERITED, SE_DACL_PROTECTED, AutoInherit.DACL)
SACL_BITS = AclBits(SE_SACL_PRESENT, SE_SACL_DEFAULTED, SE_SACL_AUTO_INHERITED, SE_SACL_PROTECTED, AutoInherit.SACL)


def inherited_aces(
    parent: Acl,
    *,
    is_folder: bool,
    owner: Sid | None,
    group: Sid | None,
    object_types: Collection[UUID] = frozenset(),
) -> tuple[AnyAce, ...]:
    """The entries that a child of `parent` inherits, in order, marked as inherited ([MS-DTYP] 2.5.3.4.4, 2.5.3.4.7).

    Generic rights are those of files and directories. At most two entries come of each of the parent's.

    Args:
        parent: DACL or SACL of the parent directory.
        is_folder: folders pass entries on, files do not.
        owner: the child's owner, who stands in for CREATOR OWNER; None leaves CREATOR OWNER standing.
        group: the child's primary group, which stands in for CREATOR GROUP; None leaves CREATOR GROUP standing.
        object_types: classes of the child. An entry with an inherited object type takes effect on these alone and
            passes through the others; files and directories have none.
    """
    creators = _creators(owner, group)
    result: list[AnyAce] = []
    for ace in parent:
        result.extend(_inherit(ace, is_folder, creators, object_types))
    return tuple(result)


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
    """The descriptor of a new object (CreateSecurityDescriptor, [MS-DTYP] 2.5.3.4.1).

    Of each list, in this order: what the creator gives (and under automatic inheritance the parent's entries behind
    it, unless the creator protects the list); what the parent passes on; the default; nothing. A list that the
    creator calls defaulted (SE_DACL_DEFAULTED) gives way to what the parent passes on. A protected list holds the
    creator's entries alone, those marked as inherited among them as explicit ones (2.5.3.4, listing 6-26 of the book
    named above). A NULL DACL of the creator stays NULL, except that under automatic inheritance the parent's entries
    make a list of it (Microsoft, "Automatic Propagation of Inheritable ACEs").

    Args:
        parent: of the directory in which the object is made; None for an object without parent.
        creator: what whoever makes the object gives along. It may be partial or None.
        is_folder: whether the object can have children.
        owner: owner in the creator's token, taken where `creator` names none.
        group: primary group in the creator's token, likewise.
        object_types: see `inherited_aces`.
        default_dacl: default DACL of the creator's token.
        flags: None for what Windows does for a new file or directory: automatic inheritance of a list that the
            parent has SE_DACL_AUTO_INHERITED (SE_SACL_AUTO_INHERITED) for and the creator does not give (same book,
            table 6-3; RAW-ACLS "inheritance_flags").
    """
    above, given = parent or SecurityDescriptor(), creator or SecurityDescriptor()
    if flags is None:
        flags = AutoInherit(0)
        for bits in (DACL_BITS, SACL_BITS):
            if above.control & bits.auto_inherited and not given.control & bits.present:
                flags |= bits.auto_inherit
    owner = given.owner or (above.owner if flags & AutoInherit.DEFAULT_OWNER_FROM_PARENT else None) or owner
    group = given.group or (above.group if flags & AutoInherit.DEFAULT_GROUP_FROM_PARENT else None) or group
    control = given.control & SE_RM_CONTROL_VALID
    acls: list[Acl | None] = []
    for bits, default in ((DACL_BITS, default_dacl), (SACL_BITS, None)):
        found, acl = _compute_acl(bits, above, given, default, is_folder, owner, group, object_types, flags)
        control |= found
        acls.append(acl)
    return SecurityDescriptor(control, owner, group, acls[0], acls[1], given.resource_manager_control)


def with_inherited(
    bits: AclBits,
    parent: SecurityDescriptor,
    child: SecurityDescriptor,
    *,
    is_folder: bool,
    object_types: Collection[UUID] = frozenset(),
    protected: bool,
) -> SecurityDescriptor:
    """An existing child with one of its lists brought in line with its parent's.

    Entries of the child's own stay, in order and as they are; behind them stands what the parent passes on now. The
    list is marked SE_DACL_AUTO_INHERITED (SE_SACL_AUTO_INHERITED), as objects are that follow their parents. Rules for
    a child without a list: Microsoft, "Automatic Propagation of Inheritable ACEs".

    Args:
        bits: which list.
        parent: descriptor of the child's directory as it is now.
        child: its owner and group stand in for CREATOR OWNER and CREATOR GROUP.
        is_folder: see `inherited_aces`.
        object_types: see `inherited_aces`.
        protected: whether entries of the parent are kept out, by the child or above it.
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


def marked_as_inherited(
    parent: SecurityDescriptor,
    child: SecurityDescriptor,
    *,
    is_folder: bool,
    object_types: Collection[UUID] = frozenset(),
) -> SecurityDescriptor:
    """A child from before automatic inheritance, with the entries that came from `parent` marked ([MS-DTYP] 2.5.3.5).

    Windows NT 4.0 copied inheritable entries into a new child and did not mark them, so that they would pass for the
    child's own. Who may do what does not change by this: entries move behind the explicit ones only as long as none
    that allows passes one that denies; else, and where nothing came from the parent, the list is protected instead
    (Microsoft, "Automatic Propagation of Inheritable ACEs" and ConvertToAutoInheritPrivateObjectSecurity). A list that
    is NULL, absent, protected, or automatically inherited already stays as it is.
    """
    for bits in (DACL_BITS, SACL_BITS):
        acl, above = bits.acl_of(child), bits.acl_of(parent)
        if acl is None or child.control & (bits.protected | bits.auto_inherited):
            continue
        came = set(
            inherited_aces(
                above or Acl(), is_folder=is_folder, owner=child.owner, group=child.group, object_types=object_types
            )
        )
        marked = [replace(ace, flags=ace.flags | INHERITED) for ace in acl]
        marked = [new if new in came else old for new, old in zip(marked, acl, strict=True)]
        control = child.control | bits.auto_inherited
        if not any(ace.inherited for ace in marked) or _would_cross(marked):
            control |= bits.protected
            marked = [ace.without_inherited_flag() for ace in acl]
        aces = (*(ace for ace in marked if not ace.inherited), *(ace for ace in marked if ace.inherited))
        if bits.present == SE_DACL_PRESENT:
            child = replace(child, control=control, dacl=_acl(aces, acl.revision))
        else:
            child = replace(child, control=control, sacl=_acl(aces, acl.revision))
    return child


def _compute_acl(
    bits: AclBits,
    above: SecurityDescriptor,
    given: SecurityDescriptor,
    default: Acl | None,
    is_folder: bool,
    owner: Sid | None,
    group: Sid | None,
    object_types: Collection[UUID],
    flags: AutoInherit,
) -> tuple[int, Acl | None]:
    """One list and its control bits (ComputeACL, [MS-DTYP] 2.5.3.4.2)."""
    auto = bool(flags & bits.auto_inherit)
    protected = given.control & bits.protected
    above_acl, given_acl = bits.acl_of(above) or Acl(), bits.acl_of(given)
    control = protected | (bits.auto_inherited if auto else 0)
    passed = tuple(
        ace if auto else ace.without_inherited_flag()
        for ace in inherited_aces(above_acl, is_folder=is_folder, owner=owner, group=group, object_types=object_types)
        if _passes(ace, bool(protected))
    )
    gives_way = (not auto and given.control & bits.defaulted) or (
        flags & AutoInherit.DEFAULT_DESCRIPTOR_FOR_OBJECT and _names_type(above_acl, is_folder, object_types)
    )
    if given.control & bits.present and not (gives_way and passed):
        passed = passed if auto else ()
        if given_acl is None:
            return control | bits.present, _acl(passed) if passed else None
        own = [ace.without_inherited_flag() for ace in given_acl if protected or not ace.inherited]
        aces = (*_concrete(own, is_folder, owner, group), *passed)
        return control | bits.present, _acl(aces, given_acl.revision)
    if passed:
        return control | bits.present, _acl(passed)
    if default is not None:
        return control | bits.present, _acl(_concrete(default, is_folder, owner, group), default.revision)
    return control, None


def _inherit(
    ace: AnyAce, is_folder: bool, creators: dict[Sid, Sid], object_types: Collection[UUID]
) -> tuple[AnyAce, ...]:
    """What comes of one entry of the parent: nothing, one entry, or one in effect and one that goes on."""
    other = ace.flags & ~INHERITANCE_FLAGS | INHERITED
    goes_on = ace.flags & _PASSES_ON if is_folder and not ace.flags & NO_PROPAGATE else 0
    reaches = ace.flags & (CONTAINER_INHERIT if is_folder else OBJECT_INHERIT)
    if not reaches or not _is_for(ace, object_types):
        # An entry for files, or for another type of object, travels through folders without taking effect there.
        return (replace(ace, flags=other | goes_on | INHERIT_ONLY),) if goes_on else ()
    mapped = _mapped(ace, creators)
    if not goes_on:
        return (_in_effect_only(mapped, other),)
    if mapped != ace:
        # CREATOR OWNER and generic bits mean something else at every child: the template goes on beside its result.
        return _in_effect_only(mapped, other), replace(ace, flags=other | goes_on | INHERIT_ONLY)
    return (replace(ace, flags=other | goes_on),)


def _concrete(aces: Iterable[AnyAce], is_folder: bool, owner: Sid | None, group: Sid | None) -> tuple[AnyAce, ...]:
    """Entries set on an object itself, as Windows stores them ([MS-DTYP] 2.5.3.4.5 and 2.5.3.4.7)."""
    creators = _creators(owner, group)
    result: list[AnyAce] = []
    for ace in aces:
        mapped = ace if ace.flags & INHERIT_ONLY else _mapped(ace, creators)
        if mapped != ace and is_folder and ace.flags & _PASSES_ON:
            result.append(_in_effect_only(mapped, ace.flags & ~INHERITANCE_FLAGS))
            result.append(replace(ace, flags=ace.flags | INHERIT_ONLY))
        else:
            result.append(mapped)
    return tuple(result)


def _creators(owner: Sid | None, group: Sid | None) -> dict[Sid, Sid]:
    return {creator: sid for creator, sid in ((CREATOR_OWNER, owner), (CREATOR_GROUP, group)) if sid is not None}


def _mapped(ace: AnyAce, creators: dict[Sid, Sid]) -> AnyAce:
    """The entry with generic rights and creators replaced; one that cannot be read stays whole."""
    if isinstance(ace, OpaqueAce):
        return ace
    return replace(ace, sid=creators.get(ace.sid, ace.sid), mask=map_generic(ace.mask))


def _in_effect_only(ace: AnyAce, flags: int) -> AnyAce:
    """The entry for this object alone.

    The inherited object type has done its work and goes; an object entry that then names no type at all is written as
    the plain entry that it amounts to (Samba, calculate_inherited_from_parent, after Windows).
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


def _names_type(acl: Acl, is_folder: bool, object_types: Collection[UUID]) -> bool:
    """Whether an entry comes down that is for this very type of object."""
    reach = CONTAINER_INHERIT if is_folder else OBJECT_INHERIT
    return any(
        isinstance(ace, ObjectAce) and ace.flags & reach and ace.inherited_object_type in object_types for ace in acl
    )


def _passes(ace: AnyAce, protected: bool) -> bool:
    """Whether protection lets an inherited entry through."""
    return not protected or ace.ace_type in _UNSTOPPED_TYPES


def _would_cross(aces: Iterable[AnyAce]) -> bool:
    """Whether an entry that allows and one that denies change places when inherited ones move behind the others."""
    moving: set[bool] = set()
    for ace in aces:
        if ace.inherited:
            moving.add(ace.denies)
        elif (not ace.denies) in moving:
            return True
    return False


def _acl(aces: tuple[AnyAce, ...], revision: int = ACL_REVISION) -> Acl:
    """A list of the revision that it had, or of the highest, which object entries need."""
    return Acl(aces, ACL_REVISION_DS if any(ace.ace_type in OBJECT_TYPES for ace in aces) else revision)
