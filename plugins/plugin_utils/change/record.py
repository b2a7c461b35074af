# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was done, by whom, when, and by which approval: one event a line."""

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


def _object(kind: str | None, name: str | None) -> dict[str, Any] | None:
    return None if kind is None else {"kind": kind, "name": name}


def _member_object(member: Member) -> dict[str, Any]:
    accounts = {"group": member.group, "account": member.account}
    return {
        "kind": "member",
        "name": member.name,
        **{role: {"name": each.name, "sid": str(each.sid)} for role, each in accounts.items()},
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
