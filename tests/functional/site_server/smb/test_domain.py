# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides a logon, read over SMB from the servers of a real domain, against what Samba's own tools show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import JoinedDomain, NotFound
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer
from tests.lab.domain.description import ADMINISTRATORS, OLD_DOMAIN, OLD_RID, STATES, USERS, State
from tests.lab.domain.testing import RunningAccount, RunningComputer, RunningDomain, missing, running_domain
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

SERVERS = pytest.mark.parametrize("name", ["C01", "P01", "S01"])
MEMBERS = pytest.mark.parametrize("name", ["P01", "S01"])
CONTROLLER = "C01"
ALLOW, DENY = "SeNetworkLogonRight", "SeDenyNetworkLogonRight"
ALL_GOOD = AccountState(disabled=False, locked=False, expired=False, password_expired=False)
SID = r"S-1-[0-9-]+"


@pytest.fixture(scope="module")
def domain() -> Iterator[RunningDomain]:
    """C01 is the domain controller; P01 and S01 are member servers."""
    with running_domain() as running:
        yield running


def computer(domain: RunningDomain, name: str) -> RunningComputer:
    return domain.controller if name == CONTROLLER else domain.members[name]


@contextmanager
def reached(domain: RunningDomain, name: str, account: RunningAccount | None = None) -> Iterator[SmbSiteServer]:
    """A server, as an administrator unless a test says otherwise."""
    account = account or domain.accounts["ansible"]
    address = computer(domain, name).address
    values = {"domain": account.domain, "user": account.name, "password": account.password, "timeout": PATIENCE}
    with closing(SmbSiteServer(SmbSettings(name, address, 445, **values), account.user)) as server:
        yield server


def shown(domain: RunningDomain, name: str, command: str) -> str:
    """What rpcclient prints."""
    return domain.rpcclient(computer(domain, name), command, domain.accounts["ansible"])


def sid_of(domain: RunningDomain, name: str) -> Sid:
    return Sid.parse(domain.sids[name])


def messages(server: SmbSiteServer, ask: Callable[[], Any]) -> int:
    """How many messages a question costs."""
    before = server.traffic.requests
    ask()
    return server.traffic.requests - before


# -- user rights


def test_the_rights_that_a_controller_keeps(domain: RunningDomain):
    """Samba lists no account by the second right, but shows it as a right of the account."""
    assert "NO_SUCH_PRIVILEGE" not in str(domain.controller.refused_rights)
    holders: dict[str, set[Sid]] = {ALLOW: set(), DENY: set()}
    for sid in re.findall(rf"^{SID}$", shown(domain, CONTROLLER, "lsaenumsid"), re.MULTILINE):
        printed = shown(domain, CONTROLLER, f"lsaenumacctrights {sid}").split()
        for right in holders.keys() & set(printed):
            holders[right].add(Sid.parse(sid))
    with reached(domain, CONTROLLER) as server:
        found = server.network_logon()
    assert holders[DENY] == {sid_of(domain, "No Network")}
    assert {Sid.parse("S-1-1-0"), Sid.parse("S-1-5-11")} <= holders[ALLOW]
    for right in (found.allowed, found.denied):
        assert right.holders.keys() == holders[right.name]
        assert (right.unread, right.source) == ("", "local security policy")
    assert found.denied.holders[sid_of(domain, "No Network")] == r"CORP\No Network"


@MEMBERS
def test_rights_that_a_member_server_does_not_have_stay_open(domain: RunningDomain, name: str):
    assert domain.members[name].refused_rights.keys() == {DENY}
    with reached(domain, name) as server:
        found = server.network_logon()
    for right, expected in ((found.allowed, ALLOW), (found.denied, DENY)):
        assert (right.name, dict(right.holders)) == (expected, {})
        assert "STATUS_NO_SUCH_PRIVILEGE: " in right.unread


# -- the domain


@SERVERS
def test_the_domain_of_each_server(domain: RunningDomain, name: str):
    """Samba's member servers do not return the DNS name. DSROLE_MACHINE_ROLE is in [MS-DSSP] 2.2.2."""
    (role,) = re.findall(r"Machine Role = \[(\d)\]", shown(domain, name, "dsroledominfo"))
    (sid,) = re.findall(rf"Domain Sid: ({SID})", shown(domain, name, "lsaquery"))
    with reached(domain, name) as server:
        found = server.joined_domain()
    is_controller = int(role) in (4, 5)
    assert is_controller is (name == CONTROLLER)
    assert found == JoinedDomain(domain.dns_domain if is_controller else domain.netbios, is_controller)
    assert found.sid == Sid.parse(sid) == sid_of(domain, "P01$").domain


