# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit file: one JSON object a line, first a header, then a line for each host, at last an end.

:mod:`.model` defines what a line holds, and :mod:`.form` turns that into JSON and back. :mod:`.assessed` makes the line
of a host from what a use case has found there. :mod:`.writer` writes the file, and :mod:`.reader` reads it.
``audit.schema.json`` describes the same lines to other programs.
"""

from __future__ import annotations

from .assessed import audited_host
from .errors import AuditError, AuditFileError
from .form import encode, host_to_json
from .model import (
    FORMAT,
    VERSION,
    AuditedAccess,
    AuditedFinding,
    AuditedGroup,
    AuditedHost,
    AuditedObject,
    AuditedSender,
    AuditEnd,
    AuditHeader,
    HostStatus,
    findings_by_site,
)
from .reader import MAX_LINE, Audit, read_audit
from .writer import AuditFile

__all__ = [
    "FORMAT",
    "MAX_LINE",
    "VERSION",
    "Audit",
    "AuditEnd",
    "AuditError",
    "AuditFile",
    "AuditFileError",
    "AuditHeader",
    "AuditedAccess",
    "AuditedFinding",
    "AuditedGroup",
    "AuditedHost",
    "AuditedObject",
    "AuditedSender",
    "HostStatus",
    "audited_host",
    "encode",
    "findings_by_site",
    "host_to_json",
    "read_audit",
]
