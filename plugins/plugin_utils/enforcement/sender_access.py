# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The use case behind `sender_access`: the resolution of KB Q179118 on one site server.

A Sender account connects to the site share of the site it sends to, and writes into the directory behind it. Both the
share's and the directory's DACL decide: over the network an account has what both of them grant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..hierarchy.products import Product
from ..security import (
    ACCESS_ALLOWED,
    ANY_NETWORK_LOGON,
    Ace,
    Scope,
    SecurityDescriptor,
    Sid,
    check_access,
    scopes_of,
)
from ..security.ace import APPLIES_TO
from ..security.rights import FULL_CONTROL
from ..site_server import Account, Reading, Share, SiteServer, SiteServerError, local_path
from .accounts import all_names, resolve_accounts
from .apply import Securable, apply_plan, path_object, restore, share_object
from .errors import EnforcementError, Refused, WriteFailed
from .goal import Entry, Goal
from .plan import Plan, Subject, make_plan

DIRECTORY_FLAGS = APPLIES_TO["this folder, subfolders and files"]
_DIRECTORY_SCOPES = tuple(scope for scope in Scope if scope in scopes_of(DIRECTORY_FLAGS))
_SHARE_SCOPES = (Scope.THIS,)


@dataclass(frozen=True, slots=True)
class SenderRequest:
    """What is asked for.

    Attributes:
        product: what the site server's product requires.
        senders: the Sender accounts, as the operator spells them.
        share: name of the site share; the product's own if None.
        directory: the directory; the one behind the share if None.
        allow_unexpected_path: accept a share that points somewhere the product does not expect.
        remove_blocking_denies: take out deny entries of the same account that block a required right.
    """

    product: Product
    senders: tuple[str, ...]
    share: str | None = None
    directory: str | None = None
    allow_unexpected_path: bool = False
    remove_blocking_denies: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """What one DACL gives an account.

    Attributes:
        mask: all rights that it has on the object itself.
        words: the same in Windows' words.
        satisfied: whether it has what the product requires, everywhere it requires it.
        decided_by: the entries that granted or denied the required rights, and what no entry grants.
        may_be_denied_by: deny entries of others, which would count if the account were a member of them; what
            groups it is in is not read.
    """

    mask: int
    words: str
    satisfied: bool
    decided_by: tuple[str, ...]
    may_be_denied_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SenderAccess:
    """What an account has on the share, on the directory, and through both."""

    share: Access
    directory: Access
    combined_mask: int
    combined_words: str

    @property
    def satisfied(self) -> bool:
        """Whether a sender can work with this account."""
        return self.share.satisfied and self.directory.satisfied


@dataclass(frozen=True, slots=True)
class Sender:
    """A Sender account before and after.

    Attributes:
        given: the name as the operator spells it.
        account: the account behind it.
        before: its access as it was read.
        after: its access now, or, if only a prediction was wanted, as it will be.
    """

    given: str
    account: Account
    before: SenderAccess
    after: SenderAccess


@dataclass(frozen=True, slots=True)
class SenderOutcome:
    """What was found, planned and done.

    Attributes:
        share: the share.
        directory: path of the directory.
        share_plan: the plan for the share's DACL.
        directory_plan: the plan for the directory's DACL.
        share_after: the share's descriptor now, or as predicted.
        directory_after: the same for the directory.
        senders: the accounts.
        warnings: what the operator should know.
    """

    share: Share
    directory: str
    share_plan: Plan
    directory_plan: Plan
    share_after: SecurityDescriptor
    directory_after: SecurityDescriptor
    senders: tuple[Sender, ...]
    warnings: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether something was, or would be, written."""
        return self.share_plan.changed or self.directory_plan.changed


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a site server holds.

    Attributes:
        share: the share.
        directory: path of the directory.
        share_reading: the share's descriptor.
        directory_reading: the directory's descriptor.
        accounts: the account behind each name that was given, each account once.
        names: names to show.
        senders: what each has, by the name that was given.
    """

    share: Share
    directory: str
    share_reading: Reading
    directory_reading: Reading
    accounts: Mapping[str, Account]
    names: Mapping[Sid, str]
    senders: Mapping[str, SenderAccess]


def assess_sender_access(server: SiteServer, request: SenderRequest) -> Assessment:
    """Read the share, its descriptor and the directory's, and say what each sender has. Writes nothing.

    Raises:
        SiteServerError: the server cannot be reached or refuses, or something does not exist.
        Refused: the share is none of a directory, or points somewhere the product does not expect.
    """
    share = server.share(request.share or request.product.share)
    directory = _directory(server.host, share, request)
    if request.directory and not server.is_directory(directory):
        raise Refused(f"{server.host}: {directory} is a file. Give the directory that senders write into")
    share_reading = share_object(server, share).read()
    directory_reading = path_object(server, directory).read()
    readings = [share_reading, directory_reading]
    accounts = _each_once(resolve_accounts(server, request.senders, readings))
    names = all_names(readings, accounts)
    senders = {
        given: _access(server.host, request.product, account, share_reading, directory_reading, names)
        for given, account in accounts.items()
    }
    return Assessment(share, directory, share_reading, directory_reading, accounts, names, senders)


