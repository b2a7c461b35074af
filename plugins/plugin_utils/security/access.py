# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access check ([MS-DTYP] 2.5.3.2), entry by entry, so that the answer can be shown and not only given.

What is not known stays unknown: where groups of the account were not read, or a condition asks for claims that were not
given, the answer for a bit is granted or denied only if it would be so either way.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from .ace import CALLBACK_OBJECT_TYPES, Ace, AnyAce, ConditionalAce, ObjectAce, OpaqueAce, Scope
from .acl import Acl
from .claims import Claims
from .conditions import parse_condition
from .errors import SecurityDescriptorError
from .rights import FULL_CONTROL, READ_CONTROL, WRITE_DAC, map_generic
from .sid import CREATOR_GROUP, CREATOR_OWNER, OWNER_RIGHTS, SYSTEM, Sid

MAXIMUM_ALLOWED = 0x02000000

# No account is a member of these: SYSTEM is no group, and the others only stand in for someone.
_NEVER_A_GROUP = frozenset({SYSTEM, CREATOR_OWNER, CREATOR_GROUP, OWNER_RIGHTS})

Condition = Callable[[AnyAce], bool | None]
"""Says of a conditional entry whether its condition holds; None if that is not known."""


@dataclass(frozen=True, slots=True)
class Token:
    """Who asks.

    Attributes:
        sids: the account and the groups that are known to be in its token, enabled.
        deny_only: groups that count in entries that deny, and in no others (SE_GROUP_USE_FOR_DENY_ONLY).
        complete: whether these are all its groups; if not, any other SID may be one of them.
        not_member_of: SIDs that are known not to be its groups (other users', for example).
        condition: evaluates conditional entries; without it, no condition is known to hold or not.
    """

    sids: frozenset[Sid]
    deny_only: frozenset[Sid] = frozenset()
    complete: bool = True
    not_member_of: frozenset[Sid] = frozenset()
    condition: Condition | None = None

    def holds(self, ace: Ace | ConditionalAce | ObjectAce) -> bool | None:
        """Whether the entry is about this account; None if that takes groups that were not read."""
        if ace.sid in self.sids or (ace.denies and ace.sid in self.deny_only):
            return True
        if self.complete or ace.sid in self.deny_only or ace.sid in self.not_member_of or ace.sid in _NEVER_A_GROUP:
            return False
        return None


class Effect(enum.Enum):
    """What an entry did."""

    GRANTS = "grants"
    DENIES = "denies"
    MAY_GRANT = "may grant"
    MAY_DENY = "may deny"
    SKIPPED = "skipped"


