# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups and states of accounts of a real domain, by NTLM and Kerberos, against what Samba's own tools show."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    DirectoryAccountNotFound,
    DirectoryLogonFailed,
    RememberedDirectory,
    UnusableAnswer,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import LdapDirectory, LdapSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import connection as wire
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from tests.lab.domain.description import OLD_DOMAIN, OLD_RID, STATES, State
from tests.lab.domain.testing import RunningAccount, RunningDomain, missing, running_domain
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

NTLM_AND_KERBEROS = pytest.mark.parametrize("kerberos", [False, True], ids=["ntlm", "kerberos"])
NESTED = {"SCCM Servers", "SCCM Servers Everywhere", "SCCM Senders", "SMS_SiteToSiteConnection_C01"}
DOMAIN_LOCAL = {
    "SCCM Senders", "SMS_SiteToSiteConnection_C01", "Blocked Senders", "Denied RODC Password Replication Group"
}  # fmt: skip
USERS = Sid.parse("S-1-5-32-545")
ALL_GOOD = AccountState(disabled=False, locked=False, expired=False, password_expired=False)


@pytest.fixture(scope="module")
def domain() -> Iterator[RunningDomain]:
    """C01 is the domain controller; the tests only read."""
    with running_domain() as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, domain: RunningDomain) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(domain.krb5_conf))
    monkeypatch.delenv("KRB5CCNAME", raising=False)


def settings(domain: RunningDomain, account: RunningAccount | None = None, *, kerberos: bool = False) -> LdapSettings:
    """The domain controller, asked by an account without any special right."""
    asking = account or domain.accounts["bystander"]
    realm = asking.realm if kerberos else asking.domain
    name, address = domain.controller.dns_name, domain.controller.address
    who = {"domain": realm, "user": asking.name, "password": asking.password, "kerberos": kerberos}
    return LdapSettings(name, address, **who, timeout=PATIENCE)


def sid_of(domain: RunningDomain, name: str) -> Sid:
    return Sid.parse(domain.sids[name])


# -- groups


@NTLM_AND_KERBEROS
@pytest.mark.parametrize(
    ("name", "groups", "builtin"),
    [
        ("P02$", NESTED | {"Domain Computers"}, set()),
        ("C01$", NESTED | {"Domain Controllers", "Denied RODC Password Replication Group"}, set()),
        ("gmsa_sms$", NESTED | {"Domain Computers"}, set()),
        ("smssend", NESTED | {"Domain Users"}, {USERS}),
        ("smssend (old)", {"SCCM Servers Everywhere", "SCCM Senders", "Domain Users"}, {USERS}),
        ("blocked", NESTED | {"Blocked Senders", "Domain Users"}, {USERS}),
        ("X01$", {"Loop A", "Loop B", "Domain Computers"}, set()),
    ],
)
def test_nested_groups(domain: RunningDomain, name: str, groups: set[str], builtin: set[Sid], kerberos: bool):
    """Global in universal in domain local, and two groups that are members of each other."""
    with LdapDirectory(settings(domain, kerberos=kerberos)) as directory:
        sid = directory.find(name)
        account = directory.account(sid)
    assert sid == sid_of(domain, name)
    assert account.name == name
    assert account.groups == {sid_of(domain, group) for group in groups}
    assert account.domain_local == {sid_of(domain, group) for group in groups & DOMAIN_LOCAL}
    assert (account.builtin_groups, account.foreign, account.state) == (builtin, set(), ALL_GOOD)


@pytest.mark.parametrize("name", ["P01$", "smssend", "blocked", "X01$", "ansible", "Administrator", "gmsa_sms$"])
def test_samba_shows_the_same_groups(domain: RunningDomain, name: str):
    query = ("-H", f"ldap://{domain.controller.dns_name}", f"(sAMAccountName={name})", "distinguishedName")
    asking = domain.accounts["bystander"]
    (base,) = re.findall(r"^dn: (.*)$", domain.samba("ldbsearch", asking, *query), re.MULTILINE)
    query = ("-H", f"ldap://{domain.controller.dns_name}", "-b", base, "-s", "base", "tokenGroups")
    printed = domain.samba("ldbsearch", asking, *query)
    with LdapDirectory(settings(domain)) as directory:
        account = directory.account(sid_of(domain, name))
    found = {str(sid) for sid in (account.groups or set()) | account.builtin_groups}
    assert found == set(re.findall(r"^tokenGroups: (S-[\d-]+)$", printed, re.MULTILINE)), printed
    assert found


@pytest.mark.parametrize("name", ["P01$", "ansible"])
def test_a_tool_for_administrators_shows_the_same_direct_groups(domain: RunningDomain, name: str):
    """`samba-tool user getgroups` resolves no nested groups."""
    user = domain.administrator.user.replace("\\", "/")
    printed = domain.run(
        "samba-tool",
        *("user", "getgroups", name, "-H", f"ldap://{domain.controller.dns_name}", "--use-kerberos=off", "-U", user),
        f"--configfile={domain.smb_conf}",
        environment={"PASSWD": domain.administrator.password},
    )
    assert printed.returncode == 0, printed.stderr
    direct = {sid_of(domain, group) for group in printed.stdout.split("\n") if group}
    with LdapDirectory(settings(domain)) as directory:
        groups = directory.account(sid_of(domain, name)).groups
    assert direct
    assert direct <= (groups or set())


