# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a group is in an account's token, from facts that were read. Pure.

Sources: [MS-ADTS] 3.1.1.4.5.19 (tokenGroups), [MS-PAC] 4.1.2.2 (SID filtering), Microsoft, "Well-known SIDs".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ..directory.port import DomainAccount
from ..security import ANY_NETWORK_LOGON, Sid, Token
from ..security.sid import ADMINISTRATORS
from ..site_server import Account

_NO_LOGON_OVER_THE_NETWORK = frozenset(
    Sid.parse(f"S-1-{rest}")
    for rest in ("2-0", "2-1", "5-1", "5-3", "5-4", "5-6", "5-7", "5-8", "5-10", "5-12", "5-13", "5-14")
) | {Sid.parse(f"S-1-5-{number}") for number in (17, 18, 19, 20)}
"""Other kinds of logon, the anonymous one, SELF, and the accounts of services."""
_OTHER_AUTHORITIES = frozenset({3, 15, 16})
"""Placeholders such as CREATOR OWNER, capabilities of applications, integrity levels: no group of an account."""
_OF_SERVICES = frozenset({80, 82, 83, 87, 90, 96})
_USERS = range(500, 505)
"""Relative identifiers of users that each domain and computer has, such as Guest: none of them is a group."""
_NONE = 513
"""The relative identifier of the group that all users of a server have as their primary group."""
LOCAL_ACCOUNTS = frozenset({Sid.parse("S-1-5-113"), Sid.parse("S-1-5-114")})
"""Groups of every local account, and of those in Administrators. Security baselines deny them to log on."""
_HIDDEN = "the domain does not show the account's groups"
FILTERED = "User Account Control may take Administrators from the tokens of local accounts (KB 951016)"
MOST_GROUPS = 1000
"""Local groups that are followed for one answer."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a group is in an account's token.

    Attributes:
        member: None if that is not known.
        path: if it is, the groups that lead to it; each is a member of the next one, and the last is the group.
        why: the reasons if it is not known, each a clause.
    """

    member: bool | None
    path: tuple[Sid, ...] = ()
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalGroup:
    """A SID that the server was asked for as one of its local groups.

    Attributes:
        members: its members; None if there is no such group, or if they could not be read.
        unread: why they could not be read, a clause; empty if the server has no local group of this SID.
        complete: whether these are all members. If not, who is not among them may be one too.
    """

    members: tuple[Account, ...] | None
    unread: str = ""
    complete: bool = True


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What was read about an account outside of the server.

    Attributes:
        account: the account.
        domain: what its domain shows; None if it was not read.
        unread: why not, a clause.
        failed: whether it should have been read: a domain controller was to be asked, and did not answer or refused.
        perhaps: groups of its domain that a group such as Authenticated Users is a member of. tokenGroups does not
            follow those, and no document shows whether a logon does.
        same_domain: whether the server is in the account's domain; None if that is not known.
        is_local: whether it is an account of the server itself; None if that is not known. No domain has such an
            account in its groups. User Account Control may take Administrators from its token (Microsoft KB 951016).
        elsewhere: by domain, the groups of another domain that the account is in; or why they are not known.
    """

    account: Account
    domain: DomainAccount | None = None
    unread: str = ""
    failed: bool = False
    perhaps: frozenset[Sid] = frozenset()
    same_domain: bool | None = None
    is_local: bool | None = None
    elsewhere: Mapping[Sid, frozenset[Sid] | str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def may_be_filtered(self) -> bool:
        """Whether its token may lack Administrators. The computer's own Administrator has it by default."""
        of_a_domain = self.domain is not None or self.account.sid.domain is None
        return not of_a_domain and self.is_local is not False and self.account.sid.subauthorities[-1] != 500


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was read about accounts and about the local groups of one server.

    Attributes:
        accounts: the accounts, by their SIDs.
        groups: every SID that was asked for as a local group.
    """

    accounts: Mapping[Sid, AccountFacts] = field(default_factory=lambda: MappingProxyType({}))
    groups: Mapping[Sid, LocalGroup] = field(default_factory=lambda: MappingProxyType({}))

    def with_members(self, group: Sid, members: tuple[Account, ...]) -> Tokens:
        """The same with other members of a local group."""
        return replace(self, groups={**self.groups, group: LocalGroup(members)})

    def token(self, account: Account, named: Iterable[Sid]) -> Token:
        """The account's token, as far as it matters where these SIDs are named."""
        return token_of(account, self.memberships(account, named))

    def memberships(self, account: Account, groups: Iterable[Sid]) -> dict[Sid, bool | None]:
        """Whether each of these groups is in the account's token; None if that is not known."""
        return {sid: self.membership(account, sid).member for sid in groups}

    def membership(self, account: Account, group: Sid) -> Membership:
        """Whether a group is in the account's token: directly, by its domain, or through local groups."""
        facts = self.accounts.get(account.sid) or AccountFacts(account)
        own = own_domains(self.groups)
        came_from: dict[Sid, Sid] = {}
        waiting = deque([group])
        seen = {group}
        why: list[str] = []
        followed = 0
        while waiting:
            sid = waiting.popleft()
            local = self.groups.get(sid)
            if local is not None and local.members is not None:
                why += () if local.complete else ("not all its members were read",)
                for member in local.members:
                    if member.sid not in seen and (member.is_group is not False or member.sid == account.sid):
                        seen.add(member.sid)
                        came_from[member.sid] = sid
                        waiting.append(member.sid)
                followed += 1
                if followed > MOST_GROUPS:
                    return Membership(None, why=(f"it leads to more than {MOST_GROUPS} local groups",))
                continue
            if local is None and can_be_local(sid, facts, own, named=sid == group):
                local = _NOT_READ
            found = _in_token(sid, facts, local)
            if found.member:
                path = [sid] if sid != account.sid else []
                while sid in came_from:
                    sid = came_from[sid]
                    path.append(sid)
                if ADMINISTRATORS in path and facts.may_be_filtered:
                    return Membership(None, why=(FILTERED,))
                return Membership(member=True, path=tuple(path))
            why += found.why
        return Membership(None, why=tuple(dict.fromkeys(why))) if why else Membership(member=False)


