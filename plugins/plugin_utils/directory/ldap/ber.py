# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of BER that LDAP uses (RFC 4511, 5.1): tags of one byte and definite lengths."""

from __future__ import annotations

from collections.abc import Iterator

INTEGER, OCTETS, ENUMERATED, BOOLEAN, SEQUENCE = 0x02, 0x04, 0x0A, 0x01, 0x30

_LONG = 0x80
_MOST_LENGTH_BYTES = 4
_MOST_NUMBER_BYTES = 8
LONGEST_HEAD = 2 + _MOST_LENGTH_BYTES


class BerError(ValueError):
    """The bytes are not BER as LDAP has it."""


def element(tag: int, *contents: bytes) -> bytes:
    """An element with its tag and length."""
    content = b"".join(contents)
    size = len(content)
    if size < _LONG:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG | len(length))) + length + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """An integer of any sign."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def head(data: bytes, start: int = 0) -> tuple[int, int, int] | None:
    """Tag, start of the content and its length of the element at `start`; None if more bytes are needed for that."""
    if len(data) < start + 2:
        return None
    tag, size = data[start], data[start + 1]
    if tag & 0x1F == 0x1F:
        raise BerError("a tag of several bytes")
    start += 2
    if size < _LONG:
        return tag, start, size
    count = size - _LONG
    if not 1 <= count <= _MOST_LENGTH_BYTES:
        raise BerError("a length that LDAP does not have")
    if len(data) < start + count:
        return None
    return tag, start + count, int.from_bytes(data[start : start + count], "big")


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element in a row of them.

    Raises:
        BerError: the last one is not complete.
    """
    start = 0
    while start < len(data):
        found = head(data, start)
        if found is None:
            raise BerError("an element without an end")
        tag, begin, size = found
        start = begin + size
        if start > len(data):
            raise BerError("an element without an end")
        yield tag, data[begin:start]


def number(content: bytes) -> int:
    """The value of an integer's content."""
    if not 1 <= len(content) <= _MOST_NUMBER_BYTES:
        raise BerError("a number of a size that LDAP does not have")
    return int.from_bytes(content, "big", signed=True)
