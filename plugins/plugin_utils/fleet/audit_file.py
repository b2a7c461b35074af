# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit file: one JSON object a line, written as hosts answer, so that nothing read is lost."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ..files import open_file

FORMAT = "sitekeeper.sms/audit"
VERSION = 1

_OURS = {"format": FORMAT, "version": VERSION}
_READ = ("in_desired_state", "drifted")


class AuditFileError(Exception):
    """The file cannot be written."""


class AuditFile:
    """An audit file that is being written, by this run alone.

    A file without an end, of the same question and not older than `max_age`, is gone on with: `kept` holds the hosts
    that it has answers of. Any other file is written anew. `warning` is a sentence if that is because the file began
    in the future, by the clock; otherwise it is None.

    Args:
        path: where it is.
        question: a name for what is asked, as only answers to the same question are kept.
        about: the versions of what asks, for the header. Answers of other versions are not kept.
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
            asked = {**_OURS, **about, "question": question}
            self.kept = self._resumed(asked, started, timedelta(seconds=max_age))
            if not self.kept:
                self._file.truncate(0)
                self._write(
                    {
                        "type": "header",
                        **_OURS,
                        **about,
                        "started": _stamp(started),
                        "question": question,
                    }
                )
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
        """Every host has its line."""
        self._write({"type": "end", "finished": _stamp(datetime.now(timezone.utc)), **counts})
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file, finished or not."""
        self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self.add(encode(line))

    def _resumed(
        self, asked: Mapping[str, Any], now: datetime, max_age: timedelta
    ) -> dict[str, tuple[str, str | None]]:
        """Status and message of the hosts that an unfinished file has read; a torn last line is cut off."""
        kept: dict[str, tuple[str, str | None]] = {}
        whole = 0
        with os.fdopen(os.dup(self._file.fileno()), "rb") as lines:
            for number, line in enumerate(lines):
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                said = _decode(line)
                if number == 0 and not (max_age and self._goes_on(said, asked, now, max_age)):
                    if said.get("format") != FORMAT:
                        raise AuditFileError(f"{self._path}: this file is no audit file; give another path")
                    return {}
                if said.get("type") == "end":
                    return {}
                if said.get("type") == "host":
                    kept.pop(str(said.get("host")), None)
                    if said.get("status") in _READ:
                        kept[str(said.get("host"))] = (str(said["status"]), said.get("message"))
        if kept:
            self._file.truncate(whole)
        return kept

    def _goes_on(self, header: Mapping[str, Any], asked: Mapping[str, Any], now: datetime, max_age: timedelta) -> bool:
        """Whether a file that begins like this has answers to the same question that still count."""
        if any(header.get(key) != value for key, value in asked.items()):
            return False
        try:
            started = datetime.strptime(str(header.get("started")), _STAMP).replace(tzinfo=timezone.utc)
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


def encode(line: Mapping[str, Any]) -> bytes:
    """A line of the file, without its line feed."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _decode(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


_STAMP = "%Y-%m-%dT%H:%M:%SZ"


def _stamp(time: datetime) -> str:
    return time.strftime(_STAMP)
