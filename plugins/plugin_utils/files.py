# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the controller. Whatever else has a path there (a device, a named pipe, a directory) is refused, not opened.

Opening a named pipe waits for another process, reading a device may never end, and what is put in the place of a device
takes that away from everybody.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

_PIECE = 1024 * 1024

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True)
class Replacement:
    """What became of a file that was to be replaced.

    Attributes:
        size: how long the new content is, in bytes.
        changed: whether it differs from what was there.
    """

    size: int
    changed: bool


def refuse_other_than_file(path: Path | str) -> None:
    """Refuse what is there if it is no file, or a link to something that is none. Nothing there is fine.

    Raises:
        OSError: it is no file, or that cannot be found out; `strerror` says why.
    """
    try:
        _refuse(Path(path).stat().st_mode, path)
    except FileNotFoundError:
        return
    except ValueError:  # NUL, and half characters
        raise OSError(errno.EINVAL, "no file can have such a name", repr(os.fspath(path))) from None


def open_file(path: Path | str, flags: int, mode: int = 0o600) -> int:
    """Open a file as `os.open` does, but nothing else than a file, and never wait.

    Raises:
        OSError: it is no file, or cannot be opened; `strerror` says why.
    """
    refuse_other_than_file(path)
    try:
        # What is there may have been exchanged in between: then opening it waits for nobody, and it is closed again.
        descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY, mode)
    except OSError as error:
        if error.errno == errno.ELOOP and flags & os.O_NOFOLLOW:
            raise OSError(error.errno, "it is a symbolic link, which is not followed", os.fspath(path)) from None
        raise
    try:
        _refuse(os.fstat(descriptor).st_mode, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def open_to_read(path: Path | str) -> BinaryIO:
    """Open a file to read it.

    Raises:
        OSError: it is no file, or cannot be opened; `strerror` says why.
    """
    return os.fdopen(open_file(path, os.O_RDONLY), "rb")


def replace_file(path: Path, pieces: Iterable[bytes], *, check_mode: bool = False) -> Replacement:
    """Put new content in the place of a file, all of it or nothing, and only if it differs. Only the owner may read it.

    Args:
        path: the file; it need not be there.
        pieces: the new content.
        check_mode: whether to write nothing.

    Raises:
        OSError: something else than a file is there, or it cannot be written; `strerror` says why.
    """
    before = _digest(path)
    size, digest = 0, sha256()
    if check_mode:
        for piece in pieces:
            size += len(piece)
            digest.update(piece)
        return Replacement(size, digest.digest() != before)
    # Such a file is readable by its owner only.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:50]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            for piece in pieces:
                size += len(piece)
                digest.update(piece)
                stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        changed = digest.digest() != before
        if changed:
            Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return Replacement(size, changed)


def _digest(path: Path) -> bytes | None:
    """The digest of what is there; None if there is nothing."""
    digest = sha256()
    try:
        with open_to_read(path) as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    except FileNotFoundError:
        return None
    return digest.digest()


def _refuse(mode: int, path: Path | str) -> None:
    if stat.S_ISREG(mode):
        return
    kind = next((what for is_kind, what in _KINDS if is_kind(mode)), "something else")
    raise OSError(errno.EINVAL, f"it is {kind}, not a file; give the path of a file", os.fspath(path))
