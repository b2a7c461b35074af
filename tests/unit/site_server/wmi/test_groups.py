# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of a local group, from answers that a test wrote."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Enough,
    NoAnswer,
    Unsupported,
    every_member,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.groups import LocalGroups
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.names_seen import NamesSeen
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.unit.site_server.wmi.scripted_wmi import Scripted, enumerated
from tests.unit.wsman.server_side import CIMV2, GET_RESPONSE, NS, body, fault_reply, reply

ADMINISTRATORS = Sid.parse("S-1-5-32-544")


USERS = Sid.parse("S-1-5-32-545")


GROUP_NAMED = (
    f'<p:Win32_Group xmlns:p="{CIMV2}/Win32_Group"><p:Domain>C01</p:Domain><p:Name>@</p:Name>'
    f"<p:SID>{ADMINISTRATORS}</p:SID></p:Win32_Group>"
)
GROUP = enumerated(GROUP_NAMED.replace("@", "Administrators"))


NO_SUCH = fault_reply(
    "<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>a:DestinationUnreachable</s:Value></s:Subcode></s:Code>"
    '<s:Detail><f:WSManFault Code="2150858752"/></s:Detail>'
)


def membership(part: str) -> str:
    return (
        f'<p:Win32_GroupUser xmlns:p="{CIMV2}/Win32_GroupUser">{reference("GroupComponent", "Win32_Group", "C01", "x")}'
        f"{part}</p:Win32_GroupUser>"
    )


def reference(tag: str, class_name: str, domain: str, name: str) -> str:
    keys = f'<w:Selector Name="Domain">{domain}</w:Selector><w:Selector Name="Name">{name}</w:Selector>'
    return (
        f"<p:{tag}><a:Address>{NS['a']}/role/anonymous</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{CIMV2}/{class_name}</w:ResourceURI><w:SelectorSet>{keys}</w:SelectorSet>"
        f"</a:ReferenceParameters></p:{tag}>"
    )


def member(name: str, class_name: str = "Win32_UserAccount") -> str:
    return membership(reference("PartComponent", class_name, "CORP", name))


def account(
    name: str, sid: str, class_name: str = "Win32_UserAccount", domain: str = "CORP", local: str = "false"
) -> str:
    properties = f"<p:Domain>{domain}</p:Domain><p:LocalAccount>{local}</p:LocalAccount><p:Name>{name}</p:Name>"
    return f'<p:{class_name} xmlns:p="{CIMV2}/{class_name}">{properties}<p:SID>{sid}</p:SID></p:{class_name}>'


def user(name: str, sid: str) -> Any:
    return reply(GET_RESPONSE, account(name, sid))


SMSSEND = "S-1-5-21-1-2-3-1004"
OWN = account("Administrator", "S-1-5-21-7-8-9-500", domain="C01", local="true")
NOT_UNDERSTOOD = fault_reply(
    "<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>n:CannotProcessFilter</s:Value></s:Subcode></s:Code>"
    f'<s:Detail><f:WSManFault Code="{0x80041017}"/></s:Detail>'
)


def wql_of(request: bytes) -> str:
    (asked,) = body(request)
    (wql,) = [child.text for child in asked if child.tag.endswith("}Filter")]
    assert wql is not None
    return wql


def groups_of(script: Scripted, shown: str = "BUILTIN\\Administrators", host: str = "C01") -> LocalGroups:
    """The groups of a host that showed this name of Administrators before."""
    names = NamesSeen(host)
    names.see({ADMINISTRATORS: shown})
    return LocalGroups(script.wmi, names)


def is_there(sid: str) -> Enough:
    return lambda found: Sid.parse(sid) in found


# -- what proves that members are those of the group


def test_one_request_if_the_name_was_seen_and_an_account_of_the_computer_is_a_member() -> None:
    script = Scripted(enumerated(OWN, account("smssend", SMSSEND)))
    found = groups_of(script).members(ADMINISTRATORS, is_there(SMSSEND))
    assert [(member.name, str(member.sid), member.is_group) for member in found] == [
        ("C01\\Administrator", "S-1-5-21-7-8-9-500", False),
        ("CORP\\smssend", SMSSEND, False),
    ]
    (request,) = script.requests
    # Microsoft, "ASSOCIATORS OF Statement": braces are part of it, and blanks separate the keywords.
    assert wql_of(request) == (
        'ASSOCIATORS OF {Win32_Group.Domain="C01",Name="Administrators"} WHERE AssocClass=Win32_GroupUser '
        "Role=GroupComponent"
    )


