# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Propagation of inheritance to the children of a directory over SMB, which no server does for its client.

If the new permissions of the directory change what its children inherit, the children are read, and written if they
differ. The directory itself is written last: a run that breaks before leaves it unchanged. So the next run starts
again, skips what needs no change, and writes the rest. Then names that appeared meanwhile are read once more.

Connections work in parallel, each in a thread. A further one is opened only if there is work to share. The number of
connections and the depth of the tree limit the memory, not the number of files. Only the names of files that are
created meanwhile are kept.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from ....module_utils.smb_errors import SmbError
from ....module_utils.smb_session import SmbSession
from ...security import SecurityDescriptor, SecurityDescriptorError
from ...security.propagation import MAX_DEPTH, Node, propagate
from ...smb import DirectoryEntry, FileClient, file_client
from ..port import Propagated
from .descriptors import descriptor_to_write, read_descriptor

MAX_REFUSALS = 20
"""Most children that are named if they could not be changed."""

_BATCH = 64
_SECONDS_BETWEEN_REPORTS = 5.0
_CLOCK_MARGIN = 50_000_000
"""Five seconds as a FILETIME: what is older than the start minus this did not appear meanwhile."""

_VANISHED = frozenset({0xC0000034, 0xC000003A, 0xC0000056, 0xC000000F})
"""Statuses of names that were deleted, or are being deleted, before they are opened."""


class Broken(Exception):
    """The propagation stopped before its end.

    Attributes:
        error: the cause.
        updated: how many children were changed.
        uncertain: how many more may have been changed, since their writes got no answer.
        written: whether the directory itself was changed; None if its own write failed.
    """

    def __init__(self, error: SmbError, updated: int, uncertain: int, written: bool | None) -> None:
        self.error = error
        self.updated = updated
        self.uncertain = uncertain
        self.written = written
        super().__init__(str(error))


@dataclass(frozen=True, slots=True)
class _Task:
    """Children of one directory: the given ones, or all if that is None."""

    path: str
    above: SecurityDescriptor
    depth: int
    entries: tuple[DirectoryEntry, ...] | None = None


