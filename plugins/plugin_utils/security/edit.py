# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to a DACL as pure functions. ACEs of other accounts stay unchanged and in order.

If no change is needed, each function returns its argument (the same object). The result is `changed` exactly if the
object is another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .access import check_access, satisfied_everywhere
from .ace import ACCESS_ALLOWED, ACCESS_DENIED, INHERITANCE_FLAGS, Ace, AnyAce, Scope
from .acl import Acl
from .rights import SYNCHRONIZE, map_generic
from .sid import Sid


@dataclass(frozen=True, slots=True)
class Edit:
    """One difference between two ACLs.

    Attributes:
        action: `remove`, `add` or `reorder`.
        ace: the ACE.
    """

    action: str
    ace: AnyAce


def edits_between(before: Iterable[AnyAce], after: Iterable[AnyAce]) -> tuple[Edit, ...]:
    """Return the removed ACEs, the added ACEs, and those that moved."""
    old, new = list(before), list(after)
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    edits = [Edit("remove", ace) for ace in _each(old, gone)]
    edits += [Edit("add", ace) for ace in _each(new, come)]
    kept_old = _without(old, gone)
    kept_new = _without(new, come)
    edits += [Edit("reorder", was) for was, now in zip(kept_old, kept_new, strict=True) if was != now]
    return tuple(edits)


def canonicalize(acl: Acl) -> Acl:
    """Return the ACL in canonical order: explicit deny ACEs, explicit allow ACEs, inherited ACEs."""
    return acl if acl.is_canonical else acl.canonical()


def grant(acl: Acl, wanted: Ace, sids: frozenset[Sid] | None = None) -> Acl:
    """Grant `wanted` (an allow ACE) to its SID everywhere that it applies.

    Existing effective access counts, whichever ACE grants it: a wider ACE, an inherited one, several ACEs together, or
    generic bits. If access is missing, the explicit ACE for the same SID and the same "applies to" is widened, or an
    ACE is added after the last explicit one. Deny ACEs are not changed; `blocking_denies` finds them.

    Args:
        acl: a canonical ACL.
        wanted: explicit allow ACE.
        sids: SIDs whose ACEs count for the account. The default is its own SID.
    """
    if satisfied_everywhere(acl, sids or frozenset({wanted.sid}), wanted.mask, wanted.scopes):
        return acl
    return _put(acl, wanted)


def deny(acl: Acl, wanted: Ace) -> Acl:
    """Deny `wanted` (a deny ACE) to its SID everywhere that it applies."""
    sids = frozenset({wanted.sid})
    if all(check_access(acl, sids, wanted.mask, scope).denied == wanted.rights for scope in wanted.scopes):
        return acl
    return _put(acl, wanted)


def blocking_denies(acl: Acl, sids: frozenset[Sid], mask: int, scopes: Iterable[Scope]) -> tuple[Ace, ...]:
    """Return the ACEs that deny these SIDs a part of the mask before an ACE grants it, in order.

    An ACE after another one that denies the same bits counts too: it blocks as soon as the first one is removed.
    """
    mask = map_generic(mask)
    found: dict[int, Ace] = {}
    for scope in scopes:
        granted = 0
        for index, ace in enumerate(acl):
            if not isinstance(ace, Ace) or ace.sid not in sids or scope not in ace.scopes:
                continue
            if ace.ace_type == ACCESS_ALLOWED:
                granted |= ace.rights
            elif ace.denies and ace.rights & mask & ~granted:
                found[index] = ace
    return tuple(found[index] for index in sorted(found))


def remove_entries(acl: Acl, unwanted: Iterable[AnyAce]) -> Acl:
    """Remove these ACEs, each as often as it occurs."""
    gone = set(unwanted)
    kept = tuple(ace for ace in acl if ace not in gone)
    return acl if len(kept) == len(acl) else replace(acl, aces=kept)


def revoke(acl: Acl, sid: Sid, ace_type: int, mask: int | None = None) -> Acl:
    """Remove rights from every explicit ACE of this SID and type. None removes the ACEs.

    Inherited ACEs belong to the parent and stay unchanged.
    """

    def shrink(ace: AnyAce) -> AnyAce | None:
        if not isinstance(ace, Ace) or ace.inherited or ace.sid != sid or ace.ace_type != ace_type:
            return ace
        if mask is None:
            return None
        left = ace.rights & ~revoked(ace_type, mask)
        if left == ace.rights:
            return ace
        if not left or (left == SYNCHRONIZE and not ace.denies):
            return None
        return replace(ace, mask=left)

    return _map(acl, shrink)


