# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assesses the effective access of each Sender account on a site server. Writes nothing.

A Sender account connects to the site share of the site it sends to, and writes into the directory behind it. Over the
network an account has the rights that both DACLs grant, that of the share and that of the directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache

from ..hierarchy.products import Holder, Product
from ..security import ANY_NETWORK_LOGON, Ace, Acl, Effect, Scope, Sid, Token, check_access, scopes_of
from ..security.ace import APPLIES_TO, CompoundAce, OpaqueAce
from ..security.rights import FULL_CONTROL, describe_ntfs_mask
from ..security.well_known import NAME_OF
from ..site_server import Account, AccountNotFound, DescriptorReading, NotFound, Share, SiteServer, local_path
from .accounts import all_names, resolve_accounts
from .errors import Refused
from .plan import Subject
from .securable import path_object, share_object

DIRECTORY_FLAGS = APPLIES_TO["this folder, subfolders and files"]
_DIRECTORY_SCOPES = tuple(scope for scope in Scope if scope in scopes_of(DIRECTORY_FLAGS))
_SHARE_SCOPES = (Scope.THIS,)


class MissingMembers(Enum):
    """What to do about Sender accounts that are not in the group that holds their rights."""

    ADD = auto()
    ADD_WHERE_POSSIBLE = auto()
    REPORT = auto()


@dataclass(frozen=True, slots=True)
class SenderRequest:
    """What is to be assessed or enforced.

    Attributes:
        product: the site server's product, which defines what is required.
        senders: the Sender accounts, as the operator spells them.
        group: name of the local group that holds rights for them; None if the product has none.
        share: name of the site share; the product's own if None.
        directory: the directory; that of the share if None.
        allow_unexpected_path: accept a share that points somewhere the product does not expect.
        remove_blocking_denies: remove deny entries of the same account that block a required right.
        missing_members: what to do about senders that are not in the group.
        members_required: whether the task fails if a sender is still not in the group afterwards.
        services: whether to read the accounts of the product's services.
    """

    product: Product
    senders: tuple[str, ...]
    group: str | None = None
    share: str | None = None
    directory: str | None = None
    allow_unexpected_path: bool = False
    remove_blocking_denies: bool = False
    missing_members: MissingMembers = MissingMembers.REPORT
    members_required: bool = False
    services: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The local group that holds rights for the senders.

    Attributes:
        account: the group.
        members: its direct members. The members of a group among them are not read.
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
        mask: all its rights on the object itself.
        words: the same in Windows' words.
        satisfied: whether it has what the product requires, everywhere it requires it.
        decided_by: the entries that granted or denied the required rights, and what no entry grants.
        may_be_denied_by: deny entries of others, which count if the account is a member of them. Its groups are not
            read.
    """

    mask: int
    words: str
    satisfied: bool
    decided_by: tuple[str, ...]
    may_be_denied_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SenderAccess:
    """The access of an account to the share, to the directory, and through both.

    Attributes:
        share: its access to the share.
        directory: its access to the directory.
        combined_mask: its rights through both.
        combined_words: the same in Windows' words.
        member: whether it is in the group that holds rights for the senders; None if the product has no such group.
    """

    share: Access
    directory: Access
    combined_mask: int
    combined_words: str
    member: bool | None = None

    @property
    def satisfied(self) -> bool:
        """Whether the account has the required access, and is a member of the group where there is one."""
        return self.share.satisfied and self.directory.satisfied and self.member is not False


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a site server holds at one time: before a change, after it, or as it would be.

    Attributes:
        request: what is asked for.
        share: the share.
        directory: path of the directory.
        share_reading: the share's descriptor.
        directory_reading: the directory's descriptor.
        accounts: the account behind each name that was given, each account once.
        names: names to show.
        senders: the access of each sender, by the name that was given.
        group: the group that holds rights for them; None if the product has none.
        group_satisfied: whether the group has those rights itself; None likewise.
        services: the account of each service of the product; None if they were not asked for.
    """

    request: SenderRequest
    share: Share
    directory: str
    share_reading: DescriptorReading
    directory_reading: DescriptorReading
    accounts: Mapping[str, Account]
    names: Mapping[Sid, str]
    senders: Mapping[str, SenderAccess]
    group: Group | None = None
    group_satisfied: bool | None = None
    services: Mapping[str, str | None] | None = None

    @property
    def missing(self) -> Mapping[str, Account]:
        """The senders that are not in the group, by the name that was given."""
        if self.group is None:
            return {}
        return {given: account for given, account in self.accounts.items() if not self.group.has(account)}

    @property
    def satisfied(self) -> bool:
        """Whether no change is needed: every sender has the required access, and the group its rights."""
        return self.group_satisfied is not False and all(access.satisfied for access in self.senders.values())


