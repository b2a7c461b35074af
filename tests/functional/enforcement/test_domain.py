# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Will the account get in, and what decides it: on the servers of a real domain, beside what smbclient gets there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import Directories, RememberedDirectory
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import LdapDirectory, LdapSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    Assessment,
    MissingMembers,
    SenderRequest,
    assess_sender_access,
    enforce_sender_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.effective import SenderAccess
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccessAnswer
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer
from tests.lab.domain.description import STATES, State
from tests.lab.domain.testing import RunningAccount, RunningDomain, missing, running_domain
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

GRANTED, DENIED = AccessAnswer.GRANTED, AccessAnswer.DENIED


@pytest.fixture(scope="module")
def domain() -> Iterator[RunningDomain]:
    """C01 is the domain controller; P01 and S01 are member servers."""
    with running_domain() as running:
        yield running


@contextmanager
def reached(domain: RunningDomain, name: str) -> Iterator[SmbSiteServer]:
    computer = domain.controller if name == "C01" else domain.members[name]
    account = domain.accounts["ansible"]
    values = {"domain": account.domain, "user": account.name, "password": account.password, "timeout": PATIENCE}
    with closing(SmbSiteServer(SmbSettings(name, computer.address, 445, **values), account.user)) as server:
        yield server


@contextmanager
def asked(domain: RunningDomain, *, partner: bool = True) -> Iterator[Directories]:
    """The domain controllers, asked by accounts without any special right."""
    made = []
    for each in (domain, *([domain.trusted["PARTNER"]] if partner else [])):
        account = each.accounts["bystander"]
        made.append(
            LdapDirectory(
                LdapSettings(
                    host=each.controller.dns_name,
                    address=each.controller.address,
                    user=account.name,
                    domain=account.domain,
                    password=account.password,
                    timeout=PATIENCE,
                )
            )
        )
    try:
        yield Directories(made)
    finally:
        for directory in made:
            directory.close()


def request(name: str, *senders: str, **options: bool) -> SenderRequest:
    group = f"SMS_SiteToSiteConnection_{name}"
    # The group of a domain controller is one of its domain.
    group = rf"CORP\{group}" if name == "C01" else group
    return SenderRequest(PRODUCTS["configmgr"], senders, group=group, missing_members=MissingMembers.ADD, **options)


def assessed(domain: RunningDomain, name: str, *senders: str, **options: bool) -> Assessment:
    with reached(domain, name) as server, asked(domain) as directories:
        return assess_sender_access(server, request(name, *senders, **options), directories)


def gets_in(domain: RunningDomain, name: str, account: RunningAccount) -> bool:
    """Whether smbclient as this account writes a file, reads it and deletes it."""
    computer = domain.controller if name == "C01" else domain.members[name]
    commands = f"put {domain.smb_conf} probe.txt; get probe.txt /dev/null; del probe.txt"
    return "NT_STATUS_" not in domain.smbclient(computer, commands, account)


def chain(access: SenderAccess) -> str:
    """The groups that lead to the first entry. Samba shows names in small letters once it has them in a cache."""
    return access.share.decided_by[0].partition(": ")[0].casefold()


SENDERS = pytest.mark.parametrize(
    ("server", "sender", "groups"),
    [
        # Global in universal in domain local, which is in the site-to-site group.
        ("P01", "P02$", [r"CORP\SCCM Senders", r"P01\SMS_SiteToSiteConnection_P01"]),
        ("P01", "smssend", [r"CORP\SCCM Senders", r"P01\SMS_SiteToSiteConnection_P01"]),
        ("P01", "gmsa_sms$", [r"CORP\SCCM Senders", r"P01\SMS_SiteToSiteConnection_P01"]),
        ("S01", "P02$", [r"CORP\SCCM Servers", r"BUILTIN\Administrators"]),
        # On a domain controller the group is domain local.
        ("C01", "P02$", [r"CORP\SCCM Servers", r"CORP\SMS_SiteToSiteConnection_C01"]),
    ],
)


@SENDERS
def test_nested_groups_grant_access_and_are_named(domain: RunningDomain, server: str, sender: str, groups: list[str]):
    access = assessed(domain, server, rf"CORP\{sender}").senders[rf"CORP\{sender}"]
    assert (access.answer, access.satisfied) == (GRANTED, True)
    assert chain(access) == " → ".join([rf"CORP\{sender}", *groups]).casefold()
    if not sender.startswith("gmsa"):
        assert gets_in(domain, server, domain.accounts[sender]) is True


@SENDERS
def test_nothing_is_written_where_a_group_grants_access(
    domain: RunningDomain, server: str, sender: str, groups: list[str]
):
    with reached(domain, server) as there, asked(domain) as directories:
        outcome = enforce_sender_access(there, request(server, rf"CORP\{sender}"), directories, check_mode=True)
    assert (outcome.changed, outcome.missing, outcome.added) == (False, (), ())


