# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shares over WMI: the class of current servers, and the class that all servers have.

Sources: Microsoft, "MSFT_SmbShare class" (namespace Root/Microsoft/Windows/Smb, since Windows Server 2012) and
"Win32_Share class".
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from ...security import SecurityDescriptor, SecurityDescriptorError, parse_sddl
from ...security.descriptor import SE_DACL_AUTO_INHERITED, SE_DACL_PRESENT, SE_DACL_PROTECTED
from ...wsman import get
from ..port import Share
from .descriptors import SACL_BITS
from .wmi import Wmi

_SMB_NAMESPACE = "root/microsoft/windows/smb"
_NO_SCOPE = "*"
"""The scope of a share that does not belong to a name of a cluster."""

_DIRECTORY = 0
_DISK_DRIVE = 0
_ADMINISTRATIVE = 0x80000000

_MEANT = SE_DACL_PRESENT | SE_DACL_PROTECTED | SE_DACL_AUTO_INHERITED


def read_share(wmi: Wmi, name: str) -> Share:
    """A share's settings, and its permissions if one request returns both.

    MSFT_SmbShare has the permissions as SDDL, with entries of all types, in a tenth of the bytes that
    Win32_LogicalShareSecuritySetting needs. If it does not have the share, Win32_Share decides.

    Args:
        wmi: the host's WMI.
        name: the share's name.

    Raises:
        NotFound: there is no such share.
        SiteServerError: the server cannot be reached or refuses.
    """
    operation = f"read share {name}"
    key = {"Name": name, "ScopeName": _NO_SCOPE}
    found = wmi.attempt(operation, get(wmi.settings, "MSFT_SmbShare", key, namespace=_SMB_NAMESPACE))
    if found is None:
        # Servers before 2012 lack the namespace, and a cluster's shares are in a scope of their own.
        return _win32_share(wmi, name)
    with wmi.translate_bad_answers(operation):
        return Share(
            name=found.text("Name") or name,
            path=found.text("Path") or "",
            is_disk=found.integer("ShareType") == _DIRECTORY,
            description=found.text("Description") or "",
            maximum_allowed=found.integer("ConcurrentUserLimit") or None,
            descriptor=_descriptor(found.text("SecurityDescriptor") or ""),
        )


def dacl_only(descriptor: SecurityDescriptor) -> SecurityDescriptor:
    """A share's descriptor without owner and group: they have no effect, and not every class shows them."""
    meant = _MEANT | SACL_BITS if descriptor.sacl is not None else _MEANT
    return replace(descriptor, control=descriptor.control & meant, owner=None, group=None)


@lru_cache(maxsize=64)  # sites that were set up alike hold the same entries
def _descriptor(sddl: str) -> SecurityDescriptor | None:
    """The DACL in SDDL; None if it cannot be read.

    Windows writes the accounts of a domain by aliases (DA for Domain Admins), whose meaning depends on the domain.
    Owner and group, which stand before the DACL, can be such aliases. They do not matter here.
    """
    start = sddl.find("D:")
    if start < 0:
        return None
    try:
        return dacl_only(parse_sddl(sddl[start:]))
    except SecurityDescriptorError:
        return None


def _win32_share(wmi: Wmi, name: str) -> Share:
    operation = f"read share {name}"
    advice = "Check the share's name; this module does not share the directory."
    found = wmi.run(operation, get(wmi.settings, "Win32_Share", {"Name": name}), advice)
    with wmi.translate_bad_answers(operation):
        kind = found.integer("Type") or 0
        unlimited = found.boolean("AllowMaximum")
        return Share(
            name=found.text("Name") or name,
            path=found.text("Path") or "",
            is_disk=kind & ~_ADMINISTRATIVE == _DISK_DRIVE,
            description=found.text("Description") or "",
            maximum_allowed=None if unlimited else found.integer("MaximumAllowed"),
        )
