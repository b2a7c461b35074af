# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of strangers made harmless: names come from servers and descriptions, and may hold anything."""

from __future__ import annotations

import re

from ..text import visible as _visible

MAX_CHARACTERS = 20_000
"""What is shown of one text. A security descriptor may be as long as 64 KiB; nobody reads that in a report."""

# A spreadsheet takes a cell that begins with one of these for a formula: OWASP, "CSV Injection". The others are their
# full-width and small forms, which some take for the same. White space and quotes before them are passed over.
_FORMULA = r"""[\s"']*[=+\-@＝＋－＠﹦﹢﹣﹫]"""

# A cell begins at its first character. To readers with another separator than the comma, as Excel has in many
# countries, one also begins behind each separator, whether or not quotes are around it (same source).
_BEGINS_FORMULA = re.compile(rf"(?:^(?=[ \u00a0\u3000]*[\t\r\n])|^(?={_FORMULA})|(?<=[;|])(?={_FORMULA}))")


def visible(text: str) -> str:
    """Return ``text`` with everything that can't be seen written out, as ``<U+202E>``, and no longer than is shown."""
    if len(text) > MAX_CHARACTERS:
        text = f"{text[:MAX_CHARACTERS]} … ({len(text) - MAX_CHARACTERS} more characters)"
    return _visible(text)


def cell(text: str) -> str:
    """Return ``text`` as a cell that no spreadsheet takes for a formula: an apostrophe stands in front of each."""
    # First the apostrophes: a tab at the start is one no more once it is written out.
    return visible(_BEGINS_FORMULA.sub("'", text[: MAX_CHARACTERS + 1]) + text[MAX_CHARACTERS + 1 :])
