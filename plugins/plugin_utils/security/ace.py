# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access control entries (ACEs, [MS-DTYP] 2.4.4) and where they apply."""

from __future__ import annotations

import enum
import functools
import struct
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from .errors import SecurityDescriptorError
from .rights import map_generic
from .sid import Sid

_E = TypeVar("_E", bound="_Entry")

OBJECT_INHERIT = 0x01
CONTAINER_INHERIT = 0x02
NO_PROPAGATE = 0x04
INHERIT_ONLY = 0x08
INHERITED = 0x10
INHERITANCE_FLAGS = OBJECT_INHERIT | CONTAINER_INHERIT | NO_PROPAGATE | INHERIT_ONLY

ACCESS_ALLOWED = 0x00
ACCESS_DENIED = 0x01
SYSTEM_AUDIT = 0x02
SYSTEM_ALARM = 0x03
ACCESS_ALLOWED_COMPOUND = 0x04
ACCESS_ALLOWED_OBJECT = 0x05
ACCESS_DENIED_OBJECT = 0x06
SYSTEM_AUDIT_OBJECT = 0x07
SYSTEM_ALARM_OBJECT = 0x08
ACCESS_ALLOWED_CALLBACK = 0x09
ACCESS_DENIED_CALLBACK = 0x0A
ACCESS_ALLOWED_CALLBACK_OBJECT = 0x0B
ACCESS_DENIED_CALLBACK_OBJECT = 0x0C
SYSTEM_AUDIT_CALLBACK = 0x0D
SYSTEM_ALARM_CALLBACK = 0x0E
SYSTEM_AUDIT_CALLBACK_OBJECT = 0x0F
SYSTEM_ALARM_CALLBACK_OBJECT = 0x10
SYSTEM_MANDATORY_LABEL = 0x11
SYSTEM_RESOURCE_ATTRIBUTE = 0x12
SYSTEM_SCOPED_POLICY_ID = 0x13
SYSTEM_PROCESS_TRUST_LABEL = 0x14
SYSTEM_ACCESS_FILTER = 0x15

PLAIN_TYPES = frozenset(
    {
        ACCESS_ALLOWED,
        ACCESS_DENIED,
        SYSTEM_AUDIT,
        SYSTEM_ALARM,
        SYSTEM_MANDATORY_LABEL,
        SYSTEM_SCOPED_POLICY_ID,
        SYSTEM_PROCESS_TRUST_LABEL,
    }
)
_CONDITIONAL_TYPES = frozenset(
    {
        ACCESS_ALLOWED_CALLBACK,
        ACCESS_DENIED_CALLBACK,
        SYSTEM_AUDIT_CALLBACK,
        SYSTEM_ALARM_CALLBACK,
        SYSTEM_ACCESS_FILTER,
    }
)
OBJECT_TYPES = frozenset(
    {
        ACCESS_ALLOWED_OBJECT,
        ACCESS_DENIED_OBJECT,
        SYSTEM_AUDIT_OBJECT,
        SYSTEM_ALARM_OBJECT,
        ACCESS_ALLOWED_CALLBACK_OBJECT,
        ACCESS_DENIED_CALLBACK_OBJECT,
        SYSTEM_AUDIT_CALLBACK_OBJECT,
        SYSTEM_ALARM_CALLBACK_OBJECT,
    }
)
"""ACE types that may have an object type; an ACL with such an ACE has revision 4 ([MS-DTYP] 2.4.5)."""
CALLBACK_OBJECT_TYPES = frozenset(
    {
        ACCESS_ALLOWED_CALLBACK_OBJECT,
        ACCESS_DENIED_CALLBACK_OBJECT,
        SYSTEM_AUDIT_CALLBACK_OBJECT,
        SYSTEM_ALARM_CALLBACK_OBJECT,
    }
)
"""ACE types that may have both an object type and a condition."""
_ALLOWING_TYPES = frozenset(
    {ACCESS_ALLOWED, ACCESS_ALLOWED_OBJECT, ACCESS_ALLOWED_CALLBACK, ACCESS_ALLOWED_CALLBACK_OBJECT}
)
_DENYING_TYPES = frozenset({ACCESS_DENIED, ACCESS_DENIED_OBJECT, ACCESS_DENIED_CALLBACK, ACCESS_DENIED_CALLBACK_OBJECT})

_OBJECT_TYPE_PRESENT = 0x1
_INHERITED_OBJECT_TYPE_PRESENT = 0x2


