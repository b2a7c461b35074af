# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hierarchy read from a live SMS Provider: the lab's, and answers that none should give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import read_hierarchy, required_grants
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    NoAnswer,
    NotFound,
    Rejected,
    SiteServerError,
    Unreachable,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.sms_provider import (
    ProvidedHierarchy,
    read_hierarchy_from_provider,
)
from tests.functional.site_server.reaching import lab_wmi, operations
from tests.lab.testing import RunningHost, running_lab
from tests.unit.site_server.wmi.scripted_wmi import fragment
from tests.unit.site_server.wmi.test_sms_provider import addresses_of, login, site

ANSIBLE, OPERATOR = "CORP\\ansible", "CORP\\operator"
PROVIDER = MappingProxyType({"site": "C01"})


def route(to: str, account: str | None = None, type_: str = "MS_LAN") -> dict[str, str]:
    return {"to": to, "type": type_} | ({"sender_account": account} if account else {})


def hierarchy(product: str = "configmgr", account: str | None = None) -> list[dict[str, Any]]:
    """Three tiers, addresses both ways."""
    return [
        site("C01", product=product, name="Central", addresses=[route("P01", account)]),
        site("P01", "C01", product=product, addresses=[route("C01", account), route("S01", account)]),
        site("S01", "P01", product=product, addresses=[route("P01", account)]),
    ]


def scenario(sites: list[dict[str, Any]], provider: Mapping[str, Any] = PROVIDER) -> dict[str, Any]:
    logons = [{"user": ANSIBLE}, {"user": OPERATOR, "administrator": False}, {"user": "CORP\\windows-admin"}]
    return {"logons": logons, "sites": sites, "hosts": [{"name": "C01", "sms_provider": provider}]}


@contextmanager
def provided(
    sites: list[dict[str, Any]], provider: Mapping[str, Any] = PROVIDER, **options: Any
) -> Iterator[tuple[ProvidedHierarchy, RunningHost]]:
    with running_lab(scenario(sites, provider)) as lab, lab_wmi(lab["C01"]) as wmi:
        yield read_hierarchy_from_provider(wmi, **options), lab["C01"]


# -- what is told


def test_a_hierarchy_of_current_branch() -> None:
    with provided(hierarchy()) as (found, _host):
        assert found.warnings == ()
        assert list(found.sites) == [
            {
                "code": "C01",
                "server": "c01.corp.example",
                "product": "configmgr",
                "name": "Central",
                "type": "central",
                "domain": "CORP",
                "server_account": "CORP\\C01$",
                "addresses": [{"to": "P01", "type": "MS_LAN"}],
            },
            {
                "code": "P01",
                "server": "p01.corp.example",
                "product": "configmgr",
                "parent": "C01",
                "type": "primary",
                "domain": "CORP",
                "server_account": "CORP\\P01$",
                "addresses": [{"to": "C01", "type": "MS_LAN"}, {"to": "S01", "type": "MS_LAN"}],
            },
            {
                "code": "S01",
                "server": "s01.corp.example",
                "product": "configmgr",
                "parent": "P01",
                "type": "secondary",
                "domain": "CORP",
                "server_account": "CORP\\S01$",
                "addresses": [{"to": "P01", "type": "MS_LAN"}],
            },
        ]


@pytest.mark.parametrize("product", ["configmgr", "configmgr_2007"])
def test_the_description_is_one_that_grants_follow_from(product: str) -> None:
    with provided(hierarchy(product)) as (found, _host):
        read = read_hierarchy(found.sites)
    owed = {code: sorted(grant.account for grant in grants) for code, grants in required_grants(read).items()}
    assert owed == {"C01": ["CORP\\P01$"], "P01": ["CORP\\C01$", "CORP\\S01$"], "S01": ["CORP\\P01$"]}
    assert {site.code: read.type_of(site) for site in read.sites} == {
        "C01": "central",
        "P01": "primary",
        "S01": "secondary",
    }


def test_it_costs_four_requests() -> None:
    with provided(hierarchy()) as (_found, host):
        asked = ["SMS_ProviderLocation", "SMS_Site", "Win32_NTDomain", "SMS_SCI_Address"]
        assert operations(host) == [f"{name}.Query" for name in asked]


def test_providers_of_other_sites_do_not_count() -> None:
    with provided(hierarchy(), PROVIDER | {"others": {"P01": "p01.corp.example"}}) as (found, _host):
        assert len(found.sites) == 3


def test_what_is_given_is_not_asked() -> None:
    options = {"site_code": "c01", "domains": {"CORP.example.": "HQ"}}
    with provided(hierarchy(), **options) as (found, host):
        assert operations(host) == ["SMS_Site.Query", "SMS_SCI_Address.Query"]
        assert [site["server_account"] for site in found.sites] == ["HQ\\C01$", "HQ\\P01$", "HQ\\S01$"]


