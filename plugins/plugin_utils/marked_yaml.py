# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a YAML document strictly and keeps the line number of each part.

A description needs dictionaries with text keys, lists and plain values. Everything else in YAML is refused: anchors and
aliases (a short document could expand without limit), tags (values of other types), duplicate keys (the first value
would be lost silently), and several documents in one file. The tag ``!vault`` is read if the caller allows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

import yaml

# Ten times the size of the largest hierarchy that is read, including comments.
MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 20

# libyaml is about twenty times faster, but it is not always installed.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()

_TAG = "tag:yaml.org,2002:"


class MarkedYamlError(ValueError):
    """The document cannot be read; ``line`` starts at 1 and is 0 if no line is the cause."""

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem
        super().__init__(f"line {line}: {problem}" if line else problem)


@dataclass(slots=True)
class Marks:
    """The line of a value, and the lines of the values inside it."""

    line: int
    parts: dict[str | int, Marks] = field(default_factory=dict)

    def line_of(self, path: tuple[str | int, ...]) -> int:
        """Return the line of the value at this path, or of the innermost existing value around it."""
        marks = self
        for step in path:
            if step not in marks.parts:
                break
            marks = marks.parts[step]
        return marks.line


@dataclass(frozen=True, slots=True)
class Vaulted:
    """A value that is encrypted with Ansible Vault, as in the document."""

    ciphertext: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document's value and the lines of its parts."""

    value: object
    marks: Marks


def read_document(data: bytes, vaulted: tuple[str, ...] = ()) -> Document:
    """Read one UTF-8 document.

    Args:
        data: the document.
        vaulted: the keys of the dictionary whose values may be encrypted; empty if no value may be.

    Raises:
        MarkedYamlError: the document is too large, nested too deeply, malformed, or contains something that is refused.
    """
    if len(data) > MAX_BYTES:
        raise MarkedYamlError(0, f"the file has {len(data)} bytes; the maximum is {MAX_BYTES}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MarkedYamlError(
            data.count(b"\n", 0, error.start) + 1, "this is not UTF-8; save the file as UTF-8"
        ) from None
    try:
        return _build(yaml.parse(text, Loader=_LOADER), vaulted)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise MarkedYamlError(line, f"YAML does not allow the character {_shown(error.character)}; remove it") from None
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
    """A dictionary or list before its end; ``key`` is the key whose value comes next."""

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
                raise MarkedYamlError(_line(event), "a second document starts here; keep one document")
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
            raise MarkedYamlError(line, f"more than {MAX_DEPTH} nested lists and dictionaries are not supported")
        stack.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], Marks(line)))
    return documents[0] if documents else Document(None, Marks(1))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _is_vaulted(event: yaml.NodeEvent) -> TypeGuard[yaml.ScalarEvent]:
    return isinstance(event, yaml.ScalarEvent) and event.tag == "!vault" and event.anchor is None


def _refuse_extras(event: yaml.NodeEvent, line: int) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise MarkedYamlError(line, f"the alias *{event.anchor} is not supported; write the value instead")
    if event.anchor is not None:
        raise MarkedYamlError(line, f"the anchor &{event.anchor} is not supported; remove it")
    tag = getattr(event, "tag", None)
    if tag is not None:
        shown = f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
        raise MarkedYamlError(line, f"the tag {shown[:60]} is not supported; remove it")


def _open_key(mapping: _Open, key: object, line: int) -> None:
    if not isinstance(key, str):
        shown = "a list or a dictionary" if isinstance(key, (list, dict)) else str(key)
        raise MarkedYamlError(line, f"the key {shown} is not text; put it in quotes")
    if key == "<<":
        raise MarkedYamlError(line, "the merge key << is not supported; write the keys instead")
    if key in mapping.value:
        first = mapping.marks.parts[key].line
        raise MarkedYamlError(line, f"the key '{key[:60]}' is given twice, first in line {first}; keep one")
    mapping.key = key
    mapping.key_line = line


def _scalar(event: yaml.ScalarEvent) -> object:
    """Return the value as Ansible reads YAML 1.1, except dates and bytes, which stay text."""
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
        # 08 looks like an octal number. Python does not read numbers with thousands of digits.
        return event.value
    return event.value
