# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The condition of a conditional ACE ([MS-DTYP] 2.4.4.17): its tokens and its binary form.

A condition keeps the tokens in postfix order, as in the binary form. Its operands are checked, so that it always has a
text. All work is linear in the input.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import SecurityDescriptorError
from ..sid import Sid
from .tokens import LOGICAL, Attribute, Base, ConditionToken, Integer, Operator, Scalar, Sign, Source
from .utf16 import decode_utf16, encode_utf16

SIGNATURE = b"artx"
"""ACE_CONDITION_SIGNATURE: the application data of a conditional ACE starts with it."""

MAX_SIZE = 0xFFFF
"""Maximum length of a condition in bytes: no ACE is longer."""

MAX_DEPTH = 1000
"""Maximum number of nested operations."""

_WIDTH_CODES = {1: 0x01, 2: 0x02, 4: 0x03, 8: 0x04}
_WIDTHS = {code: width for width, code in _WIDTH_CODES.items()}
_OPERATORS: dict[int, Operator] = {found.value: found for found in Operator}
_SOURCES: dict[int, Source] = {found.value: found for found in Source}
_STRING, _OCTET_STRING, _COMPOSITE, _SID = 0x10, 0x18, 0x50, 0x51


@dataclass(frozen=True, slots=True)
class Condition:
    """A conditional expression.

    Attributes:
        tokens: in postfix order.

    Raises:
        SecurityDescriptorError: [MS-DTYP] 2.4.4.17 does not allow the expression, or it is too long or too deep.
    """

    tokens: tuple[ConditionToken, ...]

    def __post_init__(self) -> None:
        stack: list[tuple[ConditionToken, int]] = []
        for token in self.tokens:
            depth = 0
            if isinstance(token, Operator):
                depth = 1 + _take_operands(token, stack)
                if depth > MAX_DEPTH:
                    raise SecurityDescriptorError(f"a condition is nested deeper than {MAX_DEPTH} operations")
            stack.append((token, depth))
        if len(stack) != 1 or not isinstance(stack[0][0], Operator | Attribute):
            raise SecurityDescriptorError("a condition consists of one operation or attribute")
        self.to_bytes()

    def to_bytes(self) -> bytes:
        """Return the application data of a conditional ACE: signature, tokens, zeros up to a multiple of 4 bytes.

        Raises:
            SecurityDescriptorError: the data is longer than 65535 bytes.
        """
        data = SIGNATURE + b"".join(map(_token_bytes, self.tokens))
        data += bytes(-len(data) % 4)
        if len(data) > MAX_SIZE:
            raise SecurityDescriptorError(f"a condition has at most {MAX_SIZE} bytes, not {len(data)}")
        return data


def parse_condition(data: bytes) -> Condition:
    """Read the application data of a conditional ACE, padding included.

    Raises:
        SecurityDescriptorError: the data is not a condition, or [MS-DTYP] 2.4.4.17 does not allow the condition.
    """
    if not data.startswith(SIGNATURE):
        raise SecurityDescriptorError("the application data of the ACE is not a condition")
    if len(data) > MAX_SIZE or len(data) % 4:
        raise SecurityDescriptorError(f"a condition cannot have {len(data)} bytes")
    tokens: list[ConditionToken] = []
    position = len(SIGNATURE)
    while position < len(data):
        code = data[position]
        if code == 0:
            if len(data) - position > 3 or any(data[position:]):
                raise SecurityDescriptorError(f"byte {position} of a condition is a token of type 0")
            break
        token: ConditionToken
        if code in _OPERATORS:
            token, position = _OPERATORS[code], position + 1
        elif code in _SOURCES:
            body, position = _read_counted(data, position + 1, len(data))
            token = Attribute(_SOURCES[code], decode_utf16(body))
        elif code == _COMPOSITE:
            token, position = _read_composite(data, position + 1)
        else:
            token, position = _read_scalar(data, position, len(data))
        tokens.append(token)
    return Condition(tuple(tokens))


def _take_operands(operation: Operator, stack: list[tuple[ConditionToken, int]]) -> int:
    """Remove the operands of an operator from the stack; return the depth of the deeper one."""
    count = 1 if operation.is_unary else 2
    if len(stack) < count:
        raise SecurityDescriptorError(f"{operation.name} of a condition lacks an operand")
    right, depth = stack.pop()
    fits = operation.accepts(right)
    if count == 2:
        left, left_depth = stack.pop()
        depth = max(depth, left_depth)
        fits = fits and (operation.accepts(left) if operation in LOGICAL else isinstance(left, Attribute))
    if not fits:
        raise SecurityDescriptorError(f"{operation.name} of a condition has an operand of a wrong type")
    return depth


def _token_bytes(token: ConditionToken) -> bytes:
    match token:
        case Operator():
            return bytes((token.value,))
        case Attribute():
            return _counted(token.source.value, encode_utf16(token.name))
        case Integer():
            number = struct.pack("<Q", token.value % 2**64)
            return bytes((_WIDTH_CODES[token.width], *number, token.sign.value, token.base.value))
        case str() if "\0" not in token:
            return _counted(_STRING, encode_utf16(token))
        case bytes():
            return _counted(_OCTET_STRING, token)
        case Sid():
            return _counted(_SID, token.to_bytes())
        case tuple() if token and not any(isinstance(item, tuple | Operator | Attribute) for item in token):
            return _counted(_COMPOSITE, b"".join(map(_token_bytes, token)))
    raise SecurityDescriptorError(f"a condition cannot contain {token!r:.80}")


def _counted(code: int, body: bytes) -> bytes:
    return struct.pack("<BI", code, len(body)) + body


def _read_counted(data: bytes, position: int, end: int) -> tuple[bytes, int]:
    """Read bytes that follow their length; return them and the position after them."""
    if position + 4 > end:
        raise SecurityDescriptorError(f"a condition ends inside the token at byte {position - 1}")
    start = position + 4
    stop = start + int(struct.unpack_from("<I", data, position)[0])
    if stop > end:
        raise SecurityDescriptorError(f"a condition ends inside the token at byte {position - 1}")
    return data[start:stop], stop


def _read_composite(data: bytes, position: int) -> tuple[tuple[Scalar, ...], int]:
    body, end = _read_counted(data, position, len(data))
    position = end - len(body)
    items = []
    while position < end:
        item, position = _read_scalar(data, position, end)
        items.append(item)
    return tuple(items), end


def _read_scalar(data: bytes, position: int, end: int) -> tuple[Scalar, int]:
    code = data[position]
    if code in _WIDTHS:
        if position + 11 > end:
            raise SecurityDescriptorError(f"a condition ends inside the number at byte {position}")
        number, sign_code, base_code = struct.unpack_from("<QBB", data, position + 1)
        try:
            sign, base = Sign(sign_code), Base(base_code)
        except ValueError:
            raise SecurityDescriptorError(f"the number at byte {position} has an unknown sign or base") from None
        if sign is Sign.MINUS and number:
            number -= 2**64
        return Integer(number, sign, base, _WIDTHS[code]), position + 11
    if code not in (_STRING, _OCTET_STRING, _SID):
        raise SecurityDescriptorError(f"a condition cannot have a token of type 0x{code:02x} at byte {position}")
    body, stop = _read_counted(data, position + 1, end)
    if code == _STRING:
        return decode_utf16(body), stop
    if code == _OCTET_STRING:
        return body, stop
    sid = Sid.from_bytes(body)
    if sid.size != len(body):
        raise SecurityDescriptorError(f"a condition has bytes after the SID at byte {position}")
    return sid, stop
