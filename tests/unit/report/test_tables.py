# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON, CSV and JUnit XML: read back with other people's readers."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from junitparser import Error, Failure, JUnitXml, Skipped

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import read_audit
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import read_hierarchy
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report import (
    Fleet,
    csv_table,
    fleet_of,
    json_summary,
    junit_xml,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report.tables import COLUMNS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report.text import cell, visible
from tests.unit.report.support import HOSTILE, description, finding, fleet_lines, host, hostile_lines, lines, sender

GROUP = {"name": "P04\\Senders", "sid": "S-1-5-32-9", "in_desired_state": True, "members": ["CORP\\smssvc"]}
RECORDS = [
    host("p01.corp.example", "P01", findings=[finding("P01")]),
    host("p02.corp.example", "P02", "drifted"),
    host("p03.corp.example", "P03", "unreachable"),
    host(
        "p04.corp.example", "P04", "drifted", senders=[sender("CORP\\smssvc")], group={**GROUP, "missing": ["CORP\\x"]}
    ),
    host(
        "p05.corp.example", "P05", "drifted", senders=[sender("CORP\\smssvc")], message="the entries are out of order"
    ),
    host("p06.corp.example", "P06", "error"),
    host("p07.corp.example", "P07", senders=[]),
]
SITES = [
    {"code": f"P0{number}", "server": f"p0{number}.corp.example", "service_account": "CORP\\smssvc", "addresses": []}
    for number in range(1, 9)
]


def fleet() -> Fleet:
    return fleet_of(read_audit({"a": lines(*RECORDS)}), read_hierarchy(SITES))


def hostile() -> Fleet:
    return fleet_of(read_audit({"a": hostile_lines()}))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))


def test_json() -> None:
    text = "".join(json_summary(fleet()))
    assert text.isascii()
    found = json.loads(text)
    assert (found["format"], found["version"]) == ("sitekeeper.sms/report", 1)
    assert found["counts"] == {"drifted": 3, "error": 1, "unreachable": 1, "not_read": 1, "in_desired_state": 2}
    assert found["hosts"] == len(found["sites"]) == 8
    assert [site["site"] for site in found["sites"]] == [f"P0{number}" for number in range(1, 9)]
    drifted = found["sites"][1]
    assert drifted["edits"] == {"share": ["+ allow CORP\\smssend  Full Control"], "directory": []}
    assert [(one["name"], one["in_desired_state"]) for one in drifted["senders"]] == [
        ("CORP\\smssend", False),
        ("CORP\\smssvc", True),
    ]
    assert found["sites"][3]["missing_members"] == ["CORP\\x"]
    assert found["sites"][7]["state"] == "not_read"


def test_json_is_the_same_for_slices_as_for_one_run() -> None:
    """Four slices, each with its own time and pace, and the hosts in another order."""
    whole = "".join(json_summary(fleet()))
    slices = {
        str(number): lines(*({**record, "seconds": 9.5} for record in reversed(RECORDS[number::4])))
        for number in range(4)
    }
    merged = fleet_of(read_audit(slices), read_hierarchy(SITES))
    assert "".join(json_summary(merged)) == whole


def test_json_keeps_what_it_was_given() -> None:
    found = json.loads("".join(json_summary(hostile())))
    assert {one["account"] for site in found["sites"] for one in site["senders"]} == set(HOSTILE)


def test_csv() -> None:
    text = "".join(csv_table(fleet()))
    assert text.startswith("\ufeffsite,host,")
    assert text.endswith("\r\n")
    found = rows(text)
    assert tuple(found[0]) == COLUMNS
    by_host: dict[str, list[dict[str, str]]] = {}
    for row in found:
        by_host.setdefault(row["host"], []).append(row)
    assert {name: len(some) for name, some in by_host.items()} == {
        "p01.corp.example": 2,
        "p02.corp.example": 2,
        "p03.corp.example": 1,
        "p04.corp.example": 1,
        "p05.corp.example": 1,
        "p06.corp.example": 1,
        "p07.corp.example": 1,
        "p08.corp.example": 1,
    }
    first = by_host["p02.corp.example"][0]
    assert (first["state"], first["sender"], first["sender_in_desired_state"]) == ("drifted", "CORP\\smssend", "false")
    assert (first["share_access"], first["directory_access"], first["combined_access"]) == (
        "none",
        "Full Control",
        "none",
    )
    assert first["edits"] == "share: + allow CORP\\smssend  Full Control"
    assert by_host["p08.corp.example"][0]["state"] == "not_read"
    assert "5985" in by_host["p03.corp.example"][0]["message"]


def test_no_cell_is_a_formula_or_breaks_its_row() -> None:
    text = "".join(csv_table(hostile()))
    found = rows(text)
    assert len(found) == len(HOSTILE)
    for row in found:
        assert set(row) == set(COLUMNS)
        for value in row.values():
            assert not value or value.lstrip()[0] not in "=+-@＝＋－＠\t\r\n"
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", value)
            # No cell of Excel holds more.
            assert len(value) <= 32_767


