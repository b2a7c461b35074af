# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_SecurityDescriptor and its parts, from and to binary descriptors.

Shapes and rules: learn.microsoft.com, Win32_SecurityDescriptor, Win32_ACE, Win32_Trustee.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from ..cim import Instance, Parameters, Value
from ..descriptors import (
    SACL_BITS,
    SE_DACL_PRESENT,
    SE_SACL_PRESENT,
    Ace,
    BadDescriptor,
    Descriptor,
    sid_bytes,
    sid_string,
)
from ..host import Host


class Invalid(ValueError):
    """A descriptor that Windows refuses with ReturnValue 21."""


def to_instance(host: Host, descriptor: Descriptor) -> Instance:
    """The descriptor as Win32_SecurityDescriptor. A SACL is shown with SeSecurityPrivilege only."""
    shows_sacl = descriptor.sacl is not None and host.settings.shows_sacl
    return Instance(
        "Win32_SecurityDescriptor",
        {
            "ControlFlags": descriptor.control if shows_sacl else descriptor.control & ~SACL_BITS,
            "DACL": _aces(host, descriptor.dacl),
            "Group": _trustee(host, descriptor.group) if descriptor.group else None,
            "Owner": _trustee(host, descriptor.owner) if descriptor.owner else None,
            "SACL": _aces(host, descriptor.sacl) if shows_sacl else None,
            "TIME_CREATED": None,
        },
    )


def from_element(host: Host, element: Element) -> Descriptor:
    """The descriptor that a client sent. Raises Invalid, or the fault of a value of the wrong type.

    Without a SACL it has a NULL SACL: "the security descriptor SACL on the target securable object is set to NULL"
    (learn.microsoft.com, SetSecurityDescriptor of both setting classes).
    """
    sent = Parameters(
        element,
        "Win32_SecurityDescriptor",
        ("ControlFlags", "DACL", "Group", "Owner", "SACL", "TIME_CREATED"),
    )
    control = sent.unsigned("ControlFlags", 32)
    if control is None or control > 0xFFFF:
        raise Invalid("ControlFlags")
    owner, group = sent.element("Owner"), sent.element("Group")
    return Descriptor(
        control=control | SE_SACL_PRESENT,
        owner=None if owner is None else _sid(host, owner),
        group=None if group is None else _sid(host, group),
        dacl=_read_acl(host, sent, "DACL") if control & SE_DACL_PRESENT else None,
        sacl=_read_acl(host, sent, "SACL") if control & SE_SACL_PRESENT else None,
    )


def _read_acl(host: Host, sent: Parameters, name: str) -> tuple[Ace, ...] | None:
    """xsi:nil is a NULL ACL. No element at all is an array without items ([DSP0230]): an empty ACL."""
    if sent.is_null(name):
        return None
    return tuple(_read_ace(host, ace) for ace in sent.array(name) or ())


def _aces(host: Host, acl: tuple[Ace, ...] | None) -> Value:
    if acl is None:
        return None
    return tuple(_ace(host, ace) for ace in acl if ace.is_basic or host.settings.shows_all_ace_types)


def _ace(host: Host, ace: Ace) -> Instance:
    return Instance(
        "Win32_ACE",
        {
            "AccessMask": ace.mask,
            "AceFlags": ace.flags,
            "AceType": ace.type,
            "GuidInheritedObjectType": None,
            "GuidObjectType": None,
            "TIME_CREATED": None,
            "Trustee": _trustee(host, ace.sid) if ace.sid else None,
        },
    )


def _trustee(host: Host, sid: str) -> Instance:
    binary = sid_bytes(sid)
    account = host.backend.account_by_sid(sid)
    return Instance(
        "Win32_Trustee",
        {
            "Domain": account.domain or None if account else None,
            "Name": account.name if account else None,
            "SID": tuple(binary),
            "SidLength": len(binary),
            "SIDString": sid,
            "TIME_CREATED": None,
        },
    )


def _read_ace(host: Host, element: Element) -> Ace:
    sent = Parameters(
        element,
        "Win32_ACE",
        (
            "AccessMask",
            "AceFlags",
            "AceType",
            "GuidInheritedObjectType",
            "GuidObjectType",
            "TIME_CREATED",
            "Trustee",
        ),
    )
    mask, flags, type_ = (sent.unsigned(name, 32) for name in ("AccessMask", "AceFlags", "AceType"))
    trustee = sent.element("Trustee")
    if mask is None or flags is None or type_ is None or trustee is None:
        raise Invalid("Win32_ACE")
    if "GuidObjectType" in sent or "GuidInheritedObjectType" in sent:
        raise Invalid("an object ACE")
    try:
        return Ace.basic(type_, flags, mask, _sid(host, trustee))
    except BadDescriptor as error:
        raise Invalid(str(error)) from None


def _sid(host: Host, element: Element) -> str:
    """The SID of a trustee: its bytes count; a name alone is looked up."""
    sent = Parameters(element, "Win32_Trustee", ("Domain", "Name", "SID", "SidLength", "SIDString", "TIME_CREATED"))
    length = sent.unsigned("SidLength", 32)
    octets = sent.octets("SID")
    if octets is not None:
        if length is not None and length != len(octets):
            raise Invalid("SidLength")
        try:
            return sid_string(octets)
        except BadDescriptor as error:
            raise Invalid(str(error)) from None
    name = sent.text("Name")
    account = host.backend.account_by_name(sent.text("Domain") or "", name) if name else None
    if account is None:
        raise Invalid(f"trustee {name!r}")
    return account.sid
