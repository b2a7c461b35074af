# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations: generators that yield requests and receive answers, so they do no I/O themselves.

Drive one like this, with any transport that posts bytes and returns bytes (the body of an HTTP 500 too, as
faults come with that)::

    operation = get(settings, "Win32_Share", {"Name": "SMS_SITE"})
    request = next(operation)
    while True:
        try:
            request = operation.send(post(request))
        except StopIteration as finished:
            return finished.value
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TypeAlias, TypeVar
from xml.etree.ElementTree import Element

from ..text import one_line
from . import namespaces as ns
from .cim import Instance, Value, method_input, parse_fragment, parse_instance
from .envelope import EnvelopeSettings, Request
from .errors import WSManFault, WSManProtocolError, WSManValueError
from .namespaces import DEFAULT_NAMESPACE, class_uri
from .xml import child_of, escape, local, qname, tag, text_of

T = TypeVar("T")
Operation: TypeAlias = Generator[bytes, bytes, T]

MAX_ANSWERS = 2_000
"""Most answers of one query: at 100 instances each, more than a hierarchy has of anything."""
MAX_QUERY_BYTES = 256 * 1024 * 1024
"""Bytes of all answers to one query."""

_NOTHING: Mapping[str, Value] = MappingProxyType({})


def get(
    settings: EnvelopeSettings, class_name: str, selectors: Mapping[str, str], *, namespace: str = DEFAULT_NAMESPACE
) -> Operation[Instance]:
    """Read one instance (WS-Transfer Get).

    Args:
        settings: the host's settings.
        class_name: the WMI class.
        selectors: the key properties with their literal values (a path keeps its single backslashes).
        namespace: the WMI namespace.

    Raises:
        WSManFault: the server refused; ``not_found`` if there is no such instance.
        WSManProtocolError: the answer can't be used.
        WSManValueError: a name or value can't be sent.
    """
    request = Request.new(
        f"{ns.TRANSFER}/Get",
        class_uri(class_name, namespace),
        answer_action=f"{ns.TRANSFER}/GetResponse",
        selectors=selectors,
    )
    return parse_instance((yield from _exchange(settings, request)))


def invoke(
    settings: EnvelopeSettings,
    class_name: str,
    method: str,
    selectors: Mapping[str, str],
    parameters: Mapping[str, Value] = _NOTHING,
    *,
    namespace: str = DEFAULT_NAMESPACE,
    prefixed: bool = False,
) -> Operation[Instance]:
    """Call a method (DSP0227, "Invoke"); a static one has no selectors.

    Args:
        settings: the host's settings.
        class_name: the WMI class.
        method: the method's name.
        selectors: the key properties of the instance, with their literal values.
        parameters: the input parameters; None is sent as null, one that isn't given is not sent.
        namespace: the WMI namespace.
        prefixed: how embedded instances are written, see `cim.method_input`.

    Returns:
        The output parameters, ``ReturnValue`` among them, as an instance of ``<method>_OUTPUT``.

    Raises:
        WSManFault: the server refused to call it. A method that ran and failed has a ``ReturnValue`` instead.
        WSManProtocolError: the answer can't be used.
        WSManValueError: a name or value can't be sent.
    """
    uri = class_uri(class_name, namespace)
    request = Request.new(
        f"{uri}/{method}",
        uri,
        answer_action=f"{uri}/{method}Response",
        body=method_input(uri, method, parameters, prefixed=prefixed),
        selectors=selectors,
    )
    output = yield from _exchange(settings, request)
    if local(output).lower() != f"{method}_OUTPUT".lower():
        answer = one_line(local(output), 80)
        raise WSManProtocolError(f"{class_name}.{method} was answered with {answer!r}")
    return parse_instance(output)


def has_compact_form(
    class_name: str, method: str, parameters: Mapping[str, Value], *, namespace: str = DEFAULT_NAMESPACE
) -> bool:
    """Whether `invoke` writes these parameters in another way than `prefixed`.

    Raises:
        WSManValueError: a name or value can't be sent.
    """
    uri = class_uri(class_name, namespace)
    return method_input(uri, method, parameters) != method_input(uri, method, parameters, prefixed=True)


def query(
    settings: EnvelopeSettings,
    wql: str,
    *,
    namespace: str = DEFAULT_NAMESPACE,
    max_elements: int = 100,
    max_items: int = 10_000,
) -> Operation[tuple[Instance, ...]]:
    """Run a WQL query (WS-Enumeration Enumerate with DSP0226's optimization, then Pull until the end).

    Args:
        settings: the host's settings.
        wql: the query; put strings into it with `wql_string`.
        namespace: the WMI namespace.
        max_elements: instances that one answer may have.
        max_items: instances that all answers together may have.

    Returns:
        The instances. A projection gives the chosen properties only, and maybe no class name.

    Raises:
        WSManFault: the server refused.
        WSManProtocolError: the answer can't be used, or there are too many instances, answers or bytes.
        WSManValueError: the query can't be sent.
    """
    uri = class_uri("*", namespace)
    found: list[Instance] = []
    size = 0
    step, request = "Enumerate", _enumerate_request(uri, wql, max_elements)
    for _number in range(MAX_ANSWERS):
        response = yield request.to_bytes(settings)
        size += len(response)
        if size > MAX_QUERY_BYTES:
            raise WSManProtocolError(f"the query has more than {MAX_QUERY_BYTES} bytes of results: {one_line(wql)}")
        answer = _stepped(step, request.answer(settings, response))
        before = len(found)
        found.extend(_items(answer))
        if len(found) > max_items:
            raise WSManProtocolError(f"the query has more than {max_items} results: {one_line(wql)}")
        context = _context(answer, wql)
        if context is None:
            return tuple(found)
        if step == "Pull" and len(found) == before:
            raise WSManProtocolError(f"the server neither ends nor goes on with the query: {one_line(wql)}")
        step, request = "Pull", _pull_request(uri, context, max_elements)
    raise WSManProtocolError(f"the query takes more than {MAX_ANSWERS} answers: {one_line(wql)}")


