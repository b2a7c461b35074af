# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of WQL that the lab understands.

``SELECT * | names FROM Class [WHERE name = literal [AND … | OR …]]``, and ``ASSOCIATORS OF {object path} WHERE
keywords`` (learn.microsoft.com, "ASSOCIATORS OF Statement"). AND and OR are not mixed. Anything else is refused, as an
invalid query. Literals are quoted with ' or "; inside them a backslash escapes the next character, so a backslash is
written twice (learn.microsoft.com, "WQL (SQL for WMI)" and "WHERE Clause").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<number>-?\d{1,20})|(?P<symbol>[*,=]))""",
    re.ASCII | re.DOTALL,
)
MAX_LENGTH = 16_384

Literal = str | int | bool | None


class BadQuery(ValueError):
    """Not a query of the subset."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed SELECT; ``properties`` is None for ``*``. With ``either`` one of the conditions is enough."""

    class_name: str
    properties: tuple[str, ...] | None
    conditions: tuple[tuple[str, Literal], ...]
    either: bool = False


@dataclass(frozen=True, slots=True)
class Associators:
    """A parsed ASSOCIATORS OF; None for a keyword that was not given."""

    source: str
    """The object path between the braces."""
    assoc_class: str | None = None
    role: str | None = None
    result_role: str | None = None
    result_class: str | None = None


_ASSOCIATORS = re.compile(
    r"""\s*ASSOCIATORS\s+OF\s*\{(?P<path>(?:[^{}'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*)\}(?P<rest>.*)""",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)
_KEYWORDS = {
    "assocclass": "assoc_class",
    "role": "role",
    "resultrole": "result_role",
    "resultclass": "result_class",
}


def statement(text: str) -> Query | Associators:
    """Parse either statement; raises BadQuery."""
    return parse_associators(text) if text.lstrip()[:11].upper() == "ASSOCIATORS" else parse(text)


def parse_associators(text: str) -> Associators:
    """Parse an ASSOCIATORS OF, whose keywords are separated by blanks alone; raises BadQuery."""
    if len(text) > MAX_LENGTH:
        raise BadQuery(f"longer than {MAX_LENGTH} characters")
    match = _ASSOCIATORS.fullmatch(text)
    if match is None:
        raise BadQuery("ASSOCIATORS OF {object path} was expected")
    tokens = _Tokens(match["rest"])
    found: dict[str, str] = {}
    if tokens.more():
        tokens.keyword("WHERE")
        while not found or tokens.more():
            word = tokens.word()
            name = _KEYWORDS.get(word.lower())
            if name is None or name in found or not tokens.symbol("="):
                raise BadQuery(f"{word[:40]!r} was not expected")
            found[name] = tokens.word()
    return Associators(match["path"].strip(), **found)


def parse(text: str) -> Query:
    """Parse a SELECT; raises BadQuery."""
    if len(text) > MAX_LENGTH:
        raise BadQuery(f"longer than {MAX_LENGTH} characters")
    tokens = _Tokens(text)
    tokens.keyword("SELECT")
    properties = None if tokens.symbol("*") else tuple(_names(tokens))
    tokens.keyword("FROM")
    class_name = tokens.word()
    conditions: list[tuple[str, Literal]] = []
    joined = ""
    if tokens.more():
        tokens.keyword("WHERE")
        conditions.append(_condition(tokens))
        while tokens.more():
            joined = tokens.one_of((joined,) if joined else ("AND", "OR"))
            conditions.append(_condition(tokens))
    return Query(class_name, properties, tuple(conditions), either=joined == "OR")


def _names(tokens: _Tokens) -> list[str]:
    names = [tokens.word()]
    while tokens.symbol(","):
        names.append(tokens.word())
    return names


def _condition(tokens: _Tokens) -> tuple[str, Literal]:
    name = tokens.word()
    if not tokens.symbol("="):
        raise BadQuery(f"only '=' is understood after {name}")
    return name, tokens.literal()


class _Tokens:
    """The query's tokens, read one by one."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        position, text = 0, text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if not match:
                raise BadQuery(f"unexpected text at {text[position : position + 20]!r}")
            kind = match.lastgroup or ""
            self._tokens.append((kind, match[kind]))
            position = match.end()

    def more(self) -> bool:
        return self._at < len(self._tokens)

    def keyword(self, expected: str) -> None:
        if self.word().upper() != expected:
            raise BadQuery(f"{expected} was expected")

    def one_of(self, expected: tuple[str, ...]) -> str:
        word = self.word().upper()
        if word not in expected:
            raise BadQuery(f"{' or '.join(expected)} was expected")
        return word

    def word(self) -> str:
        kind, value = self._next()
        if kind != "word":
            raise BadQuery(f"a name was expected, not {value[:40]!r}")
        return value

    def symbol(self, symbol: str) -> bool:
        """Take the symbol if it comes next."""
        if self.more() and self._tokens[self._at] == ("symbol", symbol):
            self._at += 1
            return True
        return False

    def literal(self) -> Literal:
        kind, value = self._next()
        if kind == "string":
            return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
        if kind == "number":
            return int(value)
        constants: dict[str, Literal] = {"TRUE": True, "FALSE": False, "NULL": None}
        if kind == "word" and value.upper() in constants:
            return constants[value.upper()]
        raise BadQuery(f"a literal was expected, not {value[:40]!r}")

    def _next(self) -> tuple[str, str]:
        if not self.more():
            raise BadQuery("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]
