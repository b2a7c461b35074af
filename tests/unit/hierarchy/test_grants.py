# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which access follows from a hierarchy, and why."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import (
    Grant,
    read_hierarchy,
    required_grants,
)

CODES = [f"{letter}{number:02d}" for letter in "ABCDEFGH" for number in range(100)]


def grants_of(description):
    return required_grants(read_hierarchy(description))


def test_the_destination_owes_the_sender_its_access():
    grants = grants_of(
        [
            {
                "code": "P01",
                "server": "primary",
                "parent": "C01",
                "addresses": [
                    {"to": "P01", "sender_account": r"CORP\smssvc"},
                    {"to": "C01", "sender_account": r"corp\SMSSEND"},
                ],
            },
            {
                "code": "C01",
                "server": "central",
                "addresses": [
                    {"to": "P01", "sender_account": r"CORP\smssend"},
                    {"to": "C01", "sender_account": r"CORP\smssend"},
                ],
            },
            {"code": "S01", "server": "branch", "parent": "P01"},
        ]
    )
    assert list(grants.items()) == [
        ("C01", (Grant("central", "C01", r"CORP\smssend", ("C01", "P01")),)),
        (
            "P01",
            (
                Grant("primary", "P01", r"CORP\smssend", ("C01",)),
                Grant("primary", "P01", r"CORP\smssvc", ("P01",)),
            ),
        ),
        ("S01", ()),
    ]
    assert grants["C01"][0].reasons == (
        r"C01 sends to itself as CORP\smssend",
        r"P01 sends to C01 as CORP\smssend",
    )
    assert grants["P01"][0].reasons == (r"C01 sends to P01 as CORP\smssend",)


def test_where_no_addresses_are_described_parent_and_child_send_to_each_other():
    service = {"service_account": r"CORP\smssvc"}
    grants = grants_of(
        [
            {"code": "C01", "server": "central", **service},
            {"code": "P01", "server": "primary", "parent": "C01", "service_account": r"CORP\smssvc-p01"},
        ]
    )
    default = " (default: no address is described)"
    assert {code: [grant.reasons for grant in owed] for code, owed in grants.items()} == {
        "C01": [
            (rf"C01 sends to itself as CORP\smssvc{default}",),
            (rf"P01 sends to C01 as CORP\smssvc-p01{default}",),
        ],
        "P01": [
            (rf"C01 sends to P01 as CORP\smssvc{default}",),
            (rf"P01 sends to itself as CORP\smssvc-p01{default}",),
        ],
    }


def test_defaults_are_for_sites_without_addresses_only():
    grants = grants_of(
        [
            {"code": "C01", "server": "central", "service_account": r"CORP\smssvc", "addresses": []},
            {"code": "P01", "server": "primary", "parent": "C01", "service_account": r"CORP\smssvc"},
            {"code": "S01", "server": "branch", "parent": "P01"},
        ]
    )
    assert {code: [grant.senders for grant in owed] for code, owed in grants.items()} == {
        "C01": [("P01",)],
        "P01": [("P01",)],
        "S01": [("P01",)],
    }


def test_a_reason_is_a_default_for_the_site_that_has_no_address_only():
    grants = grants_of(
        [
            {"code": "C01", "server": "c01", "addresses": [{"to": "C01", "sender_account": r"CORP\smssvc"}]},
            {"code": "P01", "server": "p01", "parent": "C01", "service_account": r"CORP\smssvc"},
        ]
    )
    assert grants["C01"][0].reasons == (
        r"C01 sends to itself as CORP\smssvc",
        r"P01 sends to C01 as CORP\smssvc (default: no address is described)",
    )


def test_only_sms_1_2_has_an_address_to_itself_by_default():
    grants = grants_of([{"code": "C01", "server": "c01", "product": "sms_2_0", "service_account": r"CORP\smssvc"}])
    assert grants == {"C01": ()}


def test_the_default_account_is_that_of_the_sending_sites_product():
    grants = grants_of(
        [
            {"code": "C01", "server": "c01", "service_account": r"CORP\smssvc", "addresses": []},
            {"code": "A01", "server": "a01.corp.example", "parent": "C01", "product": "configmgr", "domain": "CORP"},
            {"code": "B01", "server": "b", "parent": "C01", "product": "configmgr", "server_account": r"X\B01$"},
            # An account of its own, as standard security has it, and none, as advanced security has it.
            {"code": "D01", "server": "d01", "parent": "C01", "product": "sms_2003", "service_account": r"CORP\d"},
            {
                "code": "E01",
                "server": "e01",
                "parent": "C01",
                "product": "sms_2003",
                "service_account": "LocalSystem",
                "domain": "CORP",
            },
            # Nobody can be told to be let in where the account is not known.
            {"code": "F01", "server": "f01", "parent": "C01", "product": "configmgr", "service_account": r"CORP\f"},
            {"code": "H01", "server": "h01", "parent": "C01", "product": "sms_1_2", "domain": "CORP"},
            {"code": "I01", "server": "i01", "parent": "C01", "service_account": "LocalSystem", "domain": "CORP"},
        ]
    )
    assert [(grant.account, grant.senders) for grant in grants["C01"]] == [
        (r"CORP\A01$", ("A01",)),
        (r"CORP\d", ("D01",)),
        (r"CORP\E01$", ("E01",)),
        (r"X\B01$", ("B01",)),
    ]


