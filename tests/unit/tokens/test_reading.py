# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the server and of the domains, and that it is no more than the answer needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import DirectoryUnreachable, DomainAccount
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.directories import Directories
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.port import Domain
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Scope, Sid, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Account,
    Enough,
    JoinedDomain,
    NoAnswer,
    every_member,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens import AccessQuestion, TokenReader, Tokens
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens.membership import MOST_GROUPS
from tests.unit.fake_site_server import FakeSiteServer
from tests.unit.tokens.accounts import ACCOUNT, ADMINISTRATORS, CORP, PARTNER, SERVERS

VISITOR = Account(Sid.parse(f"{PARTNER}-1104"), r"PARTNER\X02$")
LOCAL_OF_CORP = Sid.parse(f"{CORP}-1310")
VISITORS = Sid.parse(f"{PARTNER}-1300")
READ = 0x120089
THIRD = "S-1-5-21-8-8-8"


class Domains:
    """A directory with a few groups, by the members that they have."""

    def __init__(self, sid: str, name: str, groups: dict[Sid, frozenset[Sid]], local: frozenset[Sid] = frozenset()):
        self.host = name
        self.log: list[str] = []
        self.broken = False
        self._sid, self._name, self._groups, self._local = Sid.parse(sid), name, groups, local

    def _asked(self, what: str) -> None:
        self.log.append(what)
        if self.broken:
            raise DirectoryUnreachable(self.host, what, "connection refused", "Check it.")

    def domain(self) -> Domain:
        self._asked("domain")
        return Domain(self._name, self._sid)

    def account(self, sid: Sid) -> DomainAccount:
        self._asked(f"account {sid}")
        groups = frozenset(group for group, members in self._groups.items() if sid in members)
        return DomainAccount(
            sid, str(sid), groups or frozenset({Sid.parse(f"{self._sid}-515")}), domain_local=groups & self._local
        )

    def groups_with(self, members: frozenset[Sid]) -> frozenset[Sid]:
        self._asked("groups with members")
        return frozenset(group for group, inside in self._groups.items() if members & inside)

    def find(self, name: str) -> Sid:
        raise NotImplementedError


def corp() -> Domains:
    return Domains(
        CORP, "corp.example", {SERVERS: frozenset({ACCOUNT.sid}), LOCAL_OF_CORP: frozenset({VISITORS, VISITOR.sid})}
    )


def partner() -> Domains:
    return Domains(PARTNER, "partner.example", {VISITORS: frozenset({VISITOR.sid})})


def question(*entries: str) -> AccessQuestion:
    return AccessQuestion(parse_sddl("D:" + "".join(entries)).dacl, READ, (Scope.THIS,))


def allow(sid: Sid) -> str:
    return f"(A;;FA;;;{sid})"


def deny(sid: Sid) -> str:
    return f"(D;;FA;;;{sid})"


def decided(server: FakeSiteServer, directories: Directories | None, account: Account, group: Sid) -> bool | None:
    return TokenReader(server, directories).decide(account, group).member


@pytest.mark.parametrize(
    "entries",
    [(allow(ACCOUNT.sid), allow(ADMINISTRATORS)), (allow(Sid.parse("S-1-1-0")),), (deny(ACCOUNT.sid), allow(SERVERS))],
)
def test_what_is_decided_costs_nothing(entries: tuple[str, ...]) -> None:
    server = FakeSiteServer()
    TokenReader(server).answer(ACCOUNT, [question(*entries)])
    assert server.log == []


def test_a_group_that_could_decide_is_looked_at_once_for_all_accounts() -> None:
    server = FakeSiteServer()
    server.members[ADMINISTRATORS] = [Account(SERVERS, r"CORP\Servers", is_group=True)]
    reader = TokenReader(server)
    for account in (ACCOUNT, VISITOR, ACCOUNT):
        reader.answer(account, [question(allow(ADMINISTRATORS))] * 2)
    assert server.log == [f"read members of {ADMINISTRATORS}"]


