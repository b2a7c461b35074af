# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assesses the effective access of each Sender account on a site server. Writes nothing.

A Sender account connects to the site share of the site it sends to, and writes into the directory behind it. Over the
network an account has the rights that both DACLs grant, that of the share and that of the directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial
from types import MappingProxyType

from ..directory.directories import Directories
from ..hierarchy.products import Product
from ..security import Ace, Sid
from ..security.sid import ADMINISTRATORS
from ..security.well_known import NAME_OF
from ..site_server import (
    Account,
    AccountNotFound,
    DescriptorReading,
    NetworkLogon,
    NotFound,
    Rejected,
    ServerFault,
    Share,
    SiteServer,
    Unsupported,
    local_path,
)
from ..tokens import LogonAnswer, TokenReader, Tokens
from ..tokens.logon import by_rights, by_state
from .accounts import all_names, resolve_senders
from .effective import Group, SenderAccess, access_of, group_satisfied, questions, questions_once_granted
from .errors import Refused
from .securable import path_object, share_object

GROUPS_OF_ACCOUNT = "state and domain groups of the account"
"""The start of each line about an account whose groups and state were not read from its domain."""


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
        own_entry: whether each sender must have an entry of its own, or be a direct member of the product's group, even
            if another group gives it access.
        logon: whether to look at the rights to log on over the network, and at the state of the server's own accounts.
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
    own_entry: bool = False
    logon: bool = False


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
        tokens: what was read about their groups.
        group: the group that holds rights for them; None if the product has none.
        group_satisfied: whether the group has those rights itself; None likewise.
        services: the account of each service of the product; None if they were not asked for.
        states: what keeps each sender from logging on whatever its groups are, by the name that was given.
        network: who may log on over the network; None if that was not asked for.
    """

    request: SenderRequest
    share: Share
    directory: str
    share_reading: DescriptorReading
    directory_reading: DescriptorReading
    accounts: Mapping[str, Account]
    names: Mapping[Sid, str]
    senders: Mapping[str, SenderAccess]
    tokens: Tokens
    group: Group | None = None
    group_satisfied: bool | None = None
    services: Mapping[str, str | None] | None = None
    states: Mapping[str, LogonAnswer] = field(default_factory=lambda: MappingProxyType({}))
    network: NetworkLogon | None = None

    @property
    def missing(self) -> Mapping[str, Account]:
        """The senders that have to become members of the group, by the name that was given."""
        return {given: account for given, account in self.accounts.items() if self.senders[given].lacks_membership}

    @property
    def satisfied(self) -> bool:
        """Whether no change is needed: every sender has the required access, and the group its rights."""
        return self.group_satisfied is not False and all(access.satisfied for access in self.senders.values())


def assess_sender_access(
    server: SiteServer, request: SenderRequest, directories: Directories | None = None
) -> Assessment:
    """Read the share, its descriptor and the directory's, and assess the access of each sender. Writes nothing.

    Args:
        server: the site server.
        request: what is asked for.
        directories: the directories of the domains. Without any, domain groups and the state of accounts are unknown.

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
    group = _group(server, request.group) if request.group else None
    tokens = Tokens().with_members(group.account.sid, group.members) if group else Tokens()
    reader = TokenReader(server, directories, tokens)
    held = (request.product, share_reading, directory_reading)
    asked = questions(*held)
    accounts = _each_once(resolve_senders(server, request.senders, readings, directories, reader, asked))
    names = all_names(readings, accounts)
    receiving = [*accounts.values(), *([group.account] if group else [])]
    removed = [account.sid for account in receiving] if request.remove_blocking_denies else []
    for account in accounts.values():
        reader.answer(account, asked)
        reader.answer(account, questions_once_granted(account, *held, removed))
        if group is not None and group.account.sid == ADMINISTRATORS:
            reader.locate(account)  # as a member it may lack that group in its token
    if group is not None:
        names[group.account.sid] = group.account.name
    network = server.network_logon() if request.logon else None
    states = {}
    for given, account in accounts.items():
        states[given] = _by_state(server, account, reader, asked=request.logon)
        if network is not None:
            # Reads the groups that decide. The answer itself is made from them (`_logon`), after a change anew.
            by_rights(network, partial(reader.decide, account))
    return _assessment(
        Assessment(
            request,
            share,
            directory,
            share_reading,
            directory_reading,
            accounts,
            names | _names_in(reader.tokens),
            senders={},
            tokens=reader.tokens,
            group=group,
            services=services,
            states=states,
            network=network,
        )
    )


def reassess(
    found: Assessment, share: DescriptorReading, directory: DescriptorReading, group: Group | None
) -> Assessment:
    """The assessment of the same site server with other permissions and members."""
    tokens = found.tokens.with_members(group.account.sid, group.members) if group else found.tokens
    names = {**found.names, **directory.names, **share.names}
    return _assessment(
        replace(found, share_reading=share, directory_reading=directory, names=names, tokens=tokens, group=group)
    )


def _assessment(read: Assessment) -> Assessment:
    """What was read, with the access of each sender that follows from it."""
    product = read.request.product
    share, directory = read.share_reading, read.directory_reading
    senders = {
        given: access_of(
            account,
            product,
            share,
            directory,
            read.names,
            read.tokens,
            read.group,
            own_entry=read.request.own_entry,
            logon=_logon(read, given, account),
        )
        for given, account in read.accounts.items()
    }
    holds = group_satisfied(read.group, product, share, directory, read.names)
    return replace(read, senders=senders, group_satisfied=holds)


def _logon(read: Assessment, given: str, account: Account) -> LogonAnswer:
    """Whether a sender may log on over the network, as far as it was asked for."""
    if read.network is None:
        rights = LogonAnswer(not_looked_at=("the rights to log on from the network (logon: true)",))
    else:
        rights = by_rights(read.network, partial(read.tokens.membership, account))
    return read.states[given] + rights


def _by_state(server: SiteServer, account: Account, reader: TokenReader, *, asked: bool) -> LogonAnswer:
    facts = reader.look_at(account)
    if facts.domain is not None:
        return by_state(facts.domain.state)
    unread = f"{GROUPS_OF_ACCOUNT}: {facts.unread}" if facts.unread else ""
    if asked:
        try:
            return by_state(server.local_account_state(account.sid))
        except (NotFound, Unsupported):
            pass
        except (Rejected, ServerFault) as error:
            unread = unread or f"state of the account: {error}"
    if unread:
        return LogonAnswer(unknown=(unread,))
    return LogonAnswer(not_looked_at=(f"{GROUPS_OF_ACCOUNT} (sms_directory)",))


def _names_in(tokens: Tokens) -> dict[Sid, str]:
    """Names of the accounts and groups that were seen as members."""
    return {member.sid: member.name for local in tokens.groups.values() for member in local.members or ()}


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
            "Correct the product, the share or the directory, or set allow_unexpected_path: true"
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
