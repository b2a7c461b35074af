# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JSON, for programs, and as CSV, for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from ..audit import AuditedSender
from .columns import COLUMNS, json_object, senders_of
from .fleet import Fleet, SiteRow
from .text import cell

FORMAT = "sitekeeper.sms/report"
VERSION = 1

HEADINGS = tuple(part.csv for column in COLUMNS for part in column.parts or (column,) if part.csv)
"""The headings of the CSV table."""

# Between the items of a list within a cell.
_AND = "; "


def json_summary(fleet: Fleet) -> Iterator[str]:
    """Yield a JSON document, indented, in ASCII. It has no durations, so that two runs can be compared."""
    summary = {
        "format": FORMAT,
        "version": VERSION,
        "started": min((header.started for header in fleet.audit.headers), default=""),
        "finished": fleet.audit.finished or None,
        "hosts": len(fleet.entries),
        "counts": {state.value: count for state, count in fleet.counts.items()},
        "unreadable": len(fleet.audit.unreadable),
        "sites": [
            json_object(COLUMNS, entry) for entry in sorted(fleet.entries, key=lambda entry: (entry.code, entry.host))
        ],
    }
    yield from json.JSONEncoder(indent=1).iterencode(summary)
    yield "\n"


def csv_table(fleet: Fleet) -> Iterator[str]:
    """Yield a table as in RFC 4180: one row for each sender of each site, and one for a site without senders.

    It begins with a byte order mark. Without one, Excel and Windows PowerShell read it in the code page of the system.
    """
    yield "\ufeff"
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in _rows(fleet):
        writer.writerow([cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _rows(fleet: Fleet) -> Iterator[Iterable[str]]:
    yield HEADINGS
    for site in fleet.entries:
        for sender in senders_of(site) or (None,):
            yield _row(site, sender)


def _row(site: SiteRow, sender: AuditedSender | None) -> Iterator[str]:
    for column in COLUMNS:
        if column.csv:
            yield _text(column.value(site))
        for part in column.parts:
            if part.csv:
                yield _text(None if sender is None else part.value(sender))


def _text(value: object) -> str:
    """A value as text; nothing is empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _AND.join(map(_text, value)) if isinstance(value, (list, tuple)) else str(value)
