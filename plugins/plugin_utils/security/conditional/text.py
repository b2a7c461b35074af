# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions and resource attributes as SDDL ([MS-DTYP] 2.5.1.1): the seventh field of an ACE string.

Where Windows and the grammar differ, this module writes what Windows writes and reads both. A condition or attribute
without a text, such as a string that contains a quotation mark, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ..errors import SecurityDescriptorError
from ..sid import Sid
from ..well_known import ALIAS_OF, sid_of
from .condition import MAX_DEPTH, Condition
from .resource_attribute import ResourceAttribute, Value, ValueType
from .tokens import (
    EXISTENCE,
    LOGICAL,
    MEMBERSHIP,
    Attribute,
    Base,
    ConditionToken,
    Integer,
    Literal,
    Operator,
    Scalar,
    Sign,
    Source,
)
from .utf16 import decode_utf16, encode_utf16

MAX_TEXT = 500_000
"""Maximum length of a text in characters: longer than the text of 64 KiB of tokens."""

SidReader = Callable[[str], Sid]
"""Returns the SID for a text or alias in upper case, or raises SecurityDescriptorError."""

_SYMBOLS = {
    "==": Operator.EQUAL,
    "!=": Operator.NOT_EQUAL,
    "<": Operator.LESS,
    "<=": Operator.LESS_OR_EQUAL,
    ">": Operator.GREATER,
    ">=": Operator.GREATER_OR_EQUAL,
    "&&": Operator.AND,
    "||": Operator.OR,
}
# As Windows writes them: "Member_of_any" instead of the grammar's "Member_of_Any". They are read in any case.
_WORDS = {
    "Contains": Operator.CONTAINS,
    "Not_Contains": Operator.NOT_CONTAINS,
    "Any_of": Operator.ANY_OF,
    "Not_Any_of": Operator.NOT_ANY_OF,
    "Exists": Operator.EXISTS,
    "Not_Exists": Operator.NOT_EXISTS,
    "Member_of": Operator.MEMBER_OF,
    "Not_Member_of": Operator.NOT_MEMBER_OF,
    "Member_of_any": Operator.MEMBER_OF_ANY,
    "Not_Member_of_Any": Operator.NOT_MEMBER_OF_ANY,
    "Device_Member_of": Operator.DEVICE_MEMBER_OF,
    "Not_Device_Member_of": Operator.NOT_DEVICE_MEMBER_OF,
    "Device_Member_of_Any": Operator.DEVICE_MEMBER_OF_ANY,
    "Not_Device_Member_of_Any": Operator.NOT_DEVICE_MEMBER_OF_ANY,
}
_TEXT_OF = {found: text for text, found in (*_SYMBOLS.items(), *_WORDS.items())}
_OPERATOR_OF = {text.lower(): found for text, found in _WORDS.items()}
_SOURCE_OF = {"user": Source.USER, "device": Source.DEVICE, "resource": Source.RESOURCE}
_TYPE_LETTERS = {
    ValueType.INT64: "TI",
    ValueType.UINT64: "TU",
    ValueType.STRING: "TS",
    ValueType.SID: "TD",
    ValueType.OCTET_STRING: "TX",
    ValueType.BOOLEAN: "TB",
}
_TYPE_OF = {letters: value_type for value_type, letters in _TYPE_LETTERS.items()}
# Operators of the same or a higher precedence ([MS-DTYP] 2.5.1.3).
_TIGHTER = {
    Operator.AND: frozenset({Operator.NOT, Operator.AND}),
    Operator.OR: frozenset({Operator.NOT, Operator.AND, Operator.OR}),
}

_NAME = r"[^\x00\t-\r !\"%&()<=>|]|%[0-9A-Fa-f]{4}"  # attr-char2, including escapes
_NOT_SPACE = re.compile(r"[^\t-\r ]")
_BEFORE_TERM = re.compile(r"[(!]")
_OPEN = re.compile(r"\(")
_CLOSE = re.compile(r"\)")
_LOGICAL = re.compile(r"&&|\|\|")
_RELATIONAL = re.compile(r"==|!=|<=|>=|<|>")
_WORD = re.compile(r"[A-Za-z0-9:./_][A-Za-z0-9:./_@]*")
_PREFIXED = re.compile(rf"@(user|device|resource)\.((?:{_NAME})+)", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"([+-]?)(0[xX][0-9A-Fa-f]+|0[0-7]+|0|[1-9][0-9]*)(?![A-Za-z0-9:./_])")
_STRING = re.compile(r'"([^"\x00]*)"')
_OCTETS = re.compile(r"#([#0-9A-Fa-f]*)")
_SID = re.compile(r"SID\([\t-\r ]*([A-Z0-9-]+)[\t-\r ]*\)", re.ASCII | re.IGNORECASE)
_BARE_SID = re.compile(r"[A-Z0-9-]+", re.ASCII | re.IGNORECASE)
_BARE_OCTETS = re.compile(r"[#0-9A-Fa-f]+")
_BOOLEAN = re.compile(r"[01](?![0-9A-Za-z])")
_LIST_OPEN = re.compile(r"\{")
_LIST_CLOSE = re.compile(r"\}")
_COMMA = re.compile(r",")
_QUOTED_NAME = re.compile(rf'"((?:{_NAME})+)"')
_TYPE = re.compile(r"T[IUSDXB]", re.ASCII | re.IGNORECASE)
_PAIR = re.compile(r'"[^"]*"?|[()]')

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{4})")
_MUST_ESCAPE = re.compile(r"[^!-~]|[!\"%&()<=>|]")
_MUST_NOT_ESCAPE = re.compile(r"[A-Za-z0-9#$'*+\-./:;?@\[\\\]^_`{}~]")


