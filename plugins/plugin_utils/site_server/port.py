# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The port: what a use case may ask of a site server, whatever wire leads there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from ..security import SecurityDescriptor, Sid
from ..text import visible

_BACKSLASHES = re.compile(r"\\{2,}")
_PATH = re.compile(r"[A-Za-z]:\\[^\x00-\x1f<>:\"|?*/]*")
_MAX_PATH = 32_000


@dataclass(frozen=True, slots=True)
class Account:
    r"""An account that the server knows.

    Attributes:
        sid: its security identifier.
        name: `DOMAIN\name` as the server shows it, for people: with what cannot be seen as code points; the SID's text
            where it has no name. The SID decides.
    """

    sid: Sid
    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", visible(self.name))

    def as_dict(self) -> dict[str, str]:
        """Name and SID, as plans, records and results have an account."""
        return {"name": self.name, "sid": str(self.sid)}


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the server.

    Attributes:
        name: its name.
        path: the local directory behind it, as the server spells it, which is what has to be sent back: not made
            visible. Empty for a share that is none of a directory.
        is_disk: whether files are shared, not a printer, a device or IPC$.
        description: its comment, as the server spells it too.
        maximum_allowed: most simultaneous connections, or None for no limit.
        descriptor: its permissions, with entries of all types, if the server told them along with the settings.
    """

    name: str
    path: str
    is_disk: bool
    description: str = ""
    maximum_allowed: int | None = None
    descriptor: SecurityDescriptor | None = None


@dataclass(frozen=True, slots=True)
class DescriptorReading:
    """A security descriptor as it was read.

    Attributes:
        descriptor: what decides about access.
        names: names of the SIDs in it for people, with what cannot be seen as code points, as far as the server told
            them.
        is_default: the share has no descriptor of its own; this is the server's default for such shares.
        unwritable: reasons why this wire cannot write the descriptor back without loss; empty if it can.
        cautions: what a write over this wire may lose unseen. The sentences name neither object nor host, so that each
            is shown once.
    """

    descriptor: SecurityDescriptor
    names: Mapping[Sid, str] = field(default_factory=lambda: MappingProxyType({}))
    is_default: bool = False
    unwritable: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = {sid: visible(name) for sid, name in self.names.items()}
        object.__setattr__(self, "names", MappingProxyType(names))
        object.__setattr__(self, "unwritable", tuple(map(visible, self.unwritable)))


@dataclass(frozen=True, slots=True)
class Propagated:
    """What became of the children of a directory whose permissions were written, where no server brings them in line.

    Attributes:
        examined: how many were looked at.
        updated: how many were changed; the others were right already.
        refused: how many the operator may not read or change.
        refusals: the first of those, each path with the cause.
    """

    examined: int
    updated: int
    refused: int = 0
    refusals: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "refusals", tuple(map(visible, self.refusals)))

    @property
    def left(self) -> str:
        """A clause about the children that were not changed; empty if there are none."""
        if not self.refused:
            return ""
        more = "" if len(self.refusals) == self.refused else ", and others"
        return (
            f"{self.refused} of {self.examined} files and folders below it could not be brought in line, and keep the "
            f"inherited entries that they have: {'; '.join(self.refusals)}{more}"
        )


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went over a connection so far, and over those that it replaced.

    Attributes:
        requests: how many messages were sent to the server.
        sent: their bytes.
        received: the bytes of the answers.
    """

    requests: int = 0
    sent: int = 0
    received: int = 0


class SiteServer(Protocol):
    """A site server. Every method raises `SiteServerError` or one of its kinds, and nothing else."""

    @property
    def host(self) -> str:
        """The host as the inventory calls it."""

    @property
    def operator(self) -> str | None:
        """The account that is connected, as the inventory spells it, if it is known."""

    @property
    def changes_members(self) -> bool:
        """Whether members can be added to local groups and removed; where not, both raise `Unsupported`."""

    @property
    def propagates(self) -> bool:
        """Whether `set_path_descriptor` brings children in line itself, before it writes the directory.

        Then a directory that holds its old permissions does not show that nothing below it was written.
        """

    @property
    def counts_requests(self) -> bool:
        """Whether the requests in `traffic` are requests of WMI, which an audit counts."""

    @property
    def traffic(self) -> Traffic:
        """What went over the connection so far. It can be read after the connection is closed."""

    def reconnect(self) -> None:
        """Close the connection. The next request opens a new one and logs on again. Never fails."""

    def share(self, name: str) -> Share:
        """Read a share's settings; `NotFound` if there is none of this name."""

    def share_descriptor(self, share: Share) -> DescriptorReading:
        """Read the share's permissions."""

    def set_share_descriptor(self, share: Share, descriptor: SecurityDescriptor) -> None:
        """Write the share's DACL, the first one of its own if it has none. A SACL is kept."""

    def is_directory(self, path: str) -> bool:
        """Whether a path is a directory (True) or a file (False); `NotFound` if it is neither."""

    def path_descriptor(self, path: str) -> DescriptorReading:
        """Read the permissions of a directory or file, owner and group included."""

    def a_child(self, path: str) -> str | None:
        """Path of one file or folder directly in a directory.

        None if it has none, or if `set_path_descriptor` brings the children in line itself and reports on them.
        """

    def set_path_descriptor(self, path: str, descriptor: SecurityDescriptor) -> Propagated | None:
        """Write the DACL of a directory or file, and bring its children in line; None if the server does that itself.

        A SACL is kept.

        Raises:
            Interrupted: some children are in line, and the directory itself is not written; do it again.
        """

    def delete_file(self, path: str) -> None:
        """Delete a file; `NotFound` if there is none."""

    def service_account(self, service: str) -> str:
        """The account that a service logs on as, as the server spells it; `NotFound` if there is no such service."""

    def group_members(self, group: Sid) -> tuple[Account, ...]:
        """Members of a local group; `NotFound` if there is no such group."""

    def add_group_member(self, group: Sid, member: Sid) -> None:
        """Make an account a member of a local group; one that is already is no error."""

    def remove_group_member(self, group: Sid, member: Sid) -> None:
        """Take an account out of a local group; one that is no member is no error."""

    def resolve(self, account: str) -> Account:
        """Find an account's SID; `AccountNotFound` if the server knows none of this name."""


def local_path(text: str) -> str:
    """A local Windows path in one spelling: backslashes, no doubled ones, none at the end but a drive's own.

    Raises:
        ValueError: it is not an absolute path on a drive, or has characters that no path may have.
    """
    path = _BACKSLASHES.sub(r"\\", text.strip().replace("/", "\\")) if not text.startswith("\\\\") else text
    if len(path) > _MAX_PATH or not _PATH.fullmatch(path):
        raise ValueError(f"'{visible(text[:200])}' is not a local path like D:\\SMS\\Site.srv")
    if any(part in (".", "..") for part in path.split("\\")):
        raise ValueError(f"'{visible(text[:200])}' must not hold . or .. parts")
    return path if len(path) == 3 else path.rstrip("\\")
