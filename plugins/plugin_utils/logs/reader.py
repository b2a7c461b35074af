# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the relevant lines of a log with the entries that they belong to.

There are three formats. A file may contain all of them:

- `text~  $$<SMS_DESPOOLER><Wed May 21 17:09:02 1997~><thread=DB>`: the format of SMS since 1.0 (Q153246,
  Q159201 and Q169491 quote SMS 1.x, Q236052 SMS 2.0) and, with another form of the time, of Configuration Manager site
  servers. A tilde is a line break in the message.
- `<![LOG[text]LOG]!><time="..." date="..." component="..." context="" type="1" thread="..." file="...">`: CMTrace.
  A message may have several lines.
- lines without fields, possibly with a time at the end.

Any other line is read and counted as a line without fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .stamp import Stamp, parse_stamp
from .text import LONGEST_LINE, LineReader, decode

MOST_LINES = 1000
"""Maximum number of lines of a message; later fields do not belong to its first lines."""

_OPEN, _CLOSE, _FIELDS = b"<![LOG[", b"]LOG]!>", b"$$<"
_TRAILER = re.compile(rb"\$\$<([^<>]{1,128})><([^<>]{1,64})><thread=([^<>]{1,64})>[ \t\r]*\Z")
_ATTRIBUTES = re.compile(
    rb'\]LOG\]!><time="([^"<>]{1,40})" date="([^"<>]{1,40})" component="([^"<>]{0,128})" context="[^"<>]{0,256}"'
    rb' type="([0-9]{0,2})" thread="([^"<>]{0,64})" file="[^"<>]{0,260}">[ \t\r]*\Z'
)
_ERROR_TYPE = b"3"


@dataclass(frozen=True, slots=True)
class LogHeader:
    """The fields of an entry as text.

    Attributes:
        component: the component, such as SMS_DESPOOLER.
        written: the time.
        thread: the thread.
        is_error: whether the log marks it as an error. Only CMTrace does.
    """

    component: str
    written: str
    thread: str
    is_error: bool = False

    @property
    def stamp(self) -> Stamp | None:
        """The time, or None if it is malformed."""
        return parse_stamp(self.written)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message.

    Attributes:
        number: its number in the log, from 1.
        text: its text without fields.
        header: the fields of its entry, or None.
    """

    number: int
    text: str
    header: LogHeader | None


class LogReader:
    """Reads one log.

    Attributes:
        lines: lines so far.
        entries: entries with fields.
        malformed: entries with malformed fields or without an end.
        plain: lines outside of entries, or before the fields of an entry.
        too_long: lines that were cut.
    """

    __slots__ = (
        "_first",
        "_inside",
        "_last",
        "_text",
        "_waiting",
        "entries",
        "lines",
        "malformed",
        "plain",
        "too_long",
    )

    def __init__(self) -> None:
        self._text = LineReader()
        self._inside = False  # inside a CMTrace message
        self._waiting: list[tuple[int, bytes]] = []  # relevant lines whose fields may follow
        self._first: re.Match[bytes] | None = None
        self._last: re.Match[bytes] | None = None
        self.lines = self.entries = self.malformed = self.plain = self.too_long = 0

    @property
    def encoding(self) -> str:
        """The encoding of the log."""
        return self._text.encoding

    @property
    def size(self) -> int:
        """Number of bytes read."""
        return self._text.size

    @property
    def first(self) -> Stamp | None:
        """Time of the first entry with fields."""
        return _header(self._first).stamp if self._first else None

    @property
    def last(self) -> Stamp | None:
        """Time of the last entry with fields."""
        return _header(self._last).stamp if self._last else None

    def read(self, chunks: Iterable[bytes], words: Sequence[bytes]) -> Iterator[Line]:
        """Yield the lines that contain one of the words, and those that a CMTrace log marks as an error.

        These lines wait for the fields of their entry, for MOST_LINES at most. No other line is kept.
        """
        waited = 0
        for block in self._text.blocks(chunks):
            wanted = [word for word in words if word in block]
            for whole in block.split(b"\n"):
                line = whole
                self.lines += 1
                if len(line) > LONGEST_LINE:
                    line = line[:LONGEST_LINE]
                    self.too_long += 1
                fields, ends = None, True
                if self._inside or _OPEN in line:
                    if _OPEN in line:
                        yield from self._release(None)
                        waited = 0
                    line, fields, ends = self._message(line)
                elif (at := line.rfind(_FIELDS)) >= 0:
                    fields = _TRAILER.match(line, at)
                    if fields:
                        line = line[:at]
                    else:
                        self.malformed += 1
                else:
                    ends = False
                    self.plain += 1
                if fields:
                    self.entries += 1
                    self._first = self._first or fields
                    self._last = fields
                if (wanted and _holds(line, wanted)) or (fields and _is_error(fields)):
                    self._waiting.append((self.lines, line))
                waited += 1
                if ends or waited == MOST_LINES:
                    if self._waiting:
                        yield from self._release(fields)
                    self._give_up()
                    waited = 0
        self._give_up()
        yield from self._release(None)

    def _message(self, line: bytes) -> tuple[bytes, re.Match[bytes] | None, bool]:
        """Return the text of a line of a CMTrace message, its fields, and whether it is the last line."""
        opened = line.find(_OPEN)
        if opened >= 0:
            self._give_up()
            line = line[opened + len(_OPEN) :]
        closed = line.find(_CLOSE)
        self._inside = closed < 0
        if self._inside:
            return line, None, False
        fields = _ATTRIBUTES.match(line, closed)
        self.malformed += fields is None
        return line[:closed], fields, True

    def _give_up(self) -> None:
        """Count a message without an end as malformed."""
        self.malformed += self._inside
        self._inside = False

    def _release(self, fields: re.Match[bytes] | None) -> Iterator[Line]:
        header = _header(fields) if fields else None
        for number, text in self._waiting:
            yield Line(number, decode(text).strip("~ \t\r"), header)
        self._waiting.clear()


def _holds(line: bytes, words: list[bytes]) -> bool:
    for word in words:  # noqa: SIM110 (any() takes twice as long, and this runs for every line)
        if word in line:
            return True
    return False


def _is_error(fields: re.Match[bytes]) -> bool:
    return fields.re is _ATTRIBUTES and fields[4] == _ERROR_TYPE


def _header(fields: re.Match[bytes]) -> LogHeader:
    if fields.re is _TRAILER:
        component, written, thread = (decode(field) for field in fields.groups())
        return LogHeader(component, written, thread)
    time, date, component, _severity, thread = (decode(field) for field in fields.groups())
    return LogHeader(component, f"{date} {time}", thread, _is_error(fields))