def test_the_sid_history_is_apart(domain: RunningDomain):
    """Samba leaves it out of the token; Windows does not (docs/lab.md)."""
    with LdapDirectory(settings(domain)) as directory:
        account = directory.account(sid_of(domain, "migrated"))
    assert account.history == {Sid.parse(f"{OLD_DOMAIN}-{OLD_RID}")}
    assert account.groups == {sid_of(domain, "Domain Users")}


# -- states


EXPECTED = {
    State.DISABLED: {"disabled": True},
    State.LOCKED_OUT: {"locked": True},
    State.EXPIRED: {"expired": True},
    State.PASSWORD_EXPIRED: {"password_expired": True},
    State.MUST_CHANGE: {"password_expired": True},
}


@NTLM_AND_KERBEROS
@pytest.mark.parametrize("state", STATES)
def test_states(domain: RunningDomain, state: State, kerberos: bool):
    """Workstations and logon hours are no part of it."""
    with LdapDirectory(settings(domain, kerberos=kerberos)) as directory:
        account = directory.account(sid_of(domain, STATES[state]))
    assert account.state == dataclasses.replace(ALL_GOOD, **EXPECTED.get(state, {}))


# -- who is not there


@pytest.mark.parametrize("name", ["nobody", "smssend)(objectClass=*", "*", "smssend*", "sms\0send", r"CORP\smssend"])
def test_no_account_has_this_name(domain: RunningDomain, name: str):
    with LdapDirectory(settings(domain)) as directory, pytest.raises(DirectoryAccountNotFound):
        directory.find(name)


@pytest.mark.parametrize("name", ["SCCM Servers", "Domain Users"])
def test_a_group_is_no_account(domain: RunningDomain, name: str):
    with (
        LdapDirectory(settings(domain)) as directory,
        pytest.raises(DirectoryAccountNotFound, match="has no account with"),
    ):
        directory.account(sid_of(domain, name))


def test_an_account_of_a_trusted_domain_is_asked_for_there(domain: RunningDomain):
    """Its global group is in a group of CORP, as a foreign security principal with its SID."""
    partner = domain.trusted["PARTNER"]
    with LdapDirectory(settings(domain)) as directory:
        for name in ("Partner Servers", "smssend", "X02$"):
            with pytest.raises(DirectoryAccountNotFound):
                directory.account(sid_of(partner, name))
    with LdapDirectory(settings(partner)) as directory:
        account = directory.account(sid_of(partner, "X02$"))
    assert account.groups == {sid_of(partner, name) for name in ("Partner Servers", "Domain Computers")}
    assert sid_of(domain, "SCCM Senders") not in account.foreign


@NTLM_AND_KERBEROS
def test_an_account_of_a_trusted_domain_can_ask(domain: RunningDomain, kerberos: bool):
    asking = domain.trusted["PARTNER"].accounts["bystander"]
    with LdapDirectory(settings(domain, asking, kerberos=kerberos)) as directory:
        assert directory.find("P02$") == sid_of(domain, "P02$")


def test_a_netbios_name_is_enough_for_kerberos(domain: RunningDomain):
    asking = dataclasses.replace(settings(domain, kerberos=True), domain=domain.netbios)
    mapped = dataclasses.replace(asking, domain="OTHERNAME", domains={domain.dns_domain: "OTHERNAME"})
    for each in (asking, mapped):
        with LdapDirectory(each) as directory:
            assert directory.find("P02$") == sid_of(domain, "P02$")


def test_a_service_that_is_unknown_has_no_advice_of_another_connection(domain: RunningDomain):
    wrong = dataclasses.replace(settings(domain, kerberos=True), host="c99.corp.example")
    with LdapDirectory(wrong) as directory, pytest.raises(DirectoryLogonFailed) as caught:
        directory.find("P02$")
    assert "ansible_smb" not in str(caught.value)
    assert "kerberos_hostname_override of its entry in sms_directory" in str(caught.value)


def test_domain_local_groups_of_an_account_of_a_trusted_domain(domain: RunningDomain):
    """CORP's domain local group has PARTNER's global group as a member; it is in the token on a server of CORP."""
    partner = domain.trusted["PARTNER"]
    with LdapDirectory(settings(partner)) as directory:
        account = directory.account(sid_of(partner, "X02$"))
        bystander = directory.account(sid_of(partner, "bystander"))
    assert account.groups is not None
    assert bystander.groups is not None
    with LdapDirectory(settings(domain)) as directory:
        assert directory.groups_with(account.groups | {account.sid}) == {sid_of(domain, "SCCM Senders")}
        assert directory.groups_with(bystander.groups | {bystander.sid}) == set()
        assert directory.groups_with(frozenset()) == set()


