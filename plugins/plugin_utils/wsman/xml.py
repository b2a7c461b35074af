# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML for SOAP: a small writer, and a reader that trusts nothing.

SOAP 1.2 part 1, section 5, forbids document type declarations, so the reader refuses them outright. Without a
DTD there are no entities to expand and nothing external to fetch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from .errors import WSManProtocolError, WSManValueError, one_line
from .namespaces import XSI

MAX_DEPTH = 64  # elements inside each other; a security descriptor in a query's answer needs about ten

# Characters that XML 1.0 section 2.2 doesn't allow, not even as a character reference.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans(
    # White space as references: a parser normalizes it otherwise (XML 1.0 sections 2.11 and 3.3.3).
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_SEPARATOR = " "


class QName(NamedTuple):
    """An expanded name. ``namespace`` is empty for a name in no namespace."""

    namespace: str
    name: str


_TYPE = QName(XSI, "type")


@dataclass(slots=True)
class Element:
    """An element as read. ``type`` is its ``xsi:type``; ``text`` is stripped where there are children."""

    tag: QName
    attributes: dict[QName, str]
    type: QName | None
    children: list[Element] = field(default_factory=list)
    text: str = ""

    @property
    def is_nil(self) -> bool:
        """Whether it says ``xsi:nil``."""
        return self.attributes.get(QName(XSI, "nil"), "").strip() in ("true", "1")

    def child(self, namespace: str, name: str) -> Element | None:
        """The first child of that name."""
        return next(self.each(namespace, name), None)

    def each(self, namespace: str, name: str) -> Iterator[Element]:
        """Every child of that name, in order."""
        tag = QName(namespace, name)
        return (child for child in self.children if child.tag == tag)

    def walk(self) -> Iterator[Element]:
        """This element and everything inside it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


def escape(text: str) -> str:
    """The text as content of an element or of a quoted attribute.

    Raises:
        WSManValueError: it has a character that XML can't carry.
    """
    if found := _FORBIDDEN.search(text):
        raise WSManValueError(f"the character U+{ord(found[0]):04X} can't be sent in a WS-Management message")
    return text.translate(_ESCAPES)


def tag(name: str, content: str = "", attributes: Mapping[str, str] | None = None) -> str:
    """One element: a prefixed name, content that is XML already, attribute values that are plain text."""
    listed = "".join(f' {key}="{escape(value)}"' for key, value in (attributes or {}).items())
    return f"<{name}{listed}>{content}</{name}>" if content else f"<{name}{listed}/>"


def parse(document: bytes, limit: int) -> Element:
    """Read one XML document in UTF-8, as the requests are, or in UTF-16 if it begins with a byte order mark.

    An encoding that the XML declaration names is not followed.

    Args:
        document: the bytes as they came.
        limit: how many bytes there may be.

    Raises:
        WSManProtocolError: too large, empty, not well-formed, nested too deeply, with a DTD, or with an
            ``xsi:type`` whose prefix stands for nothing.
    """
    if len(document) > limit:
        raise WSManProtocolError(f"the answer has {len(document)} bytes, where {limit} were allowed")
    if not document.strip():
        raise WSManProtocolError("the answer is empty, where a SOAP envelope was expected")
    builder = _Builder()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartNamespaceDeclHandler = builder.start_prefix
    parser.EndNamespaceDeclHandler = builder.end_prefix
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError) as error:
        raise WSManProtocolError(f"the answer is not well-formed XML: {one_line(str(error))}") from None
    return builder.root()


class _Builder:
    """Receives expat's events and builds the tree."""

    def __init__(self) -> None:
        self._document: Element | None = None
        self._open: list[Element] = []
        self._prefixes: dict[str, list[str]] = {}
        self._names: dict[str, QName] = {}

    def root(self) -> Element:
        if self._document is None:
            raise WSManProtocolError("the answer has no XML element")
        return self._document

    def doctype(self, name: str, *_rest: object) -> None:
        raise WSManProtocolError("the answer has a document type declaration, which SOAP forbids: refused")

    def start_prefix(self, prefix: str | None, uri: str | None) -> None:
        self._prefixes.setdefault(prefix or "", []).append(uri or "")

    def end_prefix(self, prefix: str | None) -> None:
        self._prefixes[prefix or ""].pop()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) == MAX_DEPTH:
            raise WSManProtocolError(f"the answer nests more than {MAX_DEPTH} elements: refused")
        expanded = {self._expand(key): value for key, value in attributes.items()} if attributes else {}
        type_ = self._resolve(expanded.get(_TYPE)) if expanded else None
        element = Element(self._expand(name), expanded, type_)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._document = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        element = self._open.pop()
        if element.children:
            element.text = element.text.strip()

    def data(self, text: str) -> None:
        self._open[-1].text += text

    def _resolve(self, qualified: str | None) -> QName | None:
        """The QName in content, with the prefixes in scope here (XML Schema part 2, 3.2.18)."""
        if qualified is None:
            return None
        prefix, _colon, name = qualified.strip().rpartition(":")
        bound = self._prefixes.get(prefix)
        if prefix and not bound:
            raise WSManProtocolError(f"the answer has an unbound prefix: {one_line(prefix)[:80]!r}")
        return QName(bound[-1] if bound else "", name)

    def _expand(self, name: str) -> QName:
        """The name as expat gives it; a document says few names many times."""
        known = self._names.get(name)
        if known is None:
            namespace, _separator, local = name.rpartition(_SEPARATOR)
            known = self._names[name] = QName(namespace, local)
        return known
