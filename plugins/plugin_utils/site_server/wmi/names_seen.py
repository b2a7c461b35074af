# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that a server showed over its connection, and what follows from them about its local groups.

WMI finds a local group by its domain, which is the name of the computer, and by its name in the server's language. Both
are in the answers to other requests, so that most groups need no request for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from ...security import Sid

_LABEL = re.compile(r"(?=[^.]*[A-Za-z])([A-Za-z0-9-]{1,63})(\.[A-Za-z0-9.-]*)?", re.ASCII)
_NETBIOS_LENGTH = 15
"""Most characters of a computer's NetBIOS name (Microsoft, "Naming conventions in Active Directory")."""


class Known(Enum):
    """How it is known where a local group is."""

    LOOKED_UP = "by the group's SID"
    SHOWN = "by names in answers to other requests"
    GUESSED = "by the host's name in the inventory"


@dataclass(frozen=True, slots=True)
class Place:
    """Where WMI has a local group.

    Attributes:
        domain: its Domain.
        name: its Name.
        known: how that is known.
    """

    domain: str
    name: str
    known: Known

    def is_same(self, other: Place) -> bool:
        """Whether both are one object: WMI compares keys without regard to case."""
        return (self.domain.casefold(), self.name.casefold()) == (other.domain.casefold(), other.name.casefold())


class NamesSeen:
    """The names that one server showed.

    Args:
        host: the host as the inventory names it.
    """

    def __init__(self, host: str) -> None:
        self._guess = _computer(host)
        self._domain = ""
        self._names: dict[Sid, str] = {}
        self._groups: dict[Sid, Place] = {}

    def see(self, names: Mapping[Sid, str]) -> None:
        r"""Note names of accounts, as `DOMAIN\name` or as a name without a domain."""
        for sid, name in names.items():
            self._names.setdefault(sid, name)

    def see_domain(self, domain: str) -> None:
        """Note the name of the computer, or the Domain of one of its local accounts."""
        self._domain = self._domain or domain

    def see_group(self, sid: Sid, place: Place) -> None:
        """Note where WMI has a group that the server showed as a local one."""
        self._groups[sid] = place
        self.see_domain(place.domain)

    def place(self, group: Sid) -> Place | None:
        """Where WMI has a local group; None if that has to be looked up by its SID."""
        if group in self._groups:
            return self._groups[group]
        domain, _slash, name = self._names.get(group, "").rpartition("\\")
        mine = self._domain or self._guess
        if not name or not mine or not (group.is_builtin or domain.casefold() == mine.casefold()):
            return None
        return Place(mine, name, Known.SHOWN if self._domain else Known.GUESSED)

    def sid_of(self, name: str) -> Sid | None:
        r"""The SID of an account that was shown as `DOMAIN\name`; None if there is none, or more than one.

        A name without a domain is one of the accounts that are the same everywhere.
        """
        wanted = name.casefold()
        found = {
            sid
            for sid, shown in self._names.items()
            if shown.casefold() == wanted
            or (sid.domain is None and "\\" not in name and shown.rpartition("\\")[2].casefold() == wanted)
        }
        return found.pop() if len(found) == 1 else None

    def name_of(self, sid: Sid) -> str | None:
        """The name of an account, if it was shown."""
        return self._names.get(sid)


def _computer(host: str) -> str:
    """The NetBIOS name that a computer of this name in the inventory has as a rule; empty for an address."""
    match = _LABEL.fullmatch(host)
    return match[1][:_NETBIOS_LENGTH].upper() if match else ""
