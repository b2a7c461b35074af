# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults, in the wrappings that Windows gives them."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import (
    EnvelopeSettings,
    WSManError,
    WSManFault,
    get,
)
from tests.unit.wsman.server_side import CIMV2, NS, envelope, fault_reply, run

SESSION = EnvelopeSettings("http://c01.corp.example:5985/wsman")
UNREACHABLE = "a:DestinationUnreachable"
INTERNAL = "w:InternalError"


def head(subcode: str | None, reason: str = "It failed.") -> str:
    inner = f"<s:Subcode><s:Value>{subcode}</s:Value></s:Subcode>" if subcode else ""
    return (
        f"<s:Code><s:Value>s:Receiver</s:Value>{inner}</s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
    )


def wsman_fault(code: int, message: str = "Said.") -> str:
    return f'<f:WSManFault Code="{code}" Machine="c01"><f:Message>{message}</f:Message></f:WSManFault>'


def provider_fault(outer: int, inner: int, message: str = "Said.", extended: str = "") -> str:
    inside = f'<f:ProviderFault provider="WMI Provider" path="x.dll">{wsman_fault(inner, message)}{extended}'
    return wsman_fault(outer, inside + "</f:ProviderFault>")


def wmi_error(status: int | str, code: int | str = "", message: str = "") -> str:
    return (
        f'<p:MSFT_WmiError xmlns:p="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError" '
        f'xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" b:IsCIM_Error="true" '
        'xsi:type="p:MSFT_WmiError_Type"><p:ErrorSource xsi:nil="true"/>'
        f'<p:CIMStatusCode xsi:type="cim:cimUnsignedInt">{status}</p:CIMStatusCode>'
        f"<p:Message>{message}</p:Message><p:error_Code>{code}</p:error_Code></p:MSFT_WmiError>"
    )


EXTENDED_STATUS = (
    f'<f:ExtendedError><e:__ExtendedStatus xmlns:e="{CIMV2}/__ExtendedStatus" xsi:type="e:__ExtendedStatus_Type">'
    '<e:Description xsi:nil="true"/><e:Operation>GetObject</e:Operation><e:ProviderName>CIMWin32</e:ProviderName>'
    '<e:StatusCode xsi:nil="true"/></e:__ExtendedStatus></f:ExtendedError>'
)
INVALID_URI = f"<w:FaultDetail>{NS['w'].replace('wsman.xsd', 'wsman/faultDetail/InvalidResourceURI')}</w:FaultDetail>"


def fault(subcode: str | None, detail: str = "", reason: str = "It failed.") -> WSManFault:
    content = head(subcode, reason) + (f"<s:Detail>{detail}</s:Detail>" if detail else "")
    with pytest.raises(WSManFault) as caught:
        run(get(SESSION, "Win32_Share", {"Name": "x"}), fault_reply(content))
    return caught.value


def kinds(found: WSManFault) -> set[str]:
    return {kind for kind in ("not_found", "access_denied", "class_missing", "timed_out") if getattr(found, kind)}


@pytest.mark.parametrize(
    ("subcode", "detail", "expected"),
    [
        # As seen from Windows Server 2012 R2 for a Get of an instance that isn't there: note the FaultDetail.
        (UNREACHABLE, INVALID_URI + provider_fault(2150858752, 2150858752, extended=EXTENDED_STATUS), {"not_found"}),
        (UNREACHABLE, provider_fault(2150858752, 2147749890), {"not_found"}),
        (INTERNAL, wsman_fault(2147749890), {"not_found"}),
        (INTERNAL, wmi_error(6, 2147749890), {"not_found"}),
        (INTERNAL, wmi_error(6), {"not_found"}),
        (UNREACHABLE, "", {"not_found"}),
        # The same wrapping around something else is something else.
        (UNREACHABLE, provider_fault(2150858752, 0x80041003), {"access_denied"}),
        (UNREACHABLE, provider_fault(2150858752, 0x80041001), set()),
        (UNREACHABLE, wsman_fault(2150858752) + wmi_error(2, 0x80041003), {"access_denied"}),
        (UNREACHABLE, wsman_fault(2150858754), set()),
        ("n:CannotProcessFilter", provider_fault(2150858778, 2150858778, extended=EXTENDED_STATUS), {"class_missing"}),
        (INTERNAL, wmi_error(5), {"class_missing"}),
        (INTERNAL, wmi_error(3), {"class_missing"}),
        (INTERNAL, wsman_fault(0x80041010), {"class_missing"}),
        (UNREACHABLE, wsman_fault(0x8004100E), {"class_missing"}),
        ("w:AccessDenied", wsman_fault(5, "Access is denied."), {"access_denied"}),
        ("w:AccessDenied", "", {"access_denied"}),
        (INTERNAL, wsman_fault(0x80070005), {"access_denied"}),
        (INTERNAL, wmi_error(2, 2147942405), {"access_denied"}),
        ("w:TimedOut", wsman_fault(2150858793), {"timed_out"}),
        ("w:TimedOut", "", {"timed_out"}),
        ("w:InvalidSelectors", wsman_fault(2150859002), set()),
        (None, "", set()),
    ],
)
def test_kinds(subcode: str | None, detail: str, expected: set[str]) -> None:
    assert kinds(fault(subcode, detail)) == expected


