# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual Windows host: what it is, what it holds, what it has seen, and how it misbehaves."""

from __future__ import annotations

from dataclasses import dataclass, field

from .backend import Backend
from .misbehaviour import Misbehaviour
from .model import Account, AccountState, Logon, PolicyRight, Service, Settings, SmsProvider
from .recording import Record


@dataclass(slots=True)
class Host:
    """One host of the lab. ``name`` is the NetBIOS name, ``dns_name`` the name it has in the inventory."""

    name: str
    dns_name: str
    domain: str
    dns_domain: str
    site: str
    backend: Backend
    logons: tuple[Logon, ...]
    settings: Settings = field(default_factory=Settings)
    services: tuple[Service, ...] = ()
    members: dict[str, list[str]] = field(default_factory=dict)
    """Members of local groups: SIDs by the SID of the group."""
    removed: dict[str, Account] = field(default_factory=dict)
    """Accounts that were removed, by their SIDs."""
    account_states: dict[str, AccountState] = field(default_factory=dict)
    """States of users by their SIDs; the others are as new."""
    group_policy: tuple[PolicyRight, ...] | None = ()
    """What group policy sets; None if no Resultant Set of Policy was ever computed."""
    sms_provider: SmsProvider | None = None
    record: Record = field(default_factory=Record)
    misbehaviour: Misbehaviour = field(default_factory=Misbehaviour)

    @property
    def account_domain(self) -> str:
        """Whose the local accounts are: the computer's, or the domain's on a domain controller."""
        return self.domain if self.settings.domain_controller else self.name

    def find_account(self, name: str) -> Account | None:
        r"""An account by a name people write: ``DOMAIN\name``, ``.\name``, ``name`` or a SID string."""
        if name.startswith("S-1-"):
            return self.backend.account_by_sid(name)
        domain, separator, rest = name.rpartition("\\")
        if separator:
            return self.backend.account_by_name(self.account_domain if domain == "." else domain, rest)
        return self.backend.account_by_name("", name) or self.backend.account_by_name(self.account_domain, name)

    def name_of(self, sid: str) -> str | None:
        """The full name of a SID, if it has one here."""
        account = self.backend.account_by_sid(sid)
        return account.full_name if account else None
