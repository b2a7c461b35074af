# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits the bytes of a log into lines, for any encoding and any line length."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

LONGEST_LINE = 64 * 1024
"""Maximum number of bytes of a line (UTF-8 or ANSI) that are read; the rest is skipped."""

_PIECE = 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class LineReader:
    """Splits a stream into blocks of whole lines. Memory is limited to one piece and one line.

    Attributes:
        encoding: `utf-8`, `utf-16-le` or `utf-16-be`, detected by the byte order mark or the zero bytes at the
            beginning; otherwise `ansi or utf-8`, see :func:`decode`.
        size: number of bytes read so far.
    """

    __slots__ = ("encoding", "size")

    def __init__(self) -> None:
        self.encoding = "ansi or utf-8"
        self.size = 0

    def blocks(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield blocks of lines in UTF-8 or ANSI, without the line feed at the end of the block.

        A line longer than LONGEST_LINE has at least one byte more than that, so that the reader can detect it.
        """
        rest = bytearray()
        for piece in self._pieces(chunks):
            end = piece.rfind(b"\n")
            if end < 0:
                rest += piece[: LONGEST_LINE + 1 - len(rest)]
                continue
            yield bytes(rest) + piece[:end]
            rest = bytearray(piece[end + 1 : end + 2 + LONGEST_LINE])
        if rest:
            yield bytes(rest)

    def _pieces(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        head = b""
        decoder: codecs.IncrementalDecoder | None = None
        begun = False
        for chunk in chunks:
            self.size += len(chunk)
            data = chunk
            if not begun:
                head += chunk
                if len(head) < 4:
                    continue
                begun, data, decoder = True, *self._begin(head)
            for start in range(0, len(data), _PIECE):
                piece = data[start : start + _PIECE]
                yield decoder.decode(piece).encode() if decoder else piece
        if not begun and head:
            data, decoder = self._begin(head)
            yield decoder.decode(data).encode() if decoder else data
        if decoder:
            yield decoder.decode(b"", final=True).encode()

    def _begin(self, head: bytes) -> tuple[bytes, codecs.IncrementalDecoder | None]:
        """Return the data after the byte order mark, and a decoder unless it is UTF-8 or ANSI."""
        for mark, name in _MARKS:
            if head.startswith(mark):
                self.encoding, head = name, head[len(mark) :]
                break
        else:
            zeros = tuple(byte == 0 for byte in head[:4])
            if zeros == (False, True, False, True):
                self.encoding = "utf-16-le"
            elif zeros == (True, False, True, False):
                self.encoding = "utf-16-be"
        if not self.encoding.startswith("utf-16"):
            return head, None
        return head, codecs.getincrementaldecoder(self.encoding)("replace")


def decode(line: bytes) -> str:
    """Decode a line: as UTF-8 if possible, otherwise as Windows-1252, the ANSI code page of Western Windows."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def shown(text: str, longest: int) -> str:
    """Return text that is safe to show: limited in length, with unprintable characters escaped."""
    cut = text[:longest]
    if not cut.isprintable():
        cut = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)
    return cut + "…" if len(text) > longest else cut
