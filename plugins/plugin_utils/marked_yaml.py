# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a YAML document strictly, and remembers on which line each of its parts stands.

Only what a description needs: dictionaries with text for keys, lists, and plain values. What YAML has beyond that is
refused: anchors and aliases (a short document that grows beyond all bounds), tags (values of foreign types), a key that
is given twice (the first of the two would be lost without a word), and several documents in one file. One tag is read,
and only where the reader's caller wants it: ``!vault``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

import yaml

# Ten times what the largest hierarchy that is read takes, with room for comments.
MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 20

# libyaml is some twenty times as fast, and not everybody has it.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()

_TAG = "tag:yaml.org,2002:"


class MarkedYamlError(ValueError):
    """The document can't be read; ``line`` counts from 1, 0 if none is to blame."""

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem
        super().__init__(f"line {line}: {problem}" if line else problem)


@dataclass(slots=True)
class Marks:
    """Where a value stands: its line, and the same for what is in it."""

    line: int
    parts: dict[str | int, Marks] = field(default_factory=dict)

    def line_of(self, path: tuple[str | int, ...]) -> int:
        """The line of what the path leads to, or of the innermost thing around it that is there."""
        marks = self
        for step in path:
            if step not in marks.parts:
                break
            marks = marks.parts[step]
        return marks.line


@dataclass(frozen=True, slots=True)
class Vaulted:
    """A value that Ansible Vault encrypted, as it stands in the document."""

    ciphertext: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document's value and where its parts stand."""

    value: object
    marks: Marks


def read_document(data: bytes, vaulted: tuple[str, ...] = ()) -> Document:
    """Read one document of UTF-8.

    Args:
        data: the document.
        vaulted: the keys that lead to the dictionary whose values may be encrypted; empty if nothing may.

    Raises:
        MarkedYamlError: it is too large, too deep, malformed, or holds something that is refused.
    """
    if len(data) > MAX_BYTES:
        raise MarkedYamlError(0, f"the file has {len(data)} bytes; more than {MAX_BYTES} are not read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MarkedYamlError(
            data.count(b"\n", 0, error.start) + 1, "this is not UTF-8; save the file as such"
        ) from None
    try:
        return _build(yaml.parse(text, Loader=_LOADER), vaulted)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise MarkedYamlError(line, f"the character {_shown(error.character)} must not stand in YAML") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else 0
        lines = text.splitlines()
        if mark and line < len(lines) and "\t" in lines[line][: len(lines[line]) - len(lines[line].lstrip())]:
            raise MarkedYamlError(line + 1, "the line is indented with a tab; use spaces") from None
        raise MarkedYamlError(line + 1, f"this is not YAML: {error.problem or error.context}") from None


def _shown(character: object) -> str:
    code = character if isinstance(character, int) else ord(str(character)[:1])
    return f"U+{code:04X}"


@dataclass(slots=True)
class _Open:
    """A dictionary or list whose end is still to come; ``key`` is the dictionary's key whose value comes next."""

    value: dict[str, object] | list[object]
    marks: Marks
    key: str | None = None
    key_line: int = 0


def _build(events: Iterator[yaml.Event], vaulted: tuple[str, ...]) -> Document:
    stack: list[_Open] = []
    documents: list[Document] = []

    def add(value: object, marks: Marks) -> None:
        if not stack:
            documents.append(Document(value, marks))
            return
        parent = stack[-1]
        if isinstance(parent.value, list):
            parent.marks.parts[len(parent.value)] = marks
            parent.value.append(value)
        elif parent.key is None:
            _open_key(parent, value, marks.line)
        else:
            marks.line = parent.key_line
            parent.marks.parts[parent.key] = marks
            parent.value[parent.key] = value
            parent.key = None

    for event in events:
        if not isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.CollectionEndEvent):
                closed = stack.pop()
                add(closed.value, closed.marks)
            elif isinstance(event, yaml.DocumentStartEvent) and documents:
                raise MarkedYamlError(_line(event), "a second document starts here; keep one")
            continue
        line = _line(event)
        if _is_vaulted(event) and vaulted and tuple(outer.key for outer in stack[:-1]) == vaulted and stack[-1].key:
            add(Vaulted(event.value), Marks(line))
            continue
        _refuse_extras(event, line)
        if isinstance(event, yaml.ScalarEvent):
            add(_scalar(event), Marks(line))
            continue
        if len(stack) == MAX_DEPTH:
            raise MarkedYamlError(line, f"more than {MAX_DEPTH} lists and dictionaries in each other are not read")
        stack.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], Marks(line)))
    return documents[0] if documents else Document(None, Marks(1))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _is_vaulted(event: yaml.NodeEvent) -> TypeGuard[yaml.ScalarEvent]:
    return isinstance(event, yaml.ScalarEvent) and event.tag == "!vault" and event.anchor is None


def _refuse_extras(event: yaml.NodeEvent, line: int) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise MarkedYamlError(line, f"the alias *{event.anchor} is not read; write out what it stands for")
    if event.anchor is not None:
        raise MarkedYamlError(line, f"the anchor &{event.anchor} is not read; leave it out")
    tag = getattr(event, "tag", None)
    if tag is not None:
        shown = f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
        raise MarkedYamlError(line, f"the tag {shown[:60]} is not read; leave it out")


def _open_key(mapping: _Open, key: object, line: int) -> None:
    if not isinstance(key, str):
        shown = "a list or a dictionary" if isinstance(key, (list, dict)) else str(key)
        raise MarkedYamlError(line, f"the key {shown} is no text; put it in quotes")
    if key == "<<":
        raise MarkedYamlError(line, "the merge key << is not read; write out what it stands for")
    if key in mapping.value:
        first = mapping.marks.parts[key].line
        raise MarkedYamlError(line, f"the key '{key[:60]}' is given twice, first in line {first}; keep one")
    mapping.key = key
    mapping.key_line = line


def _scalar(event: yaml.ScalarEvent) -> object:
    """The value as Ansible's YAML 1.1 takes it, but for dates and bytes, which stay text."""
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
    node = yaml.ScalarNode(tag, event.value)
    try:
        if tag == _TAG + "null":
            return None
        if tag == _TAG + "bool":
            return _CONSTRUCTOR.construct_yaml_bool(node)
        if tag == _TAG + "int":
            return _CONSTRUCTOR.construct_yaml_int(node)
        if tag == _TAG + "float":
            return _CONSTRUCTOR.construct_yaml_float(node)
    except ValueError:
        # 08 looks like an octal number; one of thousands of digits is none that Python reads.
        return event.value
    return event.value
