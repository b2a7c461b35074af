# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `sender_log_info`: logs on the controller need no connection, those on the site server one that reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import sender_log_info
from tests.unit.action.tasks import converged, run_on_controller, run_on_server
from tests.unit.fake_site_server import FakeSiteServer
from tests.unit.logs import samples

LOG = "D:\\SMS\\LOGS\\despool.log"


class WithLogs(FakeSiteServer):
    """A site server that holds logs, and hands them out one byte at a time."""

    def open_file(self, path: str) -> Iterator[bytes]:
        for byte in {LOG: samples.Q179118.encode()}[path]:
            yield bytes([byte])


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    file = tmp_path / "fetched.log"
    file.write_text("Attempt to connect failed.\n", encoding="ascii")
    return file


def test_logs_on_the_controller_are_read_without_a_connection(fetched: Path) -> None:
    result = run_on_controller(sender_log_info, {"files": [str(fetched)]}, {"inventory_hostname": "p01"})
    assert (result["changed"], [log["lines"] for log in result["logs"]]) == (False, [1])


def test_logs_on_the_site_server_are_read_over_it(monkeypatch: pytest.MonkeyPatch, fetched: Path) -> None:
    arguments = {"files": [str(fetched)], "paths": ["D:/SMS//LOGS/despool.log"]}
    result = run_on_server(monkeypatch, sender_log_info, arguments, WithLogs())
    assert [(log["name"], log["lines"]) for log in result["logs"]] == [(str(fetched), 1), (LOG, 5)]
    assert result["causes"][0]["jobs"] == ["M020002D1"]


@pytest.mark.parametrize(
    ("server", "paths", "words"),
    [
        (WithLogs(), ["LOGS"], "p01: paths: 'LOGS' is not a local path"),
        (converged(), [LOG], "p01: paths: files cannot be read over this connection"),
    ],
)
def test_what_cannot_be_read_on_the_site_server(
    monkeypatch: pytest.MonkeyPatch, server: FakeSiteServer, paths: list[str], words: str
) -> None:
    result = run_on_server(monkeypatch, sender_log_info, {"paths": paths}, server)
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"].startswith(words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "at least one log"),
        ({"files": ["missing.log"]}, "missing.log cannot be read on the controller"),
        ({"files": ["x"], "access": [{"result": {}}]}, "sitekeeper.sms.sender_access_info"),
    ],
)
def test_what_cannot_be_read_on_the_controller(arguments: dict[str, Any], words: str) -> None:
    result = run_on_controller(sender_log_info, arguments, {"inventory_hostname": "p01"})
    assert (result["failed"], result["changed"]) == (True, False)
    assert words in result["msg"]
