# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows refuses, the lab refuses: headers, bodies, XML, sizes. Envelopes are written by hand."""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator

import pytest
from winrm.exceptions import WinRMTransportError

from tests.functional.lab.support import ENUMERATE, GET, NS, PULL, WMI, envelope, transport
from tests.lab.testing import RunningLab

Send = Callable[[str], bytes]
SHARE = {"Name": "SMS_SITE"}


@pytest.fixture
def send(hierarchy: RunningLab) -> Iterator[Send]:
    with transport(hierarchy["P01"]) as client:
        yield client.send_message


def fault(send: Send, message: str) -> tuple[int, str, str]:
    """The fault a message gets: WSManFault code, subcode (or code) and the whole text."""
    with pytest.raises(WinRMTransportError) as error:
        send(message)
    assert error.value.code == 500
    root = ET.fromstring(error.value.response_text)
    found = root.find("s:Body/s:Fault", NS)
    assert found is not None
    codes = [element.text or "" for element in found.iterfind(".//s:Value", NS)]
    wsman_fault = found.find("s:Detail/f:WSManFault", NS)
    assert wsman_fault is not None
    assert wsman_fault.get("Machine") == "P01"
    return int(wsman_fault.attrib["Code"]), codes[-1], error.value.response_text


def test_an_answer_relates_to_its_request(send: Send) -> None:
    message_id = f"uuid:{uuid.uuid4()}"
    root = ET.fromstring(send(envelope(keys=SHARE, message_id=message_id)))
    assert root.findtext("s:Header/a:RelatesTo", namespaces=NS) == message_id
    assert root.findtext("s:Header/a:Action", namespaces=NS) == f"{GET}Response"
    assert root.findtext("s:Header/a:To", namespaces=NS) == f"{NS['a']}/role/anonymous"
    assert re.fullmatch(r"uuid:[0-9A-F-]{36}", root.findtext("s:Header/a:MessageID", "", namespaces=NS))


def test_a_fault_relates_to_its_request_too(send: Send) -> None:
    message_id = f"uuid:{uuid.uuid4()}"
    _unused, _unused, text = fault(send, envelope(keys={"Name": "nowhere"}, message_id=message_id))
    assert ET.fromstring(text).findtext("s:Header/a:RelatesTo", namespaces=NS) == message_id


