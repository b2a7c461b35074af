# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory that is asked once about each account."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeVar, cast

from ..security import Sid
from ..text import folded
from .condition import Answer
from .errors import DirectoryError, DirectoryNoAnswer
from .memory import PATIENCE, Memory, ProcessLocks, ProcessMemory
from .port import Directory, Domain, DomainAccount

_Value = TypeVar("_Value", bound=Answer)

_WAITING = "wait until others have asked"
_CONNECTION = "connection"


class OpenDirectory(Directory, Protocol):
    """A directory with a connection. A process that was forked does not use that of its parent."""

    def close(self) -> None:
        """Close the connection; the next query opens a new one."""


class RememberedDirectory:
    """Wraps a directory for one run: each account is asked for once, from however many threads and processes.

    An error is an answer too, and is raised again. After a failed logon or connection, or three queries in a row
    without an answer, nothing more is asked (`AskingState`).

    A thread that waits for the answer to another question waits for the connection at most.

    Args:
        directory: the directory to ask. It is used by one thread at a time.
        memory: what all processes of the run remember; by default, this process alone remembers.
        patience: seconds that a thread waits for the connection.
    """

    def __init__(self, directory: OpenDirectory, memory: Memory | None = None, patience: float = PATIENCE) -> None:
        self._directory = directory
        self._memory = memory or ProcessMemory()
        self._patience = patience
        self._answers: dict[str, Answer] = {}
        self._locks = ProcessLocks()

    @property
    def host(self) -> str:
        """The domain controller, as the settings name it."""
        return self._directory.host

    def domain(self) -> Domain:
        """The domain; see `Directory`."""
        return self._remembered("domain", lambda answer: isinstance(answer, Domain), self._directory.domain)

    def account(self, sid: Sid) -> DomainAccount:
        """An account; see `Directory`."""

        def fits(answer: Answer) -> bool:
            return isinstance(answer, DomainAccount) and answer.sid == sid

        found = self._remembered(f"account {sid}", fits, lambda: self._directory.account(sid))
        self._note_name(found)
        return found

    def known(self, name: str) -> DomainAccount | None:
        """An account that any process of the run has read; see `Directory`. Case does not count in names."""
        question = _named(name)
        answer = self._answers.get(question)
        try:
            if answer is None:
                with self._memory.slot(question) as slot:
                    answer = slot.read()
            if not isinstance(answer, Sid):
                return None
            found = self.account(answer)
        except (OSError, DirectoryError):
            return None
        return found if _bare(found.name) == folded(name) else None

    def groups_with(self, members: frozenset[Sid]) -> frozenset[Sid]:
        """The groups with these members; see `Directory`."""
        question = " ".join(("groups with", *map(str, sorted(members))))
        fits = _is_sids
        return self._remembered(question, fits, lambda: self._directory.groups_with(members))

    def find(self, name: str) -> Sid:
        """The SID of an account by its name; see `Directory`. Case does not count in names."""
        question = f"find {folded(name)}"
        return self._remembered(question, lambda answer: isinstance(answer, Sid), lambda: self._directory.find(name))

    def close(self) -> None:
        """Close the connection of this process; the next query opens a new one."""
        with self._locks.held(_CONNECTION, self._patience):
            self._directory.close()

    def _note_name(self, account: DomainAccount) -> None:
        """Keep the SID of an account by its name. If that fails, the name is not known, and nothing is wrong."""
        question = _named(_bare(account.name))
        if question in self._answers:
            return
        self._answers[question] = account.sid
        with suppress(OSError), self._memory.slot(question) as slot:
            slot.write(account.sid)

    def _remembered(self, question: str, fits: Callable[[Answer], bool], ask: Callable[[], _Value]) -> _Value:
        answer = self._answers.get(question)
        if answer is None:
            answer = self._answers[question] = self._found(question, fits, ask)
        if isinstance(answer, DirectoryError):
            # Each raise of one exception would add to its traceback.
            raise answer.with_traceback(None)
        return cast(_Value, answer)  # it fits the question

    def _found(self, question: str, fits: Callable[[Answer], bool], ask: Callable[[], Answer]) -> Answer:
        """The answer in the memory of the run, or else the directory's.

        Raises:
            DirectoryError: one that is no answer, so it is not remembered.
        """
        try:
            with self._memory.slot(question) as slot:
                # Another thread of this process may have asked meanwhile.
                answer = self._answers.get(question)
                answer = slot.read() if answer is None else answer
                if answer is None or not (isinstance(answer, DirectoryError) or fits(answer)):
                    answer, asked = self._asked(ask)
                    if asked:
                        slot.write(answer)
                return answer
        except TimeoutError:
            reason = f"no turn within {self._patience:g} seconds"
            advice = "Check that the domain controller is up and fast."
            raise DirectoryNoAnswer(self.host, _WAITING, reason, advice) from None
        except OSError as error:
            raise DirectoryError(
                self.host,
                "share its answers between the processes of this run",
                f"{error.filename or 'the folder for temporary files'}: {error.strerror or type(error).__name__}",
                "Let ANSIBLE_LOCAL_TEMP name a folder on a local disk with free space.",
            ) from None

    def _asked(self, ask: Callable[[], Answer]) -> tuple[Answer, bool]:
        """What the directory answers, and whether it was asked."""
        with self._memory.turn(), self._locks.held(_CONNECTION, self._patience):
            closed_by = self._memory.closed_by()
            if closed_by is not None:
                return closed_by, False
            try:
                answer = ask()
            except DirectoryError as error:
                answer = error
            self._memory.note(answer)
            return answer, True


def _bare(name: str) -> str:
    """The name without the domain, which not every domain controller shows."""
    return folded(name.rpartition("\\")[2])


def _named(name: str) -> str:
    return f"named {folded(name)}"


def _is_sids(answer: Answer) -> bool:
    return isinstance(answer, frozenset)
