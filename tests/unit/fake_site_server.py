# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site server in memory, which can be told how each of its next writes goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from types import MappingProxyType

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    AccountState,
    SecurityDescriptor,
    Sid,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.sid import EVERYONE
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Account,
    DescriptorReading,
    Enough,
    JoinedDomain,
    NetworkLogon,
    NoAnswer,
    NotFound,
    Propagated,
    ServerFault,
    Share,
    Traffic,
    Unreachable,
    UserRight,
    every_member,
)

DIRECTORY = r"D:\SMS\Site.srv\Despoolr.box\Receive"


class Fault(Enum):
    """How a write goes wrong."""

    REFUSED = "it is refused"
    LOST = "it is done, and its answer is lost"
    FAILED = "it is done, and the answer is an error"
    DENIED = "it is done, and the answer says that access is denied"
    DROPPED = "it is not done, and there is no answer"
    LATE = "it is done when `arrive` is called, and there is no answer"
    IGNORED = "it is not done, and the answer says that it is"
    ALTERED = "something else is done, and the answer says that it is done"
    DEAD = "it is done, there is no answer, and the server is gone"
    DEAD_BEFORE = "it is not done, there is no answer, and the server is gone"


_NOT_AT_ONCE = {Fault.REFUSED, Fault.DROPPED, Fault.LATE, Fault.IGNORED, Fault.ALTERED, Fault.DEAD_BEFORE}


class FakeSiteServer:
    """`SiteServer` in memory.

    Attributes:
        held: the descriptor of each object, by the share's name or the path.
        members: the members of each group.
        faults: how the next writes go; None for one that goes well. Further ones go well.
        reading: called before each reading with the name of the object, as somebody else would change it meanwhile.
        log: what was asked, in order.
        dead: whether nothing answers.
        points_to: the path of every share.
        child: path of what is in every directory; it is in `held`.
        rights: who may log on over the network.
        states: the states of its own accounts.
        domain: the domain that it is in.
    """

    operator = r"CORP\ansible"
    changes_members = True
    propagates = False
    counts_requests = True
    host = "p01"

    def __init__(self, *faults: Fault | None) -> None:
        self.held: dict[str, SecurityDescriptor] = {}
        self.members: dict[Sid, list[Account]] = {}
        self.faults = list(faults)
        self.reading: Callable[[str], None] = lambda _name: None
        self.log: list[str] = []
        self.dead = False
        self.points_to = DIRECTORY
        self.child: str | None = None
        self.rights = NetworkLogon(
            UserRight("SeNetworkLogonRight", {EVERYONE: "Everyone"}), UserRight("SeDenyNetworkLogonRight")
        )
        self.states: dict[Sid, AccountState] = {}
        self.domain: JoinedDomain | None = JoinedDomain("corp.example", is_controller=False)
        self._late: list[Callable[[], None]] = []

    def hold(self, share: str, directory: str) -> None:
        """Hold these descriptors, in SDDL."""
        self.held = {"SMS_SITE": parse_sddl(share), DIRECTORY: parse_sddl(directory)}

    def arrive(self) -> None:
        """Do the writes that were late."""
        for done in self._late:
            done()
        self._late.clear()

    @property
    def traffic(self) -> Traffic:
        return Traffic(requests=sum(not each.startswith("reconnect") for each in self.log))

    def reconnect(self) -> None:
        self.log.append("reconnect")

    def share(self, name: str) -> Share:
        self._read("settings of", name)
        return Share(name, self.points_to, is_disk=True)

    def share_descriptor(self, share: Share) -> DescriptorReading:
        return self.path_descriptor(share.name)

    def path_descriptor(self, path: str) -> DescriptorReading:
        self._read("descriptor of", path)
        return DescriptorReading(self.held[path], MappingProxyType({}))

    def set_share_descriptor(self, share: Share, descriptor: SecurityDescriptor) -> None:
        self.set_path_descriptor(share.name, descriptor)

    def a_child(self, path: str) -> str | None:
        self.log.append(f"look for a child of {path}")
        return self.child

    def set_path_descriptor(self, path: str, descriptor: SecurityDescriptor) -> Propagated | None:
        self._write(path, lambda: self.held.update({path: descriptor}), lambda: self.held.update({path: OTHER}))
        return None

    def group_members(self, group: Sid, enough: Enough = every_member) -> tuple[Account, ...]:
        self._read("members of", str(group))
        if group not in self.members:
            raise NotFound(self.host, f"read the members of {group}", "not found", "Check the group.")
        return tuple(
            member if member.is_group is not None else replace(member, is_group=member.sid in self.members)
            for member in self.members[group]
        )

    def network_logon(self) -> NetworkLogon:
        self._read("user rights of", self.host)
        return self.rights

    def local_account_state(self, account: Sid) -> AccountState:
        self._read("state of", str(account))
        if account not in self.states:
            raise NotFound(self.host, f"read the state of {account}", "not found", "Check the account.")
        return self.states[account]

    def joined_domain(self) -> JoinedDomain | None:
        self._read("domain of", self.host)
        return self.domain

    def add_group_member(self, group: Sid, member: Sid) -> None:
        self._write(str(group), lambda: self.members[group].append(Account(member, str(member))), lambda: None)

    def remove_group_member(self, group: Sid, member: Sid) -> None:
        left = [each for each in self.members[group] if each.sid != member]
        self._write(str(group), lambda: self.members.update({group: left}), lambda: None)

    def resolve(self, account: str) -> Account:
        return Account(Sid.parse(account), account)

    def is_directory(self, path: str) -> bool:
        return path == DIRECTORY

    def service_account(self, service: str) -> str:
        raise NotFound(self.host, f"read the account of service {service}", "not found", "Check its name.")

    def delete_file(self, path: str) -> None:
        raise NotFound(self.host, f"delete {path}", "not found", "It may be gone already.")

    def _read(self, what: str, name: str) -> None:
        self.log.append(f"read {what} {name}")
        self._answer(f"read the {what} {name}")
        self.reading(name)

    def _answer(self, operation: str) -> None:
        if self.dead:
            raise Unreachable(self.host, operation, "connection refused", "Check that the server is up.")

    def _write(self, name: str, done: Callable[[], None], altered: Callable[[], None]) -> None:
        self.log.append(f"write {name}")
        operation = f"set the permissions of {name}"
        self._answer(operation)
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.LATE:
            self._late.append(done)
        elif fault is Fault.ALTERED:
            altered()
        elif fault not in _NOT_AT_ONCE:
            done()
        self.dead = fault in (Fault.DEAD, Fault.DEAD_BEFORE)
        if fault in (Fault.REFUSED, Fault.DENIED):
            raise AccessDenied(self.host, operation, "Access is denied", "Connect as an administrator.")
        if fault is Fault.FAILED:
            raise ServerFault(self.host, operation, "Unknown failure", "Look into its event logs.")
        if fault not in (None, Fault.IGNORED, Fault.ALTERED):
            raise NoAnswer(self.host, operation, "the connection broke", "Check that the server is up.")


OTHER = parse_sddl("D:(A;;0x1;;;WD)")
"""What an altered write leaves."""