def test_accounts_that_addresses_name() -> None:
    sites = hierarchy(account="CORP\\smssend")
    sites[1]["addresses"][0]["sender_account"] = "smssend@corp.example"
    with provided(sites) as (found, _host):
        assert found.warnings == ()
        accounts = [[address.get("sender_account") for address in site["addresses"]] for site in found.sites]  # type: ignore[attr-defined]
        assert accounts == [["CORP\\smssend"], ["smssend@corp.example", "CORP\\smssend"], ["CORP\\smssend"]]


@pytest.mark.parametrize(
    ("version", "product"),
    [
        ("2.00.1239.0000", "sms_2_0"),
        ("2.50.2726.0018", "sms_2003"),
        ("4.00.5931.0000", "configmgr_2007"),
        ("4.00.6487.2000", "configmgr_2007"),
        ("5.00.7711.0000", "configmgr"),
        ("5.00.9128.1000", "configmgr"),
    ],
)
def test_the_product_follows_from_the_version(version: str, product: str) -> None:
    sites = [site("C01", product="configmgr_2007", version=version)]
    with provided(sites) as (found, _host):
        assert [site["product"] for site in found.sites] == [product]


def test_of_2007_the_actual_settings_count() -> None:
    with provided(hierarchy("configmgr_2007", "CORP\\smssend")) as (found, _host):
        assert [len(site["addresses"]) for site in found.sites] == [1, 2, 1]  # type: ignore[arg-type]
    actual = fragment(SiteCode="C01", DesSiteCode="P01", FileType="1", Props=login("CORP\\actual"))
    proposed = fragment(SiteCode="C01", DesSiteCode="P01", FileType="2", Props=login("CORP\\proposed"))
    for items in ((actual, proposed), (proposed, actual)):
        (address,) = addresses_of("C01", *items)[0]
        assert address["sender_account"] == "CORP\\actual"


def test_a_courier_has_no_account_and_ras_has_its_own_type() -> None:
    sites = hierarchy("configmgr_2007")
    sites[0]["addresses"] = [route("P01", type_="MS_COURIER"), route("P01", "CORP\\ras", "MS_ASYNC_RAS")]
    with provided(sites) as (found, _host):
        assert found.sites[0]["addresses"] == [
            {"to": "P01", "type": "MS_COURIER"},
            {"to": "P01", "type": "MS_ASYNC_RAS", "sender_account": "CORP\\ras"},
        ]
        assert found.warnings == ()


def test_distribution_points_are_no_sites() -> None:
    provider = PROVIDER | {"distribution_points": {"P01": ["dp1.corp.example", "dp2.corp.example"]}}
    with provided(hierarchy(), provider) as (found, _host):
        assert found.warnings == ()
        assert [len(site["addresses"]) for site in found.sites] == [1, 2, 1]  # type: ignore[arg-type]


def test_a_site_that_is_deleted_is_none() -> None:
    sites = [*hierarchy(), site("S02", "P01", status=4)]
    with provided(sites) as (found, _host):
        assert [site["code"] for site in found.sites] == ["C01", "P01", "S01"]
        assert found.warnings == ()


def test_a_stand_alone_primary_site() -> None:
    with provided([site("P01", type="primary", addresses=[])], {"site": "P01"}) as (found, _host):
        assert found.sites[0]["type"] == "primary"
        assert "parent" not in found.sites[0]


# -- what is not told


def test_a_parent_that_is_not_shown() -> None:
    below = [site("P01", "C01", type="primary"), site("S01", "P01"), site("S09", "P09", type="secondary")]
    with provided(below, {"site": "P01"}) as (found, _host):
        assert [(site.get("parent"), site.get("type")) for site in found.sites] == [
            (None, "primary"),
            ("P01", "secondary"),
            (None, None),
        ]
        assert found.warnings == (
            "Parents that are not shown are left out: C01 of P01, P09 of S09.",
            "The SMS Provider shows no addresses of these sites, so the defaults are used for them: P01, S01, S09.",
        )
        assert read_hierarchy(found.sites)


def test_a_domain_that_windows_does_not_know() -> None:
    sites = hierarchy()
    sites[1]["server"] = "p01.branch.example"
    sites[2]["server"] = "S01"
    with provided(sites) as (found, _host):
        assert [site.get("domain") for site in found.sites] == ["CORP", None, None]
        assert [site["addresses"] for site in found.sites] == [[{"to": "P01", "type": "MS_LAN"}], [], []]
        reason = "Addresses that use a computer account are left out if its domain is unknown"
        assert found.warnings == (
            f"{reason} (give it in domains): P01 to C01 from p01.branch.example, P01 to S01 from p01.branch.example, "
            "S01 to P01 from s01.",
        )


def test_a_computer_s_name_that_is_too_long_for_an_account() -> None:
    sites = hierarchy()
    sites[0]["server"] = "sixteen-letters0.corp.example"
    with provided(sites) as (found, _host):
        assert (found.sites[0].get("server_account"), found.sites[0]["addresses"]) == (None, [])
        assert "from sixteen-letters0.corp.example" in found.warnings[0]


