# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a directory answered in this run: files that all processes of the run share.

Ansible forks a process for each task and host, and an audit forks processes too. Each question has a file. The first
process that asks locks it; the others wait, and read the answer. Two more files hold the condition of the domain
controller and that of the account that asks, so a wrong password is tried once in a run.

The files hold SIDs, names, states and texts of errors. No password and nothing made from one is in them.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Lock
from typing import Protocol

from ..files import open_file
from .condition import Answer, AskingState
from .errors import DirectoryError
from .stored import LONGEST, NotStoredError, answer_of, answer_text, condition_of, condition_text

PATIENCE = 60.0
"""Seconds that one thread waits until others have asked."""

_FOLDER = "sms_directory"
_LONGEST_PAUSE = 0.05


class Slot(Protocol):
    """The place of the answer to one question, while nobody else asks it."""

    def read(self) -> Answer | None:
        """The answer; None if there is none that can be relied on."""

    def write(self, answer: Answer) -> None:
        """Keep the answer."""


class Memory(Protocol):
    """What is remembered about a directory. Its methods raise OSError if that cannot be read or kept.

    TimeoutError, which is one too: others have asked for too long.
    """

    def slot(self, question: str) -> AbstractContextManager[Slot]:
        """The place of an answer. One thread of all processes has it at a time."""

    def turn(self) -> AbstractContextManager[None]:
        """The right to ask: one thread of all processes has it until the directory has answered once."""

    def closed_by(self) -> DirectoryError | None:
        """The error after which the directory must not be asked; None if it may be."""

    def note(self, answer: Answer) -> None:
        """Take into account what the directory answered."""


class _NoSlot:
    def read(self) -> Answer | None:
        return None

    def write(self, answer: Answer) -> None:
        pass


class ProcessMemory:
    """Remembers the condition of the directory in this process."""

    def __init__(self) -> None:
        self._condition = AskingState()
        self._locks = ProcessLocks()

    @contextmanager
    def slot(self, question: str) -> Iterator[Slot]:
        """See `Memory`."""
        with self._locks.held(question, PATIENCE):
            yield _NoSlot()

    def turn(self) -> AbstractContextManager[None]:
        """See `Memory`. One process uses one connection anyway."""
        return nullcontext()

    def closed_by(self) -> DirectoryError | None:
        """See `Memory`."""
        return self._condition.closed_by

    def note(self, answer: Answer) -> None:
        """See `Memory`."""
        self._condition = self._condition.after(answer)


class RunMemory:
    """Remembers in files of a folder.

    Args:
        folder: a folder that only the user of the run can read, and that is removed at its end.
        directory: a text that only this domain controller with this account has.
        account: a text that only this account has, the same at each domain controller.
        patience: seconds to wait while others ask.
    """

    def __init__(self, folder: Path, directory: str, account: str, patience: float = PATIENCE) -> None:
        self._folder = folder / _FOLDER
        self._directory = directory
        self._account_key = _key("account", account)
        self._directory_key = _key("directory", directory)
        self._patience = patience
        self._is_ours = False
        self._answered = False

    @contextmanager
    def slot(self, question: str) -> Iterator[Slot]:
        """See `Memory`."""
        key = _key("question", self._directory, question)
        with self._locked(key) as file:
            yield _FileSlot(file, key)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """See `Memory`. Before that, one thread asks for all domain controllers that the account is to ask."""
        if self._has_answered():
            yield
            return
        with self._locked(f"{self._account_key}.turn"):
            alone = not self._has_answered()
            if alone:
                # A full disk must not keep the others from learning that the password is wrong.
                for key in (self._directory_key, self._account_key):
                    self._change(key, lambda condition: condition)
                yield
        if not alone:
            yield

    def closed_by(self) -> DirectoryError | None:
        """See `Memory`."""
        return self._condition(self._directory_key).closed_by or self._condition(self._account_key).closed_by

    def note(self, answer: Answer) -> None:
        """See `Memory`."""
        self._change(self._directory_key, lambda condition: condition.after(answer))
        self._change(self._account_key, lambda condition: condition.of_account_after(answer))

    def _has_answered(self) -> bool:
        self._answered = self._answered or self._condition(self._directory_key).answered
        return self._answered

    def _condition(self, key: str) -> AskingState:
        with self._locked(key) as file:
            return _condition(file, key)

    def _change(self, key: str, change: Callable[[AskingState], AskingState]) -> None:
        with self._locked(key) as file:
            before = _condition(file, key)
            after = change(before)
            if after != before or not os.fstat(file).st_size:
                _write(file, condition_text(key, after))

    @contextmanager
    def _locked(self, name: str) -> Iterator[int]:
        """An open file that no other thread of the run has open. It is made if it is not there."""
        until = time.monotonic() + self._patience
        path = self._private_folder() / name
        with _LOCKS.held(str(path), self._patience):
            file = open_file(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)
            try:
                _refuse_foreign(os.fstat(file), path)
                _lock(file, until)
                try:
                    yield file
                finally:
                    # Not only closed: a process that another thread forks meanwhile has a copy of it.
                    fcntl.flock(file, fcntl.LOCK_UN)
            finally:
                os.close(file)

    def _private_folder(self) -> Path:
        if not self._is_ours:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            _refuse_foreign(self._folder.lstat(), self._folder)
            self._is_ours = True
        return self._folder


class _FileSlot:
    def __init__(self, file: int, key: str) -> None:
        self._file = file
        self._key = key

    def read(self) -> Answer | None:
        try:
            return answer_of(self._key, _read(self._file))
        except NotStoredError:
            return None

    def write(self, answer: Answer) -> None:
        with suppress(OSError):  # the next one asks again
            _write(self._file, answer_text(self._key, answer))


class ProcessLocks:
    """Locks of one process by name. A forked process has its own, since nobody there ends what its parent began."""

    def __init__(self) -> None:
        self._locks: dict[tuple[int, str], Lock] = {}

    @contextmanager
    def held(self, name: str, seconds: float) -> Iterator[None]:
        """Hold a lock.

        Raises:
            TimeoutError: others have it for so many seconds.
        """
        lock = self._locks.setdefault((os.getpid(), name), Lock())
        if not lock.acquire(timeout=seconds):
            raise TimeoutError
        try:
            yield
        finally:
            lock.release()


_LOCKS = ProcessLocks()
"""By the paths of files. flock(2) on a network drive may not separate the threads of a process."""


def _key(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _lock(file: int, until: float) -> None:
    pause = 0.001
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise TimeoutError from None
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        else:
            return


def _refuse_foreign(found: os.stat_result, path: Path) -> None:
    """Refuse what another user can have made or changed."""
    is_ours = stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1)
    if not is_ours or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(errno.EPERM, "others can change it", str(path))


def _condition(file: int, key: str) -> AskingState:
    try:
        return condition_of(key, _read(file))
    except NotStoredError:
        return AskingState()


def _read(file: int) -> bytes:
    found = b""
    while more := os.pread(file, LONGEST + 1 - len(found), len(found)):
        found += more
    return found if len(found) <= LONGEST else b""


def _write(file: int, text: bytes) -> None:
    """Write a line. One that is cut off by the end of this process has no right digest."""
    written = 0
    while written < len(text):
        written += os.pwrite(file, text[written:], written)
    os.ftruncate(file, len(text))
