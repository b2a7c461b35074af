# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors ([MS-DTYP] 2.4.6)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from .acl import Acl
from .errors import SecurityDescriptorError
from .sid import Sid

SE_DACL_PRESENT = 0x0004
SE_SACL_PRESENT = 0x0010
SE_SACL_DEFAULTED = 0x0020
SE_DACL_AUTO_INHERIT_REQ = 0x0100
SE_SACL_AUTO_INHERIT_REQ = 0x0200
SE_DACL_AUTO_INHERITED = 0x0400
SE_SACL_AUTO_INHERITED = 0x0800
SE_DACL_PROTECTED = 0x1000
SE_SACL_PROTECTED = 0x2000
SE_SELF_RELATIVE = 0x8000

_HEADER = struct.Struct("<BBHIIII")


@dataclass(frozen=True, slots=True)
class SecurityDescriptor:
    """The owner, group, DACL and SACL of an object.

    A DACL has one of three states. *Absent*: `SE_DACL_PRESENT` is not set. *NULL*: present without a list. For both,
    the access check grants everyone every right ([MS-DTYP] 2.5.3.2). *A list*: an empty list grants nothing.

    Attributes:
        control: the 16 control bits without SE_SELF_RELATIVE, which describes the encoding only.
        owner: SID of the owner.
        group: SID of the primary group.
        dacl: the list, or None for a NULL or absent DACL.
        sacl: the list for auditing, or None.
        resource_manager_control: the Sbz1 byte, kept unchanged.

    Raises:
        SecurityDescriptorError: a list is given, but the control bits mark it as absent.
    """

    control: int = 0
    owner: Sid | None = None
    group: Sid | None = None
    dacl: Acl | None = None
    sacl: Acl | None = None
    resource_manager_control: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.control <= 0xFFFF or self.control & SE_SELF_RELATIVE:
            raise SecurityDescriptorError("control has 16 bits, without SE_SELF_RELATIVE")
        for acl, present, name in (
            (self.dacl, SE_DACL_PRESENT, "DACL"),
            (self.sacl, SE_SACL_PRESENT, "SACL"),
        ):
            if acl is not None and not self.control & present:
                raise SecurityDescriptorError(f"a {name} is given, but the control bits mark it as absent")

    @property
    def has_dacl(self) -> bool:
        """Whether the DACL is present (a list or NULL)."""
        return bool(self.control & SE_DACL_PRESENT)

    @property
    def dacl_protected(self) -> bool:
        """Whether the DACL is protected from inheritance."""
        return bool(self.control & SE_DACL_PROTECTED)

    def with_dacl(self, dacl: Acl, *, protected: bool | None = None) -> SecurityDescriptor:
        """Return the descriptor with this DACL. `protected` None keeps the protection."""
        control = self.control | SE_DACL_PRESENT
        if protected is not None:
            control = control & ~SE_DACL_PROTECTED | (SE_DACL_PROTECTED if protected else 0)
        return replace(self, control=control, dacl=dacl)

    @classmethod
    def from_bytes(cls, data: bytes) -> SecurityDescriptor:
        """Read the self-relative form.

        Raises:
            SecurityDescriptorError: the data is not self-relative, or an offset or size is wrong.
        """
        if len(data) < _HEADER.size:
            raise SecurityDescriptorError(f"a security descriptor has at least {_HEADER.size} bytes, not {len(data)}")
        revision, sbz1, control, owner, group, sacl, dacl = _HEADER.unpack_from(data)
        if revision != 1:
            raise SecurityDescriptorError(f"security descriptor revision {revision} is unknown; the only revision is 1")
        if not control & SE_SELF_RELATIVE:
            raise SecurityDescriptorError("the security descriptor is not self-relative")
        view = memoryview(data)

        def at(offset: int) -> bytes:
            if not _HEADER.size <= offset < len(data):
                raise SecurityDescriptorError(f"offset {offset} is outside the security descriptor")
            return bytes(view[offset : offset + 0xFFFF])

        return cls(
            control=control & ~SE_SELF_RELATIVE,
            owner=Sid.from_bytes(at(owner)) if owner else None,
            group=Sid.from_bytes(at(group)) if group else None,
            dacl=Acl.from_bytes(at(dacl)) if dacl and control & SE_DACL_PRESENT else None,
            sacl=Acl.from_bytes(at(sacl)) if sacl and control & SE_SACL_PRESENT else None,
            resource_manager_control=sbz1,
        )

    def to_bytes(self) -> bytes:
        """Return the self-relative form in the layout of Windows: header, SACL, DACL, owner, group."""
        body = b""
        offsets = []
        for part in (self.sacl, self.dacl, self.owner, self.group):
            offsets.append(_HEADER.size + len(body) if part is not None else 0)
            if part is not None:
                body += part.to_bytes()
        sacl, dacl, owner, group = offsets
        control = self.control | SE_SELF_RELATIVE
        return _HEADER.pack(1, self.resource_manager_control, control, owner, group, sacl, dacl) + body
