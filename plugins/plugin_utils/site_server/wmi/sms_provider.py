# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Reads a hierarchy from the SMS Provider of a live site, over WMI, as the description that `sms_sites` takes.

Sources are the pages of Microsoft's Configuration Manager SDK named after the classes:

- "SMS_ProviderLocation Server WMI Class" and "How to Connect to an SMS Provider in Configuration Manager by Using
  WMI": `root\sms` has the site, whose data are in `root\sms\site_<code>`.
- "SMS_Site Server WMI Class": the values of Type and Status, ReportingSiteCode for the parent.
- "SMS_SCI_Address Server WMI Class" (a file replication route, in newer words): SiteCode sends to DesSiteCode. Since
  2012 that is the name of a distribution point if DestinationType is 1. "SMS_SiteControlItem Server WMI Class" of
  2007: FileType is 1 for the actual settings and 2 for the proposed ones.
- "SMS_EmbeddedProperty Server WMI Class": PropertyName and Value1. There is no list of the names. It is not documented
  that the account of an address is in `LAN Login`: scripts that make addresses to distribution points write that
  property with an empty Value1, and such an address uses the computer account. So a value counts only if it has the
  form of an account, in visible characters. A value that is not empty and has another form is left out.

Values that the Provider does not have are left out with a warning, not guessed. It has neither the NetBIOS domain of a
site server, which is part of its computer account's name, nor the account that its services log on as.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ...text import one_line, visible
from ...wsman import Instance, WSManProtocolError, query
from ..errors import AccessDenied, NotFound, ServerFault
from .wmi import Wmi, netbios_domain

MAX_SITES = 100_000
MAX_ADDRESSES = 200_000

_LAN_LOGIN = "LAN Login"
_LAN = "MS_LAN"
_COURIER = "MS_COURIER"
_ADDRESS_TYPES = frozenset(
    {_LAN, "MS_ASYNC_RAS", "MS_ISDN_RAS", "MS_X25_RAS", "MS_SNA_RAS", "MS_BATCH_SNA", "MS_INTER_SNA", _COURIER}
)
_DELETED = 4
_SECONDARY, _PRIMARY, _CENTRAL = 1, 2, 4
_TYPES = {_SECONDARY: "secondary", _PRIMARY: "primary", _CENTRAL: "central"}

_CODE = re.compile("[A-Z0-9]{3}", re.ASCII)
_SERVER = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_])?", re.ASCII)
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,6})(?:\.\d{1,9})?", re.ASCII)
# As in hierarchy.accounts, without the forms that no address has: names alone, and SIDs.
_ACCOUNT = re.compile(r"[^\\/@\"\[\]:;|=,+*?<>\x00-\x1f\x7f]{1,255}\\[^\\/\"\[\]:;|=,+*?<>\x00-\x1f\x7f]{1,255}")
_PRINCIPAL = re.compile(r"[^\\@\s\x00-\x1f\x7f]{1,255}@[A-Za-z0-9._-]{1,255}")
_MAX_COMPUTER_NAME = 15  # Microsoft, "Naming conventions in Active Directory for computers, domains, sites, and OUs"
_MAX_NAME = 255
_LISTED = 10

_DENIED = (
    "Connect with an account that may use WinRM (Administrators or Remote Management Users) and is an administrative "
    "user of Configuration Manager, which makes it a member of the local group SMS Admins."
)
_NO_PROVIDER = "Connect to the computer that the SMS Provider runs on. It is the site server unless it was moved."


@dataclass(frozen=True, slots=True)
class ProvidedHierarchy:
    """The description of a live hierarchy.

    Attributes:
        sites: the description, as the variable `sms_sites` has it.
        warnings: what was left out, in sentences.
    """

    sites: tuple[dict[str, object], ...]
    warnings: tuple[str, ...]


