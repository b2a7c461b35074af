# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of servers in messages: visible, in one line, and not endless."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.text import LONGEST_LINE, folded, one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("CORP\\smssend ~", "CORP\\smssend ~"),
        ("CORP\\Jürgen Groß", "CORP\\Jürgen Groß"),
        ("a\x00b", "a<U+0000>b"),
        ("a\nb\tc", "a<U+000A>b<U+0009>c"),
        ("\u202eabc", "<U+202E>abc"),
        ("\u2028\u2029", "<U+2028><U+2029>"),
        ("\ud800", "<U+D800>"),
        ("\ue000", "<U+E000>"),
        ("\U000e0041", "<U+E0041>"),
    ],
)
def test_a_character_that_cannot_be_seen_is_its_code_point(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_every_character_that_directs_or_hides_others_is_its_code_point() -> None:
    hidden = [
        chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl")
    ]
    assert len(hidden) > 2000
    assert visible("".join(hidden)) == "".join(f"<U+{ord(each):04X}>" for each in hidden)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Access is denied.\r\n\tCode 5 ", "Access is denied. Code 5"),
        ("a\u2028b", "a b"),
        ("\x00", "<U+0000>"),
        ("x" * LONGEST_LINE, "x" * LONGEST_LINE),
        ("x" * (LONGEST_LINE + 1), "x" * (LONGEST_LINE - 1) + "…"),
    ],
)
def test_a_message_is_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize("text", ["x" * 100, "\x00" * 100, "x y" * 100, " " * 100, "\u202e" * 10**6])
def test_a_line_is_no_longer_than_its_limit(text: str) -> None:
    assert len(one_line(text, 10)) <= 10


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("CORP\\P01$", "corp\\p01$", True),
        ("strauss", "strauß", False),
        ("K", "\u212a", False),  # the sign of kelvin, whose small letter is k
        # Asked for, though Windows takes them for the same.
        ("müller", "MÜLLER", False),
    ],
)
def test_names_differ_if_any_letter_but_the_case_of_ascii_does(one: str, other: str, same: bool) -> None:
    assert (folded(one) == folded(other)) is same
