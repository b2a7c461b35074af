# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effective access of an account on a site server, and the answer: does it get in, and what decides that? Pure.

Over the network an account has the rights that both DACLs grant, that of the share and that of the directory behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ..hierarchy.products import Holder, Product
from ..security import (
    ACCESS_ALLOWED,
    ACCESS_DENIED,
    ANY_NETWORK_LOGON,
    AccessAnswer,
    Ace,
    Decision,
    Effect,
    Scope,
    Sid,
    Token,
    check_access,
    name_of,
    scopes_of,
)
from ..security.ace import APPLIES_TO
from ..security.edit import canonicalize, grant, revoke
from ..security.rights import FULL_CONTROL, describe_ntfs_mask
from ..site_server import Account, DescriptorReading
from ..tokens.logon import LogonAnswer
from ..tokens.membership import Tokens
from ..tokens.question import AccessQuestion, named_in
from .plan import Subject

DIRECTORY_FLAGS = APPLIES_TO["this folder, subfolders and files"]
_DIRECTORY_SCOPES = tuple(scope for scope in Scope if scope in scopes_of(DIRECTORY_FLAGS))
_SHARE_SCOPES = (Scope.THIS,)


@dataclass(frozen=True, slots=True)
class Group:
    """The local group that holds rights for the senders.

    Attributes:
        account: the group.
        members: its direct members.
    """

    account: Account
    members: tuple[Account, ...]

    def has(self, account: Account) -> bool:
        """Whether an account is a direct member."""
        return account.sid in (member.sid for member in self.members)


@dataclass(frozen=True, slots=True)
class Access:
    """The access that one DACL gives an account.

    Attributes:
        mask: all its rights on the object itself, through its own entries and those of its known groups.
        words: the same in Windows' words.
        satisfied: whether it has what the product requires, everywhere it requires it, by what is known.
        answer: the same, unless a group that is not known could change it.
        decided_by: the entries that granted or denied the required rights, and what no entry grants.
        may_be_denied_by: deny entries that count if the account is in their group, which is not known.
        may_be_granted_by: entries that allow required rights, likewise.
    """

    mask: int
    words: str
    satisfied: bool
    answer: AccessAnswer
    decided_by: tuple[str, ...]
    may_be_denied_by: tuple[str, ...]
    may_be_granted_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SenderAccess:
    """The access of an account to the share, to the directory, and through both.

    Attributes:
        share: its access to the share.
        directory: its access to the directory.
        combined_mask: its rights through both.
        combined_words: the same in Windows' words.
        member: whether it is in the group that holds rights for the senders, by other groups too; None if the product
            has no such group, or if that is not known.
        lacks_membership: whether it has to become a member of that group.
        lacks_own_entry: whether it has to have access by entries of its own, or by the group itself, and has not.
        logon: whether it may log on over the network.
    """

    share: Access
    directory: Access
    combined_mask: int
    combined_words: str
    member: bool | None = None
    lacks_membership: bool = False
    lacks_own_entry: bool = False
    logon: LogonAnswer = field(default_factory=LogonAnswer)

    @property
    def permitted(self) -> bool:
        """Whether share and directory grant what is required, in the required way, by what is known."""
        granted = self.share.satisfied and self.directory.satisfied
        return granted and not self.lacks_membership and not self.lacks_own_entry

    @property
    def satisfied(self) -> bool:
        """Whether no change is needed: the permissions, and nothing known keeps the account from logging on."""
        return self.permitted and not self.logon.problems

    @property
    def answer(self) -> AccessAnswer:
        """Whether the account gets in."""
        answers = (self.share.answer, self.directory.answer)
        if self.logon.problems or AccessAnswer.DENIED in answers:
            return AccessAnswer.DENIED
        return AccessAnswer.UNKNOWN if self.logon.unknown or AccessAnswer.UNKNOWN in answers else AccessAnswer.GRANTED

    @property
    def because(self) -> tuple[str, ...]:
        """What decides the answer, a line each."""
        answer = self.answer
        lines = [problem.text for problem in self.logon.problems]
        if answer is AccessAnswer.UNKNOWN:
            lines += self.logon.unknown
        for place, access in (("share", self.share), ("folder", self.directory)):
            if answer is AccessAnswer.UNKNOWN and access.answer is AccessAnswer.UNKNOWN:
                maybe = (*access.may_be_denied_by, *access.may_be_granted_by)
                lines += [f"{place}: it is not known whether this entry is for the account: {line}" for line in maybe]
            elif access.answer is answer:
                lines += [f"{place}: {line}" for line in access.decided_by]
        return tuple(lines)