# -- groups


def own_groups(domain: RunningDomain, name: str) -> dict[str, str]:
    """Local groups of a server by their name, as `queryaliasmem` wants them."""
    site = f"SMS_SiteToSiteConnection_{name}"
    own = domain.sids[site] if name == CONTROLLER else domain.members[name].local_sids[rf"{name}\{site}"]
    found = {"Administrators": ADMINISTRATORS, "Users": USERS, site: own}
    return found | ({"SCCM Senders": domain.sids["SCCM Senders"]} if name == CONTROLLER else {})


@SERVERS
def test_members_and_what_they_are(domain: RunningDomain, name: str):
    for sid in own_groups(domain, name).values():
        where = "builtin" if sid.startswith("S-1-5-32-") else "domain"
        printed = shown(domain, name, f"queryaliasmem {where} {sid.rpartition('-')[2]}")
        expected = set(re.findall(rf"sid:\[({SID})\]", printed))
        with reached(domain, name) as server:
            found = server.group_members(Sid.parse(sid))
        assert {str(account.sid) for account in found} == expected, printed
        assert found or name == "S01"
        # "S-1-… CORP\\name (2)": the number is a SID_NAME_USE.
        printed = shown(domain, name, f"lookupsids {' '.join(expected)}") if expected else ""
        named = {sid: (full, use in "245") for sid, full, use in re.findall(rf"({SID}) (.+) \((\d+)\)", printed)}
        assert {str(account.sid): (account.name, account.is_group) for account in found} == named


@pytest.mark.parametrize(
    ("group", "members"),
    [
        ("SMS_SiteToSiteConnection_C01", {"SCCM Servers": True}),
        ("Administrators", {"Domain Admins": True, "Enterprise Admins": True, "Administrator": False}),
        ("SCCM Senders", {"SCCM Servers Everywhere": True, "Partner Servers": True}),
    ],
)
def test_groups_of_a_controller_are_those_of_its_domain(domain: RunningDomain, group: str, members: dict[str, bool]):
    sids = {name: domain.sids.get(name) or domain.trusted["PARTNER"].sids[name] for name in members}
    user = domain.administrator.user.replace("\\", "/")
    options = (f"--configfile={domain.smb_conf}", "--use-kerberos=off", "-U", user)
    url = f"ldap://{domain.controller.dns_name}"
    listed = domain.run(
        *("samba-tool", "group", "listmembers", group, "--hide-expired", "-H", url, *options),
        environment={"PASSWD": domain.administrator.password},
    )
    # A member of another domain is shown by its SID, as a foreign security principal.
    assert set(listed.stdout.split("\n")) - {""} == {name if name in domain.sids else sids[name] for name in members}, (
        listed.stderr
    )
    with reached(domain, CONTROLLER) as server:
        found = server.group_members(sid_of(domain, group))
    assert {str(account.sid): account.is_group for account in found} == {sids[name]: members[name] for name in members}


def test_a_member_of_the_past_has_no_name_and_no_kind(domain: RunningDomain):
    site, old = r"P01\SMS_SiteToSiteConnection_P01", f"{OLD_DOMAIN}-{OLD_RID}"
    group = Sid.parse(domain.members["P01"].local_sids[site])
    with reached(domain, "P01") as server:
        server.add_group_member(group, Sid.parse(old))
        try:
            (found,) = (account for account in server.group_members(group) if str(account.sid) == old)
        finally:
            server.remove_group_member(group, Sid.parse(old))
    assert (found.name, found.is_group) == (old, None)


@SERVERS
@pytest.mark.parametrize("group", ["SCCM Servers", "SCCM Servers Everywhere", "Domain Admins", "ansible"])
def test_global_groups_and_accounts_are_no_local_groups(domain: RunningDomain, name: str, group: str):
    reason = "STATUS_NO_SUCH_ALIAS" if name == CONTROLLER else "STATUS_NO_SUCH_DOMAIN"
    with (
        reached(domain, name) as server,
        pytest.raises(NotFound, match=rf"not found \({reason}: .*a local group of the"),
    ):
        server.group_members(sid_of(domain, group))


