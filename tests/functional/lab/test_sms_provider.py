# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's SMS Provider, asked by pypsrp: its namespaces, who may enter them, and what they hold."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.wsman import WSMan

from tests.functional.lab.support import NS, WQL, connect, local, properties
from tests.lab.scenario import BadScenario, build
from tests.lab.testing import RunningLab, running_lab

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
SITES = [
    {"code": "C01", "server": "c01.corp.example", "product": "configmgr", "addresses": [{"to": "P01"}]},
    {
        "code": "P01",
        "server": "p01.corp.example",
        "product": "configmgr",
        "parent": "C01",
        "addresses": [{"to": "C01", "sender_account": "CORP\\smssend"}, {"to": "S01", "type": "MS_COURIER"}],
    },
    {"code": "S01", "server": "s01.corp.example", "product": "configmgr", "parent": "P01", "status": 2},
]
OLD = [
    {"code": "OLD", "server": "OLD1", "product": "configmgr_2007", "addresses": [{"to": "LOW"}]},
    {"code": "LOW", "server": "LOW1", "product": "sms_2003", "parent": "OLD"},
]
SCENARIO = {
    "logons": [{"user": "CORP\\ansible"}, {"user": "CORP\\other"}],
    "sites": SITES,
    "hosts": [
        {
            "name": "C01",
            "sms_provider": {"distribution_points": {"C01": ["dp.corp.example"]}, "others": {"P01": "p01"}},
        },
        {"name": "OLD1", "sms_provider": {"site": "OLD", "sites": OLD}},
        {"name": "MOVED", "sms_provider": {"site": "C01", "machine": "c01.corp.example"}},
        {"name": "NONE"},
    ],
}


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running_lab(SCENARIO) as running:
        yield running


def ask(wsman: WSMan, namespace: str, wql: str) -> list[dict[str, Any]]:
    """All instances at once."""
    root = ET.Element(f"{{{NS['n']}}}Enumerate")
    ET.SubElement(root, f"{{{NS['w']}}}OptimizeEnumeration")
    ET.SubElement(root, f"{{{NS['w']}}}MaxElements").text = "1000"
    ET.SubElement(root, f"{{{NS['w']}}}Filter", Dialect=WQL).text = wql
    body = wsman.enumerate(f"{WMI}{namespace}/*", root)
    return [properties(item) for container in body.iter() if local(container) == "Items" for item in container]


def test_the_provider_s_location(lab: RunningLab) -> None:
    for host in ("C01", "MOVED"):
        with connect(lab[host]) as wsman:
            assert ask(wsman, "root/sms", "SELECT * FROM SMS_ProviderLocation WHERE ProviderForLocalSite = TRUE") == [
                {
                    "Machine": "c01.corp.example",
                    "NamespacePath": "\\\\c01.corp.example\\root\\sms\\site_C01",
                    "ProviderForLocalSite": "true",
                    "SiteCode": "C01",
                }
            ]


def test_providers_of_other_sites_are_not_local(lab: RunningLab) -> None:
    with connect(lab["C01"]) as wsman:
        found = ask(wsman, "root/sms", "SELECT SiteCode, Machine, ProviderForLocalSite FROM SMS_ProviderLocation")
    assert [tuple(location.values()) for location in found] == [
        ("P01", "p01", "false"),
        ("C01", "c01.corp.example", "true"),
    ]


def test_sites(lab: RunningLab) -> None:
    names = ("SiteCode", "ReportingSiteCode", "ServerName", "Type", "Status", "Version")
    with connect(lab["C01"]) as wsman:
        whole = ask(wsman, "ROOT/SMS/SITE_c01", "SELECT * FROM sms_site")
        chosen = ask(wsman, "root/sms/site_C01", f"SELECT {', '.join(names)} FROM SMS_Site")
    assert chosen == [{name: site[name] for name in names} for site in whole]
    assert [tuple(site.values()) for site in chosen] == [
        ("C01", "", "c01.corp.example", "4", "1", "5.00.9128.1000"),
        ("P01", "C01", "p01.corp.example", "2", "1", "5.00.9128.1000"),
        ("S01", "P01", "s01.corp.example", "1", "2", "5.00.9128.1000"),
    ]


def test_one_site_is_read_by_its_key(lab: RunningLab) -> None:
    with connect(lab["OLD1"]) as wsman:
        found = ask(wsman, "root/sms/site_OLD", "SELECT SiteCode, Version, Type FROM SMS_Site WHERE SiteCode='low'")
    assert found == [{"SiteCode": "LOW", "Version": "2.50.4253.3000", "Type": "2"}]


