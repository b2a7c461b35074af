# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our answer, the product's own way: permissions, local groups and domain groups are read from the running servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import Directories, RememberedDirectory
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import LdapDirectory, LdapSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    ANY_NETWORK_LOGON,
    Acl,
    Scope,
    SecurityDescriptor,
    Sid,
    Token,
    check_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.rights import FULL_CONTROL
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account, NotFound
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens import AccessQuestion, TokenReader
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens.question import named_in
from tests.lab.domain.testing import RunningAccount, RunningDomain
from tests.waiting import PATIENCE

from .cases import FILES
from .differences import NONE, OF_TOKENS, Samba
from .operations import ADD_FILE, DELETE, FROM_THE_FOLDER, READ_ATTRIBUTES, Operation
from .population import SHARE

_BUILTIN = (32,)


class Answer(Enum):
    """Whether the account gets in."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Readings:
    """The descriptors of a share, its folder, the files in it, and of the folder above."""

    share: SecurityDescriptor
    folder: SecurityDescriptor
    files: Mapping[str, SecurityDescriptor]
    above: SecurityDescriptor

    @property
    def all(self) -> tuple[SecurityDescriptor, ...]:
        """All of them."""
        return (self.share, self.folder, self.above, *self.files.values())

    @property
    def named(self) -> frozenset[Sid]:
        """All SIDs in them that a token may hold."""
        owners = {descriptor.owner for descriptor in self.all if descriptor.owner is not None}
        return frozenset(owners).union(*(named_in(descriptor.dacl) for descriptor in self.all))


def answer(operation: Operation, readings: Readings, token: Token, differences: frozenset[Samba] = NONE) -> Answer:
    """Whether the account can do it, by Windows' rules, or with some of Samba's instead."""
    folder, file = readings.folder, readings.files.get(operation.name)
    on_share, on_folder = _share(operation, readings.share, token, differences), Answer.GRANTED
    if operation.folder == ADD_FILE and Samba.OWNER_OF_THE_FOLDER in differences:
        on_folder = _whole(_granted(folder.dacl, token, ADD_FILE, None))
    elif operation.folder:
        on_folder = _on_disk(folder, readings.above, readings, token, operation.folder, differences)
    on_file = Answer.GRANTED if file is None else _on_disk(file, folder, readings, token, operation.file, differences)
    return _all(on_share, on_folder, on_file)


def _share(operation: Operation, share: SecurityDescriptor, token: Token, differences: frozenset[Samba]) -> Answer:
    mask = operation.share
    if Samba.READ_ONLY_CONNECTION in differences and operation.name in ("rename", "delete"):
        mask |= ADD_FILE
    if share.dacl is None and Samba.NULL_SHARE_DACL in differences:
        return Answer.DENIED
    return _whole(_granted(share.dacl, token, mask, share.owner))


def _on_disk(
    descriptor: SecurityDescriptor,
    above: SecurityDescriptor,
    readings: Readings,
    token: Token,
    mask: int,
    differences: frozenset[Samba],
) -> Answer:
    """The bits that the object itself grants, or the folder that it is in."""
    share = readings.share
    bits = _granted(descriptor.dacl, token, mask, descriptor.owner)
    for right, of_folder in FROM_THE_FOLDER.items():
        if right in bits:
            stands_in = _whole(_granted(above.dacl, token, of_folder, above.owner))
            if Samba.DELETE_CHILD_THROUGH_A_SHARE in differences and right == DELETE:
                stands_in = _all(stands_in, *_granted(share.dacl, token, of_folder, share.owner).values())
            bits[right] = _any(bits[right], stands_in)
    if Samba.READ_ATTRIBUTES in differences:
        bits.pop(READ_ATTRIBUTES, None)
    return _whole(bits)


def _granted(dacl: Acl | None, token: Token, mask: int, owner: Sid | None) -> dict[int, Answer]:
    """The answer for each bit."""
    found = check_access(dacl, token, mask, owner=owner)
    return {
        bit: Answer.GRANTED if found.granted & bit else Answer.UNKNOWN if found.unknown & bit else Answer.DENIED
        for bit in (1 << number for number in range(32))
        if mask & bit
    }


def _whole(bits: Mapping[int, Answer]) -> Answer:
    return _all(*bits.values())


def _all(*answers: Answer) -> Answer:
    if Answer.DENIED in answers:
        return Answer.DENIED
    return Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.GRANTED


def _any(*answers: Answer) -> Answer:
    if Answer.GRANTED in answers:
        return Answer.GRANTED
    return Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.DENIED


class Reader:
    """Reads one member server and the domains. `forget` what is remembered when the groups have changed."""

    def __init__(self, domain: RunningDomain, server: str) -> None:
        self._domain = domain
        administrator, computer = domain.administrator, domain.members[server]
        self._server = SmbSiteServer(
            SmbSettings(
                computer.dns_name, computer.address, domain=administrator.domain, user=administrator.name,
                password=administrator.password, timeout=PATIENCE,
            ),
            administrator.user,
        )  # fmt: skip
        self._directories = {
            running.netbios: LdapDirectory(
                LdapSettings(
                    running.controller.dns_name, running.controller.address, user=asking.name, domain=asking.domain,
                    password=asking.password, timeout=PATIENCE,
                )
            )
            for running in (domain, *domain.trusted.values())
            for asking in (running.accounts["bystander"],)
        }  # fmt: skip
        self._domains = {Sid.parse(running.administrator.sid).domain for running in (domain, *domain.trusted.values())}
        self.forget()

    def close(self) -> None:
        """Close all connections."""
        self._server.close()
        for directory in self._directories.values():
            directory.close()

    def forget(self) -> None:
        """Read groups again."""
        self._remembered = {name: RememberedDirectory(found) for name, found in self._directories.items()}
        self._members: dict[Sid, frozenset[Sid]] = {}
        self._tokens = TokenReader(self._server, Directories(tuple(self._remembered.values())))

    def read(self) -> Readings:
        """The permissions as they are now."""
        share = self._server.share(SHARE)
        path = share.path.rstrip("\\")
        return Readings(
            self._server.share_descriptor(share).descriptor,
            self._server.path_descriptor(path).descriptor,
            {name: self._server.path_descriptor(rf"{path}\{name}").descriptor for name in FILES},
            self._server.path_descriptor(path.rpartition("\\")[0]).descriptor,
        )

    def token(self, account: RunningAccount, readings: Readings, differences: frozenset[Samba] = NONE) -> Token:
        """The account's token, as far as these permissions need it.

        With differences, it is the same without what they leave out. So a group that we miss is missed with them too.
        """
        who = Account(Sid.parse(account.sid), account.user)
        places = readings.all
        self._tokens.answer(who, [AccessQuestion(one.dacl, FULL_CONTROL, (Scope.THIS,), one.owner) for one in places])
        found = self._tokens.tokens.token(who, readings.named)
        if differences.isdisjoint(OF_TOKENS):
            return found
        with_all, with_some = (self._sids(account, readings.named, used) for used in (NONE, differences))
        # What needed no look decides something with a difference perhaps.
        unread = readings.named - found.sids - found.absent
        sids = found.sids - (with_all - with_some) | unread & with_some
        if Samba.NESTED_LOCAL_GROUPS in differences:
            # No Windows server has such members, so we may have left them out.
            sids |= with_some - self._sids(account, readings.named, differences, nested=False)
        return Token(sids, complete=False, absent=readings.named - sids)

    def _sids(
        self, account: RunningAccount, named: Iterable[Sid], differences: frozenset[Samba], *, nested: bool = True
    ) -> frozenset[Sid]:
        """The SIDs of a token with differences, from the same servers, made in a simpler way."""
        sids = {Sid.parse(account.sid), *ANY_NETWORK_LOGON, *self._domain_groups(account, differences)}
        local, builtin = self._local_groups(named)
        if not nested:
            return frozenset(sids | {group for group in local | builtin if not self._members[group].isdisjoint(sids)})
        if Samba.NESTED_LOCAL_GROUPS in differences:
            for groups in (local, builtin):
                sids |= {group for group in groups if not self._members[group].isdisjoint(sids)}
            return frozenset(sids)
        while new := {group for group in (local | builtin) - sids if not self._members[group].isdisjoint(sids)}:
            sids |= new
        return frozenset(sids)

    def _domain_groups(self, account: RunningAccount, differences: frozenset[Samba]) -> set[Sid]:
        if not account.realm:
            return set()
        sid = Sid.parse(account.sid)
        found = self._remembered[account.domain].account(sid)
        groups = set(found.groups or ()) | found.foreign
        if Samba.SID_HISTORY not in differences:
            groups |= found.history
        if account.domain != self._domain.netbios:
            others = self._remembered[self._domain.netbios].groups_with(frozenset({sid, *groups}))
            groups |= {group for group in others if group.subauthorities[:1] != _BUILTIN}
        return groups

    def _local_groups(self, named: Iterable[Sid]) -> tuple[set[Sid], set[Sid]]:
        """The server's local groups among the SIDs and among their members: its own and those of BUILTIN."""
        waiting, seen = set(named), set[Sid]()
        while waiting:
            sid = waiting.pop()
            seen.add(sid)
            if sid.domain in self._domains or (sid.domain is None and sid.subauthorities[:1] != _BUILTIN):
                self._members[sid] = frozenset()
            elif sid not in self._members:
                try:
                    self._members[sid] = frozenset(member.sid for member in self._server.group_members(sid))
                except NotFound:
                    self._members[sid] = frozenset()
            waiting |= self._members[sid] - seen
        groups = {sid for sid in seen if self._members[sid]}
        builtin = {sid for sid in groups if sid.subauthorities[:1] == _BUILTIN}
        return groups - builtin, builtin