def test_a_deny_that_could_be_the_accounts_is_looked_at() -> None:
    server = FakeSiteServer()
    TokenReader(server).answer(ACCOUNT, [question(deny(ADMINISTRATORS), allow(ACCOUNT.sid))])
    assert server.log == [f"read members of {ADMINISTRATORS}"]


def test_one_query_an_account_decides_all_groups_of_its_domain() -> None:
    domain, server = corp(), FakeSiteServer()
    server.members[ADMINISTRATORS] = [Account(SERVERS, r"CORP\Servers", is_group=True)]
    reader = TokenReader(server, Directories([domain]))
    reader.answer(ACCOUNT, [question(deny(LOCAL_OF_CORP), allow(ADMINISTRATORS))])
    assert reader.tokens.membership(ACCOUNT, LOCAL_OF_CORP).member is False
    assert reader.tokens.membership(ACCOUNT, ADMINISTRATORS).path == (SERVERS, ADMINISTRATORS)
    assert domain.log.count(f"account {ACCOUNT.sid}") == 1
    assert server.log == [f"read members of {ADMINISTRATORS}"]


def test_a_domain_that_cannot_be_asked_is_a_fact_and_no_error() -> None:
    domain, server = corp(), FakeSiteServer()
    domain.broken = True
    reader = TokenReader(server, Directories([domain]))
    found = reader.decide(ACCOUNT, SERVERS)
    assert found.member is None
    assert "connection refused" in found.why[0]


def test_without_a_directory_members_of_local_groups_that_are_domain_groups_are_unknown() -> None:
    server = FakeSiteServer()
    server.members[ADMINISTRATORS] = [Account(SERVERS, r"CORP\Servers", is_group=True)]
    assert decided(server, None, ACCOUNT, ADMINISTRATORS) is None
    server.members[ADMINISTRATORS].append(ACCOUNT)
    assert decided(server, None, ACCOUNT, ADMINISTRATORS) is True


@pytest.mark.parametrize(
    ("joined", "member"),
    [("corp.example", True), ("CORP.example", True), ("partner.example", False), ("", None)],
)
def test_the_servers_domain_adds_its_local_groups_to_visitors(joined: str, member: bool | None) -> None:
    server = FakeSiteServer()
    server.domain = JoinedDomain(joined, is_controller=False) if joined else None
    directories = Directories([corp(), partner()])
    assert decided(server, directories, VISITOR, LOCAL_OF_CORP) is member


@pytest.mark.parametrize(
    ("name", "sid", "member"),
    [
        # A third domain, which sms_directory does not have: by its SID, by its DNS name, or not known.
        ("third", THIRD, False),
        ("third.example", None, False),
        ("third", None, None),
        ("CORP", CORP, True),
    ],
)
def test_a_group_counts_only_on_servers_of_its_domain(name: str, sid: str | None, member: bool | None) -> None:
    server = FakeSiteServer()
    server.domain = JoinedDomain(name, is_controller=False, sid=Sid.parse(sid) if sid else None)
    assert decided(server, Directories([corp(), partner()]), VISITOR, LOCAL_OF_CORP) is member


def test_an_old_sid_of_no_domain_is_none_of_a_visitor() -> None:
    server = FakeSiteServer()
    server.domain = JoinedDomain("corp.example", is_controller=False, sid=Sid.parse(CORP))
    assert decided(server, Directories([corp(), partner()]), VISITOR, Sid.parse(f"{THIRD}-1111")) is False


def test_a_group_of_another_domain_is_none_of_an_account_of_the_servers_domain() -> None:
    assert decided(FakeSiteServer(), Directories([corp()]), ACCOUNT, VISITORS) is False


