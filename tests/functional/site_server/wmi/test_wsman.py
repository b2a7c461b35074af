# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WS-Management adapter: both forms of embedded instances, one child of many, long lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    SecurityDescriptor,
    Sid,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    InvalidRequest,
    NoAnswer,
    Rejected,
    ServerFault,
    SiteServerError,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi, operations
from tests.lab.misbehaviour import Kind, Rule
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab

RECEIVE = r"D:\SMS\Site.srv\Despoolr.box\Receive"
WRITE = "Win32_LogicalFileSecuritySetting.SetSecurityDescriptor"
READ = "Win32_LogicalFileSecuritySetting.GetSecurityDescriptor"


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running_lab(default_hierarchy(2)) as running:
        yield running


@pytest.fixture
def host(lab: RunningLab) -> Iterator[RunningHost]:
    found = lab["P01"]
    settings, held = found.controls.host.settings, found.controls.file_descriptor(RECEIVE)["base64"]
    yield found
    found.controls.behave()
    found.controls.host.settings = settings
    found.controls.set_file_descriptor(RECEIVE, {"base64": held})


def tell(host: RunningHost, **settings: Any) -> None:
    host.controls.host.settings = replace(host.controls.host.settings, **settings)


def many(count: int) -> SecurityDescriptor:
    """As many entries for accounts of a domain, Administrators first."""
    domain = Sid.parse("S-1-5-21-1234567890-1234567890-1234567890")
    sids = [Sid.parse(f"{domain}-{1000 + number}") for number in range(count - 1)]
    listed = (Sid.parse("S-1-5-32-544"), *sids)
    return parse_sddl("D:P").with_dacl(Acl(tuple(Ace(0, 3, 0x1F01FF, sid) for sid in listed)))


def count(host: RunningHost) -> int:
    return len(host.controls.file_descriptor(RECEIVE)["entries"])


# -- the form of embedded instances


def test_a_server_that_knows_the_prefixed_form_only(host: RunningHost) -> None:
    tell(host, prefixed_instances=True)
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        before = server.path_descriptor(RECEIVE).descriptor
        for entries in (4, 5, 6):
            server.set_path_descriptor(RECEIVE, before.with_dacl(many(entries).dacl or Acl(), protected=True))
            assert count(host) == entries
    # The first write is asked for in the compact form too; then the form is remembered for the connection.
    assert operations(host) == [READ, WRITE, WRITE, READ, WRITE, READ, WRITE]


@pytest.mark.parametrize(
    "rule",
    [
        Rule(Kind.FAULT, WRITE, value=2150858817),
        Rule(Kind.FAULT, WRITE, value=2150858810),
        Rule(Kind.RETURN_VALUE, WRITE, value=21),
    ],
    ids=["schema validation", "invalid parameter", "ReturnValue 21"],
)
def test_a_refusal_for_another_reason_is_asked_for_twice_and_not_remembered(host: RunningHost, rule: Rule) -> None:
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        server.path_descriptor(RECEIVE)
        host.controls.host.misbehaviour.rules.append(rule)
        for expected in (2, 4):
            with pytest.raises(InvalidRequest):
                server.set_path_descriptor(RECEIVE, many(4))
            assert operations(host).count(WRITE) == expected
        host.controls.behave()
        server.set_path_descriptor(RECEIVE, many(4))
    assert operations(host).count(WRITE) == 5
    assert count(host) == 4


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (Rule(Kind.TIMED_OUT, WRITE), NoAnswer),
        (Rule(Kind.GARBAGE, WRITE), NoAnswer),
        (Rule(Kind.WRONG_RELATES_TO, WRITE), NoAnswer),
        (Rule(Kind.FAULT, WRITE, value=0x80041001), ServerFault),
        (Rule(Kind.FAULT, WRITE, value=5), SiteServerError),
        (Rule(Kind.RETURN_VALUE, WRITE, value=8), ServerFault),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Rule) else "",
)
def test_a_write_is_not_sent_again_after_any_other_answer(
    host: RunningHost, rule: Rule, kind: type[SiteServerError]
) -> None:
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        server.path_descriptor(RECEIVE)
        host.controls.host.misbehaviour.rules.append(rule)
        with pytest.raises(kind):
            server.set_path_descriptor(RECEIVE, many(4))
    assert operations(host).count(WRITE) == 1


# -- one child


@pytest.mark.parametrize("path", [RECEIVE, "D:\\", "D:\\SMS"])
def test_one_child_costs_two_requests_at_most(host: RunningHost, path: str) -> None:
    with lab_wmi(host) as wmi:
        child = WsmanSiteServer(wmi).a_child(path)
    assert child is not None
    assert child.casefold() in {each.casefold() for each in host.controls.host.backend.children(path)}
    assert child.startswith(path)
    alone = path != RECEIVE
    assert operations(host) == ["CIM_LogicalFile.Query"] + ([] if alone else ["CIM_LogicalFile.Release"])


def test_a_directory_without_children(host: RunningHost) -> None:
    host.controls.make_directory(f"{RECEIVE}\\o'clock")
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        assert server.a_child(f"{RECEIVE}\\o'clock") is None
        host.controls.make_file(f"{RECEIVE}\\o'clock\\job.txt")
        assert server.a_child(f"{RECEIVE}\\o'clock") == f"{RECEIVE}\\o'clock\\job.txt"
    host.controls.remove_path(f"{RECEIVE}\\o'clock")
    assert operations(host) == ["CIM_LogicalFile.Query"] * 2


# -- long lists


def test_a_standard_server_takes_three_hundred_entries(host: RunningHost) -> None:
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        server.set_path_descriptor(RECEIVE, many(300))
        assert len(server.path_descriptor(RECEIVE).descriptor.dacl or ()) == 300


def test_the_advice_for_longer_lists_helps(host: RunningHost) -> None:
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        server.set_path_descriptor(RECEIVE, many(500))  # the request fits, the answer to the next one does not
        with pytest.raises(ServerFault, match="EncodingLimit") as refused:
            server.path_descriptor(RECEIVE)
        advice = "winrm set winrm/config '@{MaxEnvelopeSizekb=\"4096\"}'"
        assert advice in str(refused.value)
        tell(host, max_envelope_size=4096 * 1024)
        # As many as fit into an ACL of 64 KiB ([MS-DTYP] 2.4.5): 8 bytes and 36 for each entry of a domain's account.
        most = (65_535 - 8) // 36
        for entries in (500, most):
            server.set_path_descriptor(RECEIVE, many(entries))
            assert len(server.path_descriptor(RECEIVE).descriptor.dacl or ()) == entries


def test_a_request_that_is_too_long_is_a_refusal(host: RunningHost) -> None:
    before = count(host)
    with lab_wmi(host) as wmi, pytest.raises(Rejected, match=r"HTTP 413 .*MaxEnvelopeSizekb=\"4096\""):
        WsmanSiteServer(wmi).set_path_descriptor(RECEIVE, many(1500))
    assert count(host) == before
