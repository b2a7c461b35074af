# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a session follow from the options of a connection."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.connect import ADAPTER, smb_site_server

OPTIONS: dict[str, Any] = {
    "host": "10.0.0.1", "port": 1445, "remote_user": "CORP\\ops", "password": "S3cret", "auth": "ntlm",
    "kerberos_hostname_override": None, "dialect": "auto", "signing": "required", "encryption": True,
    "answer_timeout": 42, "parallel": 3, "domains": {},
}  # fmt: skip


def settings(**changed: Any) -> Any:
    options = {**OPTIONS, **changed}
    server = smb_site_server("p01", SimpleNamespace(get_option=options.__getitem__))
    assert (server.host, server.operator) == ("p01", options["remote_user"])
    return server._settings


def test_options_are_settings() -> None:
    found = settings()
    assert (found.address, found.port, found.timeout, found.encryption) == ("10.0.0.1", 1445, 42, True)
    assert (found.domain, found.user, found.password, found.kerberos) == ("CORP", "ops", "S3cret", False)
    assert found.signing == "required"


@pytest.mark.parametrize(("option", "dialect"), [("auto", None), ("nt1", "nt1")])
def test_automatic_is_no_dialect(option: str, dialect: str | None) -> None:
    assert settings(dialect=option).dialect == dialect


def test_kerberos_takes_a_realm_and_a_name_and_needs_neither_account_nor_password() -> None:
    changed = {"auth": "kerberos", "password": None, "kerberos_hostname_override": "p01.corp.example"}
    found = settings(**changed, remote_user="ops@corp.example")
    assert (found.domain, found.user, found.password) == ("CORP.EXAMPLE", "ops", "")
    assert (found.kerberos, found.kerberos_name) == (True, "p01.corp.example")
    assert settings(**changed, remote_user=None).user == ""


def test_kerberos_takes_the_netbios_names_of_domains() -> None:
    found = settings(auth="kerberos", domains={"corp.example": "CORP"})
    assert (found.domain, found.domains, found.account) == ("CORP", {"corp.example": "CORP"}, "CORP\\ops")
    assert settings(domains=None).domains == {}


def test_the_password_shows_nowhere() -> None:
    assert "S3cret" not in repr(settings())


def test_opening_connects_to_nothing() -> None:
    with ADAPTER.open("p01", SimpleNamespace(get_option=OPTIONS.__getitem__)) as server:
        assert server.host == "p01"
