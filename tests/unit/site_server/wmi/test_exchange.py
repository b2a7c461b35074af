# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of an exchange, where the controller has no thread left to keep it."""

from __future__ import annotations

import os
import socket
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Unreachable
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi import exchange

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


def test_a_connection_that_cannot_be_shut_down_keeps_no_other_from_it() -> None:
    # As on systems where a connection that the server has reset has no address any more.
    running = exchange.Exchange(1)
    reader, writer = os.pipe()
    near, far = socket.socketpair()
    with os.fdopen(reader, "rb") as no_socket, os.fdopen(writer, "wb"), near, far:
        for each in (no_socket, near):
            made: Any = SimpleNamespace(sock=each, close=each.close)
            running.watch(made)
        running.expire()
        assert far.recv(1) == b""
        running.end()
    assert running.expired
