# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SMS Provider: SMS_ProviderLocation in root/sms, SMS_Site and SMS_SCI_Address in root/sms/site_<code>.

Properties as the pages of Microsoft's Configuration Manager SDK named after the classes list them, of 2007 and of
current branch; the names of an address's embedded properties as scripts on real sites write them. A lazy property is
null in a query ("Configuration Manager Lazy Properties").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .. import faults
from ..cim import Instance, Value
from ..faults import Fault
from ..host import Host
from ..model import SmsProvider
from .wmi_class import WmiClass

NAMESPACE = "root/sms"
VERSIONS = {
    "sms_2_0": "2.00.1493.2009",
    "sms_2003": "2.50.4253.3000",
    "configmgr_2007": "4.00.6487.2000",
    "configmgr": "5.00.9128.1000",
}
_TYPES = {"secondary": 1, "primary": 2, "central": 4}

_LOCATION = ("Machine", "NamespacePath", "ProviderForLocalSite", "SiteCode")
_SITE = (
    *("BuildNumber", "InstallDir", "ReportingSiteCode", "RequestedStatus", "ServerName", "SiteCode", "SiteName"),
    *("Status", "TimeZoneInfo", "Type", "Version"),
)
_NEWER_SITE = ("Features", "Mode", "SecondarySiteCMUpdateStatus")
_ADDRESS = (
    *("AddressType", "DesSiteCode", "FileType", "ItemName", "ItemType", "PropLists", "Props"),
    *("RateLimitingSchedule", "SiteCode", "UnlimitedRateForAll", "UsageSchedule"),
)
_NEWER_ADDRESS = ("AddressPriorityOrder", "DesSiteName", "DestinationType", "SiteName")
_OLDER_ADDRESS = ("Order",)


def classes(host: Host, namespace: str, user: str) -> Mapping[str, WmiClass]:
    """The classes of a namespace by their names in lower case; raises Fault if it is not there, or not for the user."""
    provider = host.sms_provider
    if provider is None:
        raise faults.no_namespace(namespace)
    site = f"{NAMESPACE}/site_{provider.site}".casefold()
    here = provider.machine.casefold() == host.dns_name.casefold()
    if namespace.casefold() != NAMESPACE and not (here and namespace.casefold() == site):
        raise faults.no_namespace(namespace)
    if user.casefold() not in (name.casefold() for name in provider.administrators):
        # The namespaces admit members of the local group SMS Admins only.
        raise Fault(5, "w:AccessDenied", "Access is denied.", provider=True, status=0x80041003)
    found = (_location(provider),) if namespace.casefold() == NAMESPACE else (_sites(provider), _addresses(provider))
    return {wmi_class.name.casefold(): wmi_class for wmi_class in found}


def _location(provider: SmsProvider) -> WmiClass:
    def instances(_host: Host) -> Iterator[Instance]:
        for code, machine in {**provider.others, provider.site: provider.machine}.items():
            path = f"\\\\{machine}\\root\\sms\\site_{code}"
            values = (machine, path, code == provider.site, code)
            yield Instance("SMS_ProviderLocation", dict(zip(_LOCATION, values, strict=True)), NAMESPACE)

    return _class("SMS_ProviderLocation", ("SiteCode",), _LOCATION, instances)


def _sites(provider: SmsProvider) -> WmiClass:
    newer = _is_newer(provider)
    tree = {str(site["code"]): site.get("parent") for site in provider.sites}

    def instances(_host: Host) -> Iterator[Instance]:
        for site in provider.sites:
            version = _version(site)
            yield Instance(
                "SMS_Site",
                {
                    "BuildNumber": int(version.split(".")[2]),
                    **({"Features": "", "Mode": 0} if newer else {}),
                    "InstallDir": "D:\\Program Files\\Microsoft Configuration Manager",
                    "ReportingSiteCode": site.get("parent", ""),
                    "RequestedStatus": 110,
                    **({"SecondarySiteCMUpdateStatus": 0} if newer else {}),
                    "ServerName": site["server"],
                    "SiteCode": site["code"],
                    "SiteName": site.get("name", ""),
                    "Status": site.get("status", 1),
                    "TimeZoneInfo": "000000",
                    "Type": _type(site, tree),
                    "Version": version,
                },
                f"{NAMESPACE}/site_{provider.site}",
            )

    return _class("SMS_Site", ("SiteCode",), _SITE + (_NEWER_SITE if newer else ()), instances)