def closing_parenthesis(text: str, start: int) -> int:
    """Return the position of the parenthesis that closes the one at `start`, ignoring quoted text.

    Raises:
        SecurityDescriptorError: the parenthesis is not closed, or `start` is not an opening parenthesis.
    """
    depth = 0
    for found in _PAIR.finditer(text, start) if text.startswith("(", start) else ():
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0:
            return found.start()
    raise SecurityDescriptorError(
        f"no closed parenthesis at character {start + 1}, before {text[start : start + 20]!r}"
    )


def parse_condition_text(text: str, read_sid: SidReader = sid_of) -> Condition:
    """Read a conditional expression, with or without outer parentheses.

    Raises:
        SecurityDescriptorError: the text is malformed, too long or too deep; the message contains the position.
    """
    scan = _Scanner(text, read_sid)
    tokens: list[ConditionToken] = []
    pending: list[Operator | None] = []  # None is an open parenthesis
    while True:
        while mark := scan.take(_BEFORE_TERM):
            pending.append(None if mark[0] == "(" else Operator.NOT)
            if len(pending) > 2 * MAX_DEPTH + 1:  # one parenthesis for each operation, and an outer one
                raise scan.error(f"nested deeper than {MAX_DEPTH} operations")
        _read_term(scan, tokens)
        while _close(scan, tokens, pending) or _read_relation(scan, tokens):
            pass
        mark = scan.take(_LOGICAL)
        if mark is None:
            break
        found = _SYMBOLS[mark[0]]
        while pending and (tighter := pending[-1]) in _TIGHTER[found]:
            tokens.append(tighter)
            pending.pop()
        pending.append(found)
    if not scan.at_end:
        raise scan.error("expected an operator")
    for last in reversed(pending):
        if last is None:
            raise scan.error("expected ')'")
        tokens.append(last)
    return Condition(tuple(tokens))


def format_condition(condition: Condition) -> str:
    """Return the expression as Windows writes it: parentheses around each operand of a logical operator and around all.

    Raises:
        SecurityDescriptorError: the condition has no text. For example, a string contains a quotation mark, a local
            attribute has the name of an operator, or a number has fewer than 8 bytes.
    """
    stack: list[_Rope] = []
    for token in condition.tokens:
        if not isinstance(token, Operator):
            stack.append(_format_operand(token))
        elif token is Operator.NOT:
            stack.append(("!(", stack.pop(), ")"))
        elif token.is_unary:
            stack.append((_TEXT_OF[token], " ", stack.pop()))
        else:
            right, left = stack.pop(), stack.pop()
            if token in LOGICAL:
                left, right = ("(", left, ")"), ("(", right, ")")
            stack.append((left, f" {_TEXT_OF[token]} ", right))
    text = "".join(_strands(("(", stack.pop(), ")")))
    if _or_none(parse_condition_text, text) != condition:
        raise SecurityDescriptorError(f"SDDL cannot express the condition {text:.80}")
    return text


def parse_resource_attribute_text(text: str, read_sid: SidReader = sid_of) -> ResourceAttribute:
    """Read `("Project",TS,0x0,"Windows","SQL")`.

    Octets are read as Windows reads them, not by the grammar: every `#` is a zero, and an odd number of digits gets a
    leading zero.

    Raises:
        SecurityDescriptorError: the text is malformed or too long; the message contains the position.
    """
    scan = _Scanner(text, read_sid)
    scan.expect(_OPEN, "'('")
    name = _unescape(scan, scan.expect(_QUOTED_NAME, "a name in quotation marks")[1])
    scan.expect(_COMMA, "','")
    value_type = _TYPE_OF[scan.expect(_TYPE, "TI, TU, TS, TD, TX or TB")[0].upper()]
    scan.expect(_COMMA, "','")
    flags = _read_number(scan).value
    values = []
    while scan.take(_COMMA):
        values.append(_read_value(scan, value_type))
    scan.expect(_CLOSE, "',' or ')'")
    if not scan.at_end:
        raise scan.error("expected the end of the text")
    return ResourceAttribute(name, value_type, flags, tuple(values))


