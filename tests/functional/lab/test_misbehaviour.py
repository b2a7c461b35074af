# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that misbehave, as clients see them."""

from __future__ import annotations

import socket
import threading
import xml.etree.ElementTree as ET

import pytest
import requests
from pypsrp.exceptions import WinRMError, WSManFaultError

from tests.functional.lab.support import (
    call,
    connect,
    context_of,
    descriptor_parameter,
    enumerate_once,
    envelope,
    get,
    local,
    pull,
    return_value,
    shown_entries,
    transport,
)
from tests.lab.control import ControlError
from tests.lab.testing import RunningLab
from tests.waiting import PATIENCE, wait_until

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


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "fault", "value": 5},
        {"kind": "timed_out"},
        {"kind": "drop"},
        {"kind": "answer", "value": 500, "body": "<s:nonsense {message_id}"},
        {"kind": "wrong_relates_to"},
    ],
)
@pytest.mark.parametrize("done", [True, False])
def test_a_write_that_is_done_or_not_and_answered_otherwise(
    lab: RunningLab, rule: dict[str, object], done: bool
) -> None:
    before = entries(lab)
    # An answer to another message comes after the work in any case.
    carried_out = done or rule["kind"] == "wrong_relates_to"
    lab["C01"].controls.misbehave(rule | {"operation": SET, "times": 1, "done": done})
    with pytest.raises((WinRMError, ET.ParseError, requests.exceptions.ConnectionError)):
        write(lab)
    assert entries(lab) == (NEW if carried_out else before)
    done_as = [{"operation": SET, "name": "SMS_SITE", "return_value": 0}] if carried_out else []
    assert lab["C01"].controls.counters()["written"] == done_as


def test_a_method_that_fails_after_its_work(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave({"kind": "return_value", "operation": SET, "times": 1, "value": 21, "done": True})
    assert write(lab) == 21
    assert entries(lab) == NEW


@pytest.mark.parametrize("execute", [True, False])
def test_a_write_that_is_held(lab: RunningLab, execute: bool) -> None:
    controls = lab["C01"].controls
    before = entries(lab)
    controls.misbehave({"kind": "held", "operation": SET, "times": 1})
    outcome: list[object] = []

    def attempt() -> None:
        try:
            outcome.append(write(lab))
        except requests.exceptions.ConnectionError:
            outcome.append("no answer")

    thread = threading.Thread(target=attempt)
    thread.start()
    wait_until(lambda: controls.held() == [SET], "the write to be held")
    assert entries(lab) == before
    assert controls.release(execute=execute) == {"released": 1}
    thread.join(PATIENCE)
    assert outcome == [0 if execute else "no answer"]
    assert entries(lab) == (NEW if execute else before)
    assert controls.held() == []
    assert write(lab) == 0


def test_a_write_that_is_held_for_a_time(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave({"kind": "held", "operation": SET, "times": 1, "value": 1})
    assert write(lab) == 0
    assert entries(lab) == NEW


def test_a_host_that_behaves_again_drops_what_it_holds(lab: RunningLab) -> None:
    controls = lab["C01"].controls
    controls.misbehave({"kind": "held", "operation": "Win32_Share.Get"})
    failures: list[Exception] = []

    def attempt() -> None:
        try:
            with connect(lab["C01"]) as wsman:
                get(wsman, "Win32_Share", **SHARE)
        except requests.exceptions.ConnectionError as error:
            failures.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    wait_until(lambda: bool(controls.held()), "the reading to be held")
    controls.behave()
    thread.join(PATIENCE)
    assert len(failures) == 1


def test_an_enumeration_that_never_ends(lab: RunningLab) -> None:
    lab["C01"].controls.misbehave({"kind": "endless", "operation": "Win32_Share.*"})
    with connect(lab["C01"]) as wsman:
        body = enumerate_once(wsman, "SELECT * FROM Win32_Share")
        for _unused in range(10):
            assert [len(part) for part in body.iter() if local(part) == "Items"] == [1]
            assert not any(local(part) == "EndOfSequence" for part in body.iter())
            body = pull(wsman, context_of(body))


@pytest.mark.parametrize("wrong", [{"done": 1}, {"body": 2}])
def test_what_is_no_rule_of_these_kinds(lab: RunningLab, wrong: dict[str, object]) -> None:
    with pytest.raises(ControlError, match="done is true or false and its body a string"):
        lab["C01"].controls.misbehave({"kind": "answer"} | wrong)
