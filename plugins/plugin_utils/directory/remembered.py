# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory that is asked once about each account."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from ..security import Sid
from .errors import DirectoryError, DirectoryLogonFailed, DirectoryNoAnswer, DirectoryUnreachable
from .port import Directory, DomainAccount

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_MOST_UNANSWERED = 3


class RememberedDirectory:
    """Wraps a directory for one run: each account is asked for once, from however many threads.

    An error is an answer too, and is raised again. After a failed logon or connection, or three queries in a row
    without an answer, nothing more is asked: each further wrong password could lock the account, and each further
    connection or query takes its whole deadline.

    Args:
        directory: the directory to ask. It is used by one thread at a time.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._lock = Lock()
        self._accounts: dict[Sid, DomainAccount | DirectoryError] = {}
        self._groups: dict[frozenset[Sid], frozenset[Sid] | DirectoryError] = {}
        self._sids: dict[str, Sid | DirectoryError] = {}
        self._unanswered = 0
        self._closed_by: DirectoryError | None = None

    @property
    def host(self) -> str:
        """The domain controller, as the settings name it."""
        return self._directory.host

    def account(self, sid: Sid) -> DomainAccount:
        """An account; see `Directory`."""
        return self._remembered(self._accounts, sid, lambda: self._directory.account(sid))

    def groups_with(self, members: frozenset[Sid]) -> frozenset[Sid]:
        """The groups with these members; see `Directory`."""
        return self._remembered(self._groups, members, lambda: self._directory.groups_with(members))

    def find(self, name: str) -> Sid:
        """The SID of an account by its name; see `Directory`. Case does not count in names."""
        return self._remembered(self._sids, name.casefold(), lambda: self._directory.find(name))

    def _remembered(self, answers: dict[_Key, _Value | DirectoryError], key: _Key, ask: Callable[[], _Value]) -> _Value:
        with self._lock:
            if key not in answers:
                answers[key] = self._answer(ask) if self._closed_by is None else self._closed_by
            answer = answers[key]
        if isinstance(answer, DirectoryError):
            # Each raise of one exception would add to its traceback.
            raise answer.with_traceback(None)
        return answer

    def _answer(self, ask: Callable[[], _Value]) -> _Value | DirectoryError:
        try:
            answer = ask()
        except DirectoryError as error:
            self._unanswered = self._unanswered + 1 if isinstance(error, DirectoryNoAnswer) else 0
            if isinstance(error, (DirectoryLogonFailed, DirectoryUnreachable)) or self._unanswered == _MOST_UNANSWERED:
                self._closed_by = error
            return error
        self._unanswered = 0
        return answer
