# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired state: the arguments of the modules as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ..security import Sid


class Presence(enum.Enum):
    """What to do with the entries that are given."""

    PRESENT = "present"
    ABSENT = "absent"
    EXACT = "exact"


class Inheritance(enum.Enum):
    """Whether the object inherits entries of its parent folder."""

    UNCHANGED = "unchanged"
    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class DesiredEntry:
    """A desired entry.

    Attributes:
        account: its account, as the operator spells it.
        ace_type: ACCESS_ALLOWED or ACCESS_DENIED.
        mask: the rights; None means all that the account has, which only `Presence.ABSENT` can use.
        flags: inheritance flags; 0 on a share or a file.
        via_groups: groups that the account is, or will be, a member of; their rights count as its own.
    """

    account: str
    ace_type: int
    mask: int | None
    flags: int = 0
    via_groups: frozenset[Sid] = frozenset()


@dataclass(frozen=True, slots=True)
class DesiredState:
    """The desired state of one DACL.

    Attributes:
        entries: the entries.
        state: what to do with them.
        inheritance: protection of the DACL.
        groups: groups whose entries count as the accounts' own, since every network logon is in them.
        remove_blocking_denies: remove deny entries of the same account that block a desired right.
        allow_lockout: permit a DACL that takes access from SYSTEM, Administrators or the operator.
        narrow_null_dacl: permit replacing a NULL DACL, which grants everyone everything.
    """

    entries: tuple[DesiredEntry, ...]
    state: Presence = Presence.PRESENT
    inheritance: Inheritance = Inheritance.UNCHANGED
    groups: frozenset[Sid] = frozenset()
    remove_blocking_denies: bool = False
    allow_lockout: bool = False
    narrow_null_dacl: bool = False
