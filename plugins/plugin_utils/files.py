# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the controller. Anything else at a path (a device, a named pipe, a directory) is refused and not opened.

To open a named pipe waits for another process, and to read a device may never end. A file that replaces a device takes
it away from every program.
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
    """The result of `replace_file`.

    Attributes:
        size: the size of the new content, in bytes.
        changed: whether the new content differs from the old.
    """

    size: int
    changed: bool


def refuse_other_than_file(path: Path | str) -> None:
    """Refuse a path to something that is not a file, or a link to that. A path with nothing there is accepted.

    Raises:
        OSError: it is not a file, or that cannot be checked; `strerror` has the reason.
    """
    try:
        _refuse(Path(path).stat().st_mode, path)
    except FileNotFoundError:
        return
    except ValueError:  # NUL, and half characters
        raise OSError(errno.EINVAL, "no file can have such a name", repr(os.fspath(path))) from None


def open_file(path: Path | str, flags: int, mode: int = 0o600) -> int:
    """Open a file like `os.open`, but only a file, and without waiting.

    Raises:
        OSError: it is not a file, or it cannot be opened; `strerror` has the reason.
    """
    refuse_other_than_file(path)
    try:
        # Something else may be there by now: to open it does not wait then, and it is closed again.
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
        OSError: it is not a file, or it cannot be opened; `strerror` has the reason.
    """
    return os.fdopen(open_file(path, os.O_RDONLY), "rb")


def replace_file(path: Path, pieces: Iterable[bytes], *, check_mode: bool = False) -> Replacement:
    """Replace the content of a file: all of it or nothing, and only if it differs. Only its owner can read the file.

    Everything in this collection that writes a whole file uses this function. Only what a run remembers about accounts
    (`directory/memory.py`) is written in place: its files are locked meanwhile, and no one but the run reads them.

    Args:
        path: the file. It need not exist.
        pieces: the new content.
        check_mode: do not write.

    Raises:
        OSError: something else is there, or the file cannot be written; `strerror` has the reason.
    """
    before = _digest(path)
    size, digest = 0, sha256()
    if check_mode:
        for piece in pieces:
            size += len(piece)
            digest.update(piece)
        return Replacement(size, digest.digest() != before)
    # mkstemp(3) creates a file that only its owner can read.
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
    """The digest of the content of a file; None if there is no file."""
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
