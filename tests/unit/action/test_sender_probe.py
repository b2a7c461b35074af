# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `sender_probe`: where the probe runs, what with, and who cleans up after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import sender_probe
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import NotFound, Unreachable
from tests.unit.action.tasks import task
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer

PASSWORD = "S3cret-of-the-sender"
ARGUMENTS = {"account": "CORP\\smssend", "password": PASSWORD}


class Action(sender_probe.ActionModule):
    """The action with a connection of a kind, which records the modules that it would run."""

    def __init__(self, kind: str, arguments: dict[str, Any], **attributes: Any) -> None:
        self.modules: list[tuple[str, dict[str, Any]]] = []
        connection = SimpleNamespace(
            _shell=SimpleNamespace(tmpdir="unused"), transport=kind, get_option=lambda name: f"{name} of {kind}"
        )
        templar = SimpleNamespace(template=lambda value: value)
        super().__init__(
            task({**ARGUMENTS, **arguments}, **attributes), connection, SimpleNamespace(), None, templar, None
        )

    def _execute_module(self, name: str, module_args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self.modules.append((name, module_args))
        return {"ran": True}


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Requests that the controller would probe itself, each with what cleans up."""
    found: list[Any] = []
    monkeypatch.setattr(sender_probe, "probe", lambda request, clean_up: found.append((request, clean_up)))
    monkeypatch.setattr(sender_probe, "result_of", lambda _request, _outcome: {"works": True})
    return found


VARIABLES = {"inventory_hostname": "p01", "ansible_host": "10.0.0.1"}


def test_on_another_host_the_module_runs() -> None:
    action = Action("ssh", {"product": "sms_2_0", "server": "p02"})
    assert action.run(task_vars={**VARIABLES, "ansible_smb_port": 1445})["ran"]
    ((name, arguments),) = action.modules
    assert name == "sitekeeper.sms.sender_probe"
    assert {key: arguments[key] for key in ("server", "share", "port", "signing", "password")} == {
        "server": "p02", "share": "SMS_SITE", "port": 1445, "signing": "required", "password": PASSWORD
    }  # fmt: skip
    assert "products" not in arguments


def test_the_netbios_names_of_domains_come_from_the_host_or_the_task() -> None:
    variables = {**VARIABLES, "ansible_smb_domains": {"corp.example": "CORP"}}
    found = []
    for options in ({}, {"domains": {"west.example": "WEST"}}):
        action = Action("ssh", {"auth": "kerberos", **options})
        action.run(task_vars=variables)
        found.append(action.modules[0][1]["domains"])
    assert found == [{"corp.example": "CORP"}, {"west.example": "WEST"}]
    action = Action("ssh", {})
    action.run(task_vars=VARIABLES)
    assert action.modules[0][1]["domains"] == {}


@pytest.mark.parametrize(("kind", "option"), [("winrm", "remote_addr"), ("psrp", "remote_addr")])
def test_over_a_connection_to_a_site_server_the_controller_probes(probed: list[Any], kind: str, option: str) -> None:
    result = Action(kind, {}, check_mode=True).run(task_vars=VARIABLES)
    ((request, _clean_up),) = probed
    assert (result["works"], result["product"]) == (True, "sms_1_2")
    assert (request.settings.address, request.settings.user) == (f"{option} of {kind}", "smssend")
    assert request.reading_only
    assert PASSWORD not in str(result)


@pytest.mark.parametrize(
    ("server", "left", "warned"),
    [("gone", [], False), ("unreachable", ["a.tmp"], True), ("there", [], False)],
)
def test_the_operator_removes_what_the_account_could_not(
    monkeypatch: pytest.MonkeyPatch, probed: list[Any], server: str, left: list[str], warned: bool
) -> None:
    deleted: list[str] = []

    class Server(FakeSiteServer):
        def delete_file(self, path: str) -> None:
            deleted.append(path)
            if server == "gone":
                raise NotFound(self.host, f"delete {path}", "not found", "It may be gone already.")

    @contextmanager
    def site_server(host: str, _connection: Any, **_options: Any) -> Iterator[Server]:
        assert host == "p01"
        if server == "unreachable":
            raise Unreachable(host, "connect", "connection refused", "Check that the server is up.")
        yield Server()

    monkeypatch.setattr(sender_probe, "site_server", site_server)

    def probe(request: Any, clean_up: Any) -> Any:
        probed.append(clean_up(["a.tmp"]))

    monkeypatch.setattr(sender_probe, "probe", probe)
    result = Action("winrm", {}).run(task_vars=VARIABLES)
    assert probed == [left]
    assert ("warnings" in result) is warned
    assert deleted == ([] if server == "unreachable" else [f"{DIRECTORY}\\a.tmp"])
