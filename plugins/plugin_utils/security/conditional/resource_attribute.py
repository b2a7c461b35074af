# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of a resource attribute ACE, a CLAIM_SECURITY_ATTRIBUTE_RELATIVE_V1 ([MS-DTYP] 2.4.10.1)."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass, replace

from ..errors import SecurityDescriptorError
from ..sid import Sid
from .utf16 import decode_utf16, encode_utf16

_KNOWN_FLAGS = 0xFFFF003F  # an application may use the upper 16 bits
_MAX_SIZE = 0xFFFF
_HEADER = struct.Struct("<IHHII")
_INTEGERS = {1: struct.Struct("<q"), 2: struct.Struct("<Q"), 6: struct.Struct("<Q")}

Value = int | str | bytes | Sid


class ValueType(enum.Enum):
    """The ValueType field. The names are those of CLAIM_SECURITY_ATTRIBUTE_TYPE_* ([MS-DTYP] 2.4.10.1)."""

    INT64 = 0x0001
    UINT64 = 0x0002
    STRING = 0x0003
    SID = 0x0005
    BOOLEAN = 0x0006
    OCTET_STRING = 0x0010


@dataclass(frozen=True, slots=True)
class ResourceAttribute:
    """A resource attribute: a name and values of one type.

    Attributes:
        name: at least one character, no NUL.
        value_type: the type of all values.
        flags: 32 bits; of the lower 16 bits, only 0x3F are defined.
        values: int for INT64 and UINT64, str without NUL for STRING, Sid, bool or bytes.
        encoding: the bytes that the attribute was read from, if their layout is not the one that Windows uses for
            SDDL; so that no byte is lost. Empty for the usual layout.

    Raises:
        SecurityDescriptorError: a part is of a wrong type or out of range.
    """

    name: str
    value_type: ValueType
    flags: int
    values: tuple[Value, ...]
    encoding: bytes = b""

    def __post_init__(self) -> None:
        if not self.name or "\0" in self.name:
            raise SecurityDescriptorError("the name of a resource attribute is empty or contains a NUL")
        if self.flags & ~_KNOWN_FLAGS:
            raise SecurityDescriptorError(f"flags 0x{self.flags:x} of a resource attribute are not defined")
        for value in self.values:
            if not _fits(self.value_type, value):
                raise SecurityDescriptorError(f"{value!r:.80} is not a {self.value_type.name} value")

    @classmethod
    def from_bytes(cls, data: bytes) -> ResourceAttribute:
        """Read an attribute that fills `data`, padding included.

        Raises:
            SecurityDescriptorError: the attribute is malformed, or values overlap.
        """
        if not _HEADER.size <= len(data) <= _MAX_SIZE:
            raise SecurityDescriptorError(f"a resource attribute cannot have {len(data)} bytes")
        name_offset, kind, _reserved, flags, count = _HEADER.unpack_from(data)
        if count > (len(data) - _HEADER.size) // 4:
            raise SecurityDescriptorError(f"a resource attribute of {len(data)} bytes has no room for {count} values")
        try:
            value_type = ValueType(kind)
        except ValueError:
            raise SecurityDescriptorError(f"the type {kind} of a resource attribute is unknown") from None
        name, end = _read_string(data, name_offset)
        values = []
        # Without this check, overlapping values could expand a few bytes to gigabytes.
        room = len(data) - _HEADER.size - 4 * count - (end - name_offset)
        for offset in struct.unpack_from(f"<{count}I", data, _HEADER.size):
            value, end = _read_value(data, offset, value_type)
            room -= end - offset
            if room < 0:
                raise SecurityDescriptorError("the values of a resource attribute overlap")
            values.append(value)
        attribute = cls(name, value_type, flags, tuple(values))
        return attribute if attribute.to_bytes() == data else replace(attribute, encoding=bytes(data))

    def to_bytes(self) -> bytes:
        """Return the binary form: header, offsets, name and values without gaps, padded to 4 bytes.

        Raises:
            SecurityDescriptorError: the binary form is longer than 65535 bytes.
        """
        if self.encoding:
            return self.encoding
        start = _HEADER.size + 4 * len(self.values)
        parts = [encode_utf16(self.name) + b"\0\0"]
        offsets = []
        offset = start + len(parts[0])
        for value in self.values:
            part = _value_bytes(self.value_type, value)
            parts.append(part)
            offsets.append(offset)
            offset += len(part)
        size = offset + -offset % 4
        if size > _MAX_SIZE:
            raise SecurityDescriptorError(f"a resource attribute has at most {_MAX_SIZE} bytes, not {size}")
        head = _HEADER.pack(start, self.value_type.value, 0, self.flags, len(self.values))
        return head + struct.pack(f"<{len(offsets)}I", *offsets) + b"".join(parts) + bytes(size - offset)


def _fits(value_type: ValueType, value: Value) -> bool:
    match value_type:
        case ValueType.INT64:
            return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
        case ValueType.UINT64:
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64
        case ValueType.STRING:
            return isinstance(value, str) and "\0" not in value
        case ValueType.SID:
            return isinstance(value, Sid)
        case ValueType.BOOLEAN:
            return isinstance(value, bool)
        case ValueType.OCTET_STRING:
            return isinstance(value, bytes)


def _value_bytes(value_type: ValueType, value: Value) -> bytes:
    if isinstance(value, str):
        return encode_utf16(value) + b"\0\0"
    if isinstance(value, Sid):
        # [MS-DTYP] 2.4.10.1: an octet string that is a SID string.
        value = str(value).encode("ascii")
    if isinstance(value, bytes):
        return struct.pack("<I", len(value)) + value
    return _INTEGERS[value_type.value].pack(value)


def _read_value(data: bytes, offset: int, value_type: ValueType) -> tuple[Value, int]:
    """Return one value and the offset after it."""
    if value_type is ValueType.STRING:
        return _read_string(data, offset)
    if value_type in (ValueType.SID, ValueType.OCTET_STRING):
        octets, end = _read_octets(data, offset)
        return (_sid_of(octets) if value_type is ValueType.SID else octets), end
    layout = _INTEGERS[value_type.value]
    if offset + layout.size > len(data):
        raise SecurityDescriptorError("a resource attribute ends inside a number")
    number: int = layout.unpack_from(data, offset)[0]
    if value_type is ValueType.BOOLEAN:
        if number > 1:
            raise SecurityDescriptorError(f"a Boolean resource attribute is 0 or 1, not {number}")
        return bool(number), offset + layout.size
    return number, offset + layout.size


def _read_string(data: bytes, offset: int) -> tuple[str, int]:
    end = data.find(b"\0\0", offset)
    while end >= 0 and (end - offset) % 2:
        end = data.find(b"\0\0", end + 1)
    if end < 0:
        raise SecurityDescriptorError("a string of a resource attribute has no end")
    return decode_utf16(data[offset:end]), end + 2


def _read_octets(data: bytes, offset: int) -> tuple[bytes, int]:
    if offset + 4 > len(data):
        raise SecurityDescriptorError("a resource attribute ends before the length of a value")
    end = offset + 4 + int(struct.unpack_from("<I", data, offset)[0])
    if end > len(data):
        raise SecurityDescriptorError("a resource attribute ends inside a value")
    return data[offset + 4 : end], end


def _sid_of(octets: bytes) -> Sid:
    """Read a SID as text (first octet `S`) or in binary form (first octet 1, the revision)."""
    if octets[:1] == b"\1":
        sid = Sid.from_bytes(octets)
        if sid.size != len(octets):
            raise SecurityDescriptorError("a resource attribute has bytes after a SID")
        return sid
    return Sid.parse(octets.removesuffix(b"\0").decode("ascii", "replace"))
