# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of JSON lines that several processes append to, and that survive a crash in the middle of a line."""

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
"""Longest line that is read, in bytes; an event with two descriptors of 64 KiB takes less than 2 MB."""


_OF_WHAT = re.compile(rb'"change_id":"(?:[^"\\]|\\.)*","digest":"[^"]*"')


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
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    try:
        existed = path.exists()
        descriptor = open_file(path, flags)
        try:
            # Closing the file, which happens even if the process is killed, gives the lock back.
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
    """Keep other runs, of this controller, that use the same record from working on the same host at the same time.

    They would not harm each other's writes, each of which is compared before and after. But a change that is applied
    while it is taken back ends as half of each.

    Args:
        path: the record; None for no lock. The file beside it, with `.lock` at its end, stays and is empty.
        host: the host.

    Raises:
        ChangeError: another run works on the host, or nothing can be locked there.
    """
    if path is None:
        yield
        return
    lock = f"{path}.lock"
    # One byte for each host; where nothing is, can be locked too. The lock goes with the process.
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
                f"{host}: another run with the record {path} works on this host right now, and nothing was written. "
                "Wait until it has ended"
            ) from None
        except OSError as error:
            raise ChangeError(f"{lock} cannot be locked: {error.strerror or error}") from None
        yield
    finally:
        os.close(descriptor)


def read_journal(path: Path, host: str | None = None) -> Journal:
    """Read the lines, or only those that tell of a host, and one for each change and digest.

    Thousands of hosts make long records, and reading all of it for each of them would take longer than the rest.

    Raises:
        ChangeError: the file cannot be read, or has a line that is too long to be one of ours.
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
                    raise ChangeError(f"{path}: line {number} is longer than {MAX_LINE} bytes: this is no record")
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
    """JSON in UTF-8. Half a character, which UTF-8 does not have, is left escaped, as JSON allows."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


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
