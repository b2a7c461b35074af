# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of a local group, from answers that a test wrote."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    NoAnswer,
    Unsupported,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.unit.site_server.wmi.scripted_wmi import Scripted, enumerated
from tests.unit.wsman.server_side import CIMV2, GET_RESPONSE, NS, body, fault_reply, reply

ADMINISTRATORS = Sid.parse("S-1-5-32-544")


GROUP = enumerated(
    f'<p:Win32_Group xmlns:p="{CIMV2}/Win32_Group"><p:Domain>C01</p:Domain><p:Name>Administrators</p:Name>'
    f"<p:SID>{ADMINISTRATORS}</p:SID></p:Win32_Group>"
)


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


def user(name: str, sid: str) -> Any:
    properties = f"<p:Domain>CORP</p:Domain><p:Name>{name}</p:Name><p:SID>{sid}</p:SID>"
    content = f'<p:Win32_UserAccount xmlns:p="{CIMV2}/Win32_UserAccount">{properties}</p:Win32_UserAccount>'
    return reply(GET_RESPONSE, content)


def test_members_that_are_no_accounts_any_more_are_all_named() -> None:
    script = Scripted(
        GROUP,
        enumerated(member("gone"), member("smssend"), member("also-gone")),
        NO_SUCH,
        user("smssend", "S-1-5-21-1-2-3-1004"),
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
    sid = "S-1-5-21-1-2-3-1004"
    script = Scripted(GROUP, enumerated(member(sid)))
    (found,) = WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS)
    assert (found.sid, found.name) == (Sid.parse(sid), sid)


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
    script = Scripted(GROUP, enumerated(items))
    with pytest.raises(NoAnswer, match=r"^C01: could not read the members of group Administrators"):
        WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS)
    assert len(script.requests) == 2


@pytest.mark.parametrize("sid", ["", "smssend", "S-1-5-21-99999999999"])
def test_a_member_whose_sid_is_none(sid: str) -> None:
    script = Scripted(GROUP, enumerated(member("smssend")), user("smssend", sid))
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
    uri = f"{CIMV2}/Win32_Group"
    group = f'<p:Win32_Group xmlns:p="{uri}"><p:Domain>C01</p:Domain><p:Name>{written}</p:Name></p:Win32_Group>'
    script = Scripted(enumerated(group), enumerated())
    assert WsmanSiteServer(script.wmi).group_members(ADMINISTRATORS) == ()
    (asked,) = body(script.requests[1])
    (wql,) = [child.text for child in asked if child.tag.endswith("}Filter")]
    assert wql == f"SELECT * FROM Win32_GroupUser WHERE GroupComponent={literal}"
