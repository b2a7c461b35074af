# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jinja2 templates in files beside the module that renders them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template


@cache
def read_asset(path: Path) -> str:
    """The text of a file of the collection."""
    return path.read_text(encoding="utf-8")


def load_template(
    path: Path,
    *,
    escapes_html: bool,
    finalize: Callable[[Any], Any] | None = None,
    filters: Mapping[str, Callable[..., Any]] | None = None,
    tests: Mapping[str, Callable[..., Any]] | None = None,
) -> Template:
    """The template in a file. A value that is not given is an error, and a block tag leaves no line of its own.

    Args:
        path: the file.
        escapes_html: whether every value is escaped for HTML.
        finalize: called with every value before it is escaped.
        filters: filters by name, besides those of Jinja2.
        tests: tests by name, besides those of Jinja2.
    """
    environment = Environment(
        autoescape=escapes_html,  # noqa: S701 - Markdown is not HTML; its own filters escape values
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters or {})
    environment.tests.update(tests or {})
    return environment.from_string(read_asset(path))
