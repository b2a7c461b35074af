# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs as documents quote them: what is found in them is what the documents say."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import Analysis, CodeKind, LogReport, Occurrences
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.reader import Line, LogReader
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.stamp import parse_stamp, stamp_at_end

from . import samples


def read(text: str) -> tuple[LogReport, tuple[Occurrences, ...]]:
    analysis = Analysis()
    return analysis.read("a.log", [text.replace("\n", "\r\n").encode()]), analysis.occurrences


def lines_of(text: str) -> list[Line]:
    return list(LogReader().read([text.encode()], [b""]))


def test_the_article_of_sms_1_2() -> None:
    report, found = read(samples.Q179118)
    assert [one.symptom.id for one in found] == [
        "despooler_package_file_missing",
        "despooler_delta_file_name",
        "despooler_delta_file_init",
        "despooler_instruction_failed",
        "scheduler_secondary_source",
    ]
    assert all((one.count, one.kind, one.undated) == (1, CodeKind.ACCESS_DENIED, 1) for one in found)
    assert [list(one.ids["job"]) for one in found] == [["M020002D1"], [], [], [], []]
    assert list(found[0].ids["package"]) == ["W_M0200024"]
    assert found[3].code == "C000000b"
    assert (report.lines, report.plain, report.entries, report.malformed, report.matched) == (5, 5, 0, 0, 5)


def test_fields_on_a_line_of_their_own_are_those_of_the_lines_before() -> None:
    report, found = read(samples.Q169491)
    assert (report.lines, report.entries, report.malformed, report.plain) == (11, 5, 0, 6)
    assert (str(report.first), str(report.last)) == ("1997-05-21T17:09:02", "1997-05-21T17:09:29")
    assert not found
    lines = [line for line in lines_of(samples.Q169491) if line.text]
    assert lines[2].text == "Executing instruction of type"
    assert lines[3].text == "MICROSOFT|SMS|DOMAIN_COMMISSAR_WIREMOVE"
    assert lines[2].header == lines[3].header
    assert (lines[3].number, lines[3].header.component, lines[3].header.thread) == (6, "SMS_DESPOOLER", "DB")
    assert lines[3].header.stamp.local == datetime(1997, 5, 21, 17, 9, 27)


@pytest.mark.parametrize("code", ["38a", "cb", "12"])
def test_codes_of_the_despooler_that_tell_of_no_permissions(code: str) -> None:
    # Q264945: 38a is informational; Q169491: cb is a warning; Microsoft Learn: 12 is tried again.
    _report, found = read(f"~Despooler failed to execute the instruction, error code = {code}\n")
    assert [(one.code, one.kind) for one in found] == [(code, CodeKind.OTHER)]
    assert found[0].explained is not None


def test_a_code_that_nobody_explains_stays_unexplained() -> None:
    _report, found = read("Despooler failed to execute the instruction, error code = c0000001\n")
    assert (found[0].explained, found[0].kind) == (None, CodeKind.OTHER)


def test_the_sender_of_sms_2_0() -> None:
    report, found = read(samples.Q235753)
    told = [(one.symptom.id, one.code, one.server, list(one.ids["site"]), one.kind, one.count) for one in found]
    assert told == [
        ("sender_connect_error", "67", "DSSMS", [], CodeKind.NAME, 1),
        ("sender_site_put_off", "", "DSSMS", ["MS1"], CodeKind.OTHER, 1),
        ("sender_attempt_failed", "", "", [], CodeKind.OTHER, 1),
    ]
    assert report.other_errors == 0  # code 0 is none


@pytest.mark.parametrize(
    ("line", "code", "server", "kind"),
    [
        ("Error during WNetAddConnection2 (53)", "53", "", CodeKind.NAME),  # Q221951
        (r"Error during WNetAddConnection2 to \\Server\SMS_SITE (487).", "487", "Server", CodeKind.OTHER),  # Q261874
        (
            r"~Error during connection to \\P01.corp.example\SMS_SITE (5).",
            "5",
            "P01.corp.example",
            CodeKind.ACCESS_DENIED,
        ),
        ("There is no existing connection, Win32 error = 1326", "1326", "", CodeKind.LOGON),
        ("WIN32 ERROR = 32", "32", "", CodeKind.OTHER),  # Q161043
    ],
)
def test_codes_of_windows(line: str, code: str, server: str, kind: CodeKind) -> None:
    _report, found = read(line)
    assert [(one.code, one.server, one.kind) for one in found] == [(code, server, kind)]
    assert found[0].explained is not None