def access_of(
    account: Account,
    product: Product,
    share: DescriptorReading,
    directory: DescriptorReading,
    names: Mapping[Sid, str],
    tokens: Tokens,
    group: Group | None = None,
    *,
    own_entry: bool = False,
    logon: LogonAnswer | None = None,
) -> SenderAccess:
    """The access of the account to the share, to the directory, and through both.

    Args:
        account: the account.
        product: what is required.
        share: the share's permissions.
        directory: the directory's permissions.
        names: names to show.
        tokens: what is known about groups.
        group: the group that holds rights for the senders.
        own_entry: whether it must have access by entries of its own, or as a direct member of the group.
        logon: whether it may log on over the network.
    """
    on_share = _access_by_token(account, share, product.share_mask, names, tokens, is_share=True)
    on_directory = _access_by_token(account, directory, product.directory_mask, names, tokens, is_share=False)
    member = None if group is None else tokens.membership(account, group.account.sid).member
    lacks_membership = False
    if group is not None and not group.has(account):
        lacks_membership = own_entry or (not member and not all(_by_group(product, on_share, on_directory)))
    both = on_share.mask & on_directory.mask
    return SenderAccess(
        on_share,
        on_directory,
        both,
        describe_ntfs_mask(both),
        member,
        lacks_membership,
        own_entry and not _has_own_entries(account, product, share, directory, names, group),
        logon or LogonAnswer(),
    )


def group_satisfied(
    group: Group | None,
    product: Product,
    share: DescriptorReading,
    directory: DescriptorReading,
    names: Mapping[Sid, str],
) -> bool | None:
    """Whether the group itself has the rights that it must hold, whatever rights the senders have of their own."""
    if group is None:
        return None
    token = Token(ANY_NETWORK_LOGON | {group.account.sid})
    on_share = _access_to(share, token, product.share_mask, names, is_share=True)
    on_directory = _access_to(directory, token, product.directory_mask, names, is_share=False)
    return all(_by_group(product, on_share, on_directory))


def questions(product: Product, share: DescriptorReading, directory: DescriptorReading) -> tuple[AccessQuestion, ...]:
    """What has to be decided about each sender."""
    return (
        _question(share, product.share_mask, is_share=True),
        _question(directory, product.directory_mask, is_share=False),
    )


def questions_once_granted(
    account: Account,
    product: Product,
    share: DescriptorReading,
    directory: DescriptorReading,
    removed: Iterable[Sid],
) -> tuple[AccessQuestion, ...]:
    """What has to be decided about a sender before it is granted anything: a deny entry of a group may still block it.

    Args:
        account: the sender.
        product: what is required.
        share: the share's permissions.
        directory: the directory's permissions.
        removed: the accounts whose deny entries are to be removed.
    """

    def granted(question: AccessQuestion, flags: int) -> AccessQuestion:
        if question.dacl is None:
            return question
        acl = canonicalize(question.dacl)
        for sid in removed:
            acl = revoke(acl, sid, ACCESS_DENIED)
        return replace(question, dacl=grant(acl, Ace(ACCESS_ALLOWED, flags, question.mask, account.sid)))

    on_share, on_directory = questions(product, share, directory)
    return granted(on_share, 0), granted(on_directory, DIRECTORY_FLAGS)


def hex_mask(mask: int) -> str:
    """A mask as modules return it and audit files hold it."""
    return f"0x{mask:08X}"


def _by_group(product: Product, on_share: Access, on_directory: Access) -> tuple[bool, ...]:
    """Whether each of the objects is satisfied whose rights the group holds."""
    both = ((product.share_access, on_share), (product.directory_access, on_directory))
    return tuple(access.satisfied for requirement, access in both if requirement.holder is Holder.GROUP)


