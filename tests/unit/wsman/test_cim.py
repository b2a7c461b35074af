# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances as Windows writes them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import (
    CimDatetime,
    EnvelopeSettings,
    Instance,
    Reference,
    Value,
    WSManProtocolError,
    WSManValueError,
    get,
    invoke,
)
from tests.unit.wsman.server_side import CIMV2, GET_RESPONSE, NS, envelope, header, reply, run

SESSION = EnvelopeSettings("http://c01.corp.example:5985/wsman")


def read(properties: str, class_name: str = "Win32_Service") -> Instance:
    """What a Get makes of an instance with these properties (prefix p)."""
    content = (
        f'<p:{class_name} xmlns:p="{CIMV2}/{class_name}" xsi:type="p:{class_name}_Type">{properties}</p:{class_name}>'
    )
    found, _unused = run(get(SESSION, class_name, {"Name": "x"}), reply(GET_RESPONSE, content))
    return found


def test_a_service() -> None:
    service = read(
        r"<p:Name>SMS_EXECUTIVE</p:Name><p:StartName>CORP\smssvc</p:StartName><p:Started>true</p:Started>"
        '<p:ProcessId>1234</p:ProcessId><p:ErrorControl xsi:nil="true"/><p:Description/>'
        "<p:InstallDate><cim:Datetime>1999-05-01T10:20:30.5Z</cim:Datetime></p:InstallDate>"
    )
    assert (service.class_name, service.namespace) == ("Win32_Service", "root/cimv2")
    assert service.text("StartName") == r"CORP\smssvc"
    assert service.boolean("Started") is True
    assert service.integer("ProcessId") == 1234
    assert service.text("Description") == ""
    assert service.properties["InstallDate"] == CimDatetime("1999-05-01T10:20:30.5Z")


def test_null_is_told_from_absent() -> None:
    service = read('<p:Path xsi:nil="true"/><p:Name>x</p:Name>')
    assert service.is_null("Path")
    assert "Path" in service
    assert service.text("Path") is None
    assert not service.is_null("Name")
    assert "Description" not in service
    assert not service.is_null("Description")
    assert service.text("Description") is None


def test_case_of_names_does_not_matter() -> None:
    service = read("<p:StartName>x</p:StartName>")
    assert service.text("STARTNAME") == service.text("startname") == "x"
    assert "sTARTnAME" in service
    assert list(service.properties) == ["StartName"]


def test_a_security_descriptor() -> None:
    setting = "Win32_LogicalShareSecuritySetting"
    trustee = (
        '<ace:Trustee xsi:type="t:Win32_Trustee_Type"><t:Domain>CORP</t:Domain><t:Name>smssend</t:Name>'
        "<t:SID>1</t:SID><t:SID>5</t:SID><t:SidLength>28</t:SidLength><t:SIDString>S-1-5-21</t:SIDString></ace:Trustee>"
    )
    ace = (
        '<sd:DACL xsi:type="ace:Win32_ACE_Type"><ace:AccessMask>1179817</ace:AccessMask><ace:AceFlags>3</ace:AceFlags>'
        f'<ace:AceType>0</ace:AceType><ace:GuidObjectType xsi:nil="true"/>{trustee}</sd:DACL>'
    )
    output = (
        f'<p:GetSecurityDescriptor_OUTPUT xmlns:p="{CIMV2}/{setting}"><p:Descriptor xmlns:ace="{CIMV2}/Win32_ACE" '
        f'xmlns:sd="{CIMV2}/Win32_SecurityDescriptor" xmlns:t="{CIMV2}/Win32_Trustee" '
        f'xsi:type="sd:Win32_SecurityDescriptor_Type"><sd:ControlFlags>32772</sd:ControlFlags>{ace}{ace}'
        '<sd:Group xsi:nil="true"/></p:Descriptor><p:ReturnValue>0</p:ReturnValue></p:GetSecurityDescriptor_OUTPUT>'
    )
    found, _unused = run(
        invoke(SESSION, setting, "GetSecurityDescriptor", {"Name": "SMS_SITE"}),
        reply(f"{CIMV2}/{setting}/GetSecurityDescriptorResponse", output),
    )
    assert found.class_name == "GetSecurityDescriptor_OUTPUT"
    assert found.integer("ReturnValue") == 0
    descriptor = found.instance("Descriptor")
    assert descriptor is not None
    assert descriptor.class_name == "Win32_SecurityDescriptor"
    assert descriptor.integer("ControlFlags") == 0x8004
    assert descriptor.instance("Group") is None
    assert "SACL" not in descriptor
    first, second = descriptor.instances("DACL")
    assert first == second
    assert (first.class_name, first.integer("AccessMask"), first.integer("AceFlags")) == ("Win32_ACE", 0x1200A9, 3)
    assert first.is_null("GuidObjectType")
    trustee_found = first.instance("Trustee")
    assert trustee_found is not None
    assert trustee_found.integers("SID") == (1, 5)
    assert trustee_found.text("SIDString") == "S-1-5-21"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", ()),
        ('<p:Names xsi:nil="true"/>', ()),
        ("<p:Names>a</p:Names>", ("a",)),
        ("<p:Names>a</p:Names><p:Names>b</p:Names>", ("a", "b")),
        ("<p:Names>a</p:Names><p:Other/><p:names>b</p:names>", ("a", "b")),
    ],
)
def test_arrays_repeat_their_element(written: str, expected: tuple[str, ...]) -> None:
    assert read(written).array("Names") == expected


