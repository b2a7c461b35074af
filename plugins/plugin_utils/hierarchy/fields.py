# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the fields of a description and reports mistakes in a form that users can correct."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeGuard

from .accounts import account_problem
from .servers import server_problem

Path = tuple[str | int, ...]
"""The place in a description: keys and positions, from the outermost to the innermost."""

_SITE_CODE = re.compile("[A-Z0-9]{3}", re.IGNORECASE | re.ASCII)

# SMS creates directories with site codes as names: Microsoft KB Q182420 (SMS 1.x, 2.0) and 279868 (later products).
_RESERVED_CODES = frozenset({"AUX", "CON", "NUL", "PRN"})

# A NetBIOS or a DNS name: Microsoft Learn, "Naming conventions in Active Directory for computers, domains, sites, and
# OUs", which also gives the length.
_DOMAIN = re.compile(r"[^\\/:*?\"<>|@,~!#$%^&'(){}\s]{1,255}")

# Limits for input in a message: characters of a text, items of a list.
_SHOWN_CHARACTERS = 60
SHOWN_ITEMS = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake and its place."""

    text: str
    path: Path = ()


class HierarchyError(ValueError):
    """A description that cannot be used; ``errors`` contains one sentence for each mistake."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        self.errors = tuple(problem.text for problem in self.problems)
        super().__init__("\n".join(self.errors))


