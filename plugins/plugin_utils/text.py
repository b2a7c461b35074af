# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from servers, made safe for messages, files and terminals. A server can send anything as a name."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase

LONGEST_LINE = 1000
"""Characters of a server's text in a message."""

_TO_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)

# Printable ASCII needs no further check.
_PLAIN = re.compile(r"[ -~]*", re.ASCII)

# Unicode Standard, section 4.5: control characters (C0 and C1), format characters (U+202E and others that direct the
# text around them), surrogates, private use, unassigned code points, and separators of lines and paragraphs.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """The text, with each invisible character replaced by its code point: `<U+202E>`."""
    return text if _PLAIN.fullmatch(text) else "".join(map(_written, text))


def folded(name: str) -> str:
    """A name of an account for comparisons: ASCII letters without case, all others as they are.

    Windows compares names letter by letter. `str.casefold` takes ß and ss for the same, which are two accounts. A name
    with other letters in another case is not recognized here, and then the server itself is asked for it.
    """
    return name.translate(_TO_LOWER)


def one_line(text: str, limit: int = LONGEST_LINE) -> str:
    """The text as one line without invisible characters. Each run of white space becomes one space.

    Args:
        text: the text of a server or a library.
        limit: the most characters. A longer line is cut, and ends with an ellipsis.
    """
    # No more than this is processed. A code point takes several characters.
    line = visible(" ".join(text[: 4 * limit].split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


@lru_cache(maxsize=4096)
def _written(character: str) -> str:
    return f"<U+{ord(character):04X}>" if unicodedata.category(character) in _HIDDEN else character


class OperationFailed(Exception):
    """An operation at a host failed.

    Attributes:
        host: the host as the operator names it.
        operation: what was tried, with its object: `read the permissions of share SMS_SITE`.
        reason: what the server or the library in between answered, in one visible line.
        advice: what the operator can do about it.
    """

    def __init__(self, host: str, operation: str, reason: str, advice: str) -> None:
        self.host = host
        self.operation = visible(operation[:LONGEST_LINE])
        self.reason = one_line(reason)
        self.advice = advice
        super().__init__(f"{host}: could not {self.operation}: {self.reason.rstrip('. ')}. {advice}")
