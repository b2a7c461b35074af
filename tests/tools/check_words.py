# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find words that the texts of this collection do not use. `words.txt` beside this file lists them.

    python -m tests.tools.check_words [--count] PATH ...

Prints `file:line: word -> use X` for each one. The exit code is 1 if there is any.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

WORDS = Path(__file__).with_name("words.txt")
# What may stand between two words of a phrase: also the end of a comment line or of a string literal.
_GAP = r"""[\s#"'>]+"""


@dataclass(frozen=True)
class Rules:
    """The phrases, what to use instead, and the longer phrases in which they are allowed."""

    instead: dict[str, str]
    allowed: tuple[str, ...] = ()

    def pattern(self) -> re.Pattern[str]:
        """Match an allowed phrase (without a group) or a banned one (group `word`), whichever is longer."""
        banned = "|".join(_pattern_of(phrase) for phrase in _longest_first(self.instead))
        allowed = "".join(f"{_pattern_of(phrase)}|" for phrase in _longest_first(self.allowed))
        # A method such as `file.tell()` is not text. An underscore is part of a name: `nothing_owed` is one word.
        return re.compile(rf"\b(?:{allowed}(?P<word>{banned}))\b(?!(?<=\.tell)\()", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """A banned word in a text."""

    line: int
    word: str
    instead: str


def _pattern_of(phrase: str) -> str:
    return _GAP.join(map(re.escape, phrase.split()))


def _longest_first(phrases: Sequence[str] | dict[str, str]) -> list[str]:
    return sorted(phrases, key=len, reverse=True)


def read_rules(text: str) -> Rules:
    """Read the list. Raises ValueError for a line that is no rule."""
    instead: dict[str, str] = {}
    allowed = []
    for number, line in enumerate(text.splitlines(), 1):
        rule = line.partition("#")[0].strip()
        if not rule:
            continue
        if rule.startswith("allow "):
            allowed.append(rule.removeprefix("allow ").strip().lower())
            continue
        phrases, colon, use = rule.partition(":")
        if not colon or not use.strip():
            raise ValueError(f"line {number} of the word list has no `phrase: what to use`: {line}")
        for phrase in phrases.split(","):
            key = " ".join(phrase.lower().split())
            if not key or key in instead:
                raise ValueError(
                    f"line {number} of the word list has an empty phrase or one that is listed twice: {line}"
                )
            instead[key] = use.strip()
    return Rules(instead, tuple(allowed))


def banned_words(text: str, rules: Rules) -> Iterator[Found]:
    """Find the banned words of a text, in their order."""
    for match in rules.pattern().finditer(text):
        if match["word"]:
            phrase = " ".join(word.lower() for word in re.split(_GAP, match["word"]))
            yield Found(text.count("\n", 0, match.start()) + 1, phrase, rules.instead[phrase])


def files_in(paths: Sequence[Path]) -> Iterator[Path]:
    """Find all files below the paths, in a fixed order. Compiled Python is left out."""
    for path in paths:
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        else:
            raise FileNotFoundError(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the files. Return the exit code."""
    parser = argparse.ArgumentParser(prog="check_words", description="Find words that the texts do not use.")
    parser.add_argument("--count", action="store_true", help="print a number for each file instead of each word")
    parser.add_argument("paths", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    rules = read_rules(WORDS.read_text(encoding="utf-8"))
    counts: Counter[Path] = Counter()
    for file in files_in(options.paths):
        for found in banned_words(file.read_text(encoding="utf-8"), rules):
            counts[file] += 1
            if not options.count:
                print(f"{file}:{found.line}: {found.word} -> use {found.instead}")
    if options.count:
        for file, count in counts.most_common():
            print(f"{file}: {count}")
    return 1 if counts else 0


if __name__ == "__main__":
    sys.exit(main())
