# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads SOAP faults, in every form that Windows uses."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from . import namespaces as ns
from .errors import WSManFault
from .xml import child_of, is_nil, local, qname, text_of

# OMI_Error is a CIM_Error as MSFT_WmiError is (Open Management Infrastructure, OMI_Error.mof); servers of CIM's
# infrastructure API put it into a fault.
_ERRORS = ("MSFT_WmiError", "OMI_Error", "CIM_Error", "__ExtendedStatus")
_STATUS_TYPES = ("MI", "MI_RESULT")
"""error_Types whose error_Code is an MI_Result; its values are CIM's status codes (mi.h)."""

_SENTENCES = (qname(ns.FAULT, "Message"), qname(ns.FAULT, "ProviderFault"))  # either may hold the text itself


def parse_fault(fault: Element) -> WSManFault:
    """The exception for an ``s:Fault``.

    Sources: SOAP 1.2 part 1, section 5.4 (Code, Reason, Detail); DSP0226 section 14 (subcodes); MS-WSMV
    (``f:WSManFault``, ``f:ProviderFault``); the classes ``__ExtendedStatus``, ``MSFT_WmiError`` and ``OMI_Error``,
    which may have an instance inside. What cannot be read is left out: a fault of an unknown form is still a fault.
    """
    reason = child_of(fault, ns.SOAP, "Reason")
    text = None if reason is None else child_of(reason, ns.SOAP, "Text")
    detail = child_of(fault, ns.SOAP, "Detail")
    inside = () if detail is None else tuple(detail.iter())
    wsman_faults = [element for element in inside if element.tag == qname(ns.FAULT, "WSManFault")]
    codes = [_number(element.get("Code")) for element in wsman_faults]
    wmi_errors = [element for element in inside if local(element) in _ERRORS]
    status, number = (
        _number(_first(wmi_errors, "CIMStatusCode")),
        _number(_first(wmi_errors, "error_Code", "StatusCode")),
    )
    if (_first(wmi_errors, "error_Type") or "").strip().upper() in _STATUS_TYPES:
        status, number = _first_number(status, number), None
    outer = codes[0] if codes else None
    # A provider's fault often repeats the code of the fault around it: only another code is used.
    inner = next((code for code in reversed(codes) if code is not None and code != outer), None)
    texts = [
        *(text_of(element) for element in inside if element.tag in _SENTENCES),
        _first(wmi_errors, "Message", "Description"),
    ]
    return WSManFault(
        "" if text is None else text_of(text),
        code=outer,
        subcode=_subcode(fault),
        provider_message=next((text for text in reversed(texts) if text and text.strip()), None),
        cim_status=status,
        wmi_error_code=_first_number(number, inner),
    )


def _subcode(fault: Element) -> str | None:
    """The local name of the innermost subcode: they are nested from general to particular."""
    found = None
    code = child_of(fault, ns.SOAP, "Code")
    while code is not None and (code := child_of(code, ns.SOAP, "Subcode")) is not None:
        value = child_of(code, ns.SOAP, "Value")
        found = found if value is None else text_of(value).strip().rpartition(":")[2]
    return found or None


def _first(instances: list[Element], *names: str) -> str | None:
    """The first text that one of the properties has."""
    return next(
        (
            text_of(child)
            for instance in instances
            for child in instance
            if local(child) in names and not is_nil(child) and text_of(child).strip()
        ),
        None,
    )


def _first_number(*numbers: int | None) -> int | None:
    return next((number for number in numbers if number is not None), None)


def _number(text: str | None) -> int | None:
    """A code in decimal, signed or not, as an unsigned 32-bit number."""
    stripped = (text or "").strip()
    digits = stripped.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        return None
    return int(stripped) & 0xFFFFFFFF
