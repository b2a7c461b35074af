# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access check ([MS-DTYP] 2.5.3.2), entry by entry, so that the answer can be shown and not only given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .ace import SYSTEM_AUDIT, Ace, Scope
from .acl import Acl
from .rights import map_generic
from .sid import Sid


@dataclass(frozen=True, slots=True)
class Step:
    """One entry that decided something.

    Attributes:
        index: position of the entry in the DACL, from 0.
        ace: the entry.
        rights: the requested bits that it granted, or, where `ace.denies`, denied.
    """

    index: int
    ace: Ace
    rights: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What a DACL gives a set of SIDs of a requested mask.

    Attributes:
        requested: the mask asked for, generic bits mapped.
        granted: bits granted before any entry denied them.
        denied: bits denied before any entry granted them.
        steps: the entries that decided, in order.
    """

    requested: int
    granted: int
    denied: int
    steps: tuple[Step, ...] = ()

    @property
    def satisfied(self) -> bool:
        """Every requested bit is granted."""
        return self.granted == self.requested

    @property
    def missing(self) -> int:
        """Requested bits that are not granted, whether denied or never mentioned."""
        return self.requested & ~self.granted


def check_access(dacl: Acl | None, sids: frozenset[Sid], requested: int, scope: Scope = Scope.THIS) -> Decision:
    """Walk the DACL as Windows does: each bit is decided by the first entry for one of the SIDs that names it.

    Args:
        dacl: None for a NULL or absent DACL, which grants everything.
        sids: the account and the groups that are known to be in its token.
        requested: access mask.
        scope: the place below the directory for which the question is asked; entries that do not reach it are
            skipped. Children keep the order of their parent's entries, so the same walk answers for them.
    """
    requested = map_generic(requested)
    if dacl is None:
        return Decision(requested, requested, 0)
    granted = denied = 0
    steps = []
    for index, ace in enumerate(dacl):
        if not isinstance(ace, Ace) or ace.ace_type == SYSTEM_AUDIT or ace.sid not in sids:
            continue
        if scope not in ace.scopes:
            continue
        decides = ace.rights & requested & ~granted & ~denied
        if not decides:
            continue
        steps.append(Step(index, ace, decides))
        if ace.denies:
            denied |= decides
        else:
            granted |= decides
    return Decision(requested, granted, denied, tuple(steps))


def satisfied_everywhere(dacl: Acl | None, sids: frozenset[Sid], mask: int, scopes: Iterable[Scope]) -> bool:
    """Whether the whole mask is granted at every one of these places."""
    return all(check_access(dacl, sids, mask, scope).satisfied for scope in scopes)
