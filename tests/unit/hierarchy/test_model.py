# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking things up in a hierarchy."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import PRODUCTS, Hierarchy, Site

CENTRAL = Site("C01", "Central.corp.example", PRODUCTS["sms_1_2"])
PRIMARY = Site("P01", "primary", PRODUCTS["sms_1_2"], parent="C01")
OTHER = Site("P02", "other", PRODUCTS["sms_1_2"], parent="C01")
HIERARCHY = Hierarchy((CENTRAL, OTHER, PRIMARY))


@pytest.mark.parametrize("code", ["P01", "p01"])
def test_by_code(code):
    assert HIERARCHY.by_code(code) is PRIMARY


def test_what_is_not_there():
    assert HIERARCHY.by_code("X01") is None
    assert HIERARCHY.children("X01") == ()


def test_children_keep_the_order_of_the_description():
    assert HIERARCHY.children("c01") == (OTHER, PRIMARY)
    assert HIERARCHY.children("P01") == ()


def test_a_hierarchy_is_a_value():
    same = Hierarchy((CENTRAL, OTHER, PRIMARY))
    assert same == HIERARCHY
    assert hash(same) == hash(HIERARCHY)
    assert same != Hierarchy((CENTRAL, PRIMARY, OTHER))
    with pytest.raises(AttributeError):
        same.sites = ()


def test_types_that_are_not_described_follow_from_the_place():
    below = Site("S01", "s01", PRODUCTS["sms_1_2"], parent="P01")
    told = Site("S02", "s02", PRODUCTS["sms_1_2"], parent="P01", type="secondary")
    alone = Site("X01", "x01", PRODUCTS["sms_1_2"], type="primary")
    hierarchy = Hierarchy((CENTRAL, PRIMARY, OTHER, below, told, alone))
    types = {site.code: hierarchy.type_of(site) for site in hierarchy.sites}
    # P02 has a parent and nothing below it, as S01: either may be a primary or a secondary site.
    assert types == {
        "C01": "central",
        "P01": "primary",
        "P02": None,
        "S01": None,
        "S02": "secondary",
        "X01": "primary",
    }
