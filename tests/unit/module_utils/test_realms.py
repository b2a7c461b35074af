# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The realm of a domain by its NetBIOS name."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.realms import domains_of_host, realm_of_domain

NEAR = ("CORP.EXAMPLE", "EXAMPLE")


@pytest.mark.parametrize("domain", ["CORP", "corp", "CORP."])
@pytest.mark.parametrize("domains", [{"ad.corp.example": "CORP"}, {"AD.corp.example.": "corp", "b.example": "B"}])
def test_what_is_given_counts_first(domain: str, domains: dict[str, str]) -> None:
    assert realm_of_domain(domain, domains, NEAR, ["CORP"]) == "AD.CORP.EXAMPLE"


def test_two_domains_of_one_name_are_none() -> None:
    assert realm_of_domain("CORP", {"corp.example": "CORP", "corp.test": "CORP"}, NEAR, []) == ""
    assert realm_of_domain("CORP", {"corp.example": "CORP", "CORP.example.": "CORP"}, (), []) == "CORP.EXAMPLE"


def test_a_dns_name_is_the_realm() -> None:
    assert realm_of_domain("west.example", {"corp.example": "CORP"}, NEAR, []) == "WEST.EXAMPLE"


@pytest.mark.parametrize(
    ("near", "others", "expected"),
    [
        (NEAR, [], "CORP.EXAMPLE"),
        (["EXAMPLE", "CORP.TEST"], ["CORP.EXAMPLE"], "CORP.TEST"),
        (["EMEA.CORP.EXAMPLE", "CORP.EXAMPLE"], [], "CORP.EXAMPLE"),
        (["CORP.ONE", "CORP.TWO"], [], "CORP.ONE"),
        ([], ["WEST.EXAMPLE", "corp.example"], "CORP.EXAMPLE"),
        ([], ["CORP.EXAMPLE", "corp.example"], "CORP.EXAMPLE"),
        ([], ["CORP.EXAMPLE", "CORP.TEST"], ""),
        ([], ["CORP.EXAMPLE", "CORP.TEST", "CORP"], "CORP"),
        ([], ["CORPORATE.EXAMPLE"], ""),
        ([], [], ""),
    ],
)
def test_the_first_label_is_looked_for_near_first(near: list[str], others: list[str], expected: str) -> None:
    assert realm_of_domain("CORP", {"west.example": "WEST"}, near, others) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("p01.corp.example", ("CORP.EXAMPLE", "EXAMPLE")),
        ("P01.corp.example.", ("CORP.EXAMPLE", "EXAMPLE")),
        ("p01", ()),
        ("", ()),
        ("10.1.2.3", ()),
        ("2001:db8::1", ()),
    ],
)
def test_the_realms_of_a_host_follow_from_its_name(host: str, expected: tuple[str, ...]) -> None:
    assert domains_of_host(host) == expected
