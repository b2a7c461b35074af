# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was done, by whom, when, and by which approval: one event a line, and what follows from them for a roll-back."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from ..hierarchy.fields import quoted
from ..security import SecurityDescriptor, SecurityDescriptorError, Sid, format_sddl, parse_sddl
from ..site_server import Account, local_path
from . import shapes
from .document import ChangeError
from .journal import Journal, append

FORMAT = "sitekeeper.sms/change-record"
VERSION = 1


class Event(Enum):
    """What an event tells."""

    WRITING = "writing"
    """An object is about to be written; what follows tells how it went. If nothing follows, the run was killed."""
    WRITTEN = "written"
    """It was written, and holds `after`, as read back."""
    NOT_WRITTEN = "not_written"
    """It holds what it held before; an account is, or is not, a member as before."""
    UNCERTAIN = "uncertain"
    """It may or may not have been written, or holds something else than planned, or only what is below it was written.
    `after` is what was read."""
    PUT_BACK = "put_back"
    """It has what it had before, since something after it failed."""
    NOT_PUT_BACK = "not_put_back"
    """It could not be given back what it had before."""
    ADDING = "adding"
    """An account is about to become a member of the group."""
    ADDED = "added"
    """It has become one."""
    REMOVING = "removing"
    """An account that had become a member is about to be removed from the group."""
    REMOVED = "removed"
    """It is no member any more."""
    IN_PLACE = "in_place"
    """The host: everything that was planned is in place, nothing was written."""
    NOT_PLANNED = "not_planned"
    """The host: the plan, or the record, has nothing for it."""
    DONE = "done"
    """The host: everything that was planned is in place now."""
    REFUSED = "refused"
    """The host: it has changed since, so nothing was written."""
    STOPPED = "stopped"
    """The host: something failed; `message` says what, and what is how now."""


_EVENT = shapes.object_of(
    {
        **shapes.EVENT,
        "format": shapes.one_of(FORMAT),
        "version": shapes.one_of(VERSION),
        "event": shapes.one_of(*(event.value for event in Event)),
    }
)


@dataclass(frozen=True, slots=True)
class Member:
    """An account in a local group.

    Attributes:
        group: the group.
        account: the account.
    """

    group: Account
    account: Account

    @property
    def name(self) -> str:
        """Both, for people."""
        return f"{self.account.name} -> {self.group.name}"


