# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines from bytes of any encoding and length."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.text import LONGEST_LINE, LineReader, decode, shown

from .reading import FAILED, MiB, result


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
