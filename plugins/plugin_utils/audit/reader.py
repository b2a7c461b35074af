# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads audit files.

A host that was read again has several lines; the last line of the latest run counts. A line that is no JSON, as an
interrupted run leaves behind, is ignored and counted. Everything else that does not match the format is an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .errors import AuditError
from .fields import LineFields
from .form import NO_HEADER, header_from_json, host_from_json
from .model import AuditedHost, AuditHeader

# Far above what a site server with hundreds of senders takes; what is longer is no line of an audit.
MAX_LINE = 16 * 1024 * 1024


@dataclass(slots=True)
class Audit:
    """What one or more audit files hold.

    Attributes:
        headers: of every run that wrote.
        hosts: the latest that was read of each host, by its name.
        finished: when the last run ended; empty if it was interrupted.
        unreadable: the lines that were ignored, a sentence for each.
    """

    headers: list[AuditHeader] = field(default_factory=list)
    hosts: dict[str, AuditedHost] = field(default_factory=dict)
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
    """Read one file into ``audit`` and return when it ended; ``since`` is the begin of the run that a host is from."""
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
            # A run that was interrupted while it wrote. The next one continues behind that.
            if not has_header:
                raise AuditError(f"{place}: {NO_HEADER}") from None
            audit.unreadable.append(f"{place} is no JSON and was passed over")
            continue
        if not isinstance(values, dict):
            raise AuditError(f"{place} is no JSON object, so this is no audit file")
        fields = LineFields(values, place, texts)
        kind = values.get("type")
        if kind == "header":
            audit.headers.append(header_from_json(fields))
            has_header, started, finished = True, audit.headers[-1].started, ""
        elif not has_header:
            raise AuditError(f"{place}: {NO_HEADER}")
        elif kind == "host":
            host = host_from_json(fields)
            if started >= since.get(host.host, ""):
                audit.hosts[host.host], since[host.host] = host, started
            finished = ""
        elif kind == "end":
            finished = fields.text("finished")
        else:
            raise fields.error("type is none of header, host and end")
    if not has_header:
        raise AuditError(f"{name} is empty; {NO_HEADER}")
    return finished
