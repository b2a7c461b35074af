# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the audit file: JSON Lines, a header first, then what was read of each host.

A host that was read again has several lines, of which the last of the latest run counts. A line that is no JSON, as an
interrupted run leaves behind, is passed over and counted. Everything else that is not as it should be is an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT = "sitekeeper.sms/audit"
VERSION = 1
STATUSES = ("in_desired_state", "drifted", "unreachable", "error")

# Far above what a site server with hundreds of senders takes; what is longer is no line of an audit.
MAX_LINE = 16 * 1024 * 1024


class AuditError(ValueError):
    """A file that can't be used as an audit, in words."""


@dataclass(frozen=True, slots=True)
class Header:
    """Which programs read, and since when (UTC, ISO 8601)."""

    collection: str
    ansible: str
    started: str


@dataclass(frozen=True, slots=True)
class Access:
    """What one object, or (without the lists) both together, give an account."""

    access: str
    mask: str
    satisfied: bool | None = None
    decided_by: tuple[str, ...] = ()
    may_be_denied_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """One Sender account on a site server, who sends as it, and what it has there."""

    account: str
    name: str
    sid: str
    in_desired_state: bool
    reasons: tuple[str, ...]
    share: Access
    directory: Access
    combined: Access
    member: bool | None


@dataclass(frozen=True, slots=True)
class Object:
    """A share or a directory: ``name`` is that of a share, ``after`` what a run would write, both in SDDL."""

    path: str
    sddl: str
    name: str = ""
    edits: tuple[str, ...] = ()
    after: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The local group that holds rights for the senders."""

    name: str
    sid: str
    in_desired_state: bool | None
    members: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of a site."""

    id: str
    severity: str
    site: str
    evidence: str
    advice: str
    source: str


@dataclass(frozen=True, slots=True)
class HostAudit:
    """What was read of one host. ``seconds`` is how long that took."""

    host: str
    site: str | None
    product: str
    status: str
    message: str
    share: Object | None
    directory: Object | None
    group: Group | None
    senders: tuple[Sender, ...]
    findings: tuple[Finding, ...]
    seconds: float
    requests: int

    @property
    def edits(self) -> tuple[str, ...]:
        """What a run would change, in words, with the object in front."""
        return tuple(
            f"{what}: {edit}"
            for what, where in (("share", self.share), ("directory", self.directory))
            if where
            for edit in where.edits
        )


@dataclass(slots=True)
class Audit:
    """What one or more audit files hold.

    Attributes:
        headers: of every run that wrote.
        hosts: the latest that was read of each host, by its name.
        finished: when the last run ended; empty if it was interrupted.
        unreadable: what was passed over, a sentence for each line.
    """

    headers: list[Header] = field(default_factory=list)
    hosts: dict[str, HostAudit] = field(default_factory=dict)
    finished: str = ""
    unreadable: list[str] = field(default_factory=list)


def read_audit(files: Mapping[str, Iterable[bytes]]) -> Audit:
    """Return what ``files`` (lines by the name of their file) hold together.

    Where several have the same host, the run that began last counts; of runs that began together, the later file.

    Raises :class:`AuditError` with the file and the line if one is no audit file of this version.
    """
    audit = Audit()
    texts: dict[str, str] = {}
    since: dict[str, str] = {}
    ends: list[str] = []
    for name, lines in files.items():
        ends.append(_read_file(name, lines, audit, texts, since))
    # If one of them was interrupted, the whole is not complete.
    audit.finished = max(ends) if all(ends) else ""
    return audit


def _read_file(name: str, lines: Iterable[bytes], audit: Audit, texts: dict[str, str], since: dict[str, str]) -> str:
    """Read one file into ``audit`` and return when it ended; ``since`` is when the run began that a host is of."""
    has_header, started, finished = False, "", ""
    for number, line in enumerate(lines, start=1):
        place = f"{name}, line {number}"
        if len(line) > MAX_LINE:
            raise AuditError(f"{place} is longer than {MAX_LINE} bytes, so this is no audit file")
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            # A run that was interrupted while it wrote. The next one goes on behind that.
            if not has_header:
                raise AuditError(f"{place}: {_no_header()}") from None
            audit.unreadable.append(f"{place} is no JSON and was passed over")
            continue
        if not isinstance(values, dict):
            raise AuditError(f"{place} is no JSON object, so this is no audit file")
        record = _Record(values, place, texts)
        kind = values.get("type")
        if kind == "header":
            audit.headers.append(_header(record))
            has_header, started, finished = True, audit.headers[-1].started, ""
        elif not has_header:
            raise AuditError(f"{place}: {_no_header()}")
        elif kind == "host":
            host = _host(record)
            if started >= since.get(host.host, ""):
                audit.hosts[host.host], since[host.host] = host, started
            finished = ""
        elif kind == "end":
            finished = record.text("finished")
        else:
            raise record.error("type is none of header, host and end")
    if not has_header:
        raise AuditError(f"{name} is empty; {_no_header()}")
    return finished


