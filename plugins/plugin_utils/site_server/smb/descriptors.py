# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors as a file server takes and returns them."""

from __future__ import annotations

from dataclasses import replace

from ...security import SecurityDescriptor
from ...security.descriptor import SE_DACL_AUTO_INHERITED, SE_DACL_PRESENT, SE_DACL_PROTECTED

SE_DACL_AUTO_INHERIT_REQ = 0x0100
"""Asks the server to keep SE_DACL_AUTO_INHERITED, which it otherwise clears ([MS-DTYP] 2.4.6, [MS-FSA] 2.1.5.17)."""

_ABOUT_THE_SACL = 0x2A30


def read_descriptor(data: bytes) -> SecurityDescriptor:
    """Parse what the server sent. The SACL was not requested, so flags that concern it are removed.

    Raises:
        SecurityDescriptorError: it is not a security descriptor.
    """
    found = SecurityDescriptor.from_bytes(data)
    return replace(found, control=found.control & ~_ABOUT_THE_SACL, sacl=None)


def descriptor_to_write(descriptor: SecurityDescriptor) -> bytes:
    """The DACL alone, with the control bits that concern it; owner and group that are left out are kept."""
    control = SE_DACL_PRESENT | descriptor.control & (SE_DACL_PROTECTED | SE_DACL_AUTO_INHERITED)
    if control & SE_DACL_AUTO_INHERITED:
        control |= SE_DACL_AUTO_INHERIT_REQ
    return SecurityDescriptor(control, dacl=descriptor.dacl).to_bytes()
