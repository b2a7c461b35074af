# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Which account logs on at which domain controller, and what is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils import domain_controllers as module
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    Directories,
    DirectoryError,
    DirectoryLogonFailed,
    DirectoryUnreachable,
    RememberedDirectory,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.entry import DirectoryEntriesError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import LdapSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import ldap as adapter
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.domain_controllers import (
    close_directories,
    load_directories,
    open_directories,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import ConnectionUnsupported
from tests.unit.directory.entries import DOMAIN, SENDER, attributes
from tests.unit.directory.ldap.scripted import Plain, answer_entries, controller

PASSWORD, OTHER = "no message may have this", "nor may it have that"
SMB = "sitekeeper.sms.smb"
NTLM = {"transport": ["ntlm"], "remote_user": r"CORP\ansible", "remote_password": PASSWORD}
TICKET = {"transport": ["kerberos"], "remote_user": "ansible@CORP.EXAMPLE"}


class Plugin:
    """A connection plugin: its name and its options."""

    def __init__(self, kind: str, /, **options: Any) -> None:
        self.transport = kind
        self.options = options

    def get_option(self, name: str) -> Any:
        return self.options.get(name)


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(adapter, "Ntlm", Plain)
    yield
    close_directories()


def settings(directories: Directories) -> list[LdapSettings]:
    """Those of each directory that can be asked."""
    return [found._directory._settings for found in directories._directories]  # type: ignore[attr-defined]


def opened(entry: dict[str, Any], plugin: Plugin, host: str = "p01") -> LdapSettings:
    (found,) = settings(open_directories([entry], plugin, host, None))
    return found


def refusal(entry: dict[str, Any], plugin: Plugin, host: str = "p01") -> str:
    (found,) = open_directories([entry], plugin, host, None)._directories
    assert not isinstance(found, RememberedDirectory)
    with pytest.raises(DirectoryLogonFailed) as caught:
        found.domain()
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("entries", [None, []])
def test_no_entries_are_no_directories(entries: list[Any] | None) -> None:
    assert not open_directories(entries, Plugin("local"), "p01", None)


def test_an_entry_with_all_its_keys() -> None:
    entry = {
        "server": "c01.corp.example",
        "address": "10.0.0.1",
        "port": 3890,
        "auth": "kerberos",
        "user": r"CORP\reader",
        "password": OTHER,
        "kerberos_hostname_override": "dc.corp.example",
        "domains": {"corp.example": "CORP"},
        "timeout": 7,
    }
    assert opened(entry, Plugin("winrm", **NTLM)) == LdapSettings(
        host="c01.corp.example",
        address="10.0.0.1",
        user="reader",
        domain="CORP",
        password=OTHER,
        kerberos=True,
        kerberos_name="dc.corp.example",
        domains={"corp.example": "CORP"},
        port=3890,
        timeout=7,
    )


@pytest.mark.parametrize(
    ("plugin", "expected"),
    [
        (Plugin("winrm", **NTLM), ("CORP", "ansible", PASSWORD, False)),
        (Plugin("winrm", **TICKET), ("CORP.EXAMPLE", "ansible", "", True)),
        (Plugin("winrm", **TICKET, remote_password=PASSWORD), ("CORP.EXAMPLE", "ansible", PASSWORD, True)),
        (Plugin("winrm", transport=["kerberos"]), ("", "", "", True)),
        (Plugin("psrp", auth="negotiate"), ("", "", "", True)),
        (
            Plugin("psrp", auth="ntlm", remote_user="a@corp.example", remote_password="x"),
            ("", "a@corp.example", "x", False),
        ),
        (Plugin(SMB, auth="ntlm", remote_user=r"CORP\a", password="x"), ("CORP", "a", "x", False)),
        (Plugin(SMB, auth="kerberos", remote_user=r"CORP\a"), ("CORP", "a", "", True)),
    ],
)
def test_without_user_it_is_the_account_of_the_connection(plugin: Plugin, expected: tuple[Any, ...]) -> None:
    found = opened({"server": "c01.corp.example"}, plugin)
    assert (found.domain, found.user, found.password, found.kerberos) == expected
    assert (found.host, found.address, found.port, found.timeout) == ("c01.corp.example", "c01.corp.example", 389, 10)


@pytest.mark.parametrize(
    ("plugin", "auth", "kerberos"),
    [
        (Plugin("winrm", **NTLM), None, False),
        (Plugin("winrm", **TICKET), None, True),
        (Plugin("winrm", **TICKET), "ntlm", False),
        (Plugin("winrm", **NTLM), "kerberos", True),
        (Plugin("winrm", transport=["certificate"]), None, False),
        (Plugin("psrp", auth="certificate"), "kerberos", True),
    ],
)
def test_an_account_of_the_entry_logs_on_as_the_connection_does(plugin: Plugin, auth: str, kerberos: bool) -> None:
    entry = {"server": "c01", "auth": auth, "user": "reader@CORP.EXAMPLE", "password": OTHER}
    found = opened(entry, plugin)
    assert (found.kerberos, found.password) == (kerberos, OTHER)
    assert (found.domain, found.user) == (("CORP.EXAMPLE", "reader") if kerberos else ("", "reader@CORP.EXAMPLE"))


def test_names_of_domains_are_those_of_the_connection() -> None:
    plugin = Plugin(SMB, auth="kerberos", remote_user=r"CORP\a", domains={"corp.example": "CORP"})
    assert opened({"server": "c01"}, plugin).domains == {"corp.example": "CORP"}
    assert opened({"server": "c01", "domains": {"x.example": "X"}}, plugin).domains == {"x.example": "X"}
    assert opened({"server": "c01", "domains": {}}, plugin).domains == {}


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (Plugin("winrm", transport=["certificate"]), "it logs on with a certificate, which is no account for another"),
        (Plugin("winrm", transport=["ntlm"]), "it has no user and password"),
        (
            Plugin("winrm", transport=["basic"], remote_user="Administrator", remote_password=PASSWORD),
            "is no account of a",
        ),
        (
            Plugin("winrm", transport=["ntlm"], remote_user=r".\a", remote_password=PASSWORD),
            r".\a is an account of the",
        ),
        (
            Plugin("psrp", auth="ntlm", remote_user=r"P01\a", remote_password=PASSWORD),
            r"P01\a is an account of the host",
        ),
    ],
)
def test_accounts_that_no_domain_controller_has(plugin: Plugin, reason: str) -> None:
    text = refusal({"server": "c01.corp.example"}, plugin, "p01.corp.example")
    assert text.startswith("c01.corp.example: could not log on to the directory: the account of p01.corp.example's ")
    assert f"connection ({plugin.transport}) cannot be used: " in text
    assert reason in text
    assert text.endswith(". Give user and password in its entry of sms_directory.")


