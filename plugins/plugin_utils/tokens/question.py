# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be decided about an account. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..security import Acl, Scope, Sid
from ..security.ace import CompoundAce, OpaqueAce


@dataclass(frozen=True, slots=True)
class Question:
    """Rights that an account needs on an object.

    Attributes:
        dacl: the object's DACL; None grants everything.
        mask: the rights.
        scopes: the places at and below the object.
    """

    dacl: Acl | None
    mask: int
    scopes: tuple[Scope, ...]


def named_in(dacl: Acl | None) -> frozenset[Sid]:
    """The SIDs that a DACL names."""
    return frozenset(ace.sid for ace in dacl or () if not isinstance(ace, OpaqueAce | CompoundAce))