class Scope(enum.Enum):
    """A place at or below a directory where an ACE can apply.

    The seven choices of "Applies to" in Windows and its no-propagate box are exactly the sets of these places.
    """

    THIS = "this folder"
    CHILD_FOLDERS = "its subfolders"
    CHILD_FILES = "its files"
    DEEP_FOLDERS = "subfolders further down"
    DEEP_FILES = "files further down"


APPLIES_TO: dict[str, int] = {
    "this folder only": 0,
    "this folder, subfolders and files": OBJECT_INHERIT | CONTAINER_INHERIT,
    "this folder and subfolders": CONTAINER_INHERIT,
    "this folder and files": OBJECT_INHERIT,
    "subfolders and files only": OBJECT_INHERIT | CONTAINER_INHERIT | INHERIT_ONLY,
    "subfolders only": CONTAINER_INHERIT | INHERIT_ONLY,
    "files only": OBJECT_INHERIT | INHERIT_ONLY,
}
"""The inheritance flags of an ACE on a directory, by the text that Windows shows."""

_APPLIES_TO_WORDS = {flags: words for words, flags in APPLIES_TO.items()}


def scopes_of(flags: int) -> frozenset[Scope]:
    """Return where an ACE with these flags applies ([MS-DTYP] 2.5.3.4)."""
    return _scopes_of(flags & INHERITANCE_FLAGS)


@functools.cache  # sixteen results, needed for each ACE of each access check
def _scopes_of(flags: int) -> frozenset[Scope]:
    scopes = set()
    if not flags & INHERIT_ONLY:
        scopes.add(Scope.THIS)
    if flags & CONTAINER_INHERIT:
        scopes.add(Scope.CHILD_FOLDERS)
        if not flags & NO_PROPAGATE:
            scopes.add(Scope.DEEP_FOLDERS)
    if flags & OBJECT_INHERIT:
        scopes.add(Scope.CHILD_FILES)
        if not flags & NO_PROPAGATE:
            scopes.add(Scope.DEEP_FILES)
    return frozenset(scopes)


def describe_flags(flags: int) -> str:
    """Return "Applies to" for an ACE on a directory, as Windows shows it."""
    if not flags & (OBJECT_INHERIT | CONTAINER_INHERIT):
        return "nothing" if flags & INHERIT_ONLY else "this folder only"
    words = _APPLIES_TO_WORDS[flags & (OBJECT_INHERIT | CONTAINER_INHERIT | INHERIT_ONLY)]
    return f"{words}, one level" if flags & NO_PROPAGATE else words


