# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP envelopes: the request around a body, and the body out of a response.

Sources: DSP0226 sections 5.4 (addressing) and 6 (control headers), MS-WSMV (``p:DataLocale``), and the
WS-Addressing of August 2004.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from xml.etree.ElementTree import Element

from ..text import one_line
from . import namespaces as ns
from .cim import selector_set
from .errors import WSManProtocolError, WSManValueError
from .faults import parse_fault
from .xml import child_of, escape, local, parse, qname, tag, text_of

_MIN_ENVELOPE = 8192  # octets; below it a service may refuse to answer (DSP0226 section 6.2)
_MIN_TIMEOUT = 0.001  # seconds: the least that three decimals can express

_DECLARATIONS = {
    "xmlns:s": ns.SOAP,
    "xmlns:a": ns.ADDRESSING,
    "xmlns:w": ns.WSMAN,
}
IDENTIFY = tag(
    "s:Envelope",
    tag("s:Header") + tag("s:Body", tag("i:Identify")),
    {"xmlns:s": ns.SOAP, "xmlns:i": ns.IDENTITY},
).encode()
"""The request that identifies a service, and changes nothing (DSP0226 section 11)."""

_UNDERSTAND = {"s:mustUnderstand": "true"}


@dataclass(frozen=True, slots=True)
class EnvelopeSettings:
    """The settings of all requests to one host.

    Attributes:
        to: the URL of the service, for ``a:To``.
        operation_timeout: seconds after which the server gives up (``w:OperationTimeout``).
        max_envelope_size: bytes that an answer may have; a larger one is not read. It is not sent to the server, which
            uses its own ``MaxEnvelopeSizekb``, 150 or 500 (MS-WSMV 3.1.4.1.7 and 2.2.4.10).
        locale: the language that the server should speak (``w:Locale``, RFC 3066).

    Raises:
        WSManValueError: a setting is out of range.
    """

    to: str
    operation_timeout: float = 60.0
    max_envelope_size: int = 512_000
    locale: str = "en-US"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.operation_timeout) and self.operation_timeout >= _MIN_TIMEOUT):
            raise WSManValueError(f"{self.operation_timeout} is no operation timeout in seconds")
        if self.max_envelope_size < _MIN_ENVELOPE:
            raise WSManValueError(f"a maximum of {self.max_envelope_size} bytes is below {_MIN_ENVELOPE}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, and what its answer must look like.

    Attributes:
        action: ``a:Action``.
        resource_uri: ``w:ResourceURI``.
        answer_action: the ``a:Action`` of the expected answer.
        body: XML inside ``s:Body``; it may use the prefixes s, a and w.
        selectors: key properties and their literal values.
        message_id: ``a:MessageID``; the answer's ``a:RelatesTo`` equals it.
    """

    action: str
    resource_uri: str
    answer_action: str
    body: str
    selectors: Mapping[str, str]
    message_id: str

    @classmethod
    def new(
        cls,
        action: str,
        resource_uri: str,
        *,
        answer_action: str,
        body: str = "",
        selectors: Mapping[str, str] = MappingProxyType({}),
    ) -> Request:
        """A request with a message id of its own."""
        return cls(action, resource_uri, answer_action, body, selectors, f"uuid:{uuid.uuid4()}")

    def to_bytes(self, settings: EnvelopeSettings) -> bytes:
        """The envelope in UTF-8, without white space between the elements.

        Raises:
            WSManValueError: a value can't be sent.
        """
        seconds = f"{settings.operation_timeout:.3f}".rstrip("0").rstrip(".")
        header = (
            tag("a:To", escape(settings.to))
            + tag("w:ResourceURI", escape(self.resource_uri), _UNDERSTAND)
            + tag("a:ReplyTo", tag("a:Address", ns.ANONYMOUS))
            + tag("a:Action", escape(self.action), _UNDERSTAND)
            + tag("a:MessageID", escape(self.message_id))
            + tag("w:OperationTimeout", f"PT{seconds}S")
            + tag("w:Locale", "", {"xml:lang": settings.locale})
            + selector_set(self.selectors)
        )
        content = tag("s:Header", header) + tag("s:Body", self.body)
        return tag("s:Envelope", content, _DECLARATIONS).encode()

    def answer(self, settings: EnvelopeSettings, response: bytes) -> tuple[Element, ...]:
        """What is inside the answer's ``s:Body``.

        Raises:
            WSManFault: the server answered with a fault.
            WSManProtocolError: this isn't an answer to this request.
        """
        envelope = parse(response, settings.max_envelope_size)
        body = child_of(envelope, ns.SOAP, "Body")
        if envelope.tag != qname(ns.SOAP, "Envelope") or body is None:
            raise WSManProtocolError(f"the answer is no SOAP 1.2 envelope but {_shown(local(envelope))}")
        relates_to = _header(envelope, "RelatesTo")
        fault = child_of(body, ns.SOAP, "Fault")
        # A server that could not read the headers of the request cannot name the request in its fault.
        if relates_to is None and fault is None:
            raise WSManProtocolError("the answer does not name its request (no RelatesTo)")
        if relates_to is not None and relates_to.lower() != self.message_id.lower():
            raise WSManProtocolError(f"the answer belongs to another request ({_shown(relates_to)})")
        if fault is not None:
            raise parse_fault(fault)
        action = _header(envelope, "Action") or ""
        if action.lower() != self.answer_action.lower():
            raise WSManProtocolError(f"the answer's action is {_shown(action)}, not {self.answer_action}")
        return tuple(body)


def _header(envelope: Element, name: str) -> str | None:
    header = child_of(envelope, ns.SOAP, "Header")
    found = None if header is None else child_of(header, ns.ADDRESSING, name)
    return None if found is None else text_of(found).strip()


def _shown(text: str) -> str:
    return repr(one_line(text, 200))
