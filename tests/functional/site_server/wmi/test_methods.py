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
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.methods import METHODS, failure
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi, operations
from tests.lab.misbehaviour import Kind, Rule
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab

FILE, SHARE = "Win32_LogicalFileSecuritySetting", "Win32_LogicalShareSecuritySetting"
RECEIVE = r"D:\SMS\Site.srv\Despoolr.box\Receive"
JOB = f"{RECEIVE}\\W_M02000.1S1"
DESCRIPTOR = parse_sddl("D:(A;;FA;;;BA)")

# The values that the pages list, with their words; the last column is what they say of the operation.
SETTING = [(2, "Access denied"), (8, "Unknown failure"), (9, "Privilege missing"), (21, "Invalid parameter")]
DOCUMENTED = {
    f"{FILE}.GetSecurityDescriptor": SETTING,
    f"{FILE}.SetSecurityDescriptor": SETTING,
    f"{SHARE}.GetSecurityDescriptor": SETTING,
    f"{SHARE}.SetSecurityDescriptor": SETTING,
    "Win32_Share.SetShareInfo": [
        (2, "Access denied"),
        (8, "Unknown failure"),
        (9, "Invalid name"),
        (10, "Invalid level"),
        (21, "Invalid parameter"),
        (22, "Duplicate share"),
        (23, "Redirected path"),
        (24, "Unknown device or directory"),
        (25, "Net name not found"),
    ],
    "CIM_DataFile.Delete": [
        (2, "Access denied"),
        (8, "Unspecified failure"),
        (9, "Invalid object"),
        (10, "Object already exists"),
        (11, "File system not NTFS"),
        (12, "Platform not Windows"),
        (13, "Drive not the same"),
        (14, "Directory not empty"),
        (15, "Sharing violation"),
        (16, "Invalid start file"),
        (17, "Privilege not held"),
        (21, "Invalid parameter"),
    ],
}


@pytest.mark.parametrize("method", DOCUMENTED)
def test_every_documented_value_has_its_words(method: str) -> None:
    table = METHODS[method]
    told = {value: meaning.text.casefold().replace(" is ", " ") for value, meaning in table.items()}
    assert told == {value: words.casefold() for value, words in DOCUMENTED[method]}
    for value, meaning in table.items():
        assert meaning.advice.endswith(".")
        # A failure of which the page says nothing may have come after the work.
        assert (meaning.error is ServerFault) == (value == 8)
        assert issubclass(meaning.error, Rejected) == (value != 8)


def test_there_is_a_table_for_each_method_that_is_called() -> None:
    assert METHODS.keys() == DOCUMENTED.keys()


@pytest.mark.parametrize("method", DOCUMENTED)
@pytest.mark.parametrize("value", [1, 7, 26, 4294967295])
def test_an_undocumented_value_does_not_show_that_nothing_was_done(method: str, value: int) -> None:
    error = failure("c01", "do it", method, value)
    assert error.__class__ is ServerFault
    assert f"{method} failed with ReturnValue {value}" in str(error)


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
