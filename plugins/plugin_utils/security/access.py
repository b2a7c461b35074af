# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access check ([MS-DTYP] 2.5.3.2), ACE by ACE, with a trace that explains the result.

What is not known stays unknown: if the account's groups were not all read, or an ACE has a condition, a right counts as
granted or denied only if no possible answer changes the result.

The owner of an object has READ_CONTROL and WRITE_DAC without an ACE, before any ACE is looked at, unless an ACE for
OWNER RIGHTS (S-1-3-4) applies to the object. Such an ACE is for the owner, whoever that is (Microsoft, "Well-known
SIDs"). What is below a directory has owners of its own: at least of what an account makes there, it is the owner. So
whether deny ACEs for OWNER RIGHTS and CREATOR OWNER count there is not known.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from .ace import CALLBACK_OBJECT_TYPES, Ace, AnyAce, ConditionalAce, ObjectAce, OpaqueAce, Scope
from .acl import Acl
from .rights import FULL_CONTROL, READ_CONTROL, WRITE_DAC, map_generic
from .sid import CREATOR_GROUP, CREATOR_OWNER, OWNER_RIGHTS, SYSTEM, Sid

# No account is a member of these: SYSTEM is not a group, and the others are placeholders.
_NEVER_A_GROUP = frozenset({SYSTEM, CREATOR_OWNER, CREATOR_GROUP, OWNER_RIGHTS})
_OF_THE_OWNER = READ_CONTROL | WRITE_DAC
_FOR_OWNERS = frozenset({CREATOR_OWNER, OWNER_RIGHTS})


@dataclass(frozen=True, slots=True)
class Token:
    """The account whose access is checked.

    Attributes:
        sids: the account and the groups that are known to be in its token.
        complete: whether `sids` contains all groups. If not, any SID that is not in `absent` may be one of them.
        absent: groups that are known not to be in its token.
    """

    sids: frozenset[Sid]
    complete: bool = True
    absent: frozenset[Sid] = frozenset()

    def holds(self, sid: Sid) -> bool | None:
        """Whether the SID is in the token; None if that depends on groups that were not read."""
        if sid in self.sids:
            return True
        return False if self.complete or sid in self.absent or sid in _NEVER_A_GROUP else None


class AccessAnswer(str, enum.Enum):
    """Whether an account has the access that is asked about."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Effect(enum.Enum):
    """What an ACE did in the access check."""

    GRANTS = "grants"
    DENIES = "denies"
    MAY_GRANT = "may grant"
    MAY_DENY = "may deny"
    SKIPPED = "skipped"


class AccessStep(NamedTuple):
    """One ACE of the trace.

    Attributes:
        position: position of the ACE in the DACL, from 0.
        ace: the ACE.
        effect: what it did.
        rights: the requested bits that it decided or may decide.
        reason: why it was skipped, or why its effect is not certain.
    """

    position: int
    ace: AnyAce
    effect: Effect
    rights: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of an access check.

    Attributes:
        requested: the requested mask, with generic bits mapped.
        granted: bits that are certainly granted.
        denied: bits that an ACE certainly denies.
        unknown: bits that depend on something that is not known.
        steps: every ACE of the DACL, in order, with its effect.
        owned: bits of `granted` that the account has without an ACE, because it owns the object.
    """

    requested: int
    granted: int
    denied: int
    unknown: int = 0
    steps: tuple[AccessStep, ...] = ()
    owned: int = 0

    @property
    def satisfied(self) -> bool:
        """Whether every requested bit is certainly granted."""
        return self.granted == self.requested

    @property
    def missing(self) -> int:
        """Requested bits that are not certainly granted: denied, unknown, or in no ACE."""
        return self.requested & ~self.granted

    @property
    def deciding(self) -> tuple[AccessStep, ...]:
        """The ACEs that granted or denied a right, or may have."""
        return tuple(step for step in self.steps if step.effect is not Effect.SKIPPED)


def check_access(
    dacl: Acl | None,
    token: Token | frozenset[Sid],
    requested: int,
    scope: Scope = Scope.THIS,
    *,
    owner: Sid | None = None,
) -> Decision:
    """Check access as Windows does: the first ACE for the account that contains a bit decides that bit.

    Args:
        dacl: None for a NULL or absent DACL, which grants everything.
        token: the account. SIDs alone are a complete token.
        requested: access mask.
        scope: the place at or below the directory. ACEs that do not apply to it are skipped. Children inherit ACEs in
            the order of the parent, so the same check is valid for them.
        owner: the owner of the object at that place. Without it, neither the rights of an owner nor ACEs for OWNER
            RIGHTS count.
    """
    if not isinstance(token, Token):
        token = Token(token)
    requested = map_generic(requested)
    if dacl is None:
        return Decision(requested, requested, 0)
    walk = _Walk(requested, owner)
    if owner is not None and not any(_is_for_the_owner(ace, scope) for ace in dacl):
        walk.owner(token.holds(owner))
    for index, ace in enumerate(dacl):
        walk.entry(index, ace, token, scope)
    return walk.decision()


def satisfied_everywhere(dacl: Acl | None, sids: frozenset[Sid], mask: int, scopes: Iterable[Scope]) -> bool:
    """Whether the whole mask is granted at each of these places."""
    return all(check_access(dacl, sids, mask, scope).satisfied for scope in scopes)


class _Walk:
    """The requested bits while the ACEs of a DACL decide them one after the other."""

    def __init__(self, requested: int, owner: Sid | None) -> None:
        self._requested = requested
        self._owner = owner
        self._owned = self._granted = self._denied = 0
        self._may_grant = self._may_deny = 0
        self._steps: list[AccessStep] = []
        # The first ACE of a SID that may be a group hides the SID's later ACEs for the same bits.
        self._seen: dict[Sid, int] = {}

    def owner(self, certain: bool | None) -> None:
        """Grant the rights of the owner if the account is that for certain."""
        rights = self._requested & _OF_THE_OWNER
        if certain:
            self._owned = self._granted = rights
        elif certain is None and self._owner is not None:
            self._may_grant = self._seen[self._owner] = rights

    def entry(self, index: int, ace: AnyAce, token: Token, scope: Scope) -> None:
        who = self._trustee(ace)
        certain, reason = _applies(ace, who, token, scope)
        if certain is False:
            self._steps.append(AccessStep(index, ace, Effect.SKIPPED, 0, reason))
            return
        mask = FULL_CONTROL if isinstance(ace, OpaqueAce) else map_generic(ace.mask)
        rights = mask & self._requested & ~self._granted & ~self._denied
        if certain is None and isinstance(ace, Ace) and who is not None:
            rights &= ~self._seen.get(who, 0)
            self._seen[who] = self._seen.get(who, 0) | rights
        if not rights:
            by_owning = self._owned and not mask & self._requested & ~self._owned
            reason = "the owner has all its rights anyway" if by_owning else "earlier entries decide all its rights"
            self._steps.append(AccessStep(index, ace, Effect.SKIPPED, 0, reason))
        elif certain is None:
            if ace.denies:
                self._may_deny |= rights
            else:
                self._may_grant |= rights
            effect = Effect.MAY_DENY if ace.denies else Effect.MAY_GRANT
            self._steps.append(AccessStep(index, ace, effect, rights, reason))
        else:
            if ace.denies:
                self._denied |= rights
            else:
                self._granted |= rights
            self._steps.append(AccessStep(index, ace, Effect.DENIES if ace.denies else Effect.GRANTS, rights))

    def decision(self) -> Decision:
        nowhere = self._requested & ~self._granted & ~self._denied
        unknown = (self._granted & self._may_deny) | ((self._denied | nowhere) & self._may_grant)
        return Decision(
            self._requested,
            self._granted & ~unknown,
            self._denied & ~unknown,
            unknown,
            tuple(self._steps),
            self._owned,
        )

    def _trustee(self, ace: AnyAce) -> Sid | None:
        """The SID that the ACE is for; None if its layout is not known."""
        if not isinstance(ace, Ace | ConditionalAce | ObjectAce):
            return None
        return self._owner if ace.sid == OWNER_RIGHTS and self._owner is not None else ace.sid


def _is_for_the_owner(ace: AnyAce, scope: Scope) -> bool:
    """Whether it is an ACE for OWNER RIGHTS that applies to the place, whatever its type."""
    return isinstance(ace, Ace | ConditionalAce | ObjectAce) and ace.sid == OWNER_RIGHTS and scope in ace.scopes


def _applies(ace: AnyAce, who: Sid | None, token: Token, scope: Scope) -> tuple[bool | None, str]:
    """Whether an ACE takes part; None if that is not certain. The text is the reason for False or None."""
    if not ace.allows and not ace.denies:
        return False, "it neither allows nor denies"
    if scope not in ace.scopes:
        return False, f"it does not apply to {scope.value}"
    if who is None:
        return None, "its layout is not known"
    if isinstance(ace, ObjectAce) and ace.object_type is not None:
        return False, "it is for an object type that is neither a file nor a share"
    if ace.denies and who in _FOR_OWNERS and scope is not Scope.THIS and not token.complete:
        return None, "it is not known who owns what is there"
    holds = token.holds(who)
    if holds is False:
        return False, "it is for another account"
    if isinstance(ace, ConditionalAce) or ace.ace_type in CALLBACK_OBJECT_TYPES:
        return None, "it is not known whether its condition is true"
    return holds, "" if holds else "it is not known whether the account is a member"
