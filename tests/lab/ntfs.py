# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules by which Windows stores descriptors of files and shares: generic rights, inheritance, propagation.

[MS-DTYP] 2.5.3.4 describes how a new descriptor is worked out from the parent's and the given one; the page of
SetNamedSecurityInfo says that an unprotected DACL gets its inherited entries from the parent again and that
children follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from .backend import Backend, join_path, split_path
from .descriptors import (
    CONTAINER_INHERIT,
    INHERIT_ONLY,
    INHERITED,
    NO_PROPAGATE,
    OBJECT_INHERIT,
    SE_DACL_AUTO_INHERIT_REQ,
    SE_DACL_AUTO_INHERITED,
    SE_DACL_PRESENT,
    SE_DACL_PROTECTED,
    SE_SELF_RELATIVE,
    Ace,
    Descriptor,
    pack,
    parse,
)

GENERIC_MAPPING = {0x10000000: 0x1F01FF, 0x20000000: 0x1200A0, 0x40000000: 0x120116, 0x80000000: 0x120089}
"""GENERIC_ALL, _EXECUTE, _WRITE, _READ of a file ([MS-FSA], FILE_ALL_ACCESS and so on in winnt.h)."""

CREATOR_OWNER, CREATOR_GROUP = "S-1-3-0", "S-1-3-1"
_DACL_BITS = SE_DACL_PRESENT | SE_DACL_PROTECTED | SE_DACL_AUTO_INHERITED | SE_DACL_AUTO_INHERIT_REQ


def map_generic(mask: int) -> int:
    """The mask with its generic bits replaced by the file rights they stand for."""
    for generic, specific in GENERIC_MAPPING.items():
        if mask & generic:
            mask = mask & ~generic | specific
    return mask


def mapped_for_share(dacl: Iterable[Ace]) -> tuple[Ace, ...]:
    """The DACL as a share stores it: generic bits mapped, everything else as it came."""
    return tuple(_mapped(ace) for ace in dacl)


def inherited_from(parent: Descriptor, *, directory: bool, owner: str | None, group: str | None) -> tuple[Ace, ...]:
    """The inherited entries of a child ([MS-DTYP] 2.5.3.4.3 and the post-processing of 2.5.3.4.5)."""
    aces: list[Ace] = []
    for ace in parent.dacl or ():
        wanted = CONTAINER_INHERIT if directory else OBJECT_INHERIT
        goes_on = ace.flags & (OBJECT_INHERIT | CONTAINER_INHERIT) if directory else 0
        if ace.flags & NO_PROPAGATE:
            goes_on = 0
        if ace.flags & wanted:
            effective = _substituted(_mapped(ace), owner, group)
            if goes_on and effective != ace:
                # The meaning differs here and below: one entry in effect here, one that only passes on.
                aces.append(effective.with_flags(INHERITED))
                aces.append(ace.with_flags(goes_on | INHERIT_ONLY | INHERITED))
            else:
                aces.append(effective.with_flags(goes_on | INHERITED))
        elif goes_on & OBJECT_INHERIT:
            aces.append(ace.with_flags(OBJECT_INHERIT | INHERIT_ONLY | INHERITED))
    return tuple(aces)


def new_child(backend: Backend, path: str, *, directory: bool, owner: str = "S-1-5-32-544") -> None:
    """Make a file or directory that inherits everything from its parent."""
    parent = _parent(path)
    above = None if parent is None else backend.file_descriptor(parent)
    backend.make(path, directory=directory, descriptor=child_descriptor(above, directory=directory, owner=owner))


def child_descriptor(parent: bytes | None, *, directory: bool, owner: str = "S-1-5-32-544") -> bytes:
    """The descriptor of a new file or directory: all that its parent passes on, nothing else."""
    group = "S-1-5-18"
    control = SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_DACL_AUTO_INHERITED
    dacl = () if parent is None else inherited_from(parse(parent), directory=directory, owner=owner, group=group)
    return pack(Descriptor(control, owner=owner, group=group, dacl=dacl))


