# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan file: one JSON document of a head, whose digest is approved, and a section for each host.

The head says which change it is, and has the digest of each host's section. So the digest of the head alone is that of
the whole plan, and whoever carries out one host's section reads and checks the head and that section, and not those of
thousands of other hosts.

A digest is `sha256:` and the SHA-256 in hexadecimal over the canonical form: JSON, keys sorted by code point, no white
space between tokens, UTF-8 without escapes for anything but quotes, backslashes and control characters. The file has
head and sections in just that form, each section in a line of its own, so that the bytes that are read are checked:

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
_ANEW = "Make a new plan and have that approved"


class ChangeError(EnforcementError):
    """A plan, approval or record cannot be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A plan file whose digest is that of its head. Sections are checked as they are read.

    Attributes:
        path: where it was read.
        head: what is approved: which change it is, and the digests of the sections.
        digest: of the head, `sha256:` and 64 hexadecimal digits.
    """

    path: str
    head: Mapping[str, Any] = field(repr=False)
    digest: str

    @property
    def change_id(self) -> str:
        """The number of the change."""
        return str(self.head["change_id"])

    @property
    def sections(self) -> Mapping[str, str]:
        """The digest of each host's section."""
        digests: Mapping[str, str] = self.head["sections"]
        return digests

    def section(self, host: str) -> Mapping[str, Any] | None:
        """What is planned for a host; None if the plan has nothing of it.

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
        """What is planned, by host.

        Raises:
            ChangeError: the same; or there is something else in the file.
        """
        with _opened(self.path) as stream:
            lines = stream.readlines()
        names = sorted(self.sections)
        if len(lines) != len(names) + 2 or lines[-1] != _END:
            raise self._edited("it has other sections than its head says")
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
            raise self._edited(f"its section of {host} has another digest than its head says")
        found = _object(self.path, text)
        try:
            shapes.section(found, "it")
        except shapes.Malformed as error:
            raise ChangeError(f"{self.path}: the plan's section of {host} cannot be used: {error}. {_ANEW}") from None
        return found

    def _edited(self, how: str) -> ChangeError:
        return ChangeError(f"{self.path} was edited after it was made: {how}. {_ANEW}")


def canonical(value: Any) -> bytes:
    """The bytes that a digest is over."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest_of(value: Any) -> str:
    """The digest of a value's canonical form."""
    return _digest(canonical(value))


def checked_change_id(change_id: str) -> str:
    """The same, if it is the number of a change. It names files, so it is checked before any path is used.

    Raises:
        ChangeError: it is none.
    """
    try:
        shapes.CHANGE_ID(change_id, "it")
    except shapes.Malformed:
        raise ChangeError(
            f"change_id: {quoted(change_id)} is no number of a change; use letters (A to Z), digits, spaces and "
            ". _ - # :, a letter or digit at both ends, and at most 100 characters. It names the files of the change"
        ) from None
    return change_id


def make_document(
    change_id: str, created: str, versions: Mapping[str, str], hosts: Mapping[str, Any]
) -> dict[str, Any]:
    """A plan with its digests.

    Args:
        change_id: the number of the change, as the change board calls it.
        created: when it was made, UTC, ISO 8601.
        versions: of `collection` and `ansible`.
        hosts: the section of each host.

    Raises:
        ChangeError: it would be no plan, so that nobody could use it.
    """
    checked_change_id(change_id)
    for host, section in hosts.items():
        try:
            shapes.section(section, "it")
        except shapes.Malformed as error:
            raise ChangeError(f"{host}: what is planned for this host is no section of a plan: {error}") from None
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
    """Write a plan in its canonical form, whole or not at all. With `check_mode`, see whether a file may be there.

    Raises:
        ChangeError: it cannot be written.
    """
    first = b'{"digest":' + canonical(document["digest"]) + b',"head":' + canonical(document["head"]) + _END_OF_HEAD
    sections = [canonical(host) + b":" + canonical(section) for host, section in sorted(document["hosts"].items())]
    lines = [*(section + b",\n" for section in sections[:-1]), *(section + b"\n" for section in sections[-1:])]
    write_file(path, b"".join([first, *lines, _END]), check_mode=check_mode)


def write_file(path: Path, content: bytes, *, check_mode: bool = False) -> None:
    """Write a file that only its owner may read; whole or not at all. `check_mode` sees whether a file may be there.

    Raises:
        ChangeError: it cannot be written.
    """
    try:
        replace_file(path, [content], check_mode=check_mode)
    except OSError as error:
        raise ChangeError(f"{path} cannot be written: {error.strerror or error}") from None


def read_document(path: Path) -> PlanDocument:
    """Read a plan's head and compare its digest with its content.

    Raises:
        ChangeError: it cannot be read, is no plan, or was edited after it was made.
    """
    with _opened(path) as stream:
        line = stream.readline()
    start = _START.match(line)
    if not start or not line.endswith(_END_OF_HEAD):
        raise ChangeError(
            f"{path} is no plan, or no longer as it was written: its first line is not that of a plan of version "
            f"{VERSION}. Where a plan was laid out in another way, use the file that was written"
        )
    text = line[start.end() : -len(_END_OF_HEAD)]
    head = _object(path, text)
    if head.get("format") != FORMAT:
        raise ChangeError(f"{path} is no plan: it does not say that its format is {FORMAT}")
    if head.get("version") != VERSION:
        raise ChangeError(
            f"{path} is a plan of version {head.get('version')!r}; this collection reads version {VERSION}. Use the "
            "collection that made it, or make a new plan"
        )
    stated, computed = start[1].decode(), _digest(text)
    if stated != computed:
        raise ChangeError(
            f"{path} was edited after it was made: it says that its digest is {stated}, but the digest of its content "
            f"is {computed}. {_ANEW}"
        )
    try:
        _HEAD(head, "its head")
    except shapes.Malformed as error:
        raise ChangeError(f"{path} is no plan of version {VERSION}: {error}") from None
    return PlanDocument(str(path), head, computed)


def summary_of(hosts: Mapping[str, Any]) -> dict[str, Any]:
    """How many hosts a plan has, which of them it changes, which lack members after it, and which could not be read."""
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
    """Whether a host's section says that something is to be written."""
    if section["status"] != "planned":
        return False
    objects = (section["directory"], section["share"])
    group = section["group"]
    return any(each["before"] != each["after"] for each in objects) or bool(group and group["add"])


def is_lacking_members(section: Mapping[str, Any]) -> bool:
    """Whether accounts are no members of the host's group, and will not be: they stay without access."""
    return bool(section["group"] and section["group"]["missing"])


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@contextmanager
def _opened(path: Path | str) -> Iterator[BinaryIO]:
    try:
        with open_to_read(path) as stream:
            if os.fstat(stream.fileno()).st_size > MAX_PLAN:
                raise ChangeError(f"{path} is no plan: it is larger than {MAX_PLAN} bytes")
            yield stream
    except OSError as error:
        raise ChangeError(f"the plan {path} cannot be read on the controller: {error.strerror or error}") from None


def _object(path: Path | str, text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ChangeError(f"{path} is no plan: {error}") from None
    if not isinstance(found, dict):
        raise ChangeError(f"{path} is no plan: it has no object where one belongs")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key given twice would be read by a person one way and by a program another."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is there twice in one object")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
