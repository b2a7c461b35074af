# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WMI classes of a lab host, one module a family; `sms`, `shares` and `policy` have namespaces of their own."""

from __future__ import annotations

from collections.abc import Mapping

from .. import cim, faults
from ..host import Host
from . import accounts, files, policy, services, shares, sms, system
from .wmi_class import Method, WmiClass

CLASSES: dict[str, WmiClass] = {
    wmi_class.name.casefold(): wmi_class
    for module in (accounts, files, services, shares, system)
    for wmi_class in module.CLASSES
}


def find(host: Host, namespace: str, name: str, user: str) -> WmiClass:
    """A class of a namespace; raises Fault if either is missing, or not for this user."""
    if namespace.casefold() == cim.NAMESPACE:
        known: Mapping[str, WmiClass] = CLASSES
    elif f"{namespace}/".casefold().startswith(f"{sms.NAMESPACE}/"):
        known = sms.classes(host, namespace, user)
    elif namespace.casefold() == shares.SMB_NAMESPACE:
        known = shares.smb_classes(host)
    elif namespace.casefold() == policy.NAMESPACE:
        known = policy.classes(host)
    else:
        raise faults.invalid_resource_uri()
    wmi_class = known.get(name.casefold())
    if wmi_class is None:
        raise faults.class_missing(name, namespace)
    return wmi_class


__all__ = ["CLASSES", "Method", "WmiClass", "find"]