def revoked(ace_type: int, mask: int) -> int:
    """Return the bits that `revoke` removes from an ACE for this mask.

    An allow ACE needs SYNCHRONIZE for every other right. It keeps SYNCHRONIZE as long as it has another right, unless
    the mask is SYNCHRONIZE alone. In a deny ACE, SYNCHRONIZE is a right like any other.
    """
    mask = map_generic(mask)
    return mask if ace_type == ACCESS_DENIED or mask == SYNCHRONIZE else mask & ~SYNCHRONIZE


def exact(acl: Acl, wanted: Iterable[Ace]) -> Acl:
    """Make the explicit ACEs equal to `wanted`. Inherited ACEs stay.

    One ACE is equal to several with the same rights together, and generic rights are equal to file rights. Explicit
    ACEs of other types than plain allow and deny (conditional, unknown, misplaced audit ACEs) are removed.
    """
    goal = _coverage(wanted)
    have = _coverage(acl.explicit)
    if goal == have and all(ace.ace_type in (ACCESS_ALLOWED, ACCESS_DENIED) for ace in acl.explicit):
        return canonicalize(acl)
    right = {key for key, places in goal.items() if have.get(key) == places}
    kept = [a for a in acl.explicit if isinstance(a, Ace) and (a.sid, a.ace_type) in right]
    added = [a for a in wanted if (a.sid, a.ace_type) not in right]
    return replace(acl, aces=(*kept, *added, *acl.inherited)).canonical()


def make_explicit(acl: Acl) -> Acl:
    """Convert inherited ACEs to explicit ones, like "Convert inherited permissions" in Windows."""
    return replace(acl, aces=tuple(ace.without_inherited_flag() for ace in acl)).canonical()


def _put(acl: Acl, wanted: Ace) -> Acl:
    """Widen the explicit ACE of the same SID, type and flags, or add one in canonical order."""
    wanted = replace(wanted, mask=wanted.rights)
    key = (wanted.sid, wanted.ace_type, wanted.flags & INHERITANCE_FLAGS)
    for index, ace in enumerate(acl.aces):
        if not isinstance(ace, Ace) or ace.inherited:
            continue
        if (ace.sid, ace.ace_type, ace.flags & INHERITANCE_FLAGS) == key:
            mask = ace.rights | wanted.mask
            if mask == ace.rights:  # the ACE exists, but an earlier one denies
                return acl
            return replace(acl, aces=(*acl.aces[:index], replace(ace, mask=mask), *acl.aces[index + 1 :]))
    return replace(acl, aces=(*acl.explicit, wanted, *acl.inherited)).canonical()


def _coverage(aces: Iterable[AnyAce]) -> dict[tuple[Sid, int], dict[Scope, int]]:
    """Return the rights by SID, ACE type and place."""
    result: dict[tuple[Sid, int], dict[Scope, int]] = {}
    for ace in aces:
        if isinstance(ace, Ace) and ace.rights:
            places = result.setdefault((ace.sid, ace.ace_type), {})
            for scope in ace.scopes:
                places[scope] = places.get(scope, 0) | ace.rights
    return result


def _map(acl: Acl, change: Callable[[AnyAce], AnyAce | None]) -> Acl:
    changed = tuple(ace for ace in map(change, acl) if ace is not None)
    return acl if changed == acl.aces else replace(acl, aces=changed)


def _each(aces: list[AnyAce], counts: Counter[AnyAce]) -> list[AnyAce]:
    left = Counter(counts)
    result = []
    for ace in aces:
        if left[ace] > 0:
            left[ace] -= 1
            result.append(ace)
    return result


def _without(aces: list[AnyAce], counts: Counter[AnyAce]) -> list[AnyAce]:
    left = Counter(counts)
    result = []
    for ace in aces:
        if left[ace] > 0:
            left[ace] -= 1
        else:
            result.append(ace)
    return result
