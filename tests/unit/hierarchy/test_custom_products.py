# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Products of one's own; what is wrong with one is in tests/unit/inventory/bad, each mistake with its line."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import (
    PRODUCTS,
    HierarchyError,
    read_hierarchy,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.custom_products import KEYS, MAX_PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import (
    DefaultSender,
    Holder,
    Logs,
    Requirement,
)


def product_of(products, name="ours"):
    sites = [{"code": "C01", "server": "central", "product": name}]
    return read_hierarchy(sites, products).sites[0].product


def errors_of(products):
    with pytest.raises(HierarchyError) as caught:
        product_of(products)
    return list(caught.value.errors)


FULL = {
    "title": "Our fork",
    "share": "OUR_SITE",
    "directory": "in/receive",
    "share_access": {"holder": "group", "access": "change"},
    "directory_access": {"holder": "account", "rights": ["read", "write", "delete"]},
    "group": "Senders of {code}",
    "default_senders": ["computer_account", "service_account"],
    "self_address": True,
    "secondary_uses_computer_account": True,
    "computer_account_stays_in_forest": False,
    "secondary_stays_in_forest": True,
    "single_route": True,
    "tries_service_account_first": True,
    "services": ["OUR_EXECUTIVE"],
    "logs": {"despooler": ["despool.txt"], "sender": ["send1.txt", "send2.txt"]},
    "source": "our handbook",
}


def test_a_product_from_scratch():
    ours = product_of({"ours": FULL})
    assert (ours.name, ours.title, ours.share, ours.directory) == ("ours", "Our fork", "OUR_SITE", r"in\receive")
    assert ours.share_access == Requirement(Holder.GROUP, 0x1301BF)
    # Read, Write, DELETE and what every handle needs.
    assert ours.directory_access == Requirement(Holder.ACCOUNT, 0x120089 | 0x100116 | 0x10000)
    assert ours.group_on("p01") == "Senders of P01"
    assert ours.default_senders == (DefaultSender.COMPUTER_ACCOUNT, DefaultSender.SERVICE_ACCOUNT)
    assert ours.logs == Logs(("despool.txt",), (), ("send1.txt", "send2.txt"))
    assert (ours.self_address, ours.computer_account_stays_in_forest, ours.single_route) == (True, False, True)
    assert ours.expects(r"D:\Ours\IN\Receive")
    assert set(ours.sources) == set(FULL) - {"title", "source"}
    assert set(ours.sources.values()) == {"our handbook"}
    assert set(FULL) | {"based_on"} == set(KEYS)


def test_a_product_that_differs_in_one_thing():
    base = PRODUCTS["configmgr"]
    ours = product_of(
        {"ours": {"based_on": "configmgr", "share_access": {"holder": "group", "access": "full_control"}}}
    )
    assert ours.share_access == Requirement(Holder.GROUP, 0x1F01FF)
    assert (ours.directory_access, ours.directory, ours.group) == (base.directory_access, base.directory, base.group)
    assert ours.title == f"ours (based on {base.title})"
    # What somebody says otherwise is no longer from the base's document, and no longer a gap in it.
    assert ours.sources == {**base.sources, "share_access": "sms_products, ours"}
    assert set(base.gaps) - set(ours.gaps) == {"share_access"}


def test_a_product_may_be_based_on_another_of_ones_own_above_it():
    products = {"first": {"based_on": "sms_2_0", "share": "FIRST"}, "ours": {"based_on": "first", "self_address": True}}
    assert product_of(products).share == "FIRST"
    assert errors_of(dict(reversed(products.items()))) == [
        f"product ours: unknown product 'first'; known here: {', '.join(PRODUCTS)}."
    ]


def test_a_wrong_product_is_no_mistake_of_the_sites_that_name_it():
    assert errors_of({"ours": {"based_on": "configmgr", "shar": "X"}}) == [
        "product ours: unknown key 'shar' (did you mean 'share'?)."
    ]


@pytest.mark.parametrize("directory", ["", "  ", "\\inboxes", "C:\\inboxes", "in\\..\\boxes", "in\\\\boxes", "a|b"])
def test_directories_that_are_none_below_the_installation_root(directory):
    (error,) = errors_of({"ours": {**FULL, "directory": directory}})
    assert error.startswith("product ours: directory ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("share", 7),
        ("group", "a[b"),
        ("services", "SMS_EXECUTIVE"),
        ("logs", []),
        ("logs", {"sender": "sender.log"}),
        ("share_access", {"holder": "group"}),
        ("share_access", {"access": "change"}),
        ("directory_access", {"holder": "account"}),
        ("directory_access", {"holder": "account", "rights": ["all"]}),
        ("directory_access", {"holder": "account", "access": "change", "rights": ["read"]}),
    ],
)
def test_a_wrong_value_is_one_error_and_names_its_key(key, value):
    (error,) = errors_of({"ours": {**FULL, key: value}})
    assert error.startswith(f"product ours, {key}" if isinstance(value, dict) else f"product ours: {key}")


def test_there_is_a_limit():
    products = {f"p{number}": {"based_on": "configmgr"} for number in range(MAX_PRODUCTS + 1)}
    assert errors_of(products)[0] == "sms_products describes 1001 products; the maximum is 1000."


def test_the_known_products_are_not_touched():
    before = dict(PRODUCTS)
    product_of({"ours": FULL})
    assert dict(PRODUCTS) == before