@dataclass(frozen=True, slots=True)
class _Entry:
    """The header, which every ACE has."""

    ace_type: int
    flags: int

    def __post_init__(self) -> None:
        if not 0 <= self.ace_type <= 0xFF or not 0 <= self.flags <= 0xFF:
            raise SecurityDescriptorError("the ACE type and flags have 8 bits each")
        if not self._carries(self.ace_type):
            raise SecurityDescriptorError(f"ACE type {self.ace_type} does not have the layout of {type(self).__name__}")
        if len(self._rest()) % 4:  # the size of all earlier parts is such a multiple
            raise SecurityDescriptorError("the size of an ACE must be a multiple of 4")

    @property
    def inherited(self) -> bool:
        """Whether the ACE is inherited from a parent directory."""
        return bool(self.flags & INHERITED)

    @property
    def allows(self) -> bool:
        """Whether the ACE type allows access."""
        return self.ace_type in _ALLOWING_TYPES

    @property
    def denies(self) -> bool:
        """Whether the ACE type denies access."""
        return self.ace_type in _DENYING_TYPES

    @property
    def scopes(self) -> frozenset[Scope]:
        """Where the ACE applies."""
        return scopes_of(self.flags)

    def without_inherited_flag(self: _E) -> _E:
        """Return the ACE as an explicit one."""
        return replace(self, flags=self.flags & ~INHERITED)

    def to_bytes(self) -> bytes:
        """Return the binary form with the header."""
        body = self._body()
        size = 4 + len(body)
        if size > 0xFFFF:
            raise SecurityDescriptorError(f"an ACE has at most 65535 bytes, not {size}")
        return struct.pack("<BBH", self.ace_type, self.flags, size) + body

    @classmethod
    def _carries(cls, ace_type: int) -> bool:
        raise NotImplementedError

    def _body(self) -> bytes:
        raise NotImplementedError

    def _rest(self) -> bytes:
        """Return the bytes at the end, whose content is free."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class _MaskAndSid(_Entry):
    """ACEs with an access mask and a SID.

    Attributes:
        mask: access mask as the server stores it: 32 bits, possibly with generic bits.
        sid: the account that the ACE is for.
    """

    mask: int
    sid: Sid

    def __post_init__(self) -> None:
        if not 0 <= self.mask <= 0xFFFFFFFF:
            raise SecurityDescriptorError("an access mask has 32 bits")
        # With slots, the decorator creates a new class, so super() without arguments does not work.
        _Entry.__post_init__(self)

    @property
    def rights(self) -> int:
        """Return the mask with generic bits mapped to file rights."""
        return map_generic(self.mask)


@dataclass(frozen=True, slots=True)
class _MaskSidAndData(_MaskAndSid):
    """ACEs with bytes after the SID. Their meaning depends on the ACE type."""

    data: bytes = b""

    def _body(self) -> bytes:
        return struct.pack("<I", self.mask) + self.sid.to_bytes() + self.data

    def _rest(self) -> bytes:
        return self.data


@dataclass(frozen=True, slots=True)
class Ace(_MaskSidAndData):
    """A plain ACE for one SID: allow, deny, audit, alarm, integrity label, central policy or process trust label.

    Attributes:
        ace_type: one of those types ([MS-DTYP] 2.4.4.2, .4, .10, .13, .16, and the Windows SDK's winnt.h).
        flags: inheritance and audit flags, 8 bits.
        mask: access mask.
        sid: the account that the ACE is for.
        data: bytes after the SID. They have no meaning for these types and are kept unchanged.
    """

    @classmethod
    def _carries(cls, ace_type: int) -> bool:
        return ace_type in PLAIN_TYPES


@dataclass(frozen=True, slots=True)
class ConditionalAce(_MaskSidAndData):
    """An ACE that applies only if a condition is true: the callback types and the access filter.

    Attributes:
        data: the condition in binary form ([MS-DTYP] 2.4.4.17), or other data of an application.
    """

    @classmethod
    def _carries(cls, ace_type: int) -> bool:
        return ace_type in _CONDITIONAL_TYPES


@dataclass(frozen=True, slots=True)
class ResourceAttributeAce(_MaskSidAndData):
    """An ACE with a resource attribute of the object ([MS-DTYP] 2.4.4.15).

    Attributes:
        data: the CLAIM_SECURITY_ATTRIBUTE_RELATIVE_V1 ([MS-DTYP] 2.4.10.1).
    """

    @classmethod
    def _carries(cls, ace_type: int) -> bool:
        return ace_type == SYSTEM_RESOURCE_ATTRIBUTE


@dataclass(frozen=True, slots=True)
class ObjectAce(_MaskAndSid):
    """An ACE that may be limited to one type of object, property or extended right ([MS-DTYP] 2.4.4.3).

    Attributes:
        object_type: the type that the rights are for, or None for all.
        inherited_object_type: the type of child that inherits the ACE, or None for all.
        data: the condition, for a callback type.
        other_flags: bits of the object flags without a meaning, kept unchanged.
    """

    object_type: UUID | None = None
    inherited_object_type: UUID | None = None
    data: bytes = b""
    other_flags: int = 0

    def __post_init__(self) -> None:
        present = _OBJECT_TYPE_PRESENT | _INHERITED_OBJECT_TYPE_PRESENT
        if not 0 <= self.other_flags <= 0xFFFFFFFF or self.other_flags & present:
            raise SecurityDescriptorError("object flags have 32 bits; two of them are set by the given types")
        _MaskAndSid.__post_init__(self)

    @classmethod
    def _carries(cls, ace_type: int) -> bool:
        return ace_type in OBJECT_TYPES

    def _body(self) -> bytes:
        flags, kinds = self.other_flags, b""
        for kind, bit in (
            (self.object_type, _OBJECT_TYPE_PRESENT),
            (self.inherited_object_type, _INHERITED_OBJECT_TYPE_PRESENT),
        ):
            if kind is not None:
                flags |= bit
                kinds += kind.bytes_le
        return struct.pack("<II", self.mask, flags) + kinds + self.sid.to_bytes() + self.data

    def _rest(self) -> bytes:
        return self.data


@dataclass(frozen=True, slots=True)
class CompoundAce(_MaskAndSid):
    """Access for a client through a server that impersonates it (ACCESS_ALLOWED_COMPOUND_ACE of ntseapi.h).

    Windows reserves the type. It grants nothing.

    Attributes:
        sid: the client.
        server_sid: the server.
        compound_type: 1 means impersonation.
        reserved: 16 bits, kept unchanged.
        data: bytes after the SIDs, kept unchanged.
    """

    server_sid: Sid
    compound_type: int = 1
    reserved: int = 0
    data: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.compound_type <= 0xFFFF or not 0 <= self.reserved <= 0xFFFF:
            raise SecurityDescriptorError("the compound type and the reserved field have 16 bits each")
        _MaskAndSid.__post_init__(self)

    @classmethod
    def _carries(cls, ace_type: int) -> bool:
        return ace_type == ACCESS_ALLOWED_COMPOUND

    def _body(self) -> bytes:
        head = struct.pack("<IHH", self.mask, self.compound_type, self.reserved)
        return head + self.server_sid.to_bytes() + self.sid.to_bytes() + self.data

    def _rest(self) -> bytes:
        return self.data


@dataclass(frozen=True, slots=True)
class OpaqueAce(_Entry):
    """An ACE of an unknown type, or of a known type without the documented layout.

    Attributes:
        body: all bytes after the header.
    """

    body: bytes

    @classmethod
    def _carries(cls, ace_type: int) -> bool:
        return ace_type not in PLAIN_TYPES

    def _body(self) -> bytes:
        return self.body

    def _rest(self) -> bytes:
        return self.body


AnyAce = Ace | ConditionalAce | ResourceAttributeAce | ObjectAce | CompoundAce | OpaqueAce


def ace_from_bytes(data: bytes) -> AnyAce:
    """Read one ACE that fills `data` exactly.

    Raises:
        SecurityDescriptorError: a size is wrong, or the SID of a plain ACE is malformed.
    """
    if len(data) < 4 or struct.unpack_from("<H", data, 2)[0] != len(data):
        raise SecurityDescriptorError("the size field of the ACE does not match its length")
    ace_type, flags, body = data[0], data[1], bytes(data[4:])
    if ace_type in PLAIN_TYPES:
        return Ace(ace_type, flags, *_mask_and_sid(body))
    try:
        if ace_type in _CONDITIONAL_TYPES:
            return ConditionalAce(ace_type, flags, *_mask_and_sid(body))
        if ace_type == SYSTEM_RESOURCE_ATTRIBUTE:
            return ResourceAttributeAce(ace_type, flags, *_mask_and_sid(body))
        if ace_type in OBJECT_TYPES:
            return _object_ace(ace_type, flags, body)
        if ace_type == ACCESS_ALLOWED_COMPOUND:
            return _compound_ace(ace_type, flags, body)
    except SecurityDescriptorError:
        # An ACE of these types that cannot be read is kept as it is. The access check treats its effect as unknown.
        pass
    return OpaqueAce(ace_type, flags, body)


def _mask_and_sid(body: bytes) -> tuple[int, Sid, bytes]:
    if len(body) < 12:
        raise SecurityDescriptorError("an ACE ends before its SID")
    sid = Sid.from_bytes(body[4:])
    return struct.unpack_from("<I", body)[0], sid, body[4 + sid.size :]


def _object_ace(ace_type: int, flags: int, body: bytes) -> ObjectAce:
    if len(body) < 8:
        raise SecurityDescriptorError("an object ACE ends before its flags")
    mask, object_flags = struct.unpack_from("<II", body)
    offset = 8
    kinds: list[UUID | None] = []
    for bit in (_OBJECT_TYPE_PRESENT, _INHERITED_OBJECT_TYPE_PRESENT):
        if object_flags & bit:
            if len(body) < offset + 16:
                raise SecurityDescriptorError("an object ACE ends within its object types")
            kinds.append(UUID(bytes_le=body[offset : offset + 16]))
            offset += 16
        else:
            kinds.append(None)
    sid = Sid.from_bytes(body[offset:])
    other = object_flags & ~(_OBJECT_TYPE_PRESENT | _INHERITED_OBJECT_TYPE_PRESENT)
    return ObjectAce(ace_type, flags, mask, sid, kinds[0], kinds[1], body[offset + sid.size :], other)


def _compound_ace(ace_type: int, flags: int, body: bytes) -> CompoundAce:
    if len(body) < 8:
        raise SecurityDescriptorError("a compound ACE ends before its SIDs")
    mask, kind, reserved = struct.unpack_from("<IHH", body)
    server = Sid.from_bytes(body[8:])
    client = Sid.from_bytes(body[8 + server.size :])
    return CompoundAce(ace_type, flags, mask, client, server, kind, reserved, body[8 + server.size + client.size :])
