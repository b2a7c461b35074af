# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter over WS-Management, with answers that a test wrote."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    NoAnswer,
    NotFound,
    Rejected,
    ServerFault,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.unit.site_server.wmi.scripted_wmi import Scripted, enumerated, fragment
from tests.unit.wsman.server_side import NS, body, fault_reply, header, reply


def test_a_hundred_thousand_files_are_not_pulled() -> None:
    more = "<n:EnumerationContext>uuid:1</n:EnumerationContext>"
    name = "d:\\sms\\0"
    one = f"<w:Items>{fragment(Name=name)}</w:Items>"
    script = Scripted(
        reply(NS["n"] + "/EnumerateResponse", f"<n:EnumerateResponse>{more}{one}</n:EnumerateResponse>"),
        reply(NS["n"] + "/ReleaseResponse", ""),
    )
    assert WsmanSiteServer(script.wmi).a_child("D:\\SMS") == "D:\\SMS\\0"
    (asked,) = body(script.requests[0])
    assert [child.text for child in asked if child.tag.endswith("}MaxElements")] == ["1"]
    (wql,) = [child.text for child in asked if child.tag.endswith("}Filter")]
    assert wql == r"SELECT Name FROM CIM_LogicalFile WHERE Drive='D:' AND Path='\\SMS\\'"
    assert header(script.requests[1], "a:Action").text == NS["n"] + "/Release"


@pytest.mark.parametrize("name", ["", "d:\\other\\job", "d:\\sms\\deep\\job", "job", "d:\\sms\\"])
def test_what_is_no_child_is_an_unusable_answer(name: str) -> None:
    with pytest.raises(NoAnswer, match=r"find a file or folder in D:\\SMS: .*is not directly in"):
        WsmanSiteServer(Scripted(enumerated(fragment(Name=name))).wmi).a_child("D:\\SMS")


@pytest.mark.parametrize("code", [2150858790, 2150858824, 2150858825, 2150858829])
def test_an_answer_that_is_too_long_is_no_refusal_of_a_write(code: int) -> None:
    code_ = "<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:EncodingLimit</s:Value></s:Subcode></s:Code>"
    detail = f'<s:Detail><f:WSManFault Code="{code}"><f:Message>Too long.</f:Message></f:WSManFault></s:Detail>'
    script = Scripted(fault_reply(code_ + detail))
    with pytest.raises(ServerFault, match="MaxEnvelopeSizekb") as caught:
        WsmanSiteServer(script.wmi).delete_file("D:\\SMS\\job")
    assert not isinstance(caught.value, Rejected | NotFound)
