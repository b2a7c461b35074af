# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The port: what a use case can ask a domain about an account, over whatever wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ..security import AccountState, Sid
from ..text import visible


@dataclass(frozen=True, slots=True)
class DomainAccount:
    r"""An account of a domain, with the SIDs that the domain puts into its token.

    Attributes:
        sid: its SID.
        name: `DOMAIN\name`, or the name alone if the domain controller does not show the other form. For people:
            characters that cannot be seen are code points.
        groups: the groups of its own domain, nested ones and the primary group included (tokenGroups, [MS-ADTS]
            3.1.1.4.5.19). None if they could not be read; the account may be a member of any group then.
        domain_local: those of `groups` that are, or may be, domain local. They count on servers of this domain only
            (Microsoft, "Active Directory security groups", Group scope).
        builtin_groups: the groups of BUILTIN (S-1-5-32) among them. They are those of the domain controllers. They
            count if the server is a domain controller of this domain, and mean nothing on any other server.
        foreign: SIDs of other domains in tokenGroups: universal groups of the same forest, and SID histories of
            groups. The domain controller that was asked is no authority for them, and a trust may filter them. So a
            permission for one of them is neither granted nor refused by this value alone.
        history: sIDHistory of the account itself. Windows puts it into the token, unless a trust filters it.
        state: why it may be unable to log on.
    """

    sid: Sid
    name: str
    groups: frozenset[Sid] | None
    builtin_groups: frozenset[Sid] = frozenset()
    foreign: frozenset[Sid] = frozenset()
    history: frozenset[Sid] = frozenset()
    state: AccountState = field(default_factory=AccountState)
    domain_local: frozenset[Sid] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", visible(self.name))


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain, as its domain controller names it.

    Attributes:
        name: its DNS name, such as `corp.example`. For people: characters that cannot be seen are code points.
        sid: its SID. The SID of each of its accounts begins with it.
    """

    name: str
    sid: Sid

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", visible(self.name))


class Directory(Protocol):
    """A domain's directory. Every method raises `DirectoryError` or a subclass of it, and nothing else."""

    @property
    def host(self) -> str:
        """The domain controller, as the settings name it."""

    def domain(self) -> Domain:
        """The domain that the domain controller is of."""

    def account(self, sid: Sid) -> DomainAccount:
        """An account, by one query; `DirectoryAccountNotFound` if the domain has none of this SID."""

    def groups_with(self, members: frozenset[Sid]) -> frozenset[Sid]:
        """The groups of this domain that have any of these members, nested groups included, BUILTIN too.

        For a server of this domain, and the SID and groups of an account of a trusted domain: only a domain controller
        of the server's domain has the domain local groups that a logon there adds to the token.
        """

    def known(self, name: str) -> DomainAccount | None:
        """An account that was already read, by its name without the domain. Nothing is asked, and nothing is raised."""

    def find(self, name: str) -> Sid:
        """The SID of an account of the domain by its logon name (sAMAccountName), without the domain.

        Raises:
            DirectoryAccountNotFound: there is none.
            AccountAmbiguous: there are several.
        """