class Fields:
    """Reads the fields of one dictionary. A mistake is reported, and the value is the empty string or None.

    A field without a value (null) counts as missing. ``advice`` makes a field mandatory: the error about a missing
    field contains it.
    """

    def __init__(self, values: Mapping[object, object], place: str, path: Path, problems: list[Problem]) -> None:
        self._values = values
        self._problems = problems
        self._path = path
        self.place = place

    def refuse(self, problem: str, key: object = None) -> None:
        """Report a problem with the value of that key, or with the whole dictionary."""
        path = self._path if key is None else (*self._path, key if isinstance(key, (str, int)) else str(key))
        self._problems.append(Problem(f"{self.place}: {problem}.", path))

    def refuse_unknown(self, known: Sequence[str]) -> None:
        """Report unknown keys."""
        for key in self._values:
            if key not in known:
                hint = did_you_mean(key, known) or f"; the keys are {', '.join(known)}"
                self.refuse(f"unknown key {quoted(key)}{hint}", key)

    def has(self, key: str) -> bool:
        """Whether the key has a value."""
        return self._values.get(key) is not None

    def text(self, key: str, advice: str = "") -> str:
        """A line of text."""
        return self._text(key, self._values.get(key), advice)

    def _text(self, key: str, value: object, advice: str = "") -> str:
        if value is None:
            if advice:
                self.refuse(f"{key} is missing; {advice}")
        elif not isinstance(value, str):
            quote = "; put it in quotes" if isinstance(value, (bool, int, float)) else ""
            self.refuse(f"{key} must be text, but it is {kind_of(value)}{quote}", key)
        elif not value.strip():
            self.refuse(f"{key} is blank; {advice or 'give it a value or remove it'}", key)
        elif value != value.strip() or not value.isprintable():
            self.refuse(f"{key} {quoted(value)} starts or ends with a space or contains a control character", key)
        else:
            return value
        return ""

    def code(self, key: str, advice: str = "") -> str:
        """A site code, in upper case."""
        value = self.text(key, advice)
        if value and not _SITE_CODE.fullmatch(value):
            malformed = f"{key} {quoted(value)} is malformed"
            self.refuse(f"{malformed}; a site code is exactly 3 characters, A to Z and 0 to 9", key)
            return ""
        code = value.upper()
        if code in _RESERVED_CODES:
            self.refuse(f"{key} {quoted(value)} is a reserved device name of Windows; it cannot be a site code", key)
            return ""
        return code

    def parent(self, key: str) -> str:
        """The code of one site."""
        value = self._values.get(key)
        if not is_list(value):
            return self.code(key)
        if len(value) > 1:
            parents = listed([quoted(item) for item in value])
            self.refuse(f"{len(value)} parents ({parents}); a site reports to one parent, so keep one", key)
        else:
            self.refuse(f"{key} must be one site code, not a list", key)
        return ""

    def account(self, key: str, advice: str = "") -> str:
        """The name of a Windows account."""
        value = self._values.get(key)
        if not isinstance(value, str) or not value.strip():
            return self.text(key, advice)
        if problem := account_problem(value):
            self.refuse(f"{key} {quoted(value)} {problem}", key)
            return ""
        return value

    def server(self, key: str, advice: str = "") -> str:
        """The name of a site server in the inventory."""
        value = self.text(key, advice)
        if value and (problem := server_problem(value)):
            self.refuse(f"{key} {quoted(value)} {problem}", key)
            return ""
        return value

    def domain(self, key: str) -> str:
        """The name of a domain."""
        return self._domain(key, self.text(key))

    def _domain(self, key: str, value: str) -> str:
        if value and not _DOMAIN.fullmatch(value):
            self.refuse(f"{key} {quoted(value)} is not a domain name; write CORP or corp.example", key)
            return ""
        return value

    def domains(self, key: str) -> tuple[str, ...] | None:
        """Domain names; None if the key has no value."""
        names = self.texts(key)
        return None if names is None else tuple(filter(None, (self._domain(key, name) for name in names)))

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Lines of text; None if the key has no value."""
        value = self._values.get(key)
        if value is None:
            return None
        if not is_list(value):
            self.refuse(f"{key} must be a list, but it is {kind_of(value)}", key)
            return ()
        return tuple(filter(None, (self._text(key, item, "give it a value or remove it") for item in value)))

    def flag(self, key: str) -> bool | None:
        """True or false; None if the key has no value."""
        value = self._values.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.refuse(f"{key} must be true or false, but it is {kind_of(value)}", key)
        return None

    def mapping(self, key: str) -> Fields | None:
        """The fields of a nested dictionary; None if the key has no value."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.refuse(f"{key} must be a dictionary, but it is {kind_of(value)}", key)
            return None
        return Fields(value, f"{self.place}, {key}", (*self._path, key), self._problems)

    def choice(self, key: str, known: Iterable[str], word: str, words: str, advice: str = "") -> str:
        """One of the known words, or the empty string."""
        value = self.text(key, advice)
        if value and value not in (known := tuple(known)):
            hint = did_you_mean(value, known) or f"; {words} {', '.join(known)}"
            self.refuse(f"unknown {word} {quoted(value)}{hint}", key)
            return ""
        return value

    def address_type(self, key: str, known: Sequence[str]) -> str:
        """One of the known words in upper case. The default is the first."""
        value = self.text(key).upper() or known[0]
        if value not in known:
            hint = did_you_mean(value, known) or f"; the types are {', '.join(known)}"
            self.refuse(f"unknown address type {quoted(value)}{hint}", key)
        return value


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Whether the value is a list or a tuple."""
    return isinstance(value, (list, tuple))


def listed(items: Sequence[str], separator: str = ", ") -> str:
    """Return the items for a message, limited in number."""
    if len(items) <= SHOWN_ITEMS:
        return separator.join(items)
    return separator.join([*items[:SHOWN_ITEMS], f"... {len(items)} in all"])


def did_you_mean(value: object, known: Iterable[str]) -> str:
    """Return a hint with the known word most similar to ``value``, or the empty string."""
    # The comparison is quadratic in the length, so a long value is cut first.
    words = {word.lower(): word for word in known}
    close = get_close_matches(str(value)[:_SHOWN_CHARACTERS].lower(), words, n=1)
    return f" (did you mean '{words[close[0]]}'?)" if close else ""


def quoted(value: object) -> str:
    """Return input for a message: on one line, in quotes, limited in length."""
    text = str(value)
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text[:_SHOWN_CHARACTERS])
    return f"'{shown}'" if len(text) <= _SHOWN_CHARACTERS else f"'{shown}...'"


def kind_of(value: object) -> str:
    """Return the name of the value's type for a message."""
    if value is None:
        return "empty"
    for types, name in (
        (str, "text"),
        (bool, "a truth value"),
        ((int, float), "a number"),
        (Mapping, "a dictionary"),
        ((list, tuple), "a list"),
    ):
        if isinstance(value, types):
            return name
    return f"a {type(value).__name__}"
