# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of JSON lines that several processes append to, and that survive a crash in the middle of a line."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .document import ChangeError

MAX_LINE = 16 * 1024 * 1024
"""Longest line that is read, in bytes; an event with two descriptors of 64 KiB takes less than 2 MB."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What was read.

    Attributes:
        lines: the lines, in order.
        torn: numbers of the lines that are no JSON object: a write was cut off there. The first is 1.
    """

    lines: tuple[Mapping[str, Any], ...]
    torn: tuple[int, ...] = ()


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Append a line with the time; when this returns, it is on the disk.

    A lock keeps the lines of processes that write at the same time apart. A line that a crash has torn is left as it
    is, and the next one starts on a line of its own.

    Raises:
        ChangeError: it cannot be written.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        existed = path.exists()
        descriptor = os.open(path, flags, 0o600)
        try:
            # Closing the file, which happens even if the process is killed, gives the lock back.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            text = json.dumps({"time": utc_now(), **line}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                text = b"\n" + text
            while text:
                text = text[os.write(descriptor, text) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not existed:
            _sync_directory(path.parent)
    except OSError as error:
        raise ChangeError(f"the record {path} cannot be written: {error.strerror or error}") from None


def utc_now() -> str:
    """Now, UTC, ISO 8601, to the millisecond."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_journal(path: Path) -> Journal:
    """Read all lines.

    Raises:
        ChangeError: the file cannot be read, or has a line that is too long to be one of ours.
    """
    lines: list[Mapping[str, Any]] = []
    torn: list[int] = []
    try:
        with path.open("rb") as stream:
            number = 0
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise ChangeError(f"{path}: line {number} is longer than {MAX_LINE} bytes: this is no record")
                found = _object(line)
                if found is None:
                    torn.append(number)
                else:
                    lines.append(found)
    except OSError as error:
        raise ChangeError(f"the record {path} cannot be read: {error.strerror or error}") from None
    return Journal(tuple(lines), tuple(torn))


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _sync_directory(path: Path) -> None:
    """A new file is there after a crash only if its directory is on the disk as well."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
