# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading ``sms_sites``: every mistake, its exact message, and all of them at once."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import (
    PRODUCTS,
    Address,
    Hierarchy,
    HierarchyError,
    Site,
    read_hierarchy,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.description import SITE_KEYS


def errors_of(description):
    with pytest.raises(HierarchyError) as caught:
        read_hierarchy(description)
    assert str(caught.value) == "\n".join(caught.value.errors)
    return list(caught.value.errors)


def site(code, **values):
    return {"code": code, "server": f"{code.lower()}.corp.example", **values}


def address(to, sender_account=r"CORP\smssend", **values):
    return {"to": to, "sender_account": sender_account, **values}


def test_a_full_description():
    described = [
        site("C01", name="Headquarters", service_account=r"CORP\smssvc", addresses=[address("p01")]),
        site("p01", product="sms_1_2", parent="c01", addresses=[address("P01"), address("C01", type="ms_isdn_ras")]),
    ]
    sms = PRODUCTS["sms_1_2"]
    assert read_hierarchy(described) == Hierarchy(
        (
            Site(
                code="C01",
                server="c01.corp.example",
                product=sms,
                service_account=r"CORP\smssvc",
                name="Headquarters",
                addresses=(Address("P01", r"CORP\smssend", "MS_LAN"),),
            ),
            Site(
                code="P01",
                server="p01.corp.example",
                product=sms,
                parent="C01",
                addresses=(
                    Address("P01", r"CORP\smssend", "MS_LAN"),
                    Address("C01", r"CORP\smssend", "MS_ISDN_RAS"),
                ),
            ),
        )
    )


def test_keys_without_a_value_count_as_left_out():
    empty = dict.fromkeys(SITE_KEYS[2:])
    assert read_hierarchy([site("C01", **empty)]) == read_hierarchy([site("C01")])


def test_what_else_may_be_said_of_a_site():
    described = site(
        "S01",
        parent="P01",
        type="secondary",
        server_account="CORP\\S01$",
        domain="CORP",
        forest="corp.example",
        trusted_domains=["OTHER", "third.example"],
        product="configmgr",
    )
    read = read_hierarchy([site("P01"), described]).by_code("S01")
    assert (read.type, read.server_account, read.domain, read.forest) == (
        "secondary",
        r"CORP\S01$",
        "CORP",
        "corp.example",
    )
    assert read.trusted_domains == ("OTHER", "third.example")
    assert read.product is PRODUCTS["configmgr"]


def test_an_address_needs_no_account_where_it_is_known_or_where_there_is_none():
    computer = {"product": "configmgr", "domain": "CORP"}
    read = read_hierarchy(
        [
            site("P01", **computer, addresses=[{"to": "P02"}]),
            site("P02", addresses=[{"to": "P01", "type": "ms_courier"}]),
        ]
    )
    assert read.sites[0].addresses == (Address("P02", None, "MS_LAN"),)
    assert read.sites[1].addresses == (Address("P01", None, "MS_COURIER"),)


def test_addresses_that_are_empty_are_not_addresses_that_are_left_out():
    assert read_hierarchy([site("C01", addresses=[])]).sites[0].addresses == ()
    assert read_hierarchy([site("C01")]).sites[0].addresses is None


def test_every_problem_says_where_it_is():
    description = [
        site("C01", servr="x"),
        "P01",
        site("P02", parent="P02", addresses=[address("C01"), address("C01", "a\\b\\c", type="MS_ISDN_RAS")]),
        site("P03", parent="P09", trusted_domains=["a", "b c"]),
    ]
    with pytest.raises(HierarchyError) as caught:
        read_hierarchy(description, {"ours": {"based_on": "configmgr", "logs": {"sendr": []}}})
    assert [problem.path for problem in caught.value.problems] == [
        ("sms_products", "ours", "logs", "sendr"),
        ("sms_sites", 0, "servr"),
        ("sms_sites", 1),
        ("sms_sites", 2, "addresses", 1, "sender_account"),
        ("sms_sites", 3, "trusted_domains"),
        ("sms_sites", 2, "parent"),
        ("sms_sites", 3, "parent"),
    ]


def test_several_hierarchies_may_be_described_together():
    read = read_hierarchy([site("C01"), site("C02"), site("P02", parent="C02")])
    assert [each.parent for each in read.sites] == [None, None, "C02"]


def test_addresses_of_several_types_may_lead_to_the_same_site():
    # SMS tries them in the order of their priority; each Sender may use another account.
    lan, ras = address("C01"), address("C01", r"CORP\smsras", type="MS_ASYNC_RAS")
    read = read_hierarchy([site("C01", addresses=[lan, ras])])
    assert [each.type for each in read.sites[0].addresses] == ["MS_LAN", "MS_ASYNC_RAS"]


