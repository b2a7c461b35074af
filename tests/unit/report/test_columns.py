# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns: each has one place in a format, and a format that has it shows its value."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report import csv_table, html_page, json_summary
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report.columns import (
    COLUMNS,
    PAGE_COLUMNS,
    SENDER_COLUMNS,
    Column,
    senders_of,
)
from tests.unit.report.fleets import fleet, hostile


def named(columns: tuple[Column[Any], ...], form: str) -> list[str]:
    return [getattr(column, form) for column in columns if getattr(column, form)]


@pytest.mark.parametrize("columns", [COLUMNS, SENDER_COLUMNS])
@pytest.mark.parametrize("form", ["csv", "json", "page"])
def test_a_name_stands_for_one_column(columns: tuple[Column[Any], ...], form: str) -> None:
    names = Counter(named(columns, form))
    assert set(names.values()) <= {1}
    if form == "csv":
        assert not set(named(COLUMNS, form)) & set(named(SENDER_COLUMNS, form))


def test_every_column_is_shown_somewhere() -> None:
    assert all(column.csv or column.json or column.page for column in (*COLUMNS, *SENDER_COLUMNS))


def test_the_page_begins_with_what_names_a_site() -> None:
    assert [column.page for column in PAGE_COLUMNS] == [
        "Site", "Name", "Server", "Product", "State", "Sender accounts", "Edits", "Findings",
    ]  # fmt: skip
    text = "".join(html_page(fleet(), "Title"))
    table = text[text.index('<table id="table">') :]
    headings = table[: table.index("</thead>")].split("</th>")[:-1]
    assert [heading.rpartition(">")[2] for heading in headings] == [column.page for column in PAGE_COLUMNS]


@pytest.mark.parametrize("of", [fleet, hostile])
def test_csv_and_json_have_the_same_values(of: Any) -> None:
    sites = of()
    by_host = {site["host"]: site for site in json.loads("".join(json_summary(sites)))["sites"]}
    rows = iter(csv.DictReader(io.StringIO("".join(csv_table(sites)).removeprefix("\ufeff"), newline="")))
    for site in sites.entries:
        own, senders = by_host[site.host], senders_of(site) or (None,)
        for place, row in zip(range(len(senders)), rows, strict=False):
            assert row["state"] == own["state"] == site.state.value
            if of is fleet:
                both = [column for column in COLUMNS if column.csv and column.json]
                assert [row[column.csv] for column in both] == [own[column.json] or "" for column in both]
            if own["senders"]:
                assert row["sender_in_desired_state"] == json.dumps(own["senders"][place]["in_desired_state"])
    assert next(rows, None) is None
