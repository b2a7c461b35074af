# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML namespaces and action URIs ([DSP0226] annex A, [MS-WSMV] 2.2.1)."""

from __future__ import annotations

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
MS_WSMAN = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"

ANONYMOUS = f"{ADDRESSING}/role/anonymous"
WQL_DIALECT = "http://schemas.microsoft.com/wbem/wsman/1/WQL"

GET = f"{TRANSFER}/Get"
CREATE = f"{TRANSFER}/Create"
DELETE = f"{TRANSFER}/Delete"
ENUMERATE = f"{ENUMERATION}/Enumerate"
PULL = f"{ENUMERATION}/Pull"
RELEASE = f"{ENUMERATION}/Release"
WSMAN_FAULT = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
ADDRESSING_FAULT = f"{ADDRESSING}/fault"
