# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON and CSV, read by other parsers."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import read_audit
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import read_hierarchy
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report import csv_table, fleet_of, json_summary
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report.tables import HEADINGS
from tests.unit.report.fleets import RECORDS, SITES, fleet, hostile
from tests.unit.report.support import HOSTILE, description, fleet_lines, host, lines


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
    assert tuple(found[0]) == HEADINGS
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
        assert set(row) == set(HEADINGS)
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


def test_each_sender_of_six_thousand_sites_has_a_row() -> None:
    count = 6000
    large = fleet_of(read_audit({"a": fleet_lines(count)}), read_hierarchy(description(count)))
    # Of each hundred, two could not be read, and have one row without a sender.
    assert len(rows("".join(csv_table(large)))) == 2 * (count - 120) + 120