def test_local_groups_in_each_other_have_an_end() -> None:
    server = FakeSiteServer()
    first, second = Sid.parse("S-1-5-21-7-7-7-1"), Sid.parse("S-1-5-21-7-7-7-2")
    server.members = {first: [Account(second, "second")], second: [Account(first, "first")]}
    assert decided(server, Directories([corp()]), ACCOUNT, first) is False
    server.members[second].append(ACCOUNT)
    assert decided(server, None, ACCOUNT, first) is True


def refusing(error: Callable[..., Exception]) -> FakeSiteServer:
    class Refuses(FakeSiteServer):
        def group_members(self, group: Sid, enough: Enough = every_member) -> tuple[Account, ...]:
            raise error(self.host, f"read the members of {group}", "Access is denied", "Ask.")

    return Refuses()


def test_a_refusal_leaves_a_group_unknown() -> None:
    found = TokenReader(refusing(AccessDenied)).decide(ACCOUNT, ADMINISTRATORS)
    assert (found.member, found.why) == (None, ("its members cannot be read (Access is denied)",))


class Hides(FakeSiteServer):
    """Shows the members that it finds first, and the others if those are not enough."""

    shown = 1

    def group_members(self, group: Sid, enough: Enough = every_member) -> tuple[Account, ...]:
        members = super().group_members(group)
        first = members[: self.shown]
        return first if enough(frozenset(member.sid for member in first)) else members


def members_read(server: FakeSiteServer) -> int:
    return sum(line.startswith("read members") for line in server.log)


def test_members_that_decide_are_enough_and_nobody_else_is_none_of_them() -> None:
    server = Hides()
    server.members[ADMINISTRATORS] = [Account(ACCOUNT.sid, ACCOUNT.name), Account(VISITOR.sid, VISITOR.name)]
    reader = TokenReader(server)
    assert reader.decide(ACCOUNT, ADMINISTRATORS).member is True
    assert members_read(server) == 1
    assert reader.tokens.membership(VISITOR, ADMINISTRATORS).member is None
    assert reader.decide(VISITOR, ADMINISTRATORS).member is True
    assert members_read(server) == 2
    # Now all are known.
    assert reader.decide(Account(Sid.parse(f"{PARTNER}-7"), "other"), ADMINISTRATORS).member is False
    assert members_read(server) == 2


def test_a_member_group_of_the_accounts_domain_is_enough() -> None:
    server = Hides()
    server.members[ADMINISTRATORS] = [Account(SERVERS, r"CORP\Servers", is_group=True), VISITOR]
    reader = TokenReader(server, Directories([corp()]))
    assert reader.decide(ACCOUNT, ADMINISTRATORS).member is True
    assert [len(local.members or ()) for local in reader.tokens.groups.values()] == [1]


def test_a_server_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(NoAnswer):
        TokenReader(refusing(NoAnswer)).decide(ACCOUNT, ADMINISTRATORS)


def test_what_stays_unknown_for_another_reason_has_an_end() -> None:
    """A condition is never evaluated, whoever the owner is."""
    descriptor = parse_sddl(f"O:{ADMINISTRATORS}D:(XA;;FA;;;{ACCOUNT.sid};(@User.a == 1))")
    server = FakeSiteServer()
    TokenReader(server).answer(ACCOUNT, [AccessQuestion(descriptor.dacl, READ, (Scope.THIS,), descriptor.owner)])
    assert server.log == [f"read members of {ADMINISTRATORS}"]


FINE = AccountState(disabled=False, locked=False, expired=False, password_expired=False)


@pytest.mark.parametrize(
    ("is_own", "is_controller", "member"), [(True, False, None), (True, True, True), (False, False, True)]
)
def test_administrators_may_be_filtered_from_the_token_of_a_local_account(
    is_own: bool, is_controller: bool, member: bool | None
) -> None:
    """Microsoft KB 951016. The accounts of a domain controller are those of its domain."""
    server = FakeSiteServer()
    server.members[ADMINISTRATORS] = [ACCOUNT]
    server.states = {ACCOUNT.sid: FINE} if is_own else {}
    server.domain = JoinedDomain("corp.example", is_controller)
    assert decided(server, None, ACCOUNT, ADMINISTRATORS) is member