def enforce_sender_access(server: SiteServer, request: SenderRequest, *, predict: bool = False) -> SenderOutcome:
    """Give each sender what the product requires; `predict` plans without writing.

    The directory is written first: a sender who reaches the share but may not write stops the Despooler as surely as
    one who does not reach it, but an open share with nothing behind it gives nobody anything. If the share cannot be
    written, the directory is put back.

    Raises:
        SiteServerError: the server cannot be reached or refuses; nothing is half-written without being said.
        EnforcementError: the goal is refused, or the server holds something else after the write.
    """
    found = assess_sender_access(server, request)
    product = request.product
    share, folder = share_object(server, found.share), path_object(server, found.directory)

    def plan(target: Securable, reading: Reading, mask: int, flags: int) -> Plan:
        goal = Goal(
            tuple(Entry(given, ACCESS_ALLOWED, mask, flags) for given in found.accounts),
            groups=ANY_NETWORK_LOGON,
            remove_blocking_denies=request.remove_blocking_denies,
        )
        return make_plan(target.subject, reading, goal, found.accounts, found.names, operator=server.operator)

    plans, refusals = [], []
    for target, reading, mask, flags in (
        (folder, found.directory_reading, product.directory_mask, DIRECTORY_FLAGS),
        (share, found.share_reading, product.share_mask, 0),
    ):
        try:
            plans.append(plan(target, reading, mask, flags))
        except Refused as refusal:
            refusals.append(str(refusal))
    if refusals:
        raise Refused("; ".join(refusals))
    folder_plan, share_plan = plans

    warnings = [*folder_plan.warnings, *share_plan.warnings]
    folder_after, share_after = found.directory_reading, found.share_reading
    if predict:
        folder_after = Reading(folder_plan.after, found.names)
        share_after = Reading(share_plan.after, found.names)
    else:
        if folder_plan.changed:
            folder_after, more = apply_plan(folder, folder_plan)
            warnings.extend(more)
        if share_plan.changed:
            try:
                share_after, more = apply_plan(share, share_plan)
            except (SiteServerError, EnforcementError) as failure:
                raise WriteFailed(_undo(failure, share, share_plan, folder, folder_plan)) from None
            warnings.extend(more)

    senders = tuple(
        Sender(
            given,
            account,
            found.senders[given],
            _access(server.host, product, account, share_after, folder_after, found.names),
        )
        for given, account in found.accounts.items()
    )
    for sender in senders:
        if not sender.after.satisfied:
            lines = (*sender.after.directory.decided_by, *sender.after.share.decided_by)
            raise WriteFailed(
                f"{server.host}: the permissions are written, but {sender.account.name} still lacks access: "
                f"{'; '.join(lines)}"
            )
    return SenderOutcome(
        found.share,
        found.directory,
        share_plan,
        folder_plan,
        share_after.descriptor,
        folder_after.descriptor,
        senders,
        tuple(warnings),
    )


def _directory(host: str, share: Share, request: SenderRequest) -> str:
    """The directory to look at, once it is clear that the share is what the product takes it for."""
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
    """An account that is given in two spellings is one account."""
    seen: set[Sid] = set()
    result = {}
    for given, account in accounts.items():
        if account.sid not in seen:
            seen.add(account.sid)
            result[given] = account
    return result


def _access(
    host: str,
    product: Product,
    account: Account,
    share: Reading,
    directory: Reading,
    names: Mapping[Sid, str],
) -> SenderAccess:
    share_words = Subject(host, "share", is_share=True)
    directory_words = Subject(host, "folder", is_share=False)
    on_share = _access_to(share_words, share, account, product.share_mask, _SHARE_SCOPES, names)
    on_directory = _access_to(directory_words, directory, account, product.directory_mask, _DIRECTORY_SCOPES, names)
    both = on_share.mask & on_directory.mask
    return SenderAccess(on_share, on_directory, both, directory_words.describe_mask(both))


def _access_to(
    subject: Subject,
    reading: Reading,
    account: Account,
    required: int,
    scopes: Iterable[Scope],
    names: Mapping[Sid, str],
) -> Access:
    token = ANY_NETWORK_LOGON | {account.sid}
    dacl = reading.descriptor.dacl
    everything = check_access(dacl, token, FULL_CONTROL)
    decisions = {scope: check_access(dacl, token, required, scope) for scope in scopes}
    lines: list[str] = []
    for scope, decision in decisions.items():
        if scope is not Scope.THIS and decision.satisfied:
            continue
        said = [subject.describe(step.ace, names) for step in decision.steps]
        nowhere = decision.missing & ~decision.denied
        if nowhere:
            rest = (
                f"the rest of {subject.describe_mask(required)}" if subject.is_share else subject.describe_mask(nowhere)
            )
            said.append(f"no entry grants {rest if nowhere != required else subject.describe_mask(required)}")
        # What holds for the folder itself need not be said again for each place below it.
        lines.extend(line if scope is Scope.THIS else f"{scope.value}: {line}" for line in said if line not in lines)
    if dacl is None:
        lines.append("NULL DACL: everyone has every right")
    foreign = [
        subject.describe(ace, names)
        for ace in dacl or ()
        if isinstance(ace, Ace) and ace.denies and ace.sid not in token and ace.rights & required
    ]
    return Access(
        everything.granted,
        subject.describe_mask(everything.granted),
        all(decision.satisfied for decision in decisions.values()),
        tuple(dict.fromkeys(lines)),
        tuple(foreign),
    )


def _undo(failure: Exception, share: Securable, share_plan: Plan, folder: Securable, folder_plan: Plan) -> str:
    """Put back what was written before the share failed, and say what is how now."""
    said = [str(failure)]
    if isinstance(failure, WriteFailed):
        said.append(restore(share, share_plan.before))
    if folder_plan.changed:
        said.append(restore(folder, folder_plan.before))
    else:
        said.append(f"{folder.subject.label} had not been changed")
    return " ".join(part if part.endswith(".") else f"{part}." for part in said)
