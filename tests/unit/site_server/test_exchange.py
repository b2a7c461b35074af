# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of an exchange, where the controller has no thread left to keep it."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Unreachable, exchange

PATIENCE = 60.0


def test_without_a_thread_nothing_is_sent_and_the_next_exchange_has_its_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "_WATCH", exchange._Watch())
    ran = []

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as starved:
        starved.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Unreachable, match="can't start new thread"), exchange.exchange("p01", PATIENCE, 1):
            ran.append("sent")
    assert not ran
    over = threading.Event()

    class Watched(exchange.Exchange):
        """Tells when its time is over."""

        def expire(self) -> None:
            super().expire()
            over.set()

    monkeypatch.setattr(exchange, "Exchange", Watched)
    with pytest.raises(Unreachable, match="no complete answer"), exchange.exchange("p01", 0.01, 1):
        assert over.wait(PATIENCE)
