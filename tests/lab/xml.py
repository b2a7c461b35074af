# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML in: parsed with expat, without document types, bounded in size and depth. XML out: escaping."""

from __future__ import annotations

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from xml.sax.saxutils import escape

MAX_DEPTH = 64


class BadXml(ValueError):
    """Not XML that the lab reads."""


def parse(data: bytes, *, max_bytes: int) -> Element:
    """The document's root; names are ``{namespace}local``. Raises BadXml."""
    if len(data) > max_bytes:
        raise BadXml(f"{len(data)} bytes are more than {max_bytes}")
    builder = TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise BadXml(f"nested deeper than {MAX_DEPTH}")
        builder.start(_clark(name), {_clark(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_clark(name))

    def refuse_doctype(*_unused: object) -> None:
        raise BadXml("a document type is not allowed in a SOAP message")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError) as error:
        raise BadXml(str(error)) from None


def text(value: str) -> str:
    """Character data, escaped; characters that XML 1.0 cannot hold become U+FFFD, as MSXML writes them."""
    return escape("".join(c if c in "\t\n\r" or c >= " " else "\N{REPLACEMENT CHARACTER}" for c in value))


def attribute(value: str) -> str:
    """An attribute value with its quotes."""
    return '"' + text(value).replace('"', "&quot;") + '"'


def _clark(name: str) -> str:
    return "{" + name if "}" in name else name
