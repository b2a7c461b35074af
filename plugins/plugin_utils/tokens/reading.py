# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what decides an account's access, and no more: the next group to look at comes from the access check itself.

A group is looked at only while its membership could still change the answer. So a DACL that grants the account what it
needs by an entry of its own costs no request, unless a group that could be the account's is denied before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..directory.directories import Directories
from ..directory.errors import DirectoryError, NoDirectory
from ..directory.port import Directory
from ..security import ANY_NETWORK_LOGON, Ace, Decision, Effect, Scope, Sid
from ..security.sid import OWNER_RIGHTS
from ..site_server import Account, JoinedDomain, NotFound, Rejected, ServerFault, SiteServer
from .membership import (
    FILTERED,
    LOCAL_ACCOUNTS,
    MOST_GROUPS,
    AccountFacts,
    LocalGroup,
    Membership,
    Tokens,
    can_be_local,
    own_domains,
    token_of,
)
from .question import AccessQuestion


class TokenReader:
    """Looks at accounts and groups for one site server, each once.

    Args:
        server: the site server.
        directories: the domains' directories; without any, no domain group is looked at.
        tokens: what is known already.
    """

    def __init__(
        self, server: SiteServer, directories: Directories | None = None, tokens: Tokens | None = None
    ) -> None:
        self._server = server
        self._directories = directories
        tokens = tokens or Tokens()
        self._accounts = dict(tokens.accounts)
        self._groups = dict(tokens.groups)
        self._joined_was_read = False
        self._joined_is_unknown = False
        self._joined: JoinedDomain | None = None
        self._placed: set[Sid] = set()
        self._tried: set[Sid] = set()

    @property
    def tokens(self) -> Tokens:
        """All that was read so far."""
        return Tokens(dict(self._accounts), dict(self._groups))

    def look_at(self, account: Account) -> AccountFacts:
        """Ask the account's domain for its groups and state. A domain that cannot be asked is a fact too."""
        if account.sid not in self._accounts:
            self._accounts[account.sid] = self._facts(account)
        return self._accounts[account.sid]

    def locate(self, account: Account) -> None:
        """Find out whether an account is one of the server's own, if its domain was not read.

        Raises:
            NoAnswer: the server does not answer.
        """
        self._located(self.look_at(account))

    def answer(self, account: Account, questions: Iterable[AccessQuestion]) -> None:
        """Look at groups until each question is decided, or cannot be.

        Raises:
            NoAnswer: the server does not answer.
        """
        self.look_at(account)
        for question in questions:
            for scope in question.scopes:
                self._answer(account, question, scope)

    def decide(self, account: Account, group: Sid) -> Membership:
        """Look at a group, and what is needed to decide whether the account is in it.

        Raises:
            NoAnswer: the server does not answer.
        """
        while True:
            found = self.tokens.membership(account, group)
            if found.member is not None or not self._look_further(account, group, found):
                return found

    def _answer(self, account: Account, question: AccessQuestion, scope: Scope) -> None:
        # A decided membership stays decided. The others are asked for one by one, since a DACL can name thousands.
        found = self.tokens.memberships(account, question.named)
        decided: set[Sid] = set()
        while True:
            decision = question.decide(token_of(account, found), scope)
            left = (sid for sid in _undecided(question, decision) if sid not in decided)
            group = next(left, None) if decision.unknown else None
            if group is None:
                return
            found[group] = self.decide(account, group).member
            decided.add(group)

    def _look_further(self, account: Account, group: Sid, found: Membership) -> bool:
        """Read more about a group, or about those in it; False if nothing is left to read."""
        facts = self.look_at(account)
        reachable = self._reachable(group)
        if FILTERED in found.why:
            return self._located(facts)
        own = own_domains(self._groups)
        local = [sid for sid in reachable if can_be_local(sid, facts, own, named=sid == group)]
        if len(local) > MOST_GROUPS:
            return False
        if not LOCAL_ACCOUNTS.isdisjoint(reachable) and self._located(facts):
            return True
        if self._read_groups(facts, local):
            return True
        looked = [self._looked_elsewhere(self.look_at(account), sid) for sid in reachable]
        return any(looked)

    def _read_groups(self, facts: AccountFacts, groups: Iterable[Sid]) -> bool:
        """Read those of these local groups that are not known, until one has the account; False if none is left."""
        read = False
        for sid in groups:
            known = self._groups.get(sid)
            if known is None or not known.complete:
                self._groups[sid] = found = self._local_group(sid, facts)
                read = True
                if known is not None or not found.complete:
                    break
        return read

    def _located(self, facts: AccountFacts) -> bool:
        """Find out whether an account whose domain was not read is one of the server's own; False if it was tried."""
        account = facts.account.sid
        if facts.domain is not None or account in self._tried:
            return False
        self._tried.add(account)
        self._accounts[account] = replace(facts, is_local=self._is_own(account))
        return True

    def _is_own(self, account: Sid) -> bool | None:
        """Whether an account is one of the server's own; None if that cannot be read."""
        try:
            self._server.local_account_state(account)
            joined = self._read_joined()
        except NotFound:
            return False
        except (Rejected, ServerFault):
            return None
        if self._joined_is_unknown:
            return None
        # The accounts of a domain controller are those of the domain.
        return joined is None or not joined.is_controller

    def _reachable(self, group: Sid) -> list[Sid]:
        """The group, and the groups in it as far as they were read."""
        found = {group: None}
        waiting = [group]
        followed = 0
        while waiting and followed <= MOST_GROUPS:
            local = self._groups.get(waiting.pop())
            if local is None or local.members is None:
                continue
            followed += 1
            new = [one.sid for one in local.members if one.is_group is not False]
            waiting += [sid for sid in new if sid not in found]
            found |= dict.fromkeys(new)
        return list(found)

    def _local_group(self, sid: Sid, facts: AccountFacts) -> LocalGroup:
        """A local group; if the first members that the server shows decide about the account, no more of them."""
        groups = facts.domain.groups if facts.domain is not None else None
        token = (groups or frozenset()) | {facts.account.sid, *ANY_NETWORK_LOGON}
        first = sid not in self._groups
        try:
            members = self._server.group_members(sid, lambda found: first and not found.isdisjoint(token))
            return LocalGroup(members, complete=not first or token.isdisjoint(member.sid for member in members))
        except NotFound:
            return LocalGroup(None)
        except (Rejected, ServerFault) as error:
            return LocalGroup(None, f"its members cannot be read ({error.reason.rstrip('. ')})")

    def _looked_elsewhere(self, facts: AccountFacts, sid: Sid) -> bool:
        """Ask what decides about a group that counts on servers of one domain; False if there is nothing to ask."""
        domain, own = sid.domain, facts.account.sid.domain
        if facts.domain is None or domain is None or own is None or self._is_local(sid):
            return False
        if domain == own and sid not in facts.domain.domain_local:
            return False
        if facts.account.sid not in self._placed:
            self._placed.add(facts.account.sid)
            facts = replace(facts, same_domain=self._is_in(own))
        elif domain == own or facts.same_domain or domain in facts.elsewhere:
            return False
        else:
            facts = replace(facts, elsewhere={**facts.elsewhere, domain: self._groups_elsewhere(facts, domain)})
        self._accounts[facts.account.sid] = facts
        return True

    def _is_local(self, sid: Sid) -> bool:
        local = self._groups.get(sid)
        return local is not None and local.members is not None

    def _groups_elsewhere(self, facts: AccountFacts, domain: Sid) -> frozenset[Sid] | str:
        """The groups of another domain that an account is in, if a logon on this server adds them.

        Only a domain controller of the server's own domain adds groups to the token, the domain local ones.
        """
        if facts.domain is None or facts.domain.groups is None or self._directories is None:
            return ""
        is_in = self._is_in(domain)
        if is_in is None:
            return "it is not known which domain the server is in"
        if not is_in:
            return frozenset()
        try:
            return self._directories.of(domain).groups_with(facts.domain.groups | {facts.account.sid})
        except DirectoryError as error:
            return str(error)

    def _is_in(self, domain: Sid) -> bool | None:
        """Whether the server is in a domain; None if that is not known."""
        joined = self._read_joined()
        if joined is None or not self._directories:
            return None
        if joined.sid is not None:
            return joined.sid == domain
        try:
            name = self._directories.of(domain).domain().name
        except DirectoryError:
            return None
        if name.casefold() == joined.name.casefold():
            return True
        # A NetBIOS name is another name of the same domain.
        return False if "." in joined.name else None

    def _read_joined(self) -> JoinedDomain | None:
        """The server's domain, asked for once; None if it cannot be read, or if it is in none."""
        if not self._joined_was_read:
            self._joined_was_read = True
            try:
                self._joined = self._server.joined_domain()
            except (Rejected, ServerFault):
                self._joined_is_unknown = True
        return self._joined

    def _facts(self, account: Account) -> AccountFacts:
        domain = account.sid.domain
        if domain is None or not self._directories:
            return AccountFacts(account)
        try:
            name, separator, _rest = account.name.partition("\\")
            directory = self._directories.of(domain, name if separator else "")
            return AccountFacts(account, directory.account(account.sid), perhaps=_perhaps(directory))
        except NoDirectory as error:
            return AccountFacts(account, unread=str(error), is_local=self._is_own(account.sid))
        except DirectoryError as error:
            return AccountFacts(account, unread=str(error), failed=True)


def _undecided(question: AccessQuestion, decision: Decision) -> Iterator[Sid]:
    """The SIDs whose membership could still change a decision: those of entries in their order, then the owner."""
    for step in decision.steps:
        matters = step.effect in (Effect.MAY_GRANT, Effect.MAY_DENY) and step.rights & decision.unknown
        if matters and isinstance(step.ace, Ace) and step.ace.sid != OWNER_RIGHTS:
            yield step.ace.sid
    if question.owner is not None:
        yield question.owner


def _perhaps(directory: Directory) -> frozenset[Sid]:
    return directory.groups_with(ANY_NETWORK_LOGON)