def test_the_built_in_administrator_is_not_filtered() -> None:
    server = FakeSiteServer()
    administrator = Account(Sid.parse("S-1-5-21-7-7-7-500"), r"P01\Administrator")
    server.members[ADMINISTRATORS] = [administrator]
    server.states = {administrator.sid: FINE}
    assert decided(server, None, administrator, ADMINISTRATORS) is True


@pytest.mark.parametrize(("is_own", "member"), [(True, None), (False, False)])
def test_local_account_is_a_group_of_no_domain_account(is_own: bool, member: bool | None) -> None:
    server = FakeSiteServer()
    server.states = {ACCOUNT.sid: FINE} if is_own else {}
    assert decided(server, None, ACCOUNT, Sid.parse("S-1-5-113")) is member


@pytest.mark.parametrize(("is_own", "is_controller", "member"), [(True, False, False), (True, True, None)])
def test_an_account_of_the_server_is_in_no_group_of_a_domain(
    is_own: bool, is_controller: bool, member: bool | None
) -> None:
    server = FakeSiteServer()
    server.states = {ACCOUNT.sid: FINE} if is_own else {}
    server.domain = JoinedDomain("partner.example", is_controller)
    assert decided(server, Directories([partner()]), ACCOUNT, VISITORS) is member


# -- local groups that nobody has asked the server for yet

SERVER = "S-1-5-21-7-7-7"
LOCAL = Sid.parse(f"{SERVER}-1005")
OWN = Account(Sid.parse(f"{SERVER}-1100"), r"P01\sender")
ORPHAN = Sid.parse(f"{SERVER}-999")


def answered(server: FakeSiteServer, directories: Directories, account: Account, *entries: str) -> tuple[bool, bool]:
    """Whether the account certainly has the right, and whether that is not known."""
    asked = question(*entries)
    reader = TokenReader(server, directories)
    reader.answer(account, [asked])
    decision = asked.decide(reader.tokens.token(account, asked.named), Scope.THIS)
    return decision.satisfied, bool(decision.unknown)


def with_local_group(*members: Account) -> FakeSiteServer:
    server = FakeSiteServer()
    server.members[LOCAL] = list(members)
    server.states[OWN.sid] = FINE
    return server


@pytest.mark.parametrize(
    ("account", "entries", "granted"),
    [
        # An account of the server: sms_directory has other domains only, which says where the account is from.
        (OWN, (allow(LOCAL),), True),
        (OWN, (deny(LOCAL), allow(OWN.sid)), False),
        # An entry for a deleted group comes first, and is no member of any domain.
        (ACCOUNT, (allow(Sid.parse(f"{THIRD}-1")), allow(LOCAL)), True),
        (ACCOUNT, (deny(Sid.parse(f"{THIRD}-1")), deny(LOCAL), allow(ACCOUNT.sid)), False),
        (VISITOR, (allow(ORPHAN), allow(LOCAL)), True),
        (VISITOR, (deny(ORPHAN), deny(LOCAL), allow(VISITOR.sid)), False),
    ],
)
def test_a_local_group_is_asked_for_whatever_was_read_before(
    account: Account, entries: tuple[str, ...], granted: bool
) -> None:
    server = with_local_group(account)
    server.domain = JoinedDomain("corp.example", is_controller=False, sid=Sid.parse(CORP))
    assert answered(server, Directories([corp(), partner()]), account, *entries) == (granted, False)


def test_an_account_is_the_servers_own_only_if_the_server_is_known_to_be_no_domain_controller() -> None:
    class Silent(FakeSiteServer):
        def joined_domain(self) -> JoinedDomain | None:
            raise AccessDenied(self.host, "read which domain the server is in", "Access is denied", "Ask.")

    server = Silent()
    server.states = {ACCOUNT.sid: FINE}
    assert decided(server, Directories([partner()]), ACCOUNT, SERVERS) is None


