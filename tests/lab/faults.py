# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults a Windows host answers with. Codes are those of wsmerror.h and winerror.h, subcodes those of [DSP0226]."""

from __future__ import annotations

from dataclasses import dataclass

from . import xml
from .namespaces import ADDRESSING_FAULT, FAULT, WMI, WSMAN_FAULT

_PREFIX = "The WS-Management service cannot process the request. "


@dataclass(slots=True)
class Fault(Exception):
    """A SOAP fault to be sent.

    ``code`` is the WSManFault code; ``provider`` marks a fault of the WMI provider, whose code is nested in a
    ProviderFault; ``status`` the WBEMSTATUS the provider adds ([MS-WMI] 2.2.11).
    """

    code: int
    subcode: str
    reason: str
    value: str = "s:Sender"
    provider: bool = False
    status: int | None = None
    operation: str = ""
    parameters: str = ""

    @property
    def action(self) -> str:
        return ADDRESSING_FAULT if self.subcode.startswith("a:") else WSMAN_FAULT

    def body(self, machine: str) -> str:
        """The s:Fault element."""
        subcode = f"<s:Subcode><s:Value>{self.subcode}</s:Value></s:Subcode>" if self.subcode else ""
        return (
            f"<s:Fault><s:Code><s:Value>{self.value}</s:Value>{subcode}</s:Code>"
            f'<s:Reason><s:Text xml:lang="en-US">{xml.text(self.reason)} </s:Text></s:Reason>'
            f"<s:Detail>{self._detail(machine)}</s:Detail></s:Fault>"
        )

    def _detail(self, machine: str) -> str:
        message = xml.text(self.reason)
        opening = f'Code="{self.code}" Machine={xml.attribute(machine)}'
        if not self.provider:
            return f'<f:WSManFault xmlns:f="{FAULT}" {opening}><f:Message>{message} </f:Message></f:WSManFault>'
        return (
            f'<f:WSManFault xmlns:f="{FAULT}" {opening}><f:Message>'
            '<f:ProviderFault provider="WMI Provider" path="%systemroot%\\system32\\WsmWmiPl.dll">'
            f"<f:WSManFault {opening}><f:Message>{message} </f:Message></f:WSManFault>{self._extended()}"
            "</f:ProviderFault></f:Message></f:WSManFault>"
        )

    def _extended(self) -> str:
        if self.status is None:
            return ""
        uri = f"{WMI}root/cimv2/__ExtendedStatus"
        return (
            f'<f:ExtendedError><p:__ExtendedStatus xmlns:p="{uri}" xsi:type="p:__ExtendedStatus_Type">'
            '<p:Description xsi:nil="true"/>'
            f"<p:Operation>{xml.text(self.operation)}</p:Operation>"
            f"<p:ParameterInfo>{xml.text(self.parameters)}</p:ParameterInfo>"
            "<p:ProviderName>CIMWin32</p:ProviderName>"
            f"<p:StatusCode>{self.status}</p:StatusCode></p:__ExtendedStatus></f:ExtendedError>"
        )


def not_found(parameters: str = "", operation: str = "GetObject") -> Fault:
    """There is no such instance: WBEM_E_NOT_FOUND behind ERROR_WSMAN_RESOURCE_NOT_FOUND."""
    return Fault(
        2150858752,
        "a:DestinationUnreachable",
        _PREFIX + "The service cannot find the resource identified by the resource URI and selectors.",
        provider=True,
        status=0x80041002,
        operation=operation,
        parameters=parameters,
    )


def class_missing(class_name: str, namespace: str) -> Fault:
    return Fault(
        2150858778,
        "a:DestinationUnreachable",
        f"{_PREFIX}The class {class_name} does not exist in the {namespace} namespace.",
        provider=True,
        status=0x80041010,
        operation="GetObject",
        parameters=class_name,
    )


def no_namespace(namespace: str) -> Fault:
    """WBEM_E_INVALID_NAMESPACE."""
    status = 0x8004100E
    return Fault(status, "a:DestinationUnreachable", f"Invalid namespace {namespace}", provider=True, status=status)


