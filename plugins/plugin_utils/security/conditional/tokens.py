# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokens of a condition ([MS-DTYP] 2.4.4.17.5 to 2.4.4.17.8): operators, attributes and literals."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ..errors import SecurityDescriptorError
from ..sid import Sid


class Operator(enum.Enum):
    """An operator by its byte-code ([MS-DTYP] 2.4.4.17.6 and 2.4.4.17.7)."""

    EQUAL = 0x80
    NOT_EQUAL = 0x81
    LESS = 0x82
    LESS_OR_EQUAL = 0x83
    GREATER = 0x84
    GREATER_OR_EQUAL = 0x85
    CONTAINS = 0x86
    EXISTS = 0x87
    ANY_OF = 0x88
    MEMBER_OF = 0x89
    DEVICE_MEMBER_OF = 0x8A
    MEMBER_OF_ANY = 0x8B
    DEVICE_MEMBER_OF_ANY = 0x8C
    NOT_EXISTS = 0x8D
    NOT_CONTAINS = 0x8E
    NOT_ANY_OF = 0x8F
    NOT_MEMBER_OF = 0x90
    NOT_DEVICE_MEMBER_OF = 0x91
    NOT_MEMBER_OF_ANY = 0x92
    NOT_DEVICE_MEMBER_OF_ANY = 0x93
    AND = 0xA0
    OR = 0xA1
    NOT = 0xA2

    @property
    def is_unary(self) -> bool:
        """Whether the operator has one operand, not two."""
        return self is Operator.NOT or self in EXISTENCE or self in MEMBERSHIP

    def accepts(self, operand: ConditionToken) -> bool:
        """Whether `operand` can be the only or right operand. An operator represents the result of its operation."""
        if self in LOGICAL:
            return isinstance(operand, Attribute | Operator)
        if self in EXISTENCE:
            return isinstance(operand, Attribute)
        if self in MEMBERSHIP:
            return all(isinstance(sid, Sid) for sid in (operand if isinstance(operand, tuple) else (operand,)))
        if isinstance(operand, Attribute):
            return operand.source is not Source.LOCAL
        # [MS-DTYP] 2.5.1.1: only a single number, string or octet string can be ordered.
        return not isinstance(operand, Operator | Sid | tuple if self in ORDER else Operator)


LOGICAL = frozenset({Operator.AND, Operator.OR, Operator.NOT})
EXISTENCE = frozenset({Operator.EXISTS, Operator.NOT_EXISTS})
MEMBERSHIP = frozenset(found for found in Operator if "MEMBER_OF" in found.name)
ORDER = frozenset({Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL})


class Source(enum.Enum):
    """The set of claims that an attribute names, by the byte-code of its token ([MS-DTYP] 2.4.4.17.8)."""

    LOCAL = 0xF8
    USER = 0xF9
    RESOURCE = 0xFA
    DEVICE = 0xFB


@dataclass(frozen=True, slots=True)
class Attribute:
    """The name of a claim. Windows ignores case in it ([MS-DTYP] 2.5.1.2).

    Attributes:
        source: the set of claims.
        name: at least one character, no NUL.
    """

    source: Source
    name: str

    def __post_init__(self) -> None:
        if not self.name or "\0" in self.name:
            raise SecurityDescriptorError("the name of an attribute is empty or contains a NUL")


class Sign(enum.Enum):
    """The sign in the text of a number ([MS-DTYP] 2.4.4.17.5)."""

    PLUS = 1
    MINUS = 2
    NONE = 3


class Base(enum.Enum):
    """The base in the text of a number ([MS-DTYP] 2.4.4.17.5)."""

    OCTAL = 1
    DECIMAL = 2
    HEXADECIMAL = 3


@dataclass(frozen=True, slots=True)
class Integer:
    """A number.

    Attributes:
        value: at most 0 with a minus sign, otherwise at least 0. The highest bit of the eight bytes that store the
            number is not a sign ([MS-DTYP] 2.4.4.17.5).
        sign: the sign in the text.
        base: the base in the text.
        width: 1, 2, 4 or 8 bytes. A number read from text has 8.
    """

    value: int
    sign: Sign = Sign.NONE
    base: Base = Base.DECIMAL
    width: int = 8

    def __post_init__(self) -> None:
        if self.width not in (1, 2, 4, 8):
            raise SecurityDescriptorError(f"a number of a condition cannot have {self.width} bytes")
        low = -(2 ** (8 * self.width - 1)) if self.sign is Sign.MINUS else 0
        high = 0 if self.sign is Sign.MINUS else 2**64 - 1 if self.width == 8 else 2 ** (8 * self.width - 1) - 1
        if not low <= self.value <= high:
            raise SecurityDescriptorError(f"the number {self.value} of a condition does not fit its sign and width")


Scalar = Integer | str | bytes | Sid
Literal = Scalar | tuple[Scalar, ...]
"""A tuple is a composite. A composite inside a composite is refused: no rule and no text exist for it."""

ConditionToken = Operator | Attribute | Literal
