# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of the values in a plan and in a record.

A digest shows that a file was not edited. It does not show that its values have the right types. The shapes here follow
plan.schema.json and record.schema.json, which describe the same for other programs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..hierarchy.fields import kind_of, quoted

Shape = Callable[[object, str], None]
"""Checks a JSON value. The second argument is the place of the value, for the message."""


class Malformed(ValueError):
    """A value has the wrong type or form. The message has its place and what it must be."""


def text(pattern: str = ".*", what: str = "text") -> Shape:
    """Text that Unicode can encode, and that matches the pattern as a whole."""
    whole = re.compile(pattern, re.ASCII | re.DOTALL)

    def check(value: object, where: str) -> None:
        if not isinstance(value, str):
            raise Malformed(f"{where} must be {what}, but it is {kind_of(value)}")
        # JSON can have a lone surrogate (\ud800), which no file name, no account and no message to a server can hold.
        if not whole.fullmatch(value) or any("\ud800" <= each <= "\udfff" for each in value):
            raise Malformed(f"{where} must be {what}, but it is {quoted(value)}")

    return check


def flag(value: object, where: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise Malformed(f"{where} must be true or false, but it is {kind_of(value)}")


def one_of(*values: str | int) -> Shape:
    """One of these values, of the same type: neither true nor 1.0 is 1."""
    wanted = " or ".join(map(str, values))

    def check(value: object, where: str) -> None:
        if not any(type(value) is type(each) and value == each for each in values):
            raise Malformed(f"{where} must be {wanted}, but it is {quoted(value)}")

    return check


def nothing(value: object, where: str) -> None:
    """Null."""
    if value is not None:
        raise Malformed(f"{where} must be null, but it is {kind_of(value)}")


def nullable(shape: Shape) -> Shape:
    """Null, or a value of the shape."""

    def check(value: object, where: str) -> None:
        if value is not None:
            shape(value, where)

    return check


def list_of(shape: Shape) -> Shape:
    """A list whose items have the shape."""

    def check(value: object, where: str) -> None:
        if not isinstance(value, list):
            raise Malformed(f"{where} must be a list, but it is {kind_of(value)}")
        for number, item in enumerate(value, start=1):
            shape(item, f"{where}, item {number}")

    return check


def dictionary_of(key_shape: Shape, shape: Shape) -> Shape:
    """An object with keys of one shape and values of another."""

    def check(value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise Malformed(f"{where} must be an object, but it is {kind_of(value)}")
        for key, item in value.items():
            key_shape(key, f"a key of {where}")
            shape(item, f"{where}, {quoted(key)}")

    return check


def object_of(shapes: dict[str, Shape]) -> Shape:
    """An object with exactly these keys."""

    def check(value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise Malformed(f"{where} must be an object, but it is {kind_of(value)}")
        if value.keys() != shapes.keys():
            odd = sorted(map(str, value.keys() ^ shapes.keys()))[0]
            raise Malformed(f"{where} {'lacks' if odd in shapes else 'has an unknown key,'} {quoted(odd)}")
        for key, shape in shapes.items():
            shape(value[key], f"{where}, {key}")

    return check


TEXT = text()
NAME = text(".+", "text that is not empty")
TIME = text(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z", "a time like 2026-11-23T08:00:00.000Z")
DIGEST = text(r"sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits")
SID = text(r"S-1-(\d+|0x[0-9A-F]+)(-\d+)*", "a SID")
CHANGE_ID = text(
    "[A-Za-z0-9]([A-Za-z0-9._#: -]{0,98}[A-Za-z0-9])?",
    "a change number (letters A to Z, digits, spaces and . _ - # :, a letter or digit at both ends)",
)
"""A change number. It names files, so it is never a path or an option, and a file system can hold it."""
_TEXTS = list_of(TEXT)

_ACCOUNT: dict[str, Shape] = {"name": TEXT, "sid": SID}
_ACCOUNTS = list_of(object_of(_ACCOUNT))
_DIRECTORY: dict[str, Shape] = {
    "path": TEXT,
    "before": TEXT,
    "after": TEXT,
    "edits": list_of(text(r"[-+~] .*", "a line that begins with +, - or ~ and a space")),
}
_ACCESS = object_of({"share": TEXT, "directory": TEXT, "satisfied": flag})
_SECTION: dict[str, Shape] = {
    "status": TEXT,
    "message": nullable(TEXT),
    "site": nullable(TEXT),
    "product": nullable(TEXT),
    "directory": nothing,
    "share": nothing,
    "group": nothing,
    "grants": list_of(
        object_of(
            {
                **_ACCOUNT,
                "account": TEXT,
                "reasons": _TEXTS,
                "access_before": _ACCESS,
                "access_after": _ACCESS,
            }
        )
    ),
    "findings": list_of(
        object_of(
            {
                "id": TEXT,
                "severity": one_of("error", "warning", "info"),
                "site": TEXT,
                "evidence": TEXT,
                "advice": TEXT,
                "source": TEXT,
            }
        )
    ),
    "warnings": _TEXTS,
}
_PLANNED = object_of(
    {
        **_SECTION,
        "status": one_of("planned"),
        "directory": object_of(_DIRECTORY),
        "share": object_of({**_DIRECTORY, "name": NAME}),
        "group": nullable(object_of({**_ACCOUNT, "members": _ACCOUNTS, "add": _ACCOUNTS, "missing": _ACCOUNTS})),
    }
)
_NOT_PLANNED = object_of({**_SECTION, "status": one_of("planned", "nothing_owed", "unreachable", "error")})


def section(value: object, where: str) -> None:
    """A host's section of a plan."""
    planned = isinstance(value, dict) and value.get("status") == "planned"
    (_PLANNED if planned else _NOT_PLANNED)(value, where)


_MEMBER = object_of(
    {"kind": one_of("member"), "name": TEXT, "group": object_of(_ACCOUNT), "account": object_of(_ACCOUNT)}
)
_WRITTEN = object_of({"kind": one_of("share", "directory", "member"), "name": TEXT})


def _event_object(value: object, where: str) -> None:
    """The object of an event."""
    is_member = isinstance(value, dict) and value.get("kind") == "member"
    (_MEMBER if is_member else _WRITTEN)(value, where)


EVENT: dict[str, Shape] = {
    "time": TIME,
    "action": one_of("apply", "rollback"),
    "change_id": TEXT,
    "digest": DIGEST,
    "approval": object_of(
        {"digest": flag, "signer": nullable(TEXT), "key": nullable(TEXT), "approver": nullable(TEXT)}
    ),
    "who": object_of({"user": TEXT, "controller": TEXT, "connection": nullable(TEXT)}),
    "host": TEXT,
    "object": nullable(_event_object),
    "before": nullable(TEXT),
    "after": nullable(TEXT),
    "message": nullable(TEXT),
}
"""The keys of a line of a record, except those that `changes` adds: format, version and event."""
