# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that misbehave, as clients see them."""

from __future__ import annotations

import socket
import xml.etree.ElementTree as ET

import pytest
import requests
from pypsrp.exceptions import WinRMError, WSManFaultError

from tests.lab.control import ControlError
from tests.lab.testing import RunningLab
from tests.unit.lab.support import (
    call,
    connect,
    descriptor_parameter,
    envelope,
    get,
    return_value,
    shown_entries,
    transport,
)
from tests.waiting import PATIENCE

SETTING, SHARE = "Win32_LogicalShareSecuritySetting", {"Name": "SMS_SITE"}
FULL, ADMINISTRATORS, EVERYONE = 0x1F01FF, "S-1-5-32-544", "S-1-1-0"
SET = f"{SETTING}.SetSecurityDescriptor"
NEW = [(0, 0, FULL, ADMINISTRATORS), (0, 0, 0x1200A9, EVERYONE)]


def write(lab: RunningLab) -> int:
    with connect(lab["C01"]) as wsman:
        return return_value(call(wsman, SETTING, "SetSecurityDescriptor", SHARE, descriptor_parameter(SETTING, NEW)))


def entries(lab: RunningLab) -> list[tuple[int, int, int, str]]:
    with connect(lab["C01"]) as wsman:
        return shown_entries(call(wsman, SETTING, "GetSecurityDescriptor", SHARE))


@pytest.mark.parametrize("value", [2, 9])
def test_a_method_fails_so_many_times(lab: RunningLab, value: int) -> None:
    before = entries(lab)
    lab["C01"].controls.misbehave({"kind": "return_value", "operation": SET, "times": 2, "value": value})
    assert [write(lab), write(lab)] == [value, value]
    assert entries(lab) == before
    assert write(lab) == 0
    assert entries(lab) == NEW


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"kind": "fault", "value": 5}, 5),
        ({"kind": "fault", "value": 1726}, 1726),
        ({"kind": "timed_out"}, 2150858793),
    ],
)
def test_faults(lab: RunningLab, rule: dict[str, object], code: int) -> None:
    lab["C01"].controls.misbehave(rule | {"operation": "Win32_Share.*"})
    for _unused in range(2):
        with connect(lab["C01"]) as wsman, pytest.raises(WSManFaultError) as error:
            get(wsman, "Win32_Share", **SHARE)
        assert error.value.code == code
    lab["C01"].controls.behave()
    with connect(lab["C01"]) as wsman:
        assert get(wsman, "Win32_Share", **SHARE)["Name"] == "SMS_SITE"


def test_other_operations_and_hosts_are_not_touched(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave({"kind": "fault", "operation": SET})
    assert len(entries(lab)) == 3
    with connect(lab["P01"]) as wsman:
        output = call(wsman, SETTING, "SetSecurityDescriptor", SHARE, descriptor_parameter(SETTING, NEW))
    assert return_value(output) == 0


def test_a_write_that_is_ignored(lab: RunningLab) -> None:
    before = entries(lab)
    lab["C01"].controls.misbehave({"kind": "ignore_write", "operation": SET, "times": 1})
    assert write(lab) == 0
    assert entries(lab) == before


def test_a_write_that_is_altered(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave({"kind": "alter_write", "operation": SET, "times": 1})
    assert write(lab) == 0
    assert entries(lab) == NEW[:-1]


def test_a_dropped_connection(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave({"kind": "drop", "operation": "Win32_Share.Get", "times": 1})
    with connect(lab["C01"]) as wsman, pytest.raises(requests.exceptions.ConnectionError):
        get(wsman, "Win32_Share", **SHARE)


def test_garbage(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave({"kind": "garbage"})
    with transport(lab["C01"]) as client, pytest.raises(ET.ParseError):
        ET.fromstring(client.send_message(envelope(keys=SHARE)))


def test_an_answer_to_another_question(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave({"kind": "wrong_relates_to"})
    with connect(lab["C01"]) as wsman, pytest.raises(WinRMError, match="related id does not match"):
        get(wsman, "Win32_Share", **SHARE)


def test_an_oversized_answer(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave({"kind": "oversized"})
    with transport(lab["C01"]) as client:
        assert len(client.send_message(envelope(keys=SHARE, max_envelope_size="20000"))) > 20000


def test_a_delay(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave(delay_ms=1000 * PATIENCE)
    with connect(lab["C01"], read_timeout=1) as wsman, pytest.raises(requests.exceptions.ReadTimeout):
        get(wsman, "Win32_Share", **SHARE)
    lab["C01"].controls.misbehave(delay_ms=1)
    with connect(lab["C01"]) as wsman:
        assert get(wsman, "Win32_Share", **SHARE)["Name"] == "SMS_SITE"


def test_an_unreachable_host_cuts_every_connection(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave(unreachable=True)
    with connect(lab["C01"]) as wsman, pytest.raises(requests.exceptions.ConnectionError):
        get(wsman, "Win32_Share", **SHARE)
    lab["C01"].controls.misbehave(unreachable=False)
    with connect(lab["C01"]) as wsman:
        assert get(wsman, "Win32_Share", **SHARE)["Name"] == "SMS_SITE"


def test_closed_ports_refuse_and_open_again(lab: RunningLab) -> None:
    host = lab["C01"]
    with connect(host) as wsman:
        get(wsman, "Win32_Share", **SHARE)
        host.set_listening(False)
        with pytest.raises(requests.exceptions.ConnectionError):
            get(wsman, "Win32_Share", **SHARE)
    with connect(host) as wsman, pytest.raises(requests.exceptions.ConnectionError, match="refused"):
        get(wsman, "Win32_Share", **SHARE)
    # Nobody else is given the port meanwhile, or the host could not come back.
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((host.address, host.endpoint.port))
    host.set_listening(True)
    with connect(host) as wsman:
        assert get(wsman, "Win32_Share", **SHARE)["Name"] == "SMS_SITE"


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "explode"},
        {"kind": "fault", "times": 0},
        {"kind": "fault", "colour": 1},
        {"kind": "fault", "value": "5"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(lab: RunningLab, rule: dict[str, object]) -> None:
    with pytest.raises(ControlError, match="not a rule"):
        lab["C01"].controls.misbehave(rule)
