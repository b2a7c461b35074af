# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolves the names that people write to the SIDs that entries hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..security import Sid
from ..security.well_known import well_known_sid
from ..site_server import Account, DescriptorReading, SiteServer


def resolve_accounts(
    server: SiteServer, names: Iterable[str], readings: Iterable[DescriptorReading]
) -> dict[str, Account]:
    """Find the account behind each name; the key is the name as given.

    Names of entries that were read before are used first: they come from the server itself and cost no request.

    Raises:
        SiteServerError: an account is unknown, or the server does not answer.
    """
    known = _by_name(readings)
    found: dict[str, Account] = {}
    for name in names:
        if name in found:
            continue
        seen = known.get(name.strip().casefold()) if "\\" in name and well_known_sid(name) is None else None
        found[name] = seen or server.resolve(name)
    return found


def all_names(readings: Iterable[DescriptorReading], accounts: Mapping[str, Account]) -> dict[Sid, str]:
    """The names to show: those that the server returned with the descriptors, and those of the accounts."""
    names: dict[Sid, str] = {account.sid: account.name for account in accounts.values()}
    for reading in readings:
        names.update(reading.names)
    return names


def operator_sids(operator: str | None, names: Mapping[Sid, str]) -> frozenset[Sid]:
    r"""The SIDs in the descriptors that may be the connected account's own.

    The operator's name comes as `CORP\ansible`, `ansible` or `ansible@CORP.EXAMPLE`; only an account with an entry
    can lose it, so comparing the part without the domain is safe and costs no request.
    """
    if not operator:
        return frozenset()
    wanted = operator.rpartition("\\")[2].partition("@")[0].casefold()
    return frozenset(sid for sid, name in names.items() if name.rpartition("\\")[2].casefold() == wanted)


def _by_name(readings: Iterable[DescriptorReading]) -> dict[str, Account]:
    sids: dict[str, set[Sid]] = {}
    spelled: dict[str, str] = {}
    for reading in readings:
        for sid, name in reading.names.items():
            if "\\" in name:
                sids.setdefault(name.casefold(), set()).add(sid)
                spelled[name.casefold()] = name
    return {key: Account(next(iter(found)), spelled[key]) for key, found in sids.items() if len(found) == 1}
