# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML namespaces, action URIs and class URIs of WS-Management.

Sources: DSP0226 1.2 annex A and MS-WSMV 2.2.1 (namespaces), WS-Transfer and WS-Enumeration (actions), DSP0227
and the WinRM SDK's "Resource URIs" (class URIs).
"""

from __future__ import annotations

import re

from .errors import WSManValueError

XML = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
CIM_2003 = "http://schemas.dmtf.org/wsman/2005/06/base"  # the same on Windows Server 2003: MS-WSMAN 3.1.4.1
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi"

ANONYMOUS = f"{ADDRESSING}/role/anonymous"
WQL_DIALECT = "http://schemas.microsoft.com/wbem/wsman/1/WQL"

DEFAULT_NAMESPACE = "root/cimv2"

# ASCII only: these become parts of URIs and XML names.
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_NAMESPACE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}(/[A-Za-z_][A-Za-z0-9_]{0,254}){0,15}")


def identifier(name: str, what: str) -> str:
    """The name itself if it is a CIM identifier (DSP0004, annex A, IDENTIFIER, the ASCII part of it).

    Raises:
        WSManValueError: it isn't; the message calls it ``what``.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise WSManValueError(f"{name!r} is no {what}")
    return name


def class_uri(class_name: str, namespace: str = DEFAULT_NAMESPACE) -> str:
    """The resource URI of a WMI class; ``*`` is every class of the namespace, as a WQL query needs it.

    Raises:
        WSManValueError: the class name or the namespace is malformed.
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise WSManValueError(f"{namespace!r} is no WMI namespace (write it as root/cimv2)")
    if class_name != "*":
        identifier(class_name, "WMI class name")
    return f"{WMI}/{namespace}/{class_name}"


def split_class_uri(uri: str) -> tuple[str, str]:
    """The class name and the WMI namespace in a resource URI, as far as it has them.

    A URI that isn't WMI's (``http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_DataFile``) names no WMI
    namespace: it is taken to be ``root/cimv2``, which is where Windows serves those classes from.
    """
    path, _slash, class_name = uri.rpartition("/")
    prefix = f"{WMI}/"
    if path[: len(prefix)].lower() == prefix:
        return class_name, path[len(prefix) :]
    return class_name, DEFAULT_NAMESPACE
