# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading: encodings, malformed and endless input, memory and time."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import (
    SYMPTOMS,
    Analysis,
    analysis_result,
    find_causes,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.analysis import MOST_EXAMPLES, MOST_IDS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.reader import MOST_LINES
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.text import LONGEST_LINE, LineReader, decode, shown
from tests.unit.work import costs_at_most

from . import samples

FIELDS = "  $$<SMS_DESPOOLER><Wed May 21 17:09:02 1997~><thread=DB>\r\n"
FAILED = "Cannot find the package file. we'll fail the job (Job ID = {job} Package ID = W_M0200024)" + FIELDS
MiB = 1024 * 1024


def result(*chunks: bytes) -> dict:
    analysis = Analysis()
    analysis.read("a.log", chunks)
    return analysis_result(analysis, find_causes(analysis.occurrences, []))


def without_encoding(found: dict) -> dict:
    return {**found, "logs": [{**log, "encoding": "", "bytes": 0} for log in found["logs"]]}


FRAGMENTS = st.sampled_from(
    [
        *samples.Q179118.splitlines(),
        *samples.Q169491.splitlines(),
        *samples.Q235753.splitlines(),
        *samples.PKGXFERMGR.splitlines(),
        samples.CMTRACE,
        "<![LOG[",
        "]LOG]!>",
        "$$<",
        "\n",
        "\r\n",
        "~",
        "ü",
        "\x00",
        "\x1b[31m",
        "error",
    ]
)
LOGS = st.lists(FRAGMENTS, max_size=30).map("\n".join) | st.lists(FRAGMENTS, max_size=30).map("".join)


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


def test_utf_16_without_a_mark_is_told_by_its_zeros() -> None:
    text = FAILED.format(job="M020002D1")
    for encoding in ("utf-16-le", "utf-16-be"):
        found = result(text.encode(encoding))
        assert found["logs"][0]["encoding"] == encoding
        assert found["symptoms"][0]["jobs"] == ["M020002D1"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_the_encoding_is_told_from_single_bytes_too(mark: str, encoding: str) -> None:
    data = (mark + "Attempt to connect failed.").encode(encoding)
    found = result(*(data[number : number + 1] for number in range(len(data))))
    assert found == result(data)
    assert found["symptoms"][0]["examples"][0]["text"] == "Attempt to connect failed."


def test_ansi_text_is_read() -> None:
    found = result("Der Pfad für das Paket: error".encode("cp1252"))
    assert found["logs"][0]["other_examples"][0]["text"] == "Der Pfad für das Paket: error"
    assert decode(b"\x81") == "\N{REPLACEMENT CHARACTER}"


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


@pytest.mark.parametrize("size", [LONGEST_LINE, LONGEST_LINE + 1, 3 * MiB])
def test_lines_are_cut_and_counted(size: int) -> None:
    line = b"Attempt to connect failed.".ljust(size, b"x")
    for pieces in ([line + b"\nend"], [line[:50], line[50:], b"\nend"], [line, b"\n", b"end"]):
        found = result(*pieces)
        assert found["symptoms"][0]["count"] == 1
        assert (found["logs"][0]["lines"], found["logs"][0]["too_long"]) == (2, int(size > LONGEST_LINE))
        assert len(found["symptoms"][0]["examples"][0]["text"]) < 1000


def test_blocks_hold_no_more_than_a_piece_and_a_line() -> None:
    sizes = [len(block) for block in LineReader().blocks([b"x" * 5 * MiB + b"\n" + b"y\n" * 4 * MiB])]
    assert max(sizes) <= MiB + LONGEST_LINE + 1


def test_what_is_shown_is_printable_and_short() -> None:
    assert shown("a\x1b[31m\u202eb\n", 20) == "a\\x1b[31m\\u202eb\\n"
    assert shown("x" * 21, 20) == "x" * 20 + "…"


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


def test_every_symptom_is_data_that_holds_together() -> None:
    assert len({symptom.id for symptom in SYMPTOMS}) == len(SYMPTOMS)
    for symptom in SYMPTOMS:
        assert symptom.word.isascii()
        assert symptom.source
        assert symptom.log in ("despooler", "scheduler", "sender")
        assert set(symptom.pattern.groupindex) <= {"job", "package", "site", "server", "code"}
        assert ("code" in symptom.pattern.groupindex) == bool(symptom.codes)
        # The pattern can only match where the word is.
        assert symptom.word.replace("\\", "") in re.sub(
            r"\\(.)", r"\1", symptom.pattern.pattern.replace("(?:a|valid) ", "")
        )
        for code in symptom.codes.values():
            assert code.source