@pytest.mark.parametrize(
    ("symptom", "ids", "line"),
    [
        pytest.param(
            "sender_no_capacity",
            {},
            "Checking for sending capacity. Used 0 out of 0, no sending capacity so not checking for send requests.",
            id="Q163379",
        ),
        pytest.param(
            "despooler_package_not_announced",
            {"package": ["CS100004"]},
            "~This package[CS100004]'s information hasn't arrived yet for this version [1]. Retry later ...",
            id="Microsoft Learn, step 7",
        ),
        pytest.param(
            "despooler_public_key_missing",
            {"site": ["S01"]},
            "Cannot find valid public key for key exchange instruction coming from site S01",
            id="Unleashed, key exchange",
        ),
        pytest.param(
            "despooler_public_key_missing",
            {"site": ["S01"]},
            r"Cannot find a public key for instruction D:\SMS\inboxes\despoolr.box\receive\ds_a.ist incoming from"
            " site S01, retry it later",
            id="Unleashed, instruction",
        ),
    ],
)
def test_what_is_no_matter_of_permissions(symptom: str, ids: dict[str, list[str]], line: str) -> None:
    _report, found = read(line)
    assert [(one.symptom.id, one.kind) for one in found] == [(symptom, CodeKind.OTHER)]
    assert {name: list(values) for name, values in found[0].ids.items() if values} == ids


def test_what_goes_well_is_no_symptom() -> None:
    # Microsoft Learn, Package actions in content distribution, steps 5 and 7
    report, found = read(
        "~Passed the xmit file test, use the existing connection\n"
        "~Attempt to create/open the remote file \\\\PS1SITE.CONTOSO.COM\\SMS_SITE\\202SQCS1.PCK\n"
        "~Signature checked out OK for instruction coming from site CS1, proceed with the instruction execution.\n"
    )
    assert not found
    assert report.other_errors == 0


def test_times_of_configuration_manager_have_the_bias_of_windows() -> None:
    report, _found = read(samples.PKGXFERMGR)
    # The log itself says 06:56:25 is half an hour later, in British Summer Time, which is UTC+1.
    assert report.entries == 2
    assert report.first.local + timedelta(minutes=30) == datetime(2018, 6, 14, 6, 56, 25, 828000)
    assert str(report.first) == "2018-06-14T06:26:25.828+01:00"
    assert datetime.fromisoformat(str(report.first)) == datetime(2018, 6, 14, 5, 26, 25, 828000, timezone.utc)


def test_times_of_sms_1_x_and_2_0() -> None:
    assert str(read(samples.Q159201)[0].first) == "1996-11-06T08:49:37"
    assert str(read(samples.Q236052)[0].last) == "2000-01-04T15:19:28.663"
    last = samples.NETWARE.splitlines()[-1]
    assert stamp_at_end(last).local == datetime(1997, 6, 1, 15, 25, 15)


@pytest.mark.parametrize(
    ("told", "hour"), [("12:00:00 AM", 0), ("1:00:00 AM", 1), ("12:00:00 PM", 12), ("11:00:00 PM", 23)]
)
def test_midnight_and_noon(told: str, hour: int) -> None:
    assert stamp_at_end(f"done 12/31/1999 {told}").local == datetime(1999, 12, 31, hour)
    assert stamp_at_end(f"done 12/31/04 {told}").local == datetime(2004, 12, 31, hour)


@pytest.mark.parametrize(
    "written",
    ["", "Wed May 32 17:09:02 1997~", "13-14-2018 06:26:25.828-60", "06-14-2018 24:00:00.000+0", "06-14-2018", "Wed"],
)
def test_what_is_no_time(written: str) -> None:
    assert parse_stamp(written) is None


@pytest.mark.parametrize("rest", ["+-420", " 600", "", "+1440", "x"])
def test_a_bias_that_is_none_is_left_out(rest: str) -> None:
    # Scripts write "+-420" (MSEndpointMgr/ConfigMgr#121) and " 600" (maurice-daly/DriverAutomationTool#781).
    assert str(parse_stamp(f"04-01-2019 13:51:24.650{rest}")) == "2019-04-01T13:51:24.650"


def test_cmtrace() -> None:
    report, _found = read(samples.CMTRACE.replace("\r\n", "\n"))
    assert (report.lines, report.entries, report.malformed, report.plain) == (1, 1, 0, 0)
    assert str(report.first) == "2026-03-23T14:30:00+00:00"
    line = lines_of(samples.CMTRACE)[0]
    assert (line.text, line.header.component, line.header.thread) == ("Message text here", "ComponentName", "1234")


def test_a_message_of_cmtrace_over_several_lines() -> None:
    first = "<![LOG[Something happened:\nDespooler failed to execute the instruction, error code = C000000b\nin the end"
    report, found = read(first + samples.CMTRACE.partition("here")[2].replace("\r\n", "\n"))
    assert (report.lines, report.entries, report.malformed, report.plain) == (3, 1, 0, 0)
    assert (str(found[0].first), found[0].examples[0].number) == ("2026-03-23T14:30:00+00:00", 2)


def test_what_cmtrace_calls_an_error_is_counted_whatever_it_says() -> None:
    report, found = read(samples.CMTRACE.replace('type="1"', 'type="3"').replace("\r\n", "\n"))
    assert not found
    assert (report.other_errors, report.other_examples[0].text) == (1, "Message text here")
