# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_Service."""

from __future__ import annotations

from collections.abc import Mapping

from ..cim import Instance
from ..host import Host
from ..model import Service
from .wmi_class import WmiClass


def _service(host: Host, service: Service) -> Instance:
    return Instance(
        "Win32_Service",
        {
            "Caption": service.display_name,
            "DisplayName": service.display_name,
            "Name": service.name,
            "Started": service.state == "Running",
            "StartMode": "Auto",
            "StartName": service.start_name,
            "State": service.state,
            "Status": "OK",
            "SystemName": host.name,
        },
    )


def _get(host: Host, keys: Mapping[str, str]) -> Instance | None:
    for service in host.services:
        if service.name.casefold() == keys["Name"].casefold():
            return _service(host, service)
    return None


CLASSES = (
    WmiClass(
        "Win32_Service",
        ("Name",),
        ("Caption", "DisplayName", "Name", "Started", "StartMode", "StartName", "State", "Status", "SystemName"),
        lambda host: (_service(host, service) for service in host.services),
        _get,
    ),
)