def test_an_address_without_an_account_uses_the_computer_account_and_is_described_all_the_same():
    grants = grants_of(
        [
            {"code": "C01", "server": "c01"},
            {"code": "P01", "server": "p01", "product": "configmgr", "domain": "CORP", "addresses": [{"to": "C01"}]},
        ]
    )
    assert grants["C01"][0].reasons == (r"P01 sends to C01 as CORP\P01$",)


def test_a_courier_needs_no_access():
    grants = grants_of(
        [{"code": "C01", "server": "c01", "addresses": [{"to": "C01", "type": "MS_COURIER"}]}],
    )
    assert grants == {"C01": ()}


def test_two_addresses_of_one_site_with_one_account_are_one_reason():
    addresses = [{"to": "C01", "sender_account": r"CORP\smssend", "type": kind} for kind in ("MS_LAN", "MS_ASYNC_RAS")]
    grants = grants_of([{"code": "C01", "server": "central", "addresses": addresses}])
    assert grants == {"C01": (Grant("central", "C01", r"CORP\smssend", ("C01",)),)}


def test_six_thousand_sites():
    # G00 to KZZ: 5 * 36 * 36 codes, none of them reserved. Every site sends to the one 10 places before it.
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = [a + b + c for a in digits[16:21] for b in digits for c in digits][:6000]
    description = [
        {
            "code": code,
            "server": f"server-{code}",
            "parent": codes[place // 10] if place else None,
            "addresses": [{"to": codes[place - 10], "sender_account": rf"CORP\send{place % 7}"}],
        }
        for place, code in enumerate(codes)
    ]
    grants = grants_of(description)
    assert len(grants) == 6000
    assert grants[codes[0]][0].reasons == (rf"{codes[10]} sends to {codes[0]} as CORP\send3",)
    assert [len(owed) for owed in grants.values()] == [1] * 6000


def in_some_case(draw, text):
    return "".join(draw(st.sampled_from([char.lower(), char.upper()])) for char in text)


@st.composite
def descriptions(draw):
    """Draw a valid description: a forest of sites, with addresses anywhere, in any order and any case."""
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=12, unique=True))
    sites = []
    for place, code in enumerate(codes):
        destinations = draw(st.lists(st.sampled_from(codes), max_size=5, unique=True))
        site = {
            "code": in_some_case(draw, code),
            "server": f"server-{code}",
            "addresses": [
                {
                    "to": in_some_case(draw, to),
                    "sender_account": in_some_case(draw, draw(st.sampled_from([r"CORP\one", "two@corp", r".\three"]))),
                }
                for to in destinations
            ],
        }
        if place and draw(st.booleans()):
            site["parent"] = in_some_case(draw, draw(st.sampled_from(codes[:place])))
        sites.append(site)
    return draw(st.permutations(sites))


@given(descriptions())
def test_each_address_is_a_grant_at_its_destination_and_nothing_else_is(description):
    expected = {
        (address["to"].upper(), address["sender_account"].lower(), site["code"].upper())
        for site in description
        for address in site["addresses"]
    }
    grants = grants_of(description)
    found = [
        (code, grant.account.lower(), sender)
        for code, owed in grants.items()
        for grant in owed
        for sender in grant.senders
    ]
    assert set(found) == expected
    assert len(found) == len(expected)
    assert set(grants) == {site["code"].upper() for site in description}
    for code, owed in grants.items():
        assert all((grant.site, grant.server) == (code, f"server-{code}") for grant in owed)
        accounts = [grant.account.lower() for grant in owed]
        assert len(accounts) == len(set(accounts))


@given(descriptions(), st.randoms(use_true_random=False))
def test_the_order_of_the_description_does_not_matter(description, chance: random.Random):
    shuffled = [{**site, "addresses": chance.sample(site["addresses"], len(site["addresses"]))} for site in description]
    chance.shuffle(shuffled)
    assert list(grants_of(shuffled).items()) == list(grants_of(description).items())


@given(descriptions(), st.sampled_from([str.lower, str.upper, str.title]))
def test_case_decides_nothing_but_how_an_account_is_shown(description, recase):
    recased = [
        {
            **site,
            "code": recase(site["code"]),
            **({"parent": recase(site["parent"])} if "parent" in site else {}),
            "addresses": [
                {"to": recase(address["to"]), "sender_account": recase(address["sender_account"])}
                for address in site["addresses"]
            ],
        }
        for site in description
    ]

    def without_case(grants):
        return [(code, [(grant.account.lower(), grant.senders) for grant in owed]) for code, owed in grants.items()]

    assert without_case(grants_of(recased)) == without_case(grants_of(description))