def read_hierarchy_from_provider(
    wmi: Wmi, *, site_code: str | None = None, domains: Mapping[str, str] = MappingProxyType({})
) -> ProvidedHierarchy:
    """Describe the hierarchy that the SMS Provider at a host shows.

    It takes one request for the site code and one for the domains, unless these are given. It takes one each for the
    sites and the addresses, whose answers come in parts if there are many.

    Args:
        wmi: the computer that the SMS Provider runs on.
        site_code: the site whose data are read; None for the site that the Provider calls local.
        domains: NetBIOS names of the site servers' DNS domains, `{"corp.example": "CORP"}`. Other domains are looked up
            in Windows, which has the trusted ones whose DNS name begins with their NetBIOS name.

    Raises:
        SiteServerError: or a subclass. `NotFound`: no site is shown. That is also the result for an account without
            the right to read sites.
    """
    wmi = replace(wmi, denied=_DENIED, missing=_NO_PROVIDER)
    if site_code is None:
        site_code, machines = _local_site(wmi)
        wmi = replace(wmi, missing=f"The SMS Provider of site {site_code} runs on {machines}: connect to that.")
    elif not _CODE.fullmatch(site_code.upper()):
        raise ServerFault(wmi.host, "find the SMS Provider", f"{site_code!r} is no site code", "Correct the site code.")
    namespace = f"root/sms/site_{site_code.upper()}"
    left_out = _LeftOut()
    sites = _sites(wmi, namespace, left_out)
    names = _NetbiosNames.of(wmi, sites, domains, left_out)
    addresses = _addresses(wmi, namespace, sites, left_out)
    described = tuple(_description(site, sites, names, addresses, left_out) for site in sites.values())
    return ProvidedHierarchy(described, left_out.sentences())


@dataclass(slots=True)
class _LeftOut:
    """Collects what is left out, by the reason."""

    _reasons: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, item: str) -> None:
        self._reasons.setdefault(reason, []).append(item)

    def sentences(self) -> tuple[str, ...]:
        return tuple(f"{reason}: {_listed(items)}." for reason, items in self._reasons.items())


@dataclass(frozen=True, slots=True)
class _Product:
    """The name of a version in a description, and how its SMS Provider shows sites and addresses.

    Attributes:
        name: as in `hierarchy.products`.
        sends_as_computer: whether an address without an account uses the computer account.
        has_destination_types: whether SMS_SCI_Address has addresses to distribution points too, and DestinationType.
        has_central_type: whether SMS_Site.Type differs for a central site and a primary one.
    """

    name: str
    sends_as_computer: bool = False
    has_destination_types: bool = False
    has_central_type: bool = False


_CONFIGMGR = _Product("configmgr", sends_as_computer=True, has_destination_types=True, has_central_type=True)
_BEFORE_CONFIGMGR = {
    (4, 0): _Product("configmgr_2007", sends_as_computer=True),
    (2, 50): _Product("sms_2003"),
    (2, 0): _Product("sms_2_0"),
}


@dataclass(frozen=True, slots=True)
class _Site:
    """A site as SMS_Site has it. ``parent`` is empty at the top."""

    code: str
    parent: str
    server: str
    name: str
    product: _Product
    type: int | None

    @property
    def label(self) -> str:
        """The computer's name."""
        return self.server.partition(".")[0]

    @property
    def domain(self) -> str:
        """The DNS domain in the server's name; empty if the name has none."""
        return self.server.partition(".")[2]


@dataclass(frozen=True, slots=True)
class _Address:
    """An address as SMS_SCI_Address has it. ``account`` is empty if it has none, and None if it cannot be read."""

    to: str
    type: str
    account: str | None


def _local_site(wmi: Wmi) -> tuple[str, str]:
    """The site code, and the computers that the site's Providers run on. A site may have several Providers."""
    operation = "find the SMS Provider"
    wql = "SELECT * FROM SMS_ProviderLocation WHERE ProviderForLocalSite=TRUE"
    found = wmi.run(operation, query(wmi.settings, wql, namespace="root/sms"), "")
    with wmi.translate_bad_answers(operation):
        machines = [_shown(item.text("Machine")) for item in found]
        codes = {_code(item, "SiteCode") for item in found}
    if not codes:
        reason = "SMS_ProviderLocation names no Provider for the local site"
        raise NotFound(wmi.host, operation, reason, "Give the site code (site_code), or connect to the site server.")
    if len(codes) > 1:
        reason = f"several sites are called local: {_listed(sorted(codes))}"
        raise ServerFault(wmi.host, operation, reason, "Give the site code (site_code) of the one that you mean.")
    return codes.pop(), _listed(sorted(filter(None, machines))) or "another computer"


