# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one HTML file. It needs no network and no other file, and works without JavaScript.

Names and messages come from servers, and are shown as text, whatever they contain. Jinja2 escapes every value,
invisible characters are shown as their code points, and the policy of the page allows only its own style and script, by
digest.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from ..audit import AuditedFinding
from ..hierarchy.findings import KINDS
from ..templates import load_template, read_asset
from .columns import PAGE_COLUMNS
from .fleet import Branch, Fleet, SiteRow, SiteState, severity_rank
from .text import visible

_HERE = Path(__file__).parent

# A state has a word, a symbol of its own shape, and a colour.
SYMBOLS = {
    SiteState.DRIFTED: "▲",
    SiteState.ERROR: "◆",
    SiteState.UNREACHABLE: "✕",
    SiteState.NOT_READ: "○",
    SiteState.IN_DESIRED_STATE: "●",
}
MEANINGS = {
    SiteState.DRIFTED: "A Sender account lacks access that it needs, or a run would change something else.",
    SiteState.ERROR: "The site server answered, but the audit of it failed.",
    SiteState.UNREACHABLE: "The site server could not be reached, or it refused the logon.",
    SiteState.NOT_READ: "The site is in the hierarchy, and was not audited.",
    SiteState.IN_DESIRED_STATE: "Every Sender account has the access that the product requires.",
}

# Browsers nest a few hundred elements at most. Deeper sites are shown at this level, with the number of their own.
MAX_NESTING = 40

# The tree of a hierarchy with up to this number of sites is open at first. A larger one shows its top.
OPEN_UP_TO = 100

# The template yields very many small pieces. This number of them is joined.
_PIECES = 2000


@dataclass(frozen=True, slots=True)
class _Step:
    """A site of the tree, and which nested lists open and close after it."""

    branch: Branch
    opens: bool
    closes: int
    level: int | None
    below: tuple[tuple[SiteState, int], ...]


@dataclass(frozen=True, slots=True)
class _Advice:
    """A kind of finding, the advice, and the sites that have it."""

    anchor: str
    severity: str
    title: str
    advice: str
    source: str
    places: tuple[tuple[SiteRow, AuditedFinding], ...]


def html_page(fleet: Fleet, title: str) -> Iterator[str]:
    """Yield the page in pieces."""
    advice = _advice(fleet)
    stream = _template().stream(
        title=title,
        fleet=fleet,
        columns=PAGE_COLUMNS,
        style=Markup(_asset("page.css")),  # noqa: S704 - our own file
        script=Markup(_asset("page.js")),  # noqa: S704 - our own file
        policy=_policy(),
        counts=list(fleet.counts.items()),
        bar=_bar(fleet),
        steps=list(_steps(fleet.branches)),
        is_open=len(fleet.branches) <= OPEN_UP_TO,
        advice=advice,
        severities=_severities(fleet),
        SiteState=SiteState,
        MEANINGS=MEANINGS,
        SYMBOLS=SYMBOLS,
    )
    stream.enable_buffering(_PIECES)
    yield from stream


@cache
def _asset(name: str) -> str:
    return read_asset(_HERE / name).strip()


@cache
def _template() -> Template:
    return load_template(_HERE / "page.html.j2", escapes_html=True, finalize=_finalize)


def _finalize(value: object) -> object:
    """Every value of the page passes here."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _policy() -> str:
    """The Content Security Policy: nothing is loaded, and only our own style and script apply."""

    def digest(name: str) -> str:
        return base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()

    return (
        f"default-src 'none'; style-src 'sha256-{digest('page.css')}'; script-src 'sha256-{digest('page.js')}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _bar(fleet: Fleet) -> list[tuple[SiteState, float, float]]:
    """Start and width of the part of each state in the bar, in percent."""
    parts: list[tuple[SiteState, float, float]] = []
    start = 0.0
    for state, count in reversed(fleet.counts.items()):
        width = 100 * count / max(1, len(fleet.entries))
        if count:
            parts.append((state, round(start, 3), round(width, 3)))
        start += width
    return parts


def _steps(branches: tuple[Branch, ...]) -> Iterator[_Step]:
    depths = [min(branch.depth, MAX_NESTING) for branch in branches]
    for branch, depth, following in zip(branches, depths, [*depths, 0][1:], strict=True):
        yield _Step(
            branch,
            opens=following > depth,
            closes=max(0, depth - following),
            level=branch.depth if branch.depth > MAX_NESTING else None,
            below=tuple((state, branch.below[state]) for state in SiteState if branch.below[state]),
        )


def _severities(fleet: Fleet) -> list[tuple[str, int]]:
    found = Counter(finding.severity for _entry, finding in fleet.findings)
    return sorted(found.items(), key=lambda item: severity_rank(item[0]))


def _advice(fleet: Fleet) -> dict[str, _Advice]:
    """The findings by the id of their kind, the most severe kind first."""
    places: dict[str, list[tuple[SiteRow, AuditedFinding]]] = {}
    for entry, finding in fleet.findings:
        places.setdefault(finding.id, []).append((entry, finding))
    ranked = sorted(places, key=lambda kind: (severity_rank(places[kind][0][1].severity), kind))
    advice: dict[str, _Advice] = {}
    for number, kind in enumerate(ranked, start=1):
        found = places[kind]
        first = found[0][1]
        title = KINDS[kind].title if kind in KINDS else kind
        advice[kind] = _Advice(f"f{number}", first.severity, title, first.advice, first.source, tuple(found))
    return advice
