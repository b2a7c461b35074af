# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP envelopes: reading a request and checking its headers, writing a response ([DSP0226] 5, [MS-WSMV] 2.2.4)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from . import faults, xml
from .namespaces import ADDRESSING, ANONYMOUS, CIM, ENUMERATION, MS_WSMAN, SOAP, TRANSFER, WSMAN, XSI

_UNDERSTOOD = {
    *(f"{{{ADDRESSING}}}{name}" for name in ("To", "Action", "MessageID", "ReplyTo", "From", "FaultTo", "RelatesTo")),
    *(
        f"{{{WSMAN}}}{name}"
        for name in (
            "ResourceURI",
            "SelectorSet",
            "OptionSet",
            "MaxEnvelopeSize",
            "OperationTimeout",
            "Locale",
        )
    ),
    *(f"{{{MS_WSMAN}}}{name}" for name in ("DataLocale", "SessionId", "OperationID", "SequenceId", "ActivityId")),
}
_MUST_UNDERSTAND = f"{{{SOAP}}}mustUnderstand"
_MESSAGE_ID = re.compile(r"(urn:)?uuid:[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_DURATION = re.compile(r"PT(?=\d)(\d{1,6}H)?(\d{1,6}M)?(\d{1,9}(\.\d{1,6})?S)?", re.ASCII)
MIN_ENVELOPE_SIZE = 8192


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose headers have been checked."""

    action: str
    resource_uri: str
    message_id: str
    selectors: Mapping[str, str]
    max_envelope_size: int
    body: Element | None
    prefixed: bool = True
    """Whether no element is in a default namespace."""


class BadRequest(Exception):
    """A request that is refused before its operation is looked at, with the MessageID if it had one."""

    def __init__(self, fault: faults.Fault, message_id: str | None) -> None:
        super().__init__(fault.reason)
        self.fault = fault
        self.message_id = message_id


def read(data: bytes, *, max_bytes: int) -> Request:
    """Read a request envelope; raises BadRequest with the fault to send."""
    message_id: str | None = None
    try:
        try:
            envelope = xml.parse(data, max_bytes=max_bytes)
        except xml.BadXml as error:
            raise faults.invalid_xml(str(error)) from None
        if envelope.tag != f"{{{SOAP}}}Envelope":
            raise faults.version_mismatch()
        header, body = _parts(envelope)
        message_id = _single(header, ADDRESSING, "MessageID")
        return replace(_checked(header, body, message_id, max_bytes), prefixed=b' xmlns="' not in data)
    except faults.Fault as fault:
        raise BadRequest(fault, message_id) from None


def response(request: Request, body: str, *, action: str | None = None) -> bytes:
    """The envelope that answers a request."""
    return _envelope(action or f"{request.action}Response", request.message_id, body)


def fault(fault_: faults.Fault, message_id: str | None, machine: str) -> bytes:
    """The envelope of a fault."""
    return _envelope(fault_.action, message_id, fault_.body(machine))


def _envelope(action: str, relates_to: str | None, body: str) -> bytes:
    relation = f"<a:RelatesTo>{xml.text(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:x="{TRANSFER}" '
        f'xmlns:n="{ENUMERATION}" xmlns:w="{WSMAN}" xmlns:p="{MS_WSMAN}" xmlns:cim="{CIM}" xmlns:xsi="{XSI}">'
        f"<s:Header><a:Action>{xml.text(action)}</a:Action>"
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID><a:To>{ANONYMOUS}</a:To>{relation}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _parts(envelope: Element) -> tuple[Element, Element]:
    if [child.tag for child in envelope] != [f"{{{SOAP}}}Header", f"{{{SOAP}}}Body"]:
        raise faults.invalid_xml("an envelope holds one Header and one Body")
    return envelope[0], envelope[1]


def _checked(header: Element, body: Element, message_id: str | None, max_bytes: int) -> Request:
    for block in header:
        required = block.get(_MUST_UNDERSTAND, "false").strip()
        if required not in ("true", "1", "false", "0"):
            raise faults.invalid_header(block.tag)
        if block.tag == f"{{{WSMAN}}}FragmentTransfer":
            raise faults.fragment_transfer()
        if required in ("true", "1") and block.tag not in _UNDERSTOOD:
            raise faults.not_understood(block.tag)
    action = _required(header, ADDRESSING, "Action")
    if not message_id:
        raise faults.header_required("MessageID")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise faults.invalid_header("MessageID")
    # Windows does not compare the host of To with its own name: pywinrm always says "windows-host".
    if not re.fullmatch(r"https?://[^/\s]+/wsman", _required(header, ADDRESSING, "To")):
        raise faults.invalid_header("To")
    reply_to = header.find(f"{{{ADDRESSING}}}ReplyTo/{{{ADDRESSING}}}Address")
    if reply_to is None:
        raise faults.header_required("ReplyTo")
    if (reply_to.text or "").strip() != ANONYMOUS:
        raise faults.invalid_header("ReplyTo")
    timeout = _single(header, WSMAN, "OperationTimeout")
    if timeout is not None and not _DURATION.fullmatch(timeout):
        raise faults.invalid_header("OperationTimeout")
    resource_uri = _single(header, WSMAN, "ResourceURI")
    if not resource_uri:
        raise faults.invalid_resource_uri()
    if len(body) > 1:
        raise faults.invalid_body("more than one element")
    return Request(
        action,
        resource_uri,
        message_id,
        _selectors(header),
        _max_envelope_size(header, max_bytes),
        body[0] if len(body) else None,
    )


def _max_envelope_size(header: Element, limit: int) -> int:
    """How long the answer may be: what the client asks for, and the server's own limit if that is more or nothing
    ([MS-WSMV] 3.1.4.1.7)."""
    text = _single(header, WSMAN, "MaxEnvelopeSize")
    if text is None:
        return limit
    if not text.isascii() or not text.isdigit() or len(text) > 10 or int(text) < MIN_ENVELOPE_SIZE:
        raise faults.invalid_header("MaxEnvelopeSize")
    return min(int(text), limit)


def _selectors(header: Element) -> dict[str, str]:
    selectors: dict[str, str] = {}
    for selector in header.iterfind(f"{{{WSMAN}}}SelectorSet/{{{WSMAN}}}Selector"):
        name = selector.get("Name")
        if not name or len(selector) or name.casefold() in (key.casefold() for key in selectors):
            raise faults.invalid_selectors()
        selectors[name] = selector.text or ""
    return selectors


def _required(header: Element, namespace: str, name: str) -> str:
    text = _single(header, namespace, name)
    if not text:
        raise faults.header_required(name)
    return text


def _single(header: Element, namespace: str, name: str) -> str | None:
    found = header.findall(f"{{{namespace}}}{name}")
    if not found:
        return None
    if len(found) > 1 or len(found[0]):
        raise faults.invalid_header(name)
    return (found[0].text or "").strip()