def _type(site: Mapping[str, Any], tree: Mapping[str, Any]) -> int:
    """The type a site is said to have, or by its place: a central administration site is of current branch only."""
    if "type" in site:
        return _TYPES[site["type"]]
    parent = site.get("parent")
    if parent is None:
        return 4 if site["product"] == "configmgr" and site["code"] in tree.values() else 2
    return 2 if site["code"] in tree.values() or tree.get(parent) is None else 1


def _addresses(provider: SmsProvider) -> WmiClass:
    newer = _is_newer(provider)

    def instances(_host: Host) -> Iterator[Instance]:
        names = {site["code"]: site for site in provider.sites}
        for site in provider.sites:
            for address in site.get("addresses", ()):
                # Of current branch there is one; of 2007 the actual settings and the proposed ones.
                for file_type in (0,) if newer else (2, 1):
                    server = str(names.get(address["to"], {}).get("server", address["to"]))
                    yield _address(provider, site, address, server, file_type, newer=newer)
            for server in provider.distribution_points.get(site["code"], ()) if newer else ():
                yield _address(provider, site, {"to": server}, server, 0, newer=newer, destination_type=1)

    extra = _NEWER_ADDRESS if newer else _OLDER_ADDRESS
    return _class("SMS_SCI_Address", ("FileType", "ItemName", "ItemType", "SiteCode"), _ADDRESS + extra, instances)


def _address(
    provider: SmsProvider,
    site: Mapping[str, Any],
    address: Mapping[str, Any],
    server: str,
    file_type: int,
    *,
    newer: bool,
    destination_type: int = 0,
) -> Instance:
    namespace = f"{NAMESPACE}/site_{provider.site}"
    type_ = address.get("type", "MS_LAN")
    share = "SMS_DP$" if destination_type else "SMS_SITE"
    properties: list[tuple[str, str, str]] = [("Connection Point", server.partition(".")[0].upper(), share)]
    if type_ != "MS_COURIER":
        properties.append(("LAN Login", address.get("sender_account", ""), ""))
    values: dict[str, Value] = {
        **({"AddressPriorityOrder": 0} if newer else {}),
        "AddressType": type_,
        "DesSiteCode": address["to"],
        **({"DesSiteName": "", "DestinationType": destination_type} if newer else {}),
        "FileType": file_type,
        "ItemName": f"{address['to']}|{type_}",
        "ItemType": "Address",
        **({} if newer else {"Order": 1}),
        "PropLists": (
            Instance(
                "SMS_EmbeddedPropertyList", {"PropertyListName": "Pulse Mode", "Values": ("0", "5", "8")}, namespace
            ),
        ),
        "Props": tuple(_embedded(namespace, *found) for found in properties),
        "RateLimitingSchedule": None,
        "SiteCode": site["code"],
        **({"SiteName": site.get("name", "")} if newer else {}),
        "UnlimitedRateForAll": True,
        "UsageSchedule": tuple(_day(namespace) for _unused in range(7)),
    }
    return Instance("SMS_SCI_Address", values, namespace)


def _embedded(namespace: str, name: str, value1: str, value2: str) -> Instance:
    return Instance(
        "SMS_EmbeddedProperty",
        {"ItemType": "", "PropertyName": name, "Value": 0, "Value1": value1, "Value2": value2},
        namespace,
    )


def _day(namespace: str) -> Instance:
    return Instance(
        "SMS_SiteControlDaySchedule",
        {"Backup": (True,) * 24, "HourUsage": (1,) * 24, "Update": True},
        namespace,
    )


def _is_newer(provider: SmsProvider) -> bool:
    """Whether the Provider is of 2012 or later: then so are all sites."""
    return any(_version(site).startswith("5.") for site in provider.sites)


def _version(site: Mapping[str, Any]) -> str:
    version: str = site.get("version") or VERSIONS[site["product"]]
    return version


def _class(name: str, keys: tuple[str, ...], properties: Iterable[str], instances: Any) -> WmiClass:
    def get(host: Host, wanted: Mapping[str, str]) -> Instance | None:
        for instance in instances(host):
            if all(str(instance.get(key)).casefold() == value.casefold() for key, value in wanted.items()):
                found: Instance = instance
                return found
        return None

    return WmiClass(name, keys, tuple(properties), instances, get)