def _has_own_entries(
    account: Account,
    product: Product,
    share: DescriptorReading,
    directory: DescriptorReading,
    names: Mapping[Sid, str],
    group: Group | None,
) -> bool:
    """Whether entries of the account itself grant what is required, or those of the group where that holds rights."""
    own = frozenset({account.sid})
    through = own | ({group.account.sid} if group is not None and group.has(account) else frozenset())
    return all(
        _access_to(
            reading, Token(through if requirement.holder is Holder.GROUP else own), requirement.mask, names, is_share=s
        ).satisfied
        for reading, requirement, s in (
            (share, product.share_access, True),
            (directory, product.directory_access, False),
        )
    )


def _question(reading: DescriptorReading, mask: int, *, is_share: bool) -> AccessQuestion:
    descriptor = reading.descriptor
    return AccessQuestion(descriptor.dacl, mask, _SHARE_SCOPES if is_share else _DIRECTORY_SCOPES, descriptor.owner)


def _access_by_token(
    account: Account,
    reading: DescriptorReading,
    required: int,
    names: Mapping[Sid, str],
    tokens: Tokens,
    *,
    is_share: bool,
) -> Access:
    question = _question(reading, required, is_share=is_share)
    token = tokens.token(account, question.named)
    chains = {}
    for sid in token.sids & question.named - ANY_NETWORK_LOGON - {account.sid}:
        path = tokens.membership(account, sid).path
        chains[sid] = " → ".join([account.name, *(name_of(step, names) for step in path)])
    return _access_to(reading, token, required, names, chains, is_share=is_share)


def _access_to(
    reading: DescriptorReading,
    token: Token,
    required: int,
    names: Mapping[Sid, str],
    chains: Mapping[Sid, str] | None = None,
    *,
    is_share: bool,
) -> Access:
    question = _question(reading, required, is_share=is_share)
    named = tuple((sid, names[sid]) for sid in sorted(named_in(question.dacl)) if sid in names)
    return _access(question, token, named, tuple(sorted((chains or {}).items())), is_share)


@lru_cache(maxsize=256)  # sites with the same setup hold the same entries
def _access(
    question: AccessQuestion,
    token: Token,
    named: tuple[tuple[Sid, str], ...],
    chains: tuple[tuple[Sid, str], ...],
    is_share: bool,
) -> Access:
    words = Subject("", "share" if is_share else "folder", "")
    names, reached = dict(named), dict(chains)
    dacl, required, scopes = question.dacl, question.mask, question.scopes
    known = Token(token.sids)
    everything = check_access(dacl, known, FULL_CONTROL)
    decisions = {scope: check_access(dacl, known, required, scope) for scope in scopes}
    lines: list[str] = []
    for scope, decision in decisions.items():
        if scope is not Scope.THIS and decision.satisfied:
            continue
        found = [words.describe(step.ace, names, reached) for step in decision.deciding if step.ace]
        nowhere = decision.missing & ~decision.denied
        if nowhere:
            rest = "" if nowhere == decision.requested else "the rest of "
            found.append(f"no entry grants {rest}{words.describe_mask(required)}")
        # What holds for the folder itself is not repeated for each place below it.
        lines.extend(line if scope is Scope.THIS else f"{scope.value}: {line}" for line in found if line not in lines)
    if dacl is None:
        lines.append("NULL DACL: everyone has every right")
    unsure = [question.decide(token, scope) for scope in scopes]
    answer = _answer(unsure)
    # An entry for OWNER RIGHTS can take from the owner what its other entries grant.
    satisfied = all(decision.satisfied for decision in decisions.values()) and answer is not AccessAnswer.DENIED
    steps = [step for decision in unsure for step in decision.steps]
    may = {
        effect: tuple(dict.fromkeys(words.describe(step.ace, names) for step in steps if step.effect is effect))
        for effect in (Effect.MAY_DENY, Effect.MAY_GRANT)
    }
    return Access(
        everything.granted,
        words.describe_mask(everything.granted),
        satisfied,
        answer,
        tuple(dict.fromkeys(lines)),
        may[Effect.MAY_DENY],
        () if satisfied else may[Effect.MAY_GRANT],
    )


def _answer(decisions: list[Decision]) -> AccessAnswer:
    """The answer of access checks in which groups may be unknown."""
    if any(decision.missing & ~decision.unknown for decision in decisions):
        return AccessAnswer.DENIED
    return AccessAnswer.GRANTED if all(decision.satisfied for decision in decisions) else AccessAnswer.UNKNOWN
