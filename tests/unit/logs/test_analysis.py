# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs read: pieces and encodings, counts, groups, memory and time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import (
    SYMPTOMS,
    Analysis,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.analysis import MOST_EXAMPLES, MOST_IDS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.text import LONGEST_LINE
from tests.unit.work import costs_at_most

from .reading import FAILED, LOGS, MiB, result, without_encoding


@given(LOGS, st.lists(st.integers(1, 200), max_size=20))
def test_pieces_of_any_size_tell_the_same(text: str, sizes: list[int]) -> None:
    data = text.encode()
    pieces, start = [], 0
    for size in sizes:
        pieces.append(data[start : start + size])
        start += size
    assert result(*pieces, data[start:]) == result(data)


@given(LOGS.filter(lambda text: len(text) > 4))
def test_every_encoding_tells_the_same(text: str) -> None:
    expected = without_encoding(result(b"\xef\xbb\xbf" + text.encode()))
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        found = result(mark + text.encode(encoding))
        assert found["logs"][0]["encoding"] == encoding
        assert without_encoding(found) == expected


@given(st.binary(max_size=2000))
def test_no_bytes_make_it_fail_and_all_that_is_told_is_printable(data: bytes) -> None:
    found = result(b"Despooler failed to execute the instruction " + data)
    log = found["logs"][0]
    assert log["bytes"] == 44 + len(data)
    assert all(example["text"].isprintable() for one in found["symptoms"] for example in one["examples"])
    assert log["entries"] + log["plain"] <= log["lines"]


@given(LOGS)
def test_every_line_is_counted(text: str) -> None:
    # With every other byte zero at its beginning, a log is taken for UTF-16.
    zeros = [char == "\0" for char in text[:4]]
    assume(zeros not in ([False, True, False, True], [True, False, True, False]))
    log = result(text.encode())["logs"][0]
    assert log["lines"] == text.count("\n") + (not text.endswith("\n") and bool(text))
    assert log["matched"] + log["other_errors"] <= log["lines"]


def test_counts_and_times_are_those_of_all_lines() -> None:
    lines = [FAILED.format(job=f"M{number:08X}").replace("02 1997", f"{number % 60:02} 1997") for number in range(14)]
    (symptom,) = result("".join(reversed(lines)).encode())["symptoms"]
    assert (symptom["count"], len(symptom["jobs"]), symptom["packages"]) == (14, 14, ["W_M0200024"])
    assert (symptom["first"], symptom["last"]) == ("1997-05-21T17:09:00", "1997-05-21T17:09:13")
    assert len(symptom["examples"]) == MOST_EXAMPLES
    assert symptom["examples"][0] == {
        "log": "a.log",
        "line": 1,
        "text": "Cannot find the package file. we'll fail the job (Job ID = M0000000D Package ID = W_M0200024)",
    }


def test_more_identifiers_than_are_remembered_are_said_to_be_more() -> None:
    enough, more = (
        result("".join(FAILED.format(job=f"J{number}") for number in range(count)).encode())["symptoms"][0]
        for count in (MOST_IDS, MOST_IDS + 1)
    )
    assert (len(enough["jobs"]), enough["ids_complete"]) == (MOST_IDS, True)
    assert (len(more["jobs"]), more["ids_complete"], more["count"]) == (MOST_IDS, False, MOST_IDS + 1)


def test_a_server_is_one_however_it_is_spelled() -> None:
    line = "Error during WNetAddConnection2 to \\\\{}\\SMS_SITE ({})\n"
    spelled = (("P01", "5"), ("p01", "05"), ("P02", "5"), ("P01", "53"))
    symptoms = result("".join(line.format(*one) for one in spelled).encode())["symptoms"]
    told = {(one["server"], one["code"], one["count"]) for one in symptoms}
    assert told == {("P01", "5", 2), ("P02", "5", 1), ("P01", "53", 1)}


def test_a_time_at_the_end_of_a_line_is_its_time() -> None:
    (symptom,) = result(b"Attempt to connect failed. 6/01/97 3:25:15 PM\r\n")["symptoms"]
    assert (symptom["first"], symptom["undated"]) == ("1997-06-01T15:25:15", 0)


def test_more_groups_than_are_made_make_one() -> None:
    line = "Error during WNetAddConnection2 to \\\\S{}\\SMS_SITE (5)\n"
    symptoms = result("".join(line.format(number) for number in range(MOST_IDS + 5)).encode())["symptoms"]
    assert len(symptoms) == MOST_IDS + 1
    assert (symptoms[0]["count"], symptoms[0]["server"], symptoms[0]["code"]) == (5, "", "")


def test_memory_does_not_grow_with_the_log() -> None:
    block = "".join(FAILED.format(job=f"J{number}") for number in range(7000)).encode()

    def peak(blocks: int) -> int:
        tracemalloc.start()
        try:
            Analysis().read("a.log", pieces(blocks))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def pieces(blocks: int) -> Iterator[bytes]:
        for _number in range(blocks):
            yield block

    small, large = peak(2), peak(4)
    assert large < small * 1.2
    assert large < 16 * MiB


HOSTILE = [
    *(symptom.word for symptom in SYMPTOMS),
    "Error during connection to \\\\" + "a" * 600,
    "Error during WNetAddConnection2 to \\\\a\\" + "(" * 300,
    "Cannot connect to server \\\\" + "a" * 300 + " at remote site",
    "Cannot find a public key for instruction " + "incoming from site " * 20,
    "Cannot find the package file." + " " * 300,
    "There is no existing connection, Win32 error = " + "0" * 300,
    "$$<" * 200,
    "<![LOG[" * 100,
    "]LOG]!>" * 100,
    "error code = 0" * 20,
    "$$<a><" + "b" * 64,
    '<![LOG[a]LOG]!><time="' + "1" * 40,
]


@pytest.mark.parametrize("part", HOSTILE, ids=range(len(HOSTILE)))
def test_no_line_costs_more_than_its_size(part: str) -> None:
    # Usually it costs twice as much as everyday lines; to look back and forth in a line would cost thousands of times.
    assert costs_at_most(20, lambda: result(in_every_length(part)), lambda: result(in_every_length(FAILED.strip())))


def in_every_length(part: str) -> bytes:
    """One line of the longest size, and the same in lines; twice."""
    count = LONGEST_LINE // len(part)
    return 2 * ((part * count + "\n").encode() + (part + "\n").encode() * count)