def assess_sender_access(server: SiteServer, request: SenderRequest) -> Assessment:
    """Read the share, its descriptor and the directory's, and assess the access of each sender. Writes nothing.

    Raises:
        SiteServerError: the server cannot be reached or refuses, or something does not exist.
        Refused: the share has no directory, or points somewhere the product does not expect.
    """
    services = service_accounts(server, request.product) if request.services else None
    share = server.share(request.share or request.product.share)
    directory = _directory(server.host, share, request)
    if request.directory and not server.is_directory(directory):
        raise Refused(f"{server.host}: {directory} is a file. Give the directory that senders write into")
    directory_reading = path_object(server, directory).read()
    share_reading = _share_reading(server, share, directory_reading.names)
    readings = [share_reading, directory_reading]
    accounts = _each_once(resolve_accounts(server, request.senders, readings))
    names = all_names(readings, accounts)
    group = _group(server, request.group) if request.group else None
    if group is not None:
        names |= {account.sid: account.name for account in (group.account, *group.members)}
    return _assessment(request, share, directory, share_reading, directory_reading, accounts, names, group, services)


def reassess(
    found: Assessment, share: DescriptorReading, directory: DescriptorReading, group: Group | None
) -> Assessment:
    """The assessment of the same site server with other permissions and members."""
    names = {**found.names, **directory.names, **share.names}
    return _assessment(
        found.request, found.share, found.directory, share, directory, found.accounts, names, group, found.services
    )


def _assessment(
    request: SenderRequest,
    share: Share,
    directory: str,
    share_reading: DescriptorReading,
    directory_reading: DescriptorReading,
    accounts: Mapping[str, Account],
    names: Mapping[Sid, str],
    group: Group | None,
    services: Mapping[str, str | None] | None,
) -> Assessment:
    product = request.product
    senders = {
        given: access_of(account, product, share_reading, directory_reading, names, group)
        for given, account in accounts.items()
    }
    holds = group_satisfied(group, product, share_reading, directory_reading, names)
    return Assessment(
        request,
        share,
        directory,
        share_reading,
        directory_reading,
        accounts,
        names,
        senders,
        group,
        holds,
        services,
    )


def service_accounts(server: SiteServer, product: Product) -> dict[str, str | None]:
    """The account that each of the product's services logs on as; None where the server has no such service.

    Raises:
        SiteServerError: the server cannot be reached or refuses.
    """
    found: dict[str, str | None] = {}
    for service in product.services:
        try:
            found[service] = server.service_account(service)
        except NotFound:
            found[service] = None
    return found


def _share_reading(server: SiteServer, share: Share, known: Mapping[Sid, str]) -> DescriptorReading:
    """The share's permissions: those returned with its settings, if the names of all accounts are known too.

    The settings have entries of all types. A reading of the permissions alone may have fewer, so the settings count.
    """
    listed = share.descriptor
    if listed is None or listed.dacl is None:
        return share_object(server, share).read()
    others = [ace.ace_type for ace in listed.dacl if not isinstance(ace, Ace)]
    sids = {ace.sid for ace in listed.dacl if isinstance(ace, Ace)}
    names = {sid: name for sid in sids if (name := known.get(sid) or NAME_OF.get(sid))}
    if not others and len(names) == len(sids):
        return DescriptorReading(listed, names)
    reading = share_object(server, share).read()
    if not others:
        return reading
    hidden = tuple(f"an entry of type {kind}, which this connection does not show" for kind in others)
    return replace(reading, descriptor=listed, unwritable=reading.unwritable or hidden)


def _group(server: SiteServer, name: str) -> Group:
    try:
        account = server.resolve(name if "\\" in name or name.upper().startswith("S-1-") else f".\\{name}")
    except AccountNotFound as error:
        raise Refused(
            f"{error} The setup of the site makes this group: check the site code, or give the group that holds the "
            "rights here"
        ) from None
    return Group(account, server.group_members(account.sid))


