# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The port `SiteServer` and its adapters.

This package's root is the port: values, the protocol and the errors. It imports no wire; `connect` does.
"""

from __future__ import annotations

from .errors import (
    AccessDenied,
    AccountNotFound,
    AuthenticationFailed,
    ConnectionUnsupported,
    Interrupted,
    InvalidRequest,
    NoAnswer,
    NotFound,
    NotSent,
    Rejected,
    ServerFault,
    SiteServerError,
    Unreachable,
    Unsupported,
)
from .port import Account, DescriptorReading, Propagated, Share, SiteServer, local_path

__all__ = [
    "AccessDenied",
    "Account",
    "AccountNotFound",
    "AuthenticationFailed",
    "ConnectionUnsupported",
    "DescriptorReading",
    "Interrupted",
    "InvalidRequest",
    "NoAnswer",
    "NotFound",
    "NotSent",
    "Propagated",
    "Rejected",
    "ServerFault",
    "Share",
    "SiteServer",
    "SiteServerError",
    "Unreachable",
    "Unsupported",
    "local_path",
]