def access_denied() -> Fault:
    return Fault(5, "w:AccessDenied", "Access is denied.")


def provider_failure(reason: str) -> Fault:
    """WBEM_E_PROVIDER_FAILURE: what lies behind WMI does not answer."""
    return Fault(
        0x80041004, "w:InternalError", f"Provider failure. {reason}", "s:Receiver", provider=True, status=0x80041004
    )


def method_missing(method: str) -> Fault:
    """WBEM_E_INVALID_METHOD."""
    return Fault(
        2150858753,
        "a:ActionNotSupported",
        f"{_PREFIX}The WS-Addressing action URI is invalid: the class has no method {method}.",
    )


def action_not_supported(action: str) -> Fault:
    return Fault(2150858753, "a:ActionNotSupported", f"{_PREFIX}The WS-Addressing action URI is invalid: {action}")


def invalid_resource_uri() -> Fault:
    return Fault(
        2150858811,
        "a:DestinationUnreachable",
        _PREFIX + "The resource URI is missing or it has an incorrect format.",
    )


def invalid_selectors(reason: str = "The selectors for the resource are not valid.") -> Fault:
    return Fault(2150858813, "w:InvalidSelectors", _PREFIX + reason)


def insufficient_selectors() -> Fault:
    return Fault(2150858842, "w:InvalidSelectors", _PREFIX + "The request does not have all the required selectors.")


def header_required(name: str) -> Fault:
    return Fault(
        2150858769,
        "a:MessageInformationHeaderRequired",
        f"{_PREFIX}A required message information header is missing: {name}",
    )


def invalid_header(name: str) -> Fault:
    return Fault(
        2150858767,
        "a:InvalidMessageInformationHeader",
        f"{_PREFIX}A message information header is not valid: {name}",
    )


def not_understood(name: str) -> Fault:
    return Fault(
        2150858768,
        "",
        f"{_PREFIX}The SOAP header {name} is marked mustUnderstand and the service does not understand it.",
        value="s:MustUnderstand",
    )


def version_mismatch() -> Fault:
    return Fault(2150858765, "", _PREFIX + "The SOAP version is not 1.2.", value="s:VersionMismatch")


def invalid_xml(detail: str) -> Fault:
    return Fault(2150858819, "w:SchemaValidationError", f"{_PREFIX}The XML is not valid: {detail}")


def invalid_body(detail: str) -> Fault:
    return Fault(2150858817, "w:SchemaValidationError", f"{_PREFIX}The SOAP body does not fit its schema: {detail}")


def invalid_parameter(detail: str) -> Fault:
    """A method parameter of the wrong name, type or shape."""
    return Fault(2150858838, "w:InvalidParameter", f"{_PREFIX}A parameter is not valid: {detail}")


def fragment_transfer() -> Fault:
    return Fault(2150858871, "w:UnsupportedFeature", _PREFIX + "Fragment-level WS-Transfer is not supported.")


def envelope_too_small(limit: int) -> Fault:
    return Fault(
        2150858824,
        "w:EncodingLimit",
        f"{_PREFIX}The response is larger than the MaxEnvelopeSize of the request: {limit}",
    )


def unsupported_dialect() -> Fault:
    return Fault(
        2150858775,
        "n:FilterDialectRequestedUnavailable",
        _PREFIX + "The requested filter dialect is not supported.",
    )


def invalid_query(detail: str) -> Fault:
    """WBEM_E_INVALID_QUERY."""
    return Fault(0x80041017, "n:CannotProcessFilter", f"{_PREFIX}The WQL query is invalid: {detail}")


def query_needs_all_classes() -> Fault:
    return Fault(
        2150859003,
        "a:DestinationUnreachable",
        _PREFIX + "The resource URI for an enumeration operation with WQL filter must not contain keys, and the class "
        "name must be '*'.",
    )


def invalid_context() -> Fault:
    return Fault(
        2150858759,
        "n:InvalidEnumerationContext",
        _PREFIX + "The enumeration context is not valid or was closed.",
        value="s:Receiver",
    )


def timed_out() -> Fault:
    return Fault(
        2150858793,
        "w:TimedOut",
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
        value="s:Receiver",
    )