def format_resource_attribute(attribute: ResourceAttribute) -> str:
    """Return the attribute as Windows writes it.

    Raises:
        SecurityDescriptorError: the attribute has no text. For example, a string contains a quotation mark, an octet
            string is empty, or the binary form has an unusual layout.
    """
    parts = [f'"{_escape(attribute.name)}"', _TYPE_LETTERS[attribute.value_type], f"0x{attribute.flags:x}"]
    parts += map(_format_value, attribute.values)
    text = f"({','.join(parts)})"
    if _or_none(parse_resource_attribute_text, text) != attribute:
        raise SecurityDescriptorError(f"SDDL cannot express the resource attribute {text:.80}")
    return text


class _Scanner:
    """A text and the current position in it."""

    def __init__(self, text: str, read_sid: SidReader) -> None:
        if len(text) > MAX_TEXT:
            raise SecurityDescriptorError(f"{len(text)} characters are too long for a condition")
        self.text = text
        self.position = 0
        self.read_sid = read_sid

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Skip white space, then match the pattern."""
        start = self._start()
        found = pattern.match(self.text, start)
        if found is not None:
            self.position = found.end()
        return found

    def expect(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        found = self.take(pattern)
        if found is None:
            raise self.error(f"expected {what}")
        return found

    @property
    def at_end(self) -> bool:
        return self._start() == len(self.text)

    def error(self, problem: str) -> SecurityDescriptorError:
        start = self._start()
        rest = repr(self.text[start : start + 20]) if start < len(self.text) else "the end of the text"
        return SecurityDescriptorError(f"{problem} at character {start + 1}, before {rest}")

    def _start(self) -> int:
        found = _NOT_SPACE.search(self.text, self.position)
        return found.start() if found else len(self.text)


def _close(scan: _Scanner, tokens: list[ConditionToken], pending: list[Operator | None]) -> bool:
    """Read a closing parenthesis and complete the operations inside it."""
    if scan.take(_CLOSE) is None:
        return False
    while pending:
        found = pending.pop()
        if found is None:
            return True
        tokens.append(found)
    raise scan.error("a ')' without its '('")


def _read_term(scan: _Scanner, tokens: list[ConditionToken]) -> None:
    """Read an attribute, or a prefix operator with its operand."""
    if (attribute := _take_prefixed(scan)) is not None:
        tokens.append(attribute)
        return
    word = scan.expect(_WORD, "an attribute, an operator or '('")[0]
    found = _OPERATOR_OF.get(word.lower())
    if found is None:
        tokens.append(Attribute(Source.LOCAL, word))
    elif found in MEMBERSHIP:
        tokens += (_read_operand(scan, found), found)
    elif found in EXISTENCE:
        tokens += (
            _take_prefixed(scan) or Attribute(Source.LOCAL, scan.expect(_WORD, "an attribute")[0]),
            found,
        )
    else:
        raise scan.error(f"an attribute is missing before {word}")


def _read_relation(scan: _Scanner, tokens: list[ConditionToken]) -> bool:
    """Read an infix operator and its right operand."""
    if symbol := scan.take(_RELATIONAL):
        found = _SYMBOLS[symbol[0]]
    elif word := scan.take(_WORD):
        known = _OPERATOR_OF.get(word[0].lower())
        if known is None or known.is_unary:
            raise scan.error(f"expected an operator instead of {word[0]!r:.40}")
        found = known
    else:
        return False
    if not isinstance(tokens[-1], Attribute):
        raise scan.error(f"{_TEXT_OF[found]} has no attribute on its left")
    tokens += (_read_operand(scan, found), found)
    return True


def _read_operand(scan: _Scanner, operation: Operator) -> ConditionToken:
    """Read the right operand of an operator. Windows allows parentheses around it."""
    depth = 0
    while scan.take(_OPEN):
        depth += 1
    operand: ConditionToken = _take_prefixed(scan) or _read_literal(scan)
    if not operation.accepts(operand):
        raise scan.error(f"{_TEXT_OF[operation]} has an operand of a wrong type")
    for _again in range(depth):
        scan.expect(_CLOSE, "')'")
    return operand


def _take_prefixed(scan: _Scanner) -> Attribute | None:
    found = scan.take(_PREFIXED)
    return found and Attribute(_SOURCE_OF[found[1].lower()], _unescape(scan, found[2]))


def _read_literal(scan: _Scanner) -> Literal:
    if scan.take(_LIST_OPEN) is None:
        return _read_scalar(scan)
    items = [_read_scalar(scan)]
    while scan.take(_COMMA):
        items.append(_read_scalar(scan))
    scan.expect(_LIST_CLOSE, "',' or '}'")
    return tuple(items)


def _read_scalar(scan: _Scanner) -> Scalar:
    if found := scan.take(_STRING):
        return found[1]
    if found := scan.take(_OCTETS):
        return _octets(found[1])
    if found := scan.take(_SID):
        return scan.read_sid(found[1].upper())
    return _read_number(scan)


def _read_number(scan: _Scanner) -> Integer:
    mark, digits = scan.expect(_NUMBER, "a number, string, #octets, SID(…) or @attribute").groups()
    if len(digits) > 100:
        raise scan.error("a number of more than 64 bits")
    sign = {"+": Sign.PLUS, "-": Sign.MINUS}.get(mark, Sign.NONE)
    base, radix = Base.DECIMAL, 10
    if digits[:1] == "0" and len(digits) > 1:
        base, radix = (Base.HEXADECIMAL, 16) if digits[1] in "xX" else (Base.OCTAL, 8)
    value = int(digits, radix)
    return Integer(-value if sign is Sign.MINUS else value, sign, base)


def _read_value(scan: _Scanner, value_type: ValueType) -> Value:
    match value_type:
        case ValueType.STRING:
            return scan.expect(_STRING, "a string in quotation marks")[1]
        case ValueType.SID:
            return scan.read_sid(scan.expect(_BARE_SID, "a SID")[0].upper())
        case ValueType.OCTET_STRING:
            return _octets(scan.expect(_BARE_OCTETS, "octets in hexadecimal")[0])
        case ValueType.BOOLEAN:
            return scan.expect(_BOOLEAN, "0 or 1")[0] == "1"
        case _:
            return _read_number(scan).value


def _octets(digits: str) -> bytes:
    digits = digits.replace("#", "0")
    return bytes.fromhex("0" * (len(digits) % 2) + digits)


def _escape(name: str) -> str:
    units = encode_utf16(name)
    pairs = (chr(int.from_bytes(units[at : at + 2], "little")) for at in range(0, len(units), 2))
    return "".join(f"%{ord(unit):04x}" if _MUST_ESCAPE.match(unit) else unit for unit in pairs)


def _unescape(scan: _Scanner, text: str) -> str:
    def replaced(found: re.Match[str]) -> str:
        unit = chr(int(found[1], 16))
        if unit == "\0" or _MUST_NOT_ESCAPE.match(unit):
            raise scan.error(f"{found[0]} must not be escaped in the name")
        return unit

    # Escapes are UTF-16 code units: two escapes can be one character.
    return decode_utf16(encode_utf16(_ESCAPE.sub(replaced, text)))


def _format_operand(operand: Attribute | Literal) -> str:
    match operand:
        case Attribute(source=Source.LOCAL):
            return operand.name
        case Attribute():
            return f"@{operand.source.name}.{_escape(operand.name)}"
        case tuple():
            return f"{{{', '.join(map(_format_operand, operand))}}}"
        case Integer():
            mark = {Sign.PLUS: "+", Sign.MINUS: "-", Sign.NONE: ""}[operand.sign]
            form = {Base.OCTAL: "0{:o}", Base.DECIMAL: "{:d}", Base.HEXADECIMAL: "{:#x}"}[operand.base]
            return mark + form.format(abs(operand.value))
        case bytes():
            return f"#{operand.hex()}"
        case Sid():
            return f"SID({ALIAS_OF.get(operand) or operand})"
        case _:
            return f'"{operand}"'


def _format_value(value: Value) -> str:
    match value:
        case str():
            return f'"{value}"'
        case bytes():
            return value.hex()
        case Sid():
            return ALIAS_OF.get(value) or str(value)
        case _:
            return str(int(value))


_Rope = str | tuple["_Rope", ...]
"""Nested parts of a text, joined once at the end."""


def _strands(rope: _Rope) -> Iterable[str]:
    stack = [rope]
    while stack:
        strand = stack.pop()
        if isinstance(strand, str):
            yield strand
        else:
            stack.extend(reversed(strand))


def _or_none(parse: Callable[[str], Condition | ResourceAttribute], text: str) -> Condition | ResourceAttribute | None:
    try:
        return parse(text)
    except SecurityDescriptorError:
        return None
