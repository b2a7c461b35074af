# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as playbooks meet them: through Ansible's own templating."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.sitekeeper.sms.plugins.filter.hierarchy import FilterModule
from ansible_collections.sitekeeper.sms.plugins.filter.security import FilterModule as SecurityFilterModule

FILTERS = {**FilterModule().filters(), **SecurityFilterModule().filters()}
FOLDER = Path(__file__).resolve().parents[3] / "plugins" / "filter"

SITES = [
    {"code": "C01", "server": "central", "addresses": [{"to": "p01", "sender_account": r"CORP\smssend"}]},
    {"code": "P01", "server": "primary", "parent": "C01"},
]
WRONG = [{"code": "P01", "server": "primary", "parent": "C01"}, "P02"]
WHAT_IS_WRONG = [
    "entry 2 of sms_sites must be a dictionary that describes a site, but it is text.",
    "site P01: its parent C01 is not described; add site C01 to sms_sites or correct the parent.",
]


def test_required_grants():
    assert FILTERS["required_grants"](SITES) == {
        "C01": [],
        "P01": [{"account": r"CORP\smssend", "reasons": [r"C01 sends to P01 as CORP\smssend"]}],
    }


def test_required_grants_of_a_wrong_description_names_every_error():
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS["required_grants"](WRONG)
    assert str(caught.value) == "\n".join(["The description of the hierarchy can't be used:", *WHAT_IS_WRONG])


def test_hierarchy_errors():
    assert FILTERS["hierarchy_errors"](WRONG) == WHAT_IS_WRONG
    assert FILTERS["hierarchy_errors"](SITES) == []


SCOPE = {
    "sites": {"central": "C01", "primary": "P01"},
    "products": {"C01": "configmgr", "P01": "sms_1_2"},
    "grants": {"C01": [], "P01": [{"account": r"CORP\smssend", "reasons": [r"C01 sends to P01 as CORP\smssend"]}]},
}


def test_host_site():
    assert FILTERS["host_site"](SCOPE, "Primary") == {
        "code": "P01",
        "product": "sms_1_2",
        "senders": [r"CORP\smssend"],
        "reasons": {r"CORP\smssend": [r"C01 sends to P01 as CORP\smssend"]},
    }
    assert FILTERS["host_site"](SCOPE, "primary", "c01", "p01")["code"] == "C01"
    assert FILTERS["host_site"](SCOPE, "alias", "", "c01")["senders"] == []


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        (SCOPE, "No site in sms_sites has the server 'alias'. Add the site"),
        ({"failed": True}, "host_site takes what sitekeeper.sms.hierarchy_scope returned"),
        (None, "host_site takes what sitekeeper.sms.hierarchy_scope returned"),
    ],
)
def test_host_site_fails_without_a_site_or_a_scope(scope, message):
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS["host_site"](scope, "alias")
    assert str(caught.value).startswith(message)


def test_every_filter_is_documented_under_its_name():
    assert {path.stem for path in FOLDER.glob("*.yml")} == set(FILTERS)
    for name in FILTERS:
        assert yaml.safe_load((FOLDER / f"{name}.yml").read_text())["DOCUMENTATION"]["name"] == name


def example_of(name):
    """The first example of a filter: its variables, and what the comments below it say it returns."""
    documented = yaml.safe_load((FOLDER / f"{name}.yml").read_text())["EXAMPLES"]
    variables = yaml.safe_load(documented)[0]["vars"]
    comments = [line.partition("# ")[2] for line in documented.splitlines() if line.strip().startswith("# ")]
    return variables, yaml.safe_load("\n".join(comments))


def test_the_example_of_required_grants_shows_what_it_returns():
    variables, returned = example_of("required_grants")
    assert FILTERS["required_grants"](variables["sms_sites"]) == returned


def test_the_example_of_hierarchy_findings_shows_what_it_returns():
    variables, returned = example_of("hierarchy_findings")
    assert FILTERS["hierarchy_findings"](variables["sms_sites"], {"P01": r"CORP\smssvc-new"}) == returned


def test_the_example_of_sddl_describe_shows_what_it_returns():
    variables, returned = example_of("sddl_describe")
    assert FILTERS["sddl_describe"](variables["sddl"], names=variables["names"]) == returned


def test_products_of_ones_own():
    sites = [{"code": "C01", "server": "central", "product": "ours", "service_account": r"CORP\smssvc"}]
    products = {"ours": {"based_on": "sms_2_0", "self_address": True}}
    assert FILTERS["hierarchy_errors"](sites, products) == []
    assert [grant["account"] for grant in FILTERS["required_grants"](sites, products)["C01"]] == [r"CORP\smssvc"]
    assert FILTERS["hierarchy_findings"](sites, sms_products=products) == []
    assert FILTERS["hierarchy_errors"](sites, {"ours": None}) == [
        "product ours must be a dictionary that describes it, but it is empty."
    ]


@pytest.mark.parametrize(
    ("service_accounts", "message"),
    [
        ("CORP", "service_accounts must be a dictionary of accounts by site codes"),
        ({"X01": "CORP"}, "service_accounts names site 'X01', which sms_sites does not describe"),
        ({"p01": 7}, "service_accounts: the account of site 'p01' must be text, or null if not known"),
    ],
)
def test_service_accounts_that_are_none(service_accounts, message):
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS["hierarchy_findings"](SITES, service_accounts)
    assert str(caught.value) == message


def test_site_codes_of_service_accounts_may_be_in_any_case():
    sites = [{"code": "P01", "server": "primary", "service_account": r"CORP\a", "addresses": []}]
    (finding,) = FILTERS["hierarchy_findings"](sites, {"p01": r"CORP\b"})
    assert finding["id"] == "service_account_changed"
