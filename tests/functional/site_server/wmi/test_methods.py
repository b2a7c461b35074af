# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ReturnValues mean, method by method, against Microsoft's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    InvalidRequest,
    NotFound,
    Rejected,
    ServerFault,
    SiteServer,
    SiteServerError,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi, operations
from tests.lab.misbehaviour import Kind, Rule
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab
from tests.unit.site_server.wmi.test_methods import FILE, SHARE

RECEIVE = r"D:\SMS\Site.srv\Despoolr.box\Receive"
JOB = f"{RECEIVE}\\W_M02000.1S1"
DESCRIPTOR = parse_sddl("D:(A;;FA;;;BA)")


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running_lab(default_hierarchy(2)) as running:
        yield running


@pytest.fixture
def host(lab: RunningLab) -> Iterator[RunningHost]:
    found = lab["P01"]
    yield found
    found.controls.behave()


def write_share(server: SiteServer) -> None:
    server.set_share_descriptor(server.share("SMS_SITE"), DESCRIPTOR)


def first_share(server: SiteServer) -> None:
    share = server.share("SMS_SHR")
    assert server.share_descriptor(share).is_default
    server.set_share_descriptor(share, DESCRIPTOR)


CALLS: dict[str, Callable[[SiteServer], object]] = {
    f"{FILE}.GetSecurityDescriptor": lambda server: server.path_descriptor(RECEIVE),
    f"{FILE}.SetSecurityDescriptor": lambda server: server.set_path_descriptor(RECEIVE, DESCRIPTOR),
    f"{SHARE}.SetSecurityDescriptor": write_share,
    "Win32_Share.SetShareInfo": first_share,
    "CIM_DataFile.Delete": lambda server: server.delete_file(JOB),
}


@pytest.mark.parametrize(
    ("method", "value", "kind", "said"),
    [
        (f"{FILE}.GetSecurityDescriptor", 2, AccessDenied, r"Access is denied \(ReturnValue 2\)\. Connect with"),
        (f"{FILE}.SetSecurityDescriptor", 9, AccessDenied, r"Privilege missing .*SeSecurityPrivilege"),
        (f"{FILE}.SetSecurityDescriptor", 8, ServerFault, r"Unknown failure"),
        (f"{SHARE}.SetSecurityDescriptor", 21, InvalidRequest, r"Invalid parameter .*may not exist any more"),
        ("Win32_Share.SetShareInfo", 9, Rejected, r"Invalid name \(ReturnValue 9\)\. Check the share's name"),
        ("Win32_Share.SetShareInfo", 25, NotFound, r"Net name not found"),
        ("CIM_DataFile.Delete", 15, Rejected, r"Sharing violation .*a process has it open"),
        ("CIM_DataFile.Delete", 17, AccessDenied, r"Privilege not held"),
        (
            "CIM_DataFile.Delete",
            30,
            ServerFault,
            r"CIM_DataFile\.Delete failed with ReturnValue 30, which Microsoft does not document",
        ),
    ],
)
def test_the_adapter_takes_the_methods_own_table(
    host: RunningHost, method: str, value: int, kind: type[SiteServerError], said: str
) -> None:
    host.controls.set_share_descriptor("SMS_SHR", {})
    host.controls.host.misbehaviour.rules.append(Rule(Kind.RETURN_VALUE, method, value=value))
    with lab_wmi(host) as wmi, pytest.raises(kind, match=rf"^P01: could not .*: {said}") as caught:
        CALLS[method](WsmanSiteServer(wmi))
    assert caught.value.__class__ is kind
    assert operations(host)[-1] == method
