# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connections can read files."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import LogSource


class WithFiles:
    def open_file(self, path: str) -> Iterator[bytes]:
        yield path.encode()


class WithoutFiles:
    def open(self, path: str) -> Iterator[bytes]:
        yield path.encode()


def test_a_connection_that_can_open_files_is_a_source() -> None:
    assert isinstance(WithFiles(), LogSource)
    assert not isinstance(WithoutFiles(), LogSource)
