# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `change_plan`: it reads and plans, and writes nothing."""

from __future__ import annotations

import pytest

from tests.unit.action.changes import plan_of
from tests.unit.action.tasks import FOLDER_AFTER, SHARE_AFTER, converged, drifted, writes


def test_a_drifted_server_has_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    server = drifted()
    result = plan_of(monkeypatch, server)
    planned = result["planned"]
    assert (result["changed"], result["would_change"], planned["status"]) == (False, True, "planned")
    assert (planned["site"], planned["share"]["after"], planned["directory"]["after"]) == (
        "P01",
        SHARE_AFTER,
        FOLDER_AFTER,
    )
    assert writes(server) == []


def test_a_converged_server_has_nothing_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    result = plan_of(monkeypatch, converged())
    assert (result["changed"], result["would_change"]) == (False, False)
    assert result["planned"]["share"]["before"] == result["planned"]["share"]["after"]


def test_services_are_read_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "services" not in plan_of(monkeypatch, drifted())
    assert "services" in plan_of(monkeypatch, drifted(), services=True)
