# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the fields of one JSON object strictly."""

from __future__ import annotations

from typing import Any

from .errors import AuditError


class LineFields:
    """The fields of one JSON object. Equal texts are kept once, since the hosts of a fleet have many in common.

    Args:
        values: the object.
        place: where it is, for messages.
        texts: the texts so far.
    """

    __slots__ = ("_place", "_texts", "_values")

    def __init__(self, values: dict[str, Any], place: str, texts: dict[str, str]) -> None:
        self._values = values
        self._place = place
        self._texts = texts

    def error(self, text: str) -> AuditError:
        """An error that names the place."""
        return AuditError(f"{self._place}: {text}")

    def text(self, key: str) -> str:
        """Text."""
        value = self._values.get(key)
        if not isinstance(value, str):
            raise self.error(f"{key} must be text")
        return self._texts.setdefault(value, value)

    def optional_text(self, key: str) -> str | None:
        """Text, or None."""
        return None if self._values.get(key) is None else self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty if there is none."""
        values = self._list(key)
        if not all(isinstance(value, str) for value in values):
            raise self.error(f"{key} must be a list of texts")
        return tuple(self._texts.setdefault(value, value) for value in values)

    def flag(self, key: str) -> bool | None:
        """True, false or None."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(f"{key} must be true or false")
        return value

    def number(self, key: str) -> float:
        """A number; 0 if there is none."""
        value = self._values.get(key) or 0
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
            raise self.error(f"{key} must be a number that is not negative")
        return value

    def optional_number(self, key: str) -> float | None:
        """A number, or None."""
        return None if self._values.get(key) is None else self.number(key)

    def record(self, key: str) -> LineFields:
        """The fields of an object."""
        found = self.optional_record(key)
        if found is None:
            raise self.error(f"{key} is missing")
        return found

    def optional_record(self, key: str) -> LineFields | None:
        """The fields of an object, or None."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(f"{key} must be an object")
        return LineFields(value, f"{self._place}, {key}", self._texts)

    def records(self, key: str) -> list[LineFields]:
        """The fields of each object of a list."""
        values = self._list(key)
        if not all(isinstance(value, dict) for value in values):
            raise self.error(f"{key} must be a list of objects")
        return [
            LineFields(value, f"{self._place}, {key} {number}", self._texts)
            for number, value in enumerate(values, start=1)
        ]

    def _list(self, key: str) -> list[Any]:
        values = self._values.get(key)
        if values is None:
            return []
        if not isinstance(values, list):
            raise self.error(f"{key} must be a list")
        return values
