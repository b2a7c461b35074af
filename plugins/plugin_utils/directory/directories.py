# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domains that can be asked: one directory or more of each."""

from __future__ import annotations

from collections.abc import Sequence

from ..security import Sid
from .errors import DirectoryError, NoDirectory
from .port import Directory, DomainAccount


class Directories:
    """The directories of a task. It is false if there is none.

    Args:
        directories: in the order in which they are asked. Several domain controllers of one domain are allowed; the
            first one that answers is used.
    """

    def __init__(self, directories: Sequence[Directory] = ()) -> None:
        self._directories = tuple(directories)

    def __bool__(self) -> bool:
        return bool(self._directories)

    def known(self, name: str) -> tuple[DomainAccount, ...]:
        """The accounts that the directories showed under a name in this run, one of each domain at most.

        Nothing is asked.

        Args:
            name: the name without the domain.
        """
        read = [directory.known(name) for directory in self._directories]
        return tuple({account.sid.domain: account for account in read if account is not None}.values())

    def of(self, domain_sid: Sid, name: str = "") -> Directory:
        """The directory of a domain.

        Args:
            domain_sid: the SID of the domain, `Sid.domain` of each of its accounts.
            name: its NetBIOS name for the message, if that is known.

        Raises:
            NoDirectory: none of the directories is of this domain.
            DirectoryError: none of those that answered is of this domain, and this one did not answer.
        """
        failure: DirectoryError | None = None
        for directory in self._directories:
            try:
                if directory.domain().sid == domain_sid:
                    return directory
            except DirectoryError as error:
                failure = failure or error
        if failure is not None:
            raise failure.with_traceback(None)
        domain = f"{name} ({domain_sid})" if name else str(domain_sid)
        raise NoDirectory(
            "sms_directory",
            f"ask about accounts of {name or domain_sid}",
            f"no domain controller of the domain {domain} in sms_directory",
            "Add one.",
        )