@pytest.mark.parametrize(
    "members",
    [
        (account("smssend", SMSSEND),),
        (account("Administrator", "S-1-5-21-1-2-3-500"),),
        (account("SYSTEM", "S-1-5-18", "Win32_SystemAccount", "C01", "true"),),
        (account("Administrator", "S-1-5-21-7-8-9-500", domain="OTHER", local="true"),),
        (),
    ],
    ids=["none of the computer", "the domain's", "a built-in one", "another computer's", "nobody"],
)
def test_members_that_prove_nothing_are_of_a_group_that_is_looked_up(members: tuple[str, ...]) -> None:
    script = Scripted(enumerated(*members), GROUP, enumerated())
    groups_of(script).members(ADMINISTRATORS, every_member)
    assert [wql_of(request).partition(" WHERE ")[0] for request in script.requests] == [
        'ASSOCIATORS OF {Win32_Group.Domain="C01",Name="Administrators"}',
        "SELECT * FROM Win32_Group",
        "SELECT * FROM Win32_GroupUser",
    ]


def test_a_host_named_as_a_domain_never_gets_the_domains_members() -> None:
    script = Scripted(enumerated(account("Administrator", "S-1-5-21-1-2-3-500")), GROUP, enumerated(OWN))
    found = groups_of(script, host="corp.example").members(ADMINISTRATORS, is_there("S-1-5-21-7-8-9-500"))
    assert [member.name for member in found] == ["C01\\Administrator"]
    assert 'Domain="CORP"' in wql_of(script.requests[0])
    assert 'Domain="C01"' in wql_of(script.requests[2])


@pytest.mark.parametrize("answer", [NO_SUCH, NOT_UNDERSTOOD], ids=["no such group", "not understood"])
def test_a_place_that_was_guessed_wrong_costs_one_request(answer: Any) -> None:
    understood = answer is NO_SUCH
    script = Scripted(answer, GROUP, *([enumerated(OWN)] if understood else []), enumerated())
    assert len(groups_of(script).members(ADMINISTRATORS, every_member)) == understood
    assert len(script.requests) == 3 + understood


def test_a_server_that_does_not_understand_it_is_asked_for_each_member() -> None:
    script = Scripted(
        GROUP, NOT_UNDERSTOOD, enumerated(member("smssend")), user("smssend", SMSSEND), GROUP, enumerated()
    )
    groups = LocalGroups(script.wmi, NamesSeen("C01"))
    (found,) = groups.members(ADMINISTRATORS, is_there("S-1-5-21-1-1-1-1"))
    assert (found.name, found.is_group) == ("CORP\\smssend", False)
    # It is not tried again, and the group that was looked up is known.
    script = Scripted(enumerated())
    groups._wmi = script.wmi
    assert groups.members(ADMINISTRATORS, every_member) == ()
    assert wql_of(script.requests[0]).startswith("SELECT * FROM Win32_GroupUser")


def test_after_one_group_the_name_of_the_computer_is_known() -> None:
    script = Scripted(enumerated(OWN), enumerated(account("smssend", SMSSEND)))
    groups = groups_of(script)
    groups._names.see({USERS: "BUILTIN\\Users"})
    groups.members(ADMINISTRATORS, lambda _found: True)
    assert [member.name for member in groups.members(USERS, is_there(SMSSEND))] == ["CORP\\smssend"]
    assert len(script.requests) == 2


def test_access_denied_is_no_missing_understanding() -> None:
    denied = fault_reply(
        "<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:AccessDenied</s:Value></s:Subcode></s:Code>"
        '<s:Detail><f:WSManFault Code="5"/></s:Detail>'
    )
    script = Scripted(denied)
    with pytest.raises(AccessDenied, match="read the members of group Administrators"):
        groups_of(script).members(ADMINISTRATORS, every_member)


def test_braces_in_a_name_are_not_put_into_the_query() -> None:
    group = GROUP_NAMED.replace("@", "Odd}{")
    script = Scripted(enumerated(group), enumerated(member("smssend")), user("smssend", SMSSEND))
    (found,) = LocalGroups(script.wmi, NamesSeen("C01")).members(ADMINISTRATORS, every_member)
    assert str(found.sid) == SMSSEND


# -- whether they are all


def test_members_that_were_left_out_are_looked_up() -> None:
    script = Scripted(
        GROUP,
        enumerated(account("smssend", SMSSEND)),
        enumerated(member("SMSSEND"), member("P02$"), member("Admins", "Win32_Group")),
        user("P02$", "S-1-5-21-1-2-3-1005"),
        reply(GET_RESPONSE, account("Admins", "S-1-5-21-1-2-3-512", "Win32_Group")),
    )
    found = WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS)
    assert [(member.name, member.is_group) for member in found] == [
        ("CORP\\smssend", False),
        ("CORP\\P02$", False),
        ("CORP\\Admins", True),
    ]


def test_they_are_not_looked_for_if_the_members_are_enough() -> None:
    script = Scripted(GROUP, enumerated(account("smssend", SMSSEND)))
    asked: list[frozenset[Sid]] = []

    def enough(found: frozenset[Sid]) -> bool:
        asked.append(found)
        return True

    assert len(WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS, enough)) == 1
    assert asked == [frozenset({Sid.parse(SMSSEND)})]