class AccessStep(NamedTuple):
    """One entry of the walk.

    Attributes:
        position: place of the entry in the DACL, from 0; -1 for the owner's implicit rights.
        ace: the entry, None for the owner's implicit rights.
        effect: what it did.
        rights: the requested bits that it decided, or would decide.
        reason: why it was skipped, or why its effect is not certain.
    """

    position: int
    ace: AnyAce | None
    effect: Effect
    rights: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a DACL gives an account of a requested mask.

    Attributes:
        requested: the mask asked for, generic bits mapped; for MAXIMUM_ALLOWED all that can be.
        granted: bits that are granted, whatever is not known.
        denied: bits that an entry takes, whatever is not known.
        unknown: bits that depend on what is not known.
        steps: every entry of the DACL, in order, with what it did.
    """

    requested: int
    granted: int
    denied: int
    unknown: int = 0
    steps: tuple[AccessStep, ...] = ()

    @property
    def satisfied(self) -> bool:
        """Every requested bit is certainly granted."""
        return self.granted == self.requested

    @property
    def missing(self) -> int:
        """Requested bits that are not certainly granted: denied, unknown, or never mentioned."""
        return self.requested & ~self.granted

    @property
    def deciding(self) -> tuple[AccessStep, ...]:
        """The entries that granted or denied something, or may have."""
        return tuple(step for step in self.steps if step.effect is not Effect.SKIPPED)


def check_access(
    dacl: Acl | None,
    token: Token | frozenset[Sid],
    requested: int,
    scope: Scope = Scope.THIS,
    *,
    owner: Sid | None = None,
) -> Decision:
    """Walk the DACL as Windows does: each bit is decided by the first entry about the account that names it.

    Args:
        dacl: None for a NULL or absent DACL, which grants everything.
        token: who asks; bare SIDs are a token that is complete.
        requested: access mask, or MAXIMUM_ALLOWED for all that there is.
        scope: the place below the directory for which the question is asked; entries that do not reach it are
            skipped. Children keep the order of their parent's entries, so the same walk answers for them.
        owner: the object's owner, who may read and change the permissions unless an OWNER RIGHTS entry says
            otherwise. Without it, that is left out.
    """
    if not isinstance(token, Token):
        token = Token(token)
    requested = FULL_CONTROL if requested & MAXIMUM_ALLOWED else map_generic(requested)
    if dacl is None:
        return Decision(requested, requested, 0)
    walk = _Walk(requested)
    owns = owner is not None and owner in token.sids
    if owns:
        if any(_is_about_owner(ace) for ace in dacl):
            token = Token(
                token.sids | {OWNER_RIGHTS}, token.deny_only, token.complete, token.not_member_of, token.condition
            )
        else:
            walk.owner()
    for index, ace in enumerate(dacl):
        walk.entry(index, ace, token, scope)
    return walk.decision()


def condition_with(claims: Claims) -> Condition:
    """Evaluates conditional entries with what is known of the account and the object.

    An entry that allows counts if its condition is true; one that denies counts unless it is false
    ([MS-DTYP] 2.4.4.17.3). Whether a condition that cannot be read holds is not known.
    """

    def holds(ace: AnyAce) -> bool | None:
        try:
            outcomes = parse_condition(getattr(ace, "data", b"")).outcomes(claims)
        except SecurityDescriptorError:
            return None
        counts = {outcome is True or (outcome is None and ace.denies) for outcome in outcomes}
        return counts.pop() if len(counts) == 1 else None

    return holds


def combine(share: Decision, directory: Decision) -> Decision:
    """What an account has over the network: what both the share and the directory grant (for the same request)."""
    requested = share.requested & directory.requested
    granted = share.granted & directory.granted
    denied = (share.denied | directory.denied) & requested
    impossible = (share.missing & ~share.unknown) | (directory.missing & ~directory.unknown)
    unknown = requested & ~granted & ~impossible
    return Decision(requested, granted, denied & ~unknown, unknown, (*share.steps, *directory.steps))


def satisfied_everywhere(dacl: Acl | None, sids: frozenset[Sid], mask: int, scopes: Iterable[Scope]) -> bool:
    """Whether the whole mask is granted at every one of these places."""
    return all(check_access(dacl, sids, mask, scope).satisfied for scope in scopes)


class _Walk:
    """The bits on their way through the list."""

    def __init__(self, requested: int) -> None:
        self._requested = requested
        self._granted = self._denied = 0
        self._may_grant = self._may_deny = 0
        self._steps: list[AccessStep] = []
        # What an uncertain SID's first entry says hides its later ones, as with any SID.
        self._seen: dict[Sid, int] = {}

    def owner(self) -> None:
        rights = self._requested & (READ_CONTROL | WRITE_DAC)
        self._granted |= rights
        if rights:
            self._steps.append(
                AccessStep(-1, None, Effect.GRANTS, rights, "the owner may read and change the permissions")
            )

    def entry(self, index: int, ace: AnyAce, token: Token, scope: Scope) -> None:
        certain, reason = _applies(ace, token, scope)
        if certain is False:
            self._steps.append(AccessStep(index, ace, Effect.SKIPPED, 0, reason))
            return
        mask = FULL_CONTROL if isinstance(ace, OpaqueAce) else map_generic(ace.mask)
        rights = mask & self._requested & ~self._granted & ~self._denied
        if certain is None and isinstance(ace, Ace):
            rights &= ~self._seen.get(ace.sid, 0)
            self._seen[ace.sid] = self._seen.get(ace.sid, 0) | rights
        if not rights:
            self._steps.append(AccessStep(index, ace, Effect.SKIPPED, 0, "nothing is left for it to decide"))
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
        return Decision(self._requested, self._granted & ~unknown, self._denied & ~unknown, unknown, tuple(self._steps))


def _applies(ace: AnyAce, token: Token, scope: Scope) -> tuple[bool | None, str]:
    """Whether an entry takes part, and if not, or not certainly, why."""
    if not ace.allows and not ace.denies:
        return False, "it neither allows nor denies"
    if scope not in ace.scopes:
        return False, f"it does not apply to {scope.value}"
    if isinstance(ace, Ace):
        holds = token.holds(ace)
        if holds is False:
            return False, "it is about another account"
        return holds, "" if holds else "whether the account is a member is not known"
    return _special(ace, token)


def _special(ace: AnyAce, token: Token) -> tuple[bool | None, str]:
    """Object and conditional entries. Those of an unknown layout may say anything, so they are never certain."""
    if not isinstance(ace, ConditionalAce | ObjectAce):
        return None, "its layout is not known"
    if isinstance(ace, ObjectAce) and ace.object_type is not None:
        return False, "it is about a kind of object that is neither file nor share"
    holds = token.holds(ace)
    if holds is False:
        return False, "it is about another account"
    conditional = isinstance(ace, ConditionalAce) or ace.ace_type in CALLBACK_OBJECT_TYPES
    met = (token.condition(ace) if token.condition else None) if conditional else True
    if met is False:
        return False, "its condition does not hold"
    if met is None:
        return None, "whether its condition holds is not known"
    return holds, "" if holds else "whether the account is a member is not known"


def _is_about_owner(ace: AnyAce) -> bool:
    """Any entry for OWNER RIGHTS that is applied to the object (Microsoft, "Well-known SIDs"), whatever its type."""
    return getattr(ace, "sid", None) == OWNER_RIGHTS and Scope.THIS in ace.scopes
