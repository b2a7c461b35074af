# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access control entries ([MS-DTYP] 2.4.4) and what they apply to."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass, replace

from .errors import SecurityDescriptorError
from .rights import map_generic
from .sid import Sid

OBJECT_INHERIT = 0x01
CONTAINER_INHERIT = 0x02
NO_PROPAGATE = 0x04
INHERIT_ONLY = 0x08
INHERITED = 0x10
INHERITANCE_FLAGS = OBJECT_INHERIT | CONTAINER_INHERIT | NO_PROPAGATE | INHERIT_ONLY

ACCESS_ALLOWED = 0x00
ACCESS_DENIED = 0x01
SYSTEM_AUDIT = 0x02
_BASIC_TYPES = (ACCESS_ALLOWED, ACCESS_DENIED, SYSTEM_AUDIT)

# Types that deny; all others of a DACL allow. Only the order of entries depends on it ([MS-DTYP] 2.4.4.1).
_DENYING_TYPES = frozenset({0x01, 0x06, 0x0A, 0x0C})


class Scope(enum.Enum):
    """A place below (or at) a directory where an entry can take effect.

    The seven choices of Windows' "Applies to" and the no-propagate box are exactly the sets of these places.
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
"""Windows' own words for the inheritance flags of an entry on a directory."""

_APPLIES_TO_WORDS = {flags: words for words, flags in APPLIES_TO.items()}


def scopes_of(flags: int) -> frozenset[Scope]:
    """Where an entry with these flags takes effect ([MS-DTYP] 2.5.3.4)."""
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
    """The "Applies to" of an entry on a directory, in Windows' words."""
    if not flags & (OBJECT_INHERIT | CONTAINER_INHERIT):
        return "nothing" if flags & INHERIT_ONLY else "this folder only"
    words = _APPLIES_TO_WORDS[flags & (OBJECT_INHERIT | CONTAINER_INHERIT | INHERIT_ONLY)]
    return f"{words}, one level" if flags & NO_PROPAGATE else words


@dataclass(frozen=True, slots=True)
class Ace:
    """An allow, deny or audit entry for one SID.

    Attributes:
        ace_type: ACCESS_ALLOWED, ACCESS_DENIED or SYSTEM_AUDIT.
        flags: inheritance and audit flags, 8 bits.
        mask: access mask as the server holds it, 32 bits; generic bits may stand in it.
        sid: whom the entry is about.
        data: bytes behind the SID, which no consumer of these types reads; carried along.
    """

    ace_type: int
    flags: int
    mask: int
    sid: Sid
    data: bytes = b""

    def __post_init__(self) -> None:
        if self.ace_type not in _BASIC_TYPES:
            raise SecurityDescriptorError(f"ACE type {self.ace_type} has another layout than mask and SID")
        if not 0 <= self.flags <= 0xFF or not 0 <= self.mask <= 0xFFFFFFFF:
            raise SecurityDescriptorError("ACE flags take 8 bits and an access mask 32")
        if len(self.data) % 4:
            raise SecurityDescriptorError("the size of an ACE is a multiple of 4")

    @property
    def inherited(self) -> bool:
        """Whether the entry came down from a parent directory."""
        return bool(self.flags & INHERITED)

    @property
    def denies(self) -> bool:
        """Whether the entry takes access away."""
        return self.ace_type == ACCESS_DENIED

    @property
    def rights(self) -> int:
        """The mask with generic bits mapped to file rights."""
        return map_generic(self.mask)

    @property
    def scopes(self) -> frozenset[Scope]:
        """Where the entry takes effect."""
        return scopes_of(self.flags)

    def without_inherited_flag(self) -> Ace:
        """The same entry as an explicit one."""
        return replace(self, flags=self.flags & ~INHERITED)

    def to_bytes(self) -> bytes:
        """The binary form, header included."""
        body = struct.pack("<I", self.mask) + self.sid.to_bytes() + self.data
        return _with_header(self.ace_type, self.flags, body)


@dataclass(frozen=True, slots=True)
class OpaqueAce:
    """An entry of any other type: object, callback, label, resource attribute, or one not invented yet.

    Attributes:
        ace_type: 8 bits.
        flags: 8 bits, laid out as in any entry.
        body: everything behind the header, byte for byte.
    """

    ace_type: int
    flags: int
    body: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.ace_type <= 0xFF or not 0 <= self.flags <= 0xFF:
            raise SecurityDescriptorError("ACE type and flags take 8 bits each")
        if self.ace_type in _BASIC_TYPES:
            raise SecurityDescriptorError(f"ACE type {self.ace_type} is written as mask and SID")
        if len(self.body) % 4:
            raise SecurityDescriptorError("the size of an ACE is a multiple of 4")

    @property
    def inherited(self) -> bool:
        """Whether the entry came down from a parent directory."""
        return bool(self.flags & INHERITED)

    @property
    def denies(self) -> bool:
        """Whether the entry's type takes access away."""
        return self.ace_type in _DENYING_TYPES

    def without_inherited_flag(self) -> OpaqueAce:
        """The same entry as an explicit one."""
        return replace(self, flags=self.flags & ~INHERITED)

    def to_bytes(self) -> bytes:
        """The binary form, header included."""
        return _with_header(self.ace_type, self.flags, self.body)


AnyAce = Ace | OpaqueAce


def ace_from_bytes(data: bytes) -> AnyAce:
    """Read one entry that fills `data` exactly.

    Raises:
        SecurityDescriptorError: sizes do not fit, or the SID is malformed.
    """
    if len(data) < 4 or struct.unpack_from("<H", data, 2)[0] != len(data):
        raise SecurityDescriptorError("the ACE's size does not match its bytes")
    ace_type, flags, body = data[0], data[1], bytes(data[4:])
    if ace_type not in _BASIC_TYPES:
        return OpaqueAce(ace_type, flags, body)
    if len(body) < 12:
        raise SecurityDescriptorError(f"an ACE of type {ace_type} ends before its SID")
    sid = Sid.from_bytes(body[4:])
    return Ace(ace_type, flags, struct.unpack_from("<I", body)[0], sid, body[4 + sid.size :])


def _with_header(ace_type: int, flags: int, body: bytes) -> bytes:
    size = 4 + len(body)
    if size > 0xFFFF:
        raise SecurityDescriptorError(f"an ACE takes at most 65535 bytes, not {size}")
    return struct.pack("<BBH", ace_type, flags, size) + body
