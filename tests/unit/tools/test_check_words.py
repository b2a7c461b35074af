# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check for words that the texts do not use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.check_words import WORDS, Found, Rules, banned_words, main, read_rules

RULES = Rules({"told": "reported", "carried out": "executed", "of which": "a new sentence"}, ("as told",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The server told us.", [Found(1, "told", "reported")]),
        ("one\n\ntwo\nTold", [Found(4, "told", "reported")]),
        ("It was carried\n    out.", [Found(1, "carried out", "executed")]),
        ("# It was carried\n# out, and told", [Found(1, "carried out", "executed"), Found(2, "told", "reported")]),
        ('"which is carried "\n"out"', [Found(1, "carried out", "executed")]),
        ("def f(told: str) -> str:", [Found(1, "told", "reported")]),
        ("many, of\nwhich two", [Found(1, "of which", "a new sentence")]),
    ],
)
def test_finds_a_word_and_its_line(text: str, expected: list[Found]) -> None:
    assert list(banned_words(text, RULES)) == expected


@pytest.mark.parametrize(
    "text", ["untold", "told_by", "x_told", "carried outside", "carry out", "as told", "As\ntold", "which of"]
)
def test_leaves_other_words_alone(text: str) -> None:
    assert list(banned_words(text, RULES)) == []


def test_an_allowed_phrase_ends_where_it_ends() -> None:
    assert list(banned_words("as told and told", RULES)) == [Found(1, "told", "reported")]


def test_a_method_of_a_file_is_no_text() -> None:
    rules = Rules({"tell": "report"})
    assert list(banned_words("at = file.tell()", rules)) == []
    assert [found.line for found in banned_words("tell(x)\n.tell", rules)] == [1, 2]


def test_reads_the_list() -> None:
    rules = read_rules("# a comment\n\nTell,  carried   out : report  # the reason\nallow nothing Owed # a state\n")
    assert rules == Rules({"tell": "report", "carried out": "report"}, ("nothing owed",))


@pytest.mark.parametrize("text", ["tell", "tell:", "tell, : x", ": x", "tell: x\ntell: y"])
def test_refuses_a_line_that_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match="of the word list"):
        read_rules(text)


def test_the_list_of_this_collection_has_the_words_of_the_style_guide() -> None:
    rules = read_rules(WORDS.read_text(encoding="utf-8"))
    assert {"door", "told", "says", "owes", "honest", "whom", "of which", "but for", "carry out"} <= set(rules.instead)


def test_prints_each_word_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "below" / "__pycache__").mkdir(parents=True)
    (tmp_path / "below" / "__pycache__" / "a.pyc").write_bytes(b"\xff told")
    (tmp_path / "below" / "a.md").write_text("fine\nhonest\n")
    (tmp_path / "b.yml").write_text("fine\n")
    assert main([str(tmp_path)]) == 1
    instead = read_rules(WORDS.read_text(encoding="utf-8")).instead["honest"]
    assert capsys.readouterr().out == f"{tmp_path}/below/a.md:2: honest -> use {instead}\n"
    assert main(["--count", str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"{tmp_path}/below/a.md: 1\n"
    assert main([str(tmp_path / "b.yml")]) == 0
    assert capsys.readouterr().out == ""


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        main([str(tmp_path / "missing")])