def _no_header() -> str:
    return f"an audit file begins with a header of format {FORMAT}"


class _Record:
    """Reads the fields of one JSON object strictly. Equal texts are kept once, since a fleet repeats itself."""

    __slots__ = ("_place", "_texts", "_values")

    def __init__(self, values: dict[str, Any], place: str, texts: dict[str, str]) -> None:
        self._values = values
        self._place = place
        self._texts = texts

    def error(self, text: str) -> AuditError:
        return AuditError(f"{self._place}: {text}")

    def text(self, key: str) -> str:
        value = self._values.get(key)
        if not isinstance(value, str):
            raise self.error(f"{key} must be text")
        return self._texts.setdefault(value, value)

    def optional(self, key: str) -> str | None:
        return None if self._values.get(key) is None else self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._list(key)
        if not all(isinstance(value, str) for value in values):
            raise self.error(f"{key} must be a list of texts")
        return tuple(self._texts.setdefault(value, value) for value in values)

    def flag(self, key: str) -> bool | None:
        value = self._values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(f"{key} must be true or false")
        return value

    def number(self, key: str) -> float:
        value = self._values.get(key) or 0
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
            raise self.error(f"{key} must be a number that is not negative")
        return value

    def record(self, key: str) -> _Record:
        found = self.optional_record(key)
        if found is None:
            raise self.error(f"{key} is missing")
        return found

    def optional_record(self, key: str) -> _Record | None:
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(f"{key} must be an object")
        return _Record(value, f"{self._place}, {key}", self._texts)

    def records(self, key: str) -> list[_Record]:
        values = self._list(key)
        if not all(isinstance(value, dict) for value in values):
            raise self.error(f"{key} must be a list of objects")
        return [
            _Record(value, f"{self._place}, {key} {number}", self._texts)
            for number, value in enumerate(values, start=1)
        ]

    def _list(self, key: str) -> list[Any]:
        values = self._values.get(key)
        if values is None:
            return []
        if not isinstance(values, list):
            raise self.error(f"{key} must be a list")
        return values


def _header(record: _Record) -> Header:
    if record.optional("format") != FORMAT:
        raise record.error(_no_header())
    if record.number("version") != VERSION:
        raise record.error(f"this collection reads version {VERSION} of the format only; use the one that wrote it")
    return Header(record.text("collection"), record.text("ansible"), record.text("started"))


def _host(record: _Record) -> HostAudit:
    host, status = record.text("host"), record.text("status")
    if status not in STATUSES:
        raise record.error(f"status is none of {', '.join(STATUSES)}")
    edits, after = record.optional_record("edits"), record.optional_record("after")
    return HostAudit(
        host=host,
        site=record.optional("site"),
        product=record.optional("product") or "",
        status=status,
        message=record.optional("message") or "",
        share=_object(record, "share", edits, after),
        directory=_object(record, "directory", edits, after),
        group=_group(record.optional_record("group")),
        senders=tuple(_sender(sender) for sender in record.records("senders")),
        findings=tuple(_finding(finding) for finding in record.records("findings")),
        seconds=float(record.number("seconds")),
        requests=int(record.number("requests")),
    )


def _object(record: _Record, key: str, edits: _Record | None, after: _Record | None) -> Object | None:
    found = record.optional_record(key)
    if found is None:
        return None
    return Object(
        path=found.text("path"),
        sddl=found.text("sddl"),
        name=found.optional("name") or "",
        edits=edits.texts(key) if edits else (),
        after=(after.optional(f"{key}_sddl") or "") if after else "",
    )


def _group(record: _Record | None) -> Group | None:
    if record is None:
        return None
    return Group(
        name=record.text("name"),
        sid=record.text("sid"),
        in_desired_state=record.flag("in_desired_state"),
        members=record.texts("members"),
        missing=record.texts("missing"),
    )


def _sender(record: _Record) -> Sender:
    return Sender(
        account=record.text("account"),
        name=record.text("name"),
        sid=record.text("sid"),
        in_desired_state=record.flag("in_desired_state") is True,
        reasons=record.texts("reasons"),
        share=_access(record.record("share")),
        directory=_access(record.record("directory")),
        combined=_access(record.record("combined")),
        member=record.flag("member"),
    )


def _access(record: _Record) -> Access:
    return Access(
        access=record.text("access"),
        mask=record.text("mask"),
        satisfied=record.flag("satisfied"),
        decided_by=record.texts("decided_by"),
        may_be_denied_by=record.texts("may_be_denied_by"),
    )


def _finding(record: _Record) -> Finding:
    return Finding(*(record.text(key) for key in ("id", "severity", "site", "evidence", "advice", "source")))