def test_an_embedded_instance_without_properties_is_one() -> None:
    found = read(f'<p:Trustee xmlns:t="{CIMV2}/Win32_Trustee" xsi:type="t:Win32_Trustee_Type"/>').instance("Trustee")
    assert found == Instance("Win32_Trustee", {})


def test_an_embedded_instance_without_a_type_is_named_by_its_properties() -> None:
    uri = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/sms/site_C01/SMS_Site"
    found = read(f'<p:Site xmlns:q="{uri}"><q:SiteCode>C01</q:SiteCode></p:Site>').instance("Site")
    assert found == Instance("SMS_Site", {"SiteCode": "C01"}, "root/sms/site_C01")


@pytest.mark.parametrize(
    ("said", "class_name"),
    [
        # The prefix says nothing that the properties' namespace does not say.
        ("t:Win32_Trustee_Type", "Win32_Trustee"),
        ("nowhere:Win32_Trustee_Type", "Win32_Trustee"),
        ("q:Win32_Trustee_Type", "Win32_Trustee"),
        ("Win32_Trustee_Type", "Win32_Trustee"),
        ("_Type", "SMS_Site"),
        ("", "SMS_Site"),
        ("cim:cimString", "SMS_Site"),
    ],
)
def test_an_embedded_instance_with_a_type_is_in_the_namespace_of_its_properties(said: str, class_name: str) -> None:
    uri = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/sms/site_C01/SMS_Site"
    found = read(
        f'<p:Site xmlns:q="{uri}" xmlns:t="{CIMV2}/Win32_Trustee" xsi:type="{said}">'
        "<q:SiteCode>C01</q:SiteCode></p:Site>"
    ).instance("Site")
    assert found == Instance(class_name, {"SiteCode": "C01"}, "root/sms/site_C01")


def test_a_class_that_a_server_makes_up_is_shown_on_one_line() -> None:
    name = "a&#10;[ERROR]: \u202eall is well " + "x" * 500
    found = read(f'<p:Site xsi:type="t:{name}_Type"><p:Code>x</p:Code></p:Site>').instance("Site")
    assert found is not None
    with pytest.raises(WSManProtocolError) as caught:
        found.integer("Code")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def test_a_typed_scalar_is_a_scalar() -> None:
    assert read('<p:Name xsi:type="cim:cimString">x</p:Name>').text("Name") == "x"


def test_a_reference() -> None:
    member = read(
        f"<p:PartComponent><a:Address>{NS['a']}/role/anonymous</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{CIMV2}/Win32_UserAccount</w:ResourceURI><w:SelectorSet>"
        '<w:Selector Name="Domain">CORP</w:Selector><w:Selector Name="Name">smssend</w:Selector>'
        '<w:Selector Name="__cimnamespace">root/cimv2</w:Selector>'
        "</w:SelectorSet></a:ReferenceParameters></p:PartComponent>",
        "Win32_GroupUser",
    )
    expected = Reference("Win32_UserAccount", {"Domain": "CORP", "Name": "smssend"}, "root/cimv2")
    assert member.properties["PartComponent"] == expected
    assert member.reference("partcomponent") == expected