@pytest.mark.parametrize("server", ["P01", "S01"])
@pytest.mark.parametrize("sender", ["bystander", "X01$"])
def test_who_is_in_no_group_is_denied(domain: RunningDomain, server: str, sender: str):
    access = assessed(domain, server, rf"CORP\{sender}").senders[rf"CORP\{sender}"]
    assert (access.answer, access.satisfied, access.member) == (DENIED, False, False)
    assert gets_in(domain, server, domain.accounts[sender]) is False


def test_a_deny_entry_of_a_group_denies(domain: RunningDomain):
    access = assessed(domain, "P01", r"CORP\blocked").senders[r"CORP\blocked"]
    assert access.answer is DENIED
    assert access.share.may_be_denied_by == ()
    lines = [line.casefold() for line in access.because]
    assert any(line.startswith(r"share: corp\blocked → corp\blocked senders: deny") for line in lines)
    assert gets_in(domain, "P01", domain.accounts["blocked"]) is False


def test_without_a_directory_a_deny_entry_of_a_domain_group_leaves_the_answer_unknown(domain: RunningDomain):
    with reached(domain, "P01") as server:
        access = assess_sender_access(server, request("P01", r"CORP\smssend")).senders[r"CORP\smssend"]
    assert (access.answer, access.member) == (AccessAnswer.UNKNOWN, None)
    assert any("blocked senders" in line.casefold() for line in access.share.may_be_denied_by)
    assert access.logon.not_looked_at


@pytest.mark.parametrize(("server", "answer"), [("P01", GRANTED), ("S01", DENIED)])
def test_an_account_of_a_trusted_domain(domain: RunningDomain, server: str, answer: AccessAnswer):
    r"""PARTNER\Partner Servers is in CORP\SCCM Senders, which is domain local."""
    access = assessed(domain, server, r"PARTNER\smssend").senders[r"PARTNER\smssend"]
    assert access.answer is answer
    assert gets_in(domain, server, domain.trusted["PARTNER"].accounts["smssend"]) is (answer is GRANTED)


def test_a_trusted_domain_that_is_not_listed_leaves_the_answer_unknown(domain: RunningDomain):
    with reached(domain, "P01") as server, asked(domain, partner=False) as directories:
        found = assess_sender_access(server, request("P01", r"PARTNER\smssend"), directories)
    access = found.senders[r"PARTNER\smssend"]
    assert access.answer is AccessAnswer.UNKNOWN
    assert any("sms_directory" in line for line in access.because)


REASONS = {
    State.DISABLED: "account disabled",
    State.LOCKED_OUT: "account locked",
    State.EXPIRED: "account expired",
    State.PASSWORD_EXPIRED: "password expired",
    State.MUST_CHANGE: "password expired",
}


@pytest.mark.parametrize("state", [state for state in STATES if state in REASONS])
def test_an_account_that_cannot_log_on_is_denied_whatever_its_groups(domain: RunningDomain, state: State):
    name = rf"CORP\{STATES[state]}"
    access = assessed(domain, "P01", name).senders[name]
    assert (access.answer, access.permitted, access.satisfied) == (DENIED, True, False)
    assert access.because == (REASONS[state],)
    assert gets_in(domain, "P01", domain.accounts[STATES[state]]) is False


def test_a_denied_right_to_log_on_is_named(domain: RunningDomain):
    """Of Samba, only a domain controller keeps that right."""
    access = assessed(domain, "C01", r"CORP\nonetwork", r"CORP\smssend", logon=True).senders
    assert access[r"CORP\nonetwork"].answer is DENIED
    (line,) = access[r"CORP\nonetwork"].because
    expected = r"right to log on from the network: denied by CORP\No Network (local security policy)"
    assert line.casefold() == expected.casefold()
    assert access[r"CORP\smssend"].answer is GRANTED


def test_the_next_server_is_not_asked_for_an_account_that_the_domain_has_shown(
    domain: RunningDomain, monkeypatch: pytest.MonkeyPatch
):
    """The members of its groups show what the domain's name means there."""
    asked_for: list[str] = []
    resolve = SmbSiteServer.resolve
    monkeypatch.setattr(SmbSiteServer, "resolve", lambda self, name: (asked_for.append(name), resolve(self, name))[1])
    sender = r"CORP\P02$"
    found = []
    with asked(domain, partner=False) as plain:
        directories = Directories([RememberedDirectory(each) for each in plain._directories])
        for name in ("P01", "S01"):
            with reached(domain, name) as server:
                found.append(assess_sender_access(server, request(name, sender), directories).accounts[sender])
    assert found[0].sid == found[1].sid
    assert [name for name in asked_for if "SMS_" not in name] == [sender]
