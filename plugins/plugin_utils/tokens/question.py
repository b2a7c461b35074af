# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be decided about an account. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..security import Acl, Decision, Scope, Sid, Token, check_access
from ..security.ace import CompoundAce, OpaqueAce


@dataclass(frozen=True, slots=True)
class AccessQuestion:
    """Rights that an account needs on an object.

    Attributes:
        dacl: the object's DACL; None grants everything.
        mask: the rights.
        scopes: the places at and below the object.
        owner: the object's owner; None if it is not known.
    """

    dacl: Acl | None
    mask: int
    scopes: tuple[Scope, ...]
    owner: Sid | None = None

    @property
    def named(self) -> frozenset[Sid]:
        """The SIDs that decide: those that the DACL names, and the owner."""
        return named_in(self.dacl) | (frozenset() if self.owner is None else {self.owner})

    def decide(self, token: Token, scope: Scope) -> Decision:
        """The access check at one place. What is below the object has owners of its own, which are not known."""
        owner = self.owner if scope is Scope.THIS else None
        return check_access(self.dacl, token, self.mask, scope, owner=owner)


def named_in(dacl: Acl | None) -> frozenset[Sid]:
    """The SIDs that a DACL names."""
    return frozenset(ace.sid for ace in dacl or () if not isinstance(ace, OpaqueAce | CompoundAce))
