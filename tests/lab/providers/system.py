# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_ComputerSystem, Win32_OperatingSystem and Win32_NTDomain."""

from __future__ import annotations

from collections.abc import Mapping

from ..cim import DateTime, Instance
from ..host import Host
from .wmi_class import WmiClass

_WORKGROUP = "WORKGROUP"


def _computer(host: Host) -> Instance:
    joined = host.settings.part_of_domain or host.settings.domain_controller
    return Instance(
        "Win32_ComputerSystem",
        {
            "Caption": host.name,
            "DNSHostName": host.dns_name.partition(".")[0],
            "Domain": host.dns_domain if joined else _WORKGROUP,
            # A standalone server, a member server, the primary domain controller ("Win32_ComputerSystem class").
            "DomainRole": 5 if host.settings.domain_controller else 3 if joined else 2,
            "Name": host.name,
            "PartOfDomain": joined,
            "Roles": ("LM_Workstation", "LM_Server", "NT", "Server_NT"),
            "Status": "OK",
            "Workgroup": None if joined else _WORKGROUP,
        },
    )


def _operating_system(host: Host) -> Instance:
    return Instance(
        "Win32_OperatingSystem",
        {
            "Caption": host.settings.os_caption,
            "CSName": host.name,
            "InstallDate": DateTime("2024-01-15T09:30:00Z"),
            "OSLanguage": {"en": 1033, "de": 1031}[host.settings.language],
            "ProductType": 3,  # a server
            "Version": host.settings.os_version,
        },
    )


def _domains(host: Host) -> list[Instance]:
    """The computer itself, without a domain's properties, and the domain it belongs to."""
    return [
        _domain(f"Domain: {host.name}", None, None),
        _domain(f"Domain: {host.domain}", host.domain, host.dns_domain),
    ]


def _domain(name: str, netbios: str | None, dns: str | None) -> Instance:
    return Instance(
        "Win32_NTDomain",
        {
            "Caption": name.removeprefix("Domain: "),
            "CreationClassName": "Win32_NTDomain",
            "Description": name.removeprefix("Domain: "),
            "DnsForestName": dns,
            "DomainName": netbios,
            "Name": name,
            "Status": "Unknown",
        },
    )


def _get_domain(host: Host, keys: Mapping[str, str]) -> Instance | None:
    return next((d for d in _domains(host) if str(d.get("Name")).casefold() == keys["Name"].casefold()), None)


def _get_computer(host: Host, keys: Mapping[str, str]) -> Instance | None:
    return _computer(host) if keys["Name"].casefold() == host.name.casefold() else None


CLASSES = (
    WmiClass(
        "Win32_ComputerSystem",
        ("Name",),
        (
            "Caption",
            "DNSHostName",
            "Domain",
            "DomainRole",
            "Name",
            "PartOfDomain",
            "Roles",
            "Status",
            "Workgroup",
        ),
        lambda host: [_computer(host)],
        _get_computer,
    ),
    WmiClass(
        "Win32_OperatingSystem",
        (),  # WS-Man reads the one instance without selectors
        ("Caption", "CSName", "InstallDate", "OSLanguage", "ProductType", "Version"),
        lambda host: [_operating_system(host)],
        lambda host, keys: _operating_system(host),
    ),
    WmiClass(
        "Win32_NTDomain",
        ("Name",),
        ("Caption", "CreationClassName", "Description", "DnsForestName", "DomainName", "Name", "Status"),
        _domains,
        _get_domain,
    ),
)
