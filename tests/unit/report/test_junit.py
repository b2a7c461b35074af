# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit XML, read by other parsers."""

from __future__ import annotations

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
    fleet_of,
    junit_xml,
)
from tests.unit.report.fleets import fleet, hostile
from tests.unit.report.support import description, fleet_lines


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
    assert failure.get("message") == "the effective access of CORP\\smssend is none, and the product requires more"
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
