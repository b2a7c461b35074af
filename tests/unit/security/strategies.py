# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random SIDs, entries, lists and descriptors."""

from __future__ import annotations

from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    ACCESS_ALLOWED,
    ACCESS_DENIED,
    SYSTEM_AUDIT,
    Ace,
    Acl,
    AnyAce,
    OpaqueAce,
    SecurityDescriptor,
    Sid,
)

# A handful of accounts, so that entries of the same account meet.
ACCOUNTS = [Sid.parse(f"S-1-5-21-1-2-3-{rid}") for rid in (1001, 1002, 1003)] + [
    Sid.parse(text) for text in ("S-1-1-0", "S-1-5-11", "S-1-5-18", "S-1-5-32-544")
]
accounts = st.sampled_from(ACCOUNTS)
sids = st.builds(
    Sid,
    st.integers(0, 2**48 - 1),
    st.lists(st.integers(0, 2**32 - 1), max_size=15).map(tuple),
)
file_masks = st.sampled_from(
    [0x1F01FF, 0x1301BF, 0x1200A9, 0x120089, 0x100116, 0x12019F, 0x1, 0x2, 0x10000000, 0x80000000]
) | st.integers(0, 0x1F01FF)
inheritance_flags = st.sampled_from([0, 1, 2, 3, 9, 10, 11, 4 | 3, 4 | 2, 4 | 1])


def aces(flags: st.SearchStrategy[int] = inheritance_flags, *, inherited: bool | None = None) -> st.SearchStrategy[Ace]:
    """Allow and deny entries of the few accounts."""
    origin = st.booleans() if inherited is None else st.just(inherited)
    return st.builds(
        lambda kind, flag, down, mask, sid: Ace(kind, flag | (0x10 if down else 0), mask, sid),
        st.sampled_from([ACCESS_ALLOWED, ACCESS_DENIED]),
        flags,
        origin,
        file_masks,
        accounts,
    )


dacls = st.lists(aces(), max_size=8).map(lambda found: Acl(tuple(found)))
canonical_dacls = dacls.map(lambda acl: acl.canonical())

_words = st.binary(max_size=8).map(lambda data: data + bytes(-len(data) % 4))
basic_aces = st.builds(
    Ace,
    st.sampled_from([ACCESS_ALLOWED, ACCESS_DENIED, SYSTEM_AUDIT]),
    st.integers(0, 255),
    st.integers(0, 2**32 - 1),
    sids,
    _words,
)
any_aces = basic_aces | st.builds(OpaqueAce, st.integers(0x16, 255), st.integers(0, 255), _words)


@st.composite
def descriptors(
    draw: st.DrawFn, entries: st.SearchStrategy[AnyAce] = any_aces, min_entries: int = 0
) -> SecurityDescriptor:
    """Any descriptor, every combination of absent, NULL and given lists among them."""
    any_acls = st.builds(Acl, st.lists(entries, min_size=min_entries, max_size=6).map(tuple), st.sampled_from([2, 4]))
    control = draw(st.integers(0, 0x7FFF)) & ~0x0014
    dacl = draw(st.none() | any_acls)
    sacl = draw(st.none() | any_acls)
    if dacl is not None or draw(st.booleans()):
        control |= 0x0004
    if sacl is not None or draw(st.booleans()):
        control |= 0x0010
    return SecurityDescriptor(
        control, draw(st.none() | sids), draw(st.none() | sids), dacl, sacl, draw(st.integers(0, 255))
    )
