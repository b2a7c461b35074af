# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the bytes of a log to its lines, whatever their encoding and however long they are."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

LONGEST_LINE = 64 * 1024
"""Bytes (of UTF-8 or ANSI text) that are looked at of one line; the rest of a longer one is passed over."""

_PIECE = 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class LineReader:
    """Makes blocks of whole lines of the pieces of a stream; holds no more than a piece and a line.

    Attributes:
        encoding: `utf-8`, `utf-16-le` or `utf-16-be` as the byte order mark or the zero bytes at the beginning say; or
            `ansi or utf-8` where nothing does, see :func:`decode`.
        size: bytes read so far.
    """

    __slots__ = ("encoding", "size")

    def __init__(self) -> None:
        self.encoding = "ansi or utf-8"
        self.size = 0

    def blocks(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Blocks of lines, without the line feed at the end of the block, in UTF-8 or ANSI.

        Of a line longer than LONGEST_LINE at least one byte more than that is there, so that its reader can tell.
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
        """What follows the byte order mark, and what decodes it if it is neither UTF-8 nor ANSI."""
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
    """A line as text: UTF-8 if it is that, or else Windows-1252, the ANSI code page of Western Windows."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def shown(text: str, longest: int) -> str:
    """Text that is safe to show: at most so many characters, what is not printable escaped."""
    cut = text[:longest]
    if not cut.isprintable():
        cut = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)
    return cut + "…" if len(text) > longest else cut