def test_groups_with_members_that_are_nested_or_in_a_loop(domain: RunningDomain):
    with LdapDirectory(settings(domain)) as directory:
        nested = directory.groups_with(frozenset({sid_of(domain, "SCCM Servers")}))
        loop = directory.groups_with(frozenset({sid_of(domain, "X01$")}))
        many = directory.groups_with(
            frozenset({Sid.parse(f"{OLD_DOMAIN}-{rid}") for rid in range(1000)} | {sid_of(domain, "Domain Users")})
        )
    assert nested == {sid_of(domain, name) for name in NESTED - {"SCCM Servers"}}
    assert loop == {sid_of(domain, name) for name in ("Loop A", "Loop B")}
    assert many == {USERS}


def test_a_sweep_asks_once(domain: RunningDomain):
    with LdapDirectory(settings(domain)) as directory:
        remembered = RememberedDirectory(directory)
        account = remembered.account(sid_of(domain, "P02$"))
        directory.close()
        assert remembered.account(sid_of(domain, "P02$")) is account


# -- logons


@NTLM_AND_KERBEROS
def test_a_wrong_password(domain: RunningDomain, kerberos: bool):
    wrong = dataclasses.replace(domain.accounts["bystander"], password="Wr0ng-and-secret")
    with (
        LdapDirectory(settings(domain, wrong, kerberos=kerberos)) as directory,
        pytest.raises(DirectoryLogonFailed, match="password is wrong") as caught,
    ):
        directory.find("P02$")
    assert wrong.password not in str(caught.value)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.DISABLED, "the account is disabled"),
        (State.LOCKED_OUT, "the account is locked out"),
        (State.EXPIRED, "the account has expired"),
        (State.PASSWORD_EXPIRED, "password has expired"),
        (State.MUST_CHANGE, "password must be changed"),
    ],
)
def test_an_account_that_may_not_log_on_cannot_ask(domain: RunningDomain, state: State, reason: str):
    asking = domain.accounts[STATES[state]]
    with LdapDirectory(settings(domain, asking)) as directory, pytest.raises(DirectoryLogonFailed, match=reason):
        directory.find("P02$")


def test_the_ticket_that_kinit_left(domain: RunningDomain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    account = domain.accounts["P02$"]
    cache = f"FILE:{tmp_path}/cache"
    done = domain.run("kinit", "-k", "-t", str(account.keytab), account.principal, environment={"KRB5CCNAME": cache})
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("KRB5CCNAME", cache)
    by_ticket = LdapSettings(domain.controller.dns_name, domain.controller.address, kerberos=True, timeout=PATIENCE)
    with LdapDirectory(by_ticket) as directory:
        assert directory.find("smssend") == sid_of(domain, "smssend")


def test_a_name_that_is_not_the_domain_controllers(domain: RunningDomain):
    wrong = dataclasses.replace(settings(domain, kerberos=True), host="c99.corp.example")
    with LdapDirectory(wrong) as directory, pytest.raises(DirectoryLogonFailed, match=r"ldap/c99\.corp\.example"):
        directory.find("P02$")


def test_the_ticket_of_another_server(domain: RunningDomain):
    """What answers has no key for the ticket, so it is not the server that was meant."""
    wrong = dataclasses.replace(settings(domain, kerberos=True), kerberos_name=domain.members["P01"].dns_name)
    with LdapDirectory(wrong) as directory, pytest.raises(DirectoryLogonFailed):
        directory.find("P02$")


# -- somebody in between

Receive = Callable[..., bytes]


def flip(at: int) -> Callable[[list[bytes]], bytes]:
    def change(buffers: list[bytes]) -> bytes:
        found = bytearray(buffers[-1])
        found[at] ^= 1
        return bytes(found)

    return change


def replay(buffers: list[bytes]) -> bytes:
    return buffers[0]


@NTLM_AND_KERBEROS
@pytest.mark.parametrize("change", [flip(0), flip(2), flip(15), flip(16), flip(-1), replay])
def test_an_answer_that_was_changed_is_refused(
    domain: RunningDomain, monkeypatch: pytest.MonkeyPatch, change: Callable[[list[bytes]], bytes], kerberos: bool
):
    buffers: list[bytes] = []
    changing = False
    original: Receive = wire.receive

    def receive(connection: object, size: int, until: float) -> bytes:
        data = original(connection, size, until)
        if size > 4:
            buffers.append(data)
        return change(buffers) if changing and size > 4 and len(data) == len(change(buffers)) else data

    with LdapDirectory(settings(domain, kerberos=kerberos)) as directory:
        sid = directory.find("P02$")
        monkeypatch.setattr(wire, "receive", receive)
        account = directory.account(sid)
        changing = True
        with pytest.raises(UnusableAnswer, match="the answer cannot be used: an answer"):
            directory.account(sid)
        changing = False
        assert directory.account(sid) == account