def _sites(wmi: Wmi, namespace: str, left_out: _LeftOut) -> dict[str, _Site]:
    operation = f"read the sites in {namespace}"
    wql = "SELECT SiteCode, ReportingSiteCode, ServerName, SiteName, Status, Type, Version FROM SMS_Site"
    found = wmi.run(operation, query(wmi.settings, wql, namespace=namespace, max_items=MAX_SITES), "")
    sites: dict[str, _Site] = {}
    with wmi.translate_bad_answers(operation):
        for item in found:
            site = _site(item, left_out)
            if site is None:
                continue
            if site.code in sites:
                raise WSManProtocolError(f"SMS_Site has two sites {site.code}")
            sites[site.code] = site
    if not sites:
        advice = "The account may lack the right to read sites: give it the role Read-only Analyst for all of them."
        raise NotFound(wmi.host, operation, "the SMS Provider shows no site that can be described", advice)
    return sites


def _site(item: Instance, left_out: _LeftOut) -> _Site | None:
    code = _code(item, "SiteCode")
    if item.integer("Status") == _DELETED:
        return None
    server = item.text("ServerName") or ""
    if not _SERVER.fullmatch(server):
        raise WSManProtocolError(f"SMS_Site.ServerName of {code} is {_shown(server)!r}, which is no computer")
    version = item.text("Version") or ""
    product = _product(version)
    if product is None:
        left_out.add("Sites of unknown versions are left out", f"{code} ({_shown(version) or 'none'})")
        return None
    name = item.text("SiteName") or ""
    if name and (len(name) > _MAX_NAME or not name.isprintable() or name != name.strip()):
        left_out.add("Site names that cannot be shown are left out", code)
        name = ""
    parent = _code(item, "ReportingSiteCode") if item.text("ReportingSiteCode") else ""
    return _Site(code, parent, server.lower(), name, product, item.integer("Type"))


def _product(version: str) -> _Product | None:
    """The product of a version: SMS 2.0 and 2003 by Microsoft's KB 213410 and 832103, later ones by their SDKs."""
    if not (found := _VERSION.fullmatch(version.strip())):
        return None
    major, minor, build = (int(part) for part in found.groups())
    if major == 5 and (minor, build) >= (0, 7711):
        return _CONFIGMGR
    return _BEFORE_CONFIGMGR.get((major, minor))


@dataclass(frozen=True, slots=True)
class _NetbiosNames:
    """NetBIOS names of DNS domains."""

    given: Mapping[str, str]
    asked: Mapping[str, str | None]

    @classmethod
    def of(cls, wmi: Wmi, sites: Mapping[str, _Site], domains: Mapping[str, str], left_out: _LeftOut) -> _NetbiosNames:
        given = {dns.casefold().rstrip("."): netbios for dns, netbios in domains.items()}
        unknown = sorted({site.domain for site in sites.values() if site.domain} - given.keys())
        if not unknown:
            return cls(given, {})
        operation = "read the domains of the SMS Provider's computer"
        try:
            found = wmi.run(operation, query(wmi.settings, "SELECT * FROM Win32_NTDomain"), "")
        except AccessDenied:
            left_out.add("Windows does not let this account read the NetBIOS names of domains", _listed(unknown))
            found = ()
        with wmi.translate_bad_answers(operation):
            return cls(given, {dns: netbios_domain(found, dns) for dns in unknown})

    def get(self, dns: str) -> str | None:
        return self.given.get(dns) or self.asked.get(dns)


