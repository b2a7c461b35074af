# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of WQL that the lab understands: ``SELECT * | names FROM Class [WHERE name = literal [AND …]]``.

Anything else is refused, as an invalid query. Literals are quoted with ' or "; inside them a backslash escapes the
next character, so a backslash is written twice (learn.microsoft.com, "WQL (SQL for WMI)" and "WHERE Clause").
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
    """A parsed query; ``properties`` is None for ``*``."""

    class_name: str
    properties: tuple[str, ...] | None
    conditions: tuple[tuple[str, Literal], ...]


def parse(text: str) -> Query:
    """Parse a query; raises BadQuery."""
    if len(text) > MAX_LENGTH:
        raise BadQuery(f"longer than {MAX_LENGTH} characters")
    tokens = _Tokens(text)
    tokens.keyword("SELECT")
    properties = None if tokens.symbol("*") else tuple(_names(tokens))
    tokens.keyword("FROM")
    class_name = tokens.word()
    conditions: list[tuple[str, Literal]] = []
    if tokens.more():
        tokens.keyword("WHERE")
        conditions.append(_condition(tokens))
        while tokens.more():
            tokens.keyword("AND")
            conditions.append(_condition(tokens))
    return Query(class_name, properties, tuple(conditions))


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
