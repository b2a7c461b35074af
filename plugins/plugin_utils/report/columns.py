# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of the report: one object a column, for the CSV table, the JSON document and the table of the page.

A new column is one more object in `COLUMNS` (of a site) or `SENDER_COLUMNS` (of a Sender account on a site).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..audit import AuditedObject, AuditedSender
from .fleet import SiteRow

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column.

    Attributes:
        value: what a row has there, as JSON has it. CSV joins the items of a list.
        csv: its heading in the CSV table; empty if it is not there.
        json: its key in the JSON document; empty if it is not there.
        page: its heading in the page's table of the sites; empty if it is not there.
        shown_as: how the page shows it, one of `cells` in page.html.j2. A `number` is the number of items.
        names_site: whether it names the site. Such columns come first on the page.
        parts: columns of the items of a list of Sender accounts. CSV has these, and a row for each item.
    """

    value: Callable[[Row], Any]
    csv: str = ""
    json: str = ""
    page: str = ""
    shown_as: str = "text"
    names_site: bool = False
    parts: tuple[Column[AuditedSender], ...] = ()


SENDER_COLUMNS: tuple[Column[AuditedSender], ...] = (
    Column(lambda sender: sender.account, json="account"),
    Column(lambda sender: sender.name, csv="sender", json="name"),
    Column(lambda sender: sender.sid, json="sid"),
    Column(lambda sender: sender.in_desired_state, csv="sender_in_desired_state", json="in_desired_state"),
    Column(lambda sender: sender.share.access, csv="share_access"),
    Column(lambda sender: sender.directory.access, csv="directory_access"),
    Column(lambda sender: sender.combined.access, csv="combined_access", json="access"),
    Column(lambda sender: sender.combined.mask, json="mask"),
    Column(lambda sender: sender.reasons, csv="reasons", json="reasons"),
)


def senders_of(site: SiteRow) -> tuple[AuditedSender, ...]:
    """The Sender accounts of a site; none if it was not read."""
    return site.audit.senders if site.audit else ()


def json_object(columns: tuple[Column[Row], ...], row: Row) -> dict[str, Any]:
    """What a row has in all columns that JSON has, by key."""
    return {column.json: column.value(row) for column in columns if column.json}


def _message(site: SiteRow) -> str | None:
    return (site.audit.message if site.audit else "") or None


def _edits(site: SiteRow) -> tuple[str, ...]:
    return site.audit.edits if site.audit else ()


def _edits_by_object(site: SiteRow) -> dict[str, tuple[str, ...]]:
    def edits(where: AuditedObject | None) -> tuple[str, ...]:
        return where.edits if where else ()

    audit = site.audit
    return {"share": edits(audit.share if audit else None), "directory": edits(audit.directory if audit else None)}


def _missing_members(site: SiteRow) -> tuple[str, ...]:
    return site.audit.group.missing if site.audit and site.audit.group else ()


def _findings(site: SiteRow) -> list[str]:
    return [f"{finding.severity}: {finding.id}: {finding.evidence}" for finding in site.findings]


def _finding_objects(site: SiteRow) -> list[dict[str, str]]:
    return [{"id": each.id, "severity": each.severity, "evidence": each.evidence} for each in site.findings]


def _sender_objects(site: SiteRow) -> list[dict[str, Any]]:
    return [json_object(SENDER_COLUMNS, sender) for sender in senders_of(site)]


COLUMNS: tuple[Column[SiteRow], ...] = (
    Column(lambda site: site.code or None, csv="site", json="site", page="Site", shown_as="link", names_site=True),
    Column(lambda site: site.host, csv="host", json="host", page="Server"),
    Column(lambda site: site.name or None, csv="name", json="name", page="Name", names_site=True),
    Column(lambda site: site.site.parent if site.site else None, json="parent"),
    Column(lambda site: site.product or None, csv="product", json="product", page="Product"),
    Column(lambda site: site.state.value, csv="state", json="state", page="State", shown_as="state"),
    Column(lambda site: site.site is not None, json="described"),
    Column(_message, csv="message", json="message"),
    Column(_sender_objects, json="senders", page="Sender accounts", shown_as="senders", parts=SENDER_COLUMNS),
    Column(_edits, csv="edits", page="Edits", shown_as="number"),
    Column(_edits_by_object, json="edits"),
    Column(_missing_members, json="missing_members"),
    Column(_findings, csv="findings", page="Findings", shown_as="number"),
    Column(_finding_objects, json="findings"),
)
PAGE_COLUMNS = tuple(sorted((each for each in COLUMNS if each.page), key=lambda column: not column.names_site))
