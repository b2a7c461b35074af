# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolves the names that people write to the SIDs that entries hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..directory.directories import Directories
from ..security import Sid
from ..security.well_known import well_known_sid
from ..site_server import Account, DescriptorReading, SiteServer
from ..text import folded
from ..tokens.question import AccessQuestion
from ..tokens.reading import TokenReader


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
        seen = known.get(folded(name.strip())) if "\\" in name and well_known_sid(name) is None else None
        found[name] = seen or server.resolve(name)
    return found


def resolve_senders(
    server: SiteServer,
    names: Iterable[str],
    readings: Sequence[DescriptorReading],
    directories: Directories | None,
    reader: TokenReader,
    asked: Sequence[AccessQuestion],
) -> dict[str, Account]:
    """As `resolve_accounts`, with the accounts that a domain showed in this run for another server.

    An account that has access through a group has no entry of its own, so its name would cost each server of a sweep a
    request. What a name of a domain means depends on the server. So an account of a domain counts only if this server
    has shown accounts of that domain, and of no other one, under the domain's name. The members of the groups that
    decide about access show that, and they have to be read anyway.

    Raises:
        SiteServerError: an account is unknown, or the server does not answer.
    """
    names = list(dict.fromkeys(names))
    seen = _by_name(readings)
    supposed: dict[str, list[Account]] = {}
    for name in names:
        domain, _slash, bare = name.strip().rpartition("\\")
        is_looked_up = folded(name.strip()) not in seen and well_known_sid(name) is None
        if directories and is_looked_up and domain not in ("", "."):
            supposed[name] = [Account(each.sid, f"{domain}\\{bare}") for each in directories.known(bare)]
    for candidates in supposed.values():
        if candidates and not any(_is_shown(account, readings, reader) for account in candidates):
            reader.answer(candidates[0], asked)
    proven = {
        name: account
        for name, candidates in supposed.items()
        for account in candidates
        if _is_shown(account, readings, reader)
    }
    others = resolve_accounts(server, (name for name in names if name not in proven), readings)
    return {name: proven.get(name) or others[name] for name in names}


def _is_shown(account: Account, readings: Iterable[DescriptorReading], reader: TokenReader) -> bool:
    """Whether the server has shown accounts of the account's domain, and of no other one, under the name's domain."""
    shown = [pair for reading in readings for pair in reading.names.items()]
    shown += [(member.sid, member.name) for local in reader.tokens.groups.values() for member in local.members or ()]
    wanted = _domain(account.name)
    return {sid.domain for sid, name in shown if _domain(name) == wanted} == {account.sid.domain}


def _domain(name: str) -> str:
    return folded(name.rpartition("\\")[0])


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
                sids.setdefault(folded(name), set()).add(sid)
                spelled[folded(name)] = name
    return {key: Account(next(iter(found)), spelled[key]) for key, found in sids.items() if len(found) == 1}
