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

    def known(self, name: str) -> DomainAccount | None:
        r"""The account that one of the directories showed as `DOMAIN\name` in this run. Nothing is asked.

        A name of a domain is not unique in the world, so the caller must check that it means this domain.

        Returns:
            None if no account of this name was read, or if several domains have one.
        """
        read = [directory.known(name) for directory in self._directories]
        found = {account.sid: account for account in read if account is not None}
        return next(iter(found.values())) if len(found) == 1 else None

    def of(self, domain_sid: Sid) -> Directory:
        """The directory of a domain.

        Args:
            domain_sid: the SID of the domain, `Sid.domain` of each of its accounts.

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
        raise NoDirectory(
            "sms_directory",
            f"ask about accounts of {domain_sid}",
            f"no domain controller of the domain {domain_sid} in sms_directory",
            "Add one.",
        )
