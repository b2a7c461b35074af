# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What we send, against the documents and against two other implementations."""

from __future__ import annotations

import uuid
from xml.etree import ElementTree as ET

import pytest
import xmltodict
from pypsrp.wsman import SelectorSet, WSMan
from winrm.protocol import Protocol

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import (
    CimDatetime,
    EnvelopeSettings,
    Instance,
    Reference,
    WSManValueError,
    get,
    invoke,
    query,
    wql_string,
)
from tests.unit.wsman.server_side import CIMV2, NS, body, header, name

URL = "http://c01.corp.example:5985/wsman"
SESSION = EnvelopeSettings(URL)
SHARE = f"{CIMV2}/Win32_Share"
TRUE = {name("s:mustUnderstand"): "true"}


def headers(request: bytes) -> dict[str, ET.Element]:
    (found,) = ET.fromstring(request).findall("s:Header", NS)
    assert len({element.tag for element in found}) == len(found), "DSP0226 forbids a header given twice"
    return {element.tag: element for element in found}


def test_get_has_the_headers_of_the_documents() -> None:
    request = next(get(EnvelopeSettings(URL, operation_timeout=42), "Win32_Share", {"Name": "SMS_SITE"}))

    def given(prefixed: str) -> tuple[str | None, dict[str, str]]:
        element = header(request, prefixed)
        return element.text, element.attrib

    assert given("a:To") == (URL, {})
    assert given("w:ResourceURI") == (SHARE, TRUE)
    assert given("a:Action") == ("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", TRUE)
    assert given("w:OperationTimeout") == ("PT42S", {})
    assert given("w:Locale") == (None, {name("xml:lang"): "en-US"})
    assert given("a:ReplyTo/a:Address")[0] == "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
    assert given("w:SelectorSet/w:Selector") == ("SMS_SITE", {"Name": "Name"})
    message_id = given("a:MessageID")[0] or ""
    assert message_id.startswith("uuid:")
    assert uuid.UUID(message_id[5:]).version == 4
    assert body(request) == []


def test_get_is_small_and_has_no_white_space_between_elements() -> None:
    request = next(get(SESSION, "Win32_LogicalFileSecuritySetting", {"Path": r"D:\SMS\Site.srv\Despoolr.box\Receive"}))
    assert len(request) < 2048
    assert b"> <" not in request
    assert b"\n" not in request


def test_every_request_has_its_own_message_id() -> None:
    ids = {header(next(get(SESSION, "Win32_OperatingSystem", {})), "a:MessageID").text for _unused in range(20)}
    assert len(ids) == 20


class Wire:
    """Stands where pypsrp's transport does, and keeps what it would have sent."""

    endpoint = URL

    def __init__(self) -> None:
        self.sent = b""

    def send(self, message: bytes, **_timeouts: object) -> bytes:
        self.sent = message
        request_id = header(message, "a:MessageID").text
        return (
            f'<s:Envelope xmlns:s="{NS["s"]}" xmlns:a="{NS["a"]}"><s:Header><a:RelatesTo>{request_id}</a:RelatesTo>'
            "</s:Header><s:Body/></s:Envelope>"
        ).encode()


def test_get_is_the_one_that_pypsrp_sends() -> None:
    theirs = WSMan("c01.corp.example", ssl=False, max_envelope_size=512_000, operation_timeout=60)
    theirs.transport = wire = Wire()
    selectors = SelectorSet()
    selectors.add_option("Name", "SMS_SITE")
    theirs.max_payload_size = 0
    theirs.get(SHARE, selector_set=selectors)
    expected, ours = headers(wire.sent), headers(next(get(SESSION, "Win32_Share", {"Name": "SMS_SITE"})))
    # All optional (MS-WSMV): a session is of use to shells only, the others have defaults that serve us as well.
    for optional in ("p:SessionId", "p:DataLocale", "w:MaxEnvelopeSize"):
        del expected[name(optional)]
    assert ours.keys() == expected.keys()
    assert ours[name("a:ReplyTo")][0].text == expected[name("a:ReplyTo")][0].text
    del expected[name("w:Locale")].attrib[name("s:mustUnderstand")]  # "false", which it is anyway (SOAP 1.2, 5.2.3)
    for tag in expected.keys() - {name("a:MessageID"), name("a:ReplyTo")}:
        assert ET.canonicalize(ET.tostring(ours[tag])) == ET.canonicalize(ET.tostring(expected[tag]))
    assert [element.tag for element in body(wire.sent)] == []


