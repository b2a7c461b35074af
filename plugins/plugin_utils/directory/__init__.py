# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The port `Directory` and its adapter: what a domain holds about an account.

The root of this package is the port: values, the protocol, the errors, and the functions that read attributes. The
package `ldap` holds the adapter.
"""

from __future__ import annotations

from .account import account_from, account_state
from .directories import Directories
from .errors import (
    AccountAmbiguous,
    DirectoryAccountNotFound,
    DirectoryError,
    DirectoryLogonFailed,
    DirectoryNoAnswer,
    DirectoryRejected,
    DirectoryUnreachable,
    NoDirectory,
    PasswordRefused,
    UnusableAnswer,
)
from .port import Directory, Domain, DomainAccount
from .remembered import RememberedDirectory

__all__ = [
    "AccountAmbiguous",
    "Directories",
    "Directory",
    "DirectoryAccountNotFound",
    "DirectoryError",
    "DirectoryLogonFailed",
    "DirectoryNoAnswer",
    "DirectoryRejected",
    "DirectoryUnreachable",
    "Domain",
    "DomainAccount",
    "NoDirectory",
    "PasswordRefused",
    "RememberedDirectory",
    "UnusableAnswer",
    "account_from",
    "account_state",
]