def write(backend: Backend, path: str, new: Descriptor, *, children_follow: bool = True) -> None:
    """Store a file's or directory's new descriptor as Windows would, and let its children follow.

    A SACL is stored as it is given; nothing of it is inherited.
    """
    old = parse(backend.file_descriptor(path))
    directory = backend.is_directory(path)
    owner, group = new.owner or old.owner, new.group or old.group
    result = replace(old, owner=owner, group=group)
    if new.dacl_present:
        control = old.control & ~_DACL_BITS | new.control & (SE_DACL_PRESENT | SE_DACL_PROTECTED)
        dacl = None if new.dacl is None else tuple(_explicit(new.dacl, keep_inherited=new.protected))
        if dacl is not None and not new.protected:
            control |= SE_DACL_AUTO_INHERITED
            parent = _parent(path)
            if parent is not None:
                above = parse(backend.file_descriptor(parent))
                dacl += inherited_from(above, directory=directory, owner=owner, group=group)
        elif new.control & SE_DACL_AUTO_INHERITED:
            control |= SE_DACL_AUTO_INHERITED
        result = replace(result, control=control, dacl=dacl)
    if new.sacl_present:
        result = result.with_sacl_of(new)
    backend.set_file_descriptor(path, pack(result))
    if new.dacl_present and directory and children_follow:
        _propagate(backend, path, result)


def _propagate(backend: Backend, path: str, parent: Descriptor) -> None:
    """Work the inherited entries of everything below ``path`` out again; a protected DACL stops it."""
    for child in backend.children(path):
        old = parse(backend.file_descriptor(child))
        if old.protected:
            continue
        directory = backend.is_directory(child)
        explicit = tuple(ace for ace in old.dacl or () if not ace.flags & INHERITED)
        inherited = inherited_from(parent, directory=directory, owner=old.owner, group=old.group)
        result = old
        if old.dacl is not None or inherited:
            # A NULL DACL allows everything. What comes down takes its place ("Automatic Propagation of Inheritable
            # ACEs"); if nothing does, it stays.
            result = old.with_dacl(explicit + inherited, set_bits=SE_DACL_AUTO_INHERITED)
            backend.set_file_descriptor(child, pack(result))
        if directory:
            _propagate(backend, child, result)


def _explicit(dacl: Iterable[Ace], *, keep_inherited: bool) -> Iterator[Ace]:
    """The entries of a written DACL as they are stored, in the order given.

    An inheritable entry with generic rights means one thing here and passes another thing on, so Windows stores it
    as two ([MS-DTYP] 2.5.3.4.5). In a protected DACL nothing is worked out again: entries flagged INHERITED stay.
    """
    for ace in dacl:
        if ace.flags & INHERITED and not keep_inherited:
            continue
        effective = ace if ace.flags & INHERIT_ONLY else _mapped(ace)
        inheritable = ace.flags & (OBJECT_INHERIT | CONTAINER_INHERIT)
        if effective != ace and inheritable:
            yield effective.with_flags(ace.flags & ~(inheritable | NO_PROPAGATE))
            yield ace.with_flags(ace.flags | INHERIT_ONLY)
        else:
            yield effective


def _mapped(ace: Ace) -> Ace:
    if not ace.is_basic:
        return ace
    return Ace(ace.type, ace.flags, map_generic(ace.mask).to_bytes(4, "little") + ace.body[4:])


def _substituted(ace: Ace, owner: str | None, group: str | None) -> Ace:
    real = {CREATOR_OWNER: owner, CREATOR_GROUP: group}.get(ace.sid or "")
    return ace if real is None else Ace.basic(ace.type, ace.flags, ace.mask, real)


def _parent(path: str) -> str | None:
    names = split_path(path)
    return join_path(names[:-1]) if len(names) > 1 else None
