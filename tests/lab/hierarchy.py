# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The default scenario: a three-tier hierarchy of sites with the article's fault (Q179118) in it.

One central site, primary sites below it, secondary sites below those. On most servers no Sender account can use
``SMS_SITE``; some are right already, some lack half, some carry entries of others that have to survive.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, product
from string import ascii_uppercase, digits
from typing import Any

SENDER, SERVICE, OWN_SENDER = "CORP\\smssend", "CORP\\smssvc", "CORP\\smssend-p02"
RECEIVE = "SMS\\Site.srv\\Despoolr.box\\Receive"
_RESERVED = {"AUX", "CON", "NUL", "PRN", "SMS"}
"""Names that Windows or SMS keeps for itself and no site may bear."""

_ADMINISTRATORS = {"principal": "S-1-5-32-544", "access": "full_control"}
_EVERYONE_READ = {"principal": "S-1-1-0", "access": "read"}
_BACKUP_READ = {"principal": "CORP\\backup", "access": "read"}


def default_hierarchy(count: int) -> dict[str, Any]:
    """The scenario of ``count`` hosts, as its YAML file would say it; raises ValueError below 1."""
    sites = _sites(count)
    owed = _owed(sites)
    return {
        "domain": "CORP",
        "dns_domain": "corp.example",
        "accounts": [
            *({"name": account.partition("\\")[2]} for account in (SENDER, SERVICE, OWN_SENDER)),
            *({"name": name} for name in ("backup", "bystander", "operator")),
            {"name": "Domain Admins", "type": "group", "rid": 512},
        ],
        "logons": [{"user": "CORP\\ansible"}, {"user": "CORP\\operator", "administrator": False}],
        "hosts": [_host(index, site, owed[site["code"]]) for index, site in enumerate(sites)],
        "sites": sites,
    }


def _sites(count: int) -> list[dict[str, Any]]:
    """The description that the role takes: each site with its parent and its addresses."""
    if count < 1:
        raise ValueError("a hierarchy has at least one site")
    # 6 hosts: 2 primary sites and 3 secondary ones. 200: 14 and 185.
    primaries = min(count - 1, round(math.sqrt(count)))
    codes = chain(_codes("C", 1), _codes("P", primaries), _codes("STUVWX", count - 1 - primaries))
    sites: list[dict[str, Any]] = []
    for index, code in enumerate(codes):
        site: dict[str, Any] = {
            "code": code,
            "name": f"{_tier(index, primaries)} site {code}",
            "server": f"{code.lower()}.corp.example",
            "product": "sms_1_2",
        }
        if index:
            parent = 0 if index <= primaries else _primary_of(index - 1 - primaries, primaries, count)
            site["parent"] = sites[parent]["code"]
        site["service_account"] = SERVICE
        site["addresses"] = [{"to": code, "sender_account": SERVICE}]
        sites.append(site)
    by_code = {site["code"]: site for site in sites}
    for site in sites:
        if "parent" in site:
            parent_site = by_code[site["parent"]]
            site["addresses"].append(_address(site, parent_site))
            parent_site["addresses"].append(_address(parent_site, site))
    return sites


def with_administrator(description: dict[str, Any]) -> dict[str, Any]:
    """The same hosts with the account that every Windows has, in the group that it cannot leave; not for Samba.

    Microsoft, "Local accounts": the built-in Administrator can be renamed and disabled, and not removed from the group
    Administrators.
    """
    for host in description["hosts"]:
        host["local_accounts"] = [*host.get("local_accounts", ()), {"name": "Administrator", "rid": 500}]
        host["members"]["S-1-5-32-544"] = [*host["members"]["S-1-5-32-544"], ".\\Administrator"]
    return description


def _address(source: dict[str, Any], destination: dict[str, Any]) -> dict[str, str]:
    account = OWN_SENDER if source["code"] == "P02" else SENDER
    return {"to": destination["code"], "sender_account": account}


def _primary_of(secondary: int, primaries: int, count: int) -> int:
    """The index of the primary site above a secondary one: they are shared out in runs of equal length."""
    return 1 + secondary * primaries // (count - 1 - primaries)


def _tier(index: int, primaries: int) -> str:
    return "Central" if index == 0 else "Primary" if index <= primaries else "Secondary"


