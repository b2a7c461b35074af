# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors as WMI shows and takes them: Win32_SecurityDescriptor, Win32_ACE, Win32_Trustee.

Sources: Microsoft's pages on these classes. On the SACL they state three things. GetSecurityDescriptor returns it only
if the account has SeSecurityPrivilege; otherwise the descriptor looks like that of an object without a SACL
("GetConfigurationSecurityDescriptor method", remarks). All privileges of the account are enabled for a remote
connection ("Executing Privileged Operations"). And a SetSecurityDescriptor that does not specify a SACL sets it to NULL
("SetSecurityDescriptor method" of both setting classes).
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from ...security import (
    ACCESS_ALLOWED,
    ACCESS_DENIED,
    Ace,
    Acl,
    AnyAce,
    OpaqueAce,
    SecurityDescriptor,
    SecurityDescriptorError,
    Sid,
)
from ...security.ace import PLAIN_TYPES, SYSTEM_ALARM, SYSTEM_AUDIT
from ...security.descriptor import (
    SE_DACL_AUTO_INHERIT_REQ,
    SE_DACL_AUTO_INHERITED,
    SE_DACL_PRESENT,
    SE_SACL_AUTO_INHERIT_REQ,
    SE_SACL_AUTO_INHERITED,
    SE_SACL_DEFAULTED,
    SE_SACL_PRESENT,
    SE_SACL_PROTECTED,
    SE_SELF_RELATIVE,
)
from ...wsman import Instance, Value
from ..port import DescriptorReading

SACL_BITS = SE_SACL_PRESENT | SE_SACL_DEFAULTED | SE_SACL_AUTO_INHERITED | SE_SACL_PROTECTED

SACL_NOT_SHOWN = (
    "WMI shows no auditing entries (SACL) of what is written. It shows them only to accounts with the privilege "
    "SeSecurityPrivilege, and a write over WMI without them may remove them. Check that the account has the privilege "
    "(docs/how_access_is_decided.md, Auditing)"
)
"""It names no host, so that Ansible shows it once for a play."""

# Flags that request something of a write. They are not stored, so they are not compared with a reading.
_REQUESTS = SE_DACL_AUTO_INHERIT_REQ | SE_SACL_AUTO_INHERIT_REQ
_DACL_TYPES = frozenset({ACCESS_ALLOWED, ACCESS_DENIED})
_SACL_TYPES = frozenset({SYSTEM_AUDIT})
_NOT_KNOWN = Sid.parse("S-1-0-0")
"""The null SID, "often used when a SID value isn't known" (Microsoft, "Security identifiers")."""

_PLAIN_TO_OBJECT = 5
"""From the type of a plain entry to that of its object entry ([MS-DTYP] 2.4.4.1): 0 to 5, 1 to 6, 2 to 7, 3 to 8."""


def reading_of(found: Instance) -> DescriptorReading:
    """Read a Win32_SecurityDescriptor.

    Raises:
        SecurityDescriptorError: it is none.
        WSManProtocolError: a property is of another shape.
    """
    names: dict[Sid, str] = {}
    unwritable: list[str] = []
    owner = _trustee(found.instance("Owner"), names)
    group = _trustee(found.instance("Group"), names)
    control = (found.integer("ControlFlags") or 0) & ~(SE_SELF_RELATIVE | _REQUESTS)
    dacl = None
    if control & SE_DACL_PRESENT and not found.is_null("DACL"):
        dacl = Acl(tuple(_ace(item, _DACL_TYPES, names, unwritable) for item in found.instances("DACL")))
    sacl = None
    if control & SE_SACL_PRESENT and not found.is_null("SACL"):
        sacl = Acl(tuple(_ace(item, _SACL_TYPES, names, unwritable) for item in found.instances("SACL")))
    else:
        control &= ~SACL_BITS
    return DescriptorReading(
        SecurityDescriptor(control, owner, group, dacl, sacl),
        MappingProxyType(names),
        unwritable=tuple(unwritable),
        cautions=() if sacl is not None else (SACL_NOT_SHOWN,),
    )