def first(settings: EnvelopeSettings, wql: str, *, namespace: str = DEFAULT_NAMESPACE) -> Operation[Instance | None]:
    """Run a WQL query for one of its results, and release the rest: two requests, or one if there is no more.

    The server runs a query only as far as its results are requested, so a large directory costs no more than a
    small one. A server that does not honour DSP0226's optimization costs a Pull more.

    Args:
        settings: the host's settings.
        wql: the query; put strings into it with `wql_string`.
        namespace: the WMI namespace.

    Returns:
        The instance, or None if there is none.

    Raises:
        WSManFault: the server refused.
        WSManProtocolError: the answer can't be used.
        WSManValueError: the query can't be sent.
    """
    uri = class_uri("*", namespace)
    request = _enumerate_request(uri, wql, 1)
    answer = _stepped("Enumerate", request.answer(settings, (yield request.to_bytes(settings))))
    found, context = _items(answer), _context(answer, wql)
    if not found and context is not None:
        request = _pull_request(uri, context, 1)
        answer = _stepped("Pull", request.answer(settings, (yield request.to_bytes(settings))))
        found, context = _items(answer), _context(answer, wql)
    if context is not None:
        request = _enumeration_request("Release", uri, tag("n:EnumerationContext", escape(context)))
        with suppress(WSManFault):  # it has ended already, or it ends by itself
            request.answer(settings, (yield request.to_bytes(settings)))
    return found[0] if found else None


def wql_string(value: str) -> str:
    """A string literal for WQL: in single quotes, with a backslash before each backslash and quote.

    Source: Microsoft Knowledge Base Q242507, "Using Backslash in Windows Management Instrumentation Strings".

    Raises:
        WSManValueError: it has a control character, which no name in WMI has.
    """
    if bad := next((c for c in value if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0), None):
        raise WSManValueError(f"the control character U+{ord(bad):04X} can't be part of a WMI query")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"')
    return f"'{escaped}'"


def _enumerate_request(uri: str, wql: str, max_elements: int) -> Request:
    dialect = {"Dialect": ns.WQL_DIALECT}
    optimize = tag("w:OptimizeEnumeration") + tag("w:MaxElements", str(max_elements))
    return _enumeration_request("Enumerate", uri, optimize + tag("w:Filter", escape(wql), dialect))


def _pull_request(uri: str, context: str, max_elements: int) -> Request:
    more = tag("n:EnumerationContext", escape(context)) + tag("n:MaxElements", str(max_elements))
    return _enumeration_request("Pull", uri, more)


def _stepped(step: str, content: tuple[Element, ...]) -> Element:
    answer = _content(content)
    if answer.tag != qname(ns.ENUMERATION, f"{step}Response"):
        raise WSManProtocolError(f"{step} was answered with {one_line(local(answer), 80)!r}")
    return answer


def _enumeration_request(step: str, uri: str, content: str) -> Request:
    return Request.new(
        f"{ns.ENUMERATION}/{step}",
        uri,
        answer_action=f"{ns.ENUMERATION}/{step}Response",
        body=tag(f"n:{step}", content, {"xmlns:n": ns.ENUMERATION}),
    )


def _context(answer: Element, wql: str) -> str | None:
    """How to go on with a query; None if it has ended."""
    if _either(answer, "EndOfSequence") is not None:
        return None
    context = child_of(answer, ns.ENUMERATION, "EnumerationContext")
    if context is None or len(context) or not text_of(context).strip():
        raise WSManProtocolError(f"the server gives no way to go on with the query: {one_line(wql)}")
    return text_of(context)


def _exchange(settings: EnvelopeSettings, request: Request) -> Operation[Element]:
    """Send the request; return the one element in the answer's body."""
    return _content(request.answer(settings, (yield request.to_bytes(settings))))


def _content(content: tuple[Element, ...]) -> Element:
    if len(content) != 1:
        raise WSManProtocolError(f"the answer's body has {len(content)} elements, expected was one")
    return content[0]


def _items(answer: Element) -> list[Instance]:
    """The instances in an EnumerateResponse (w:Items) or a PullResponse (n:Items)."""
    items = _either(answer, "Items")
    return [
        parse_fragment(item) if item.tag == qname(ns.WSMAN, "XmlFragment") else parse_instance(item)
        for item in (() if items is None else items)
    ]


def _either(answer: Element, name: str) -> Element | None:
    """A child that is in w: in an optimized EnumerateResponse, and in n: in a PullResponse."""
    found = child_of(answer, ns.ENUMERATION, name)
    return child_of(answer, ns.WSMAN, name) if found is None else found
