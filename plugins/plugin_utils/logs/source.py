# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seam to whatever can read a file of a site server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable


@runtime_checkable
class LogSource(Protocol):
    """A site server whose files can be read."""

    def open_file(self, path: str) -> Iterator[bytes]:
        r"""The bytes of the file at a local path like `D:\SMS\LOGS\sender.log`, in order, in pieces of any size.

        The connection is given back when the iterator is exhausted or closed. Raises `SiteServerError` or one of its
        kinds, and nothing else.
        """
