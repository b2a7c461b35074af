# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An adapter over a transport: opened for a `with` block, closed at its end, however that comes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.connect import MAX_ANSWER, adapter_over

URL = "http://c01.corp.example:5985/wsman"


class FakeTransport:
    """Has options, and is closed or not."""

    url, timeout, user = URL, 42.0, "CORP\\ops"

    def __init__(self, host: str, connection: Any, limit: int) -> None:
        self.made_from = (host, connection, limit)
        self.closed = 0
        MADE.append(self)

    def send(self, envelope: bytes) -> bytes:
        raise AssertionError("nothing is sent")

    def close(self) -> None:
        self.closed += 1


MADE: list[FakeTransport] = []
ADAPTER = adapter_over(FakeTransport, "no module named x")


@pytest.fixture(autouse=True)
def _none_made() -> None:
    MADE.clear()


def test_wmi_has_what_the_transport_has_read_from_the_options() -> None:
    assert ADAPTER.open_wmi is not None
    with ADAPTER.open_wmi("c01", "a connection") as (wmi, user):
        (made,) = MADE
        assert made.made_from == ("c01", "a connection", MAX_ANSWER)
        assert (wmi.host, wmi.transport, user) == ("c01", made, "CORP\\ops")
        settings = wmi.settings
        assert (settings.to, settings.operation_timeout, settings.max_envelope_size) == (URL, 42.0, MAX_ANSWER)
        assert made.closed == 0
    assert made.closed == 1


def test_a_site_server_is_closed_with_its_block_whatever_is_raised_there() -> None:
    with pytest.raises(KeyError), ADAPTER.open("c01", None) as server:
        raise KeyError
    assert (server.host, server.operator) == ("c01", "CORP\\ops")
    assert [made.closed for made in MADE] == [1]


def test_a_library_that_is_missing_is_named() -> None:
    assert ADAPTER.missing == "no module named x"
