# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `share_permissions`."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import share_permissions
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import format_sddl
from tests.unit.action.tasks import SENDER, SHARE_AFTER, SHARE_BEFORE, converged, drifted, run_on_server, writes

ENTRY = {"principal": SENDER, "access": "full_control"}


def run(monkeypatch: pytest.MonkeyPatch, server: Any, **task: Any) -> Any:
    arguments = {"share": "SMS_SITE", "entries": [ENTRY], "state": task.pop("state", "present")}
    return run_on_server(monkeypatch, share_permissions, arguments, server, **task)


def test_an_entry_is_added_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    server = drifted()
    result = run(monkeypatch, server, diff=True)
    assert writes(server) == ["write SMS_SITE"]
    assert (result["changed"], result["before_sddl"], result["after_sddl"]) == (True, SHARE_BEFORE, SHARE_AFTER)
    assert format_sddl(server.held["SMS_SITE"]) == SHARE_AFTER
    assert SENDER in result["diff"]["after"]
    assert SENDER not in result["diff"]["before"]


def test_an_entry_that_is_there_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    server = converged()
    assert run(monkeypatch, server)["changed"] is False
    assert writes(server) == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_entry_is_removed(monkeypatch: pytest.MonkeyPatch, check_mode: bool) -> None:
    server = converged()
    result = run(monkeypatch, server, state="absent", check_mode=check_mode)
    assert (result["changed"], result["after_sddl"]) == (True, SHARE_BEFORE)
    assert writes(server) == ([] if check_mode else ["write SMS_SITE"])