def test_a_member_of_two_associations_is_one_member() -> None:
    script = Scripted(GROUP, enumerated(*[account("smssend", SMSSEND)] * 2), enumerated(member("smssend")))
    assert len(WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS)) == 1


def test_kinds_of_accounts() -> None:
    found = (
        account("x", "S-1-5-21-1-2-3-1"),
        account("y", "S-1-5-21-1-2-3-2", "Win32_Group"),
        account("SYSTEM", "S-1-5-18", "Win32_SystemAccount", "C01"),
    )
    script = Scripted(GROUP, enumerated(*found))
    members = WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS, lambda _found: True)
    assert [member.is_group for member in members] == [False, True, None]


def test_members_that_are_no_accounts_any_more_are_all_named() -> None:
    script = Scripted(
        GROUP,
        enumerated(account("smssend", SMSSEND)),
        enumerated(member("gone"), member("smssend"), member("also-gone")),
        NO_SUCH,
        NO_SUCH,
    )
    with pytest.raises(Unsupported) as caught:
        WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS)
    assert str(caught.value) == (
        "C01: could not read the members of group Administrators: WMI shows members that are no accounts any more, "
        "without their SIDs: CORP\\also-gone, CORP\\gone. Remove them from the group, or reach this host by "
        "ansible_connection: sitekeeper.sms.smb."
    )


def test_a_member_that_is_shown_by_its_sid_is_kept_and_not_looked_up() -> None:
    script = Scripted(GROUP, enumerated(), enumerated(member(SMSSEND)))
    (found,) = WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS)
    assert (found.sid, found.name) == (Sid.parse(SMSSEND), SMSSEND)


@pytest.mark.parametrize(
    "items",
    [
        membership("<p:PartComponent>CORP\\smssend</p:PartComponent>"),
        membership('<p:PartComponent xsi:nil="true"/>'),
        membership(""),
        membership(reference("PartComponent", "Win32_UserAccount", "CORP", "x") * 2),
        member("x", "Win32_Service"),
        member("x", "../../shell"),
        member("x").replace('Name="Name"', 'Name="Owner"'),
        member("x").replace('Name="Domain"', 'Name="Name"'),
        member("x").replace("<w:SelectorSet>", '<w:SelectorSet><w:Selector Name="SID">S-1-1-0</w:Selector>'),
    ],
    ids=["text", "null", "absent", "two", "a service", "a path", "no name", "no domain", "another key"],
)
def test_an_answer_that_makes_no_sense_is_no_group(items: str) -> None:
    script = Scripted(GROUP, enumerated(), enumerated(items))
    with pytest.raises(NoAnswer, match=r"^C01: could not read the members of group Administrators"):
        WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS)
    assert len(script.requests) == 3


@pytest.mark.parametrize(
    "items",
    [
        account("x", SMSSEND, "Win32_Service"),
        account("x", SMSSEND).replace("<p:Name>x</p:Name>", "<p:Name><p:a>x</p:a></p:Name>"),
        account("x", "smssend"),
        account("x", ""),
    ],
    ids=["a service", "a name with properties", "no SID", "an empty SID"],
)
def test_members_that_make_no_sense_are_no_members(items: str) -> None:
    script = Scripted(GROUP, enumerated(items))
    with pytest.raises(NoAnswer, match=r"^C01: could not read the members of group Administrators"):
        WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS, lambda _found: True)


@pytest.mark.parametrize("sid", ["", "smssend", "S-1-5-21-99999999999"])
def test_a_member_whose_sid_is_none(sid: str) -> None:
    script = Scripted(GROUP, enumerated(), enumerated(member("smssend")), user("smssend", sid))
    with pytest.raises(NoAnswer):
        WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS)


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("Administrators", "\"Win32_Group.Domain='C01',Name='Administrators'\""),
        ("SMS Site & Co", "\"Win32_Group.Domain='C01',Name='SMS Site & Co'\""),
        ("Owner's", r"""'Win32_Group.Domain=\"C01\",Name=\"Owner\'s\"'"""),
        ('5"', r"""'Win32_Group.Domain=\"C01\",Name=\"5\\\"\"'"""),
    ],
)
def test_the_groups_path_is_quoted_as_other_clients_quote_it(name: str, literal: str) -> None:
    written = name.replace("&", "&amp;")
    script = Scripted(enumerated(GROUP_NAMED.replace("@", written)), enumerated(), enumerated())
    assert WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS) == ()
    assert wql_of(script.requests[2]) == f"SELECT * FROM Win32_GroupUser WHERE GroupComponent={literal}"


def test_quotes_and_backslashes_in_a_name_stay_in_the_path() -> None:
    script = Scripted(enumerated(GROUP_NAMED.replace("@", "5\" \\ 'x'")), enumerated(), enumerated())
    WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS)
    # Microsoft, "Describing an Instance Object Path": a backslash before each quote and each backslash.
    assert wql_of(script.requests[1]).startswith(
        r"""ASSOCIATORS OF {Win32_Group.Domain="C01",Name="5\" \\ 'x'"} WHERE"""
    )
