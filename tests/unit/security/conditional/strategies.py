# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random conditions."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.condition import Condition
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.tokens import (
    EXISTENCE,
    LOGICAL,
    MEMBERSHIP,
    ORDER,
    Attribute,
    Base,
    Integer,
    Operator,
    Sign,
    Source,
)

ADMINISTRATORS = Sid(5, (32, 544))
EVERYONE = Sid(1, (0,))
SYSTEM = Sid(5, (18,))


def user(name: str) -> Attribute:
    return Attribute(Source.USER, name)


words = st.sampled_from(["a", "A", "b", "Titel", "x y", "é%\U0001f600", 'q"'])
local_names = st.sampled_from(["a", "A", "b", "WIN://SYSAPPID", "7"])
numbers = st.one_of(
    st.builds(Integer, st.integers(0, 2**64 - 1), st.sampled_from([Sign.NONE, Sign.PLUS]), st.sampled_from(Base)),
    st.builds(Integer, st.integers(-(2**63), 0), st.just(Sign.MINUS), st.sampled_from(Base)),
    st.builds(Integer, st.integers(0, 2)),
)
sids = st.sampled_from([ADMINISTRATORS, EVERYONE, SYSTEM])
strings = st.sampled_from(["", "x", "X", "ß", "é", "\ud800"])
ordered = numbers | strings | st.binary(max_size=3)
scalars = ordered | sids
composites = st.lists(scalars, min_size=1, max_size=4).map(tuple)
prefixed = st.builds(Attribute, st.sampled_from([Source.USER, Source.DEVICE, Source.RESOURCE]), words)
any_attribute = prefixed | st.builds(Attribute, st.just(Source.LOCAL), local_names)


def in_order(operators: Iterable[Operator]) -> list[Operator]:
    return sorted(operators, key=lambda found: found.value)


SETS = [found for found in Operator if found not in LOGICAL | EXISTENCE | MEMBERSHIP | ORDER]
terms = st.one_of(
    st.tuples(any_attribute),
    st.tuples(any_attribute, st.sampled_from(in_order(EXISTENCE))),
    st.tuples(
        sids | st.lists(sids, min_size=1, max_size=3).map(tuple),
        st.sampled_from(in_order(MEMBERSHIP)),
    ),
    st.tuples(any_attribute, ordered | prefixed, st.sampled_from(in_order(ORDER))),
    st.tuples(any_attribute, scalars | composites | prefixed, st.sampled_from(SETS)),
)
conditions = st.recursive(
    terms,
    lambda inner: (
        inner.map(lambda tokens: (*tokens, Operator.NOT))
        | st.builds(
            lambda one, two, found: (*one, *two, found), inner, inner, st.sampled_from([Operator.AND, Operator.OR])
        )
    ),
    max_leaves=8,
).map(Condition)