# Codes: wsmerror.h. Subcodes: DSP0226, 14.6 "Master Faults".
@pytest.mark.parametrize(
    ("message", "code", "subcode"),
    [
        (envelope(keys={"Name": "nowhere"}), 2150858752, "a:DestinationUnreachable"),
        (envelope(keys=SHARE, uri=WMI + "Win32_Nothing"), 2150858778, "a:DestinationUnreachable"),
        (envelope(keys=SHARE, uri="http://example.com/x"), 2150858811, "a:DestinationUnreachable"),
        (
            envelope(keys=SHARE, uri=WMI.replace("cimv2", "cimv3") + "Win32_Share"),
            2150858811,
            "a:DestinationUnreachable",
        ),
        (envelope(keys=SHARE, omit="ResourceURI"), 2150858811, "a:DestinationUnreachable"),
        (envelope(keys=SHARE, omit="Action"), 2150858769, "a:MessageInformationHeaderRequired"),
        (envelope(keys=SHARE, omit="MessageID"), 2150858769, "a:MessageInformationHeaderRequired"),
        (envelope(keys=SHARE, omit="To"), 2150858769, "a:MessageInformationHeaderRequired"),
        (envelope(keys=SHARE, omit="ReplyTo"), 2150858769, "a:MessageInformationHeaderRequired"),
        (envelope(keys=SHARE, message_id="12"), 2150858767, "a:InvalidMessageInformationHeader"),
        (envelope(keys=SHARE, max_envelope_size="many"), 2150858767, "a:InvalidMessageInformationHeader"),
        (envelope(keys=SHARE, max_envelope_size="8191"), 2150858767, "a:InvalidMessageInformationHeader"),
        (
            envelope(keys=SHARE, omit="OperationTimeout", extra="<w:OperationTimeout>60</w:OperationTimeout>"),
            2150858767,
            "a:InvalidMessageInformationHeader",
        ),
        (
            envelope(keys=SHARE, extra='<x:New xmlns:x="urn:x" s:mustUnderstand="true"/>'),
            2150858768,
            "s:MustUnderstand",
        ),
        (
            envelope(keys=SHARE, extra="<w:FragmentTransfer>Name</w:FragmentTransfer>"),
            2150858871,
            "w:UnsupportedFeature",
        ),
        (envelope(keys=SHARE, action=f"{NS['a']}/Nothing"), 2150858753, "a:ActionNotSupported"),
        (envelope(keys=SHARE, action=WMI + "Win32_Share/Vanish"), 2150858753, "a:ActionNotSupported"),
        (envelope(keys=SHARE, action=WMI + "Win32_Service/SetShareInfo"), 2150858753, "a:ActionNotSupported"),
        (envelope(), 2150858842, "w:InvalidSelectors"),
        (envelope(keys={"Name": "SMS_SITE", "Path": "x"}), 2150858813, "w:InvalidSelectors"),
        (
            envelope(keys=SHARE, extra="<a:Action>again</a:Action>"),
            2150858767,
            "a:InvalidMessageInformationHeader",
        ),
        ("this is not XML", 2150858819, "w:SchemaValidationError"),
        (envelope(keys=SHARE)[:-5], 2150858819, "w:SchemaValidationError"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + envelope(keys=SHARE), 2150858819, "w:SchemaValidationError"),
        (envelope(keys=SHARE, body="<x>" * 100 + "</x>" * 100), 2150858819, "w:SchemaValidationError"),
        (f'<s:Envelope xmlns:s="{NS["s"]}"/>', 2150858819, "w:SchemaValidationError"),
        (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>',
            2150858765,
            "s:VersionMismatch",
        ),
        (envelope(keys=SHARE, body="<x/><y/>"), 2150858817, "w:SchemaValidationError"),
        (envelope(action=PULL, uri=WMI + "*"), 2150858759, "n:InvalidEnumerationContext"),
        (envelope(action=ENUMERATE, uri=WMI + "*"), 2150858817, "w:SchemaValidationError"),
    ],
)
def test_refusals(send: Send, message: str, code: int, subcode: str) -> None:
    assert fault(send, message)[:2] == (code, subcode)


def test_an_optional_header_that_is_unknown_is_ignored(send: Send) -> None:
    assert b"SMS_SITE" in send(envelope(keys=SHARE, extra='<x:New xmlns:x="urn:x" s:mustUnderstand="false"/>'))


def test_not_found_names_the_wmi_status_inside_a_provider_fault(send: Send) -> None:
    _unused, _unused, text = fault(send, envelope(keys={"Name": "nowhere"}))
    root = ET.fromstring(text)
    nested = root.find(".//f:ProviderFault/f:WSManFault", NS)
    assert nested is not None
    assert nested.get("Code") == "2150858752"
    status = {
        element.tag.rpartition("}")[2]: element.text for element in root.iter() if "__ExtendedStatus" in element.tag
    }
    assert status["StatusCode"] == str(0x80041002)
    assert status["ParameterInfo"] == 'Win32_Share.Name="nowhere"'


def test_a_request_larger_than_the_envelope_limit_is_refused(send: Send) -> None:
    with pytest.raises(WinRMTransportError) as refused:
        send(envelope(keys=SHARE, body=f"<x>{'a' * 520_000}</x>"))
    assert refused.value.code == 413


def test_an_answer_larger_than_the_client_wants_is_not_sent(lab: RunningLab) -> None:
    host = lab["P01"]
    setting = WMI + "Win32_LogicalShareSecuritySetting"
    message = envelope(action=f"{setting}/GetSecurityDescriptor", uri=setting, keys=SHARE, max_envelope_size="8192")
    with transport(host) as client:
        assert len(client.send_message(message)) < 8192
        # An entry takes more than 500 bytes of XML: 20 of them do not fit.
        entries = [{"principal": f"S-1-5-21-1-2-3-{rid}", "access": "read"} for rid in range(1000, 1020)]
        host.controls.set_share_descriptor("SMS_SITE", {"entries": entries})
        assert fault(client.send_message, message)[:2] == (2150858824, "w:EncodingLimit")
        assert len(client.send_message(message.replace(">8192<", ">153600<"))) > 8192


def test_class_names_and_namespaces_are_case_insensitive(send: Send) -> None:
    assert b"SMS_SITE" in send(envelope(keys={"name": "sms_site"}, uri=WMI.replace("root", "ROOT") + "win32_SHARE"))
