# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the lab share: clients that are not ours, and requests built with them."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from pypsrp.wsman import SelectorSet, WSMan
from winrm.transport import Transport

from tests.lab.model import Logon
from tests.lab.testing import RunningHost

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/"
NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "cim": "http://schemas.dmtf.org/wbem/wscim/1/common",
}
XSI = "http://www.w3.org/2001/XMLSchema-instance"
GET = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
ENUMERATE = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate"
PULL = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"


@contextmanager
def connect(host: RunningHost, *, logon: Logon | None = None, tls: bool = False, **options: Any) -> Iterator[WSMan]:
    """pypsrp's WSMan on a host: NTLM over HTTP unless told otherwise."""
    logon = logon or host.logons[0]
    url = urlsplit(host.https_url if tls else host.url)
    options = {"auth": "ntlm", "no_proxy": True} | options
    with WSMan(url.hostname, port=url.port, username=logon.user, password=logon.password, ssl=tls, **options) as wsman:
        yield wsman


def selectors(values: Mapping[str, str]) -> SelectorSet:
    """pypsrp's SelectorSet."""
    made = SelectorSet()
    for name, value in values.items():
        made.add_option(name, value)
    return made


def get(wsman: WSMan, class_name: str, **keys: str) -> dict[str, Any]:
    """The properties of an instance of a class of root/cimv2, or of one given by its URI."""
    body = wsman.get(class_name if "/" in class_name else WMI + class_name, selector_set=selectors(keys))
    return properties(body[0])


def call(wsman: WSMan, class_name: str, method: str, keys: Mapping[str, str], *inputs: ET.Element) -> ET.Element:
    """Call a method; the ``_OUTPUT`` element."""
    root = ET.Element(f"{{{WMI}{class_name}}}{method}_INPUT")
    root.extend(inputs)
    uri = WMI + class_name
    envelope = wsman.invoke(f"{uri}/{method}", uri, root, selector_set=selectors(keys))
    output = envelope.find("s:Body", NS)
    assert output is not None
    return output[0]


def return_value(output: ET.Element) -> int:
    """The ReturnValue of a method's output."""
    return int(next(child.text or "" for child in output if local(child) == "ReturnValue"))


def query(
    wsman: WSMan, wql: str, max_elements: int = 100, optimize: bool = True, namespace: str = "cimv2"
) -> list[ET.Element]:
    """All items of a query in a namespace below root, pulled to the end."""
    body = enumerate_once(wsman, wql, max_elements, optimize, namespace)
    items = [item for container in body.iter() if local(container) == "Items" for item in container]
    while not any(local(element) == "EndOfSequence" for element in body.iter()):
        body = pull(wsman, context_of(body), max_elements)
        items += [item for container in body.iter() if local(container) == "Items" for item in container]
    return items


def enumerate_once(
    wsman: WSMan, wql: str, max_elements: int = 100, optimize: bool = True, namespace: str = "cimv2"
) -> ET.Element:
    """The body of the answer to an Enumerate."""
    root = ET.Element(f"{{{NS['n']}}}Enumerate")
    if optimize:
        ET.SubElement(root, f"{{{NS['w']}}}OptimizeEnumeration")
        ET.SubElement(root, f"{{{NS['w']}}}MaxElements").text = str(max_elements)
    ET.SubElement(root, f"{{{NS['w']}}}Filter", Dialect=WQL).text = wql
    return wsman.enumerate(WMI.replace("cimv2", namespace) + "*", root)


def pull(wsman: WSMan, context: str, max_elements: int = 100) -> ET.Element:
    """The body of the answer to a Pull."""
    root = ET.Element(f"{{{NS['n']}}}Pull")
    ET.SubElement(root, f"{{{NS['n']}}}EnumerationContext").text = context
    ET.SubElement(root, f"{{{NS['n']}}}MaxElements").text = str(max_elements)
    return wsman.pull(WMI + "*", root)


def context_of(body: ET.Element) -> str:
    """The enumeration context in an answer."""
    return next(element.text or "" for element in body.iter() if local(element) == "EnumerationContext")


