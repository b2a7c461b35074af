# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's small domain controller: what it shows, and that its SIDs are those of the lab's hosts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    DirectoryAccountNotFound,
    Domain,
    PasswordRefused,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import LdapDirectory, LdapSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from tests.lab.directory import DirectoryAccount, RunningDirectory, running_directory
from tests.lab.testing import running_lab

PASSWORD = "A-test-1-password"
GROUP = "SCCM Servers"
ACCOUNTS = [DirectoryAccount("smssend", (GROUP,)), DirectoryAccount("P01$")]
COUNTS = ("connections", "logons", "refused", "root", "domain", "account", "by_name", "by_member", "other")


@pytest.fixture(scope="module")
def running() -> Iterator[RunningDirectory]:
    with running_directory(("CORP\\ansible", PASSWORD), ACCOUNTS) as started:
        yield started


def client(running: RunningDirectory, password: str = PASSWORD) -> LdapDirectory:
    running.reset()
    return LdapDirectory(
        LdapSettings(
            host="dc01.corp.example",
            address="127.0.0.1",
            user="ansible",
            domain="CORP",
            password=password,
            port=running.port,
        )
    )


def counted(running: RunningDirectory) -> dict[str, int]:
    counters = running.counters()
    assert tuple(counters) == COUNTS
    return {name: count for name, count in counters.items() if count}


def test_accounts_have_the_sids_and_groups_that_the_hosts_of_the_lab_show(running: RunningDirectory) -> None:
    described = {
        "accounts": [{"name": "smssend"}, {"name": GROUP, "type": "group"}],
        "hosts": [{"name": "P01"}],
    }
    with running_lab(described) as lab, client(running) as directory:
        host = lab["P01"].endpoint.host
        sids = {name: Sid.parse(host.find_account(f"CORP\\{name}").sid) for name in ("smssend", "P01$", GROUP)}
        sender, computer = (directory.account(sids[name]) for name in ("smssend", "P01$"))
    domain = sids["P01$"].domain
    assert (sender.name, computer.name) == ("CORP\\smssend", "CORP\\P01$")
    assert sender.groups == {sids[GROUP], Sid.parse(f"{domain}-513")}  # Domain Users
    assert computer.groups == {Sid.parse(f"{domain}-515")}  # Domain Computers
    assert sender.state == computer.state == AccountState(False, False, False, False)
    assert counted(running) == {"connections": 1, "logons": 1, "account": 2}


def test_searches_are_counted_by_their_kinds(running: RunningDirectory) -> None:
    with client(running) as directory:
        domain = directory.domain()
        found = directory.find("SMSSEND")
        assert directory.groups_with(frozenset({Sid.parse("S-1-5-11")})) == frozenset()
        with pytest.raises(DirectoryAccountNotFound):
            directory.find("nobody")
        with pytest.raises(DirectoryAccountNotFound):
            directory.account(Sid.parse(f"{domain.sid}-999"))
    assert domain == Domain("corp.example", found.domain)
    assert counted(running) == {
        "connections": 1,
        "logons": 1,
        "root": 1,
        "domain": 1,
        "account": 1,
        "by_name": 2,
        "by_member": 1,
    }


def test_a_wrong_password_is_refused_and_counted(running: RunningDirectory) -> None:
    with client(running, "Not-the-passw0rd") as directory, pytest.raises(PasswordRefused):
        directory.domain()
    assert counted(running) == {"connections": 1, "refused": 1}
