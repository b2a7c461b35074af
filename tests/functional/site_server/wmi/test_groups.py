# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of local groups over WMI: read, and not changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    NotFound,
    Unreachable,
    Unsupported,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi, operations
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab
from tests.unit.site_server.wmi.test_groups import ADMINISTRATORS

CONNECTION, ODD, EMPTY = "SMS_SiteToSiteConnection_C01", "Sarah's group", "Nobody"


def scenario() -> dict[str, Any]:
    made = default_hierarchy(2)
    made["hosts"][0]["local_accounts"] = [
        *({"name": name, "type": "group"} for name in (CONNECTION, ODD, EMPTY)),
        {"name": "courier"},
    ]
    made["hosts"][0]["members"] |= {
        f".\\{CONNECTION}": ["CORP\\P01$", "CORP\\smssend", "CORP\\Domain Admins", ".\\courier", "S-1-5-18"],
        f".\\{ODD}": ["CORP\\backup"],
        f".\\{EMPTY}": [],
    }
    return made


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running_lab(scenario()) as running:
        yield running


@pytest.fixture
def host(lab: RunningLab) -> Iterator[RunningHost]:
    yield lab["C01"]
    lab["C01"].controls.behave()


@pytest.fixture
def server(host: RunningHost) -> Iterator[WsmanSiteServer]:
    with lab_wmi(host) as wmi:
        yield WsmanSiteServer(wmi)


def sid_of(host: RunningHost, name: str) -> Sid:
    (found,) = (account["sid"] for account in host.controls.accounts() if account["name"] == name)
    return Sid.parse(found)


# -- reading


def test_members_are_read_with_their_sids(host: RunningHost, server: WsmanSiteServer) -> None:
    found = server.group_members(sid_of(host, f"C01\\{CONNECTION}"))
    assert {account.name: account.sid for account in found} == {
        "CORP\\P01$": sid_of(host, "CORP\\P01$"),
        "CORP\\smssend": sid_of(host, "CORP\\smssend"),
        "CORP\\Domain Admins": sid_of(host, "CORP\\Domain Admins"),
        "C01\\courier": sid_of(host, "C01\\courier"),
        # WMI's domain of a built-in account is the computer.
        "C01\\SYSTEM": Sid.parse("S-1-5-18"),
    }


def test_it_costs_two_requests_and_one_a_member(host: RunningHost, server: WsmanSiteServer) -> None:
    assert len(server.group_members(ADMINISTRATORS)) == 2
    assert operations(host) == [
        "Win32_Group.Query",
        "Win32_GroupUser.Query",
        "Win32_Group.Get",
        "Win32_UserAccount.Get",
    ]


def test_a_group_without_members(host: RunningHost, server: WsmanSiteServer) -> None:
    assert server.group_members(sid_of(host, f"C01\\{EMPTY}")) == ()
    assert operations(host) == ["Win32_Group.Query", "Win32_GroupUser.Query"]


def test_a_name_with_a_quote(host: RunningHost, server: WsmanSiteServer) -> None:
    assert [account.name for account in server.group_members(sid_of(host, f"C01\\{ODD}"))] == ["CORP\\backup"]


def test_a_group_is_found_by_its_sid_whatever_the_language() -> None:
    made = default_hierarchy(1)
    made["hosts"][0]["settings"] = {"language": "de"}
    with running_lab(made) as lab, lab_wmi(lab["C01"]) as wmi:
        found = WsmanSiteServer(wmi).group_members(ADMINISTRATORS)
    assert [account.name for account in found] == ["CORP\\Domain Admins", "CORP\\ansible"]


@pytest.mark.parametrize("name", ["CORP\\Domain Admins", "CORP\\smssend"])
def test_a_group_of_the_domain_or_a_user_is_no_local_group(
    host: RunningHost, server: WsmanSiteServer, name: str
) -> None:
    with pytest.raises(NotFound, match=r"not one of the domain"):
        server.group_members(sid_of(host, name))
    assert operations(host) == ["Win32_Group.Query"]


def test_a_user_who_is_no_administrator_may_not_read(host: RunningHost) -> None:
    operator = next(logon for logon in host.logons if not logon.administrator)
    with lab_wmi(host, operator) as wmi, pytest.raises(AccessDenied, match="Administrators group"):
        WsmanSiteServer(wmi).group_members(ADMINISTRATORS)


def test_a_lost_connection_is_no_empty_group(host: RunningHost, server: WsmanSiteServer) -> None:
    host.controls.misbehave({"kind": "drop", "operation": "Win32_GroupUser.Query"})
    with pytest.raises(Unreachable):
        server.group_members(ADMINISTRATORS)


def test_a_member_that_may_not_be_read_is_no_lost_one(host: RunningHost, server: WsmanSiteServer) -> None:
    host.controls.misbehave({"kind": "fault", "operation": "Win32_UserAccount.Get", "value": 5})
    with pytest.raises(AccessDenied):
        server.group_members(ADMINISTRATORS)


# -- what Windows may show, and should not


# -- changing


def test_members_cannot_be_changed(host: RunningHost, server: WsmanSiteServer) -> None:
    assert not server.changes_members
    for change in (server.add_group_member, server.remove_group_member):
        with pytest.raises(Unsupported) as caught:
            change(ADMINISTRATORS, sid_of(host, "CORP\\backup"))
        assert str(caught.value) == (
            "C01: could not change the members of group BUILTIN\\Administrators: WMI has no method for it. Reach this "
            "host by ansible_connection: sitekeeper.sms.smb."
        )
    assert operations(host) == []
