# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of strangers made harmless: names come from servers and descriptions, and may hold anything."""

from __future__ import annotations

from ..text import visible as _visible

MAX_CHARACTERS = 20_000
"""What is shown of one text. A security descriptor may be as long as 64 KiB; nobody reads that in a report."""

# A spreadsheet takes a cell that begins with one of these for a formula: OWASP, "CSV Injection". The wide ones are
# their full-width forms, which some take for the same.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def visible(text: str) -> str:
    """Return ``text`` with everything that can't be seen written out, as ``<U+202E>``, and no longer than is shown."""
    if len(text) > MAX_CHARACTERS:
        text = f"{text[:MAX_CHARACTERS]} … ({len(text) - MAX_CHARACTERS} more characters)"
    return _visible(text)


def cell(text: str) -> str:
    """Return ``text`` as a cell that no spreadsheet takes for a formula: an apostrophe in front says so."""
    shown = visible(text)
    return f"'{shown}" if text.lstrip(" \u00a0\u3000").startswith(_FORMULA) else shown
