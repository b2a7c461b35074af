# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WMI classes of a lab host, one module a family."""

from __future__ import annotations

from . import accounts, files, services, shares, system
from .wmi_class import Method, WmiClass

CLASSES: dict[str, WmiClass] = {
    wmi_class.name.casefold(): wmi_class
    for module in (accounts, files, services, shares, system)
    for wmi_class in module.CLASSES
}

__all__ = ["CLASSES", "Method", "WmiClass"]