def local(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def properties(element: ET.Element) -> dict[str, Any]:
    """Scalars as text, nulls as None, repeated ones as a list, anything else as its element."""
    found: dict[str, Any] = {}
    for child in element:
        value: Any = None if child.get(f"{{{XSI}}}nil") == "true" else child if len(child) else child.text or ""
        name = local(child)
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found


def sid_octets(sid: str) -> bytes:
    """[MS-DTYP] 2.4.2.2, written out here: revision, count, authority (big endian), subauthorities (little endian)."""
    authority, *subauthorities = (int(part) for part in sid.split("-")[2:])
    head = bytes([1, len(subauthorities)]) + authority.to_bytes(6, "big")
    return head + b"".join(sub.to_bytes(4, "little") for sub in subauthorities)


def descriptor_parameter(
    class_name: str,
    entries: list[tuple[int, int, int, str]] | None,
    *,
    control: int = 0x8004,
    name: str = "Descriptor",
    owner: str | None = None,
    audit: list[tuple[int, int, int, str]] | None = None,
) -> ET.Element:
    """A Win32_SecurityDescriptor parameter; entries are (type, flags, mask, SID), None is a null DACL or no SACL."""
    sd, ace, trustee = (f"{{{WMI}Win32_{part}}}" for part in ("SecurityDescriptor", "ACE", "Trustee"))
    root = ET.Element(f"{{{WMI}{class_name}}}{name}")
    ET.SubElement(root, f"{sd}ControlFlags").text = str(control)
    if entries is None:
        ET.SubElement(root, f"{sd}DACL", {f"{{{XSI}}}nil": "true"})
    listed = [("DACL", entry) for entry in entries or ()] + [("SACL", entry) for entry in audit or ()]
    for acl, (type_, flags, mask, sid) in listed:
        item = ET.SubElement(root, f"{sd}{acl}")
        ET.SubElement(item, f"{ace}AccessMask").text = str(mask)
        ET.SubElement(item, f"{ace}AceFlags").text = str(flags)
        ET.SubElement(item, f"{ace}AceType").text = str(type_)
        _trustee(ET.SubElement(item, f"{ace}Trustee"), trustee, sid)
    if owner:
        _trustee(ET.SubElement(root, f"{sd}Owner"), trustee, owner)
    return root


def _trustee(element: ET.Element, namespace: str, sid: str) -> None:
    for octet in sid_octets(sid):
        ET.SubElement(element, f"{namespace}SID").text = str(octet)


def shown_entries(output: ET.Element, acl: str = "DACL") -> list[tuple[int, int, int, str]]:
    """The entries of a GetSecurityDescriptor output: (type, flags, mask, SID)."""
    found = []
    for dacl in (element for element in output.iter() if local(element) == acl and len(element)):
        values = properties(dacl)
        trustee = properties(values["Trustee"])
        octets = bytes(int(octet) for octet in trustee["SID"])
        assert octets == sid_octets(trustee["SIDString"])
        assert int(trustee["SidLength"]) == len(octets)
        found.append((int(values["AceType"]), int(values["AceFlags"]), int(values["AccessMask"]), trustee["SIDString"]))
    return found


# -- raw envelopes, sent by pywinrm's transport


@contextmanager
def transport(host: RunningHost, **options: Any) -> Iterator[Transport]:
    """pywinrm's Transport on a host: NTLM over HTTP unless told otherwise."""
    made = Transport(
        options.pop("endpoint", host.url),
        username=options.pop("user", host.user),
        password=options.pop("password", host.password),
        **{"auth_method": "ntlm", "proxy": None, "ca_trust_path": None} | options,
    )
    try:
        yield made
    finally:
        made.close_session()


def envelope(
    *,
    action: str = GET,
    uri: str = WMI + "Win32_Share",
    keys: Mapping[str, str] | None = None,
    body: str = "",
    extra: str = "",
    omit: str = "",
    message_id: str | None = None,
    max_envelope_size: str = "153600",
) -> str:
    """A request written by hand; ``omit`` leaves one header out, ``extra`` adds some."""
    message_id = message_id or f"uuid:{uuid.uuid4()}"
    headers = {
        "To": "<a:To>http://windows-host:5985/wsman</a:To>",
        "ReplyTo": f"<a:ReplyTo><a:Address>{NS['a']}/role/anonymous</a:Address></a:ReplyTo>",
        "MaxEnvelopeSize": f'<w:MaxEnvelopeSize s:mustUnderstand="true">{max_envelope_size}</w:MaxEnvelopeSize>',
        "MessageID": f"<a:MessageID>{message_id}</a:MessageID>",
        "OperationTimeout": "<w:OperationTimeout>PT60S</w:OperationTimeout>",
        "ResourceURI": f'<w:ResourceURI s:mustUnderstand="true">{uri}</w:ResourceURI>',
        "Action": f'<a:Action s:mustUnderstand="true">{action}</a:Action>',
        "SelectorSet": "<w:SelectorSet>"
        + "".join(f'<w:Selector Name="{k}">{v}</w:Selector>' for k, v in (keys or {}).items())
        + "</w:SelectorSet>",
    }
    headers.pop(omit, None)
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
    return (
        f'<s:Envelope {spaces} xmlns:xsi="{XSI}"><s:Header>{"".join(headers.values())}{extra}</s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )
