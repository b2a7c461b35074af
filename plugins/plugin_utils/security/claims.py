# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: the security attributes that conditions of entries ask for ([MS-DTYP] 2.4.4.17.2, 2.4.10).

A claim of a user or of a device stands in a token; a resource attribute stands in an entry of the object's SACL,
as a CLAIM_SECURITY_ATTRIBUTE_RELATIVE_V1.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .errors import SecurityDescriptorError
from .sid import Sid

VALUE_CASE_SENSITIVE = 0x0002
"""CLAIM_SECURITY_ATTRIBUTE_VALUE_CASE_SENSITIVE, the one flag that decides anything here."""

_KNOWN_FLAGS = 0xFFFF003F  # the upper half is the application's own
_MAX_SIZE = 0xFFFF
_HEADER = struct.Struct("<IHHII")
_INTEGERS = {1: struct.Struct("<q"), 2: struct.Struct("<Q"), 6: struct.Struct("<Q")}

Value = int | str | bytes | Sid


class ValueType(enum.Enum):
    """The ValueType of a claim, named as CLAIM_SECURITY_ATTRIBUTE_TYPE_* ([MS-DTYP] 2.4.10.1)."""

    INT64 = 0x0001
    UINT64 = 0x0002
    STRING = 0x0003
    SID = 0x0005
    BOOLEAN = 0x0006
    OCTET_STRING = 0x0010


@dataclass(frozen=True, slots=True)
class ClaimValue:
    """What a claim says; without any value it is null, as if there were no such claim.

    Attributes:
        value_type: the one type of all values.
        values: int for INT64 and UINT64, str without NUL for STRING, Sid, bool or bytes.
        case_sensitive: whether strings are compared to the letter.

    Raises:
        SecurityDescriptorError: a value is of another type or out of range.
    """

    value_type: ValueType
    values: tuple[Value, ...]
    case_sensitive: bool = False

    def __post_init__(self) -> None:
        for value in self.values:
            if not _fits(self.value_type, value):
                raise SecurityDescriptorError(f"{value!r:.80} is no value of a claim of type {self.value_type.name}")


@dataclass(frozen=True, slots=True)
class Claims:
    """What is known of the token and the object that a condition is asked about; `Claims()` knows nothing.

    A set of claims that is None was not read: whatever depends on it stays open. An empty one was read and empty.
    Whether SIDs that count for denying only belong into `sids` depends on the entry: for one that denies they do
    (Microsoft, "Security Descriptor Definition Language for Conditional ACEs").

    Attributes:
        user: the token's UserClaims[] ([MS-DTYP] 2.5.2), by name.
        device: its DeviceClaims[].
        local: its LocalClaims[].
        resource: the resource attributes in the object's SACL. Of one name the first counts ([MS-DTYP] 2.5.3.1.7).
        sids: SIDs that are known to be in the token.
        sids_complete: whether every other SID is known not to be in it.
        device_sids: SIDs that are known to be the device's.
        device_sids_complete: whether every other SID is known not to be.
    """

    user: Mapping[str, ClaimValue] | None = None
    device: Mapping[str, ClaimValue] | None = None
    local: Mapping[str, ClaimValue] | None = None
    resource: Mapping[str, ClaimValue] | None = None
    sids: frozenset[Sid] = frozenset()
    sids_complete: bool = False
    device_sids: frozenset[Sid] = frozenset()
    device_sids_complete: bool = False


@dataclass(frozen=True, slots=True)
class ResourceAttribute:
    """A CLAIM_SECURITY_ATTRIBUTE_RELATIVE_V1, the data of a resource attribute entry ([MS-DTYP] 2.4.10.1).

    Attributes:
        name: at least one character, no NUL; letter case does not matter to a condition.
        value_type: the one type of all values.
        flags: 32 bits; of the lower half only 0x3F are defined.
        values: as of ClaimValue.
        encoding: the bytes it was read from, where they are laid out otherwise than Windows lays them out for
            SDDL, so that nothing is lost; empty in the usual layout.

    Raises:
        SecurityDescriptorError: a part is out of range.
    """

    name: str
    value_type: ValueType
    flags: int
    values: tuple[Value, ...]
    encoding: bytes = b""

    def __post_init__(self) -> None:
        if not self.name or "\0" in self.name:
            raise SecurityDescriptorError("the name of a resource attribute is empty or holds a NUL")
        if self.flags & ~_KNOWN_FLAGS:
            raise SecurityDescriptorError(f"flags 0x{self.flags:x} of a resource attribute are not defined")
        ClaimValue(self.value_type, self.values)  # refuses values of another type

    @property
    def claim(self) -> ClaimValue:
        """What a condition sees of it."""
        return ClaimValue(self.value_type, self.values, bool(self.flags & VALUE_CASE_SENSITIVE))

    @classmethod
    def from_bytes(cls, data: bytes) -> ResourceAttribute:
        """Read an attribute that fills `data`, padding included.

        Raises:
            SecurityDescriptorError: it is malformed, or values overlap.
        """
        if not _HEADER.size <= len(data) <= _MAX_SIZE:
            raise SecurityDescriptorError(f"a resource attribute does not take {len(data)} bytes")
        name_offset, kind, _reserved, flags, count = _HEADER.unpack_from(data)
        if count > (len(data) - _HEADER.size) // 4:
            raise SecurityDescriptorError(f"a resource attribute of {len(data)} bytes has no room for {count} values")
        try:
            value_type = ValueType(kind)
        except ValueError:
            raise SecurityDescriptorError(f"the type {kind} of a resource attribute is unknown") from None
        name, end = _read_string(data, name_offset)
        values = []
        # Values that overlap could make a few bytes say gigabytes.
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
        """The binary form: header, offsets, name, values, one directly behind the other, padded to 4 bytes.

        Raises:
            SecurityDescriptorError: it would take more than 65535 bytes.
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
            raise SecurityDescriptorError(f"a resource attribute takes at most {_MAX_SIZE} bytes, not {size}")
        head = _HEADER.pack(start, self.value_type.value, 0, self.flags, len(self.values))
        return head + struct.pack(f"<{len(offsets)}I", *offsets) + b"".join(parts) + bytes(size - offset)


def upcase(text: str) -> str:
    """Upper case one character for one, as Windows compares without regard to case; `ß` stays itself."""
    return "".join(upper if len(upper := c.upper()) == 1 and c < "\U00010000" else c for c in text)


def encode_utf16(text: str) -> bytes:
    """UTF-16, least significant byte first; surrogates without a partner, which Windows does not forbid, are kept."""
    return text.encode("utf-16-le", "surrogatepass")


def decode_utf16(data: bytes) -> str:
    """The reverse of `encode_utf16`.

    Raises:
        SecurityDescriptorError: a byte is left over, or a NUL stands in the text.
    """
    if len(data) % 2:
        raise SecurityDescriptorError("UTF-16 text has an odd number of bytes")
    text = data.decode("utf-16-le", "surrogatepass")
    if "\0" in text:
        raise SecurityDescriptorError("a NUL stands in UTF-16 text")
    return text


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
    """One value and the offset behind it."""
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
    """A SID as text, or, as tokens hold it, in binary; the first octet tells: `S`, or the revision 1."""
    if octets[:1] == b"\1":
        sid = Sid.from_bytes(octets)
        if sid.size != len(octets):
            raise SecurityDescriptorError("bytes stand behind a SID in a resource attribute")
        return sid
    return Sid.parse(octets.removesuffix(b"\0").decode("ascii", "replace"))
