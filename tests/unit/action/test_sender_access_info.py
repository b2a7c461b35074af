# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `sender_access_info`: it reads, and writes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import sender_access_info
from tests.unit.action.tasks import SENDER, converged, drifted, run_on_server, writes


def run(monkeypatch: pytest.MonkeyPatch, server: Any, **arguments: Any) -> Any:
    return run_on_server(monkeypatch, sender_access_info, {"senders": [SENDER], **arguments}, server)


def test_what_each_sender_has_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for name, server in (("drifted", drifted()), ("converged", converged())):
        result = run(monkeypatch, server)
        assert writes(server) == []
        assert not result.get("changed")
        (sender,) = result["senders"]
        found[name] = (sender["in_desired_state"], result["in_desired_state"], sender["current"]["combined"]["access"])
    assert found == {"drifted": (False, False, "none"), "converged": (True, True, "Read, Write")}


def test_accounts_of_services_are_read_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "services" not in run(monkeypatch, converged())
    # The site server in memory has no services.
    assert set(run(monkeypatch, converged(), services=True)["services"].values()) == {None}