def test_get_has_the_headers_that_pywinrm_sends() -> None:
    protocol = Protocol(
        URL, transport="ntlm", username="u", password="p", operation_timeout_sec=60, read_timeout_sec=70
    )
    action = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
    built = {"env:Envelope": protocol.build_wsman_header(action, SHARE) | {"env:Body": {}}}
    expected = headers(xmltodict.unparse(built).encode())
    ours = headers(next(get(EnvelopeSettings(URL, max_envelope_size=153_600), "Win32_Share", {})))
    assert ours.keys() == expected.keys() - {name("p:DataLocale"), name("w:MaxEnvelopeSize")}
    for prefixed in ("w:ResourceURI", "a:Action", "w:OperationTimeout"):
        assert ours[name(prefixed)].text == expected[name(prefixed)].text


@pytest.mark.parametrize(
    ("seconds", "duration"), [(60.0, "PT60S"), (0.5, "PT0.5S"), (1.25, "PT1.25S"), (600, "PT600S")]
)
def test_operation_timeout_is_an_xs_duration(seconds: float, duration: str) -> None:
    request = next(get(EnvelopeSettings(URL, operation_timeout=seconds), "Win32_Share", {}))
    assert header(request, "w:OperationTimeout").text == duration


@pytest.mark.parametrize(
    "wrong", [{"operation_timeout": 0}, {"operation_timeout": float("nan")}, {"max_envelope_size": 8191}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(WSManValueError):
        EnvelopeSettings(URL, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["a&b<c>d\"e'f", " led and trailed ", "tab\there\nline\rreturn", "Ümläut 💾", ""])
def test_a_selector_arrives_as_it_is(value: str) -> None:
    assert (header(next(get(SESSION, "Win32_Share", {"Name": value})), "w:SelectorSet/w:Selector").text or "") == value


@pytest.mark.parametrize("value", ["nul\0", "bell\a", "\ud800", "\ufffe"])
def test_what_xml_cannot_carry_is_refused(value: str) -> None:
    with pytest.raises(WSManValueError, match=r"U\+"):
        next(get(SESSION, "Win32_Share", {"Name": value}))


def test_query_is_an_optimized_enumeration() -> None:
    wql = f"SELECT * FROM Win32_Directory WHERE Name={wql_string('D:' + chr(92) + 'SMS')}"
    request = next(query(SESSION, wql, max_elements=7))
    assert header(request, "w:ResourceURI").text == f"{CIMV2}/*"
    assert header(request, "a:Action").text == "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate"
    (enumerate_,) = body(request)
    assert enumerate_.tag == name("n:Enumerate")
    assert [child.tag for child in enumerate_] == [
        name("w:OptimizeEnumeration"),
        name("w:MaxElements"),
        name("w:Filter"),
    ]
    assert enumerate_.findtext("w:MaxElements", namespaces=NS) == "7"
    (wql_filter,) = enumerate_.findall("w:Filter", NS)
    assert wql_filter.attrib == {"Dialect": "http://schemas.microsoft.com/wbem/wsman/1/WQL"}
    assert wql_filter.text == r"SELECT * FROM Win32_Directory WHERE Name='D:\\SMS'"


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("SMS_SITE", "'SMS_SITE'"),
        (r"D:\SMS", r"'D:\\SMS'"),
        ("O'Brien", r"'O\'Brien'"),
        ('say "so"', r"'say \"so\"'"),
        ("\\'", r"'\\\''"),
        ("", "''"),
    ],
)
def test_wql_string_escapes_as_q242507_says(text: str, literal: str) -> None:
    assert wql_string(text) == literal


@pytest.mark.parametrize("text", ["a\0b", "a\nb", "\x7f", "\x85"])
def test_wql_string_refuses_control_characters(text: str) -> None:
    with pytest.raises(WSManValueError, match="control character"):
        wql_string(text)


def descriptor() -> Instance:
    trustee = Instance("Win32_Trustee", {"Name": None, "SID": (1, 1, 0, 0), "SIDString": "S-1-1-0"})
    ace = Instance("Win32_ACE", {"AccessMask": 2032127, "AceFlags": 0, "AceType": 0, "Trustee": trustee})
    return Instance("Win32_SecurityDescriptor", {"ControlFlags": 4, "DACL": (ace, ace), "Owner": None, "SACL": ()})


