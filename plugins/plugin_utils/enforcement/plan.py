# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the plan: the DACL to write, from what a server holds and the desired state. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from ..security import ACCESS_ALLOWED, ACCESS_DENIED, Ace, Acl, AnyAce, SecurityDescriptor, Sid
from ..security.describe import describe_ace, name_of
from ..security.edit import (
    Edit,
    blocking_denies,
    canonicalize,
    deny,
    edits_between,
    exact,
    grant,
    make_explicit,
    remove_entries,
    revoke,
    revoked,
)
from ..security.inheritance import inherited_aces
from ..security.rights import describe_ntfs_mask, describe_share_mask
from ..site_server import Account, DescriptorReading
from . import lockout
from .accounts import operator_sids
from .desired import DesiredEntry, DesiredState, Inheritance, Presence
from .errors import Refused

_SIGNS = {"add": "+", "remove": "-", "reorder": "~"}


@dataclass(frozen=True, slots=True)
class Subject:
    r"""The object of a plan, for messages and for the names of its rights.

    Attributes:
        host: the host as the inventory names it.
        kind: `share`, `folder` or `file`.
        name: the share's name, or the path.
    """

    host: str
    kind: str
    name: str

    @property
    def label(self) -> str:
        r"""The object, for messages: `share SMS_SITE`, `folder D:\SMS`."""
        return f"{self.kind} {self.name}"

    @property
    def is_share(self) -> bool:
        """The rights of a share have other names than those of a directory, and it has no inheritance."""
        return self.kind == "share"

    @property
    def is_folder(self) -> bool:
        """A folder inherits other entries than a file."""
        return self.kind == "folder"

    def message(self, what: str) -> str:
        """A message that names host and object."""
        return f"{self.host}: {self.label}: {what}"

    def refuse(self, why: str) -> Refused:
        """An error that names host and object."""
        return Refused(self.message(why))

    def describe(self, ace: AnyAce, names: Mapping[Sid, str], chains: Mapping[Sid, str] = MappingProxyType({})) -> str:
        """An entry as a line; see `describe_ace`."""
        return describe_ace(ace, names, share=self.is_share, chains=chains)

    def describe_mask(self, mask: int, *, denied: bool = False) -> str:
        """Rights in words: those of an entry that allows, or of one that denies."""
        return (describe_share_mask if self.is_share else describe_ntfs_mask)(mask, denied=denied)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written.

    Attributes:
        subject: the object.
        before: what the server holds.
        after: what it is to hold.
        names: names for every SID in both.
        warnings: what the operator should know.
    """

    subject: Subject
    before: DescriptorReading
    after: SecurityDescriptor
    names: Mapping[Sid, str]
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether something is to be written."""
        was, will = self.before.descriptor, self.after
        return (was.dacl, was.has_dacl, was.dacl_protected) != (will.dacl, will.has_dacl, will.dacl_protected)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The differences, entry by entry."""
        return () if not self.changed else edits_between(self.before.descriptor.dacl or (), self.after.dacl or ())

    @property
    def edit_lines(self) -> tuple[str, ...]:
        """The differences as lines: `+` added, `-` removed, `~` moved."""
        return tuple(f"{_SIGNS[edit.action]} {self.subject.describe(edit.ace, self.names)}" for edit in self.edits)


def make_plan(
    subject: Subject,
    before: DescriptorReading,
    desired: DesiredState,
    accounts: Mapping[str, Account],
    names: Mapping[Sid, str],
    *,
    operator: str | None = None,
    parent: SecurityDescriptor | None = None,
) -> Plan:
    """Find the DACL that reaches the desired state with the fewest edits.

    Args:
        subject: the object.
        before: its descriptor as read.
        desired: the desired state.
        accounts: the account behind each name in the desired state.
        names: names to show.
        operator: the connected account, which must not lock itself out.
        parent: descriptor of the parent folder, if `inherits_anew`.

    Raises:
        Refused: the desired state contradicts itself, is blocked, or needs a consent that was not given.
    """
    wanted = _entries(subject, desired, accounts)
    warnings: list[str] = []
    if before.descriptor.dacl is None and not _replaces_null(subject, desired, warnings):
        return Plan(subject, before, before.descriptor, names, tuple(warnings))
    descriptor = _with_inheritance(subject, before.descriptor, desired, parent)
    acl = descriptor.dacl or Acl()
    if not acl.is_canonical:
        acl = canonicalize(acl)
        warnings.append(
            subject.message(
                "its entries were not in canonical order (deny, allow, inherited), and Windows' own tools refuse to "
                "edit such a DACL; they are put in order, so that deny entries that came too late take effect"
            )
        )
    acl = _reach(subject, acl, desired, wanted, names)
    after = descriptor if acl == descriptor.dacl else descriptor.with_dacl(acl)
    plan = Plan(subject, before, after, names, tuple(warnings))
    if plan.changed:
        if before.unwritable:
            raise subject.refuse(
                f"it is not changed, because entries would get lost on the way: {'; '.join(before.unwritable)}. "
                f"Change it on the server itself ({'Computer Management' if subject.is_share else 'icacls'})"
            )
        if after.dacl is not None and not after.dacl.aces:
            # Nobody needs it, and WS-CIM has no difference between an empty array and none: it may become a NULL DACL.
            raise subject.refuse("no entry would be left, so nobody would have any access. Keep at least one")
        if not desired.allow_lockout:
            _refuse_lockout(plan, operator)
        plan = replace(plan, warnings=(*warnings, *before.cautions))
    return plan


def _entries(
    subject: Subject, desired: DesiredState, accounts: Mapping[str, Account]
) -> tuple[tuple[DesiredEntry, Sid], ...]:
    """The entries with their SIDs, each once; contradictions are refused."""
    result: list[tuple[DesiredEntry, Sid]] = []
    for entry in desired.entries:
        sid = accounts[entry.account].sid
        for other, other_sid in result:
            if sid != other_sid:
                continue
            who = f"{other.account} and {entry.account} are"
            if other.account == entry.account:
                who = f"{entry.account} is"
            if (other.ace_type, other.flags) == (entry.ace_type, entry.flags):
                if other.mask != entry.mask:
                    raise subject.refuse(
                        f"{who} the same account, given twice with different rights "
                        f"({_rights(subject, other)}; {_rights(subject, entry)}). Give each account once"
                    )
                break
            overlap = (other.mask or 0) & (entry.mask or 0)
            shared = _ace(other, sid).scopes & _ace(entry, sid).scopes
            if desired.state is not Presence.ABSENT and other.ace_type != entry.ace_type and overlap and shared:
                raise subject.refuse(
                    f"{who} allowed and denied the same rights ({subject.describe_mask(overlap, denied=True)}). "
                    "Choose one"
                )
        else:
            result.append((entry, sid))
    return tuple(result)


def _rights(subject: Subject, entry: DesiredEntry) -> str:
    if entry.mask is None:
        return "all rights"
    return subject.describe_mask(entry.mask, denied=entry.ace_type == ACCESS_DENIED)


def _ace(entry: DesiredEntry, sid: Sid) -> Ace:
    return Ace(entry.ace_type, entry.flags, entry.mask or 0, sid)


def _replaces_null(subject: Subject, desired: DesiredState, warnings: list[str]) -> bool:
    """Whether the desired state may replace a NULL (or absent) DACL, under which everyone has every right."""
    narrows = (
        desired.state is Presence.EXACT
        or desired.inheritance is Inheritance.ENABLED
        or (desired.state is Presence.PRESENT and any(entry.ace_type == ACCESS_DENIED for entry in desired.entries))
    )
    if not narrows:
        warnings.append(subject.message("it has a NULL DACL, so everyone has every right"))
        return False
    if not desired.narrow_null_dacl:
        raise subject.refuse(
            "it has a NULL DACL, so everyone has every right; any DACL with entries takes rights from everyone else. "
            "If that is intended, set narrow_null_dacl: true"
        )
    return True


def inherits_anew(descriptor: SecurityDescriptor, desired: DesiredState) -> bool:
    """Whether reaching the desired state makes the object inherit entries that it does not inherit now.

    It does if inheritance is turned on, and if a NULL DACL that is not protected gets entries.
    """
    if desired.inheritance is Inheritance.DISABLED:
        return False
    if desired.inheritance is Inheritance.ENABLED and descriptor.dacl_protected:
        return True
    return descriptor.dacl is None and not descriptor.dacl_protected and desired.narrow_null_dacl


def _with_inheritance(
    subject: Subject, descriptor: SecurityDescriptor, desired: DesiredState, parent: SecurityDescriptor | None
) -> SecurityDescriptor:
    acl = descriptor.dacl or Acl()
    if desired.inheritance is Inheritance.DISABLED and not descriptor.dacl_protected:
        kept = replace(acl, aces=acl.explicit) if desired.state is Presence.EXACT else make_explicit(acl)
        return descriptor.with_dacl(kept, protected=True)
    if inherits_anew(descriptor, desired) and parent is not None:
        inherited = inherited_aces(
            parent.dacl or Acl(), is_folder=subject.is_folder, owner=descriptor.owner, group=descriptor.group
        )
        return descriptor.with_dacl(replace(acl, aces=(*acl.explicit, *inherited)), protected=False)
    return descriptor


def _reach(
    subject: Subject,
    acl: Acl,
    desired: DesiredState,
    wanted: tuple[tuple[DesiredEntry, Sid], ...],
    names: Mapping[Sid, str],
) -> Acl:
    if desired.state is Presence.EXACT:
        return exact(acl, [_ace(entry, sid) for entry, sid in wanted])
    if desired.state is Presence.ABSENT:
        for entry, sid in wanted:
            acl = revoke(acl, sid, entry.ace_type, entry.mask)
            _refuse_inherited(subject, acl, entry, sid, names)
        return acl
    acl = _deny(acl, wanted)
    problems: list[str] = []
    for entry, sid in wanted:
        if entry.ace_type == ACCESS_ALLOWED:
            acl = _allow(subject, acl, desired, _ace(entry, sid), entry.via_groups, names, problems)
    if problems:
        raise subject.refuse("; ".join(problems))
    # An entry that was removed because it blocked too much may have denied what is wanted as well.
    return _deny(acl, wanted)


def _deny(acl: Acl, wanted: tuple[tuple[DesiredEntry, Sid], ...]) -> Acl:
    for entry, sid in wanted:
        if entry.ace_type == ACCESS_DENIED:
            acl = deny(acl, _ace(entry, sid))
    return acl


def _allow(
    subject: Subject,
    acl: Acl,
    desired: DesiredState,
    wanted: Ace,
    via_groups: frozenset[Sid],
    names: Mapping[Sid, str],
    problems: list[str],
) -> Acl:
    """Grant the entry, and find the entries that block it."""
    sids = desired.groups | via_groups | {wanted.sid}
    granted, blocking = _granted(acl, wanted, sids)
    own = [ace for ace in blocking if ace.sid == wanted.sid and not ace.inherited]
    if own and desired.remove_blocking_denies:
        granted, blocking = _granted(remove_entries(acl, own), wanted, sids)
    for ace in blocking:
        line = subject.describe(ace, names)
        who = name_of(wanted.sid, names)
        if ace.sid == wanted.sid and not ace.inherited:
            advice = "set remove_blocking_denies: true to have this entry removed"
        else:
            advice = "that entry is not this account's own and is not removed; change it by hand"
        problems.append(f'{who} is blocked by the entry "{line}"; {advice}')
    return granted


@lru_cache(maxsize=256)  # sites with the same setup hold the same entries
def _granted(acl: Acl, wanted: Ace, sids: frozenset[Sid]) -> tuple[Acl, tuple[Ace, ...]]:
    """The DACL with the entry in it, and the entries that block it."""
    granted = grant(acl, wanted, sids)
    return granted, blocking_denies(granted, sids, wanted.mask, wanted.scopes)


def _refuse_inherited(subject: Subject, acl: Acl, entry: DesiredEntry, sid: Sid, names: Mapping[Sid, str]) -> None:
    """Refuse if an inherited entry is to be removed: that is only possible at the parent."""
    for ace in acl.inherited:
        if not isinstance(ace, Ace) or (ace.sid, ace.ace_type) != (sid, entry.ace_type):
            continue
        if entry.mask is None or ace.rights & revoked(entry.ace_type, entry.mask):
            raise subject.refuse(
                f'the entry "{subject.describe(ace, names)}" comes from a parent folder and cannot be removed here. '
                "Change the parent, or set inheritance: disabled"
            )


def _refuse_lockout(plan: Plan, operator: str | None) -> None:
    """Refuse a plan that takes away rights that SYSTEM, Administrators or the operator need (see `lockout`)."""
    subject = plan.subject
    kind = lockout.SHARE if subject.is_share else lockout.FOLDER if subject.is_folder else lockout.FILE
    operators = sorted(operator_sids(operator, plan.names))
    for loss in lockout.losses(plan.before.descriptor.dacl, plan.after.dacl, kind, operators):
        who = name_of(loss.who, plan.names)
        if loss.who in operators:
            who = f"the connected account {who}"
        lost = [describe_ntfs_mask(rights, denied=True) for rights, _places in loss.lost]
        if kind is lockout.FOLDER:
            places = [", ".join(scope.value for scope in scopes) for _rights, scopes in loss.lost]
            lost = [f"{rights} ({where})" for rights, where in zip(lost, places, strict=True)]
        because, advice = "", "Add an entry for this account"
        if loss.denied_by:
            entries = ", ".join(f'"{subject.describe(ace, plan.names)}"' for ace in loss.denied_by)
            because, advice = f", because of {entries}", "Deny less"
        raise subject.refuse(
            f"{who} would lose {'; '.join(lost)} and could not work there any more{because}. "
            f"{advice}, or set allow_lockout: true if that is intended"
        )