def test_everything_that_a_fault_says() -> None:
    found = fault(INTERNAL, wsman_fault(2150859174, "Outside.") + wmi_error(27, 2150859174, "Too many\n shells."))
    assert isinstance(found, WSManError)
    assert found.code == 0x803381A6
    assert found.subcode == "InternalError"
    assert found.cim_status == 27
    assert found.wmi_error_code == 0x803381A6
    assert found.provider_message == "Too many shells."
    assert str(found) == (
        "It failed. - Too many shells. (InternalError, WSManFault 2150859174, CIM status 27, WMI error 0x803381A6)"
    )


def test_the_provider_speaks_inside() -> None:
    found = fault(None, provider_fault(2150859010, 2150859010, "The provider could not."))
    assert (found.code, found.wmi_error_code) == (2150859010, None)
    assert found.provider_message == "The provider could not."
    plain = wsman_fault(1, '<f:ProviderFault provider="p">In the element itself.</f:ProviderFault>')
    assert fault(None, plain).provider_message == "In the element itself."


def test_a_signed_code_is_the_unsigned_one() -> None:
    assert fault(None, wsman_fault(-2147217406)).code == 0x80041002


def test_a_message_is_not_said_twice() -> None:
    found = fault(None, wsman_fault(5, "Access is denied. "), "Access is denied. ")
    assert str(found) == "Access is denied. (WSManFault 5)"


def test_one_line_for_the_operator() -> None:
    found = fault(None, reason="first\r\n  second\tthird\u202e fourth " + "long " * 1000)
    assert str(found).startswith("first second third<U+202E> fourth long long")
    assert "\n" not in str(found)
    assert len(str(found)) <= 1000


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<s:Code/>",
        "<s:Reason/><s:Detail/>",
        head(None) + '<s:Detail><f:WSManFault Code="many"/></s:Detail>',
        head(None) + f"<s:Detail>{wmi_error('six', '0x1')}</s:Detail>",
        head(None) + f"<s:Detail>{wmi_error('6' * 11, '')}</s:Detail>",
    ],
)
def test_a_strange_fault_is_still_a_fault(content: str) -> None:
    with pytest.raises(WSManFault) as caught:
        run(get(SESSION, "Win32_Share", {}), fault_reply(content))
    assert kinds(caught.value) == set()
    assert str(caught.value)


def test_subcodes_are_nested_from_general_to_particular() -> None:
    nested = "<s:Subcode><s:Value>w:InvalidOptions</s:Value></s:Subcode>"
    code = f"<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:X</s:Value>{nested}</s:Subcode></s:Code>"
    with pytest.raises(WSManFault) as caught:
        run(get(SESSION, "Win32_Share", {}), fault_reply(code))
    assert caught.value.subcode == "InvalidOptions"


def test_a_fault_may_not_know_which_request_it_answers() -> None:
    # As seen: a fault with a MSFT_WmiError that comes without RelatesTo.
    answer = envelope(NS["w"], f"<s:Fault>{head(INTERNAL)}<s:Detail>{wmi_error(6)}</s:Detail></s:Fault>", None)
    with pytest.raises(WSManFault) as caught:
        run(get(SESSION, "Win32_Share", {}), lambda _unused: answer)
    assert caught.value.not_found


