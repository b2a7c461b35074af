# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan file: one JSON document with a digest over its canonical form.

Canonical is the JSON text of the document without its key `digest`: keys sorted by code point, no white space between
tokens, UTF-8 without escapes for anything but quotes, backslashes and control characters. The digest is
`sha256:` and the SHA-256 of these bytes in hexadecimal.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..enforcement import EnforcementError

FORMAT = "sitekeeper.sms/change-plan"
VERSION = 1
MAX_PLAN = 512 * 1024 * 1024
"""Longest plan file that is read, in bytes; 6,000 hosts take about 20 MB."""

_KEYS = frozenset({"format", "version", "change_id", "created", "collection", "ansible", "hosts", "digest"})


class ChangeError(EnforcementError):
    """A plan, approval or record cannot be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A plan file whose digest is that of its content.

    Attributes:
        path: where it was read.
        content: the document, `digest` included.
        raw: the bytes that were read, over which a signature is checked.
    """

    path: str
    content: Mapping[str, Any]
    raw: bytes = field(repr=False)

    @property
    def change_id(self) -> str:
        """The number of the change."""
        return str(self.content["change_id"])

    @property
    def digest(self) -> str:
        """`sha256:` and 64 hexadecimal digits."""
        return str(self.content["digest"])

    @property
    def hosts(self) -> Mapping[str, Any]:
        """What is planned, by host."""
        hosts: Mapping[str, Any] = self.content["hosts"]
        return hosts


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes that the digest is over."""
    content = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest_of(document: Mapping[str, Any]) -> str:
    """The digest of a document, whatever digest it says it has."""
    return _digest(canonical(document))


def make_document(
    change_id: str, created: str, versions: Mapping[str, str], hosts: Mapping[str, Any]
) -> dict[str, Any]:
    """A plan with its digest.

    Args:
        change_id: the number of the change, as the change board calls it.
        created: when it was made, UTC, ISO 8601.
        versions: of `collection` and `ansible`.
        hosts: the section of each host.
    """
    content = {
        "format": FORMAT,
        "version": VERSION,
        "change_id": change_id,
        "created": created,
        "collection": versions["collection"],
        "ansible": versions["ansible"],
        "hosts": dict(hosts),
    }
    return {**content, "digest": digest_of(content)}


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write a plan in its canonical form, the digest at the end; whole or not at all.

    Raises:
        ChangeError: it cannot be written.
    """
    body = canonical(document)
    write_file(path, body[:-1] + b',"digest":' + json.dumps(document["digest"]).encode() + b"}\n")


def write_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read; whole or not at all.

    Raises:
        ChangeError: it cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
            raise
    except OSError as error:
        raise ChangeError(f"{path} cannot be written: {error.strerror or error}") from None


def read_document(path: Path) -> PlanDocument:
    """Read a plan and compare its digest with its content.

    Raises:
        ChangeError: it cannot be read, is no plan, or was edited after it was made.
    """
    raw = _read(path)
    try:
        content = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ChangeError(f"{path} is no plan: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ChangeError(f"{path} is no plan: it does not say that its format is {FORMAT}")
    if content.get("version") != VERSION:
        raise ChangeError(
            f"{path} is a plan of version {content.get('version')!r}; this collection reads version {VERSION}. Use the "
            "collection that made it, or make a new plan"
        )
    try:
        computed = digest_of(content)
    except (ValueError, RecursionError) as error:
        raise ChangeError(f"{path} is no plan: {error}") from None
    if content.get("digest") != computed:
        raise ChangeError(
            f"{path} was edited after it was made: it says that its digest is {str(content.get('digest'))[:80]}, but "
            f"the digest of its content is {computed}. Make a new plan and have that approved"
        )
    if set(content) != _KEYS or not isinstance(content["hosts"], dict) or not isinstance(content["change_id"], str):
        raise ChangeError(f"{path} is no plan: its keys are not those of version {VERSION}")
    return PlanDocument(str(path), content, raw)


def summary_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """How many hosts a plan has, how many of them it changes, and which could not be read."""
    hosts = document["hosts"]
    states = Counter(str(section["status"]) for section in hosts.values())
    changing = [name for name, section in hosts.items() if is_changing(section)]
    return {
        "hosts": len(hosts),
        "changing": sorted(changing),
        "unchanged": states["planned"] + states["nothing_owed"] - len(changing),
        "not_read": sorted(name for name, section in hosts.items() if section["status"] in ("unreachable", "error")),
    }


def is_changing(section: Mapping[str, Any]) -> bool:
    """Whether a host's section says that something is to be written."""
    if section["status"] != "planned":
        return False
    objects = (section["directory"], section["share"])
    group = section["group"]
    return any(each["before"] != each["after"] for each in objects) or bool(group and group["add"])


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_PLAN + 1)
    except OSError as error:
        raise ChangeError(f"the plan {path} cannot be read on the controller: {error.strerror or error}") from None
    if len(raw) > MAX_PLAN:
        raise ChangeError(f"{path} is no plan: it is larger than {MAX_PLAN} bytes")
    return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key given twice would be read by a person one way and by a program another."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is there twice in one object")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
