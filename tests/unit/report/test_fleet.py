# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit beside the hierarchy: states, order, tree."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import read_audit
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import read_hierarchy
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report import SiteState, fleet_of
from tests.unit.report.support import description, finding, fleet_lines, host, lines, status_of

SITES: list[dict[str, Any]] = [
    {"code": "C01", "name": "Headquarters", "server": "c01.corp.example", "service_account": "CORP\\smssvc"},
    {"code": "P02", "server": "p02.corp.example", "parent": "C01", "service_account": "CORP\\smssvc"},
    {"code": "P01", "server": "p01.corp.example", "parent": "C01", "service_account": "CORP\\smssvc"},
    {"code": "S01", "server": "s01.corp.example", "parent": "P01", "service_account": "CORP\\smssvc"},
    {"code": "X01", "server": "x01.corp.example", "product": "configmgr", "server_account": "CORP\\X01$"},
]


def test_states_order_and_tree() -> None:
    audit = read_audit(
        {
            "a": lines(
                host("C01.corp.example", "C01"),
                host("p01.corp.example", "P01", "unreachable"),
                host("s01.corp.example", "S01", "drifted"),
                host("stranger.corp.example", None, "error", product=None),
                host("x01.corp.example", "X01", product="configmgr"),
            )
        }
    )
    fleet = fleet_of(audit, read_hierarchy(SITES))
    assert [(entry.host, entry.state) for entry in fleet.entries] == [
        ("s01.corp.example", SiteState.DRIFTED),
        ("stranger.corp.example", SiteState.ERROR),
        ("p01.corp.example", SiteState.UNREACHABLE),
        ("p02.corp.example", SiteState.NOT_READ),
        # The inventory writes it in other letters than the description; it is the same server.
        ("c01.corp.example", SiteState.IN_DESIRED_STATE),
        ("x01.corp.example", SiteState.IN_DESIRED_STATE),
    ]
    assert [entry.anchor for entry in fleet.entries] == ["s1", "s2", "s3", "s4", "s5", "s6"]
    assert [entry.host for entry in fleet.outsiders] == ["stranger.corp.example"]
    assert sum(fleet.counts.values()) == 6
    assert [(branch.entry.code, branch.depth, dict(branch.below)) for branch in fleet.branches] == [
        ("C01", 0, {SiteState.DRIFTED: 1, SiteState.UNREACHABLE: 1, SiteState.NOT_READ: 1}),
        ("P02", 1, {}),
        ("P01", 1, {SiteState.DRIFTED: 1}),
        ("S01", 2, {}),
        ("X01", 0, {}),
    ]
    by_code = {entry.code: entry for entry in fleet.entries}
    assert by_code["X01"].product_title == "Configuration Manager 2012 to current branch"
    assert by_code["C01"].name == "Headquarters"
    assert by_code["P02"].product == "sms_1_2"


def test_without_a_hierarchy_there_are_the_hosts_alone() -> None:
    fleet = fleet_of(read_audit({"a": lines(host("b.corp.example", "B01"), host("a.corp.example", "A01"))}))
    assert [entry.label for entry in fleet.entries] == ["A01 a.corp.example", "B01 b.corp.example"]
    assert not fleet.branches


def test_a_finding_that_the_audit_has_as_well_is_there_once() -> None:
    """P02 is described without a way back to C01, which the description alone shows."""
    sites = [dict(site) for site in SITES[:3]]
    sites[0]["addresses"] = [{"to": "P02", "sender_account": "CORP\\smssend"}]
    sites[1]["addresses"] = []
    hierarchy = read_hierarchy(sites)
    described = [found for _entry, found in fleet_of(read_audit({"a": lines()}), hierarchy).findings]
    assert "no_way_back" in {found.id for found in described}
    own = finding("P02", "of_the_audit", "error")
    records = [
        host("p02.corp.example", "P02", findings=[own, *({**dict(vars_of(found))} for found in described)]),
    ]
    fleet = fleet_of(read_audit({"a": lines(*records)}), hierarchy)
    (entry,) = (entry for entry in fleet.entries if entry.code == "P02")
    assert Counter(found.evidence for found in entry.findings if found.site == "P02" and found.id == "no_way_back") == {
        found.evidence: 1 for found in described if found.site == "P02" and found.id == "no_way_back"
    }
    # The worst comes first.
    assert entry.findings[0].id == "of_the_audit"


def vars_of(found: Any) -> dict[str, str]:
    return {key: getattr(found, key) for key in ("id", "severity", "site", "evidence", "advice", "source")}


def test_six_thousand_sites() -> None:
    count = 6000
    fleet = fleet_of(read_audit({"a": fleet_lines(count)}), read_hierarchy(description(count)))
    expected = Counter(SiteState(status_of(place)) for place in range(count))
    assert {state: number for state, number in fleet.counts.items() if number} == expected
    assert len(fleet.branches) == count
    root = fleet.branches[0]
    expected[root.entry.state] -= 1
    assert root.below == expected


def test_a_hierarchy_as_deep_as_it_is_large() -> None:
    count = 3000
    sites = description(count)
    for site, above in zip(sites[1:], sites, strict=False):
        site["parent"] = above["code"]
    fleet = fleet_of(read_audit({"a": lines()}), read_hierarchy(sites))
    assert [branch.depth for branch in fleet.branches] == list(range(count))
    assert [branch.below[SiteState.NOT_READ] for branch in fleet.branches] == list(range(count - 1, -1, -1))
