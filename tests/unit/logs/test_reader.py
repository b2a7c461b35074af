# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of every format, malformed ones, and ends in the middle."""

from __future__ import annotations

from datetime import datetime

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.reader import MOST_LINES

from . import samples
from .reading import FIELDS, lines_of, read, result


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


@pytest.mark.parametrize(
    ("line", "malformed"),
    [
        ("text $$<SMS_DESPOOLER><Wed May 21 17:09:02 1997~>", 1),
        ("text $$<SMS_DESPOOLER><Wed May 21 17:09:02 1997~><thread=DB> more", 1),
        ("text $$<><Wed May 21 17:09:02 1997~><thread=DB>", 1),
        (samples.CMTRACE.replace('date="03-23-2026" ', "").strip(), 1),
        ("<![LOG[a message without an end", 1),
        ("<![LOG[one\n<![LOG[two\n<![LOG[three", 3),
        ("]LOG]!> no beginning", 0),
    ],
)
def test_malformed_entries_are_counted_and_do_not_stop_it(line: str, malformed: int) -> None:
    found = result(f"Attempt to connect failed.\n{line}\n{samples.CMTRACE}Attempt to connect failed.".encode())
    log = found["logs"][0]
    assert (log["malformed"], log["entries"]) == (malformed, 1)
    assert found["symptoms"][0]["count"] == 2


@pytest.mark.parametrize(
    "end", ["<![LOG[Attempt to connect failed.", "<![LOG[Attempt to connect failed.\n", "Attempt to connect failed.$$<"]
)
def test_an_end_in_the_middle_of_an_entry_is_malformed(end: str) -> None:
    log = result((samples.CMTRACE + end).encode())["logs"][0]
    assert (log["malformed"], log["entries"], log["matched"]) == (1, 1, 1)


def test_a_message_may_hold_what_begins_the_fields() -> None:
    found = result(("Attempt to connect failed. $$<SMS> $$<" + FIELDS).encode())
    assert (found["logs"][0]["entries"], found["logs"][0]["malformed"]) == (1, 0)
    assert found["symptoms"][0]["examples"][0]["text"] == "Attempt to connect failed. $$<SMS> $$<"


def test_a_line_before_a_message_of_cmtrace_has_not_its_fields() -> None:
    (symptom,) = result(("Attempt to connect failed.\n" + samples.CMTRACE).encode())["symptoms"]
    assert (symptom["count"], symptom["undated"]) == (1, 1)


def test_a_symptom_in_a_malformed_entry_is_found_without_a_time() -> None:
    for text in ("Attempt to connect failed. $$<SMS_LAN_SENDER><", "<![LOG[Attempt to connect failed."):
        (symptom,) = result(text.encode())["symptoms"]
        assert (symptom["count"], symptom["undated"], symptom["first"]) == (1, 1, None)


def test_fields_far_below_are_not_those_of_a_line() -> None:
    near, far = (
        result(("Attempt to connect failed.\n" + "\n" * blank + FIELDS).encode())["symptoms"][0]
        for blank in (MOST_LINES - 2, MOST_LINES - 1)
    )
    assert near["first"] == "1997-05-21T17:09:02"
    assert far["first"] is None


def test_every_entry_may_have_its_fields_on_the_next_line() -> None:
    # One line more than these pairs, so that the MOST_LINESth is not one with fields.
    (symptom,) = result(b"first\n" + ("Attempt to connect failed.\n" + FIELDS).encode() * MOST_LINES)["symptoms"]
    assert (symptom["count"], symptom["undated"]) == (MOST_LINES, 0)


def test_a_message_without_an_end_ends() -> None:
    log = result(("<![LOG[\n" + "Attempt to connect failed.\n" * MOST_LINES + samples.CMTRACE).encode())["logs"][0]
    assert (log["malformed"], log["entries"], log["matched"]) == (1, 1, MOST_LINES)


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
