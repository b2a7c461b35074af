# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a condition evaluates to ([MS-DTYP] 2.5.3.1.5, EvaluateAceCondition), and what it can where little is known."""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .claims import Claims, ClaimValue, Value, ValueType, upcase
from .condition_tokens import (
    EQUALITY,
    EXISTENCE,
    LOGICAL,
    MEMBERSHIP,
    Attribute,
    Integer,
    Operator,
    Source,
    Token,
)
from .sid import Sid

_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
}
_PYTHON_TYPES: dict[ValueType, type[Value]] = {
    ValueType.INT64: int,
    ValueType.UINT64: int,
    ValueType.BOOLEAN: bool,
    ValueType.STRING: str,
    ValueType.OCTET_STRING: bytes,
    ValueType.SID: Sid,
}

# What an operation can evaluate to, as a set of bits: where claims were not read it can be several. An error makes
# the whole condition UNKNOWN, UNKNOWN only what uses it.
_TRUE, _FALSE, _UNKNOWN, _ERROR = 1, 2, 4, 8
_OUTCOMES = ((_TRUE, True), (_FALSE, False), (_UNKNOWN | _ERROR, None))


def outcomes(tokens: Iterable[Token], claims: Claims) -> frozenset[bool | None]:
    """All that the tokens of a Condition can evaluate to, None for UNKNOWN.

    It is one value if `claims` leaves nothing open that they ask for. Time is linear in the tokens and the claims.
    """
    lookup = _Lookup(claims)
    stack: list[Token | int] = []
    for token in tokens:
        if not isinstance(token, Operator):
            stack.append(token)
            continue
        right = stack.pop()
        left = right if token.is_unary else stack.pop()
        stack.append(_evaluate(token, left, right, lookup))
    found = lookup.truth(stack.pop())
    return frozenset(answer for bits, answer in _OUTCOMES if found & bits)


def _truth(answer: bool) -> int:
    return _TRUE if answer else _FALSE


def _not(one: int) -> int:
    return one & (_UNKNOWN | _ERROR) | (one & _TRUE) << 1 | (one & _FALSE) >> 1


def _and(one: int, two: int) -> int:
    """Logical AND ([MS-DTYP] 2.4.4.17.7) of everything that the two can be."""
    result = one & two & _TRUE | (one | two) & _ERROR
    for some, other in ((one, two), (two, one)):
        if other & ~_ERROR:
            result |= some & _FALSE
        if other & (_TRUE | _UNKNOWN):
            result |= some & _UNKNOWN
    return result


class _NotRead(enum.Enum):
    """The value of a claim in a set that nobody read."""

    NOT_READ = 0


_Known = ClaimValue | None  # None: no such claim, or one without a value


class _Lookup:
    """The claims by name, and what they say of an operand."""

    def __init__(self, claims: Claims) -> None:
        self.claims = claims
        self._sets = {
            Source.LOCAL: _by_name(claims.local),
            Source.USER: _by_name(claims.user),
            Source.RESOURCE: _by_name(claims.resource),
            Source.DEVICE: _by_name(claims.device),
        }
        self._keys: dict[tuple[int, bool], frozenset[Value]] = {}

    def value(self, attribute: Attribute) -> _Known | _NotRead:
        found = self._sets[attribute.source]
        if found is None:
            return _NotRead.NOT_READ
        value = found.get(upcase(attribute.name))
        return value if value is not None and value.values else None

    def keys(self, value: ClaimValue, exact: bool) -> frozenset[Value]:
        """The values of a claim in a form that compares; made once, however often a condition asks for it."""
        place = (id(value), exact)
        if place not in self._keys:
            self._keys[place] = frozenset(_key(item, exact) for item in value.values)
        return self._keys[place]

    def truth(self, operand: Token | int) -> int:
        """The logical value of an operand ([MS-DTYP] 2.4.4.17.7).

        A condition that is an attribute and nothing else is asked the same way (Microsoft, "Security Descriptor
        Definition Language for Conditional ACEs").
        """
        if isinstance(operand, int):
            return operand
        value = self.value(operand) if isinstance(operand, Attribute) else None
        if isinstance(value, _NotRead):
            return _TRUE | _FALSE | _UNKNOWN
        if value is None or len(value.values) != 1 or value.value_type in (ValueType.SID, ValueType.OCTET_STRING):
            return _UNKNOWN
        return _truth(bool(value.values[0]))


