# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of local groups over WMI: read, and not changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Enough,
    JoinedDomain,
    NotFound,
    Unreachable,
    Unsupported,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.groups import LocalGroups
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.names_seen import NamesSeen
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi, operations
from tests.lab.hierarchy import with_administrator
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab
from tests.unit.site_server.wmi.test_groups import ADMINISTRATORS

CONNECTION, ODD, EMPTY = "SMS_SiteToSiteConnection_C01", "Sarah's group", "Nobody"
USERS = Sid.parse("S-1-5-32-545")
LOOK_UP, QUERY, REFERENCES = "Win32_Group.Query", "Win32_GroupUser.Associators", "Win32_GroupUser.Query"
RECEIVE = r"D:\SMS\Site.srv\Despoolr.box\Receive"


def scenario() -> dict[str, Any]:
    made = with_administrator(default_hierarchy(2))
    made["hosts"][0]["local_accounts"] += [
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
    controls = lab["C01"].controls
    settings = controls.host.settings
    yield lab["C01"]
    controls.behave()
    controls.host.settings = settings


@pytest.fixture
def server(host: RunningHost) -> Iterator[WsmanSiteServer]:
    with lab_wmi(host) as wmi:
        yield WsmanSiteServer(wmi)


def tell(host: RunningHost, **settings: Any) -> None:
    host.controls.host.settings = replace(host.controls.host.settings, **settings)


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


def test_kinds_of_members(host: RunningHost, server: WsmanSiteServer) -> None:
    found = server.group_members(sid_of(host, f"C01\\{CONNECTION}"))
    assert {account.name: account.is_group for account in found} == {
        "CORP\\P01$": False,
        "CORP\\smssend": False,
        "CORP\\Domain Admins": True,
        "C01\\courier": False,
        "C01\\SYSTEM": None,
    }


def is_in(host: RunningHost, name: str) -> Enough:
    sid = sid_of(host, name)
    return lambda found: sid in found


def test_the_cost_of_a_group(host: RunningHost, server: WsmanSiteServer) -> None:
    # Its name was not seen: it is looked up. All members are needed: the associations show whether some are missing.
    assert len(server.group_members(ADMINISTRATORS)) == 3
    assert operations(host) == [LOOK_UP, QUERY, REFERENCES]
    # Now it is known.
    server.group_members(ADMINISTRATORS, is_in(host, "CORP\\ansible"))
    assert operations(host)[3:] == [QUERY]
    server.group_members(ADMINISTRATORS, is_in(host, "CORP\\smssend"))
    assert operations(host)[4:] == [QUERY, REFERENCES]


def test_a_group_that_a_descriptor_names_costs_one_request(host: RunningHost, server: WsmanSiteServer) -> None:
    server.path_descriptor(RECEIVE)
    host.controls.reset_counters()
    server.group_members(ADMINISTRATORS, is_in(host, "CORP\\ansible"))
    assert operations(host) == [QUERY]


def test_a_group_whose_name_was_resolved_costs_one_request(host: RunningHost, server: WsmanSiteServer) -> None:
    group = server.resolve(f".\\{CONNECTION}")
    host.controls.reset_counters()
    server.group_members(group.sid, is_in(host, "CORP\\smssend"))
    assert operations(host) == [QUERY]


@pytest.mark.parametrize("question", ["service_account", "joined_domain"])
def test_the_name_of_the_computer_is_in_other_answers(
    host: RunningHost, server: WsmanSiteServer, question: str
) -> None:
    host.controls.set_members("S-1-5-32-544", ["CORP\\ansible"])
    server.path_descriptor(RECEIVE)
    server.service_account("SMS_EXECUTIVE") if question == "service_account" else server.joined_domain()
    host.controls.reset_counters()
    server.group_members(ADMINISTRATORS, is_in(host, "CORP\\ansible"))
    assert operations(host) == [QUERY]
    host.controls.set_members("S-1-5-32-544", ["CORP\\Domain Admins", "CORP\\ansible", ".\\Administrator"])


def test_a_group_that_proves_nothing_costs_a_second_request_and_the_next_one_not(
    host: RunningHost, server: WsmanSiteServer
) -> None:
    host.controls.set_members("S-1-5-32-544", ["CORP\\ansible"])
    host.controls.set_members("S-1-5-32-545", ["CORP\\smssend"])
    server.path_descriptor(RECEIVE)
    server.path_descriptor("D:\\")
    host.controls.reset_counters()
    assert [member.name for member in server.group_members(ADMINISTRATORS, is_in(host, "CORP\\ansible"))] == [
        "CORP\\ansible"
    ]
    assert operations(host) == [QUERY, LOOK_UP]
    server.group_members(USERS, is_in(host, "CORP\\smssend"))
    assert operations(host)[2:] == [QUERY]
    host.controls.set_members("S-1-5-32-545", [])
    host.controls.set_members("S-1-5-32-544", ["CORP\\Domain Admins", "CORP\\ansible", ".\\Administrator"])


def test_a_host_that_is_named_as_its_domain_in_the_inventory(host: RunningHost) -> None:
    """WMI finds groups of the domain by their domain: here one with the name of the local group."""
    connection = sid_of(host, f"C01\\{CONNECTION}")
    with lab_wmi(host) as wmi:
        names = NamesSeen("corp")
        names.see({connection: f"CORP\\{CONNECTION}"})
        host.controls.add_account(f"CORP\\{CONNECTION}", type_="group")
        host.controls.host.members[sid_of(host, f"CORP\\{CONNECTION}").__str__()] = [str(sid_of(host, "CORP\\backup"))]
        found = LocalGroups(wmi, names).members(connection, lambda _found: True)
    assert "CORP\\backup" not in {account.name for account in found}
    assert len(found) == 5
    assert operations(host) == [QUERY, LOOK_UP, QUERY]
    host.controls.host.members.pop(str(sid_of(host, f"CORP\\{CONNECTION}")))
    host.controls.remove_account(f"CORP\\{CONNECTION}")


def test_a_group_without_members(host: RunningHost, server: WsmanSiteServer) -> None:
    assert server.group_members(sid_of(host, f"C01\\{EMPTY}")) == ()
    assert operations(host) == [LOOK_UP, QUERY, REFERENCES]


def test_a_server_that_does_not_understand_the_query(host: RunningHost, server: WsmanSiteServer) -> None:
    tell(host, associators=False)
    assert len(server.group_members(ADMINISTRATORS, is_in(host, "CORP\\ansible"))) == 3
    names = ["Win32_Group.Get", "Win32_UserAccount.Get", "Win32_UserAccount.Get"]
    # The lab has no name for what it refuses before it knows what it is.
    assert operations(host) == [LOOK_UP, "?", REFERENCES, *names]


def test_a_member_that_was_left_out_is_no_absent_one(host: RunningHost, server: WsmanSiteServer) -> None:
    sender = sid_of(host, "CORP\\smssend")
    tell(host, unreadable_endpoints=(str(sender),))
    found = server.group_members(sid_of(host, f"C01\\{CONNECTION}"), is_in(host, "CORP\\smssend"))
    assert sender in {account.sid for account in found}
    assert operations(host) == [LOOK_UP, QUERY, REFERENCES, "Win32_UserAccount.Get"]
    # A member that is in the first answer is sure.
    server.group_members(sid_of(host, f"C01\\{CONNECTION}"), is_in(host, "CORP\\P01$"))
    assert operations(host)[4:] == [QUERY]


@pytest.mark.parametrize(("shown", "found"), [("never", 5), ("by_sid", 6), ("by_name", None)])
def test_a_member_whose_account_is_gone(
    host: RunningHost, server: WsmanSiteServer, shown: str, found: int | None
) -> None:
    host.controls.add_account("CORP\\leaver")
    before = host.controls.members(f".\\{CONNECTION}")
    host.controls.set_members(f".\\{CONNECTION}", [*before, "CORP\\leaver"])
    gone = sid_of(host, "CORP\\leaver")
    host.controls.remove_account("CORP\\leaver")
    tell(host, shows_lost_members=shown)
    group = sid_of(host, f"C01\\{CONNECTION}")
    try:
        if found is None:
            with pytest.raises(Unsupported, match=r"no accounts any more, without their SIDs: CORP\\leaver"):
                server.group_members(group)
        else:
            assert len(server.group_members(group)) == found
            assert (gone in {account.sid for account in server.group_members(group)}) is (shown == "by_sid")
        # It does not hide who is a member.
        assert server.group_members(group, is_in(host, "CORP\\smssend"))
    finally:
        host.controls.set_members(f".\\{CONNECTION}", before)


# -- a domain controller


def controller(shows: str) -> dict[str, Any]:
    """A site server that is the domain controller: its groups are the domain's."""
    made = default_hierarchy(1)
    made["hosts"][0] |= {
        "settings": {"domain_controller": True, "controller_domain": shows},
        "local_accounts": [{"name": CONNECTION, "type": "group"}, {"name": "Administrator", "rid": 500}],
    }
    made["hosts"][0]["members"] |= {
        f"CORP\\{CONNECTION}": ["CORP\\smssend"],
        "S-1-5-32-544": ["CORP\\Domain Admins", ".\\Administrator"],
    }
    return made


@pytest.mark.parametrize("shows", ["domain", "computer"])
def test_the_groups_of_a_domain_controller(shows: str) -> None:
    with running_lab(controller(shows)) as lab, lab_wmi(lab["C01"]) as wmi:
        host = lab["C01"]
        group = sid_of(host, f"CORP\\{CONNECTION}")
        assert str(group).rpartition("-")[0] == str(sid_of(host, "CORP\\smssend")).rpartition("-")[0]
        server = WsmanSiteServer(wmi)
        assert server.resolve(f".\\{CONNECTION}").sid == group
        assert [account.name for account in server.group_members(group)] == ["CORP\\smssend"]
        assert server.joined_domain() == JoinedDomain("corp.example", is_controller=True)
        found = server.group_members(ADMINISTRATORS)
        assert [account.name for account in found] == ["CORP\\Domain Admins", "CORP\\Administrator"]
        assert server.local_account_state(sid_of(host, "CORP\\smssend")).disabled is False
        # The name; its members and whether they are all; the domain; where Administrators is, and the same; the state.
        assert len(operations(host)) == 1 + 2 + 1 + 3 + 1


@pytest.mark.parametrize("shows", ["domain", "computer"])
@pytest.mark.parametrize("first", ["built-in", "its own"])
def test_whatever_a_domain_controller_shows_the_members_are_right(shows: str, first: str) -> None:
    with running_lab(controller(shows)) as lab, lab_wmi(lab["C01"]) as wmi:
        host = lab["C01"]
        groups = [ADMINISTRATORS, sid_of(host, f"CORP\\{CONNECTION}")]
        host.controls.set_share_descriptor(
            "SMS_SITE", {"entries": [{"principal": str(group), "access": "change"} for group in groups]}
        )
        server = WsmanSiteServer(wmi)
        server.share_descriptor(server.share("SMS_SITE"))
        for group in groups if first == "built-in" else groups[::-1]:
            names = {account.name for account in server.group_members(group)}
            expected = {"CORP\\Domain Admins", "CORP\\Administrator"} if group == ADMINISTRATORS else {"CORP\\smssend"}
            assert names == expected


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
    for operation in (QUERY, REFERENCES):
        host.controls.misbehave({"kind": "drop", "operation": operation})
        with pytest.raises(Unreachable):
            server.group_members(ADMINISTRATORS)
        host.controls.behave()


def test_a_member_that_may_not_be_read_is_no_lost_one(host: RunningHost, server: WsmanSiteServer) -> None:
    tell(host, unreadable_endpoints=(str(sid_of(host, "CORP\\ansible")),))
    host.controls.misbehave({"kind": "fault", "operation": "Win32_UserAccount.Get", "value": 5})
    with pytest.raises(AccessDenied):
        server.group_members(ADMINISTRATORS)


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
