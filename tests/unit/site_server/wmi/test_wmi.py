# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the WMI adapters share."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptor, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    Account,
    DescriptorReading,
    NoAnswer,
    Propagated,
    SiteServerError,
    local_path,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wmi import netbios_domain
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import Instance, query
from tests.unit.site_server.wmi.scripted_wmi import Scripted, begun, enumerated, fragment, pulled
from tests.unit.wsman.server_side import CIMV2, NS, Reply, reply


def domains(*known: tuple[str | None, str | None]) -> list[Instance]:
    return [Instance("Win32_NTDomain", {"DomainName": netbios, "DnsForestName": forest}) for netbios, forest in known]


@pytest.mark.parametrize(
    ("dns", "known", "netbios"),
    [
        ("corp.example", [(None, None), ("CORP", "corp.example")], "CORP"),
        ("CORP.Example.", [("corp", "Corp.EXAMPLE")], "corp"),
        ("branch.corp.example", [("CORP", "corp.example"), ("BRANCH", "corp.example")], "BRANCH"),
        ("hq.example", [("CORP", "corp.example")], None),
        # Called otherwise, or of another forest: not known.
        ("corp.example", [("COMPANY", "corp.example")], None),
        ("corp.other", [("CORP", "corp.example")], None),
        ("xcorp.example", [("XCORP", "corp.example")], None),
        ("corp.example", [("CORP", None)], None),
        ("corp.example", [("CORP", "")], None),
        ("corp.example", [], None),
        ("", [("", "")], None),
    ],
)
def test_the_netbios_name_of_a_domain(
    dns: str, known: list[tuple[str | None, str | None]], netbios: str | None
) -> None:
    assert netbios_domain(domains(*known), dns) == netbios


SETTING = f"{CIMV2}/Win32_LogicalFileSecuritySetting"
DESCRIPTOR = f"{CIMV2}/Win32_SecurityDescriptor"
TRUSTEE = f"{CIMV2}/Win32_Trustee"
NO_OCTET = '<t:SID xsi:nil="true"/>'


def descriptor_owned_by(*octets: int | str) -> Reply:
    """An answer of GetSecurityDescriptor: each octet of the owner's SID is a number, or an element as it is."""
    sid = "".join(f"<t:SID>{octet}</t:SID>" if isinstance(octet, int) else octet for octet in octets)
    return reply(
        f"{SETTING}/GetSecurityDescriptorResponse",
        f'<p:GetSecurityDescriptor_OUTPUT xmlns:p="{SETTING}" xmlns:d="{DESCRIPTOR}" xmlns:t="{TRUSTEE}"'
        f' xmlns:xsi="{NS["xsi"]}"><p:Descriptor xsi:type="d:Win32_SecurityDescriptor_Type">'
        f'<d:ControlFlags>32768</d:ControlFlags><d:Owner xsi:type="t:Win32_Trustee_Type">{sid}</d:Owner></p:Descriptor>'
        "<p:ReturnValue>0</p:ReturnValue></p:GetSecurityDescriptor_OUTPUT>",
    )


def owner_in(answer: Reply) -> Sid | None:
    return WsmanSiteServer(Scripted(answer).wmi).path_descriptor("D:\\SMS").descriptor.owner


def test_the_octets_of_a_sid() -> None:
    # Everyone: [MS-DTYP] 2.4.2.4, in the packet of 2.4.2.2.
    assert owner_in(descriptor_owned_by(1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)) == Sid.parse("S-1-1-0")


@pytest.mark.parametrize(
    "odd",
    [NO_OCTET, "<t:SID>256</t:SID>", "<t:SID>-1</t:SID>", "<t:SID>x</t:SID>", "<t:SID/>", "<t:SID><t:a/></t:SID>"],
)
def test_what_is_no_octet_is_not_left_out_of_a_sid(odd: str) -> None:
    with pytest.raises(NoAnswer, match=r"^C01: could not read the permissions of D:\\SMS: .*not made of octets"):
        owner_in(descriptor_owned_by(1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, odd, 0))


# -- bounds


def test_an_operation_of_several_requests_has_a_deadline() -> None:
    script = Scripted(begun(fragment(Name="a")), pulled(fragment(Name="b")))
    wmi = replace(script.wmi, longest=0.0)
    with pytest.raises(NoAnswer, match=r"^C01: could not read shares: the server has not finished within 0 seconds\."):
        wmi.run("read shares", query(wmi.settings, "SELECT Name FROM Win32_Share"), "")
    assert len(script.requests) == 1


def test_an_operation_that_is_through_is_not_late() -> None:
    wmi = replace(Scripted(enumerated(fragment(Name="a"))).wmi, longest=0.0)
    (found,) = wmi.run("read shares", query(wmi.settings, "SELECT Name FROM Win32_Share"), "")
    assert found.text("Name") == "a"


# -- what servers say, in messages

# C0, C1, a change of direction, a mark of it, a character of no width, one of private use, a line separator.
HOSTILE = "a\x1b]0;b\x9b31m\u202ec\u2066\u200b\ue000\u2028d"
SHOWN = "a<U+001B>]0;b<U+009B>31m<U+202E>c<U+2066><U+200B><U+E000>"


def test_what_is_said_in_an_error_is_one_visible_line() -> None:
    error = SiteServerError(
        "c01", f"read the members of group {HOSTILE}", f"{HOSTILE}\r\nok: [c01]\t" + "x" * 9999, "Go."
    )
    assert str(error).startswith(f"c01: could not read the members of group {SHOWN}<U+2028>d: {SHOWN} d ok: [c01] xxx")
    assert str(error).endswith("x…. Go.")
    assert str(error).isprintable()
    assert len(error.reason) == 1000


def test_names_for_people_are_visible() -> None:
    everyone = Sid.parse("S-1-1-0")
    assert Account(everyone, HOSTILE).name == f"{SHOWN}<U+2028>d"
    descriptor = SecurityDescriptor(0x0004, None, None, None)
    reading = DescriptorReading(descriptor, MappingProxyType({everyone: HOSTILE}), unwritable=(HOSTILE,))
    assert dict(reading.names) == {everyone: f"{SHOWN}<U+2028>d"}
    assert reading.unwritable == (f"{SHOWN}<U+2028>d",)
    assert Propagated(1, 0, 1, (HOSTILE,)).refusals == (f"{SHOWN}<U+2028>d",)


def test_an_ordinary_name_stays_as_it_is() -> None:
    assert Account(Sid.parse("S-1-1-0"), "CORP\\Jörg  Müller-密码").name == "CORP\\Jörg  Müller-密码"


def test_what_is_no_path_is_shown_visibly() -> None:
    with pytest.raises(ValueError, match=r"^'D:\\a<U\+0007>' is not a local path") as caught:
        local_path("D:\\a\x07")
    assert str(caught.value).isprintable()