@pytest.mark.parametrize(
    "written", ["", '<p:Part xsi:nil="true"/>', "<p:Part/>", "<p:Part>Win32_Group.Name='x'</p:Part>"]
)
def test_an_end_of_an_association_is_a_reference(written: str) -> None:
    with pytest.raises(WSManProtocolError, match=r"Win32_GroupUser\.Part should be a reference"):
        read(written, "Win32_GroupUser").reference("Part")


def test_the_location_that_server_2003_adds_is_no_property() -> None:
    old = 'xmlns:o="http://schemas.dmtf.org/wsman/2005/06/base"'
    location = (
        f"<o:Location {old}><a:Address>x</a:Address></o:Location><cim:Location><a:Address>x</a:Address></cim:Location>"
    )
    when = f"<p:When><o:Datetime {old}>2003-04-24T00:00:00Z</o:Datetime></p:When>"
    found = read(f"<p:Name>x</p:Name>{location}{when}")
    assert dict(found.properties) == {"Name": "x", "When": CimDatetime("2003-04-24T00:00:00Z")}


@pytest.mark.parametrize(
    "properties",
    [
        "text",
        "<p:Name>x</p:Name>text",
        "<p:D>text<q:X xmlns:q='urn:q'/></p:D>",
        "<p:R><a:Address>x</a:Address></p:R>",
        "<p:R><a:ReferenceParameters/></p:R>",
        f"<p:R><a:ReferenceParameters><w:ResourceURI>{CIMV2}/A</w:ResourceURI><w:SelectorSet><w:Selector>v</w:Selector>"
        "</w:SelectorSet></a:ReferenceParameters></p:R>",
    ],
)
def test_what_is_no_instance_is_refused(properties: str) -> None:
    with pytest.raises(WSManProtocolError):
        read(properties)


@pytest.mark.parametrize("text", ["0x10", "", "1.0", "1e3", "one", "- 1", "٣", "1" * 21, "1_000"])
def test_a_number_is_decimal_and_bounded(text: str) -> None:
    with pytest.raises(WSManProtocolError, match=r"Win32_Service\.ProcessId should be an integer"):
        read(f"<p:ProcessId>{text}</p:ProcessId>").integer("ProcessId")


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), (" 7 ", 7), ("+7", 7), ("-1", -1), ("18446744073709551615", 2**64 - 1)]
)
def test_numbers(text: str, number: int) -> None:
    assert read(f"<p:N>{text}</p:N>").integer("N") == number


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_booleans(text: str, value: bool) -> None:
    assert read(f"<p:B>{text}</p:B>").boolean("B") is value


@pytest.mark.parametrize("accessor", ["text", "integer", "boolean", "instance", "instances", "integers"])
def test_a_value_of_the_wrong_shape_names_class_and_property(accessor: str) -> None:
    value: Value = "neither number nor truth" if accessor != "text" else Instance("A", {})
    found = Instance("Win32_Share", {"Type": value})
    with pytest.raises(WSManProtocolError, match=r"Win32_Share\.Type should be"):
        getattr(found, accessor)("Type")


def test_a_boolean_is_no_number() -> None:
    with pytest.raises(WSManProtocolError):
        Instance("A", {"P": True}).integer("P")


def test_instances_are_read_only_and_keep_what_they_were_given() -> None:
    given_properties: dict[str, Value] = {"Name": "x"}
    found = Instance("A", given_properties)
    given_properties["Name"] = "y"
    assert (found.text("Name"), found.properties["Name"]) == ("x", "x")
    with pytest.raises(TypeError):
        found.properties["Name"] = "z"  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        found.class_name = "B"  # type: ignore[misc]
    with pytest.raises(TypeError):
        Reference("A", {"k": "v"}).selectors["k"] = "w"  # type: ignore[index]


