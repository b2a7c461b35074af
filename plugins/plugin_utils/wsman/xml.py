# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML for SOAP: a small writer, and a reader that trusts nothing.

SOAP 1.2 part 1, section 5, forbids document type declarations, so the reader refuses them outright. Without a
DTD there are no entities to expand and nothing external to fetch.

Elements are ElementTree's, which makes them fast: a security descriptor has an element for each octet
of its SIDs. So tags and names of attributes are written as ElementTree has them, ``{namespace}name``, or ``name`` alone
in no namespace.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from contextlib import suppress
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.parsers import expat

from ..text import one_line
from .errors import WSManProtocolError, WSManValueError
from .namespaces import XSI

MAX_DEPTH = 64  # elements inside each other; a security descriptor in a query's answer needs about ten
# The largest descriptor, of 64 KiB, needs half of these tags. Each becomes an object, and each name of an element or an
# attribute a text that holds its whole namespace.
MAX_TAGS = MAX_ATTRIBUTES = 300_000
MAX_NAMESPACE = 256  # characters; WMI's for a class of Configuration Manager has about a hundred

# Characters that XML 1.0 section 2.2 doesn't allow, not even as a character reference.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans(
    # White space as references: a parser normalizes it otherwise (XML 1.0 sections 2.11 and 3.3.3).
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def qname(namespace: str, name: str) -> str:
    """An expanded name as ElementTree writes it."""
    return f"{{{namespace}}}{name}"


def split(expanded: str) -> tuple[str, str]:
    """Namespace and local name of an expanded name; the namespace is empty for a name in none."""
    namespace, _brace, name = expanded.rpartition("}")
    return namespace[1:], name


def local(element: Element) -> str:
    """An element's local name."""
    return element.tag.rpartition("}")[2]


# An attribute's value that may be too long. It has no "<" in it: XML 1.0, production 10.
_LONG = tuple(re.compile(rb"%s[^%s<]{%d}" % (quote, quote, MAX_NAMESPACE + 1)) for quote in (b'"', b"'"))
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

TYPE = qname(XSI, "type")
_NIL = qname(XSI, "nil")


def is_nil(element: Element) -> bool:
    """Whether it has ``xsi:nil``."""
    nil = element.get(_NIL)
    return nil is not None and nil.strip() in ("true", "1")


def text_of(element: Element) -> str:
    """An element's own text, without that of elements inside it; stripped where there are such elements."""
    if not len(element):
        return element.text or ""
    return "".join(filter(None, [element.text, *[child.tail for child in element]])).strip()


def child_of(element: Element, namespace: str, name: str) -> Element | None:
    """The first child of that name. ElementTree takes an element without children to be false."""
    return element.find(qname(namespace, name))


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
        WSManProtocolError: too large, empty, not well-formed, nested too deeply, with too many tags or attributes, with
            a namespace that is too long, or with a DTD.
    """
    if len(document) > limit:
        raise WSManProtocolError(f"the answer has {len(document)} bytes, where {limit} were allowed")
    if not document.strip():
        raise WSManProtocolError("the answer is empty, where a SOAP envelope was expected")
    if document.count(b"<") > MAX_TAGS:
        raise WSManProtocolError(f"the answer has more than {MAX_TAGS} tags: refused")
    if document.count(b"=") > MAX_ATTRIBUTES:
        raise WSManProtocolError(f"the answer has more than {MAX_ATTRIBUTES} attributes: refused")
    if b"DOCTYPE" in document or document.startswith(_UTF_16) or any(long.search(document) for long in _LONG):
        _look_closer(document)
    parser = XMLParser(encoding="utf-8")  # noqa: S314 -- without a DTD nothing expands
    try:
        parser.feed(document)
        root: Element = parser.close()
    except (ParseError, ValueError) as error:
        raise WSManProtocolError(f"the answer is not well-formed XML: {one_line(str(error))}") from None
    _refuse_depth(root)
    return root


def _look_closer(document: bytes) -> None:
    """Refuse what ElementTree must not be given. pyexpat stops there, where ElementTree's parser would go on."""

    def doctype(*_declaration: object) -> None:
        raise WSManProtocolError("the answer has a document type declaration, which SOAP forbids: refused")

    def namespace(_prefix: str | None, name: str | None) -> None:
        if len(name or "") > MAX_NAMESPACE:
            raise WSManProtocolError(f"the answer has a namespace of more than {MAX_NAMESPACE} characters: refused")

    parser = expat.ParserCreate(encoding="utf-8", namespace_separator="}")
    parser.StartDoctypeDeclHandler = doctype
    parser.StartNamespaceDeclHandler = namespace
    with suppress(expat.ExpatError, ValueError):  # the reader reports it
        parser.Parse(document, True)


def _refuse_depth(root: Element) -> None:
    """Refuse deep elements: reading them takes a call for each level."""
    level = [root]
    for _depth in range(MAX_DEPTH):
        level = [child for element in level if len(element) for child in element]
        if not level:
            return
    raise WSManProtocolError(f"the answer nests more than {MAX_DEPTH} elements: refused")
