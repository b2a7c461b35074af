# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory that cannot be asked, since there is no account to log on with."""

from __future__ import annotations

from ..security import Sid
from .errors import DirectoryError
from .port import Domain, DomainAccount


class UnusableDirectory:
    """Answers each question with one error. Nothing is sent.

    Args:
        error: why it cannot be asked.
    """

    def __init__(self, error: DirectoryError) -> None:
        self._error = error

    @property
    def host(self) -> str:
        """The domain controller, as the settings name it."""
        return self._error.host

    def domain(self) -> Domain:
        """See `Directory`."""
        raise self._error.with_traceback(None)

    def account(self, sid: Sid) -> DomainAccount:
        """See `Directory`."""
        raise self._error.with_traceback(None)

    def groups_with(self, members: frozenset[Sid]) -> frozenset[Sid]:
        """See `Directory`."""
        raise self._error.with_traceback(None)

    def known(self, name: str) -> DomainAccount | None:
        """See `Directory`."""
        return None

    def find(self, name: str) -> Sid:
        """See `Directory`."""
        raise self._error.with_traceback(None)
