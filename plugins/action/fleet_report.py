# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet_report: reports of what an audit found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar

from ansible_collections.sitekeeper.sms.plugins.modules.fleet_report import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import MAX_LINE, AuditError, read_audit
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.controller_action import ControllerAction, TaskFailed
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.files import open_to_read, replace_file
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import quoted
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report import (
    Fleet,
    csv_table,
    fleet_of,
    html_page,
    json_summary,
    junit_xml,
)

FORMATS = ("html", "json", "csv", "junit")

_SECOND_READING = ".after"
"""The end of the name of the file that the playbook `fleet` writes after it has remediated hosts."""

_INCOMPLETE = "The audit was interrupted, so this report is incomplete. Run the audit again to complete it."

_FUTURE = (
    "audit_files: an audit began at {started}, which is later than the clock of this controller ({now}). "
    "What it read of a host counts more than what other files have of it. Check the clocks of the controllers."
)


class ActionModule(ControllerAction):
    """The action of the module `fleet_report`."""

    # One report for all hosts of the play.
    BYPASS_HOST_LOOP = True

    spec = argument_spec(DOCUMENTATION)
    rules: ClassVar[dict[str, Any]] = {"required_one_of": [FORMATS]}
    unchecked = ("sms_sites",)
    failures = (AuditError,)

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Read the audit files, and write the reports."""
        del variables
        sites = arguments["sms_sites"]
        hierarchy = None if sites is None else self.read_sites(sites, arguments["sms_products"])
        paths = _files(arguments["audit_files"], second_readings=arguments["second_readings"])
        fleet = fleet_of(_audit(paths), hierarchy)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        future = max((header.started for header in fleet.audit.headers if header.started > now), default=None)
        files = {
            name: _write(Path(arguments[name]), _text(name, fleet, arguments["title"]), check_mode=self.check_mode)
            for name in FORMATS
            if arguments[name]
        }
        result = {
            "changed": any(file["changed"] for file in files.values()),
            "counts": {state.value: count for state, count in fleet.counts.items()},
            "hosts": len(fleet.entries),
            "findings": dict(Counter(finding.severity for _entry, finding in fleet.findings)),
            "complete": bool(fleet.audit.finished),
            "unreadable": fleet.audit.unreadable,
            "files": files,
            "lines": [_summary(fleet, files), *([] if fleet.audit.finished else [_INCOMPLETE])],
        }
        if future:
            result["warnings"] = [_FUTURE.format(started=quoted(future), now=now)]
        return result


def _summary(fleet: Fleet, files: Mapping[str, Mapping[str, Any]]) -> str:
    counts = ", ".join(f"{count} {state.value.replace('_', ' ')}" for state, count in fleet.counts.items() if count)
    written = ", ".join(file["path"] for file in files.values())
    return f"{len(fleet.entries)} site server{'' if len(fleet.entries) == 1 else 's'}: {counts}. See {written}"


def _files(paths: Sequence[str], *, second_readings: bool) -> Sequence[str]:
    """The files, with those of second readings last: of runs that began within one second, the later file counts."""
    again = [f"{path}{_SECOND_READING}" for path in paths if second_readings]
    again = [path for path in again if Path(path).exists()]
    return [*(path for path in paths if path not in again), *again]


def _audit(paths: Sequence[str]) -> Any:
    if not paths:
        raise AuditError("audit_files names no file, so there is nothing to report")
    with ExitStack() as stack:
        files = {}
        for path in paths:
            try:
                stream = stack.enter_context(open_to_read(path))
            except OSError as error:
                raise AuditError(f"audit_files: {path} can't be read: {error.strerror or error}") from None
            files[path] = _lines(stream)
        try:
            return read_audit(files)
        except OSError as error:
            raise AuditError(f"audit_files: {error.filename or 'a file'}: {error.strerror or error}") from None


def _lines(stream: Any) -> Iterator[bytes]:
    # One byte more than a line may have, so that the reader sees that it is longer without holding all of it.
    while line := stream.readline(MAX_LINE + 1):
        yield line


def _text(name: str, fleet: Fleet, title: str) -> Iterator[str]:
    if name == "html":
        return html_page(fleet, title)
    return {"json": json_summary, "csv": csv_table, "junit": junit_xml}[name](fleet)


def _write(path: Path, text: Iterator[str], *, check_mode: bool) -> dict[str, Any]:
    """Replace the file with ``text``, all of it or nothing, and only if it differs."""
    try:
        if not check_mode:
            path.parent.mkdir(parents=True, exist_ok=True)
        written = replace_file(path, (piece.encode() for piece in text), check_mode=check_mode)
    except OSError as error:
        raise TaskFailed(f"{path} can't be written: {error.strerror or error}") from None
    return {"path": str(path), "bytes": written.size, "changed": written.changed}