def test_basic_has_a_password_for_ntlm() -> None:
    plugin = Plugin("winrm", transport=["basic"], remote_user=r"CORP\a", remote_password=PASSWORD)
    found = opened({"server": "c01"}, plugin)
    assert (found.account, found.kerberos) == (r"CORP\a", False)


def test_ntlm_with_a_ticket_only() -> None:
    text = refusal({"server": "c01.corp.example", "auth": "ntlm"}, Plugin("winrm", **TICKET))
    assert "NTLM needs a password, and it logs on with a ticket" in text


@pytest.mark.parametrize("server", ["10.0.0.1", "fe80::1"])
def test_kerberos_needs_a_name(server: str) -> None:
    text = refusal({"server": server}, Plugin("winrm", **TICKET))
    assert f"Kerberos needs the full name of the domain controller, not {server}. Give it as server, and the" in text
    named = opened({"server": server, "kerberos_hostname_override": "c01.corp.example"}, Plugin("winrm", **TICKET))
    assert named.kerberos_name == "c01.corp.example"


def test_a_wrong_entry() -> None:
    with pytest.raises(DirectoryEntriesError, match=r"^sms_directory\[0\]: port '0' is no number from 1 to 65535\.$"):
        open_directories([{"server": "c01", "port": 0}], Plugin("winrm", **NTLM), "p01", None)


def test_a_connection_that_leads_to_no_site_server() -> None:
    with pytest.raises(ConnectionUnsupported, match=r"^p01: .*not by 'local'"):
        open_directories([{"server": "c01"}], Plugin("local"), "p01", None)


def test_the_adapter_can_be_loaded_before_a_fork() -> None:
    load_directories()


# -- one for a process


def test_all_hosts_with_the_same_account_use_one_directory(tmp_path: Path) -> None:
    def of(host: str, *, password: str = PASSWORD, memory: Path | None = tmp_path) -> Any:
        plugin = Plugin("winrm", **{**NTLM, "remote_password": password})
        return open_directories([{"server": "c01"}], plugin, host, memory)._directories[0]

    assert of("p01") is of("p02")
    assert of("p01") is not of("p01", password=OTHER)
    assert of("p01") is not of("p01", memory=None)


def test_connections_are_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_OPEN", 1)
    with controller(answer_entries(attributes())) as running:
        entry = {"server": "127.0.0.1", "port": running.port}
        first = open_directories([entry], Plugin("winrm", **NTLM), "p01", None).of(Sid.parse(DOMAIN))
        assert first.account(SENDER).sid == SENDER
        open_directories([{**entry, "timeout": 9}], Plugin("winrm", **NTLM), "p01", None)
        assert first._directory._connection is None  # type: ignore[attr-defined]
        first.find.__self__._answers.clear()  # type: ignore[attr-defined]
        assert first.account(SENDER).sid == SENDER
        first.close()  # type: ignore[attr-defined]
    assert running.connections == 2


@pytest.mark.parametrize("memory", [True, False])
def test_no_password_in_memory_and_messages(tmp_path: Path, memory: bool) -> None:
    with controller(answer_entries(), bind=(49, "data 52e")) as running:
        entry = {"server": "127.0.0.1", "port": running.port, "user": r"CORP\a", "password": OTHER}
        directories = open_directories([entry], Plugin("winrm", **NTLM), "p01", tmp_path if memory else None)
        with pytest.raises(DirectoryError) as caught:
            directories.of(Sid.parse(DOMAIN))
    text = "".join(map(repr, (directories, caught.value, vars(caught.value), settings(directories), module._open)))
    text += "".join(f"{path} {path.read_text()}" for path in tmp_path.rglob("*") if path.is_file())
    assert "password is wrong (52e)" in text
    for password in (PASSWORD, OTHER):
        assert password not in text
    assert any(tmp_path.iterdir()) is memory


def test_one_that_cannot_be_reached_hides_no_other() -> None:
    with controller(answer_entries(attributes())) as running:
        entries = [
            {"server": "127.0.0.1", "port": 1, "timeout": 5},
            {"server": "127.0.0.1", "port": running.port},
        ]
        directories = open_directories(entries, Plugin("winrm", **NTLM), "p01", None)
        assert directories.of(Sid.parse(DOMAIN)).account(SENDER).sid == SENDER
        with pytest.raises(DirectoryUnreachable):
            directories.of(Sid.parse("S-1-5-21-7-8-9"))
