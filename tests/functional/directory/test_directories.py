# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option sms_directory against a real domain and one that it trusts, with the account of the host's connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    Directories,
    DirectoryAccountNotFound,
    DirectoryLogonFailed,
    NoDirectory,
    PasswordRefused,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.entry import LONGEST_TIMEOUT
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.domain_controllers import (
    close_directories,
    open_directories,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from tests.lab.domain.testing import RunningDomain, missing, running_domain

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

WRONG = "Wr0ng-and-secret"


class Plugin:
    """The connection plugin of a host, with an account without any special right."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.transport = kind
        self._options = options

    def get_option(self, name: str) -> Any:
        return self._options.get(name)


@pytest.fixture(scope="module")
def domain() -> Iterator[RunningDomain]:
    with running_domain() as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, domain: RunningDomain) -> Iterator[None]:
    monkeypatch.setenv("KRB5_CONFIG", str(domain.krb5_conf))
    monkeypatch.delenv("KRB5CCNAME", raising=False)
    yield
    close_directories()


def plugins(domain: RunningDomain, password: str | None = None) -> dict[str, Plugin]:
    account = domain.accounts["bystander"]
    given = {"remote_user": account.user, "remote_password": password or account.password}
    realm = {**given, "remote_user": account.principal}
    of_smb = {"remote_user": account.user, "password": given["remote_password"], "auth": "kerberos"}
    return {
        "winrm, ntlm": Plugin("winrm", transport=["ntlm"], **given),
        "winrm, kerberos": Plugin("winrm", transport=["kerberos"], **realm),
        "psrp, negotiate": Plugin("psrp", auth="negotiate", **realm),
        "smb, kerberos": Plugin("sitekeeper.sms.smb", domains={domain.dns_domain: domain.netbios}, **of_smb),
    }


def opened(domain: RunningDomain, plugin: Plugin, memory: Path | None = None) -> Directories:
    """Its own domain controller, and that of the domain that it trusts, by names that nothing here resolves."""
    entries = [
        {"server": each.controller.dns_name, "address": each.controller.address, "timeout": LONGEST_TIMEOUT}
        for each in (domain, domain.trusted["PARTNER"])
    ]
    return open_directories(entries, plugin, "p01", memory)


def sid_of(domain: RunningDomain, name: str) -> Sid:
    return Sid.parse(domain.sids[name])


def domain_of(domain: RunningDomain) -> Sid:
    found = sid_of(domain, "bystander").domain
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["winrm, ntlm", "winrm, kerberos", "psrp, negotiate", "smb, kerberos"])
def test_an_account_of_a_trusted_domain(domain: RunningDomain, tmp_path: Path, kind: str):
    """Its groups come from its own domain; the domain local ones of the server's domain from there."""
    partner = domain.trusted["PARTNER"]
    directories = opened(domain, plugins(domain)[kind], tmp_path)
    account = directories.of(domain_of(partner)).account(sid_of(partner, "X02$"))
    assert account.groups is not None
    assert sid_of(partner, "Partner Servers") in account.groups
    here = directories.of(domain_of(domain))
    assert here.groups_with(account.groups | {account.sid}) == {sid_of(domain, "SCCM Senders")}
    assert here.domain().name == domain.dns_domain
    assert directories.of(domain_of(partner)).domain().name == partner.dns_domain


def test_an_account_of_one_domain_is_not_in_the_other(domain: RunningDomain):
    partner = domain.trusted["PARTNER"]
    directories = opened(domain, plugins(domain)["winrm, ntlm"])
    with pytest.raises(DirectoryAccountNotFound):
        directories.of(domain_of(domain)).account(sid_of(partner, "X02$"))


def test_a_domain_without_a_domain_controller(domain: RunningDomain):
    directories = opened(domain, plugins(domain)["winrm, ntlm"])
    with pytest.raises(
        NoDirectory, match=r"no domain controller of the domain S-1-5-21-4-5-6 in sms_directory\. Add one"
    ):
        directories.of(Sid.parse("S-1-5-21-4-5-6"))


def test_a_sid_that_no_account_has_any_more(domain: RunningDomain):
    """An orphaned SID in a DACL."""
    own = domain_of(domain)
    with pytest.raises(DirectoryAccountNotFound, match="the domain has no account with the SID"):
        opened(domain, plugins(domain)["winrm, ntlm"]).of(own).account(Sid(5, (*own.subauthorities, 99_999)))


@pytest.mark.parametrize("kind", ["winrm, ntlm", "winrm, kerberos"])
def test_a_wrong_password_counts_once_in_the_domain(domain: RunningDomain, tmp_path: Path, kind: str):
    """Two domain controllers and many questions: Samba counts one attempt (badPwdCount)."""

    def count() -> int:
        administrator = domain.administrator
        query = ("-H", f"ldap://{domain.controller.dns_name}", "(sAMAccountName=bystander)", "badPwdCount")
        printed = domain.samba("ldbsearch", administrator, *query)
        found = [line for line in printed.splitlines() if line.startswith("badPwdCount: ")]
        return int(found[0].rpartition(" ")[2]) if found else 0

    # Samba counts only where an account can be locked out.
    domain.modify(f"dn: {domain.base_dn}\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 50\n")
    before = count()
    for host in range(5):
        directories = opened(domain, plugins(domain, WRONG)[kind], tmp_path)
        for name in ("P01$", "P02$"):
            with pytest.raises(DirectoryLogonFailed) as caught:
                directories.of(domain_of(domain)).account(sid_of(domain, name))
            assert caught.type is PasswordRefused, host
            assert WRONG not in str(caught.value)
        close_directories()  # as if each host had a process of its own
    assert count() == before + 1
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or WRONG.encode() not in path.read_bytes()
    # The right password sets the counter back.
    with pytest.raises(NoDirectory):
        opened(domain, plugins(domain)[kind]).of(Sid.parse("S-1-5-21-4-5-6"))


def test_the_account_of_the_host_itself_is_never_tried(domain: RunningDomain):
    plugin = Plugin("winrm", transport=["ntlm"], remote_user="Administrator", remote_password=WRONG)
    with pytest.raises(DirectoryLogonFailed, match="Administrator is no account of a domain"):
        opened(domain, plugin).of(domain_of(domain))
