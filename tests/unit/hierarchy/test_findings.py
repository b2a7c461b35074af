# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found in a hierarchy: each kind where it should be, and nothing where it should not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import (
    LOGON_KINDS,
    hierarchy_findings,
    logon_findings,
    read_hierarchy,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.findings import KINDS

PAGES = Path(__file__).resolve().parents[3] / "docs" / "findings"


def site(code, **values):
    return {"code": code, "server": f"{code.lower()}.corp.example", **values}


def to(code, account, **values):
    return {"to": code, "sender_account": account, **values}


def found(sites, logons=None, products=None):
    findings = hierarchy_findings(read_hierarchy(sites, products), logons)
    return [(finding.kind.id, finding.site, finding.evidence) for finding in findings]


def pair(parent=None, child=None):
    """Two sites of SMS 1.2 without a fault, and what is different about them."""
    return [
        site(
            "C01",
            **{
                "service_account": r"CORP\smssvc",
                "addresses": [to("C01", r"CORP\smssvc"), to("P01", r"CORP\smssend")],
                **(parent or {}),
            },
        ),
        site(
            "P01",
            parent="C01",
            **{
                "service_account": r"CORP\smssvc",
                "addresses": [to("P01", r"CORP\smssvc"), to("C01", r"CORP\smssend")],
                **(child or {}),
            },
        ),
    ]


MODERN = {"product": "configmgr", "domain": "CORP"}
OLD = {"product": "configmgr_2007"}

# By the kind: a description, what was read on its servers, and the only finding of that kind in it.
CASES = {
    "self_address_account": (
        pair(child={"addresses": [to("P01", r"CORP\smssend"), to("C01", r"CORP\smssend")]}),
        {"C01": r"CORP\smssvc", "P01": r"corp\SMSSVC"},
        ("P01", r"it sends to itself as CORP\smssend, SMS_EXECUTIVE logs on as corp\SMSSVC"),
    ),
    "service_account_changed": (
        pair(),
        {"C01": r"CORP\smssvc", "P01": r"CORP\smssvc-new"},
        ("P01", r"service_account is CORP\smssvc, SMS_EXECUTIVE logs on as CORP\smssvc-new"),
    ),
    "service_account_unknown": (
        pair(),
        {"C01": r"CORP\smssvc", "P01": None},
        ("P01", "the logon account of SMS_EXECUTIVE was not read"),
    ),
    "untrusted_domain": (
        pair(
            parent={"addresses": [to("C01", r"CORP\smssvc"), to("P01", r"OTHER\smssend")]},
            child={"domain": "CORP", "trusted_domains": []},
        ),
        None,
        ("P01", r"C01 sends to it as OTHER\smssend; its server's domain CORP trusts no other domain"),
    ),
    "trust_unknown": (
        pair(
            parent={"addresses": [to("C01", r"CORP\smssvc"), to("P01", r"OTHER\smssend")]},
            child={"domain": "CORP"},
        ),
        None,
        (
            "P01",
            r"C01 sends to it as OTHER\smssend; its server's domain CORP is another domain or another spelling",
        ),
    ),
    "service_account_lockout": (
        pair(
            parent={"domain": "CORP", "trusted_domains": []},
            child={"domain": "BRANCH", "service_account": r"BRANCH\smssvc"},
        ),
        None,
        (
            "C01",
            r"its service account CORP\smssvc has the same name as BRANCH\smssvc, the service account of its child "
            "P01; its domain does not trust BRANCH",
        ),
    ),
    "secondary_account": (
        [
            site("P01", **MODERN),
            site("S01", parent="P01", type="secondary", addresses=[to("P01", r"CORP\smssend")], **MODERN),
        ],
        None,
        ("S01", r"its address to P01 has the account CORP\smssend, its computer account is CORP\S01$"),
    ),
    "secondary_in_other_forest": (
        [
            site("P01", domain="CORP", forest="corp.example", **OLD),
            site("S01", parent="P01", type="secondary", domain="OTHER", forest="other.example", **OLD),
        ],
        None,
        ("S01", "it is in the forest other.example, its parent P01 in corp.example"),
    ),
    "computer_account_across_forests": (
        [
            site("Q01", domain="OTHER", forest="other.example", addresses=[to("P01", r"CORP\smssend")], **OLD),
            site("P01", parent="Q01", domain="CORP", forest="corp.example", **OLD),
        ],
        None,
        ("P01", r"it sends to Q01 in other.example as CORP\P01$ of corp.example"),
    ),
    "several_routes": (
        [
            site("C01", **MODERN),
            site("P01", parent="C01", addresses=[{"to": "C01"}, {"to": "C01", "type": "MS_ISDN_RAS"}], **MODERN),
        ],
        None,
        ("P01", "it has 2 addresses to C01"),
    ),
    "group_membership": (
        [site("C01", addresses=[to("P01", r"CORP\smsrepl")], **MODERN), site("P01", parent="C01", **MODERN)],
        None,
        (
            "P01",
            r"C01 sends to it as CORP\smsrepl, which must be a member of SMS_SiteToSiteConnection_P01",
        ),
    ),
    "no_way_back": (
        pair(child={"addresses": [to("P01", r"CORP\smssvc")]}),
        None,
        ("P01", "C01 sends to it, but it has no address to C01"),
    ),
    "not_connected": (
        pair(parent={"addresses": []}, child={"addresses": [{"to": "C01", "type": "MS_COURIER"}]}),
        None,
        ("P01", "its parent is C01"),
    ),
    "default_account_unknown": (
        [site("C01", addresses=[to("P01", r"CORP\a")]), site("P01", parent="C01", product="configmgr")],
        None,
        ("P01", "its default Sender account, the computer account, is not described"),
    ),
    "account_across_products": (
        [
            *pair(parent={"addresses": [to("P01", r"CORP\smssend"), to("Q01", r"corp\smssend")]}),
            site("Q01", parent="C01", **MODERN),
        ],
        None,
        (
            "C01",
            r"CORP\smssend is used on Configuration Manager 2012 to current branch (Q01); "
            "Systems Management Server 1.2 (C01, P01)",
        ),
    ),
}

