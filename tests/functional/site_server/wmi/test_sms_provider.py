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
    ServerFault,
    SiteServerError,
    Unreachable,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.sms_provider import (
    ProvidedHierarchy,
    read_hierarchy_from_provider,
)
from tests.functional.site_server.reaching import Scripted, begun, enumerated, fragment, lab_wmi, operations, pulled
from tests.lab.testing import RunningHost, running_lab
from tests.unit.wsman.server_side import fault_reply, header

ANSIBLE, OPERATOR = "CORP\\ansible", "CORP\\operator"
PROVIDER = MappingProxyType({"site": "C01"})


def site(code: str, parent: str | None = None, *, product: str = "configmgr", **more: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"code": code, "server": f"{code.lower()}.corp.example", "product": product}
    return described | ({"parent": parent} if parent else {}) | more


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


@pytest.mark.parametrize("version", ["5.00.7561.0000", "6.00.0001.0000", "1.20.1150", "2007", "newest", "4"])
def test_a_site_of_a_version_that_is_not_known_is_left_out_and_said(version: str) -> None:
    # A lab's Provider of 2007: what one of another age shows of sites beside its own.
    answers = Scripted(
        enumerated(fragment(SiteCode="C01", ServerName="c01", Version="5.00.9128.1000", Type="4")
                   + fragment(SiteCode="P01", ReportingSiteCode="C01", ServerName="p01", Version=version, Type="2")),
        enumerated(fragment(SiteCode="C01", DesSiteCode="P01", Props=login("CORP\\smssend"))),
    )  # fmt: skip
    found = read_hierarchy_from_provider(answers.wmi, site_code="C01")
    assert [site["code"] for site in found.sites] == ["C01"]
    assert found.warnings == (
        f"Sites of unknown versions are left out: P01 ({version}).",
        "Addresses to sites that are not shown are left out: C01 to P01.",
        "The SMS Provider shows no addresses of these sites, so the defaults are used for them: C01.",
    )


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


@pytest.mark.parametrize("code", ["", "C1", "C01x", "C01/../cimv2", "Ü01", "C 1"])
def test_a_site_code_that_is_none_is_not_sent(code: str) -> None:
    script = Scripted()
    with pytest.raises(ServerFault, match="is no site code"):
        read_hierarchy_from_provider(script.wmi, site_code=code)
    assert script.requests == []


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


def test_more_than_ten_thousand_sites() -> None:
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = [f"{a}{b}{c}" for a in letters[:8] for b in letters for c in letters][:10_001]
    sites = [fragment(SiteCode=code, ServerName=f"s{code}", Version="4.00.6487.2000") for code in codes]
    addresses = [fragment(SiteCode=code, DesSiteCode="000", Props=login("CORP\\smssend")) for code in codes]
    script = Scripted(enumerated(*sites), enumerated(*addresses))
    found = read_hierarchy_from_provider(script.wmi, site_code="000")
    assert len(found.sites) == 10_001
    assert all(site["addresses"] for site in found.sites)


# -- what no Provider should answer


def login(account: str, name: str = "LAN Login") -> str:
    """What is inside a Props of one property."""
    return f"<PropertyName>{name}</PropertyName><Value>0</Value><Value1>{account}</Value1>"


def shown(**changes: str) -> str:
    values = {"SiteCode": "C01", "ServerName": "C01", "SiteName": "Central", "Version": "4.00.6487.2000", "Type": "2"}
    return fragment(**(values | changes))


P01 = shown(SiteCode="P01", ServerName="P01", ReportingSiteCode="C01")


def addresses_of(code: str, *items: str) -> tuple[list[dict[str, object]], tuple[str, ...]]:
    """The addresses that a site is described with, and the warnings, if the Provider shows these."""
    script = Scripted(enumerated(shown(), P01), enumerated(*items))
    found = read_hierarchy_from_provider(script.wmi, site_code="C01")
    (described,) = (site for site in found.sites if site["code"] == code)
    return described.get("addresses"), found.warnings  # type: ignore[return-value]


@pytest.mark.parametrize(
    "item",
    [
        shown(SiteCode=""),
        shown(SiteCode="C012"),
        shown(SiteCode="C/1"),
        shown(ServerName=""),
        shown(ServerName="{{ lookup('pipe', 'id') }}"),
        shown(ServerName="c01 ansible_connection=local"),
        shown(ServerName="../c01"),
        shown(ServerName="c" * 256),
        shown(ReportingSiteCode="{{ x }}"),
        shown(Type="two"),
        shown(Status="<x>1</x>"),
        shown() + shown(),
        "<w:XmlFragment>C01</w:XmlFragment>",
    ],
)
def test_a_site_that_makes_no_sense(item: str) -> None:
    script = Scripted(enumerated(item))
    with pytest.raises(NoAnswer, match=r"^C01: could not read the sites in root/sms/site_C01"):
        read_hierarchy_from_provider(script.wmi, site_code="C01")


def test_a_provider_that_brings_one_site_after_the_other_has_an_end() -> None:
    first, *more = (begun(shown()), *[pulled(shown())] * 1_999)
    script = Scripted(first, *more)
    with pytest.raises(
        NoAnswer, match=r"^C01: could not read the sites in root/sms/site_C01: .*more than 2000 answers"
    ):
        read_hierarchy_from_provider(script.wmi, site_code="C01")


