# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of LDAP that a query needs (RFC 4511), without I/O.

A filter is made from values, never from text. So no character of a name has a meaning in it, and nothing needs the
escapes of RFC 4515.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .ber import BOOLEAN, ENUMERATED, OCTETS, SEQUENCE, BerError, element, elements, integer, number

BIND_RESPONSE, ENTRY, DONE, REFERENCE, EXTENDED_RESPONSE = 0x61, 0x64, 0x65, 0x73, 0x78
SUCCESS, SIZE_LIMIT_EXCEEDED, REFERRAL, BIND_IN_PROGRESS, NO_SUCH_OBJECT = 0, 4, 10, 14, 32
BASE_OBJECT, WHOLE_SUBTREE = 0, 2

_BIND_REQUEST, _SEARCH_REQUEST = 0x60, 0x63
_SASL, _SERVER_CREDENTIALS, _REFERRALS = 0xA3, 0x87, 0xA3
_ANY, _EQUAL, _PRESENT = 0xA1, 0xA3, 0x87
_VERSION = 3
_SET = 0x31


@dataclass(frozen=True, slots=True)
class LdapResult:
    """How an operation ended (RFC 4511, 4.1.9).

    Attributes:
        code: `SUCCESS` and so on.
        diagnostic: the server's text; may hold anything.
        referrals: the URLs that it refers to.
        credentials: the token in the answer to a bind.
    """

    code: int
    diagnostic: str
    referrals: tuple[str, ...] = ()
    credentials: bytes = b""


@dataclass(frozen=True, slots=True)
class LdapMessage:
    """A message of the server: its number, the kind of operation, and its content."""

    number: int
    kind: int
    content: bytes


def bind_request(message: int, mechanism: str, token: bytes) -> bytes:
    """A step of a logon by SASL."""
    credentials = element(_SASL, element(OCTETS, mechanism.encode()), element(OCTETS, token))
    return _message(message, element(_BIND_REQUEST, integer(_VERSION), element(OCTETS), credentials))


def search_request(
    message: int, base: str, scope: int, condition: bytes, attributes: Sequence[str], *, limit: int, seconds: int
) -> bytes:
    """A search that follows no alias.

    Args:
        message: its number.
        base: the object to search, or to search below.
        scope: `BASE_OBJECT` or `WHOLE_SUBTREE`.
        condition: `equal`, `present` or `any_of`.
        attributes: what to return.
        limit: most entries to return.
        seconds: longest time that the server may take.
    """
    request = element(
        _SEARCH_REQUEST,
        element(OCTETS, base.encode()),
        integer(scope, ENUMERATED),
        integer(0, ENUMERATED),
        integer(limit),
        integer(seconds),
        element(BOOLEAN, b"\0"),
        condition,
        element(SEQUENCE, *(element(OCTETS, name.encode()) for name in attributes)),
    )
    return _message(message, request)


def equal(attribute: str, value: bytes) -> bytes:
    """A condition: an attribute has a value."""
    return element(_EQUAL, element(OCTETS, attribute.encode()), element(OCTETS, value))


def any_of(*conditions: bytes) -> bytes:
    """A condition: one of these is met."""
    return element(_ANY, *conditions)


def present(attribute: str) -> bytes:
    """A condition: an attribute has any value."""
    return element(_PRESENT, attribute.encode())


def read_message(content: bytes) -> LdapMessage:
    """A message from the content of its outer sequence.

    Raises:
        BerError: it is none.
    """
    parts = list(elements(content))
    if len(parts) < 2 or parts[0][0] != 0x02:
        raise BerError("a message without a number or an operation")
    return LdapMessage(number(parts[0][1]), *parts[1])


def read_result(content: bytes) -> LdapResult:
    """How an operation ended, from the content of its last message.

    Raises:
        BerError: it is none.
    """
    parts = list(elements(content))
    if [tag for tag, _unused in parts[:3]] != [ENUMERATED, OCTETS, OCTETS]:
        raise BerError("a result without its code")
    referrals: tuple[str, ...] = ()
    credentials = b""
    for tag, value in parts[3:]:
        if tag == _REFERRALS:
            referrals = tuple(_text(url) for _unused, url in elements(value))
        elif tag == _SERVER_CREDENTIALS:
            credentials = value
    return LdapResult(number(parts[0][1]), _text(parts[2][1]), referrals, credentials)


def read_entry(content: bytes) -> Mapping[str, tuple[bytes, ...]]:
    """The attributes of an entry, by their names in lower case.

    Raises:
        BerError: it is none, or it has an attribute twice.
    """
    parts = list(elements(content))
    if [tag for tag, _unused in parts] != [OCTETS, SEQUENCE]:
        raise BerError("an entry of another form")
    found: dict[str, tuple[bytes, ...]] = {}
    for tag, attribute in elements(parts[1][1]):
        pair = list(elements(attribute))
        if tag != SEQUENCE or [kind for kind, _unused in pair] != [OCTETS, _SET]:
            raise BerError("an attribute of another form")
        name = _text(pair[0][1]).lower()
        if name in found:
            raise BerError("an attribute twice")
        found[name] = tuple(value for _unused, value in elements(pair[1][1]))
    return found


def _message(message: int, operation: bytes) -> bytes:
    return element(SEQUENCE, integer(message), operation)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