def instance_of(descriptor: SecurityDescriptor, *, follows_parent: bool) -> Instance:
    """The instance to write. ControlFlags have what it contains; an owner or group that is left out is kept.

    Args:
        descriptor: the ACLs and their control bits. Without SE_SACL_PRESENT no SACL is sent.
        follows_parent: whether the object is in a directory. Then an ACL that is marked as automatically inherited is
            sent with SE_DACL_AUTO_INHERIT_REQ. Without it the mark is cleared ([MS-FSA] 2.1.5.17) and existing
            children need not follow (Microsoft, "Win32_SecurityDescriptor class").

    Raises:
        SecurityDescriptorError: an entry cannot be written over WMI.
    """
    control = descriptor.control | SE_SELF_RELATIVE
    if follows_parent and control & SE_DACL_AUTO_INHERITED:
        control |= SE_DACL_AUTO_INHERIT_REQ
    if follows_parent and control & SE_SACL_AUTO_INHERITED:
        control |= SE_SACL_AUTO_INHERIT_REQ
    properties: dict[str, Value] = {"ControlFlags": control, "DACL": _entries(descriptor.dacl, _DACL_TYPES)}
    if control & SE_SACL_PRESENT:
        properties["SACL"] = _entries(descriptor.sacl, _SACL_TYPES)
    return Instance("Win32_SecurityDescriptor", properties)


def _entries(acl: Acl | None, writable: frozenset[int]) -> Value:
    return None if acl is None else tuple(_entry(ace, writable) for ace in acl)


def _entry(ace: AnyAce, writable: frozenset[int]) -> Instance:
    if not isinstance(ace, Ace) or ace.ace_type not in writable:
        raise SecurityDescriptorError(f"an entry of type {ace.ace_type} cannot be written over WMI")
    return Instance(
        "Win32_ACE",
        {
            "AccessMask": ace.mask,
            "AceFlags": ace.flags,
            "AceType": ace.ace_type,
            "Trustee": Instance("Win32_Trustee", {"SID": tuple(ace.sid.to_bytes())}),
        },
    )


def _ace(item: Instance, plain: frozenset[int], names: dict[Sid, str], unwritable: list[str]) -> AnyAce:
    kind, flags, mask = (item.integer(name) for name in ("AceType", "AceFlags", "AccessMask"))
    sid = _trustee(item.instance("Trustee"), names)
    if kind is None or flags is None or mask is None:
        raise SecurityDescriptorError("an entry lacks its type, flags or mask")
    if item.text("GuidObjectType") and kind <= SYSTEM_ALARM:
        kind += _PLAIN_TO_OBJECT
    if kind not in plain:
        # WMI shows a part of other types, and not always the same part. What it shows is kept, so that reports show it.
        whose = f" for {names.get(sid, sid)}" if sid else ""
        unwritable.append(f"an entry of type {kind}{whose}, which WMI cannot write back whole")
    if kind not in PLAIN_TYPES:
        return OpaqueAce(kind, flags, mask.to_bytes(4, "little") + (sid.to_bytes() if sid else b""))
    if sid is None and kind in plain:
        raise SecurityDescriptorError("an entry lacks its trustee")
    return Ace(kind, flags, mask, sid or _NOT_KNOWN)


def _trustee(item: Instance | None, names: dict[Sid, str]) -> Sid | None:
    if item is None:
        return None
    numbers = item.array("SID")
    if not numbers and item.text("SIDString"):
        sid = Sid.parse(item.text("SIDString") or "")
    else:
        sid = Sid.from_bytes(_octets(numbers))
    name = item.text("Name")
    if name:
        domain = item.text("Domain")
        names[sid] = f"{domain}\\{name}" if domain else name
    return sid


def _octets(numbers: Iterable[Any]) -> bytes:
    try:
        return bytes(map(int, numbers))
    except (TypeError, ValueError):
        raise SecurityDescriptorError("a SID is not made of octets") from None
