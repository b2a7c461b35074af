# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of a connection, to log on somewhere else with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class NoCredentials(Exception):
    """The connection has no account that could log on somewhere else. The text is the reason, without a full stop."""


@dataclass(frozen=True, slots=True)
class Credentials:
    r"""An account, and how it logs on.

    Attributes:
        user: as the operator gave it: `DOMAIN\name`, `name@REALM` or `name`. Empty with Kerberos: that of the ticket.
        password: its password. Empty with Kerberos: the ticket from kinit is used.
        kerberos: Kerberos instead of NTLM.
        domains: with Kerberos, the NetBIOS names of domains, by DNS name.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    kerberos: bool = False
    domains: Mapping[str, str] = field(default_factory=dict)