class Propagation:
    """Writes the permissions of a directory and of what is below it.

    Args:
        session: the session that the task has.
        open_session: opens a further one.
        share: the share that leads to the directory.
        path: the directory, below the share.
        connections: most sessions, the first one included.
        progress: called every few seconds with a sentence about how far it is.
    """

    def __init__(
        self,
        session: SmbSession,
        open_session: Callable[[], SmbSession],
        share: str,
        path: str,
        *,
        connections: int = 4,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._session = session
        self._open_session = open_session
        self._share = share
        self._path = path
        self._connections = connections
        self._progress = progress
        self._reported = time.monotonic()
        self._state = threading.Condition()
        self._tasks: deque[_Task] = deque()
        self._active = 0
        self._threads: list[threading.Thread] = []
        self._failure: Exception | None = None
        self._examined = 0
        self._updated = 0
        self._uncertain = 0
        self._refused = 0
        self._refusals: list[str] = []
        self._started = 0
        self._young: set[str] = set()

    def write(self, descriptor: SecurityDescriptor) -> Propagated:
        """Update the children for `descriptor`, write it, and read what appeared meanwhile.

        Raises:
            Broken: it stopped before its end.
            SmbError: the operator may not write the directory; nothing is written.
        """
        files = file_client(self._session)
        files.may_write(self._share, self._path)
        self._started = self._session.server_time - _CLOCK_MARGIN
        written: bool | None = False
        try:
            self._walk(files, _Task(self._path, descriptor, 0))
            written = None
            files.set_dacl(self._share, self._path, descriptor_to_write(descriptor))
            written = True
            for batch in _batches(self._late(files)):
                self._walk(files, _Task(self._path, descriptor, 0, batch))
        except SmbError as error:
            raise Broken(error, self._updated, self._uncertain, written) from None
        except SecurityDescriptorError as error:
            raise Broken(SmbError("garbled", str(error)), self._updated, self._uncertain, written) from None
        return Propagated(self._examined, self._updated, self._refused, tuple(self._refusals))

    def _late(self, files: FileClient) -> Iterator[DirectoryEntry]:
        """What appeared in the directory itself meanwhile; in those below it, new files inherit what is new."""
        for entry in files.entries(self._share, self._path):
            if entry.created >= self._started and entry.name not in self._young:
                yield entry

    def _walk(self, files: FileClient, task: _Task) -> None:
        self._tasks.append(task)
        self._work(files)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        if self._failure is not None:
            raise self._failure

    def _work(self, files: FileClient) -> None:
        """Take tasks until there are none and nobody can add one."""
        while True:
            with self._state:
                while not self._tasks and self._active and self._failure is None:
                    self._state.wait(1.0)
                    self._report()
                if not self._tasks or self._failure is not None:
                    return
                task = self._tasks.popleft()
                self._active += 1
            try:
                self._do(files, task)
            except Exception as error:
                with self._state:
                    self._failure = self._failure or error
            finally:
                with self._state:
                    self._active -= 1
                    self._state.notify_all()

    def _do(self, files: FileClient, task: _Task) -> None:
        stack = [self._children(files, task)]
        try:
            while stack:
                below = next(stack[-1], None)
                if below is None:
                    stack.pop()
                elif below.depth >= MAX_DEPTH:
                    raise SecurityDescriptorError(f"directories stand more than {MAX_DEPTH} deep; is there a loop?")
                elif not self._shared_out(below):
                    stack.append(self._children(files, below))
        finally:
            for left in reversed(stack):
                left.close()

    def _children(self, files: FileClient, task: _Task) -> Generator[_Task, None, None]:
        """Update the children of a directory; yields the directories whose children come next."""
        if task.entries is not None:
            for entry in task.entries:
                yield from self._child(files, task, entry)
            return
        batch: list[DirectoryEntry] = []
        for entry in self._listed(files, task.path):
            # Samba's creation times move when permissions are written, by a second and more on a busy machine.
            if entry.created >= self._started - _CLOCK_MARGIN and not task.depth:
                self._young.add(entry.name)
            if entry.is_directory:
                yield from self._child(files, task, entry)
                continue
            batch.append(entry)
            if len(batch) == _BATCH:
                yield _Task(task.path, task.above, task.depth, tuple(batch))
                batch.clear()
        for entry in batch:
            yield from self._child(files, task, entry)

    def _listed(self, files: FileClient, path: str) -> Iterator[DirectoryEntry]:
        try:
            yield from files.entries(self._share, path)
        except SmbError as error:
            if error.kind != "refused" or path == self._path:
                raise
            if error.status not in _VANISHED:
                self._refuse(path, error)

    def _child(self, files: FileClient, task: _Task, entry: DirectoryEntry) -> Generator[_Task, None, None]:
        path = f"{task.path}\\{entry.name}" if task.path else entry.name
        try:
            before = read_descriptor(files.security(self._share, path).security)
            changed = [now for _names, now in propagate(task.above, [Node(entry.name, entry.is_directory, before)])]
            after = changed[0] if changed else before
            if changed:
                self._write(files, path, after)
        except SmbError as error:
            if error.kind != "refused":
                raise
            if error.status not in _VANISHED:
                self._refuse(path, error)
            return
        except SecurityDescriptorError as error:
            self._refuse(path, error)
            return
        with self._state:
            self._examined += 1
            self._updated += len(changed)
            if self._failure is not None:
                # Another connection has failed, and raises the error: end here too.
                raise self._failure
        self._report()
        if entry.is_directory and not entry.leads_elsewhere and not after.dacl_protected:
            yield _Task(path, after, task.depth + 1)

    def _write(self, files: FileClient, path: str, descriptor: SecurityDescriptor) -> None:
        try:
            files.set_dacl(self._share, path, descriptor_to_write(descriptor))
        except SmbError as error:
            if error.kind in SmbError.LOST:
                with self._state:
                    self._uncertain += 1
            raise

    def _refuse(self, path: str, error: Exception) -> None:
        with self._state:
            self._examined += 1
            self._refused += 1
            if len(self._refusals) < MAX_REFUSALS:
                below = path[len(self._path) :].lstrip("\\")
                reason = error.reason if isinstance(error, SmbError) else str(error)
                self._refusals.append(f"{below} ({reason})")

    def _shared_out(self, task: _Task) -> bool:
        """Give a task to another connection, if one is idle or may be opened."""
        with self._state:
            if self._connections < 2 or len(self._tasks) >= self._connections:
                return False
            self._tasks.append(task)
            self._state.notify()
            if len(self._threads) < self._connections - 1:
                thread = threading.Thread(target=self._help, name=f"propagation-{len(self._threads)}", daemon=True)
                with suppress(RuntimeError):  # the controller cannot start a thread: the other connections do it
                    thread.start()
                    self._threads.append(thread)
            return True

    def _help(self) -> None:
        """The work of a further connection. If the server does not allow it, the other connections do it."""
        with suppress(SmbError), self._open_session() as session:
            self._work(file_client(session))

    def _report(self) -> None:
        now = time.monotonic()
        if threading.current_thread() is not threading.main_thread():
            return
        if self._progress is not None and now - self._reported >= _SECONDS_BETWEEN_REPORTS:
            self._reported = now
            self._progress(f"{self._examined} files and folders examined, {self._updated} updated")


def _batches(entries: Iterable[DirectoryEntry]) -> Iterator[tuple[DirectoryEntry, ...]]:
    batch: list[DirectoryEntry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == _BATCH:
            yield tuple(batch)
            batch.clear()
    if batch:
        yield tuple(batch)
