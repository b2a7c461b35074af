# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach a domain controller, and by which account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LdapSettings:
    r"""How to reach a domain controller, and by which account.

    Attributes:
        host: the domain controller, for messages. With Kerberos it is the full name that its service principal has
            (`ldap/` and this name), unless `kerberos_name` is given.
        address: name or address to connect to.
        user: the account's name, without its domain.
        domain: the account's domain, with Kerberos its realm or a name of it; empty if `user` has it all.
        password: its password; with Kerberos it may be empty if kinit left a ticket.
        kerberos: Kerberos instead of NTLM.
        kerberos_name: the name in the service principal, if it is not `host`.
        domains: with Kerberos, the NetBIOS names of domains, by DNS name.
        port: TCP port of LDAP. Messages are sealed there, so LDAPS is not needed.
        timeout: seconds for a connection with its logon, and for each query.
    """

    host: str
    address: str
    user: str = ""
    domain: str = ""
    password: str = field(default="", repr=False)
    kerberos: bool = False
    kerberos_name: str = ""
    domains: Mapping[str, str] = field(default_factory=dict, hash=False)
    port: int = 389
    timeout: float = 30

    @property
    def account(self) -> str:
        r"""The account as people write it."""
        if not self.domain:
            return self.user
        # With Kerberos it may be a NetBIOS name.
        return f"{self.user}@{self.domain}" if self.kerberos and "." in self.domain else f"{self.domain}\\{self.user}"
