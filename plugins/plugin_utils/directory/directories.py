# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directories of several domains."""

from __future__ import annotations

from collections.abc import Sequence

from ..security import Sid
from .errors import DirectoryError
from .port import Directory


class Directories:
    """The directories that can be asked. Without any, this is false.

    Args:
        directories: one for each domain.
    """

    def __init__(self, directories: Sequence[Directory] = ()) -> None:
        self._directories = tuple(directories)

    def __bool__(self) -> bool:
        return bool(self._directories)

    def of(self, domain: Sid) -> Directory:
        """The directory of a domain, by the domain's SID.

        Raises:
            DirectoryError: there is none, or one could not be asked for its domain.
        """
        for directory in self._directories:
            if directory.domain().sid == domain:
                return directory
        raise DirectoryError("sms_directory", f"find the domain {domain}", "no entry is for it", "Add one.")
