# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WS-Management without I/O: requests as bytes out, answers as bytes in, CIM instances as values.

`get`, `query` and `invoke` are generators that a transport drives; see `operations`.
"""

from __future__ import annotations

from .cim import CimDatetime, Instance, Reference, Value
from .envelope import IDENTIFY, EnvelopeSettings
from .errors import WSManError, WSManFault, WSManProtocolError, WSManValueError
from .faults import parse_fault
from .namespaces import class_uri
from .operations import Operation, first, get, has_compact_form, invoke, query, wql_string

__all__ = [
    "IDENTIFY",
    "CimDatetime",
    "EnvelopeSettings",
    "Instance",
    "Operation",
    "Reference",
    "Value",
    "WSManError",
    "WSManFault",
    "WSManProtocolError",
    "WSManValueError",
    "class_uri",
    "first",
    "get",
    "has_compact_form",
    "invoke",
    "parse_fault",
    "query",
    "wql_string",
]
