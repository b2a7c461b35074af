# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Finds who loses rights that they need by a change of permissions, and which. Pure, no I/O.

Two kinds of work must go on:

- The site's. Its components (the Despooler on `…\Despoolr.box\Receive`, for example) run as SYSTEM or, up to SMS 2.0,
  as a service account that is a member of Administrators. In folders they list, enter, and create files and folders. In
  files they read, write and delete. So SYSTEM and Administrators keep these rights.
- The repair. Whoever connects must be able to read the permissions again and to change them, on the folder and, since a
  client over SMB propagates them to each child, on everything below it. So the operator keeps reading (READ_CONTROL
  included) and WRITE_DAC. SYSTEM and Administrators keep these too.

Programs open files with GENERIC_READ and GENERIC_WRITE, and an open fails as a whole if one bit of its mask is denied.
So all bits of these masks count: the attributes, the extended attributes, READ_CONTROL, and SYNCHRONIZE, which is in
each of them and which CreateFile adds to every mask (Microsoft, "File Access Rights Constants"; [MS-SMB2] 2.2.13.1).

Counted at every place, because an entry can apply to files only, for example: the folder, its subfolders and its files.

- Who has FILE_DELETE_CHILD on a folder may delete what is in it, and who may list a folder may read the attributes of
  what is in it, without a right on the object itself ([MS-FSA] 2.1.5.1.2.1). So only losing both is a loss.
- Deleting the folder itself is not counted: nobody needs it, and denying it is a common safeguard. Neither is running
  files, which a folder that receives files should not allow.
- On a share, reading counts. Its permissions are changed through the server service, which does not ask them.

The rights that an owner has without an entry do not count: they hold for one object and end with its owner. Groups that
are not the same on every host do not count either, because their members are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from ..security import ANY_NETWORK_LOGON, Acl, AnyAce, Effect, OpaqueAce, Scope, Sid, Token, check_access
from ..security.rights import (
    APPEND_DATA,
    DELETE,
    DELETE_CHILD,
    READ,
    READ_ATTRIBUTES,
    READ_DATA,
    TRAVERSE,
    WRITE,
    WRITE_DAC,
    WRITE_DATA,
)
from ..security.sid import (
    ADMINISTRATORS,
    AUTHENTICATED_USERS,
    CREATOR_GROUP,
    CREATOR_OWNER,
    EVERYONE,
    OWNER_RIGHTS,
    SYSTEM,
    THIS_ORGANIZATION,
)

Needs = Mapping[Scope, int]

_FOLDERS = (Scope.THIS, Scope.CHILD_FOLDERS, Scope.DEEP_FOLDERS)
_FILES = (Scope.CHILD_FILES, Scope.DEEP_FILES)
_CONTAINERS = {
    Scope.CHILD_FOLDERS: (Scope.THIS,),
    Scope.CHILD_FILES: (Scope.THIS,),
    Scope.DEEP_FOLDERS: (Scope.CHILD_FOLDERS, Scope.DEEP_FOLDERS),
    Scope.DEEP_FILES: (Scope.CHILD_FOLDERS, Scope.DEEP_FOLDERS),
}
"""The folders in which the objects at each place are."""
_GIVEN_BY_CONTAINER = {DELETE_CHILD: DELETE, READ_DATA: READ_ATTRIBUTES}
"""Rights of a folder, and what they permit with everything in it, whatever its own entries are."""

_REPAIR = READ | WRITE_DAC
_FOLDER_WORK = _REPAIR | TRAVERSE | WRITE_DATA | APPEND_DATA
_FILE_WORK = _REPAIR | WRITE


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """What the two kinds of work need on one kind of object.

    Attributes:
        work: rights of SYSTEM and Administrators at each place.
        repair: rights of the operator at each place.
    """

    work: Needs
    repair: Needs


FOLDER = ObjectKind(
    dict.fromkeys(_FOLDERS, _FOLDER_WORK) | dict.fromkeys(_FILES, _FILE_WORK | DELETE),
    dict.fromkeys(Scope, _REPAIR),
)
FILE = ObjectKind({Scope.THIS: _FILE_WORK}, {Scope.THIS: _REPAIR})
SHARE = ObjectKind({Scope.THIS: READ}, {Scope.THIS: READ})

# Groups that a token may hold too, by logon type and membership (Microsoft, "Well-known SIDs", "Special identities").
# The last three stand for the owner, or the group of the owner, which may be anyone.
_SYSTEM_MAY_HOLD = frozenset(
    {
        Sid(2, (0,)),  # LOCAL
        Sid(2, (1,)),  # CONSOLE LOGON
        Sid(5, (3,)),  # BATCH
        Sid(5, (6,)),  # SERVICE
        THIS_ORGANIZATION,
        Sid(5, (80, 0)),  # NT SERVICE\ALL SERVICES
        Sid(5, (32, 545)),  # BUILTIN\Users
        OWNER_RIGHTS,
        CREATOR_OWNER,
        CREATOR_GROUP,
    }
)
_ACCOUNT_MAY_HOLD = _SYSTEM_MAY_HOLD | {
    Sid(5, (4,)),  # INTERACTIVE
    Sid(5, (14,)),  # REMOTE INTERACTIVE LOGON
    Sid(5, (64, 10)),  # NTLM Authentication
    Sid(5, (113,)),  # Local account
    Sid(5, (114,)),  # Local account and member of Administrators group
}
_DOMAIN_ADMINS, _DOMAIN_USERS = 512, 513


