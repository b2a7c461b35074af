# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User rights, the state of local accounts and the domain over WMI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import JoinedDomain, NotFound, Unreachable
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi, operations
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab

ALLOW, DENY = "SeNetworkLogonRight", "SeDenyNetworkLogonRight"
POLICY = "RSOP_UserPrivilegeRight.Query"
RECEIVE = r"D:\SMS\Site.srv\Despoolr.box\Receive"


def scenario(**host: Any) -> dict[str, Any]:
    made = default_hierarchy(1)
    made["hosts"][0] |= {"local_accounts": [{"name": "courier"}, {"name": "Runners", "type": "group"}], **host}
    return made


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running_lab(scenario()) as running:
        yield running


@pytest.fixture
def host(lab: RunningLab) -> Iterator[RunningHost]:
    controls = lab["C01"].controls
    settings = controls.host.settings
    yield lab["C01"]
    controls.behave()
    controls.host.settings = settings
    controls.set_group_policy(())


@pytest.fixture
def server(host: RunningHost) -> Iterator[WsmanSiteServer]:
    with lab_wmi(host) as wmi:
        yield WsmanSiteServer(wmi)


def sid_of(host: RunningHost, name: str) -> Sid:
    (found,) = (account["sid"] for account in host.controls.accounts() if account["name"] == name)
    return Sid.parse(found)


# -- user rights


def test_rights_that_group_policy_sets_cost_one_request(host: RunningHost, server: WsmanSiteServer) -> None:
    host.controls.set_group_policy(
        [
            {"right": ALLOW, "accounts": ["Administrators", "Authenticated Users", "*S-1-5-21-1-2-3-1004"]},
            {"right": DENY, "accounts": ["Guests", "Local account"], "gpo": "Baseline"},
            {"right": DENY, "accounts": ["Everyone"], "precedence": 2},
            {"right": "SeDebugPrivilege", "accounts": ["CORP\\backup"]},
        ]
    )
    found = server.network_logon()
    assert list(map(str, found.allowed.holders)) == ["S-1-5-32-544", "S-1-5-11", "S-1-5-21-1-2-3-1004"]
    assert list(map(str, found.denied.holders)) == ["S-1-5-32-546", "S-1-5-113"]
    assert (found.allowed.unread, found.denied.unread) == ("", "")
    assert (found.allowed.source, found.denied.source) == ("group policy", "group policy")
    assert operations(host) == [POLICY]


def test_names_that_a_descriptor_has_cost_nothing(host: RunningHost, server: WsmanSiteServer) -> None:
    host.controls.set_group_policy([{"right": ALLOW, "accounts": ["CORP\\bystander"]}])
    server.path_descriptor(RECEIVE)
    host.controls.reset_counters()
    assert list(server.network_logon().allowed.holders) == [sid_of(host, "CORP\\bystander")]
    assert operations(host) == [POLICY]


def test_other_names_are_looked_up(host: RunningHost, server: WsmanSiteServer) -> None:
    accounts = ["CORP\\smssend", "CORP\\Domain Admins", "C01\\courier", "Runners", "CORP\\smssend"]
    host.controls.set_group_policy([{"right": ALLOW, "accounts": accounts}])
    found = server.network_logon().allowed
    assert dict(found.holders) == {
        sid_of(host, "CORP\\smssend"): "CORP\\smssend",
        sid_of(host, "CORP\\Domain Admins"): "CORP\\Domain Admins",
        sid_of(host, "C01\\courier"): "C01\\courier",
        sid_of(host, "C01\\Runners"): "C01\\Runners",
    }
    # A user costs one request, a group of a domain two, a name without a domain one.
    assert len(operations(host)) == 1 + 1 + 2 + 1 + 1


def test_a_name_that_nobody_has_is_named(host: RunningHost, server: WsmanSiteServer) -> None:
    host.controls.set_group_policy([{"right": DENY, "accounts": ["CORP\\gone", "CORP\\smssend", "nobody"]}])
    found = server.network_logon()
    assert list(found.denied.holders) == [sid_of(host, "CORP\\smssend")]
    assert found.denied.unread == "these names in group policy could not be resolved: CORP\\gone, nobody"
    assert found.allowed.unread == "group policy does not set it, and WMI does not show the local security policy"


def test_names_in_the_servers_language() -> None:
    policy = [{"right": ALLOW, "accounts": ["Administratoren", "Authentifizierte Benutzer", "Jeder"]}]
    with running_lab(scenario(settings={"language": "de"}, group_policy=policy)) as lab, lab_wmi(lab["C01"]) as wmi:
        allowed = WsmanSiteServer(wmi).network_logon().allowed
    assert list(map(str, allowed.holders)) == ["S-1-5-32-544", "S-1-5-11", "S-1-1-0"]
    assert allowed.unread == ""


def test_a_server_without_any_policy(host: RunningHost, server: WsmanSiteServer) -> None:
    host.controls.set_group_policy(None)
    found = server.network_logon()
    assert found.allowed.unread.startswith("the server does not show what group policy sets (")
    assert "Invalid namespace root/rsop/computer" in found.denied.unread
    assert dict(found.allowed.holders) == dict(found.denied.holders) == {}


def test_a_user_who_may_not_read_the_policy(host: RunningHost, server: WsmanSiteServer) -> None:
    host.controls.misbehave({"kind": "fault", "operation": POLICY, "value": 5})
    assert "Access is denied" in server.network_logon().denied.unread


def test_a_policy_that_was_not_applied(host: RunningHost, server: WsmanSiteServer) -> None:
    host.controls.set_group_policy([{"right": DENY, "accounts": ["Everyone"], "status": 3, "error": 1332}])
    assert "has not applied that (Status 3, ErrorCode 1332)" in server.network_logon().denied.unread


def test_a_lost_connection_is_an_error(host: RunningHost, server: WsmanSiteServer) -> None:
    host.controls.misbehave({"kind": "drop", "operation": POLICY})
    with pytest.raises(Unreachable):
        server.network_logon()


# -- the state of a local account


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, AccountState(disabled=False, locked=False)),
        ({"disabled": True}, AccountState(disabled=True, locked=False)),
        ({"lockout": True, "password_expires": False}, AccountState(False, True, None, False)),
    ],
)
def test_the_state_of_a_local_account(
    host: RunningHost, server: WsmanSiteServer, state: dict[str, bool], expected: AccountState
) -> None:
    host.controls.set_user(".\\courier", **state)
    assert server.local_account_state(sid_of(host, "C01\\courier")) == expected
    assert operations(host) == ["Win32_UserAccount.Query"]


@pytest.mark.parametrize("name", ["CORP\\smssend", "C01\\Runners"])
def test_an_account_of_the_domain_and_a_group_are_no_local_accounts(
    host: RunningHost, server: WsmanSiteServer, name: str
) -> None:
    with pytest.raises(NotFound, match="the server has no account of this SID"):
        server.local_account_state(sid_of(host, name))


# -- the domain


def test_the_domain(host: RunningHost, server: WsmanSiteServer) -> None:
    assert server.joined_domain() == JoinedDomain("corp.example", is_controller=False)
    assert operations(host) == ["Win32_ComputerSystem.Query"]


def test_a_server_in_a_workgroup(host: RunningHost, server: WsmanSiteServer) -> None:
    host.controls.host.settings = replace(host.controls.host.settings, part_of_domain=False)
    assert server.joined_domain() is None