def test_a_security_descriptor_is_embedded_in_the_namespaces_of_its_classes() -> None:
    setting = "Win32_LogicalShareSecuritySetting"
    request = next(
        invoke(SESSION, setting, "SetSecurityDescriptor", {"Name": "SMS_SITE"}, {"Descriptor": descriptor()})
    )
    assert header(request, "a:Action").text == f"{CIMV2}/{setting}/SetSecurityDescriptor"
    assert header(request, "w:ResourceURI").text == f"{CIMV2}/{setting}"
    (method_input,) = body(request)
    assert method_input.tag == f"{{{CIMV2}/{setting}}}SetSecurityDescriptor_INPUT"
    (parameter,) = method_input
    assert parameter.tag == f"{{{CIMV2}/{setting}}}Descriptor"
    in_descriptor = f"{{{CIMV2}/Win32_SecurityDescriptor}}"
    assert [child.tag for child in parameter] == [
        in_descriptor + each for each in ("ControlFlags", "DACL", "DACL", "Owner")
    ]
    flags, ace, _unused, owner = parameter
    assert flags.text == "4"
    assert owner.attrib == {name("xsi:nil"): "true"}
    in_ace = f"{{{CIMV2}/Win32_ACE}}"
    assert [child.tag for child in ace] == [in_ace + each for each in ("AccessMask", "AceFlags", "AceType", "Trustee")]
    in_trustee = f"{{{CIMV2}/Win32_Trustee}}"
    trustee = ace[3]
    assert [child.tag for child in trustee] == [in_trustee + each for each in ("Name", *["SID"] * 4, "SIDString")]
    assert [child.text for child in trustee.findall(in_trustee + "SID")] == ["1", "1", "0", "0"]


def test_xsi_type_names_the_embedded_class_with_a_prefix_of_its_namespace() -> None:
    request = next(invoke(SESSION, "Win32_Share", "SetShareInfo", {"Name": "x"}, {"Access": descriptor()}))
    # ElementTree drops prefixes, so the declarations are read from the text.
    prefixes = dict(
        part.split("=")[::-1] for part in request.decode().replace(">", " ").split() if part[:6] == "xmlns:"
    )
    for class_name in ("Win32_SecurityDescriptor", "Win32_ACE", "Win32_Trustee"):
        prefix = prefixes[f'"{CIMV2}/{class_name}"'].removeprefix("xmlns:")
        assert f'xsi:type="{prefix}:{class_name}_Type"' in request.decode()


def test_parameters_of_every_kind() -> None:
    group = Reference("Win32_Group", {"Domain": "C01", "Name": "A&B"})
    parameters = {
        "Text": "a<b",
        "Number": -5,
        "Yes": True,
        "No": False,
        "Nothing": None,
        "When": CimDatetime("2026-01-02T03:04:05Z"),
        "Group": group,
    }
    (method_input,) = body(next(invoke(SESSION, "Win32_Share", "M", {}, parameters)))
    text, number, yes, no, nothing, when, reference = method_input
    assert (text.text, number.text, yes.text, no.text) == ("a<b", "-5", "true", "false")
    assert (nothing.text, nothing.attrib) == (None, {name("xsi:nil"): "true"})
    assert when.findtext("cim:Datetime", namespaces=NS) == "2026-01-02T03:04:05Z"
    uri = reference.findtext("a:ReferenceParameters/w:ResourceURI", namespaces=NS)
    assert uri == f"{CIMV2}/Win32_Group"
    selectors = reference.findall("a:ReferenceParameters/w:SelectorSet/w:Selector", NS)
    assert [(each.get("Name"), each.text) for each in selectors] == [("Domain", "C01"), ("Name", "A&B")]
    assert reference.findtext("a:Address", namespaces=NS) == f"{NS['a']}/role/anonymous"


@pytest.mark.parametrize(
    "parameters",
    [
        {"bad name": 1},
        {"Access": Instance("no class!", {})},
        {"Access": Instance("Win32_ACE", {"bad>": 1})},
        {"Array": (1, None)},
        {"Array": ((1,),)},
        {"Float": 1.5},
        {"When": CimDatetime("x", "Whenever")},
        {"Text": "\0"},
    ],
)
def test_parameters_that_cannot_be_sent_are_refused(parameters: dict[str, object]) -> None:
    with pytest.raises(WSManValueError):
        next(invoke(SESSION, "Win32_Share", "M", {}, parameters))  # type: ignore[arg-type]


def test_a_malformed_method_is_refused() -> None:
    with pytest.raises(WSManValueError, match="method"):
        next(invoke(SESSION, "Win32_Share", "Set/Info", {}))
