# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes an audit file: a line when a host has answered, so that nothing read is lost."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ..files import open_file
from .errors import AuditFileError
from .form import encode, end_to_json, header_to_json
from .model import FORMAT, AuditEnd, AuditHeader, HostStatus

_READ = tuple(status.value for status in HostStatus if status.was_read)
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


class AuditFile:
    """An audit file that is being written, by this run alone.

    A file without an end, of the same question and not older than `max_age`, is continued: `kept` holds the hosts that
    have an answer in it. Any other file is written anew. `warning` is a sentence if that is because the file began in
    the future, by the clock; otherwise it is None.

    Args:
        path: where it is.
        question: a digest of what is asked, as only answers to the same question are kept.
        about: versions for the header, `collection` and `ansible`. Answers of other versions are not kept.
        max_age: seconds after its begin that the answers in an unfinished file count; 0 for none.
        now: the time, in UTC.

    Raises:
        AuditFileError: it cannot be opened, another run writes it, or it is something else.
    """

    def __init__(
        self, path: Path, question: str, about: Mapping[str, str], *, max_age: float, now: datetime | None = None
    ) -> None:
        self._path = path
        self.warning: str | None = None
        started = now or datetime.now(timezone.utc)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        try:
            self._file = os.fdopen(open_file(path, flags), "r+b", buffering=0)
        except OSError as error:
            raise AuditFileError(f"{path}: the audit file cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            header = AuditHeader(about["collection"], about["ansible"], _stamp(started), question)
            self.kept = self._resumed(header, started, timedelta(seconds=max_age))
            if not self.kept:
                self._file.truncate(0)
                self.add(encode(header_to_json(header)))
        except BlockingIOError:
            self._file.close()
            raise AuditFileError(f"{path}: another run is writing this audit file") from None
        except BaseException:
            self._file.close()
            raise

    def add(self, line: bytes) -> None:
        """Keep one host's line, which is JSON without its line feed."""
        try:
            self._file.write(line + b"\n")
        except OSError as error:
            raise AuditFileError(f"{self._path}: the audit file cannot be written: {error.strerror}") from None

    def end(self, counts: Mapping[str, int]) -> None:
        """Write the end: every host has its line."""
        self.add(encode(end_to_json(AuditEnd(_stamp(datetime.now(timezone.utc)), counts))))
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file, finished or not."""
        self._file.close()

    def _resumed(self, header: AuditHeader, now: datetime, max_age: timedelta) -> dict[str, tuple[str, str | None]]:
        """Status and message of the hosts that an unfinished file has read; a torn last line is cut off."""
        kept: dict[str, tuple[str, str | None]] = {}
        whole = 0
        with os.fdopen(os.dup(self._file.fileno()), "rb") as lines:
            for number, line in enumerate(lines):
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                values = _decode(line)
                if number == 0 and not (max_age and self._continues(values, header, now, max_age)):
                    if values.get("format") != FORMAT:
                        raise AuditFileError(f"{self._path}: this file is no audit file; give another path")
                    return {}
                if values.get("type") == "end":
                    return {}
                if values.get("type") == "host":
                    kept.pop(str(values.get("host")), None)
                    if values.get("status") in _READ:
                        kept[str(values.get("host"))] = (str(values["status"]), values.get("message"))
        if kept:
            self._file.truncate(whole)
        return kept

    def _continues(self, values: Mapping[str, Any], header: AuditHeader, now: datetime, max_age: timedelta) -> bool:
        """Whether a file whose first line has these values holds answers to the same question that still count."""
        if any(values.get(key) != value for key, value in header_to_json(header).items() if key != "started"):
            return False
        try:
            started = datetime.strptime(str(values.get("started")), _STAMP).replace(tzinfo=timezone.utc)
        except ValueError:
            return False
        if started > now:
            self.warning = (
                f"{self._path}: the audit in this file began at {_stamp(started)}, which is later than the clock of "
                f"this controller ({_stamp(now)}). Its answers are not used, and all hosts are read again. "
                "Check the clock."
            )
            return False
        return started >= now - max_age


def _decode(line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _stamp(time: datetime) -> str:
    return time.strftime(_STAMP)
