# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of one site server in memory, by the actions of change control."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import change_plan, change_plan_file
from tests.unit.action.tasks import SENDER, run_on_controller, run_on_server
from tests.unit.fake_site_server import FakeSiteServer

CHANGE = "CHG0012345"


def plan_of(monkeypatch: pytest.MonkeyPatch, server: FakeSiteServer, **arguments: Any) -> dict[str, Any]:
    """What `change_plan` returns for a site server."""
    return run_on_server(monkeypatch, change_plan, {"senders": [SENDER], "site_code": "P01", **arguments}, server)


def plan_file(monkeypatch: pytest.MonkeyPatch, server: FakeSiteServer, directory: Path) -> dict[str, Any]:
    """Plan the change of host p01; the arguments that approve it."""
    path = directory / "change.plan.json"
    results = {"p01": plan_of(monkeypatch, server)}
    written = run_on_controller(change_plan_file, {"path": str(path), "change_id": CHANGE, "results": results})
    server.log.clear()
    return {"path": str(path), "approved_digest": written["digest"]}