KEYS = (
    "code, server, name, product, parent, service_account, addresses, type, server_account, domain, forest, "
    "trusted_domains"
)
KNOWN = ", ".join(PRODUCTS)
TYPES = "MS_LAN, MS_ASYNC_RAS, MS_ISDN_RAS, MS_X25_RAS, MS_SNA_RAS, MS_BATCH_SNA, MS_INTER_SNA, MS_COURIER"
THREE = "a site code is exactly 3 characters, A to Z and 0 to 9."


@pytest.mark.parametrize(
    ("description", "errors"),
    [
        pytest.param(None, ["sms_sites must be a list of sites, but it is empty."], id="null"),
        pytest.param("C01", ["sms_sites must be a list of sites, but it is text."], id="text"),
        pytest.param({"C01": {}}, ["sms_sites must be a list of sites, but it is a dictionary."], id="dictionary"),
        pytest.param([], ["sms_sites is empty; describe at least one site."], id="nothing"),
        pytest.param(
            ["C01", site("P01"), None],
            [
                "entry 1 of sms_sites must be a dictionary that describes a site, but it is text.",
                "entry 3 of sms_sites must be a dictionary that describes a site, but it is empty.",
            ],
            id="no dictionaries",
        ),
        pytest.param(
            [site("C01", adresses=[])],
            ["site C01: unknown key 'adresses' (did you mean 'addresses'?)."],
            id="key with a slip",
        ),
        pytest.param(
            [site("C01", CODE="C01")], ["site C01: unknown key 'CODE' (did you mean 'code'?)."], id="case of key"
        ),
        pytest.param([site("C01", zz=1)], [f"site C01: unknown key 'zz'; the keys are {KEYS}."], id="unknown key"),
        pytest.param(
            [site("C01", **{"a\nb": 1})],
            [f"site C01: unknown key 'a\\x0ab'; the keys are {KEYS}."],
            id="key over lines",
        ),
        pytest.param(
            [site("C01", addresses=[address("C01", account="x")])],
            ["site C01, address to C01: unknown key 'account' (did you mean 'sender_account'?)."],
            id="key of an address",
        ),
        pytest.param(
            [{"server": "a"}],
            ["entry 1 of sms_sites: code is missing; give the site's 3-character code."],
            id="no code",
        ),
        pytest.param(
            [{"code": "C01"}],
            ["site C01: server is missing; give the inventory host name of its site server."],
            id="no server",
        ),
        pytest.param(
            [{"code": "C01", "server": "  "}],
            ["site C01: server is blank; give the inventory host name of its site server."],
            id="blank server",
        ),
        pytest.param(
            [{"code": "C01", "server": " a"}],
            ["site C01: server ' a' starts or ends with a space or contains a control character."],
            id="server with a space",
        ),
        pytest.param(
            [{"code": "C01", "server": ["a"]}],
            ["site C01: server must be text, but it is a list."],
            id="server is a list",
        ),
        pytest.param(
            [site("C01", name="")],
            ["site C01: name is blank; give it a value or remove it."],
            id="blank name",
        ),
        pytest.param(
            [{"code": 1, "server": "a"}],
            ["entry 1 of sms_sites: code must be text, but it is a number; put it in quotes."],
            id="code that YAML reads as a number",
        ),
        pytest.param(
            [{"code": True, "server": "a"}],
            ["entry 1 of sms_sites: code must be text, but it is a truth value; put it in quotes."],
            id="code that YAML reads as a truth value",
        ),
        pytest.param([site("C1")], [f"entry 1 of sms_sites: code 'C1' is malformed; {THREE}"], id="short code"),
        pytest.param([site("C001")], [f"entry 1 of sms_sites: code 'C001' is malformed; {THREE}"], id="long code"),
        pytest.param([site("C-1")], [f"entry 1 of sms_sites: code 'C-1' is malformed; {THREE}"], id="hyphen in code"),
        pytest.param([site("Ä01")], [f"entry 1 of sms_sites: code 'Ä01' is malformed; {THREE}"], id="umlaut in code"),
        pytest.param([site("ı01")], [f"entry 1 of sms_sites: code 'ı01' is malformed; {THREE}"], id="i without dot"),
        pytest.param(
            [site("\u0663\u0663\u0663")],
            [f"entry 1 of sms_sites: code '\u0663\u0663\u0663' is malformed; {THREE}"],
            id="digits of another script",
        ),
        *(
            pytest.param(
                [site(code)],
                [
                    f"entry 1 of sms_sites: code '{code}' is a reserved device name of Windows; "
                    "it cannot be a site code."
                ],
                id=f"reserved code {code}",
            )
            for code in ("AUX", "con", "NUL", "prn")
        ),
        pytest.param(
            [site("C01"), site("P01"), site("c01", server="b")],
            ["site C01: described 2 times (entries 1, 3); keep one description."],
            id="described twice",
        ),
        pytest.param(
            [site("C01"), site("C02"), site("P01", parent="C01"), site("P01", parent="C02")],
            ["site P01: described 2 times (entries 3, 4) and with 2 parents (C01, C02); keep one description."],
            id="described twice with two parents",
        ),
        pytest.param(
            [site("C01"), site("P01", parent=["C01", "C02"])],
            ["site P01: 2 parents ('C01', 'C02'); a site reports to one parent, so keep one."],
            id="two parents",
        ),
        pytest.param(
            [site("C01"), site("P01", parent=["C01"])],
            ["site P01: parent must be one site code, not a list."],
            id="parent in a list",
        ),
        pytest.param(
            [site("P01", parent="main")], [f"site P01: parent 'main' is malformed; {THREE}"], id="malformed parent"
        ),
        pytest.param(
            [site("P01", parent="C01")],
            ["site P01: its parent C01 is not described; add site C01 to sms_sites or correct the parent."],
            id="unknown parent",
        ),
        pytest.param(
            [site("P01", parent="p01")],
            ["site P01: it is its own parent; give the code of the site above it, or remove parent."],
            id="own parent",
        ),
        pytest.param(
            [
                site("C01", parent="B01"),
                site("B01", parent="A01"),
                site("A01", parent="C01"),
                site("D01", parent="A01"),
            ],
            [
                "site A01: the parents form a loop (A01 under C01 under B01 under A01); "
                "correct the parent of one of them."
            ],
            id="loop with a branch",
        ),
        pytest.param(
            [
                site("A01", parent="B01"),
                site("B01", parent="A01"),
                site("C01", parent="D01"),
                site("D01", parent="C01"),
            ],
            [
                "site A01: the parents form a loop (A01 under B01 under A01); correct the parent of one of them.",
                "site C01: the parents form a loop (C01 under D01 under C01); correct the parent of one of them.",
            ],
            id="two loops",
        ),
        pytest.param(
            [{"code": "C01", "server": "sms.corp"}, {"code": "P01", "server": "SMS.corp"}],
            [
                "site C01, site P01: all on server 'sms.corp'; "
                "a server is the site server of one site, so correct the others."
            ],
            id="one server for two sites",
        ),
        pytest.param(
            [site("C01", product="sms_12")],
            ["site C01: unknown product 'sms_12' (did you mean 'sms_1_2'?)."],
            id="product with a slip",
        ),
        pytest.param(
            [site("C01", product="wsus")],
            [f"site C01: unknown product 'wsus'; known: {KNOWN}."],
            id="unknown product",
        ),
        pytest.param(
            [site("C01", service_account="CORP\\")],
            [r"site C01: service_account 'CORP\' has no name or no domain; write DOMAIN\name or name@dns.domain."],
            id="malformed service account",
        ),
        pytest.param(
            [site("C01", addresses={"to": "C01"})],
            ["site C01: addresses must be a list, but it is a dictionary."],
            id="addresses are no list",
        ),
        pytest.param(
            [site("C01", addresses=["C01"])],
            ["site C01, address 1 must be a dictionary with to and sender_account, but it is text."],
            id="address is no dictionary",
        ),
        pytest.param(
            [site("C01", addresses=[{"sender_account": r"CORP\a"}])],
            ["site C01, address 1: to is missing; give the code of the destination site."],
            id="address to nowhere",
        ),
        pytest.param(
            [site("C01", addresses=[address("P01")])],
            [
                "site C01: it has an address to P01, which is not described; "
                "add site P01 to sms_sites or correct the address."
            ],
            id="address to an unknown site",
        ),
        pytest.param(
            [site("C01", addresses=[{"to": "C01"}])],
            ["site C01, address to C01: sender_account is missing; give the account that the Sender uses there."],
            id="no account",
        ),
        pytest.param(
            [site("C01", addresses=[address("C01", " ")])],
            ["site C01, address to C01: sender_account is blank; give the account that the Sender uses there."],
            id="blank account",
        ),
        pytest.param(
            [site("C01", addresses=[address("C01", 7)])],
            ["site C01, address to C01: sender_account must be text, but it is a number; put it in quotes."],
            id="account that YAML reads as a number",
        ),
        pytest.param(
            [site("C01", addresses=[address("C01", "CORP\network")])],
            [
                r"site C01, address to C01: sender_account 'CORP\x0aetwork' contains a control or invisible character "
                r"(in YAML, write DOMAIN\name without double quotes)."
            ],
            id="account with a line break",
        ),
        pytest.param(
            [site("C01", addresses=[address("C01"), address("c01", r"CORP\b")])],
            ["site C01: 2 addresses of type MS_LAN to C01; keep one."],
            id="two addresses to the same site",
        ),
        pytest.param(
            [site("C01", addresses=[address("C01", type="MS_ISDNRAS")])],
            ["site C01, address to C01: unknown address type 'MS_ISDNRAS' (did you mean 'MS_ISDN_RAS'?)."],
            id="address type with a slip",
        ),
        pytest.param(
            [site("C01", addresses=[address("C01", type="carrier pigeon")])],
            [f"site C01, address to C01: unknown address type 'CARRIER PIGEON'; the types are {TYPES}."],
            id="unknown address type",
        ),
    ],
)
def test_every_mistake_has_its_message(description, errors):
    assert errors_of(description) == errors


