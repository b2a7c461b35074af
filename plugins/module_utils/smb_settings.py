# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach a server, by SMB or LDAP, and by which account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SMB = "sitekeeper.sms.smb"
"""The name of our own connection plugin."""


@dataclass(frozen=True)
class ServerSettings:
    """How to reach a server, and by which account.

    Attributes:
        host: the host as the inventory names it, for messages.
        address: name or address to connect to.
        port: TCP port.
        domain: the account's domain, or its Kerberos realm; empty if `user` has it all. With Kerberos it may be the
            NetBIOS name.
        user: the account's name.
        password: its password; with Kerberos it may be empty if kinit left a ticket.
        kerberos: Kerberos instead of NTLM.
        kerberos_name: the server's name in its service principal, if it is another one.
        domains: NetBIOS names of domains, by DNS name; Kerberos finds the realm of `domain` there.
        timeout: longest wait for an answer, in seconds.
    """

    host: str
    address: str
    port: int
    domain: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    kerberos: bool = False
    kerberos_name: str = ""
    domains: Mapping[str, str] = field(default_factory=dict, hash=False)
    timeout: float = 30

    @property
    def account(self) -> str:
        r"""The account as people write it."""
        if not self.domain:
            return self.user
        return f"{self.user}@{self.domain}" if self.kerberos and "." in self.domain else f"{self.domain}\\{self.user}"


@dataclass(frozen=True)
class SmbSettings(ServerSettings):
    """The settings of an SMB session. Without `kerberos_name`, the service principal is `cifs/` and the address.

    Attributes:
        dialect: None for SMB 2 and 3, `nt1` for SMB 1 and nothing else.
        signing: `required`, or `if_offered` for servers that cannot.
        encryption: refuse a server that does not encrypt.
    """

    port: int = 445
    dialect: str | None = None
    signing: str = "required"
    encryption: bool = False


def netbios_names(value: Mapping[Any, Any] | None) -> dict[str, str]:
    """The NetBIOS names of domains by DNS name, as an option has them."""
    return {str(dns): str(netbios) for dns, netbios in (value or {}).items()}


def split_account(account: str, *, kerberos: bool = False) -> tuple[str, str]:
    r"""Domain and user of `DOMAIN\name`, `name@realm` or `name`.

    NTLM takes a user principal name whole, since its suffix need not be the domain's name.
    """
    domain, slash, name = account.partition("\\")
    if slash:
        return domain, name
    if kerberos and "@" in account:
        name, _at, realm = account.rpartition("@")
        return realm.upper(), name
    return "", account
