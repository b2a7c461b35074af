# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the tests import the collection by its full name, and keep the environment of who runs them out."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).resolve().parents[1]
COLLECTIONS = CHECKOUT / "build" / "collections"

if not (COLLECTIONS / "ansible_collections" / "sitekeeper" / "sms").exists():
    raise RuntimeError(f"{COLLECTIONS} does not lead to this checkout: run `make setup` first")

# The checkout itself is there for the lab, tests.lab.
sys.path[:0] = [str(COLLECTIONS), str(CHECKOUT)]

# The one place for Hypothesis's settings; a test names its number of examples and nothing else. How long an example
# takes, and how long it takes to make one, is the machine's affair: on a busy one, each of these checks failed tests
# that were right. What is made too large is thrown away and made anew, so a check of that says nothing either. The line
# that print_blob adds to a failure lets anybody see the same failure again.
settings.register_profile(
    "sitekeeper",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
settings.load_profile("sitekeeper")


@pytest.fixture(autouse=True)
def _nothing_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may need a proxy or other CAs to reach the world; the lab needs neither."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """End the process if a fixture hangs after its test has failed: pytest's own watch stops with the failure."""
    _end_later(item.config, item.config.stash[fault_handler_stderr_fd_key])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End the process if it does not end by itself: Python waits for threads that a hung test has left."""
    _end_later(config, sys.__stderr__)


def _end_later(config: pytest.Config, errors: Any) -> None:
    """End the process after the time that pytest's own watch has, if it has one."""
    seconds = float(config.getini("faulthandler_timeout") or 0)
    if seconds > 0:
        faulthandler.dump_traceback_later(seconds, file=errors, exit=True)