@dataclass(frozen=True, slots=True)
class Loss:
    """Rights that one of them loses.

    Attributes:
        who: SYSTEM, Administrators or the operator.
        lost: rights and the places where they are lost, each place once, in the order of `Scope`.
        denied_by: entries that deny them, in the order of the list; none if no entry allows them any more.
    """

    who: Sid
    lost: tuple[tuple[int, tuple[Scope, ...]], ...]
    denied_by: tuple[AnyAce, ...]


def losses(before: Acl | None, after: Acl | None, kind: ObjectKind, operators: Iterable[Sid]) -> Iterator[Loss]:
    """The rights that SYSTEM, Administrators and the operator had before and lack afterwards.

    Nobody loses what they did not have. Which groups a token holds is not always known, so several are compared, each
    before and afterwards.

    Args:
        before: the DACL now; None for a NULL or absent one, which grants everything.
        after: the DACL that is to be written.
        kind: FOLDER, FILE or SHARE.
        operators: SIDs in the DACLs that may be the connected account's. It may or may not be an administrator.
    """
    named = {ace.sid for acl in (before, after) if acl for ace in acl if not isinstance(ace, OpaqueAce)}
    of_domains = frozenset(filter(_of_a_domain, named))
    system = frozenset({SYSTEM, ADMINISTRATORS, EVERYONE, AUTHENTICATED_USERS})
    account = frozenset({ADMINISTRATORS}) | ANY_NETWORK_LOGON
    yield from _loss(SYSTEM, before, after, kind.work, _tokens(system, named & _SYSTEM_MAY_HOLD))
    yield from _loss(ADMINISTRATORS, before, after, kind.work, _tokens(account, named & _ACCOUNT_MAY_HOLD, of_domains))
    for sid in operators:
        tokens = _tokens(account | {sid}, named & _ACCOUNT_MAY_HOLD, of_domains)
        yield from _loss(sid, before, after, kind.repair, tokens)
        if before is not None:
            yield from _own_loss(sid, before, after, kind.repair)


def _of_a_domain(sid: Sid) -> bool:
    """Whether this is a group of some domain that holds its administrators, or all its accounts."""
    parts = sid.subauthorities
    return sid.authority == 5 and len(parts) == 5 and parts[0] == 21 and parts[4] in (_DOMAIN_ADMINS, _DOMAIN_USERS)


def _tokens(certain: frozenset[Sid], possible: Set[Sid], of_domains: frozenset[Sid] = frozenset()) -> list[Token]:
    """The tokens to compare: with no possible group, with each of them, and with all.

    Groups of domains come together, so that there are few tokens however many domains a list names.
    """
    tokens = [
        certain,
        *(certain | {sid} for sid in sorted(possible)),
        certain | of_domains,
        certain | possible | of_domains,
    ]
    return [Token(sids) for sids in dict.fromkeys(tokens)]


def _loss(who: Sid, before: Acl | None, after: Acl | None, needs: Needs, tokens: Iterable[Token]) -> Iterator[Loss]:
    for token in tokens:
        lost = _lost(before, after, needs, token)
        if lost:
            yield _described(who, after, lost, token)
            return


def _own_loss(sid: Sid, before: Acl, after: Acl | None, needs: Needs) -> Iterator[Loss]:
    """What an operator who is no administrator had by entries of their own, and has in no other way afterwards."""
    own, whole = Token(frozenset({sid})), Token(frozenset({sid}) | ANY_NETWORK_LOGON)
    lost_by_any = _lost(before, after, needs, whole)
    lost = {scope: rights & lost_by_any.get(scope, 0) for scope, rights in _lost(before, after, needs, own).items()}
    lost = {scope: rights for scope, rights in lost.items() if rights}
    if lost:
        yield _described(sid, after, lost, whole)


def _lost(before: Acl | None, after: Acl | None, needs: Needs, token: Token) -> dict[Scope, int]:
    """At each place, what of the needs was granted before and is not afterwards; places without a loss are left out."""
    had, has = _granted(before, needs, token), _granted(after, needs, token)
    return {scope: had[scope] & ~has[scope] for scope in Scope if scope in needs and had[scope] & ~has[scope]}


def _granted(dacl: Acl | None, needs: Needs, token: Token) -> dict[Scope, int]:
    """At each place, what of the needs is granted by the object or by the folder that it is in."""
    found = {scope: check_access(dacl, token, mask | DELETE_CHILD, scope).granted for scope, mask in needs.items()}
    granted = {scope: found[scope] & mask for scope, mask in needs.items()}
    for scope, containers in _CONTAINERS.items():
        for right, given in _GIVEN_BY_CONTAINER.items():
            if scope in needs and all(found[container] & right for container in containers):
                granted[scope] |= given & needs[scope]
    return granted


def _described(who: Sid, after: Acl | None, lost: Mapping[Scope, int], token: Token) -> Loss:
    places: dict[int, tuple[Scope, ...]] = {}
    denied_by: dict[int, AnyAce] = {}
    for scope, rights in lost.items():
        places[rights] = (*places.get(rights, ()), scope)
        for step in check_access(after, token, rights, scope).steps:
            if step.effect is Effect.DENIES and step.ace is not None:
                denied_by[step.position] = step.ace
    return Loss(who, tuple(places.items()), tuple(denied_by[position] for position in sorted(denied_by)))
