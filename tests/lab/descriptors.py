# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors of the lab, read and packed by impacket's ``ldaptypes``.

The lab takes the binary layout ([MS-DTYP] 2.4) from impacket, so that a mistake in the collection's own codec
cannot be repeated here. Only the list of ACEs is walked by hand: impacket refuses ACE types it does not know,
and a host must be able to hold those.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from impacket.ldap import ldaptypes  # type: ignore[import-untyped, unused-ignore]

ACCESS_ALLOWED, ACCESS_DENIED, SYSTEM_AUDIT = 0, 1, 2
BASIC_TYPES = (ACCESS_ALLOWED, ACCESS_DENIED, SYSTEM_AUDIT)

OBJECT_INHERIT, CONTAINER_INHERIT, NO_PROPAGATE, INHERIT_ONLY, INHERITED = 0x1, 0x2, 0x4, 0x8, 0x10

SE_DACL_PRESENT, SE_SACL_PRESENT = 0x0004, 0x0010
SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERITED = 0x0100, 0x0400
SE_DACL_PROTECTED, SE_SELF_RELATIVE = 0x1000, 0x8000
SACL_BITS = SE_SACL_PRESENT | 0x0020 | 0x0800 | 0x2000
"""Present, defaulted, auto-inherited and protected: what a descriptor stores about its SACL."""

MAX_BYTES = 0xFFFF + 0xFFFF + 256
"""Two ACLs at their 16-bit limit, two SIDs and the header: more cannot be a descriptor."""


class BadDescriptor(ValueError):
    """Bytes or values that are no security descriptor."""


@lru_cache(maxsize=8192)
def sid_bytes(sid: str) -> bytes:
    """The binary form of a SID string ([MS-DTYP] 2.4.2.2); raises BadDescriptor."""
    parts = sid.split("-")
    numbers = parts[1:]
    if parts[0] != "S" or not 4 <= len(parts) <= 18 or not all(n.isascii() and n.isdigit() for n in numbers):
        raise BadDescriptor(f"{sid!r} is not a SID")
    revision, authority, *subauthorities = (int(n) for n in numbers)
    if revision != 1 or authority > 255 or any(sub > 0xFFFFFFFF for sub in subauthorities):
        raise BadDescriptor(f"{sid!r} is not a SID")
    packed = ldaptypes.LDAP_SID()
    packed.fromCanonical(sid)
    return bytes(packed.getData())


@lru_cache(maxsize=8192)
def sid_string(data: bytes) -> str:
    """The string form of exactly one binary SID; raises BadDescriptor."""
    if len(data) < 8 or data[0] != 1 or not 1 <= data[1] <= 15 or len(data) != 8 + 4 * data[1]:
        raise BadDescriptor(f"{data.hex()} is not a binary SID")
    if data[2:7] != bytes(5):
        raise BadDescriptor(f"{data.hex()}: an identifier authority over 255 is not used on Windows")
    return str(ldaptypes.LDAP_SID(data=data).formatCanonical())