def test_properties_that_differ_in_case_only_are_refused() -> None:
    with pytest.raises(WSManValueError):
        Instance("A", {"Name": "x", "NAME": "y"})


UTC = timezone.utc


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (CimDatetime("2026-01-02T03:04:05Z"), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (CimDatetime("2026-01-02T03:04:05"), datetime(2026, 1, 2, 3, 4, 5)),
        (CimDatetime("2026-01-02T03:04:05.25-06:00"), datetime(2026, 1, 2, 9, 4, 5, 250_000, tzinfo=UTC)),
        (CimDatetime("2026-01-02T03:04:05.123456789Z"), datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        (CimDatetime("P1DT2H3M4.5S", "Interval"), timedelta(days=1, seconds=7384.5)),
        (CimDatetime("-PT1S", "Interval"), timedelta(seconds=-1)),
        (CimDatetime("20260102030405.000006+060", "CIM_DateTime"), datetime(2026, 1, 2, 2, 4, 5, 6, tzinfo=UTC)),
        (CimDatetime("00000001020304.500000:000", "CIM_DateTime"), timedelta(days=1, seconds=7384.5)),
    ],
)
def test_datetimes(written: CimDatetime, value: datetime | timedelta) -> None:
    assert written.value == value


@pytest.mark.parametrize(
    "written",
    [
        CimDatetime(""),
        CimDatetime("2026-13-02T03:04:05Z"),
        CimDatetime("2026-01-02"),
        CimDatetime("P1Y", "Interval"),
        CimDatetime("P", "Interval"),
        CimDatetime("PT", "Interval"),
        CimDatetime("P99999999999D", "Interval"),
        CimDatetime("2026010203****.000000+000", "CIM_DateTime"),
        CimDatetime("20261302030405.000006+000", "CIM_DateTime"),
        CimDatetime("03:04:05", "Time"),
        CimDatetime("x", "Nonsense"),
    ],
)
def test_datetimes_that_cannot_be_read(written: CimDatetime) -> None:
    with pytest.raises(WSManProtocolError, match="CIM datetime"):
        _unused = written.value


# --- what we write, we read ---

IDENTIFIERS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=20
)
SCALARS = st.one_of(
    st.none(),
    TEXTS,
    st.integers(-(2**63), 2**64 - 1),
    st.booleans(),
    st.builds(CimDatetime, TEXTS, st.sampled_from(["Datetime", "Interval", "CIM_DateTime", "Date", "Time"])),
    st.builds(
        Reference, IDENTIFIERS, st.dictionaries(IDENTIFIERS.filter(lambda n: n.lower() != "__cimnamespace"), TEXTS)
    ),
)


def properties(values: st.SearchStrategy[Value]) -> st.SearchStrategy[dict[str, Value]]:
    whole = st.one_of(values, st.lists(values.filter(lambda value: value is not None), max_size=4).map(tuple))
    return st.dictionaries(IDENTIFIERS, whole, max_size=4).map(
        lambda found: {
            name: value for name, value in found.items() if [n.lower() for n in found].count(name.lower()) == 1
        }
    )


VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS, lambda inner: st.builds(Instance, IDENTIFIERS, properties(inner)), max_leaves=12
)


def as_read(value: Value) -> Value:
    """What must come back: XML has no types, and can't tell an array of one from its element."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return as_read(value[0]) if len(value) == 1 else tuple(as_read(item) for item in value)
    if isinstance(value, Instance):
        kept = {name: as_read(item) for name, item in value.properties.items() if item != ()}
        return Instance(value.class_name, kept, value.namespace)
    return value


@given(VALUES)
def test_what_is_written_is_read_back(value: Value) -> None:
    def echo(request: bytes) -> bytes:
        content = request.decode().split("<s:Body>")[1].split("</s:Body>")[0].replace("p:Echo_INPUT", "p:Echo_OUTPUT")
        return envelope(f"{CIMV2}/Win32_Share/EchoResponse", content, header(request, "a:MessageID").text)

    found, _unused = run(invoke(SESSION, "Win32_Share", "Echo", {}, {"Value": value}), echo)
    assert found.properties["Value"] == as_read(value)
