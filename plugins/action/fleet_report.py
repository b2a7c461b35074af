# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet_report: what an audit found, as files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.sitekeeper.sms.plugins.modules.fleet_report import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import MAX_LINE, AuditError, read_audit
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.files import open_to_read, replace_file
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import HierarchyError, read_hierarchy
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.fields import quoted
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report import (
    Fleet,
    csv_table,
    fleet_of,
    html_page,
    json_summary,
    junit_xml,
)

FORMATS = ("html", "json", "csv", "junit")


_FUTURE = (
    "audit_files: an audit began at {started}, which is later than the clock of this controller ({now}). "
    "What it read of a host counts more than what other files have of it. Check the clocks of the controllers."
)


class _Unwritable(Exception):
    """A report that can't be written, in words."""


class ActionModule(ActionBase):
    """Door of the module. It stays on the controller."""

    # One report for all hosts of the play.
    BYPASS_HOST_LOOP = True

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        _checked, arguments = self.validate_argument_spec(
            argument_spec=argument_spec(DOCUMENTATION), required_one_of=[FORMATS]
        )
        try:
            result.update(_report(arguments, check_mode=bool(self._task.check_mode)))
        except HierarchyError as error:
            message = f"sms_sites: the description of the hierarchy can't be used:\n{error}"
            result.update(failed=True, changed=False, msg=message)
        except (AuditError, _Unwritable) as error:
            result.update(failed=True, changed=False, msg=str(error))
        return result


def _report(arguments: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
    sites = arguments["sms_sites"]
    hierarchy = None if sites is None else read_hierarchy(sites, arguments["sms_products"])
    fleet = fleet_of(_audit(arguments["audit_files"]), hierarchy)
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    future = max((header.started for header in fleet.audit.headers if header.started > now), default=None)
    files = {
        name: _write(Path(arguments[name]), _text(name, fleet, arguments["title"]), check_mode=check_mode)
        for name in FORMATS
        if arguments[name]
    }
    return {
        "changed": any(file["changed"] for file in files.values()),
        "counts": {state.value: count for state, count in fleet.counts.items()},
        "hosts": len(fleet.entries),
        "findings": dict(Counter(finding.severity for _entry, finding in fleet.findings)),
        "complete": bool(fleet.audit.finished),
        "unreadable": fleet.audit.unreadable,
        "files": files,
        **({"warnings": [_FUTURE.format(started=quoted(future), now=now)]} if future else {}),
    }


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
    """Put ``text`` in the place of what is there, all of it or nothing, and only if it differs."""
    try:
        if not check_mode:
            path.parent.mkdir(parents=True, exist_ok=True)
        written = replace_file(path, (piece.encode() for piece in text), check_mode=check_mode)
    except OSError as error:
        raise _Unwritable(f"{path} can't be written: {error.strerror or error}") from None
    return {"path": str(path), "bytes": written.size, "changed": written.changed}
