# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for people: headings, paragraphs, tables, no wider than a printed page."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from itertools import chain
from textwrap import fill, wrap

WIDTH = 110

_GOOD, _BAD, _HEADING, _END = "\033[32m", "\033[31m", "\033[1m", "\033[0m"
_WORDS = re.compile(r"\b(?P<good>OK|repaired|unchanged)\b|\b(?P<bad>DENIED|FAILED)\b")
_ESCAPES = re.compile(r"\033\[[0-9;]*m")


class Page:
    """Prints to standard output; in colour on a terminal, unless NO_COLOR is set (https://no-color.org)."""

    def __init__(self) -> None:
        self.colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def heading(self, text: str) -> None:
        """A line that starts something."""
        self._print(f"\n{_HEADING}{text}\n{'-' * len(text)}{_END}")

    def text(self, text: str) -> None:
        """A paragraph."""
        self._print(fill(" ".join(text.split()), WIDTH))

    def lines(self, text: str) -> None:
        """Lines as they are. Those that are too long are broken, and lose their colour."""
        for line in map(str.rstrip, text.strip().splitlines()):
            plain = _ESCAPES.sub("", line)
            too_long = len(plain) > WIDTH
            self._print(fill(plain, WIDTH, subsequent_indent="    ", break_on_hyphens=False) if too_long else line)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str] | str]) -> None:
        """Columns as wide as they need to be; the last one gets what is left of the page, and its lines are broken.

        A row that is one text stands across all columns.
        """
        cells = [row for row in rows if not isinstance(row, str)]
        widths = [max(map(_width, column)) for column in zip(headings, *cells, strict=True)]
        widths[-1] = min(widths[-1], WIDTH - sum(widths[:-1]) - 2 * (len(widths) - 1))
        self._row(headings, widths)
        self._row(["-" * width for width in widths], widths)
        for row in rows:
            if isinstance(row, str):
                self._row([row], [0])
                continue
            lines = row[-1].splitlines()
            first, *more = chain.from_iterable(wrap(line, widths[-1], subsequent_indent="  ") for line in lines)
            self._row([*row[:-1], first], widths)
            for line in more:
                self._row([*[""] * (len(row) - 1), line], widths)

    def _row(self, cells: Sequence[str], widths: Sequence[int]) -> None:
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        self._print(_WORDS.sub(self._coloured, line.rstrip()))

    @staticmethod
    def _coloured(word: re.Match[str]) -> str:
        return f"{_GOOD if word['good'] else _BAD}{word[0]}{_END}"

    def _print(self, text: str) -> None:
        print(text if self.colour else _ESCAPES.sub("", text), flush=True)


def _width(cell: str) -> int:
    return max(map(len, cell.splitlines()))