# The findings that follow from a reading: the evidence on the page.
LOGONS = {
    "logon_right_missing": (
        r"CORP\smssend: right to log on from the network: denied by CORP\No Network (group policy)"
    ),
    "account_locked": r"CORP\smssend: account locked",
    "account_disabled": r"CORP\smssend: account disabled",
    "account_expired": r"CORP\smssend: account expired",
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in LOGON_KINDS])
def test_every_kind_is_found(kind):
    sites, logons, expected = CASES[kind]
    assert [rest for name, *rest in found(sites, logons) if name == kind] == [list(expected)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_page(kind):
    page = " ".join((PAGES / f"{kind}.md").read_text(encoding="utf-8").split())
    known = KINDS[kind]
    assert page.startswith(f"# {kind} *{known.severity.value.capitalize()}.* {known.title}.")
    assert known.advice in page
    assert page.endswith(f"## Source {known.source}")
    # The example on the page is what is found in the case above.
    code, evidence = CASES[kind][2] if kind in CASES else ("P01", LOGONS[kind])
    assert f"``` {code}: {evidence} ```" in page


def test_every_page_is_listed_and_none_is_of_nothing():
    assert {page.stem for page in PAGES.glob("*.md")} == {*KINDS, "README"}
    listed = (PAGES / "README.md").read_text(encoding="utf-8")
    for kind in KINDS.values():
        assert f"| [{kind.id}]({kind.id}.md) | {kind.severity.value} | {kind.title} |" in listed


@pytest.mark.parametrize("kind", LOGON_KINDS)
def test_an_account_that_cannot_log_on(kind):
    (finding,) = logon_findings("P01", [(kind, LOGONS[kind])])
    assert finding.as_dict() == {
        "id": kind,
        "severity": "error",
        "site": "P01",
        "evidence": LOGONS[kind],
        "advice": KINDS[kind].advice,
        "source": KINDS[kind].source,
    }


def test_logons_are_sorted_by_kind_and_evidence_each_once():
    problems = [
        ("account_expired", r"CORP\a: password expired"),
        ("account_locked", r"CORP\b: account locked"),
        ("account_locked", r"CORP\a: account locked"),
        ("account_locked", r"CORP\b: account locked"),
    ]
    sorted_ones = [problems[2], problems[1], problems[0]]
    for given in (problems, problems[::-1]):
        found_ones = [(finding.kind.id, finding.evidence) for finding in logon_findings("P01", iter(given))]
        assert found_ones == sorted_ones
    assert logon_findings("P01", []) == ()


@pytest.mark.parametrize("kind", ["untrusted_domain", "", "Account_locked"])
def test_another_kind_is_no_finding_about_a_logon(kind):
    with pytest.raises(ValueError, match="not a finding about a logon"):
        logon_findings("P01", [("account_locked", "a"), (kind, "b")])


def test_a_hierarchy_without_a_fault():
    assert found(pair(), {"C01": r"CORP\smssvc", "P01": r"CORP\SMSSVC"}) == []
    assert found([site("C01", **MODERN), site("P01", parent="C01", **MODERN)]) == []
    assert found([site("C01")]) == []


def test_another_account_for_other_sites_is_fine():
    # Q179118: "but you can use a different Sender Account to connect to other sites in the hierarchy".
    assert "self_address_account" not in [name for name, *_rest in found(pair(), {"C01": r"CORP\smssvc"})]


def test_what_was_read_counts_more_than_what_is_described():
    sites = pair(child={"service_account": r"CORP\smsold"})
    assert found(sites, {"C01": r"CORP\smssvc", "P01": r"CORP\smssvc"}) == [
        (
            "service_account_changed",
            "P01",
            r"service_account is CORP\smsold, SMS_EXECUTIVE logs on as CORP\smssvc",
        )
    ]
    assert found(sites) == [
        ("self_address_account", "P01", r"it sends to itself as CORP\smssvc, service_account is CORP\smsold")
    ]


@pytest.mark.parametrize("logon", ["smssvc@corp.example", "S-1-5-21-1-2-3-1104", r".\smssvc", r"corp.example\smssvc"])
def test_what_names_do_not_tell_is_not_known(logon):
    names = {name for name, *_rest in found(pair(), {"C01": r"CORP\smssvc", "P01": logon})}
    assert names == {"service_account_unknown"}


def test_the_account_of_a_service_that_nothing_is_compared_with_is_not_missed():
    assert found([site("C01", addresses=[])], {}) == []


def test_a_default_address_is_not_compared_with_the_account_that_it_follows_from():
    sites = [site("C01", service_account=r"CORP\smssvc")]
    assert [name for name, *_rest in found(sites, {"C01": r"CORP\smssvc-new"})] == ["service_account_changed"]


def test_local_system_is_the_computer_account():
    advanced = {"product": "sms_2003", "domain": "CORP", "service_account": "LocalSystem"}
    sites = [site("C01", addresses=[to("C01", r"CORP\C01$")], **advanced)]
    assert found(sites, {"C01": r".\LocalSystem"}) == []
    sites = [site("C01", addresses=[to("C01", r"CORP\smssend")], **advanced)]
    names = [name for name, *_rest in found(sites, {"C01": "LocalSystem"})]
    assert names == ["self_address_account", "group_membership"]


@pytest.mark.parametrize(
    "child",
    [
        {"domain": "CORP", "trusted_domains": ["other"]},
        {"domain": "OTHER", "trusted_domains": []},
        {"domain": "CORP", "forest": "corp.example"},
    ],
)
def test_trusted_accounts(child):
    # The last: both domains are in one forest.
    sites = pair(
        parent={
            "addresses": [to("C01", r"CORP\smssvc"), to("P01", r"OTHER\smssend")],
            "domain": "OTHER",
            "forest": "Corp.Example",
            "trusted_domains": ["CORP"],
        },
        child={**child, "addresses": [to("P01", r"P01\local"), to("C01", r"CORP\smssend")]},
    )
    assert {name for name, *_rest in found(sites)} & {"untrusted_domain", "trust_unknown"} == set()


def test_a_netbios_name_and_a_dns_name_are_not_compared():
    sites = pair(child={"domain": "corp.example", "trusted_domains": []})
    trust = [name for name, code, _evidence in found(sites) if code == "P01"]
    assert trust == ["trust_unknown", "trust_unknown"]


def test_one_finding_for_one_account_however_many_use_it():
    sites = [
        site("C01", domain="CORP", trusted_domains=[], addresses=[]),
        *(site(f"P{n:02}", parent="C01", addresses=[to("C01", r"OTHER\a")]) for n in range(20)),
    ]
    assert len([name for name, *_rest in found(sites) if name == "untrusted_domain"]) == 1


def test_a_secondary_site_may_name_its_computer_account():
    sites = [
        site("P01", **MODERN),
        site("S01", parent="P01", type="secondary", addresses=[to("P01", r"corp\s01$")], **MODERN),
    ]
    assert found(sites) == []
    # Which computer it is does not follow where the domain is not described.
    sites[1] = site("S01", parent="P01", type="secondary", product="configmgr", addresses=[to("P01", r"X\Y$")])
    assert "secondary_account" not in [name for name, *_rest in found(sites)]
    # SMS 1.2 knows no such rule.
    sites[1] = site("S01", parent="P01", type="secondary", addresses=[to("P01", r"CORP\smssend")])
    assert "secondary_account" not in [name for name, *_rest in found(sites)]


def test_a_site_below_a_silent_one_has_no_fault_of_its_own():
    names = [(name, code) for name, code, _evidence in found([site("C01"), site("P01", parent="C01")])]
    assert names == [("default_account_unknown", "C01"), ("default_account_unknown", "P01")]


def names_in(sites, logons=None):
    return {name for name, *_rest in found(sites, logons)}


def test_rules_of_one_product_are_not_those_of_another():
    # SMS 1.2 may have addresses of several types to one site.
    several = [to("C01", r"CORP\a"), to("C01", r"CORP\a", type="MS_ISDN_RAS")]
    assert found([site("C01", addresses=several)]) == []
    # Only SMS 1.2 tries its service account first.
    parent, child = CASES["service_account_lockout"][0]
    assert "service_account_lockout" not in names_in([parent, {**child, "product": "sms_2_0"}])


def test_a_product_based_on_another_keeps_its_findings():
    source = 'Microsoft KB Q163747, "SMS Site to Site Communication May Lock Out Service Account"'

    def sources(products):
        parent, child = CASES["service_account_lockout"][0]
        hierarchy = read_hierarchy([parent, {**child, "product": "ours"}], products)
        return [each.source for each in hierarchy_findings(hierarchy) if each.kind.id == "service_account_lockout"]

    assert sources({"ours": {"based_on": "sms_1_2", "share": "OURS"}}) == [source]
    assert sources({"theirs": {"based_on": "sms_1_2"}, "ours": {"based_on": "theirs"}}) == [source]
    assert sources({"ours": {"based_on": "sms_2_0"}}) == []
    # It is a fact like others: a product of one's own may say otherwise, with its own source.
    assert sources({"ours": {"based_on": "sms_1_2", "tries_service_account_first": False}}) == []
    handbook = {"based_on": "sms_2_0", "tries_service_account_first": True, "source": "our handbook, page 8"}
    assert sources({"ours": handbook}) == ["our handbook, page 8"]


def test_rules_for_secondary_sites_are_not_for_primary_ones():
    for kind in ("secondary_account", "secondary_in_other_forest"):
        parent, child = CASES[kind][0]
        assert kind in names_in([parent, child])
        assert kind not in names_in([parent, {**child, "type": "primary"}])


def test_a_site_of_which_nothing_is_known_is_not_said_to_lack_an_address():
    sites, logons, _expected = CASES["default_account_unknown"]
    assert names_in(sites, logons) == {"default_account_unknown", "group_membership"}


def test_a_computer_account_is_the_same_for_every_product():
    sites = [
        site("C01", product="sms_2003", domain="CORP", addresses=[]),
        site("P01", addresses=[], parent="C01"),
        site("P02", parent="C01", addresses=[to("C01", r"CORP\P02$"), to("P01", r"CORP\P02$")], **MODERN),
    ]
    assert "account_across_products" not in names_in(sites)


def test_a_product_of_ones_own_brings_its_source_along():
    products = {"ours": {"based_on": "sms_1_2", "single_route": True, "source": "our handbook, page 7"}}
    sites = [site("C01", product="ours", addresses=[to("C01", r"CORP\a"), to("C01", r"CORP\a", type="MS_ISDN_RAS")])]
    (finding,) = hierarchy_findings(read_hierarchy(sites, products))
    assert finding.as_dict() == {
        "id": "several_routes",
        "severity": "warning",
        "site": "C01",
        "evidence": "it has 2 addresses to C01",
        "advice": KINDS["several_routes"].advice,
        "source": "our handbook, page 7",
    }


def test_findings_are_sorted_by_site_and_do_not_depend_on_the_order_described():
    sites = [each for kind in ("no_way_back", "untrusted_domain") for each in CASES[kind][0]]
    renamed = [{**each, "code": each["code"].replace("0", "1"), "server": f"x{n}"} for n, each in enumerate(sites[:2])]
    for each in renamed:
        each["addresses"] = [{**address, "to": address["to"].replace("0", "1")} for address in each["addresses"]]
        if "parent" in each:
            each["parent"] = "C11"
    everything = [*renamed, *sites[2:]]
    findings = found(everything)
    assert [code for _name, code, _evidence in findings] == sorted(code for _name, code, _evidence in findings)
    assert found(everything[::-1]) == findings
