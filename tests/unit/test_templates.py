# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates in files: what is escaped, what is an error, and which lines are left."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.templates import load_template, read_asset


def written(directory: Path, text: str) -> Path:
    path = directory / "a.j2"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("escapes_html", "shown"), [(True, "&lt;b&gt; ü\n"), (False, "<b> ü\n")])
def test_html_is_escaped_where_it_is_html(tmp_path: Path, *, escapes_html: bool, shown: str) -> None:
    template = load_template(written(tmp_path, "{{ name }} ü\n"), escapes_html=escapes_html)
    assert template.render(name="<b>") == shown


def test_a_value_that_is_not_given_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError, match="'name' is undefined"):
        load_template(written(tmp_path, "{{ name }}"), escapes_html=True).render()


def test_a_block_leaves_no_line_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path, "a\n  {% if true %}\nb\n  {% endif %}\nc\n")
    assert load_template(path, escapes_html=False).render() == "a\nb\nc\n"


def test_filters_tests_and_what_every_value_passes(tmp_path: Path) -> None:
    template = load_template(
        written(tmp_path, "{{ 'a' | twice }} {{ 3 is odd_number }}"),
        escapes_html=True,
        finalize=lambda value: f"[{value}]",
        filters={"twice": lambda value: value * 2},
        tests={"odd_number": lambda value: value % 2 == 1},
    )
    assert template.render() == "[aa] [True]"


def test_a_file_is_read_once(tmp_path: Path) -> None:
    path = written(tmp_path, "first")
    assert read_asset(path) == "first"
    path.write_text("second", encoding="utf-8")
    assert read_asset(path) == "first"
