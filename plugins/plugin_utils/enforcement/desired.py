# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What shall hold: the arguments of the modules as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ..security import Sid


class Presence(enum.Enum):
    """What shall become of the entries that are given."""

    PRESENT = "present"
    ABSENT = "absent"
    EXACT = "exact"


class Inheritance(enum.Enum):
    """Whether entries of the parent folder come down to the object."""

    UNCHANGED = "unchanged"
    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class DesiredEntry:
    """An entry as it is asked for.

    Attributes:
        account: whom it is about, as the operator spells it.
        ace_type: ACCESS_ALLOWED or ACCESS_DENIED.
        mask: the rights; None means all that are there, which only `Presence.ABSENT` can use.
        flags: inheritance flags; 0 on a share or a file.
        through: groups that the account is, or is about to be, a member of; what they have counts as its own.
    """

    account: str
    ace_type: int
    mask: int | None
    flags: int = 0
    via_groups: frozenset[Sid] = frozenset()


@dataclass(frozen=True, slots=True)
class DesiredState:
    """What shall hold for one DACL.

    Attributes:
        entries: the entries asked for.
        state: what shall become of them.
        inheritance: protection of the DACL.
        groups: groups whose entries count as the accounts' own, since every network logon is in them.
        remove_blocking_denies: take out deny entries of the same account that block a right asked for.
        allow_lockout: permit a DACL that takes access from SYSTEM, Administrators or the operator.
        narrow_null_dacl: permit that a NULL DACL, which grants everyone everything, is replaced.
    """

    entries: tuple[DesiredEntry, ...]
    state: Presence = Presence.PRESENT
    inheritance: Inheritance = Inheritance.UNCHANGED
    groups: frozenset[Sid] = frozenset()
    remove_blocking_denies: bool = False
    allow_lockout: bool = False
    narrow_null_dacl: bool = False