def test_sms_2003_does_not_say_which_account_an_address_without_one_uses() -> None:
    with provided(hierarchy("sms_2003")) as (found, _host):
        assert [site["addresses"] for site in found.sites] == [[], [], []]
        assert found.warnings == (
            "Addresses are left out if the SMS Provider does not return their account: "
            "C01 to P01, P01 to C01, P01 to S01, S01 to P01.",
        )


def test_domains_that_may_not_be_read() -> None:
    with running_lab(scenario(hierarchy())) as lab:
        lab["C01"].controls.misbehave({"kind": "fault", "operation": "Win32_NTDomain.Query", "value": 5})
        with lab_wmi(lab["C01"]) as wmi:
            found = read_hierarchy_from_provider(wmi)
    assert "domain" not in found.sites[0]
    assert found.warnings[0] == "Windows does not let this account read the NetBIOS names of domains: corp.example."


def test_long_lists_are_cut() -> None:
    sites = [site("P01", type="primary", addresses=[]), *(site(f"S{n:02}", "P01") for n in range(12))]
    with provided(sites, {"site": "P01"}) as (found, _host):
        assert found.warnings[0].endswith(": P01, S00, S01, S02, S03, S04, S05, S06, S07, S08 and 3 more.")


# -- who may not, and where nothing is


def test_a_user_who_is_no_sms_administrator() -> None:
    with running_lab(scenario(hierarchy())) as lab:
        for logon in lab["C01"].logons[1:]:
            for options in ({}, {"site_code": "C01"}):
                with lab_wmi(lab["C01"], logon) as wmi, pytest.raises(AccessDenied, match="SMS Admins"):
                    read_hierarchy_from_provider(wmi, **options)


def test_a_host_without_a_provider() -> None:
    with running_lab({"hosts": [{"name": "C01"}]}) as lab, lab_wmi(lab["C01"]) as wmi:
        for options in ({}, {"site_code": "C01"}):
            with pytest.raises(Rejected, match="Connect to the computer that the SMS Provider runs on"):
                read_hierarchy_from_provider(wmi, **options)


def test_a_provider_that_was_moved() -> None:
    provider = PROVIDER | {"machine": "db1.corp.example"}
    with running_lab(scenario(hierarchy(), provider)) as lab, lab_wmi(lab["C01"]) as wmi:
        said = r"The SMS Provider of site C01 runs on db1\.corp\.example: connect to that"
        with pytest.raises(Rejected, match=said):
            read_hierarchy_from_provider(wmi)


def test_a_site_code_of_another_site() -> None:
    with running_lab(scenario(hierarchy())) as lab, lab_wmi(lab["C01"]) as wmi, pytest.raises(Rejected):
        read_hierarchy_from_provider(wmi, site_code="P01")


def test_an_account_without_the_right_to_read_sites_sees_none() -> None:
    made = scenario(hierarchy(), PROVIDER | {"sites": []})
    with (
        running_lab(made) as lab,
        lab_wmi(lab["C01"]) as wmi,
        pytest.raises(NotFound, match="Read-only Analyst"),
    ):
        read_hierarchy_from_provider(wmi)


@pytest.mark.parametrize("operation", ["SMS_ProviderLocation.Query", "SMS_Site.Query", "SMS_SCI_Address.Query"])
@pytest.mark.parametrize(("kind", "error"), [("drop", Unreachable), ("garbage", NoAnswer), ("timed_out", NoAnswer)])
def test_a_provider_that_does_not_answer(operation: str, kind: str, error: type[SiteServerError]) -> None:
    with running_lab(scenario(hierarchy())) as lab, lab_wmi(lab["C01"]) as wmi:
        lab["C01"].controls.misbehave({"kind": kind, "operation": operation})
        with pytest.raises(error, match=r"^C01: could not "):
            read_hierarchy_from_provider(wmi)


# -- many sites


def test_six_thousand_sites_come_in_parts() -> None:
    """As many as one hierarchy supports: 25 primary sites with 239 secondary ones each."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    sites = [site("CAS", addresses=[route(f"{letter}00") for letter in letters[10:35]])]
    for primary in range(25):
        prefix = letters[primary + 10]
        sites.append(site(f"{prefix}00", "CAS", type="primary", addresses=[route("CAS")]))
        for number in range(1, 240):
            code = f"{prefix}{letters[number // 36]}{letters[number % 36]}"
            sites.append(site(code, f"{prefix}00", type="secondary", addresses=[route(f"{prefix}00")]))
    assert len(sites) == 6001
    with provided(sites, {"site": "CAS"}) as (found, host):
        assert [site["code"] for site in found.sites] == [site["code"] for site in sites]
        assert all("server_account" in site for site in found.sites)
        assert found.warnings == ()
        asked = operations(host)
        # 100 instances at most in one answer: 6,001 sites, and 6,025 addresses.
        assert asked.count("SMS_Site.Query") == asked.count("SMS_SCI_Address.Query") == 1
        assert asked.count("SMS_Site.Pull") == 60
        assert asked.count("SMS_SCI_Address.Pull") == 60
        assert len(read_hierarchy(found.sites).sites) == 6001


# -- what no Provider should answer
