# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hierarchy from the answers of an SMS Provider that a test wrote."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    NoAnswer,
    NotFound,
    Rejected,
    ServerFault,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.sms_provider import (
    read_hierarchy_from_provider,
)
from tests.unit.site_server.wmi.scripted_wmi import Scripted, begun, enumerated, fragment, pulled
from tests.unit.wsman.server_side import fault_reply, header


def site(code: str, parent: str | None = None, *, product: str = "configmgr", **more: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"code": code, "server": f"{code.lower()}.corp.example", "product": product}
    return described | ({"parent": parent} if parent else {}) | more


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


@pytest.mark.parametrize("code", ["", "C1", "C01x", "C01/../cimv2", "Ü01", "C 1"])
def test_a_site_code_that_is_none_is_not_sent(code: str) -> None:
    script = Scripted()
    with pytest.raises(ServerFault, match="is no site code"):
        read_hierarchy_from_provider(script.wmi, site_code=code)
    assert script.requests == []


def test_more_than_ten_thousand_sites() -> None:
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = [f"{a}{b}{c}" for a in letters[:8] for b in letters for c in letters][:10_001]
    sites = [fragment(SiteCode=code, ServerName=f"s{code}", Version="4.00.6487.2000") for code in codes]
    addresses = [fragment(SiteCode=code, DesSiteCode="000", Props=login("CORP\\smssend")) for code in codes]
    script = Scripted(enumerated(*sites), enumerated(*addresses))
    found = read_hierarchy_from_provider(script.wmi, site_code="000")
    assert len(found.sites) == 10_001
    assert all(site["addresses"] for site in found.sites)


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
