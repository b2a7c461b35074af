# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The port `SiteServer` and its adapters.

The root of this package is the port: values, the protocol and the errors. `wires` opens a connection. The packages
`wmi` and `smb` hold the adapters, and nothing outside of this package imports them to reach a server.
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
from .port import (
    Account,
    DescriptorReading,
    Enough,
    JoinedDomain,
    NetworkLogon,
    Propagated,
    Share,
    SiteServer,
    Traffic,
    UserRight,
    every_member,
    local_path,
)

__all__ = [
    "AccessDenied",
    "Account",
    "AccountNotFound",
    "AuthenticationFailed",
    "ConnectionUnsupported",
    "DescriptorReading",
    "Enough",
    "Interrupted",
    "InvalidRequest",
    "JoinedDomain",
    "NetworkLogon",
    "NoAnswer",
    "NotFound",
    "NotSent",
    "Propagated",
    "Rejected",
    "ServerFault",
    "Share",
    "SiteServer",
    "SiteServerError",
    "Traffic",
    "Unreachable",
    "Unsupported",
    "UserRight",
    "every_member",
    "local_path",
]