@SERVERS
def test_groups_of_elsewhere_are_no_local_groups(domain: RunningDomain, name: str):
    elsewhere = [domain.trusted["PARTNER"].sids["Partner Servers"], f"{OLD_DOMAIN}-{OLD_RID}"]
    # A domain local group of the domain is a local group of its controllers alone.
    elsewhere += [] if name == CONTROLLER else [domain.sids["SCCM Senders"]]
    with reached(domain, name) as server:
        for sid in elsewhere:
            with pytest.raises(NotFound, match="STATUS_NO_SUCH_DOMAIN: "):
                server.group_members(Sid.parse(sid))
        with pytest.raises(NotFound, match="STATUS_NO_SUCH_ALIAS: "):
            server.group_members(Sid.parse("S-1-5-32-999"))


# -- accounts


EXPECTED = {
    State.DISABLED: {"disabled": True},
    State.LOCKED_OUT: {"locked": True},
    State.EXPIRED: {"expired": True},
    State.PASSWORD_EXPIRED: {"password_expired": True},
    State.MUST_CHANGE: {"password_expired": True},
}


@pytest.mark.parametrize("state", [State.OK, *STATES])
def test_the_accounts_of_a_controller_are_those_of_its_domain(domain: RunningDomain, state: State):
    account = sid_of(domain, STATES.get(state, "smssend"))
    printed = shown(domain, CONTROLLER, f"queryuser {account.subauthorities[-1]}")
    (control,) = re.findall(r"acb_info :\s+(0x[0-9a-f]+)", printed)
    # ACB_DISABLED, ACB_AUTOLOCK and ACB_PW_EXPIRED, as Samba has the codes of [MS-SAMR] 2.2.1.12.
    bits = {"disabled": 0x1, "locked": 0x400, "password_expired": 0x20000}
    with reached(domain, CONTROLLER) as server:
        found = server.local_account_state(account)
    wanted = {name: getattr(ALL_GOOD, name) for name in AccountState.__slots__} | EXPECTED.get(state, {})
    assert {name: getattr(found, name) for name in wanted} == wanted
    assert {name: bool(int(control, 16) & bit) for name, bit in bits.items()} == {name: wanted[name] for name in bits}


@pytest.mark.parametrize("name", ["P01$", "C01$", "gmsa_sms$"])
def test_computers_have_a_state_too(domain: RunningDomain, name: str):
    with reached(domain, CONTROLLER) as server:
        assert server.local_account_state(sid_of(domain, name)) == ALL_GOOD


@MEMBERS
def test_a_member_server_has_accounts_of_its_own_alone(domain: RunningDomain, name: str):
    local = domain.members[name].local_accounts["localsend"]
    with reached(domain, name) as server:
        assert server.local_account_state(Sid.parse(local.sid)) == ALL_GOOD
        for account in ("smssend", f"{name}$", "smsdisabled"):
            with pytest.raises(NotFound, match=r"not found \(STATUS_NO_SUCH_DOMAIN: .* of the server itself"):
                server.local_account_state(sid_of(domain, account))
        group = domain.members[name].local_sids[rf"{name}\SMS_SiteToSiteConnection_{name}"]
        for sid in (group, ADMINISTRATORS, f"{local.sid}1"):
            with pytest.raises(NotFound, match=r"not found \(STATUS_NO_SUCH_USER: .* of the server itself"):
                server.local_account_state(Sid.parse(sid))


# -- who asks, and what it costs


@SERVERS
def test_samba_answers_an_account_without_any_right_too(domain: RunningDomain, name: str):
    """Windows may refuse: then the user rights stay open, and the others are errors that name what to do."""
    with reached(domain, name) as server, reached(domain, name, domain.accounts["bystander"]) as asked:
        assert asked.network_logon() == server.network_logon()
        assert asked.joined_domain() == server.joined_domain()
        administrators = Sid.parse(ADMINISTRATORS)
        assert set(asked.group_members(administrators)) == set(server.group_members(administrators))


def test_each_question_costs_few_messages(domain: RunningDomain):
    """A remote procedure call is two messages, opening a pipe five."""
    with reached(domain, "S01") as server:
        server.share("SMS_SITE")
        groups = [Sid.parse(sid) for sid in own_groups(domain, "S01").values()]
        assert messages(server, server.joined_domain) <= 11
        assert messages(server, server.joined_domain) <= 6
        assert messages(server, lambda: server.group_members(groups[0])) <= 5 + 10 + 2
        assert messages(server, lambda: server.group_members(groups[0])) == 6
        local = Sid.parse(domain.members["S01"].local_accounts["localsend"].sid)
        assert messages(server, lambda: server.local_account_state(local)) <= 2 + 6
        assert messages(server, lambda: server.local_account_state(local)) == 6