def _by_name(claims: Mapping[str, ClaimValue] | None) -> dict[str, ClaimValue] | None:
    if claims is None:
        return None
    found: dict[str, ClaimValue] = {}
    for name, value in claims.items():
        found.setdefault(upcase(name), value)
    return found


def _evaluate(operation: Operator, left: Token | int, right: Token | int, lookup: _Lookup) -> int:
    if operation in LOGICAL:
        one, two = lookup.truth(left), lookup.truth(right)
        if operation is Operator.AND:
            return _and(one, two)
        return _not(two) if operation is Operator.NOT else _not(_and(_not(one), _not(two)))
    if isinstance(right, int):
        return _ERROR  # a result is no operand of the others, and no Condition has it as one
    if operation in MEMBERSHIP:
        found = _member(operation, right, lookup.claims)
    elif isinstance(left, Attribute):
        found = _exists(left, lookup) if operation in EXISTENCE else _relation(operation, left, right, lookup)
    else:
        return _ERROR
    return _not(found) if operation.name.startswith("NOT_") else found


def _member(operation: Operator, operand: Token, claims: Claims) -> int:
    if "DEVICE" in operation.name:
        known, complete = claims.device_sids, claims.device_sids_complete
    else:
        known, complete = claims.sids, claims.sids_complete
    asked = operand if isinstance(operand, tuple) else (operand,)
    held = [sid in known for sid in asked]
    if any(held) if operation.name.endswith("ANY") else all(held):
        return _TRUE
    return _FALSE if complete else _TRUE | _FALSE


def _exists(attribute: Attribute, lookup: _Lookup) -> int:
    # [MS-DTYP] 2.4.4.17.7 has a rule for these two only, and an error for the others.
    if attribute.source not in (Source.LOCAL, Source.RESOURCE):
        return _ERROR
    value = lookup.value(attribute)
    return _TRUE | _FALSE if isinstance(value, _NotRead) else _truth(value is not None)


def _relation(operation: Operator, left: Attribute, right: Token, lookup: _Lookup) -> int:
    """==, <, Contains, Any_of and their like ([MS-DTYP] 2.4.4.17.6); the operators that negate are left to the caller.

    The section's remark that all but ==, Contains and Any_of give UNKNOWN for more than one value is read for the
    ordering operators only: != and Not_… are each defined as the inverse of one that takes sets.
    """
    value = lookup.value(left)
    other = lookup.value(right) if isinstance(right, Attribute) else right
    if value is None or other is None:
        return _UNKNOWN
    if isinstance(value, _NotRead) or isinstance(other, _NotRead):
        return _TRUE | _FALSE | _UNKNOWN | _ERROR
    kind = _PYTHON_TYPES[value.value_type]
    exact = value.case_sensitive or (isinstance(other, ClaimValue) and other.case_sensitive)
    one = lookup.keys(value, exact)
    if isinstance(other, ClaimValue):
        if _PYTHON_TYPES[other.value_type] is not kind:
            return _ERROR
        two = lookup.keys(other, exact)
    else:
        values = _literal_values(other)
        if kind is bool and operation in EQUALITY and all(item in (0, 1) for item in values):
            values = [bool(item) for item in values]
        if any(item.__class__ is not kind for item in values):
            return _ERROR
        two = frozenset(_key(item, exact) for item in values)
    if operation in _COMPARE:
        if kind in (bool, Sid):
            return _ERROR
        if len(one) != 1 or len(two) != 1:
            return _UNKNOWN
        return _truth(_COMPARE[operation](*one, *two))
    if operation in EQUALITY:
        return _truth(one == two)
    if operation in (Operator.CONTAINS, Operator.NOT_CONTAINS):
        return _truth(one >= two)
    return _truth(not one.isdisjoint(two))


def _literal_values(literal: Token) -> list[Value]:
    """The values of a literal; of a token that is none, none."""
    items = literal if isinstance(literal, tuple) else (literal,)
    values: list[Value] = []
    for item in items:
        if isinstance(item, Integer):
            values.append(item.value)
        elif isinstance(item, str | bytes | Sid):
            values.append(item)
    return values


def _key(value: Value, exact: bool) -> Value:
    """What compares as Windows compares the value."""
    if not isinstance(value, str):
        return value
    # Most significant byte first: the order of code units, not of bytes.
    return (value if exact else upcase(value)).encode("utf-16-be", "surrogatepass")