class Recorder:
    """Appends the events of one host to a record.

    Args:
        path: the record; None, in check mode, for none.
        action: `apply` or `rollback`.
        host: the host as the inventory calls it.
        change_id: the number of the change.
        digest: the plan's.
        approval: what approved it.
        connection: the account that is connected to the host, if it is known.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        action: str,
        host: str,
        change_id: str,
        digest: str,
        approval: Mapping[str, Any],
        connection: str | None = None,
    ) -> None:
        self._path = path
        who = {"user": _user(), "controller": socket.gethostname(), "connection": connection}
        self._head = {"format": FORMAT, "version": VERSION}
        self._what = {
            "action": action,
            "change_id": change_id,
            "digest": digest,
            "approval": dict(approval),
            "who": who,
            "host": host,
        }

    def __call__(
        self,
        event: Event,
        *,
        kind: str | None = None,
        name: str | None = None,
        member: Member | None = None,
        before: SecurityDescriptor | None = None,
        after: SecurityDescriptor | None = None,
        message: str | None = None,
    ) -> None:
        """Append an event.

        Raises:
            ChangeError: the record cannot be written.
        """
        if self._path is None:
            return
        append(
            self._path,
            {
                **self._head,
                "event": event.value,
                **self._what,
                "object": _object(kind, name) if member is None else _member_object(member),
                "before": None if before is None else format_sddl(before),
                "after": None if after is None else format_sddl(after),
                "message": message,
            },
        )


@dataclass(frozen=True, slots=True)
class RecordedObject:
    """An object that a change has written.

    Attributes:
        kind: `share` or `directory`.
        name: the share's name, or the directory's path.
        before: what it held before the change.
        after: what it held after it; if a write was cut off, what it was to hold.
        unsettled: whether it is not known how a write of it ended, or what became of its children.
    """

    kind: str
    name: str
    before: SecurityDescriptor
    after: SecurityDescriptor
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class HostChanges:
    """What a change has done to a host and not taken back.

    Attributes:
        change_id: the number of the change.
        digest: of the plan that was last applied.
        objects: the objects.
        members: accounts that became members of a local group.
    """

    change_id: str
    digest: str
    objects: tuple[RecordedObject, ...]
    members: tuple[Member, ...] = ()


def changes_of(path: Path, journal: Journal, host: str, change_id: str | None = None) -> HostChanges:
    """What a change has done to a host, from the events of its record.

    Args:
        path: the record, for messages.
        journal: its lines.
        host: the host.
        change_id: the change; may be left out if the record is of one change alone.

    Raises:
        ChangeError: the record has no such change, or is of several and none is named, or has events that cannot be
            read.
    """
    try:
        events = journal.lines
        for event in events:
            _EVENT(event, "it")
        known = sorted({str(event["change_id"]) for event in events})
        if change_id is None and len(known) == 1:
            change_id = known[0]
        if change_id is None or change_id not in known:
            wanted = "no event" if not known else f"the changes {', '.join(known)}; give one as change_id"
            raise ChangeError(f"{path} has {wanted}" + (f", none of change {change_id}" if change_id else ""))
        own = [event for event in events if str(event["change_id"]) == change_id]
        last = own[-1]
        state = _State()
        for event in own:
            if event["host"] == host:
                state.take(event)
        return HostChanges(change_id, str(last["digest"]), tuple(state.objects()), tuple(state.members.values()))
    except (ValueError, SecurityDescriptorError) as error:
        raise ChangeError(f"{path}: an event cannot be read: {error}") from None


def changed_hosts(path: Path, journal: Journal, change_id: str) -> tuple[str, ...]:
    """The hosts on which a change has done something, or may have, that is not rolled back; sorted.

    Args:
        path: the record, for messages.
        journal: all its lines.
        change_id: the change.

    Raises:
        ChangeError: an event cannot be read.
    """
    states: dict[str, _State] = {}
    try:
        for event in journal.lines:
            _EVENT(event, "it")
            if str(event["change_id"]) == change_id:
                states.setdefault(str(event["host"]), _State()).take(event)
        return tuple(sorted(host for host, state in states.items() if state.objects() or state.members))
    except (ValueError, SecurityDescriptorError) as error:
        raise ChangeError(f"{path}: an event cannot be read: {error}") from None


_Key = tuple[str, str]
_Pair = tuple[str, str]


class _State:
    """Follows the events of one host.

    A write that is uncertain, or that a run was killed in, may still arrive. That a later write of the same object was
    refused says nothing about it. So it stays to be looked at until a reading shows that the object was written.
    """

    def __init__(self) -> None:
        self._written: dict[_Key, _Pair] = {}
        self._pending: dict[_Key, _Pair] = {}
        self._uncertain: dict[_Key, _Pair] = {}
        self._unsettled: set[_Key] = set()
        self._undone: dict[_Key, tuple[_Pair, bool]] = {}
        self.members: dict[_Key, Member] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        what = Event(event["event"])
        about = event["object"]
        if about is None:
            return
        taking_back = event["action"] == "rollback"
        if about["kind"] == "member":
            self._take_member(what, _member(about), taking_back=taking_back)
            return
        key = (str(about["kind"]), str(about["name"]))
        if what in (Event.WRITING, Event.WRITTEN, Event.PUT_BACK) and None in (event["before"], event["after"]):
            raise ValueError(f"{what.value} of {quoted(about['name'])} must have before and after")
        if taking_back:
            self._take_back(what, key, event["before"], event["after"])
        elif what is Event.WRITING:
            self._begin(key, event["before"], event["after"])
        elif what is Event.NOT_WRITTEN:
            self._pending.pop(key, None)
        elif what is Event.NOT_PUT_BACK and key in self._written:
            self._uncertain[key] = self._written[key]
        elif what in (Event.WRITTEN, Event.PUT_BACK):
            self._settle(key, event["before"], event["after"], put_back=what is Event.PUT_BACK)

    def _take_member(self, what: Event, member: Member, *, taking_back: bool) -> None:
        key = (str(member.group.sid), str(member.account.sid))
        if what is Event.ADDING:
            if key in self.members:
                self._unsettled.add(key)
            self.members[key] = member
        elif what is Event.ADDED or (what is Event.PUT_BACK and taking_back):
            self._unsettled.discard(key)
            self.members[key] = member
        elif what is Event.NOT_PUT_BACK and taking_back:
            # It may be a member again.
            self._unsettled.add(key)
            self.members[key] = member
        elif what is Event.REMOVED or (what is Event.PUT_BACK and not taking_back):
            self._unsettled.discard(key)
            self.members.pop(key, None)
        elif what is Event.NOT_WRITTEN and not taking_back and key not in self._unsettled:
            self.members.pop(key, None)

    def _take_back(self, what: Event, key: _Key, before: str, after: str) -> None:
        """Until it is done, what the change has written counts as it did: a roll-back that was killed is run again."""
        if what is Event.WRITTEN:
            pair = self._current().get(key, (after, before))
            for found in (self._pending, self._uncertain, self._written):
                found.pop(key, None)
            # Otherwise somebody else's, and by force.
            self._undone[key] = (pair, pair[1] == before)
        elif what is Event.PUT_BACK and key in self._undone:
            pair, was_ours = self._undone.pop(key)
            self._written[key] = (pair[0], after) if was_ours else pair
        elif what is Event.NOT_PUT_BACK and key in self._undone:
            # What the change has written may be there again, or still arrive.
            self._uncertain[key], _was_ours = self._undone.pop(key)

    def _begin(self, key: _Key, before: str, after: str) -> None:
        """A write of which nobody knew how it ended turns out to be done if the next one starts from what it wrote."""
        earlier = self._pending.pop(key, None) or self._uncertain.get(key)
        if earlier is not None and earlier[0] != earlier[1] == before:
            self._settle(key, *earlier, put_back=False)
        elif earlier is not None:
            self._uncertain[key] = earlier
        self._pending[key] = (before, after)

    def _settle(self, key: _Key, before: str, after: str, *, put_back: bool) -> None:
        pending = self._pending.pop(key, None)
        if put_back and pending is not None:
            return
        self._uncertain.pop(key, None)
        first, last = self._written.pop(key, (before, before))
        pair = (first if put_back or last == before else before, after)
        if pair[0] != pair[1]:
            self._written[key] = pair

    def _current(self) -> dict[_Key, _Pair]:
        return self._written | {
            key: (self._written[key][0] if key in self._written else before, after)
            for key, (before, after) in (self._uncertain | self._pending).items()
        }

    def objects(self) -> list[RecordedObject]:
        # The share closes before the directory: the other way round than the change was made.
        return [
            RecordedObject(
                kind,
                local_path(name) if kind == "directory" else name,
                parse_sddl(before),
                parse_sddl(after),
                unsettled=(kind, name) in self._uncertain | self._pending,
            )
            for (kind, name), (before, after) in sorted(self._current().items(), reverse=True)
        ]


def _object(kind: str | None, name: str | None) -> dict[str, Any] | None:
    return None if kind is None else {"kind": kind, "name": name}


def _member_object(member: Member) -> dict[str, Any]:
    accounts = {"group": member.group, "account": member.account}
    return {
        "kind": "member",
        "name": member.name,
        **{role: {"name": each.name, "sid": str(each.sid)} for role, each in accounts.items()},
    }


def _member(about: Mapping[str, Any]) -> Member:
    group, account = (Account(Sid.parse(about[role]["sid"]), str(about[role]["name"])) for role in ("group", "account"))
    return Member(group, account)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
