# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account from its attributes. Pure: bytes and the time go in, a value comes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..security import AccountState, SecurityDescriptorError, Sid
from ..security.account_state import filetime, is_past
from .port import DomainAccount

Attributes = Mapping[str, Sequence[bytes]]
"""The values of an entry's attributes, by their names in lower case. One that was not returned could not be read."""

ACCOUNT_ATTRIBUTES = (
    "objectSid",
    "sAMAccountName",
    "msDS-PrincipalName",
    "sIDHistory",
    "tokenGroups",
    "tokenGroupsGlobalAndUniversal",
    "userAccountControl",
    "msDS-User-Account-Control-Computed",
    "accountExpires",
)

_DISABLED = 0x2
_LOCKED = 0x10
_PASSWORD_EXPIRED = 0x800000
_NUMBER = re.compile(rb"-?[0-9]{1,20}")


class ContradictoryAttributesError(ValueError):
    """An attribute holds what it cannot hold, or belongs to another account or domain than the one asked for."""


def account_from(sid: Sid, attributes: Attributes, now: float) -> DomainAccount:
    """The account that was asked for.

    Args:
        sid: the SID that was asked for.
        attributes: what the domain controller returned.
        now: seconds since 1970.

    Raises:
        ContradictoryAttributesError: they belong to another account, or name a SID that no domain gives away.
    """
    found = sid_of(attributes)
    if found != sid:
        raise ContradictoryAttributesError(f"the answer is about {found}")
    own = sid.domain
    groups: set[Sid] = set()
    builtin: set[Sid] = set()
    foreign: set[Sid] = set()
    for group in _sids(attributes.get("tokengroups", ())):
        domain = group.domain
        if domain is not None:
            (groups if domain == own else foreign).add(group)
        elif group.is_builtin:
            builtin.add(group)
        else:
            # Everyone, SYSTEM and their like come from the logon ([MS-ADTS] 3.1.1.4.5.19 has groups only).
            raise ContradictoryAttributesError(f"its groups include {group}, which is no group of a domain")
    history = frozenset(_sids(attributes.get("sidhistory", ())))
    if any(old.domain is None for old in history):
        raise ContradictoryAttributesError("its SID history includes a SID of no domain")
    return DomainAccount(
        sid,
        _name(attributes) or str(sid),
        # Every account has a primary group of its domain, so no group of it means that they are not shown.
        frozenset(groups) or None,
        frozenset(builtin),
        frozenset(foreign),
        history,
        account_state(attributes, now),
        # Of a long attribute only a part is shown. What is not in it may be domain local.
        frozenset(groups).difference(_sids(attributes.get("tokengroupsglobalanduniversal", ()))),
    )


def sid_of(attributes: Attributes) -> Sid:
    """The SID of an entry.

    Raises:
        ContradictoryAttributesError: it has none of a domain, or several.
    """
    found = _sids(attributes.get("objectsid", ()))
    if len(found) != 1:
        raise ContradictoryAttributesError(f"an account with {len(found)} SIDs")
    if found[0].domain is None:
        raise ContradictoryAttributesError(f"an account of no domain ({found[0]})")
    return found[0]


def account_state(attributes: Attributes, now: float) -> AccountState:
    """The state of an account. `AccountState` has the source of each fact.

    Args:
        attributes: what the domain controller returned.
        now: seconds since 1970.
    """
    control = _number(attributes, "useraccountcontrol")
    computed = _number(attributes, "msds-user-account-control-computed")
    return AccountState(
        disabled=None if control is None else bool(control & _DISABLED),
        locked=None if computed is None else bool(computed & _LOCKED),
        expired=is_past(_number(attributes, "accountexpires"), filetime(now)),
        password_expired=None if computed is None else bool(computed & _PASSWORD_EXPIRED),
    )


def _number(attributes: Attributes, name: str) -> int | None:
    """The only value of an attribute as a number; None if it is not shown or no number."""
    values = attributes.get(name, ())
    if len(values) != 1 or not _NUMBER.fullmatch(values[0]):
        return None
    return int(values[0])


def _name(attributes: Attributes) -> str:
    for attribute in ("msds-principalname", "samaccountname"):
        for value in attributes.get(attribute, ()):
            return value.decode("utf-8", "replace")
    return ""


def _sids(values: Sequence[bytes]) -> list[Sid]:
    try:
        found = [Sid.from_bytes(value) for value in values]
    except SecurityDescriptorError as error:
        raise ContradictoryAttributesError(f"a SID cannot be read: {error}") from None
    if any(sid.size != len(value) for sid, value in zip(found, values, strict=True)):
        raise ContradictoryAttributesError("a SID with something behind it")
    return found
