# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of JSON lines. Several processes can append to one, and a crash in the middle of a line does no harm."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..files import open_file, open_to_read, refuse_other_than_file
from .document import ChangeError

MAX_LINE = 16 * 1024 * 1024
"""Longest line that is read, in bytes; an event with two descriptors of 64 KiB is shorter than 2 MB."""


_OF_WHAT = re.compile(rb'"change_id":"(?:[^"\\]|\\.)*","digest":"[^"]*"')


@dataclass(frozen=True, slots=True)
class Journal:
    """What was read from such a file.

    Attributes:
        lines: the lines, in order.
        torn: numbers of the lines that are not JSON objects, because a crash cut them off. The first line is 1.
    """

    lines: tuple[Mapping[str, Any], ...]
    torn: tuple[int, ...] = ()


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Append a line with the time. It is on the disk when this function returns.

    A lock keeps apart the lines of processes that write at the same time. If a crash has cut off the last line, it
    stays as it is, and the new line starts after a newline.

    Raises:
        ChangeError: it cannot be written.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    try:
        existed = path.exists()
        descriptor = open_file(path, flags)
        try:
            # The lock ends when the file is closed, also if the process is killed.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            text = _encode({"time": utc_now(), **line}) + b"\n"
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


@contextmanager
def host_lock(path: Path | None, host: str) -> Iterator[None]:
    """Let only one run on this controller with the same record work on a host at a time.

    Two runs would not overwrite each other's writes, because each write is compared before and after. But if one
    applies a change while the other rolls it back, the host ends with a part of each.

    Args:
        path: the record; None for no lock. The lock is an empty file beside it, with `.lock` at its end, which stays.
        host: the host.

    Raises:
        ChangeError: another run is working on the host, or the lock file cannot be used.
    """
    if path is None:
        yield
        return
    lock = f"{path}.lock"
    # One byte for each host. Bytes beyond the end of a file can be locked too. The lock ends with the process.
    at = int.from_bytes(hashlib.sha256(host.encode()).digest()[:7], "big")
    try:
        refuse_other_than_file(path)
        descriptor = open_file(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)
    except OSError as error:
        which = f"{lock}: " if error.filename == lock else ""
        raise ChangeError(f"the record {path} cannot be written: {which}{error.strerror or error}") from None
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, at)
        except (BlockingIOError, PermissionError):
            raise ChangeError(
                f"{host}: another run with the record {path} is working on this host, and nothing was written. Run "
                "again when it has ended"
            ) from None
        except OSError as error:
            raise ChangeError(f"{lock} cannot be locked: {error.strerror or error}") from None
        yield
    finally:
        os.close(descriptor)


def read_journal(path: Path, host: str | None = None) -> Journal:
    """Read all lines; or only those of one host, and one line for each change and digest.

    A record of thousands of hosts is long. To parse all of it for each host would take longer than everything else.

    Raises:
        ChangeError: the file cannot be read, or a line is too long for a record.
    """
    lines: list[Mapping[str, Any]] = []
    torn: list[int] = []
    named = None if host is None else b'"host":' + _encode(host) + b","
    seen: set[bytes] = set()
    try:
        with open_to_read(path) as stream:
            number = 0
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise ChangeError(f"{path}: line {number} is longer than {MAX_LINE} bytes, so this is not a record")
                if named and named not in line and line.endswith(b"}\n") and any(each in line for each in seen):
                    continue
                if of_what := _OF_WHAT.search(line):
                    seen.add(of_what[0])
                found = _object(line)
                if found is None:
                    torn.append(number)
                else:
                    lines.append(found)
    except OSError as error:
        raise ChangeError(f"the record {path} cannot be read: {error.strerror or error}") from None
    return Journal(tuple(lines), tuple(torn))


def _encode(value: Any) -> bytes:
    """JSON in UTF-8. A lone surrogate, which UTF-8 does not have, stays escaped, as JSON allows."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _sync_directory(path: Path) -> None:
    """Write a directory to the disk: without it, a new file may be missing after a crash."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
