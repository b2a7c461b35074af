# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares a written descriptor with the one that was read back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .ace import AnyAce, OpaqueAce
from .descriptor import SE_SACL_PRESENT, SecurityDescriptor
from .inheritance import DACL_BITS, SACL_BITS, AclBits


def same_access(wanted: SecurityDescriptor, held: SecurityDescriptor) -> bool:
    """Whether `held`, a descriptor on a server, has the access of `wanted`.

    The DACLs are the same if

    - both are absent, both are NULL, or both are lists,
    - both or neither are protected from inheritance (SE_DACL_PROTECTED), and
    - their explicit entries are equal and in the same order. Generic rights are equal to the file rights that Windows
      stores in their place ([MS-DTYP] 2.5.3.4.5).

    Inherited entries are not compared: the server computes them (Microsoft, SetNamedSecurityInfo). Owner, group, the
    other control bits and the revisions of the lists are not compared: they do not affect access.

    Args:
        wanted: the descriptor that was written or will be written. If it has a SACL (SE_SACL_PRESENT), the SACLs are
            compared in the same way. If not, the SACL of `held` is ignored.
        held: the descriptor that the server holds.
    """
    lists = (DACL_BITS, SACL_BITS) if wanted.control & SE_SACL_PRESENT else (DACL_BITS,)
    return all(_state(bits, wanted) == _state(bits, held) for bits in lists)


def inherited_entries(descriptor: SecurityDescriptor) -> tuple[AnyAce, ...]:
    """Return the inherited entries of the DACL in order, with generic rights mapped."""
    return _mapped(descriptor.dacl.inherited) if descriptor.dacl is not None else ()


def _state(bits: AclBits, descriptor: SecurityDescriptor) -> tuple[int, tuple[AnyAce, ...] | None]:
    """Return what is compared: two control bits and the explicit entries, None for a NULL or absent list."""
    acl = bits.acl_of(descriptor)
    explicit = None if acl is None else _mapped(acl.explicit)
    return descriptor.control & (bits.present | bits.protected), explicit


def _mapped(aces: Iterable[AnyAce]) -> tuple[AnyAce, ...]:
    return tuple(ace if isinstance(ace, OpaqueAce) else replace(ace, mask=ace.rights) for ace in aces)
