# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as Markdown and as an HTML page, for the change board.

Names come from servers and inventories, and are shown as text, whatever they contain. Characters that are invisible, or
that change how others look, such as those that set the direction of writing, are shown as their code points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template

from ..templates import load_template
from ..text import visible
from .document import is_changing, is_lacking_members, summary_of

_HERE = Path(__file__).parent
_TESTS = {"changing": is_changing}
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]#!|<>~&$^=@\"]|^[-+)]|:(?=//))")
_STATES = {
    "planned": "planned",
    "nothing_owed": "no access required",
    "unreachable": "UNREACHABLE",
    "error": "NOT READ",
}


def as_markdown(plan: Mapping[str, Any]) -> str:
    """The plan as Markdown (CommonMark with GitHub's tables)."""
    return _markdown_template().render(_values(plan))


def as_html(plan: Mapping[str, Any]) -> str:
    """The plan as one HTML page without a script. It needs no other file and no network."""
    return _html_template().render(_values(plan))


def _values(plan: Mapping[str, Any]) -> dict[str, Any]:
    hosts = sorted(plan["hosts"].items())
    findings = [finding for _host, section in hosts for finding in section["findings"]]
    return {"plan": plan, "hosts": hosts, "findings": findings, "summary": summary_of(plan["hosts"])}


@cache
def _markdown_template() -> Template:
    # How Markdown escapes a value depends on its place, so the template names a filter: `text`, `code` or `visible`.
    return load_template(
        _HERE / "plan.md.j2",
        escapes_html=False,
        filters={"text": _markdown_text, "code": _markdown_code, "visible": visible, "state": _state},
        tests=_TESTS,
    )


@cache
def _html_template() -> Template:
    return load_template(
        _HERE / "plan.html.j2", escapes_html=True, finalize=_shown, filters={"state": _state}, tests=_TESTS
    )


def _shown(value: object) -> object:
    """Every value of the page passes here."""
    return visible(value) if isinstance(value, str) else value


def _state(section: Mapping[str, Any]) -> str:
    """The state of a host in the plan, in a word or two."""
    if is_changing(section):
        return "TO CHANGE"
    return "LACKS MEMBERS" if is_lacking_members(section) else _STATES[section["status"]]


def _markdown_text(text: str) -> str:
    r"""Text that Markdown shows as text. Before ASCII punctuation, a backslash is an escape: CommonMark 0.31, 2.4."""
    escaped = _PUNCTUATION.sub(r"\\\1", visible(text))
    # GitHub makes a link of text that looks like one.
    return re.sub(r"(?i)\b(www)\.", r"\1\\.", escaped)


def _markdown_code(text: str) -> str:
    """Text between two backticks, in a table or not."""
    return visible(text).replace("`", "⟨U+0060⟩").replace("|", "⟨U+007C⟩")
