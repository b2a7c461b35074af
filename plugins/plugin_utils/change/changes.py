# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change has done to a host and not rolled back, from the events of its record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..hierarchy.fields import quoted
from ..security import SecurityDescriptor, SecurityDescriptorError, parse_sddl
from ..site_server import Account, local_path
from . import shapes
from .document import ChangeError
from .journal import Journal
from .record import FORMAT, VERSION, Event, Member
from .states import MemberStatus, ObjectState, Write, member_after, object_after

_EVENT = shapes.object_of(
    {
        **shapes.EVENT,
        "format": shapes.one_of(FORMAT),
        "version": shapes.one_of(VERSION),
        "event": shapes.one_of(*(event.value for event in Event)),
    }
)


@dataclass(frozen=True, slots=True)
class RecordedObject:
    """An object that a change has written, or may have written.

    Attributes:
        kind: `share` or `directory`.
        name: the share's name, or the directory's path.
        before: what it held before the change.
        after: what it held after it; if a write is unsettled, what it was to hold.
        unsettled: whether the record does not show how a write of it ended, or whether its children were written.
    """

    kind: str
    name: str
    before: SecurityDescriptor
    after: SecurityDescriptor
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class HostChanges:
    """What a change has done to a host and not rolled back.

    Attributes:
        change_id: the change number.
        digest: the digest of the plan that was last applied.
        objects: the objects.
        members: the accounts that were added to a local group.
    """

    change_id: str
    digest: str
    objects: tuple[RecordedObject, ...]
    members: tuple[Member, ...] = ()


def changes_of(path: Path, journal: Journal, host: str, change_id: str | None = None) -> HostChanges:
    """Find what a change has done to a host and not rolled back.

    Args:
        path: the record, for messages.
        journal: its lines.
        host: the host.
        change_id: the change number; not needed if the record has only one change.

    Raises:
        ChangeError: the record does not have this change, or it has several and none is given, or an event cannot be
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
            raise ChangeError(_no_such_change(path, known, change_id))
        own = [event for event in events if str(event["change_id"]) == change_id]
        last = own[-1]
        state = _HostState()
        for event in own:
            if event["host"] == host:
                state.take(event)
        return HostChanges(change_id, str(last["digest"]), tuple(state.objects()), state.members)
    except (ValueError, SecurityDescriptorError) as error:
        raise ChangeError(f"{path}: an event cannot be read: {error}") from None


def changed_hosts(path: Path, journal: Journal, change_id: str) -> tuple[str, ...]:
    """Find the hosts on which a change has done something, or may have, that is not rolled back; sorted.

    Args:
        path: the record, for messages.
        journal: all its lines.
        change_id: the change number.

    Raises:
        ChangeError: an event cannot be read.
    """
    states: dict[str, _HostState] = {}
    try:
        for event in journal.lines:
            _EVENT(event, "it")
            if str(event["change_id"]) == change_id:
                states.setdefault(str(event["host"]), _HostState()).take(event)
        return tuple(sorted(host for host, state in states.items() if list(state.objects()) or state.members))
    except (ValueError, SecurityDescriptorError) as error:
        raise ChangeError(f"{path}: an event cannot be read: {error}") from None


def _no_such_change(path: Path, known: Sequence[str], change_id: str | None) -> str:
    if not known:
        return f"{path} has no event" + (f" of change {change_id}" if change_id else "")
    missing = f"{path} has no event of change {change_id}. It" if change_id else str(path)
    return f"{missing} has the changes {', '.join(known)}. Set change_id to one of them"


_Key = tuple[str, str]
_WITH_CONTENT = (Event.WRITING, Event.WRITTEN, Event.PUT_BACK)


class _HostState:
    """Follows the events of one host."""

    def __init__(self) -> None:
        self._objects: dict[_Key, ObjectState] = {}
        self._members: dict[_Key, tuple[MemberStatus, Member]] = {}

    def take(self, line: Mapping[str, Any]) -> None:
        """Take the next event into account.

        Raises:
            ValueError: it cannot be used.
        """
        event, about = Event(line["event"]), line["object"]
        if about is None:
            return
        if about["kind"] == "member":
            self._take_member(line["action"], event, _member(about))
            return
        if event in _WITH_CONTENT and None in (line["before"], line["after"]):
            raise ValueError(f"{event.value} of {quoted(about['name'])} must have before and after")
        key = (str(about["kind"]), str(about["name"]))
        state = self._objects.get(key, ObjectState())
        self._objects[key] = object_after(state, line["action"], event, Write(line["before"], line["after"]))

    def _take_member(self, action: str, event: Event, member: Member) -> None:
        key = (str(member.group.sid), str(member.account.sid))
        before, _member_before = self._members.get(key, (MemberStatus.NOT_ADDED, member))
        after = member_after(before, action, event)
        if after is MemberStatus.NOT_ADDED:
            self._members.pop(key, None)
        elif after is not None:
            self._members[key] = (after, member)

    @property
    def members(self) -> tuple[Member, ...]:
        """The accounts that the change has added, or may have."""
        return tuple(member for _status, member in self._members.values())

    def objects(self) -> Iterator[RecordedObject]:
        """The objects that the change has written, or may have, the share first: it is rolled back first.

        Raises:
            SecurityDescriptorError: a descriptor cannot be read.
        """
        for (kind, name), state in sorted(self._objects.items(), key=lambda item: item[0], reverse=True):
            if state.left is not None:
                yield RecordedObject(
                    kind,
                    local_path(name) if kind == "directory" else name,
                    parse_sddl(state.left.before),
                    parse_sddl(state.left.after),
                    unsettled=state.unsettled is not None,
                )


def _member(about: Mapping[str, Any]) -> Member:
    return Member(Account.from_dict(about["group"]), Account.from_dict(about["account"]))
