# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an object holds the access that was wanted: the one comparison of written with read descriptors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .ace import AnyAce, OpaqueAce
from .descriptor import SE_SACL_PRESENT, SecurityDescriptor
from .inheritance import DACL_BITS, SACL_BITS, AclBits


def same_access(wanted: SecurityDescriptor, held: SecurityDescriptor) -> bool:
    """Whether a server that holds `held` has what `wanted` asks for.

    The DACLs are the same if both are absent, both NULL or both a list, if both or neither keep the parent's entries
    out (SE_DACL_PROTECTED), and if their explicit entries are equal in order. Generic rights are equal to the file
    rights that they stand for, as Windows replaces them when it stores a descriptor ([MS-DTYP] 2.5.3.4.5).

    Not compared are inherited entries, which the server works out itself (Microsoft, SetNamedSecurityInfo), and what
    says nothing about access: owner, group, the other control bits and the revisions of the lists.

    Args:
        wanted: what was written, or is to be written. Its SACL is compared in the same way if it has one
            (SE_SACL_PRESENT). Without one, the SACL of `held` does not matter.
        held: what the server holds.
    """
    lists = (DACL_BITS, SACL_BITS) if wanted.control & SE_SACL_PRESENT else (DACL_BITS,)
    return all(_state(bits, wanted) == _state(bits, held) for bits in lists)


def explicit_entries(descriptor: SecurityDescriptor) -> tuple[AnyAce, ...]:
    """The entries of the DACL that were set on the object itself, in order, with generic rights mapped."""
    return _mapped(descriptor.dacl.explicit) if descriptor.dacl is not None else ()


def inherited_entries(descriptor: SecurityDescriptor) -> tuple[AnyAce, ...]:
    """The entries of the DACL that came down from a parent, in order, with generic rights mapped."""
    return _mapped(descriptor.dacl.inherited) if descriptor.dacl is not None else ()


def _state(bits: AclBits, descriptor: SecurityDescriptor) -> tuple[int, tuple[AnyAce, ...] | None]:
    """What of a list is compared: its two control bits and its explicit entries, None where it is NULL or absent."""
    acl = bits.acl_of(descriptor)
    explicit = None if acl is None else _mapped(acl.explicit)
    return descriptor.control & (bits.present | bits.protected), explicit


def _mapped(aces: Iterable[AnyAce]) -> tuple[AnyAce, ...]:
    return tuple(ace if isinstance(ace, OpaqueAce) else replace(ace, mask=ace.rights) for ace in aces)
