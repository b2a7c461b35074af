# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's half of an exchange, written with the standard library's ElementTree and plain text."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar
from xml.etree import ElementTree as ET

T = TypeVar("T")
Reply = Callable[[bytes], bytes]

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "cim": "http://schemas.dmtf.org/wbem/wscim/1/common",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xml": "http://www.w3.org/XML/1998/namespace",
}
CIMV2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2"
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items() if prefix != "xml")
GET_RESPONSE = NS["x"] + "/GetResponse"


def name(prefixed: str) -> str:
    """ElementTree's spelling of a prefixed name."""
    prefix, _unused, local = prefixed.partition(":")
    return f"{{{NS[prefix]}}}{local}"


def header(request: bytes, prefixed: str) -> ET.Element:
    """The one header of that name."""
    (found,) = ET.fromstring(request).findall(f"s:Header/{prefixed}", NS)
    return found


def body(request: bytes) -> list[ET.Element]:
    """What is in the body."""
    (found,) = ET.fromstring(request).findall("s:Body", NS)
    return list(found)


def envelope(action: str, content: str, relates_to: str | None) -> bytes:
    """A response as Windows frames it."""
    related = f"<a:RelatesTo>{relates_to}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xml:lang="en-US" {DECLARED}><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>uuid:9D8E0B1F-1111-4222-8333-444455556666</a:MessageID>"
        f"<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>{related}</s:Header>"
        f"<s:Body>{content}</s:Body></s:Envelope>"
    ).encode()


def reply(action: str, content: str) -> Reply:
    """Answers a request with that content."""
    return lambda request: envelope(action, content, header(request, "a:MessageID").text)


def fault_reply(content: str) -> Reply:
    """Answers a request with a fault."""
    return reply(NS["w"].replace("wsman.xsd", "wsman/fault"), f"<s:Fault>{content}</s:Fault>")


def run(operation: Generator[bytes, bytes, T], *replies: Reply) -> tuple[T, list[bytes]]:
    """Drive an operation; return its result and the requests it made. Every reply must be asked for."""
    requests = [next(operation)]
    for number, answer in enumerate(replies, start=1):
        try:
            requests.append(operation.send(answer(requests[-1])))
        except StopIteration as finished:
            assert number == len(replies), "not every reply was asked for"
            return finished.value, requests
    raise AssertionError("the operation asked for more")
