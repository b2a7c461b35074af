# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The port: what a use case can read and write at a site server, over whatever wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from ..security import AccountState, SecurityDescriptor, Sid
from ..text import visible

_BACKSLASHES = re.compile(r"\\{2,}")
_PATH = re.compile(r"[A-Za-z]:\\[^\x00-\x1f<>:\"|?*/]*")
_MAX_PATH = 32_000

Enough: TypeAlias = Callable[[frozenset[Sid]], bool]
"""Whether a caller needs no other members of a group than these, such as `senders.issubset`."""


@dataclass(frozen=True, slots=True)
class Account:
    r"""An account that the server found.

    Attributes:
        sid: its security identifier.
        name: `DOMAIN\name` as the server shows it, for people. Characters that cannot be seen are code points. If it
            has no name, this is the text of the SID. The SID decides.
        is_group: whether it is a group; None if the server did not show that. Equal accounts can differ in it.
    """

    sid: Sid
    name: str
    is_group: bool | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", visible(self.name))

    def as_dict(self) -> dict[str, str]:
        """Name and SID, as plans, records and results have an account."""
        return {"name": self.name, "sid": str(self.sid)}

    @classmethod
    def from_dict(cls, about: Mapping[str, Any]) -> Account:
        """The account of `as_dict`, from a file whose form was checked."""
        return cls(Sid.parse(about["sid"]), str(about["name"]))


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the server.

    Attributes:
        name: its name.
        path: the local directory behind it, as the server spells it. It is sent back in this spelling, so it is not
            made visible. Empty if the share is not of a directory.
        is_disk: whether files are shared, not a printer, a device or IPC$.
        description: its comment, as the server spells it too.
        maximum_allowed: most simultaneous connections, or None for no limit.
        descriptor: its permissions, with entries of all types, if the server returned them with the settings.
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
        descriptor: the descriptor, which decides about access.
        names: names of the SIDs in it, for people, as far as the server returned them. Characters that cannot be seen
            are code points.
        is_default: the share has no descriptor of its own; this is the server's default for such shares.
        unwritable: reasons why this wire cannot write the descriptor back without loss; empty if it can.
        cautions: what a write over this wire may remove without notice. The sentences name no object and no host, so
            that each is shown once.
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
    """The result for the children of a directory, if the client has to propagate inheritance to them.

    Attributes:
        examined: how many were read.
        updated: how many were changed; the others needed no change.
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
            f"{self.refused} of {self.examined} files and folders below it could not be updated, and keep the "
            f"inherited entries that they have: {'; '.join(self.refusals)}{more}"
        )


NETWORK_LOGON = "SeNetworkLogonRight"
"""The right "Access this computer from the network"."""
DENY_NETWORK_LOGON = "SeDenyNetworkLogonRight"
"""The right "Deny access to this computer from the network", which takes precedence."""


@dataclass(frozen=True, slots=True)
class UserRight:
    """Who holds a user right on the server.

    Attributes:
        name: its constant name, such as SeNetworkLogonRight.
        holders: the accounts and groups that hold it, by SID, as far as they could be read.
        unread: why further accounts may hold it, a clause; empty if `holders` has all of them.
        source: where it was read: `local security policy` (what the server applies, group policy included) or
            `group policy`.
    """

    name: str
    holders: Mapping[Sid, str] = field(default_factory=lambda: MappingProxyType({}))
    unread: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        holders = {sid: visible(name) for sid, name in self.holders.items()}
        object.__setattr__(self, "holders", MappingProxyType(holders))
        object.__setattr__(self, "unread", visible(self.unread))


@dataclass(frozen=True, slots=True)
class NetworkLogon:
    """Who may log on to the server over the network.

    Attributes:
        allowed: holders of `NETWORK_LOGON`.
        denied: holders of `DENY_NETWORK_LOGON`.
    """

    allowed: UserRight
    denied: UserRight


@dataclass(frozen=True, slots=True)
class JoinedDomain:
    """The domain that the server is in.

    Attributes:
        name: its DNS name; its NetBIOS name if it has no other.
        is_controller: whether the server is a domain controller, so that its local groups are the domain's.
        sid: its SID; None if the connection does not show it. Equal domains can differ in it.
    """

    name: str
    is_controller: bool
    sid: Sid | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", visible(self.name))


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


def every_member(_found: frozenset[Sid]) -> bool:
    """For callers that need all members of a group, since who is no member matters too."""
    return False


class SiteServer(Protocol):
    """A site server. Every method raises `SiteServerError` or a subclass of it, and nothing else."""

    @property
    def host(self) -> str:
        """The host as the inventory names it."""

    @property
    def operator(self) -> str | None:
        """The account that is connected, as the inventory spells it, if it is known."""

    @property
    def changes_members(self) -> bool:
        """Whether members can be added to local groups and removed; if not, both raise `Unsupported`."""

    @property
    def propagates(self) -> bool:
        """Whether `set_path_descriptor` propagates inheritance to the children, before it writes the directory.

        Then old permissions on the directory do not prove that nothing below it was written.
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

        None if it has none, or if `set_path_descriptor` updates the children itself and reports on them.
        """

    def set_path_descriptor(self, path: str, descriptor: SecurityDescriptor) -> Propagated | None:
        """Write the DACL of a directory or file. Its children follow; None if the server updates them itself.

        A SACL is kept.

        Raises:
            Interrupted: some children are updated, and the directory itself is not written. Run it again.
        """

    def delete_file(self, path: str) -> None:
        """Delete a file; `NotFound` if there is none."""

    def service_account(self, service: str) -> str:
        """The account that a service logs on as, as the server spells it; `NotFound` if there is no such service."""

    def group_members(self, group: Sid, enough: Enough = every_member) -> tuple[Account, ...]:
        """Members of a local group; `NotFound` if there is no such group.

        On a domain controller, local groups are the groups of BUILTIN and the domain local groups of the domain.

        Args:
            group: the group's SID.
            enough: for callers that look for certain members. If it is true of members that were read first, others may
                be missing in the result, and a request may be saved. An account that is in the result is a member
                in any case. An account that is not is none only if `enough` is false of the whole result.
        """

    def network_logon(self) -> NetworkLogon:
        """Who may log on over the network. What the connection cannot read is in `UserRight.unread`."""

    def local_account_state(self, account: Sid) -> AccountState:
        """The state of an account of the server itself; `NotFound` if the server has no such account."""

    def joined_domain(self) -> JoinedDomain | None:
        """The domain that the server is in; None if it is in none."""

    def add_group_member(self, group: Sid, member: Sid) -> None:
        """Add an account to a local group; it is no error if it is a member already."""

    def remove_group_member(self, group: Sid, member: Sid) -> None:
        """Remove an account from a local group; it is no error if it is no member."""

    def resolve(self, account: str) -> Account:
        """Find the SID of an account; `AccountNotFound` if the server finds none of this name."""


def local_path(text: str) -> str:
    """A local Windows path in one spelling: single backslashes, and one at the end only for a drive.

    Raises:
        ValueError: it is not an absolute path on a drive, or it has characters that a path cannot have.
    """
    path = _BACKSLASHES.sub(r"\\", text.strip().replace("/", "\\")) if not text.startswith("\\\\") else text
    if len(path) > _MAX_PATH or not _PATH.fullmatch(path):
        raise ValueError(f"'{visible(text[:200])}' is not a local path like D:\\SMS\\Site.srv")
    if any(part in (".", "..") for part in path.split("\\")):
        raise ValueError(f"'{visible(text[:200])}' must not hold . or .. parts")
    return path if len(path) == 3 else path.rstrip("\\")