def test_a_group_with_local_accounts_in_it_is_read_to_its_end() -> None:
    """The first account stops at itself; the second one needs the others."""
    server = Hides()
    server.shown = 2
    local_accounts = Account(Sid.parse("S-1-5-113"), "Local account", is_group=True)
    server.members[LOCAL] = [local_accounts, Account(ACCOUNT.sid, ACCOUNT.name), Account(VISITOR.sid, VISITOR.name)]
    reader = TokenReader(server, Directories([corp(), partner()]))
    assert reader.decide(ACCOUNT, LOCAL).member is True
    assert reader.decide(Account(Sid.parse(f"{PARTNER}-7"), "other"), LOCAL).member is False


def test_a_group_with_more_groups_than_are_followed_costs_no_more_requests() -> None:
    server = FakeSiteServer()
    inside = [Sid.parse(f"{SERVER}-{number}") for number in range(2000, 2001 + MOST_GROUPS)]
    server.members = {sid: [] for sid in inside} | {LOCAL: [Account(sid, str(sid)) for sid in inside]}
    assert decided(server, Directories([corp()]), ACCOUNT, LOCAL) is None
    assert len(server.log) == 1


def test_hundreds_of_groups_are_not_gone_through_again_for_each_of_them() -> None:
    server = FakeSiteServer()
    inside = [Sid.parse(f"{SERVER}-{number}") for number in range(2000, 2800)]
    server.members = {sid: [] for sid in inside} | {LOCAL: [Account(sid, str(sid)) for sid in inside]}
    decisions = []

    class Counting(TokenReader):
        @property
        def tokens(self) -> Tokens:
            decisions.append(1)
            return super().tokens

    assert Counting(server, Directories([corp()])).decide(ACCOUNT, LOCAL).member is False
    assert len(server.log) == 801
    assert len(decisions) < 10


def test_a_local_group_can_have_thousands_of_domain_groups() -> None:
    server = FakeSiteServer()
    many = [Account(Sid.parse(f"{PARTNER}-{number}"), str(number), is_group=True) for number in range(2000, 5000)]
    server.members[LOCAL] = [*many, Account(VISITORS, "visitors", is_group=True)]
    directories = Directories([corp(), partner()])
    assert decided(server, directories, VISITOR, LOCAL) is True
    assert decided(server, directories, ACCOUNT, LOCAL) is False
    assert decided(server, directories, OWN, LOCAL) is None


@pytest.mark.parametrize(("joined", "member"), [("corp.example", True), ("partner.example", None), ("", None)])
def test_the_servers_domain_is_read_if_a_domain_local_group_decides(joined: str, member: bool | None) -> None:
    server = FakeSiteServer()
    server.domain = JoinedDomain(joined, is_controller=False) if joined else None
    domain = Domains(CORP, "corp.example", {SERVERS: frozenset({ACCOUNT.sid})}, local=frozenset({SERVERS}))
    assert decided(server, Directories([domain]), ACCOUNT, SERVERS) is member
    assert server.log == ["read domain of p01"]


def test_only_groups_that_can_change_what_is_open_are_looked_at() -> None:
    first, second, other = (Sid.parse(f"S-1-5-32-{rid}") for rid in (551, 552, 553))
    server = FakeSiteServer()
    dacl = parse_sddl(
        # What the first one may allow, the account has anyway. A condition and an entry for owners name no group.
        f"D:(A;;0x2;;;{first})(XA;;0x1;;;{other};(@User.a == 1))(A;;0x1;;;OW)"
        f"(A;;0x2;;;{ACCOUNT.sid})(A;;0x1;;;{second})"
    ).dacl
    TokenReader(server).answer(ACCOUNT, [AccessQuestion(dacl, 0x3, (Scope.THIS,))])
    assert server.log == [f"read members of {second}"]
