# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from servers and inventories, made safe: a name can contain anything."""

from __future__ import annotations

import re

from ..text import visible as _visible

MAX_CHARACTERS = 20_000
"""The most characters that are shown of one text. A security descriptor can be 64 KiB long."""

# A spreadsheet reads a cell that begins with one of these as a formula: OWASP, "CSV Injection". Some do so with their
# full-width and small forms too. White space and quotes before them are ignored.
_FORMULA = r"""[\s"']*[=+\-@＝＋－＠﹦﹢﹣﹫]"""

# A cell begins at its first character. If a program has another separator than the comma, as Excel in many countries, a
# cell also begins after each separator, with quotes or without (same source).
_BEGINS_FORMULA = re.compile(rf"(?:^(?=[ \u00a0\u3000]*[\t\r\n])|^(?={_FORMULA})|(?<=[;|])(?={_FORMULA}))")


def visible(text: str) -> str:
    """Return ``text`` with invisible characters as code points, like ``<U+202E>``, cut to what a report shows."""
    if len(text) > MAX_CHARACTERS:
        text = f"{text[:MAX_CHARACTERS]} … ({len(text) - MAX_CHARACTERS} more characters)"
    return _visible(text)


def cell(text: str) -> str:
    """Return ``text`` as a cell that no spreadsheet reads as a formula: each one gets an apostrophe in front."""
    # Apostrophes first: `visible` replaces a tab at the start.
    return visible(_BEGINS_FORMULA.sub("'", text[: MAX_CHARACTERS + 1]) + text[MAX_CHARACTERS + 1 :])