@dataclass(frozen=True, slots=True)
class Ace:
    """One ACE: its header and the bytes of its body, whatever its type ([MS-DTYP] 2.4.4)."""

    type: int
    flags: int
    body: bytes

    @classmethod
    def basic(cls, type_: int, flags: int, mask: int, sid: str) -> Ace:
        """An allow, deny or audit ACE (their bodies are alike: a mask and a SID)."""
        if type_ not in BASIC_TYPES or not 0 <= flags <= 0xFF or not 0 <= mask <= 0xFFFFFFFF:
            raise BadDescriptor(f"ACE type {type_}, flags {flags}, mask {mask}: out of range")
        return cls(type_, flags, _basic_body(mask, sid))

    @property
    def is_basic(self) -> bool:
        return self.type in BASIC_TYPES

    @property
    def mask(self) -> int:
        """The access mask: the first field of every ACE body that Windows defines."""
        return int.from_bytes(self.body[:4], "little")

    @property
    def sid(self) -> str | None:
        """The trustee of a basic ACE; None for the types whose body the lab does not read."""
        if not self.is_basic:
            return None
        return _basic_sid(self.body)

    def with_flags(self, flags: int) -> Ace:
        return replace(self, flags=flags)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A security descriptor. ``dacl`` is None for a NULL DACL (present flag set) or an absent one (not set)."""

    control: int = SE_SELF_RELATIVE
    owner: str | None = None
    group: str | None = None
    dacl: tuple[Ace, ...] | None = None
    sacl: tuple[Ace, ...] | None = None

    @property
    def dacl_present(self) -> bool:
        return bool(self.control & SE_DACL_PRESENT)

    @property
    def sacl_present(self) -> bool:
        return bool(self.control & SE_SACL_PRESENT)

    @property
    def protected(self) -> bool:
        return bool(self.control & SE_DACL_PROTECTED)

    def with_sacl_of(self, other: Descriptor) -> Descriptor:
        """The same descriptor with the SACL of another one; a NULL SACL is none."""
        bits = other.control & SACL_BITS if other.sacl is not None else 0
        return replace(self, control=self.control & ~SACL_BITS | bits, sacl=other.sacl)

    def with_dacl(self, dacl: Iterable[Ace] | None, *, set_bits: int = 0, clear_bits: int = 0) -> Descriptor:
        """The same descriptor with another DACL (None: a NULL DACL) and other control bits."""
        control = (self.control | SE_DACL_PRESENT | set_bits) & ~clear_bits
        return replace(self, control=control, dacl=None if dacl is None else tuple(dacl))


@lru_cache(maxsize=8192)
def parse(data: bytes) -> Descriptor:
    """Read self-relative bytes ([MS-DTYP] 2.4.6); raises BadDescriptor for anything else."""
    if not 20 <= len(data) <= MAX_BYTES:
        raise BadDescriptor(f"{len(data)} bytes cannot be a security descriptor")
    revision, _unused, control, owner_at, group_at, sacl_at, dacl_at = struct.unpack_from("<BBHLLLL", data)
    if revision != 1 or not control & SE_SELF_RELATIVE:
        raise BadDescriptor("not a self-relative security descriptor of revision 1")
    return Descriptor(
        control=control,
        owner=_sid_at(data, owner_at),
        group=_sid_at(data, group_at),
        dacl=_acl_at(data, dacl_at) if control & SE_DACL_PRESENT else None,
        sacl=_acl_at(data, sacl_at) if control & SE_SACL_PRESENT else None,
    )


@lru_cache(maxsize=8192)
def pack(descriptor: Descriptor) -> bytes:
    """The self-relative bytes of a descriptor."""
    raw = ldaptypes.SR_SECURITY_DESCRIPTOR()
    raw["Revision"], raw["Sbz1"] = b"\x01", b"\x00"
    raw["Control"] = descriptor.control | SE_SELF_RELATIVE
    raw["OwnerSid"] = _raw_sid(descriptor.owner)
    raw["GroupSid"] = _raw_sid(descriptor.group)
    raw["Sacl"] = _raw_acl(descriptor.sacl) if descriptor.control & SE_SACL_PRESENT else b""
    raw["Dacl"] = _raw_acl(descriptor.dacl) if descriptor.control & SE_DACL_PRESENT else b""
    return bytes(raw.getData())


def _sid_at(data: bytes, offset: int) -> str | None:
    if offset == 0:
        return None
    if offset + 8 > len(data):
        raise BadDescriptor("a SID lies outside the descriptor")
    return sid_string(data[offset : offset + 8 + 4 * data[offset + 1]])


def _acl_at(data: bytes, offset: int) -> tuple[Ace, ...] | None:
    if offset == 0:
        return None
    if offset + 8 > len(data):
        raise BadDescriptor("an ACL lies outside the descriptor")
    _unused, _unused, size, count, _unused = struct.unpack_from("<BBHHH", data, offset)
    end = offset + size
    if size < 8 or end > len(data):
        raise BadDescriptor("an ACL lies outside the descriptor")
    aces: list[Ace] = []
    at = offset + 8
    for _unused in range(count):
        if at + 8 > end:
            raise BadDescriptor("an ACE lies outside its ACL")
        type_, flags, ace_size = struct.unpack_from("<BBH", data, at)
        if ace_size < 8 or ace_size % 4 or at + ace_size > end:
            raise BadDescriptor("an ACE of impossible size")
        ace = Ace(type_, flags, data[at + 4 : at + ace_size])
        if ace.is_basic:
            sid_string(ace.body[4:])
        aces.append(ace)
        at += ace_size
    return tuple(aces)


@lru_cache(maxsize=8192)
def _basic_body(mask: int, sid: str) -> bytes:
    body = ldaptypes.ACCESS_ALLOWED_ACE()
    body["Mask"] = ldaptypes.ACCESS_MASK()
    body["Mask"]["Mask"] = mask
    body["Sid"] = ldaptypes.LDAP_SID(data=sid_bytes(sid))
    return bytes(body.getData())


@lru_cache(maxsize=8192)
def _basic_sid(body: bytes) -> str:
    return str(ldaptypes.ACCESS_ALLOWED_ACE(data=body)["Sid"].formatCanonical())


class _Body:
    """ACE body bytes under the one method that impacket's ACE asks of a body."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def getData(self) -> bytes:  # noqa: N802 - impacket's name
        return self._data


def _raw_sid(sid: str | None) -> object:
    return b"" if sid is None else ldaptypes.LDAP_SID(data=sid_bytes(sid))


def _raw_acl(aces: tuple[Ace, ...] | None) -> object:
    if aces is None:
        return b""
    acl = ldaptypes.ACL()
    # [MS-DTYP] 2.4.5: revision 4 as soon as an object ACE (types 5 to 8, 11, 12, 15, 16) is in the list.
    acl["AclRevision"] = 4 if any(ace.type in (5, 6, 7, 8, 11, 12, 15, 16) for ace in aces) else 2
    acl["Sbz1"], acl["Sbz2"] = 0, 0
    acl.aces = []
    for ace in aces:
        if len(ace.body) < 4 or len(ace.body) % 4:
            raise BadDescriptor("the body of an ACE is a whole number of 32-bit words")
        raw = ldaptypes.ACE()
        raw["AceType"], raw["AceFlags"] = ace.type, ace.flags
        raw["Ace"] = _Body(ace.body)
        acl.aces.append(raw)
    return acl
