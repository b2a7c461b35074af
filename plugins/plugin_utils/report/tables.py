# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for programs (JSON) and for spreadsheets (CSV)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from .fleet import Fleet, SiteRow
from .text import cell

FORMAT = "sitekeeper.sms/report"
VERSION = 1

COLUMNS = (
    "site",
    "host",
    "name",
    "product",
    "state",
    "message",
    "sender",
    "sender_in_desired_state",
    "share_access",
    "directory_access",
    "combined_access",
    "reasons",
    "edits",
    "findings",
)

# Between the items of a list within a cell.
_AND = "; "


def json_summary(fleet: Fleet) -> Iterator[str]:
    """Yield a JSON document, indented, in ASCII. How long something took is not in it, so that runs can be compared."""
    summary = {
        "format": FORMAT,
        "version": VERSION,
        "started": min((header.started for header in fleet.audit.headers), default=""),
        "finished": fleet.audit.finished or None,
        "hosts": len(fleet.entries),
        "counts": {state.value: count for state, count in fleet.counts.items()},
        "unreadable": len(fleet.audit.unreadable),
        "sites": [_site(entry) for entry in sorted(fleet.entries, key=lambda entry: (entry.code, entry.host))],
    }
    yield from json.JSONEncoder(indent=1).iterencode(summary)
    yield "\n"


def _site(entry: SiteRow) -> dict[str, Any]:
    audit = entry.audit
    return {
        "site": entry.code or None,
        "host": entry.host,
        "name": entry.name or None,
        "parent": entry.site.parent if entry.site else None,
        "product": entry.product or None,
        "state": entry.state.value,
        "described": entry.site is not None,
        "message": (audit.message if audit else "") or None,
        "senders": [
            {
                "account": sender.account,
                "name": sender.name,
                "sid": sender.sid,
                "in_desired_state": sender.in_desired_state,
                "access": sender.combined.access,
                "mask": sender.combined.mask,
                "reasons": list(sender.reasons),
            }
            for sender in (audit.senders if audit else ())
        ],
        "edits": {
            "share": list(audit.share.edits if audit and audit.share else ()),
            "directory": list(audit.directory.edits if audit and audit.directory else ()),
        },
        "missing_members": list(audit.group.missing if audit and audit.group else ()),
        "findings": [
            {"id": finding.id, "severity": finding.severity, "evidence": finding.evidence} for finding in entry.findings
        ],
    }


def csv_table(fleet: Fleet) -> Iterator[str]:
    """Yield a table as RFC 4180 has it, a row for each sender of each site; a site without senders has one row.

    It begins with a byte order mark: without one, Excel and Windows PowerShell take it for the system's code page.
    """
    yield "\ufeff"
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in _rows(fleet):
        writer.writerow([cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _rows(fleet: Fleet) -> Iterator[tuple[str, ...]]:
    yield COLUMNS
    for entry in fleet.entries:
        audit = entry.audit
        site = (entry.code, entry.host, entry.name, entry.product, entry.state.value, audit.message if audit else "")
        last = (
            _AND.join(audit.edits if audit else ()),
            _AND.join(f"{finding.severity}: {finding.id}: {finding.evidence}" for finding in entry.findings),
        )
        for sender in audit.senders if audit else ():
            yield (
                *site,
                sender.name,
                "true" if sender.in_desired_state else "false",
                sender.share.access,
                sender.directory.access,
                sender.combined.access,
                _AND.join(sender.reasons),
                *last,
            )
        if audit is None or not audit.senders:
            yield (*site, *("" for _column in COLUMNS[6:12]), *last)