def test_addresses(lab: RunningLab) -> None:
    with connect(lab["C01"]) as wsman:
        found = ask(wsman, "root/sms/site_C01", "SELECT * FROM SMS_SCI_Address")
    assert [(a["SiteCode"], a["DesSiteCode"], a["AddressType"], a["DestinationType"]) for a in found] == [
        ("C01", "P01", "MS_LAN", "0"),
        ("C01", "dp.corp.example", "MS_LAN", "1"),
        ("P01", "C01", "MS_LAN", "0"),
        ("P01", "S01", "MS_COURIER", "0"),
    ]
    assert found[0]["ItemName"] == "P01|MS_LAN"
    # Lazy: a query does not tell it.
    assert found[0]["RateLimitingSchedule"] is None
    shown = [[properties(element) for element in listed(address["Props"])] for address in found]
    assert [[(p["PropertyName"], p["Value1"], p["Value2"]) for p in props] for props in shown] == [
        [("Connection Point", "P01", "SMS_SITE"), ("LAN Login", "", "")],
        [("Connection Point", "DP", "SMS_DP$"), ("LAN Login", "", "")],
        [("Connection Point", "C01", "SMS_SITE"), ("LAN Login", "CORP\\smssend", "")],
        [("Connection Point", "S01", "SMS_SITE")],
    ]
    assert found[0]["Props"][0].tag == f"{{{WMI}root/sms/site_C01/SMS_SCI_Address}}Props"
    assert found[0]["Props"][0][0].tag == f"{{{WMI}root/sms/site_C01/SMS_EmbeddedProperty}}ItemType"
    assert len(found[0]["UsageSchedule"]) == 7


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_of_2007_there_are_actual_and_proposed_settings_and_no_distribution_points(lab: RunningLab) -> None:
    with connect(lab["OLD1"]) as wsman:
        found = ask(wsman, "root/sms/site_OLD", "SELECT FileType, DesSiteCode FROM SMS_SCI_Address")
        assert found == [{"FileType": "2", "DesSiteCode": "LOW"}, {"FileType": "1", "DesSiteCode": "LOW"}]
        with pytest.raises(WSManFaultError, match="no property DestinationType"):
            ask(wsman, "root/sms/site_OLD", "SELECT * FROM SMS_SCI_Address WHERE DestinationType = 0")


@pytest.mark.parametrize(
    ("host", "namespace", "class_name", "said"),
    [
        ("NONE", "root/sms", "SMS_ProviderLocation", "Invalid namespace"),
        ("NONE", "root/sms/site_C01", "SMS_Site", "Invalid namespace"),
        ("MOVED", "root/sms/site_C01", "SMS_Site", "Invalid namespace"),
        ("C01", "root/sms/site_P01", "SMS_Site", "Invalid namespace"),
        ("C01", "root/sms/site_C01/more", "SMS_Site", "Invalid namespace"),
        ("C01", "root/smsx", "SMS_Site", "resource URI"),
        ("C01", "root/sms", "SMS_Site", "does not exist in the root/sms namespace"),
        ("C01", "root/sms/site_C01", "Win32_Share", "does not exist"),
        ("C01", "root/cimv2", "SMS_Site", "does not exist in the root/cimv2 namespace"),
    ],
)
def test_what_is_not_there(lab: RunningLab, host: str, namespace: str, class_name: str, said: str) -> None:
    with connect(lab[host]) as wsman, pytest.raises(WSManFaultError, match=said):
        ask(wsman, namespace, f"SELECT * FROM {class_name}")


@pytest.mark.parametrize("namespace", ["root/sms", "root/sms/site_C01"])
def test_an_administrator_of_windows_is_none_of_the_hierarchy(lab: RunningLab, namespace: str) -> None:
    with connect(lab["C01"], logon=lab["C01"].logons[1]) as wsman:
        with pytest.raises(WSManFaultError) as error:
            ask(wsman, namespace, "SELECT * FROM SMS_Site")
        assert error.value.code == 5
        # The rest of Windows is theirs.
        assert len(ask(wsman, "root/cimv2", "SELECT * FROM Win32_OperatingSystem")) == 1


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ({"sites": [{"code": "C01", "server": "c01", "product": "sms_1_2"}]}, "site C01 needs one of the products"),
        ({"users": []}, "has no users"),
        ({"sites": {}}, "a list was expected"),
    ],
)
def test_a_scenario_that_no_provider_can_have(provider: dict[str, Any], said: str) -> None:
    with pytest.raises(BadScenario, match=said):
        build({"hosts": [{"name": "C01", "sms_provider": provider}]})