def _directory(host: str, share: Share, request: SenderRequest) -> str:
    """The directory to assess, after checking that the share points where the product expects."""
    label = f"{host}: share {share.name}"
    if not share.is_disk or not share.path:
        raise Refused(f"{label}: it shares no directory. Give the name of the site share")
    try:
        behind = local_path(share.path)
        asked = local_path(request.directory) if request.directory else behind
    except ValueError as error:
        raise Refused(f"{label}: {error}. Give the directory") from None
    if request.allow_unexpected_path:
        return asked
    if asked.casefold() != behind.casefold():
        raise Refused(
            f"{label}: it points to {behind}, not to {asked}. Correct the share or the directory, or set "
            "allow_unexpected_path: true"
        )
    if not request.directory and not request.product.expects(behind):
        raise Refused(
            f"{label}: it points to {behind}, but {request.product.title} expects …\\{request.product.directory}. "
            "Correct the share, give the directory, or set allow_unexpected_path: true"
        )
    return asked


def _each_once(accounts: Mapping[str, Account]) -> dict[str, Account]:
    """Each account once: two spellings are one account."""
    seen: set[Sid] = set()
    result = {}
    for given, account in accounts.items():
        if account.sid not in seen:
            seen.add(account.sid)
            result[given] = account
    return result


def access_of(
    account: Account,
    product: Product,
    share: DescriptorReading,
    directory: DescriptorReading,
    names: Mapping[Sid, str],
    group: Group | None = None,
) -> SenderAccess:
    """The access of the account to the share, to the directory, and through both.

    Groups that every network logon is in count, and the given one if the account is in it; others are not read.
    """
    member = None if group is None else group.has(account)
    token = ANY_NETWORK_LOGON | {account.sid} | ({group.account.sid} if group is not None and member else frozenset())
    on_share = _access_to(share.descriptor.dacl, token, product.share_mask, names, is_share=True)
    on_directory = _access_to(directory.descriptor.dacl, token, product.directory_mask, names, is_share=False)
    both = on_share.mask & on_directory.mask
    return SenderAccess(on_share, on_directory, both, describe_ntfs_mask(both), member)


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
    has = access_of(group.account, product, share, directory, names)
    on_share = product.share_access.holder is not Holder.GROUP or has.share.satisfied
    on_directory = product.directory_access.holder is not Holder.GROUP or has.directory.satisfied
    return on_share and on_directory


def hex_mask(mask: int) -> str:
    """A mask as modules return it and audit files hold it."""
    return f"0x{mask:08X}"


def _access_to(
    dacl: Acl | None, token: frozenset[Sid], required: int, names: Mapping[Sid, str], *, is_share: bool
) -> Access:
    sids = dict.fromkeys(ace.sid for ace in dacl or () if not isinstance(ace, OpaqueAce | CompoundAce))
    named = tuple((sid, names[sid]) for sid in sids if sid in names)
    return _access(dacl, token, required, named, is_share)


@lru_cache(maxsize=256)  # sites with the same setup hold the same entries
def _access(
    dacl: Acl | None, token: frozenset[Sid], required: int, named: tuple[tuple[Sid, str], ...], is_share: bool
) -> Access:
    words = Subject("", "share" if is_share else "folder", "")
    names = dict(named)
    everything = check_access(dacl, token, FULL_CONTROL)
    scopes = _SHARE_SCOPES if is_share else _DIRECTORY_SCOPES
    decisions = {scope: check_access(dacl, token, required, scope) for scope in scopes}
    lines: list[str] = []
    for scope, decision in decisions.items():
        if scope is not Scope.THIS and decision.satisfied:
            continue
        found = [words.describe(step.ace, names) for step in decision.deciding if step.ace]
        nowhere = decision.missing & ~decision.denied
        if nowhere:
            rest = "" if nowhere == decision.requested else "the rest of "
            found.append(f"no entry grants {rest}{words.describe_mask(required)}")
        # What holds for the folder itself is not repeated for each place below it.
        lines.extend(line if scope is Scope.THIS else f"{scope.value}: {line}" for line in found if line not in lines)
    if dacl is None:
        lines.append("NULL DACL: everyone has every right")
    unsure = check_access(dacl, Token(token, complete=False), required)
    foreign = [words.describe(step.ace, names) for step in unsure.steps if step.ace and step.effect is Effect.MAY_DENY]
    return Access(
        everything.granted,
        words.describe_mask(everything.granted),
        all(decision.satisfied for decision in decisions.values()),
        tuple(dict.fromkeys(lines)),
        tuple(foreign),
    )