@pytest.mark.parametrize("separator", [";", "|", "\t"])
def test_no_cell_is_a_formula_to_a_reader_with_another_separator(separator: str) -> None:
    formula = "=HYPERLINK(A1)"
    texts = [
        f"{before}{each}{formula}" for before in ("", "x", "x ", '"') for each in (";", "; ", ';"', '";', "|", "\t")
    ]
    records = [
        host(f"p0{number}.corp.example", "P01", "error", message=text) for number, text in enumerate([*texts, formula])
    ]
    table = "".join(csv_table(fleet_of(read_audit({"audit": lines(*records)}))))
    found = [each for row in csv.reader(io.StringIO(table[1:]), delimiter=separator) for each in row]
    assert sum(formula in each for each in found) == len(records)
    for each in found:
        assert each.lstrip("\"' ")[:1] != "=" or each.lstrip('" ').startswith("'")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1+1", "'  =1+1"),
        ("\u00a0=1+1", "'\u00a0=1+1"),
        ("\t=1+1", "'<U+0009>=1+1"),
        ("＝1+1", "'＝1+1"),
        ('"=1+1"', '\'"=1+1"'),
        ("' =1+1", "'' =1+1"),
        ("﹦1+1", "'﹦1+1"),
        # A reader whose separator is another begins a cell here. Quotes do not hold that together.
        ("a;=1+1", "a;'=1+1"),
        ("a; -1; +2", "a;' -1;' +2"),
        ('a;"=1+1"', 'a;\'"=1+1"'),
        ("a;;@b", "a;;'@b"),
        ("a;＝1", "a;'＝1"),
        ("a|=1", "a|'=1"),
        ("share: + allow CORP\\smssend; directory: - allow", "share: + allow CORP\\smssend; directory: - allow"),
        ("a;b=1", "a;b=1"),
        ("a=1", "a=1"),
        ("CORP\\smssend", "CORP\\smssend"),
        ("", ""),
    ],
)
def test_formulas_in_cells(text: str, expected: str) -> None:
    assert cell(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CORP\\Jürgen Groß", "CORP\\Jürgen Groß"),
        ("שלום", "שלום"),
        ("a\u202eb", "a<U+202E>b"),
        ("a\x00\nb", "a<U+0000><U+000A>b"),
        ("\u200b\u00ad\ufeff", "<U+200B><U+00AD><U+FEFF>"),
        ("\ud800", "<U+D800>"),
        ("\ufffe", "<U+FFFE>"),
        ("\U000e0041", "<U+E0041>"),
        ("x" * 20_005, "x" * 20_000 + " … (5 more characters)"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, expected: str) -> None:
    assert visible(text) == expected


def junit(of: Fleet) -> str:
    return "".join(junit_xml(of))


def test_junit() -> None:
    cases: dict[str, list[Any]] = {}
    for suite in JUnitXml.fromstring(junit(fleet()).encode()):
        cases[suite.name] = [(case.name, [type(result) for result in case.result]) for case in suite]
    assert cases == {
        "P01 p01.corp.example": [("CORP\\smssend can send here", []), ("CORP\\smssvc can send here", [])],
        "P02 p02.corp.example": [("CORP\\smssend can send here", [Failure]), ("CORP\\smssvc can send here", [])],
        "P03 p03.corp.example": [("permissions of the site share", [Error])],
        "P04 p04.corp.example": [
            ("CORP\\smssvc can send here", []),
            ("P04\\Senders has its rights and members", [Failure]),
        ],
        "P05 p05.corp.example": [("CORP\\smssvc can send here", []), ("permissions of the site share", [Failure])],
        "P06 p06.corp.example": [("permissions of the site share", [Error])],
        "P07 p07.corp.example": [("permissions of the site share", [])],
        "P08 p08.corp.example": [("permissions of the site share", [Skipped])],
    }


def test_junit_says_what_decided() -> None:
    (failure,) = fromstring(junit(fleet())).findall(".//testsuite[@name='P02 p02.corp.example']//failure")
    assert failure.get("message") == "CORP\\smssend has none, which is not what the product requires"
    assert failure.text.splitlines() == [
        "share: no entry grants Full Control",
        "directory: entry 2 allows CORP\\smssend Full Control",
        "because C01 sends here as CORP\\smssend",
    ]


# What the schema of Jenkins' xUnit plugin (junit-10.xsd) allows on each element, as far as it is used.
ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "errors", "skipped", "disabled"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"},
    "testcase": {"name", "classname", "time", "status", "assertions", "group"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
}
REQUIRED = {"testsuite": {"name"}, "testcase": {"name", "classname"}}
INSIDE = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped"},
    "failure": set(),
    "error": set(),
    "skipped": set(),
}


@pytest.mark.parametrize("of", [fleet, hostile])
def test_junit_is_what_readers_take(of: Any) -> None:
    text = junit(of())
    # XML 1.0, section 2.2: the characters that a document may have.
    assert not re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    assert text.encode()
    root = fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) <= ALLOWED[element.tag]
        assert set(element.attrib) >= REQUIRED.get(element.tag, set())
        assert {child.tag for child in element} <= INSIDE[element.tag]
        assert all(re.fullmatch(r"\d+\.\d{3}", element.attrib[name]) for name in ("time",) if name in element.attrib)
    assert all(len(case) <= 1 for case in root.iter("testcase"))
    for suite in (root, *root):
        assert counts(suite) == {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}


def counts(suite: Element) -> dict[str, int]:
    return {
        "tests": len(list(suite.iter("testcase"))),
        "failures": len(list(suite.iter("failure"))),
        "errors": len(list(suite.iter("error"))),
        "skipped": len(list(suite.iter("skipped"))),
    }


def test_six_thousand_sites_are_six_thousand_suites() -> None:
    count = 6000
    large = fleet_of(read_audit({"a": fleet_lines(count)}), read_hierarchy(description(count)))
    root = fromstring(junit(large))
    assert len(root) == count
    # Of each hundred, three have drifted for one of their two senders, and two could not be read.
    assert (root.get("failures"), root.get("errors")) == ("180", "120")
    assert len(rows("".join(csv_table(large)))) == 2 * (count - 120) + 120