def token_of(account: Account, found: Mapping[Sid, bool | None]) -> Token:
    """The token of an account, as far as its memberships are known."""
    return Token(
        frozenset({account.sid, *ANY_NETWORK_LOGON, *(sid for sid, member in found.items() if member)}),
        complete=False,
        absent=frozenset(sid for sid, member in found.items() if member is False),
    )


_NOT_READ = LocalGroup(None, "its members were not read")


def own_domains(groups: Mapping[Sid, LocalGroup]) -> frozenset[Sid]:
    """The domains of the server's own groups, as far as those were read."""
    return frozenset(sid.domain for sid, local in groups.items() if local.members is not None and sid.domain)


def can_be_local(sid: Sid, facts: AccountFacts, own: Container[Sid], *, named: bool) -> bool:
    """Whether a SID can be one of the server's local groups, whose members have to be read from the server.

    A member of a local group can only be another one if both are the server's own (on Windows only on a domain
    controller). So a member from elsewhere is none.

    Args:
        sid: the SID.
        facts: the account whose token is in question.
        own: the domains of the server's own groups.
        named: whether it is asked for itself, and not as a member of another group.
    """
    if sid == facts.account.sid:
        return False
    if sid.domain is None:
        return sid.is_builtin
    if facts.domain is not None and sid.domain == facts.account.sid.domain:
        return False
    return named or sid.domain in own


def _in_token(sid: Sid, facts: AccountFacts, local: LocalGroup | None) -> Membership:
    """Whether a SID is in the token, if it is no local group whose members were read."""
    if sid == facts.account.sid or sid in ANY_NETWORK_LOGON:
        return Membership(member=True)
    if _never(sid) or (sid in LOCAL_ACCOUNTS and (facts.domain is not None or facts.is_local is False)):
        return Membership(member=False)
    if local is not None and local.unread:
        return Membership(None, why=(local.unread,))
    if sid.is_builtin:
        return Membership(member=False)  # the server was asked, and has no such group
    if facts.is_local and sid.domain is not None:
        # Of the server's groups that are no local groups, each of its users has one ([MS-SAMR] 3.1.1.8.4).
        return Membership(sid.domain == facts.account.sid.domain and sid.subauthorities[-1] == _NONE)
    if facts.domain is None:
        return Membership(None, why=(facts.unread or f"the domain groups of {facts.account.name} were not read",))
    if sid.domain != facts.account.sid.domain:
        return _of_another_domain(sid, facts.domain, facts)
    if facts.domain.groups is None:
        return Membership(None, why=(_HIDDEN,))
    if sid in facts.domain.domain_local and not facts.same_domain:
        return Membership(None, why=("a domain local group counts on servers of its domain, and this may be none",))
    if sid not in facts.domain.groups and sid in facts.perhaps:
        return Membership(None, why=("a group of every logon is its member, and domains do not show those members",))
    return Membership(sid in facts.domain.groups)


def _of_another_domain(sid: Sid, domain: DomainAccount, facts: AccountFacts) -> Membership:
    """A group of another domain than the account's, or an old SID of the account or of one of its groups.

    In the account's own domain a logon takes all of them over from the domain. A trust may filter them, and there the
    server's domain adds its own domain local groups.
    """
    if sid.domain is None:
        return Membership(None, why=("whether a logon has it depends on how the account logs on",))
    inherited = sid in domain.foreign or sid in domain.history
    if facts.same_domain:
        return Membership(inherited) if domain.groups is not None else Membership(None, why=(_HIDDEN,))
    if inherited:
        return Membership(
            None, why=("the server is not known to be in the account's domain, and a trust may filter it",)
        )
    groups = facts.elsewhere.get(sid.domain)
    if isinstance(groups, frozenset):
        return Membership(sid in groups)
    return Membership(None, why=(groups or "the groups of its domain were not read",))


def _never(sid: Sid) -> bool:
    """Whether no account has this SID after a logon over the network."""
    if sid in _NO_LOGON_OVER_THE_NETWORK or sid.authority in _OTHER_AUTHORITIES:
        return True
    if sid.domain is not None and sid.subauthorities[-1] in _USERS:
        return True
    return sid.authority == 5 and not _OF_SERVICES.isdisjoint(sid.subauthorities[:1])