def test_a_site_that_is_its_own_parent_is_not_below_itself_too():
    assert errors_of([site("S01", parent="S01", type="secondary")]) == [
        "site S01: it is its own parent; give the code of the site above it, or remove parent."
    ]


def test_all_mistakes_come_at_once():
    description = [
        site("C01", servr="x"),
        {"code": "P1", "server": "C01.corp.example", "parent": "X01", "addresses": [address("Q01")]},
        site("P02", parent="P02", addresses=[address("C01", "a\\b\\c")]),
    ]
    assert errors_of(description) == [
        "site C01: unknown key 'servr' (did you mean 'server'?).",
        f"entry 2 of sms_sites: code 'P1' is malformed; {THREE}",
        r"site P02, address to C01: sender_account 'a\b\c' contains more than one backslash; write DOMAIN\name.",
        "site C01, entry 2 of sms_sites: all on server 'c01.corp.example'; "
        "a server is the site server of one site, so correct the others.",
        "entry 2 of sms_sites: its parent X01 is not described; add site X01 to sms_sites or correct the parent.",
        "entry 2 of sms_sites: it has an address to Q01, which is not described; "
        "add site Q01 to sms_sites or correct the address.",
        "site P02: it is its own parent; give the code of the site above it, or remove parent.",
    ]


