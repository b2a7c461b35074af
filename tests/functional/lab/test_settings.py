# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host of a scenario holds and can be told: SACLs, children, the form of embedded instances, sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from winrm.exceptions import WinRMTransportError

from tests.functional.lab.support import (
    WMI,
    call,
    connect,
    descriptor_parameter,
    envelope,
    get,
    local,
    properties,
    query,
    return_value,
    shown_entries,
    transport,
)
from tests.lab.scenario import BadScenario, build
from tests.lab.testing import RunningHost, RunningLab, running_lab

FILE, SHARE = "Win32_LogicalFileSecuritySetting", "Win32_LogicalShareSecuritySetting"
FOLDER, CHILD, SUBFOLDER = "D:\\SMS", "D:\\SMS\\job.txt", "D:\\SMS\\Inbox"
ADMINISTRATORS, EVERYONE = "S-1-5-32-544", "S-1-1-0"
FULL, READ = 0x1F01FF, 0x1200A9
AUDIT = {"principal": EVERYONE, "mask": FULL, "flags": "OI CI SA FA"}
AUDITED = [(2, 0xC3, FULL, EVERYONE)]
DACL = [(0, 3, FULL, ADMINISTRATORS)]
# SE_SELF_RELATIVE, SE_DACL_PRESENT; SE_SACL_PRESENT; SE_DACL_AUTO_INHERIT_REQ (winnt.h)
DACL_ONLY, SACL_TOO, REQUESTED = 0x8004, 0x0010, 0x0100

SCENARIO: dict[str, Any] = {
    "hosts": [
        {
            "name": "C01",
            "directories": [
                {"path": "D:\\"},
                {"path": FOLDER, "dacl": [{"principal": ADMINISTRATORS, "access": "full_control"}], "sacl": [AUDIT]},
                {"path": SUBFOLDER},
            ],
            "files": [{"path": CHILD}],
            "shares": [{"name": "SMS_SITE", "path": FOLDER, "dacl": [], "sacl": [AUDIT | {"flags": "SA FA"}]}],
        }
    ]
}


@pytest.fixture
def lab() -> Iterator[RunningLab]:
    with running_lab(SCENARIO) as running:
        yield running


@pytest.fixture
def host(lab: RunningLab) -> RunningHost:
    return lab["C01"]


def tell(host: RunningHost, **settings: Any) -> None:
    found = host.controls.host
    found.settings = replace(found.settings, **settings)


def read(host: RunningHost, class_name: str, **key: str) -> tuple[int, list[tuple[int, int, int, str]]]:
    """ControlFlags and SACL."""
    with connect(host) as wsman:
        output = call(wsman, class_name, "GetSecurityDescriptor", key)
    (flags,) = (element.text for element in output.iter() if local(element) == "ControlFlags")
    return int(flags or ""), shown_entries(output, "SACL")


def write(host: RunningHost, class_name: str, control: int, audit: Any = None, **key: str) -> int:
    descriptor = descriptor_parameter(class_name, DACL, control=control, audit=audit)
    with connect(host) as wsman:
        return return_value(call(wsman, class_name, "SetSecurityDescriptor", key, descriptor))


@pytest.mark.parametrize(
    ("class_name", "key", "entries"),
    [(FILE, {"Path": FOLDER}, AUDITED), (SHARE, {"Name": "SMS_SITE"}, [(2, 0xC0, FULL, EVERYONE)])],
)
def test_a_sacl_is_shown_kept_and_cleared(
    host: RunningHost, class_name: str, key: dict[str, str], entries: list[tuple[int, int, int, str]]
) -> None:
    flags, shown = read(host, class_name, **key)
    assert flags & SACL_TOO
    assert shown == entries
    assert write(host, class_name, DACL_ONLY | SACL_TOO, entries, **key) == 0
    assert read(host, class_name, **key)[1] == entries
    # "the security descriptor SACL on the target securable object is set to NULL so that the previous SACL setting
    # does not persist": Microsoft, SetSecurityDescriptor of both setting classes.
    assert write(host, class_name, DACL_ONLY, **key) == 0
    flags, shown = read(host, class_name, **key)
    assert (flags & SACL_TOO, shown) == (0, [])
    held = host.controls.share_descriptor("SMS_SITE") if class_name == SHARE else host.controls.file_descriptor(FOLDER)
    assert held is not None
    assert held["audit"] is None


