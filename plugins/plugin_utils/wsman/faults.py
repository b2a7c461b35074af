# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading SOAP faults, in every wrapping that Windows gives them."""

from __future__ import annotations

from . import namespaces as ns
from .errors import WSManFault
from .xml import Element, QName

_SENTENCES = ((ns.FAULT, "Message"), (ns.FAULT, "ProviderFault"))  # either may hold the text itself


def parse_fault(fault: Element) -> WSManFault:
    """The exception for an ``s:Fault``.

    Sources: SOAP 1.2 part 1, section 5.4 (Code, Reason, Detail); DSP0226 section 14 (subcodes); MS-WSMV
    (``f:WSManFault``, ``f:ProviderFault``); the WMI classes ``__ExtendedStatus`` and ``MSFT_WmiError``, of
    which there may be an instance inside. What can't be read is left out: a strange fault is still a fault.
    """
    reason = fault.child(ns.SOAP, "Reason")
    texts = tuple(reason.each(ns.SOAP, "Text")) if reason else ()
    detail = fault.child(ns.SOAP, "Detail")
    inside = tuple(detail.walk()) if detail else ()
    wsman_faults = [element for element in inside if element.tag == (ns.FAULT, "WSManFault")]
    codes = [_number(element.attributes.get(QName("", "Code"))) for element in wsman_faults]
    wmi_errors = [element for element in inside if element.tag.name in ("MSFT_WmiError", "__ExtendedStatus")]
    outer = codes[0] if codes else None
    # A provider's fault often repeats the code of the fault around it: only another one says more.
    inner = next((code for code in reversed(codes) if code is not None and code != outer), None)
    said = [
        *(element.text for element in inside if element.tag in _SENTENCES),
        _first(wmi_errors, "Message", "Description"),
    ]
    return WSManFault(
        texts[0].text if texts else "",
        code=outer,
        subcode=_subcode(fault),
        provider_message=next((text for text in reversed(said) if text and text.strip()), None),
        cim_status=_number(_first(wmi_errors, "CIMStatusCode")),
        wmi_error_code=_first_number(_number(_first(wmi_errors, "error_Code", "StatusCode")), inner),
    )


def _subcode(fault: Element) -> str | None:
    """The local name of the innermost subcode: they are nested from general to particular."""
    found = None
    code = fault.child(ns.SOAP, "Code")
    while code is not None and (code := code.child(ns.SOAP, "Subcode")) is not None:
        value = code.child(ns.SOAP, "Value")
        found = value.text.strip().rpartition(":")[2] if value else found
    return found or None


def _first(instances: list[Element], *names: str) -> str | None:
    """The first text that one of the properties has."""
    return next(
        (
            child.text
            for instance in instances
            for child in instance.children
            if child.tag.name in names and not child.is_nil and child.text.strip()
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