@pytest.mark.parametrize("name", [" Central", "Cen&#10;tral", "x" * 256, "&#x202e;lartneC"])
def test_a_name_that_can_t_be_shown_is_left_out(name: str) -> None:
    script = Scripted(enumerated(shown(SiteName=name)), enumerated())
    found = read_hierarchy_from_provider(script.wmi, site_code="C01")
    assert "name" not in found.sites[0]
    assert found.warnings[0] == "Site names that cannot be shown are left out: C01."


@pytest.mark.parametrize(
    "props",
    [
        login("CORP\\smssend", "lan login"),
        login("CORP\\smssend", "Connection Point"),
        login("smssend"),
        login("CORP\\"),
        login("CORP\\smssend\\x"),
        login("CORP\\sms&#10;send"),
        login("CORP\\sms&#x85;send"),
        login("CORP\\&#x202e;dnesmms"),
        login("CORP\\sms&#x200b;send"),
        login("ops&#x2066;@corp.example"),
        login("CORP\\a|b"),
        login("@corp.example"),
        login("060100002F9C8A1E6A"),
    ],
)
def test_an_account_that_is_not_told_is_not_guessed(props: str) -> None:
    found, warnings = addresses_of("C01", fragment(SiteCode="C01", DesSiteCode="P01", Props=props))
    assert found == []
    assert "Addresses are left out if the SMS Provider does not return their account: C01 to P01." in warnings


@pytest.mark.parametrize(
    "item",
    [
        fragment(SiteCode="C0", DesSiteCode="P01", Props=login("")),
        fragment(SiteCode="C01", DesSiteCode="dp1.corp.example", Props=login("")),
        fragment(SiteCode="C01", DesSiteCode="P01", Props="CORP\\smssend"),
        fragment(SiteCode="C01", DesSiteCode="P01", FileType="actual", Props=login("")),
        fragment(SiteCode="C01", DesSiteCode="P01", Props=login("<x>CORP</x>")),
    ],
)
def test_an_address_that_makes_no_sense(item: str) -> None:
    with pytest.raises(NoAnswer, match=r"^C01: could not read the addresses in root/sms/site_C01"):
        addresses_of("C01", item)


def test_addresses_that_can_t_be_described_are_said() -> None:
    found, warnings = addresses_of(
        "C01",
        fragment(SiteCode="C01", DesSiteCode="P01", AddressType="MS_MAPI", Props=login("CORP\\a")),
        fragment(SiteCode="C01", DesSiteCode="X99", Props=login("CORP\\a")),
        fragment(SiteCode="X99", DesSiteCode="C01", Props=login("CORP\\a")),
        fragment(SiteCode="C01", DesSiteCode="P01", Props=login("CORP\\a")),
    )
    assert found == [{"to": "P01", "type": "MS_LAN", "sender_account": "CORP\\a"}]
    assert warnings[:2] == (
        "Addresses of types without a known account are left out: C01 to P01 (MS_MAPI).",
        "Addresses to sites that are not shown are left out: C01 to X99.",
    )


@pytest.mark.parametrize("more", ["", '<Props xsi:nil="true"/>'], ids=["absent", "null"])
def test_where_embedded_properties_can_t_be_chosen_the_whole_is_asked_for(more: str) -> None:
    without = fragment(SiteCode="C01", DesSiteCode="P01").replace("</w:", f"{more}</w:")
    script = Scripted(
        enumerated(shown(), P01),
        enumerated(without),
        enumerated(fragment(SiteCode="C01", DesSiteCode="P01", Props=login("CORP\\smssend"))),
    )
    found = read_hierarchy_from_provider(script.wmi, site_code="C01")
    assert found.sites[0]["addresses"] == [{"to": "P01", "type": "MS_LAN", "sender_account": "CORP\\smssend"}]
    assert [b"SELECT * FROM SMS_SCI_Address" in request for request in script.requests] == [False, False, True]


@pytest.mark.parametrize("codes", [("C01", "P01"), ("C01", "P01", "c01")])
def test_several_local_sites(codes: tuple[str, ...]) -> None:
    script = Scripted(enumerated(*(fragment(SiteCode=code, Machine="c01") for code in codes)))
    with pytest.raises(ServerFault, match=r"several sites are called local: C01, P01\. Give the site code"):
        read_hierarchy_from_provider(script.wmi)


def test_no_local_site() -> None:
    with pytest.raises(NotFound, match="Give the site code"):
        read_hierarchy_from_provider(Scripted(enumerated()).wmi)


def test_several_providers_of_one_site_are_all_named() -> None:
    gone = fault_reply('<s:Detail><f:WSManFault Code="2147749902"/></s:Detail>')
    script = Scripted(
        enumerated(fragment(SiteCode="C01", Machine="db2"), fragment(SiteCode="C01", Machine="db1&#10;x")), gone
    )
    with pytest.raises(Rejected, match=r"runs on db1 x, db2: connect to that"):
        read_hierarchy_from_provider(script.wmi)
    assert str(header(script.requests[1], "w:ResourceURI").text).endswith("/wmi/root/sms/site_C01/*")