def test_without_the_privilege_a_sacl_is_not_shown(host: RunningHost) -> None:
    tell(host, shows_sacl=False)
    for class_name, key in ((FILE, {"Path": FOLDER}), (SHARE, {"Name": "SMS_SITE"})):
        flags, shown = read(host, class_name, **key)
        assert (flags & SACL_TOO, shown) == (0, [])
    assert [entry["type"] for entry in host.controls.file_descriptor(FOLDER)["audit"]] == ["audit"]


def test_what_is_planted_leaves_the_sacl(host: RunningHost) -> None:
    host.controls.set_file_descriptor(FOLDER, {"entries": []})
    assert read(host, FILE, Path=FOLDER)[1] == AUDITED


@pytest.mark.parametrize(
    ("follow", "control", "follows"),
    [
        ("always", DACL_ONLY, True),
        ("asked", DACL_ONLY | REQUESTED, True),
        ("asked", DACL_ONLY, False),
        ("never", DACL_ONLY | REQUESTED, False),
    ],
)
def test_children_follow_as_the_host_is_told(host: RunningHost, follow: str, control: int, follows: bool) -> None:
    tell(host, children_follow=follow)
    assert write(host, FILE, control, Path=FOLDER) == 0
    entries = host.controls.file_descriptor(CHILD)["entries"]
    assert [entry["sid"] for entry in entries] == ([ADMINISTRATORS] if follows else [])


def test_a_host_is_not_told_nonsense() -> None:
    with pytest.raises(BadScenario, match="children_follow is always, asked or never, not 'maybe'"):
        build({"hosts": [{"name": "C01", "settings": {"children_follow": "maybe"}}]})


def test_only_prefixed_instances(host: RunningHost) -> None:
    tell(host, prefixed_instances=True)
    assert write(host, FILE, DACL_ONLY, Path=FOLDER) == 0  # pypsrp writes prefixes
    body = f'<p:SetSecurityDescriptor_INPUT xmlns:p="{WMI}{FILE}"><Descriptor xmlns="{WMI}{FILE}"/>'
    message = envelope(
        action=f"{WMI}{FILE}/SetSecurityDescriptor",
        uri=WMI + FILE,
        keys={"Path": FOLDER},
        body=f"{body}</p:SetSecurityDescriptor_INPUT>",
    )
    with transport(host) as client, pytest.raises(WinRMTransportError) as refused:
        client.send_message(message)
    assert 'Code="2150858817"' in refused.value.response_text


def test_what_is_directly_in_a_directory(host: RunningHost) -> None:
    with connect(host) as wsman:
        where = "Drive='D:' AND Path='\\\\SMS\\\\'"
        found = query(wsman, f"SELECT * FROM CIM_LogicalFile WHERE {where}")
        assert sorted(properties(item)["Name"] for item in found) == ["d:\\sms\\inbox", "d:\\sms\\job.txt"]
        assert query(wsman, "SELECT * FROM CIM_LogicalFile WHERE Drive='D:' AND Path='\\\\Nothing\\\\'") == []
        assert len(query(wsman, "SELECT Name FROM CIM_LogicalFile")) == 4
        assert get(wsman, "CIM_LogicalFile", Name=CHILD)["FileType"] == "File"


def test_the_servers_limit_counts_for_requests_and_answers(host: RunningHost) -> None:
    entries = [{"principal": f"S-1-5-21-1-2-3-{rid}", "access": "read"} for rid in range(1000, 1060)]
    host.controls.set_share_descriptor("SMS_SITE", {"entries": entries})
    setting = WMI + SHARE
    message = {"action": f"{setting}/GetSecurityDescriptor", "uri": setting, "keys": {"Name": "SMS_SITE"}}
    with transport(host) as client:
        long = len(client.send_message(envelope(**message, omit="MaxEnvelopeSize")))
        assert 32_000 < long < 512_000
        tell(host, max_envelope_size=32_000)
        # What the client asks for is bounded by what the server allows; without the header the server's limit counts.
        for options in ({"max_envelope_size": "153600"}, {"omit": "MaxEnvelopeSize"}):
            with pytest.raises(WinRMTransportError) as refused:
                client.send_message(envelope(**message, **options))
            assert 'Code="2150858824"' in refused.value.response_text
