# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of strangers made harmless for messages, files and terminals: servers may send anything as a name."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST_LINE = 1000
"""Characters of a server's text in a message."""

# ASCII without control characters needs no closer look.
_PLAIN = re.compile(r"[ -~]*", re.ASCII)

# Unicode Standard, section 4.5: control characters (C0 and C1), format characters (U+202E and others that direct the
# text around them), surrogates, private use, unassigned code points, and separators of lines and paragraphs.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """The text with each character that cannot be seen written as its code point: `<U+202E>`."""
    return text if _PLAIN.fullmatch(text) else "".join(map(_written, text))


def one_line(text: str, limit: int = LONGEST_LINE) -> str:
    """The text in one visible line: each run of white space is one space.

    Args:
        text: what a server or a library said.
        limit: most characters; a longer line is cut, and ends with an ellipsis.
    """
    # Only so much is looked at. Each character that is written as its code point takes several.
    line = visible(" ".join(text[: 4 * limit].split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


@lru_cache(maxsize=4096)
def _written(character: str) -> str:
    return f"<U+{ord(character):04X}>" if unicodedata.category(character) in _HIDDEN else character