def omi_error(status: int, kind: str, code: int, message: str) -> str:
    """As OMI writes it (Unix/common of the Open Management Infrastructure, wsman's SOAP faults)."""
    uri = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/OMI_Error"
    return (
        f'<p:OMI_Error xmlns:p="{uri}" xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" '
        'b:IsCIM_Error="true"><p:OtherErrorType xsi:nil="true"/>'
        f'<p:CIMStatusCode xsi:type="cim:cimUnsignedInt">{status}</p:CIMStatusCode>'
        f'<p:Message xsi:type="cim:cimString">{message}</p:Message><p:error_Type>{kind}</p:error_Type>'
        f"<p:error_Code>{code}</p:error_Code></p:OMI_Error>"
    )


@pytest.mark.parametrize(
    ("status", "kind", "code", "expected"),
    [
        (6, "MI", 6, {"not_found"}),
        # An MI_Result of 5 is an invalid class, a Win32 error of 5 is access denied.
        (5, "MI_RESULT", 5, {"class_missing"}),
        (1, "Win32", 5, {"access_denied"}),
        (1, "HRESULT", 0x80041002, {"not_found"}),
    ],
)
def test_an_error_of_omi(status: int, kind: str, code: int, expected: set[str]) -> None:
    found = fault(INTERNAL, omi_error(status, kind, code, "Said by OMI."))
    assert kinds(found) == expected
    assert (found.cim_status, found.provider_message) == (status, "Said by OMI.")


# Codes and their meanings: wsmerror.h and wbemcli.h of the Windows SDK, "Status codes" of DSP0200.
REFUSED = [
    ("w:AccessDenied", 5),
    ("w:SchemaValidationError", 2150858817),
    ("w:SchemaValidationError", None),
    ("w:InvalidParameter", 2150858810),
    ("w:InvalidParameter", 2150858838),
    ("w:EncodingLimit", 2150858805),
    ("w:QuotaLimit", 2150858815),
    ("w:QuotaLimit", None),
    (INTERNAL, 2150859174),
    (INTERNAL, 0x80041008),
    (INTERNAL, 0x80041062),
    ("w:InvalidSelectors", 2150858842),
    ("a:ActionNotSupported", 2150858753),
    (UNREACHABLE, 2150858752),
]
UNCLEAR = [
    ("w:TimedOut", 2150858793),
    (INTERNAL, 0x80041001),  # WBEM_E_FAILED
    (INTERNAL, 0x80041004),  # WBEM_E_PROVIDER_FAILURE
    (INTERNAL, 0x80041013),  # WBEM_E_PROVIDER_LOAD_FAILURE
    (INTERNAL, 0x80338003),  # ERROR_WSMAN_PROVIDER_FAILURE
    (INTERNAL, 1726),  # RPC_S_CALL_FAILED
    (INTERNAL, None),
    # The answer is too large, and what was to be written may be written.
    ("w:EncodingLimit", 2150858790),
    ("w:EncodingLimit", 2150858824),
    ("w:EncodingLimit", 2150858825),
    ("w:EncodingLimit", 2150858829),  # ERROR_WSMAN_UNREPORTABLE_SUCCESS
    ("w:EncodingLimit", None),
    (None, None),
]


@pytest.mark.parametrize(
    ("subcode", "code", "refused"), [(*case, True) for case in REFUSED] + [(*case, False) for case in UNCLEAR]
)
def test_what_shows_that_nothing_was_done(subcode: str | None, code: int | None, refused: bool) -> None:
    assert fault(subcode, "" if code is None else wsman_fault(code)).refused is refused


def test_a_provider_that_fails_behind_a_refusals_code_is_none() -> None:
    found = fault(UNREACHABLE, provider_fault(2150858752, 0x80041001))
    assert (found.refused, found.invalid_request) == (False, False)


def test_a_body_that_cannot_be_used_is_told_apart() -> None:
    assert fault("w:SchemaValidationError", wsman_fault(2150858817)).invalid_request
    assert fault(INTERNAL, wmi_error(4)).invalid_request
    assert not fault("w:AccessDenied", wsman_fault(5)).invalid_request
