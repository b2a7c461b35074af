# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has been asked: each request with its operation and its size on the wire."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

KEPT = 2000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One WS-Management request and its answer. Sizes are of the HTTP bodies, as they crossed the wire."""

    operation: str
    request_bytes: int
    response_bytes: int
    status: int
    fault: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """One write that was executed, whatever the client was told of it; ``name`` is the share's name or the path."""

    operation: str
    name: str
    return_value: int


@dataclass(slots=True)
class Record:
    """The counters of one host. ``exchanges`` and ``written`` keep the latest; the counters keep count of all."""

    http_requests: int = 0
    handshakes: int = 0
    refused: int = 0
    wsman_requests: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    shells_opened: int = 0
    connections: int = 0
    writes: int = 0
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=KEPT))
    written: deque[Written] = field(default_factory=lambda: deque(maxlen=KEPT))
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, exchange: Exchange) -> None:
        """Count a request that came after authentication."""
        with self._lock:
            self.wsman_requests += 1
            self.request_bytes += exchange.request_bytes
            self.response_bytes += exchange.response_bytes
            self.exchanges.append(exchange)

    def wrote(self, write: Written) -> None:
        """Keep a write that was executed."""
        with self._lock:
            self.written.append(write)

    def count(self, counter: str) -> None:
        """Add one to a counter."""
        with self._lock:
            setattr(self, counter, getattr(self, counter) + 1)

    def reset(self) -> None:
        """Start from zero."""
        with self._lock:
            for name in _COUNTERS:
                setattr(self, name, 0)
            self.exchanges.clear()
            self.written.clear()

    def snapshot(self) -> dict[str, Any]:
        """The counters and the exchanges, as JSON holds them."""
        with self._lock:
            counters: dict[str, Any] = {name: getattr(self, name) for name in _COUNTERS}
            return counters | {
                "exchanges": [asdict(exchange) for exchange in self.exchanges],
                "written": [asdict(write) for write in self.written],
            }


_COUNTERS = (
    "http_requests",
    "handshakes",
    "refused",
    "wsman_requests",
    "request_bytes",
    "response_bytes",
    "shells_opened",
    "connections",
    "writes",
)
