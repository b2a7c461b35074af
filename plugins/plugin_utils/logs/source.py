# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface to connections that can read a file of a site server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable


@runtime_checkable
class LogSource(Protocol):
    """A site server with readable files."""

    def open_file(self, path: str) -> Iterator[bytes]:
        r"""Read the file at a local path like `D:\SMS\LOGS\sender.log` in pieces of any size.

        The connection is released when the iterator is exhausted or closed. The only errors are `SiteServerError` and
        its subclasses.
        """
