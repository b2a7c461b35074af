# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of servers in cells and pages: nothing in it is a formula, and nothing in it is hidden."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report.text import cell, visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1+1", "'  =1+1"),
        ("\u00a0=1+1", "'\u00a0=1+1"),
        ("\t=1+1", "'<U+0009>=1+1"),
        ("＝1+1", "'＝1+1"),
        ('"=1+1"', '\'"=1+1"'),
        ("' =1+1", "'' =1+1"),
        ("﹦1+1", "'﹦1+1"),
        # A reader whose separator is another begins a cell here. Quotes do not hold that together.
        ("a;=1+1", "a;'=1+1"),
        ("a; -1; +2", "a;' -1;' +2"),
        ('a;"=1+1"', 'a;\'"=1+1"'),
        ("a;;@b", "a;;'@b"),
        ("a;＝1", "a;'＝1"),
        ("a|=1", "a|'=1"),
        ("share: + allow CORP\\smssend; directory: - allow", "share: + allow CORP\\smssend; directory: - allow"),
        ("a;b=1", "a;b=1"),
        ("a=1", "a=1"),
        ("CORP\\smssend", "CORP\\smssend"),
        ("", ""),
    ],
)
def test_formulas_in_cells(text: str, expected: str) -> None:
    assert cell(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CORP\\Jürgen Groß", "CORP\\Jürgen Groß"),
        ("שלום", "שלום"),
        ("a\u202eb", "a<U+202E>b"),
        ("a\x00\nb", "a<U+0000><U+000A>b"),
        ("\u200b\u00ad\ufeff", "<U+200B><U+00AD><U+FEFF>"),
        ("\ud800", "<U+D800>"),
        ("\ufffe", "<U+FFFE>"),
        ("\U000e0041", "<U+E0041>"),
        ("x" * 20_005, "x" * 20_000 + " … (5 more characters)"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, expected: str) -> None:
    assert visible(text) == expected
