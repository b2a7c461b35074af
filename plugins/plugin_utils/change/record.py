# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a change: each line is one event, with time, operator, approval, host and object."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from ..security import SecurityDescriptor, format_sddl
from ..site_server import Account
from .journal import append

FORMAT = "sitekeeper.sms/change-record"
VERSION = 1


class Event(Enum):
    """The events of a record. Each is about an object, a member of a group, or the host."""

    WRITING = "writing"
    """An object is about to be written. The next event has the result; if there is none, the run was killed."""
    WRITTEN = "written"
    """The object was written, and holds `after`, as read back."""
    NOT_WRITTEN = "not_written"
    """The object holds what it held before, or the membership is as before."""
    UNCERTAIN = "uncertain"
    """The object may or may not have been written, or it holds something else than planned, or only its children were
    written. `after` is what was read."""
    PUT_BACK = "put_back"
    """The object or the membership was restored, because a later step failed."""
    NOT_PUT_BACK = "not_put_back"
    """The object or the membership could not be restored."""
    ADDING = "adding"
    """An account is about to be added to the group."""
    ADDED = "added"
    """The account was added to the group."""
    REMOVING = "removing"
    """An account that the change added is about to be removed from the group."""
    REMOVED = "removed"
    """The account was removed from the group."""
    IN_PLACE = "in_place"
    """Host: everything that was planned was already in place. Nothing was written."""
    NOT_PLANNED = "not_planned"
    """Host: the plan, or the record, has nothing for it."""
    DONE = "done"
    """Host: everything that was planned is in place now."""
    REFUSED = "refused"
    """Host: it has changed since, so nothing was written."""
    STOPPED = "stopped"
    """Host: something failed. `message` has the error and the state of each object."""


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
        """Account and group, for messages."""
        return f"{self.account.name} -> {self.group.name}"


class Recorder:
    """Appends the events of one host to a record.

    Args:
        path: the record; None for no record, as in check mode.
        action: `apply` or `rollback`.
        host: the name of the host in the inventory.
        change_id: the change number.
        digest: the digest of the plan.
        approval: how the plan was approved.
        connection: the account that is connected to the host; None if the connection does not have it.
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


def _object(kind: str | None, name: str | None) -> dict[str, Any] | None:
    return None if kind is None else {"kind": kind, "name": name}


def _member_object(member: Member) -> dict[str, Any]:
    return {
        "kind": "member",
        "name": member.name,
        "group": member.group.as_dict(),
        "account": member.account.as_dict(),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
