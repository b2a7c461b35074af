# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of a DACL as pure functions: old list in, new list out, everybody else's entries untouched and in order.

Each function returns its argument unchanged (the same object) where nothing has to be done, so that `changed` is
never a matter of interpretation.
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
    """One visible difference between two lists.

    Attributes:
        action: `remove`, `add` or `reorder`.
        ace: the entry.
    """

    action: str
    ace: AnyAce


def edits_between(before: Iterable[AnyAce], after: Iterable[AnyAce]) -> tuple[Edit, ...]:
    """What was removed, what was added, and, where the same entries stand in another order, which of them moved."""
    old, new = list(before), list(after)
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    edits = [Edit("remove", ace) for ace in _each(old, gone)]
    edits += [Edit("add", ace) for ace in _each(new, come)]
    kept_old = _without(old, gone)
    kept_new = _without(new, come)
    edits += [Edit("reorder", was) for was, now in zip(kept_old, kept_new, strict=True) if was != now]
    return tuple(edits)


def canonicalize(acl: Acl) -> Acl:
    """Explicit denies, explicit allows, inherited entries; equal ranks keep their order."""
    return acl if acl.is_canonical else acl.canonical()


def grant(acl: Acl, wanted: Ace, sids: frozenset[Sid] | None = None) -> Acl:
    """Make sure that `wanted` (an allow entry) is granted to its SID everywhere it applies to.

    Access that is there in any form counts: wider, inherited, added up from several entries, as generic bits. If it
    is not, an explicit entry for the same SID and the same "applies to" is widened, or one is added behind the last
    explicit entry. Entries that deny are left alone; `blocking_denies` finds them.

    Args:
        acl: a canonical list.
        wanted: explicit allow entry.
        sids: SIDs whose entries count as the account's, its own alone if left out.
    """
    if satisfied_everywhere(acl, sids or frozenset({wanted.sid}), wanted.mask, wanted.scopes):
        return acl
    return _put(acl, wanted)


def deny(acl: Acl, wanted: Ace) -> Acl:
    """Make sure that `wanted` (a deny entry) takes its rights from its SID everywhere it applies to."""
    sids = frozenset({wanted.sid})
    if all(check_access(acl, sids, wanted.mask, scope).denied == wanted.rights for scope in wanted.scopes):
        return acl
    return _put(acl, wanted)


def blocking_denies(acl: Acl, sids: frozenset[Sid], mask: int, scopes: Iterable[Scope]) -> tuple[Ace, ...]:
    """Entries that deny these SIDs a part of the mask before any entry grants it, in order of the list.

    An entry behind another one that denies the same counts too: it would block as soon as the first was gone.
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
    """Remove every occurrence of these entries."""
    gone = set(unwanted)
    kept = tuple(ace for ace in acl if ace not in gone)
    return acl if len(kept) == len(acl) else replace(acl, aces=kept)


def revoke(acl: Acl, sid: Sid, ace_type: int, mask: int | None = None) -> Acl:
    """Take rights out of every explicit entry of this SID and type; None takes the entries out altogether.

    Inherited entries belong to the parent and are left alone.
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
    """The bits that `revoke` takes out of an entry for this mask.

    An entry that allows needs SYNCHRONIZE for every other right. It keeps it as long as another right stays, unless
    SYNCHRONIZE is all that is to go. In an entry that denies, SYNCHRONIZE is a right like the others.
    """
    mask = map_generic(mask)
    return mask if ace_type == ACCESS_DENIED or mask == SYNCHRONIZE else mask & ~SYNCHRONIZE


def exact(acl: Acl, wanted: Iterable[Ace]) -> Acl:
    """Make the explicit entries say exactly what `wanted` says, no more and no less; inherited ones stay.

    Two ways to say the same (one entry or several that add up, generic or file rights) are equal. Explicit entries
    that neither allow nor deny in the plain way (conditional, unknown, misplaced audit entries) go.
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
    """Turn inherited entries into explicit ones, as "Convert inherited permissions" does in Windows."""
    return replace(acl, aces=tuple(ace.without_inherited_flag() for ace in acl)).canonical()


def _put(acl: Acl, wanted: Ace) -> Acl:
    """Widen the explicit entry of the same SID, type and flags, else add one at the end of its rank."""
    wanted = replace(wanted, mask=wanted.rights)
    key = (wanted.sid, wanted.ace_type, wanted.flags & INHERITANCE_FLAGS)
    for index, ace in enumerate(acl.aces):
        if not isinstance(ace, Ace) or ace.inherited:
            continue
        if (ace.sid, ace.ace_type, ace.flags & INHERITANCE_FLAGS) == key:
            mask = ace.rights | wanted.mask
            if mask == ace.rights:  # it is there, and something in front of it denies
                return acl
            return replace(acl, aces=(*acl.aces[:index], replace(ace, mask=mask), *acl.aces[index + 1 :]))
    return replace(acl, aces=(*acl.explicit, wanted, *acl.inherited)).canonical()


def _coverage(aces: Iterable[AnyAce]) -> dict[tuple[Sid, int], dict[Scope, int]]:
    """Per SID and type, which rights are said where."""
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