CODES = [f"{number:03d}" for number in range(1000)]


def test_messages_stay_short_whatever_they_quote():
    many = [{"code": code, "server": "same", "x" * 10_000: 1, "parent": ["y" * 10_000] * 50} for code in CODES]
    chain = [site(code, parent=CODES[number - 1]) for number, code in enumerate(CODES)]
    for description, count in ((many, 2001), (chain, 1), ([site("C01")] * 1000, 1)):
        errors = errors_of(description)
        assert len(errors) == count
        assert max(len(error) for error in errors) < 1000
    assert errors_of(chain) == [
        "site 000: the parents form a loop (000 under 999 under 998 under 997 under 996 under 995 under 994 under 993 "
        "under 992 under 991 under ... 1000 in all); correct the parent of one of them."
    ]


def test_a_deep_chain_is_read():
    chain = [site(code, parent=CODES[number - 1] if number else None) for number, code in enumerate(CODES)]
    assert len(CODES) >= sys.getrecursionlimit()
    assert len(read_hierarchy(chain).sites) == 1000


def test_there_is_a_limit():
    assert errors_of([None] * 100_001) == ["sms_sites describes 100001 sites; the maximum is 100000."]


def calls(function, *arguments):
    """Count the calls that ``function`` makes, of Python and of C functions: work, however busy the machine is."""
    count = 0

    def on_event(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(on_event)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return count


def chain_of(count):
    return [site(code, parent=CODES[number - 1] if number else None) for number, code in enumerate(CODES[:count])]


def star_of(count):
    return [
        site(code, parent=CODES[0] if number else None, addresses=[address(CODES[0])])
        for number, code in enumerate(CODES[:count])
    ]


def loop_of(count):
    return [site(code, parent=CODES[(number + 1) % count], zz=1) for number, code in enumerate(CODES[:count])]


def try_to_read(description):
    try:
        read_hierarchy(description)
    except HierarchyError as error:
        return error
    return None


@pytest.mark.parametrize("shape", [chain_of, star_of, loop_of])
def test_the_work_grows_with_the_description_and_no_faster(shape):
    few, many = (calls(try_to_read, shape(count)) for count in (250, 1000))
    assert few > 250
    # In proportion, but for what sorting compares.
    assert many <= 4.1 * few
