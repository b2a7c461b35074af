# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the tests import the collection by its full name, and keep the environment of who runs them out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTIONS = CHECKOUT / "build" / "collections"

if not (COLLECTIONS / "ansible_collections" / "sitekeeper" / "sms").exists():
    raise RuntimeError(f"{COLLECTIONS} does not lead to this checkout: run `make setup` first")

# The checkout itself is there for the lab, tests.lab.
sys.path[:0] = [str(COLLECTIONS), str(CHECKOUT)]


@pytest.fixture(autouse=True)
def _nothing_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may need a proxy or other CAs to reach the world; the lab needs neither."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
