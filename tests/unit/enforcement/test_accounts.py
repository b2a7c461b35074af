# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts by the names that people write: from what was read anyway, or by a look-up."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    Directories,
    DirectoryUnreachable,
    Domain,
    DomainAccount,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.accounts import (
    all_names,
    operator_sids,
    resolve_accounts,
    resolve_senders,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Scope, SecurityDescriptor, Sid, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account, DescriptorReading
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens import AccessQuestion, TokenReader
from tests.unit.fake_site_server import FakeSiteServer

ADMINISTRATORS = Sid.parse("S-1-5-32-544")
SERVERS = Sid.parse("S-1-5-21-1-2-3-1300")
ELSEWHERE = Sid.parse("S-1-5-21-7-7-7-1104")
ONE, OTHER = (Sid.parse(f"S-1-5-21-1-2-3-{rid}") for rid in (1104, 1105))
EVERYONE = Sid.parse("S-1-1-0")


class Resolves(FakeSiteServer):
    """Knows every name, and records who was looked up."""

    def resolve(self, account: str) -> Account:
        self.log.append(account)
        return Account(OTHER, account)


def reading(names: dict[Sid, str]) -> DescriptorReading:
    return DescriptorReading(SecurityDescriptor(), MappingProxyType(names))


def test_a_name_that_was_read_anyway_costs_no_look_up() -> None:
    server = Resolves()
    found = resolve_accounts(server, ["corp\\SMSSEND ", "CORP\\other"], [reading({ONE: "CORP\\smssend"})])
    assert found["corp\\SMSSEND "] == Account(ONE, "CORP\\smssend")
    assert found["CORP\\other"] == Account(OTHER, "CORP\\other")
    assert server.log == ["CORP\\other"]


def test_another_spelling_is_another_account() -> None:
    """Windows has P01\\strauss and P01\\strauß side by side, and `str.casefold` makes them one."""
    server = Resolves()
    found = resolve_accounts(server, ["P01\\strauss"], [reading({ONE: "P01\\strauß"})])["P01\\strauss"]
    assert (found.sid, server.log) == (OTHER, ["P01\\strauss"])


@pytest.mark.parametrize(
    ("name", "names"),
    [
        # A name without a domain may be of another one, and a name that two entries have is of neither.
        ("smssend", {ONE: "CORP\\smssend"}),
        ("CORP\\smssend", {ONE: "CORP\\smssend", OTHER: "corp\\SMSSEND"}),
        # Windows itself knows these by their names.
        ("BUILTIN\\Administrators", {ONE: "BUILTIN\\Administrators"}),
    ],
)
def test_a_name_that_is_not_of_one_entry_is_looked_up(name: str, names: dict[Sid, str]) -> None:
    server = Resolves()
    resolve_accounts(server, [name, name], [reading(names)])
    assert server.log == [name]


def test_names_of_descriptors_count_for_more_than_those_of_look_ups() -> None:
    accounts = {"a": Account(ONE, "smssend"), "b": Account(OTHER, "other")}
    assert all_names([reading({ONE: "CORP\\smssend"})], accounts) == {ONE: "CORP\\smssend", OTHER: "other"}


@pytest.mark.parametrize("operator", ["CORP\\Ansible", "ansible", "ansible@CORP.EXAMPLE"])
def test_whoever_may_be_the_operator_counts_as_the_operator(operator: str) -> None:
    names = {ONE: "CORP\\ansible", OTHER: "P01\\ansible", EVERYONE: "Everyone"}
    assert operator_sids(operator, names) == {ONE, OTHER}


def test_nobody_is_the_operator_of_a_connection_without_a_name() -> None:
    assert operator_sids(None, {ONE: "CORP\\ansible"}) == frozenset()


@dataclass
class Remembers:
    """A directory that has shown some accounts in this run."""

    shown: dict[str, Sid] = field(default_factory=dict)
    working: bool = True
    host: str = "dc01"

    def known(self, name: str) -> DomainAccount | None:
        sid = self.shown.get(rf"CORP\{name}")
        return None if sid is None else DomainAccount(sid, name, frozenset({SERVERS}))

    def domain(self) -> Domain:
        if not self.working:
            raise DirectoryUnreachable(self.host, "read its domain", "no answer", "Check it.")
        return Domain("corp.example", Sid.parse("S-1-5-21-1-2-3"))

    def account(self, sid: Sid) -> DomainAccount:
        return DomainAccount(sid, "CORP\\smssend", frozenset({SERVERS}))

    def groups_with(self, members: frozenset[Sid]) -> frozenset[Sid]:
        return frozenset()


def senders(server: Resolves, name: str, remembers: Remembers, names: dict[Sid, str], dacl: str = "D:(A;;FA;;;BA)"):
    """What is found on a server whose Administrators decide, and with whose names."""
    directories = Directories([remembers])  # type: ignore[list-item]
    question = AccessQuestion(parse_sddl(dacl).dacl, 0x12019F, (Scope.THIS,))
    reader = TokenReader(server, directories)
    return resolve_senders(server, [name], [reading(names)], directories, reader, [question])


SMSSEND = "CORP\\smssend"
IN_GROUP = Account(SERVERS, "CORP\\SCCM Servers", is_group=True)
READ_MEMBERS = f"read members of {ADMINISTRATORS}"


def test_an_account_of_a_group_that_a_domain_showed_costs_no_look_up() -> None:
    server = Resolves()
    server.members[ADMINISTRATORS] = [IN_GROUP]
    found = senders(server, " CORP\\smssend", Remembers({SMSSEND: ONE}), {})
    assert found == {" CORP\\smssend": Account(ONE, SMSSEND)}
    assert server.log == [READ_MEMBERS]


def test_names_of_the_descriptors_can_show_the_domain_as_well() -> None:
    server = Resolves()
    assert senders(server, SMSSEND, Remembers({SMSSEND: ONE}), {OTHER: "corp\\backup"})[SMSSEND].sid == ONE
    assert server.log == []


@pytest.mark.parametrize(
    "members",
    [
        [],
        [Account(ADMINISTRATORS, "BUILTIN\\Administrators", is_group=True)],
        # The domain CORP of this server is another one, or the server itself has the name too.
        [Account(ELSEWHERE, "CORP\\SCCM Servers", is_group=True)],
        [IN_GROUP, Account(ELSEWHERE, "CORP\\Administrator", is_group=False)],
    ],
)
def test_a_name_that_the_server_may_mean_otherwise_is_looked_up(members: list[Account]) -> None:
    server = Resolves()
    server.members[ADMINISTRATORS] = members
    assert senders(server, SMSSEND, Remembers({SMSSEND: ONE}), {})[SMSSEND].sid == OTHER
    assert (server.log[0], server.log[-1]) == (READ_MEMBERS, SMSSEND)


def test_no_group_is_looked_at_for_an_account_that_nobody_knows() -> None:
    server = Resolves()
    assert senders(server, SMSSEND, Remembers(), {})[SMSSEND].sid == OTHER
    assert server.log == [SMSSEND]


@pytest.mark.parametrize("name", ["smssend", ".\\smssend", "smssend@corp.example"])
def test_no_domain_counts_for_a_name_without_one(name: str) -> None:
    server = Resolves()
    assert senders(server, name, Remembers({SMSSEND: ONE}), {ONE: "CORP\\backup"})[name].sid == OTHER
    assert server.log == [name]


def test_no_group_is_looked_at_if_none_decides() -> None:
    server = Resolves()
    senders(server, SMSSEND, Remembers({SMSSEND: ONE}), {}, "D:(A;;FA;;;WD)(A;;FA;;;BA)")
    assert server.log == [SMSSEND]


def test_a_name_of_an_entry_counts_for_more_than_what_a_domain_showed() -> None:
    server = Resolves()
    assert senders(server, SMSSEND, Remembers({SMSSEND: ONE}), {OTHER: SMSSEND})[SMSSEND].sid == OTHER
    assert server.log == []


def test_of_two_domains_with_one_name_the_one_counts_that_the_server_shows() -> None:
    server = Resolves()
    server.members[ADMINISTRATORS] = [IN_GROUP]
    partner = Remembers({SMSSEND: ELSEWHERE})
    for order in ([partner, Remembers({SMSSEND: ONE})], [Remembers({SMSSEND: ONE}), partner]):
        directories = Directories(order)  # type: ignore[arg-type]
        question = AccessQuestion(parse_sddl("D:(A;;FA;;;BA)").dacl, 0x12019F, (Scope.THIS,))
        reader = TokenReader(server, directories)
        found = resolve_senders(server, [SMSSEND], [reading({})], directories, reader, [question])
        assert found[SMSSEND].sid == ONE
    assert SMSSEND not in server.log