def _addresses(
    wmi: Wmi, namespace: str, sites: Mapping[str, _Site], left_out: _LeftOut
) -> dict[str, dict[tuple[str, str], _Address]]:
    """Addresses by the site that sends, and by destination and type."""
    operation = f"read the addresses in {namespace}"
    # To sites, not to distribution points. Older Providers have none of those here, nor the property.
    where = " WHERE DestinationType=0" if any(site.product.has_destination_types for site in sites.values()) else ""
    found: tuple[Instance, ...] = ()
    # Selected properties are a tenth of the whole, which has schedules for each hour. Microsoft does not document
    # whether embedded ones can be selected; if they are missing in the answer, the whole is read.
    for chosen in ("SiteCode, DesSiteCode, AddressType, FileType, Props", "*"):
        wql = f"SELECT {chosen} FROM SMS_SCI_Address{where}"  # noqa: S608 - constants
        found = wmi.run(operation, query(wmi.settings, wql, namespace=namespace, max_items=MAX_ADDRESSES), "")
        if not found or any(item.array("Props") for item in found):
            break
    addresses: dict[str, dict[tuple[str, str], _Address]] = {}
    with wmi.translate_bad_answers(operation):
        for item in sorted(found, key=lambda item: item.integer("FileType") or 0):
            source = _code(item, "SiteCode")
            if source not in sites:
                continue
            address = _Address(_code(item, "DesSiteCode"), item.text("AddressType") or _LAN, _account_of(item))
            if address.to not in sites:
                left_out.add("Addresses to sites that are not shown are left out", f"{source} to {address.to}")
            elif address.type not in _ADDRESS_TYPES:
                what = f"{source} to {address.to} ({_shown(address.type)})"
                left_out.add("Addresses of types without a known account are left out", what)
            else:
                # The first of two is the actual one; the other is proposed.
                addresses.setdefault(source, {}).setdefault((address.to, address.type), address)
    return addresses


def _account_of(item: Instance) -> str | None:
    for embedded in item.instances("Props"):
        # The names of properties are case-sensitive.
        if embedded.text("PropertyName") == _LAN_LOGIN:
            value = embedded.text("Value1") or ""
            # A value with invisible characters is not what it looks like.
            if visible(value) == value and (not value or _ACCOUNT.fullmatch(value) or _PRINCIPAL.fullmatch(value)):
                return value
    return None


def _description(
    site: _Site,
    sites: Mapping[str, _Site],
    names: _NetbiosNames,
    addresses: Mapping[str, Mapping[tuple[str, str], _Address]],
    left_out: _LeftOut,
) -> dict[str, object]:
    described: dict[str, object] = {"code": site.code, "server": site.server, "product": site.product.name}
    if site.name:
        described["name"] = site.name
    if site.parent in sites:
        described["parent"] = site.parent
    elif site.parent:
        left_out.add("Parents that are not shown are left out", f"{site.parent} of {site.code}")
    if (type_ := _type(site, described)) is not None:
        described["type"] = type_
    computer = None
    if netbios := names.get(site.domain):
        described["domain"] = netbios
        # The NetBIOS name of a longer name is unknown.
        if len(site.label) <= _MAX_COMPUTER_NAME:
            computer = described["server_account"] = f"{netbios}\\{site.label.upper()}$"
    if site.code not in addresses:
        left_out.add("The SMS Provider shows no addresses of these sites, so the defaults are used for them", site.code)
    else:
        described["addresses"] = list(_described(site, computer, addresses[site.code].values(), left_out))
    return described


def _type(site: _Site, described: Mapping[str, object]) -> str | None:
    """The type as far as it fits what is shown. Up to 2007, the type of a central site is primary too."""
    if site.type == _PRIMARY and not site.parent and not site.product.has_central_type:
        return None
    if site.type == _SECONDARY and "parent" not in described:
        return None
    return _TYPES.get(site.type or 0)


def _described(
    site: _Site, computer: str | None, addresses: Iterable[_Address], left_out: _LeftOut
) -> Iterable[dict[str, object]]:
    for address in addresses:
        described: dict[str, object] = {"to": address.to, "type": address.type}
        what = f"{site.code} to {address.to}"
        if address.type == _COURIER:
            yield described
        elif address.account:
            yield described | {"sender_account": address.account}
        elif address.account is None or not site.product.sends_as_computer:
            left_out.add("Addresses are left out if the SMS Provider does not return their account", what)
        elif computer is None:
            reason = "Addresses that use a computer account are left out if its domain is unknown (give it in domains)"
            left_out.add(reason, f"{what} from {site.server}")
        else:
            yield described


def _code(item: Instance, name: str) -> str:
    text = (item.text(name) or "").upper()
    if not _CODE.fullmatch(text):
        raise WSManProtocolError(f"{name} is {_shown(text)!r}, which is no site code")
    return text


def _shown(text: str | None) -> str:
    return one_line(text or "", 80)


def _listed(items: list[str]) -> str:
    more = f" and {len(items) - _LISTED} more" if len(items) > _LISTED else ""
    return ", ".join(items[:_LISTED]) + more
