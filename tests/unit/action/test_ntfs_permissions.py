# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `ntfs_permissions`."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import ntfs_permissions
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import format_sddl
from tests.unit.action.tasks import FOLDER_AFTER, FOLDER_BEFORE, SENDER, converged, drifted, run_on_server, writes
from tests.unit.fake_site_server import DIRECTORY

ENTRY = {"principal": SENDER, "rights": ["read", "write"]}


def run(monkeypatch: pytest.MonkeyPatch, server: Any, path: str = DIRECTORY, **task: Any) -> Any:
    arguments = {"path": path, "entries": [ENTRY]}
    return run_on_server(monkeypatch, ntfs_permissions, arguments, server, **task)


def test_an_entry_is_added_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    server = drifted()
    result = run(monkeypatch, server, path=DIRECTORY.replace("\\", "/"), diff=True)
    assert writes(server) == [f"write {DIRECTORY}"]
    assert (result["changed"], result["before_sddl"], result["after_sddl"]) == (True, FOLDER_BEFORE, FOLDER_AFTER)
    assert format_sddl(server.held[DIRECTORY]) == FOLDER_AFTER
    assert result["diff"]["after_header"] == f"p01: folder {DIRECTORY}"


def test_an_entry_that_is_there_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    server = converged()
    assert run(monkeypatch, server)["changed"] is False
    assert writes(server) == []


def test_check_mode_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    server = drifted()
    result = run(monkeypatch, server, check_mode=True)
    assert (result["changed"], result["after_sddl"]) == (True, FOLDER_AFTER)
    assert writes(server) == []


def test_a_path_that_is_not_local_is_refused_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    server = drifted()
    result = run(monkeypatch, server, path=r"\\p01\SMS_SITE")
    assert result["failed"]
    assert result["msg"].startswith("p01: path: ")
    assert server.log == []
