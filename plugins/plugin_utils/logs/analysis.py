# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the symptoms in logs. Memory does not grow with the size of the logs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from .codes import Code, CodeKind
from .reader import Line, LogReader
from .stamp import Stamp, stamp_at_end
from .symptoms import SYMPTOMS, Symptom
from .text import shown

MOST_IDS = 1000
"""Maximum number of jobs, packages or sites of one group, and of groups of one symptom."""
MOST_EXAMPLES = 3
LONGEST_EXAMPLE = 400

_IDENTIFIERS = ("job", "package", "site")
_WORDS = tuple(symptom.word.encode() for symptom in SYMPTOMS)
# Lines with an error that is not a symptom are counted. "Win32 error = 0" is not an error.
_ERROR_WORDS = (b"error", b"Error", b"ERROR")
_ERROR = re.compile(r"\berror\b(?! ?(?:code ?)?= ?0\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Example:
    """A line with a symptom: its log, its number and its text without unprintable characters."""

    log: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class LogReport:
    """Properties of a log.

    Attributes:
        name: its name.
        encoding: its encoding.
        size: its size in bytes.
        lines: its number of lines.
        entries: entries with fields.
        malformed: entries with malformed fields or without an end.
        plain: lines outside of entries, or before the fields of an entry.
        too_long: lines that were cut.
        matched: lines with a symptom.
        other_errors: lines with an error that is not a symptom.
        other_examples: some of these lines.
        first: time of its first entry, if it has one.
        last: time of its last entry, if it has one.
    """

    name: str
    encoding: str
    size: int
    lines: int
    entries: int
    malformed: int
    plain: int
    too_long: int
    matched: int
    other_errors: int
    other_examples: tuple[Example, ...]
    first: Stamp | None
    last: Stamp | None


@dataclass(slots=True)
class Occurrences:
    """All lines with the same symptom, the same code and the same destination.

    Attributes:
        symptom: the symptom.
        code: the code as in the lines; empty if they have none.
        server: the destination server as in the lines; empty if they have none. After MOST_IDS groups of a symptom, all
            further lines are one group without code and server.
        count: number of lines.
        undated: number of lines without a time.
        first, last: the earliest and latest time of the other lines, in the server's local time.
        ids: the identifiers in the lines, by "job", "package" and "site", in order of appearance.
        ids_complete: false if there were more than MOST_IDS of one kind.
        logs: names of the logs.
        examples: the first of the lines.
    """

    symptom: Symptom
    code: str
    server: str
    count: int = 0
    undated: int = 0
    first: Stamp | None = None
    last: Stamp | None = None
    ids: dict[str, dict[str, None]] = field(default_factory=lambda: {name: {} for name in _IDENTIFIERS})
    ids_complete: bool = True
    logs: dict[str, None] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)

    @property
    def explained(self) -> Code | None:
        """The meaning of the code, if it is known."""
        return self.symptom.codes.get(_normal(self.code))

    @property
    def kind(self) -> CodeKind:
        """The likely kind of failure."""
        return self.explained.kind if self.explained else self.symptom.kind

    def add(self, log: str, line: Line, match: re.Match[str]) -> None:
        """Add a line."""
        self.count += 1
        stamp = line.header.stamp if line.header else stamp_at_end(line.text)
        if stamp is None:
            self.undated += 1
        else:
            self.first = stamp if self.first is None else min(self.first, stamp, key=_local)
            self.last = stamp if self.last is None else max(self.last, stamp, key=_local)
        for name, found in match.groupdict().items():
            if found and name in self.ids:
                self._remember(self.ids[name], found)
        self.logs[log] = None
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(_example(log, line))

    def _remember(self, known: dict[str, None], found: str) -> None:
        if found not in known:
            if len(known) < MOST_IDS:
                known[shown(found, LONGEST_EXAMPLE)] = None
            else:
                self.ids_complete = False


class Analysis:
    """Reads logs one after the other.

    Attributes:
        occurrences: the symptoms found so far.
        reports: properties of the logs.
    """

    def __init__(self) -> None:
        self.reports: list[LogReport] = []
        self._found: dict[tuple[str, str, str], Occurrences] = {}
        self._groups: Counter[str] = Counter()

    @property
    def occurrences(self) -> tuple[Occurrences, ...]:
        """The symptoms found, in the order of SYMPTOMS, the largest group of a symptom first."""
        order = list(SYMPTOMS)
        return tuple(sorted(self._found.values(), key=lambda found: (order.index(found.symptom), -found.count)))

    def read(self, name: str, chunks: Iterable[bytes]) -> LogReport:
        """Read one log from pieces of any size. Only `chunks` can raise an error, never the content of a log."""
        reader = LogReader()
        matched = others = 0
        examples: list[Example] = []
        for line in reader.read(chunks, (*_WORDS, *_ERROR_WORDS)):
            if self._match(name, line):
                matched += 1
            elif (line.header and line.header.is_error) or _ERROR.search(line.text):
                others += 1
                if len(examples) < MOST_EXAMPLES:
                    examples.append(_example(name, line))
        report = LogReport(
            name=name,
            encoding=reader.encoding,
            size=reader.size,
            lines=reader.lines,
            entries=reader.entries,
            malformed=reader.malformed,
            plain=reader.plain,
            too_long=reader.too_long,
            matched=matched,
            other_errors=others,
            other_examples=tuple(examples),
            first=reader.first,
            last=reader.last,
        )
        self.reports.append(report)
        return report

    def _match(self, name: str, line: Line) -> bool:
        for symptom in SYMPTOMS:
            if symptom.word not in line.text:
                continue
            match = symptom.pattern.search(line.text)
            if match:
                self._group(symptom, match).add(name, line, match)
                return True
        return False

    def _group(self, symptom: Symptom, match: re.Match[str]) -> Occurrences:
        fields = match.groupdict()
        code, server = fields.get("code") or "", fields.get("server") or ""
        key = (symptom.id, _normal(code), server.lower())
        if key not in self._found:
            if self._groups[symptom.id] >= MOST_IDS:
                code, server, key = "", "", (symptom.id, "", "")
            else:
                self._groups[symptom.id] += 1
        return self._found.setdefault(key, Occurrences(symptom, code, shown(server, LONGEST_EXAMPLE)))


def _normal(code: str) -> str:
    return code.lower().lstrip("0")


def _local(stamp: Stamp) -> datetime:
    return stamp.local


def _example(log: str, line: Line) -> Example:
    return Example(log, line.number, shown(line.text, LONGEST_EXAMPLE))
