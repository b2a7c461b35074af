# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan file: one JSON document of a head, whose digest is approved, and a section for each host.

The head has the change number and the digest of each host's section. So the digest of the head covers the whole plan.
To apply the section of one host, only the head and that section are read and checked, not those of thousands of other
hosts.

A digest is `sha256:` and the SHA-256 in hexadecimal over the canonical form: JSON, keys sorted by code point, no white
space between tokens, UTF-8, and escapes only for quotes, backslashes and control characters. Head and sections are in
the file in this form, each section on a line of its own, so that a digest is computed over the bytes that were read:

    {"digest":"sha256:…","head":{…,"sections":{"host":"sha256:…",…},…},"hosts":{
    "host":{…},
    …
    }}
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ..enforcement import EnforcementError
from ..files import open_to_read, replace_file
from ..hierarchy.fields import quoted
from . import shapes

FORMAT = "sitekeeper.sms/change-plan"
VERSION = 2
MAX_PLAN = 512 * 1024 * 1024
"""Longest plan file that is read, in bytes; 6,000 hosts take about 7 MB."""

_HEAD = shapes.object_of(
    {
        "format": shapes.one_of(FORMAT),
        "version": shapes.one_of(VERSION),
        "change_id": shapes.CHANGE_ID,
        "created": shapes.TIME,
        "collection": shapes.TEXT,
        "ansible": shapes.TEXT,
        "sections": shapes.dictionary_of(shapes.NAME, shapes.DIGEST),
    }
)
_START = re.compile(rb'\{"digest":"(sha256:[0-9a-f]{64})","head":')
_END_OF_HEAD = b',"hosts":{\n'
_END = b"}}\n"
_ANEW = "Make a new plan and have it approved"


class ChangeError(EnforcementError):
    """A plan, approval or record cannot be used. The message has the reason and the next step."""


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A plan file whose head has the stated digest. Each section is checked when it is read.

    Attributes:
        path: the path of the file.
        head: the approved part: the change number, and the digests of the sections.
        digest: the digest of the head, `sha256:` and 64 hexadecimal digits.
    """

    path: str
    head: Mapping[str, Any] = field(repr=False)
    digest: str

    @property
    def change_id(self) -> str:
        """The change number."""
        return str(self.head["change_id"])

    @property
    def sections(self) -> Mapping[str, str]:
        """The digest of each host's section."""
        digests: Mapping[str, str] = self.head["sections"]
        return digests

    def section(self, host: str) -> Mapping[str, Any] | None:
        """The section of a host; None if the plan has none.

        Raises:
            ChangeError: the file cannot be read, or the section was edited after it was made.
        """
        if host not in self.sections:
            return None
        start = canonical(host) + b":"
        with _opened(self.path) as stream:
            for line in stream:
                if line.startswith(start):
                    return self._checked(host, line[len(start) :])
        raise self._edited(f"its section of {host} is missing")

    def hosts(self) -> dict[str, Any]:
        """All sections, by host.

        Raises:
            ChangeError: as for `section`; or the file has something else in it.
        """
        with _opened(self.path) as stream:
            lines = stream.readlines()
        names = sorted(self.sections)
        if len(lines) != len(names) + 2 or lines[-1] != _END:
            raise self._edited("it has other sections than its head lists")
        found = {}
        for host, line in zip(names, lines[1:-1], strict=True):
            start = canonical(host) + b":"
            if not line.startswith(start):
                raise self._edited(f"its section of {host} is not in its place")
            found[host] = self._checked(host, line[len(start) :])
        return found

    def _checked(self, host: str, line: bytes) -> Mapping[str, Any]:
        text = line.rstrip(b"\n").removesuffix(b",")
        if _digest(text) != self.sections[host]:
            raise self._edited(f"its section of {host} has another digest than its head lists")
        found = _object(self.path, text)
        try:
            shapes.section(found, "it")
        except shapes.Malformed as error:
            raise ChangeError(f"{self.path}: the plan's section of {host} cannot be used: {error}. {_ANEW}") from None
        return found

    def _edited(self, how: str) -> ChangeError:
        return ChangeError(f"{self.path} was edited after it was made: {how}. {_ANEW}")


def canonical(value: Any) -> bytes:
    """The canonical form of a value, over which its digest is computed."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest_of(value: Any) -> str:
    """The digest of a value's canonical form."""
    return _digest(canonical(value))


def checked_change_id(change_id: str) -> str:
    """Check a change number, and return it. It names files, so it is checked before any path is used.

    Raises:
        ChangeError: it is not valid.
    """
    try:
        shapes.CHANGE_ID(change_id, "it")
    except shapes.Malformed:
        raise ChangeError(
            f"change_id: {quoted(change_id)} is not a valid change number. Use letters (A to Z), digits, spaces and "
            ". _ - # :, a letter or digit at both ends, and at most 100 characters. It names the files of the change"
        ) from None
    return change_id