def _codes(prefixes: str, count: int) -> Iterator[str]:
    """Site codes of three characters: 01 to 99 for each prefix, then the other pairs."""
    numbers = [f"{number:02}" for number in range(1, 100)]
    pairs = ["".join(pair) for pair in product(digits + ascii_uppercase, repeat=2)]
    rest = [pair for pair in pairs if pair not in set(numbers)]
    produced = 0
    for prefix in prefixes:
        for suffix in numbers + rest:
            if produced == count:
                return
            if prefix + suffix not in _RESERVED:
                produced += 1
                yield prefix + suffix
    if produced < count:
        raise ValueError(f"three characters name at most {produced} sites with codes of {prefixes}")


def _owed(sites: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The accounts that send to each site."""
    owed: dict[str, list[str]] = {site["code"]: [] for site in sites}
    for site in sites:
        for address in site["addresses"]:
            accounts = owed[address["to"]]
            if address["sender_account"] not in accounts:
                accounts.append(address["sender_account"])
    return owed


def _host(index: int, site: dict[str, Any], owed: list[str]) -> dict[str, Any]:
    """One site server. What is wrong with it goes by its place: the six of the small hierarchy, then over again."""
    place = index % 6
    drive = "E:" if place == 2 else "D:"
    root = f"{drive}\\SMS"
    share = [dict(_ADMINISTRATORS)]
    receive: list[dict[str, Any]] = []
    if place in (1, 3):  # P01 is right, S01 lacks the directory's part only
        share += [{"principal": account, "access": "full_control"} for account in owed]
    if place in (1, 4):  # S02 lacks the share's part only
        receive += [{"principal": account, "access": "read_write", "flags": "OI CI"} for account in owed]
    if place == 0:
        share.append({"principal": "CORP\\bystander", "access": "change"})
        receive.append({"principal": "CORP\\bystander", "access": "modify", "flags": "OI CI"})
    if place in (2, 4):
        share.append(dict(_EVERYONE_READ))
    if place in (0, 5):
        share.append(dict(_BACKUP_READ))
        receive.append(dict(_BACKUP_READ) | {"access": "read_execute", "flags": "OI CI"})
    full = {"access": "full_control", "flags": "OI CI"}
    path = f"{drive}\\{RECEIVE}"
    return {
        "name": site["code"],
        "site": site["code"],
        "dns_name": site["server"],
        "directories": [
            {"path": f"{drive}\\", "protected": True, "dacl": _drive_dacl()},
            {"path": root},
            {
                "path": f"{root}\\Site.srv",
                "protected": True,
                "dacl": [{"principal": "S-1-5-18", **full}, {"principal": "S-1-5-32-544", **full}],
            },
            {"path": f"{root}\\Site.srv\\Despoolr.box"},
            {"path": path, "dacl": receive},
            {"path": f"{path}\\Incoming"},
        ],
        "files": [{"path": f"{path}\\W_M02000.1S1"}, {"path": f"{path}\\Incoming\\W_M02001.1S1"}],
        "shares": [
            {"name": "SMS_SITE", "path": path, "description": f"SMS Site {site['code']}", "dacl": share},
            {"name": "SMS_SHR", "path": root, "description": "SMS root", "dacl": [dict(_ADMINISTRATORS)]},
        ],
        "services": [
            {"name": "SMS_EXECUTIVE", "display_name": "SMS_EXECUTIVE", "start_name": SERVICE},
            {
                "name": "SMS_SITE_CONFIG_MANAGER",
                "display_name": "SMS_SITE_CONFIG_MANAGER",
                "start_name": SERVICE,
            },
            {"name": "LanmanServer", "display_name": "Server", "start_name": "LocalSystem"},
        ],
        "members": {"S-1-5-32-544": ["CORP\\Domain Admins", "CORP\\ansible"], "S-1-5-32-545": []},
    }


def _drive_dacl() -> list[dict[str, Any]]:
    """What a freshly formatted data drive carries on Windows."""
    return [
        {"principal": "S-1-5-32-544", "access": "full_control", "flags": "OI CI"},
        {"principal": "S-1-5-18", "access": "full_control", "flags": "OI CI"},
        {"principal": "S-1-3-0", "mask": 0x10000000, "flags": "OI CI IO"},
        {"principal": "S-1-5-32-545", "access": "read_execute", "flags": "OI CI"},
    ]
