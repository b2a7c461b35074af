# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The use case of `sender_access`: the resolution of KB Q179118 on one site server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ..directory.directories import Directories
from ..hierarchy.products import Holder
from ..security import ACCESS_ALLOWED, ANY_NETWORK_LOGON, AccessAnswer, Sid
from ..site_server import Account, DescriptorReading, Propagated, SiteServer
from ..tokens.question import named_in
from .assess import Assessment, MissingMembers, SenderRequest, assess_sender_access, reassess
from .desired import DesiredEntry, DesiredState
from .effective import DIRECTORY_FLAGS, Group
from .errors import GroupsUnread, Refused, WriteFailed
from .execute import StepResult, StepStatus, execute
from .plan import Plan, make_plan
from .securable import Securable, path_object, share_object
from .steps import ChangeMember, WriteDescriptor, written


@dataclass(frozen=True, slots=True)
class SenderPlan:
    """What is to be done on one site server, as it was planned before the first write.

    Attributes:
        joining: the accounts that become members of the group.
        directory: the plan for the directory's DACL.
        share: the plan for the share's DACL.
    """

    joining: tuple[Account, ...]
    directory: Plan
    share: Plan


@dataclass(frozen=True, slots=True)
class SenderOutcome:
    """What was found, planned and done.

    Attributes:
        before: what the site server held.
        planned: what was planned from that.
        results: how each step ended: members, then directory, then share. Empty in check mode.
        after: what it holds now; in check mode, what it would hold.
    """

    before: Assessment
    planned: SenderPlan
    results: tuple[StepResult, ...]
    after: Assessment

    @property
    def directory_plan(self) -> Plan:
        """The plan for the directory as it was run: a new one if the directory had changed meanwhile."""
        return written(self.results[-2])[0] if self.results else self.planned.directory

    @property
    def share_plan(self) -> Plan:
        """The plan for the share, likewise."""
        return written(self.results[-1])[0] if self.results else self.planned.share

    @property
    def propagated(self) -> Propagated | None:
        """How inheritance was propagated to the directory's children; None if the server does that itself."""
        return self.results[-2].propagated if self.results else None

    @property
    def added(self) -> tuple[Account, ...]:
        """The accounts that became, or would become, members. Not those that somebody else has added meanwhile."""
        if not self.results:
            return self.planned.joining
        joined = zip(self.planned.joining, self.results[:-2], strict=True)
        return tuple(account for account, result in joined if result.status is StepStatus.DONE)

    @property
    def missing(self) -> tuple[Account, ...]:
        """The senders that are not in the group, and were not to be added."""
        return tuple(self.after.missing.values())

    @property
    def membership_advice(self) -> str | None:
        """What to do about the missing senders; None if none is missing."""
        if self.after.group is None or not self.missing:
            return None
        return how_to_add(self.planned.share.subject.host, self.after.group, self.missing)

    @property
    def effective_later(self) -> str | None:
        """When new memberships count; None if there are none."""
        group = self.after.group
        if group is None or not self.added:
            return None
        names = ", ".join(account.name for account in self.added)
        sentence = (
            f"{self.planned.share.subject.host}: {names}: the membership of {group.account.name} counts from the next "
            "session of the account with this server. An open session keeps its old access"
        )
        if all(account.sid.domain != group.account.sid.domain for account in self.added):
            return sentence
        # A domain controller adds the groups of its domain to a Kerberos ticket, not to a session.
        return (
            f"{sentence}. The group is one of the domain, so the account needs new Kerberos tickets too: on the site "
            "server that sends with its computer account, run: klist -li 0x3e7 purge"
        )

    @property
    def logon_problems(self) -> tuple[str, ...]:
        """Why senders cannot log on over the network, a line for each of those."""
        return tuple(
            f"{self.after.accounts[given].name}: {problem.text}"
            for given, access in self.after.senders.items()
            for problem in access.logon.problems
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the operator should know, each sentence once."""
        done = (warning for result in self.results for warning in result.warnings)
        every = (*self.directory_plan.warnings, *self.share_plan.warnings, *done)
        last = (self.effective_later, self.membership_advice)
        return tuple(dict.fromkeys((*every, *filter(None, last))))

    @property
    def changed(self) -> bool:
        """Whether something was, or would be, written."""
        return self.share_plan.changed or self.directory_plan.changed or bool(self.added)


def enforce_sender_access(
    server: SiteServer, request: SenderRequest, directories: Directories | None = None, *, check_mode: bool = False
) -> SenderOutcome:
    """Give each sender what the product requires; `check_mode` plans without writing.

    Where a group holds rights for the senders, its members come first: if the connection cannot add any, nothing is
    written. Then the directory is written, then the share: access to the share is of no use, and no risk, while the
    directory grants none. If the share cannot be written, the directory is restored; a member stays a member.

    Raises:
        SiteServerError: the server cannot be reached or refuses, and nothing was written.
        EnforcementError: the desired state is refused, or the server holds something else after the write.
    """
    found = assess_sender_access(server, request, directories)
    _check_groups(server.host, found)
    directory_step, share_step = _steps(server, found)
    planned = SenderPlan(_to_add(server, found), directory_step.plan, share_step.plan)
    outcome = SenderOutcome(found, planned, (), _after(found, planned, ()))
    lacking = _lacking(server.host, outcome)
    if lacking:
        raise Refused(f"{lacking}. Nothing was done")
    if not check_mode:
        results = execute(server, [*_joining(server, found, planned.joining), directory_step, share_step])
        outcome = SenderOutcome(found, planned, results, _after(found, planned, results))
        lacking = _lacking(server.host, outcome)
        if lacking:
            raise WriteFailed(lacking, changed=outcome.changed)
    return outcome


def _check_groups(host: str, found: Assessment) -> None:
    """Refuse if a domain controller that was to be asked left open whether a sender needs anything.

    While a domain controller is down, each account with access through its groups would get an entry of its own on each
    server, and keep it.

    Raises:
        GroupsUnread: see above.
    """
    if found.request.own_entry:
        return
    for given, access in found.senders.items():
        facts = found.tokens.accounts.get(found.accounts[given].sid)
        if facts is not None and facts.failed and not access.permitted and access.answer is AccessAnswer.UNKNOWN:
            raise GroupsUnread(
                f"{host}: the domain groups of {facts.account.name} could not be read, so it is not known whether it "
                f"needs anything: {facts.unread} Nothing was done. To give it what it needs whatever its groups are, "
                "set own_entry: true"
            )


def _after(found: Assessment, planned: SenderPlan, results: tuple[StepResult, ...]) -> Assessment:
    """What the site server holds after these results; if there are none, what it would hold."""
    members = found.group.members if found.group else ()
    if results:
        *joined, wrote_directory, wrote_share = results
        directory, share = written(wrote_directory)[1], written(wrote_share)[1]
        members = joined[-1].held if joined else members
    else:
        directory, share = (DescriptorReading(plan.after, found.names) for plan in (planned.directory, planned.share))
        members = (*members, *planned.joining)
    return reassess(found, share, directory, found.group and Group(found.group.account, members))


def _lacking(host: str, outcome: SenderOutcome) -> str:
    """Which sender lacks access, other than those whose membership was only to be reported; empty if none does."""
    after = outcome.after
    reported = outcome.before.missing.keys() & after.missing.keys()
    for given, access in after.senders.items():
        if not access.permitted and given not in reported:
            name = after.accounts[given].name
            if access.answer is AccessAnswer.UNKNOWN:
                lines = "; ".join(access.because)
                return f"{host}: with all that is required in place, it is not known whether {name} has access: {lines}"
            lines = "; ".join((*access.directory.decided_by, *access.share.decided_by))
            return f"{host}: with all that is required in place, {name} still lacks access: {lines}"
    return ""


def _joining(server: SiteServer, found: Assessment, added: tuple[Account, ...]) -> list[ChangeMember]:
    """The steps that make accounts members of the group. If a later step fails, they stay members."""
    if found.group is None:
        return []
    group = found.group.account
    return [ChangeMember(server, group, account, joins=True, is_member=False, undoable=False) for account in added]


def _steps(server: SiteServer, found: Assessment) -> tuple[WriteDescriptor, WriteDescriptor]:
    """The steps that write directory and share. If both are refused, the error has both reasons."""
    accounts = dict(found.accounts)
    group = found.group.account if found.group else None
    if group is not None:
        accounts[group.name] = group
    product = found.request.product
    steps, refusals = [], []
    for target, reading, requirement, flags in (
        (path_object(server, found.directory), found.directory_reading, product.directory_access, DIRECTORY_FLAGS),
        (share_object(server, found.share), found.share_reading, product.share_access, 0),
    ):
        entries: list[DesiredEntry] = []
        via_group: frozenset[Sid] = frozenset()
        if group is not None and requirement.holder is Holder.GROUP:
            entries.append(DesiredEntry(group.name, ACCESS_ALLOWED, requirement.mask, flags))
            via_group = frozenset({group.sid})
        # A sender needs no entry of its own for the rights of its groups. A deny entry that blocks it is still found.
        named = named_in(reading.descriptor.dacl)
        entries += [
            DesiredEntry(
                given, ACCESS_ALLOWED, requirement.mask, flags, via_group | _groups_that_count(found, account, named)
            )
            for given, account in found.accounts.items()
        ]
        desired = DesiredState(
            tuple(entries),
            groups=frozenset() if found.request.own_entry else ANY_NETWORK_LOGON,
            remove_blocking_denies=found.request.remove_blocking_denies,
        )
        plan_from = partial(_plan_from, target, desired, accounts, found.names, server.operator)
        try:
            steps.append(WriteDescriptor(target, plan_from(reading), plan_from))
        except Refused as refusal:
            refusals.append(str(refusal))
    if refusals:
        raise Refused("; ".join(refusals))
    return steps[0], steps[1]


def _groups_that_count(found: Assessment, account: Account, named: frozenset[Sid]) -> frozenset[Sid]:
    """The groups whose entries count as the account's own."""
    if found.request.own_entry:
        return frozenset()
    return found.tokens.token(account, named).sids - {account.sid}


def _plan_from(
    target: Securable,
    desired: DesiredState,
    accounts: Mapping[str, Account],
    names: Mapping[Sid, str],
    operator: str | None,
    held: DescriptorReading,
) -> Plan:
    return make_plan(target.subject, held, desired, accounts, {**names, **held.names}, operator=operator)


def _to_add(server: SiteServer, found: Assessment) -> tuple[Account, ...]:
    """The senders that become members of the group.

    Raises:
        Refused: they have to, and the connection cannot add them.
    """
    missing = tuple(found.missing.values())
    if found.group is None or not missing or found.request.missing_members is MissingMembers.REPORT:
        return ()
    if server.changes_members:
        return missing
    if found.request.missing_members is MissingMembers.ADD:
        raise Refused(f"{how_to_add(server.host, found.group, missing)}. Nothing was done")
    return ()


def how_to_add(host: str, group: Group, accounts: Sequence[Account]) -> str:
    """A message with the task to run if the connection cannot make accounts members of the group."""
    names = [account.name for account in accounts]
    return (
        f"{host}: group {group.account.name}, which holds rights for the senders, lacks {', '.join(names)}. Add: "
        f"{membership_task(group.account.name, names, 'present')}"
    )


def membership_task(group: str, members: Iterable[str], state: str) -> str:
    """The task that adds accounts to a local group (`present`) or removes them (`absent`) over WinRM.

    Args:
        group: the group's name, with or without the computer's name in front.
        members: the names of the accounts.
        state: `present` or `absent`.
    """
    # The module of ansible.windows takes the name without the computer's.
    name = _yaml(group.rpartition("\\")[2])
    listed = ", ".join(map(_yaml, members))
    return f"ansible.windows.win_group_membership: {{name: {name}, members: [{listed}], state: {state}}}"


def _yaml(text: str) -> str:
    """A string in YAML's single quotes (YAML 1.2.2, 7.3.2), where a backslash is not special."""
    return "'" + text.replace("'", "''") + "'"
