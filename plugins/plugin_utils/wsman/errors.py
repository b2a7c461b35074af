# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of a WS-Management exchange, as one small family of exceptions.

Every message is one line for an operator. It does not name the host; the caller that sends the bytes adds it.
"""

from __future__ import annotations

from typing import NamedTuple

from ..text import one_line

# Codes of f:WSManFault (winerror.h facility 0x33, named in the Windows SDK's wsmerror.h).
ERROR_ACCESS_DENIED = 5
ERROR_WSMAN_RESOURCE_NOT_FOUND = 0x80338000  # 2150858752
# 2150858778. Windows returns it for a query on a class that does not exist, and for a query that it cannot parse.
ERROR_WSMAN_ENUMERATE_CANNOT_PROCESS_FILTER = 0x8033801A
ERROR_WSMAN_ENVELOPE_TOO_LARGE = 0x80338026  # 2150858790
ERROR_WSMAN_ENCODING_LIMIT = 0x80338035  # 2150858805; of the request, the three below of the answer
ERROR_WSMAN_MAX_ENVELOPE_SIZE_EXCEEDED = 0x80338048  # 2150858824
ERROR_WSMAN_SERVER_ENVELOPE_LIMIT = 0x80338049  # 2150858825
ERROR_WSMAN_UNREPORTABLE_SUCCESS = 0x8033804D  # 2150858829
ERROR_WSMAN_OPERATION_TIMEDOUT = 0x80338029  # 2150858793
# HRESULTs of WMI (WMI SDK, "WMI Error Constants").
WBEM_E_NOT_FOUND = 0x80041002
WBEM_E_ACCESS_DENIED = 0x80041003
WBEM_E_INVALID_NAMESPACE = 0x8004100E
WBEM_E_INVALID_CLASS = 0x80041010
WBEM_E_PRIVILEGE_NOT_HELD = 0x80041062
E_ACCESSDENIED = 0x80070005
# CIM status codes (DSP0200, "Status codes returned as error code values").
CIM_ERR_ACCESS_DENIED = 2
CIM_ERR_INVALID_NAMESPACE = 3
CIM_ERR_INVALID_CLASS = 5
CIM_ERR_NOT_FOUND = 6


class WSManError(Exception):
    """The base of all exceptions of this package."""


class WSManValueError(WSManError, ValueError):
    """A value from the caller that cannot be sent (a control character, a malformed class name)."""


class WSManProtocolError(WSManError):
    """The answer is malformed, unsafe, too large, or not the answer to this request."""


class _Signs(NamedTuple):
    """The signs of a kind of fault: see WSManFault._shows."""

    codes: frozenset[int]
    cim_statuses: frozenset[int] = frozenset()
    subcodes: frozenset[str] = frozenset()


_CLASS_MISSING = _Signs(
    codes=frozenset({ERROR_WSMAN_ENUMERATE_CANNOT_PROCESS_FILTER, WBEM_E_INVALID_CLASS, WBEM_E_INVALID_NAMESPACE}),
    cim_statuses=frozenset({CIM_ERR_INVALID_CLASS, CIM_ERR_INVALID_NAMESPACE}),
)
_NOT_FOUND = _Signs(
    codes=frozenset({ERROR_WSMAN_RESOURCE_NOT_FOUND, WBEM_E_NOT_FOUND}),
    cim_statuses=frozenset({CIM_ERR_NOT_FOUND}),
)
_ACCESS_DENIED = _Signs(
    codes=frozenset({ERROR_ACCESS_DENIED, WBEM_E_ACCESS_DENIED, WBEM_E_PRIVILEGE_NOT_HELD, E_ACCESSDENIED}),
    cim_statuses=frozenset({CIM_ERR_ACCESS_DENIED}),
    subcodes=frozenset({"AccessDenied"}),
)
_REQUEST_TOO_LARGE = _Signs(codes=frozenset({ERROR_WSMAN_ENCODING_LIMIT}))
_TOO_LARGE = _Signs(
    codes=_REQUEST_TOO_LARGE.codes
    | {
        ERROR_WSMAN_ENVELOPE_TOO_LARGE,
        ERROR_WSMAN_MAX_ENVELOPE_SIZE_EXCEEDED,
        ERROR_WSMAN_SERVER_ENVELOPE_LIMIT,
        ERROR_WSMAN_UNREPORTABLE_SUCCESS,
    },
    subcodes=frozenset({"EncodingLimit"}),
)
# The form of the request, or a value in it.
_INVALID = _Signs(
    codes=frozenset(
        {
            0x80338015,  # ERROR_WSMAN_INVALID_REPRESENTATION
            0x80338027,  # ERROR_WSMAN_INVALID_SOAP_BODY
            0x8033803A,  # ERROR_WSMAN_INVALID_PARAMETER
            0x80338041,  # ERROR_WSMAN_SCHEMA_VALIDATION_ERROR
            0x80338043,  # ERROR_WSMAN_INVALID_XML
            0x80338054,  # ERROR_WSMAN_PARAMETER_TYPE_MISMATCH
            0x80338055,  # ERROR_WSMAN_INVALID_PARAMETER_NAME
            0x80338056,  # ERROR_WSMAN_INVALID_XML_VALUES
            0x80338057,  # ERROR_WSMAN_INVALID_XML_MISSING_VALUES
            0x80338058,  # ERROR_WSMAN_INVALID_XML_NAMESPACE
            0x80041005,  # WBEM_E_TYPE_MISMATCH
            0x80041008,  # WBEM_E_INVALID_PARAMETER
            0x8004102F,  # WBEM_E_INVALID_METHOD_PARAMETERS
        }
    ),
    cim_statuses=frozenset({4, 12, 13}),  # CIM_ERR_INVALID_PARAMETER, _NO_SUCH_PROPERTY, _TYPE_MISMATCH
    subcodes=frozenset({"SchemaValidationError", "InvalidParameter", "InvalidRepresentation"}),
)
# Other errors that are found before the provider runs: headers, addresses, quotas, methods that do not exist.
_NOT_BEGUN = _Signs(
    codes=frozenset(
        {
            0x80338001,  # ERROR_WSMAN_INVALID_ACTIONURI
            0x80338002,  # ERROR_WSMAN_INVALID_URI
            0x8033800D,  # ERROR_WSMAN_SOAP_VERSION_MISMATCH
            0x8033800E,  # ERROR_WSMAN_SOAP_DATA_ENCODING_UNKNOWN
            0x8033800F,  # ERROR_WSMAN_INVALID_MESSAGE_INFORMATION_HEADER
            0x80338010,  # ERROR_WSMAN_SOAP_FAULT_MUST_UNDERSTAND
            0x80338011,  # ERROR_WSMAN_MESSAGE_INFORMATION_HEADER_REQUIRED
            0x80338013,  # ERROR_WSMAN_ACTION_NOT_SUPPORTED
            0x8033802C,  # ERROR_WSMAN_UNSUPPORTED_ENCODING
            0x8033802D,  # ERROR_WSMAN_URI_LIMIT
            0x80338031,  # ERROR_WSMAN_ACTION_MISMATCH
            0x80338039,  # ERROR_WSMAN_INVALID_OPTIONS
            0x8033803B,  # ERROR_WSMAN_INVALID_RESOURCE_URI
            0x8033803D,  # ERROR_WSMAN_INVALID_SELECTORS
            0x8033803F,  # ERROR_WSMAN_QUOTA_LIMIT
            0x80338042,  # ERROR_WSMAN_UNSUPPORTED_FEATURE
            0x80338044,  # ERROR_WSMAN_INVALID_KEY
            0x80338047,  # ERROR_WSMAN_MAX_ENVELOPE_SIZE: the header asks for more than the server allows
            0x8033804A,  # ERROR_WSMAN_SELECTOR_LIMIT
            0x8033805A,  # ERROR_WSMAN_INSUFFCIENT_SELECTORS
            0x8033805B,  # ERROR_WSMAN_UNEXPECTED_SELECTORS
            0x8033805C,  # ERROR_WSMAN_SELECTOR_TYPEMISMATCH
            0x8033805D,  # ERROR_WSMAN_INVALID_SELECTOR_VALUE
            0x8033807E,  # ERROR_WSMAN_MIN_ENVELOPE_SIZE
            0x803381A6,  # ERROR_WSMAN_QUOTA_MAX_OPERATIONS
            0x803381A7,  # ERROR_WSMAN_QUOTA_USER
            0x803381A8,  # ERROR_WSMAN_QUOTA_SYSTEM
            0x803381E7,  # ERROR_WSMAN_QUOTA_MAX_PLUGINOPERATIONS_PPQ
            0x803381E8,  # ERROR_WSMAN_QUOTA_MAX_OPERATIONS_USER_PPQ
            0x80041017,  # WBEM_E_INVALID_QUERY
            0x8004102E,  # WBEM_E_INVALID_METHOD
            0x8004103A,  # WBEM_E_INVALID_OBJECT_PATH
            0x80041055,  # WBEM_E_METHOD_NOT_IMPLEMENTED
            0x80041056,  # WBEM_E_METHOD_DISABLED
        }
    ),
    cim_statuses=frozenset({14, 15, 17}),  # CIM_ERR_QUERY_LANGUAGE_NOT_SUPPORTED, _INVALID_QUERY, _METHOD_NOT_FOUND
    subcodes=frozenset(
        {
            "ActionMismatch",
            "ActionNotSupported",
            "InvalidMessageInformationHeader",
            "InvalidOptions",
            "InvalidSelectors",
            "MessageInformationHeaderRequired",
            "QuotaLimit",
            "UnsupportedFeature",
        }
    ),
)
_TIMED_OUT = _Signs(codes=frozenset({ERROR_WSMAN_OPERATION_TIMEDOUT}), subcodes=frozenset({"TimedOut"}))


class WSManFault(WSManError):
    """The server answered with a SOAP fault.

    Attributes:
        reason: the server's own sentence (``s:Reason/s:Text``), on one line.
        code: ``Code`` of the outermost ``f:WSManFault``, unsigned.
        subcode: the local name of ``s:Subcode/s:Value``, such as ``InvalidSelectors``.
        provider_message: the message of the provider behind the service, on one line.
        cim_status: ``CIMStatusCode`` of a ``MSFT_WmiError``.
        wmi_error_code: the provider's own code (mostly a WBEM_E_ HRESULT), unsigned.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: int | None = None,
        subcode: str | None = None,
        provider_message: str | None = None,
        cim_status: int | None = None,
        wmi_error_code: int | None = None,
    ) -> None:
        self.reason = one_line(reason)
        self.code = code
        self.subcode = subcode
        self.provider_message = one_line(provider_message) if provider_message else None
        self.cim_status = cim_status
        self.wmi_error_code = wmi_error_code
        super().__init__(self._describe())

    @property
    def class_missing(self) -> bool:
        """The class or its namespace does not exist on the host. A query that is not WQL can have the same fault."""
        return self._shows(_CLASS_MISSING)

    @property
    def not_found(self) -> bool:
        """There is no such instance.

        ``a:DestinationUnreachable`` alone means the same. Beside a code it does not: it wraps other errors too.
        """
        bare = self.code is None and self.cim_status is None and self.wmi_error_code is None
        return self._shows(_NOT_FOUND) or (bare and self.subcode == "DestinationUnreachable")

    @property
    def access_denied(self) -> bool:
        """The connected account may not do this."""
        return self._shows(_ACCESS_DENIED)

    @property
    def timed_out(self) -> bool:
        """The server stopped because w:OperationTimeout had passed; it may have done the work."""
        return self._shows(_TIMED_OUT)

    @property
    def too_large(self) -> bool:
        """The answer, or the request, has more octets than the server's MaxEnvelopeSizekb allows."""
        return self._shows(_TOO_LARGE)

    @property
    def invalid_request(self) -> bool:
        """The server could not use the body of the request: its XML, a parameter's name, type or value."""
        return self._shows(_INVALID)

    @property
    def refused(self) -> bool:
        """The server declined the request, so nothing was done.

        What is not listed here (a provider that failed, an operation that timed out, an answer that is too large, any
        unknown code) may have happened after the work was done.
        """
        kinds = (_ACCESS_DENIED, _NOT_FOUND, _CLASS_MISSING, _REQUEST_TOO_LARGE, _INVALID, _NOT_BEGUN)
        return self.not_found or any(map(self._shows, kinds))

    def _shows(self, signs: _Signs) -> bool:
        """Whether this fault has the signs. If the provider reported the error, only that counts."""
        if self.wmi_error_code is not None or self.cim_status is not None:
            return self.wmi_error_code in signs.codes or self.cim_status in signs.cim_statuses
        return self.code in signs.codes or self.subcode in signs.subcodes

    def _describe(self) -> str:
        sentence = self.reason or "the server gave no reason"
        if self.provider_message and self.provider_message not in sentence:
            sentence = f"{sentence} - {self.provider_message}"
        marks = [
            self.subcode,
            None if self.code is None else f"WSManFault {self.code}",
            None if self.cim_status is None else f"CIM status {self.cim_status}",
            None if self.wmi_error_code is None else f"WMI error 0x{self.wmi_error_code:08X}",
        ]
        listed = ", ".join(mark for mark in marks if mark)
        return f"{sentence} ({listed})" if listed else sentence