def make_document(
    change_id: str, created: str, versions: Mapping[str, str], hosts: Mapping[str, Any]
) -> dict[str, Any]:
    """Make a plan with its digests.

    Args:
        change_id: the change number that the change board uses.
        created: when it was made, UTC, ISO 8601.
        versions: the versions of `collection` and `ansible`.
        hosts: the section of each host.

    Raises:
        ChangeError: the change number or a section is not valid.
    """
    checked_change_id(change_id)
    for host, section in hosts.items():
        try:
            shapes.section(section, "it")
        except shapes.Malformed as error:
            raise ChangeError(f"{host}: the section of this host is not valid: {error}") from None
    head = {
        "format": FORMAT,
        "version": VERSION,
        "change_id": change_id,
        "created": created,
        "collection": versions["collection"],
        "ansible": versions["ansible"],
        "sections": {host: digest_of(section) for host, section in hosts.items()},
    }
    return {"digest": digest_of(head), "head": head, "hosts": dict(hosts)}


def write_document(path: Path, document: Mapping[str, Any], *, check_mode: bool = False) -> None:
    """Write a plan in its canonical form, whole or not at all. With `check_mode`, only check the path.

    Raises:
        ChangeError: it cannot be written.
    """
    first = b'{"digest":' + canonical(document["digest"]) + b',"head":' + canonical(document["head"]) + _END_OF_HEAD
    sections = [canonical(host) + b":" + canonical(section) for host, section in sorted(document["hosts"].items())]
    lines = [*(section + b",\n" for section in sections[:-1]), *(section + b"\n" for section in sections[-1:])]
    write_file(path, b"".join([first, *lines, _END]), check_mode=check_mode)


def write_file(path: Path, content: bytes, *, check_mode: bool = False) -> None:
    """Call `replace_file`, and make a sentence of its error. With `check_mode`, only check the path.

    Raises:
        ChangeError: the file cannot be written.
    """
    try:
        replace_file(path, [content], check_mode=check_mode)
    except OSError as error:
        raise ChangeError(f"{path} cannot be written: {error.strerror or error}") from None


def read_document(path: Path) -> PlanDocument:
    """Read the head of a plan and compare its digest with its content.

    Raises:
        ChangeError: the file cannot be read, is not a plan, or was edited after it was made.
    """
    with _opened(path) as stream:
        line = stream.readline()
    start = _START.match(line)
    if not start or not line.endswith(_END_OF_HEAD):
        raise ChangeError(
            f"{path} is not a plan, or another program has changed its layout: its first line is not that of a plan of "
            f"version {VERSION}. Use the file as change_plan_file wrote it"
        )
    text = line[start.end() : -len(_END_OF_HEAD)]
    head = _object(path, text)
    if head.get("format") != FORMAT:
        raise ChangeError(f"{path} is not a plan: its format is not {FORMAT}")
    if head.get("version") != VERSION:
        raise ChangeError(
            f"{path} is a plan of version {head.get('version')!r}; this collection reads version {VERSION}. Use the "
            "version of the collection that made it, or make a new plan"
        )
    stated, computed = start[1].decode(), _digest(text)
    if stated != computed:
        raise ChangeError(
            f"{path} was edited after it was made: its stated digest is {stated}, but the digest of its content is "
            f"{computed}. {_ANEW}"
        )
    try:
        _HEAD(head, "its head")
    except shapes.Malformed as error:
        raise ChangeError(f"{path} is not a plan of version {VERSION}: {error}") from None
    return PlanDocument(str(path), head, computed)


def summary_of(hosts: Mapping[str, Any]) -> dict[str, Any]:
    """The number of hosts in a plan, and which of them it changes, which lack members, and which could not be read."""
    states = Counter(str(section["status"]) for section in hosts.values())
    changing = {name for name, section in hosts.items() if is_changing(section)}
    lacking = {name for name, section in hosts.items() if is_lacking_members(section)}
    return {
        "hosts": len(hosts),
        "changing": sorted(changing),
        "lacking_members": sorted(lacking),
        "unchanged": states["planned"] + states["nothing_owed"] - len(changing | lacking),
        "not_read": sorted(name for name, section in hosts.items() if section["status"] in ("unreachable", "error")),
    }


def is_changing(section: Mapping[str, Any]) -> bool:
    """Whether something is to be written on the host of a section."""
    if section["status"] != "planned":
        return False
    objects = (section["directory"], section["share"])
    group = section["group"]
    return any(each["before"] != each["after"] for each in objects) or bool(group and group["add"])


def is_lacking_members(section: Mapping[str, Any]) -> bool:
    """Whether accounts are not members of the group, and the change does not add them. They get no access."""
    return bool(section["group"] and section["group"]["missing"])


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@contextmanager
def _opened(path: Path | str) -> Iterator[BinaryIO]:
    try:
        with open_to_read(path) as stream:
            if os.fstat(stream.fileno()).st_size > MAX_PLAN:
                raise ChangeError(f"{path} is not a plan: it is larger than {MAX_PLAN} bytes")
            yield stream
    except OSError as error:
        raise ChangeError(f"the plan {path} cannot be read on the controller: {error.strerror or error}") from None


def _object(path: Path | str, text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ChangeError(f"{path} is not a plan: {error}") from None
    if not isinstance(found, dict):
        raise ChangeError(f"{path} is not a plan: it has another value where a JSON object is required")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that is there twice: a person could read one value, and a program the other."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is there twice in one object")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
