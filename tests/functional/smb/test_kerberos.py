# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logons by Kerberos: MIT's KDC gives the tickets, MIT's kinit too, and Samba takes them."""

from __future__ import annotations

import dataclasses
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants as C  # noqa: N812
from ansible.errors import AnsibleAuthenticationFailure
from ansible.playbook.play_context import PlayContext

from ansible_collections.sitekeeper.sms.plugins.connection.smb import DOCUMENTATION, Connection
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import open_session
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb.files import file_client
from tests.functional.smb.between import between
from tests.functional.smb.kdc import Realm, held_port, new_realm
from tests.functional.smb.kdc import missing as kdc_missing
from tests.lab.samba import missing as samba_missing
from tests.lab.testing import default_hierarchy, running_lab
from tests.unit.module_utils.smb_servers import answering
from tests.waiting import PATIENCE, wait_until

MISSING = "; ".join(filter(None, (samba_missing(), kdc_missing())))
with_kdc = pytest.mark.skipif(bool(MISSING), reason=f"{MISSING}; as root on Debian, `make test` installs what it needs")
REALM = "CORP.EXAMPLE"
NAME = "c01.corp.example"
PASSWORD = "Tick3t pläse"
WRONG = "Not-The-Passw0rd"
RECEIVE = "D\\SMS\\Site.srv\\Despoolr.box\\Receive"
DIALECTS = pytest.mark.parametrize("dialect", [None, "nt1"], ids=["SMB 3", "SMB 1"])


@dataclass(frozen=True)
class Site:
    """A site server that takes tickets, and the realm that gives them."""

    address: str
    directory: str
    realm: Realm
    kdc: int

    def settings(self, user: str = "ansible", password: str = PASSWORD, **others: Any) -> SmbSettings:
        """A logon by password, at the server's address."""
        given = {"kerberos": True, "kerberos_name": NAME, "timeout": PATIENCE, **others}
        return SmbSettings("C01", self.address, 445, REALM, user, password, **given)

    def by_ticket(self, **others: Any) -> SmbSettings:
        """A logon by whatever ticket there is."""
        return dataclasses.replace(self.settings("", "", **others), domain="")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    base = tmp_path_factory.mktemp("realm")
    realm = new_realm(REALM, base)
    password = f'+requires_preauth -pw "{PASSWORD}"'
    realm.administer(
        f"addprinc {password} ansible",
        f"addprinc {password} stranger",
        f"addprinc {password} revoked",
        f"addprinc {password} -pwexpire 2001-01-01 stale",
        f'addprinc -requires_preauth -pw "{PASSWORD}" bystander',
        f"addprinc {password} -e aes128-cts:normal smssend",
        f"addprinc {password} -e arcfour-hmac:normal smssvc",
        "modprinc -allow_tix revoked",
        f"addprinc -randkey cifs/{NAME}",
        "addprinc -randkey cifs/other.corp.example",
        f"ktadd -k {base}/keytab cifs/{NAME}",
    )
    with realm.kdc() as port, running_lab(default_hierarchy(1), backend="samba") as lab:
        smb = lab["C01"].smb
        assert smb is not None
        kerberos = {
            # As a domain controller, Samba wants what only a KDC of its own domain puts into a ticket.
            "server role": "standalone server",
            "realm": REALM,
            "kerberos method": "dedicated keytab",
            "dedicated keytab file": f"{base}/keytab",
        }
        smb.set_parameters(kerberos, restart=True)
        yield Site(lab["C01"].address, lab["C01"].path("D:\\SMS"), realm, port)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The realm's krb5.conf, and no ticket."""
    monkeypatch.delenv("KRB5CCNAME", raising=False)
    if "site" in request.fixturenames:
        site: Site = request.getfixturevalue("site")
        site.realm.write_krb5_conf(site.kdc)
        monkeypatch.setenv("KRB5_CONFIG", str(site.realm.base / "krb5.conf"))


def works(wanted: SmbSettings) -> bool:
    """Whether a session comes about that is signed and of use."""
    with open_session(wanted) as session:
        assert session.signed
        return file_client(session).attributes("C$", RECEIVE) == 0x10


def refusal(wanted: SmbSettings) -> SmbError:
    """What comes instead of a session."""
    with pytest.raises(SmbError) as caught, open_session(wanted):
        pass
    assert not wanted.password or wanted.password not in f"{caught.value}{caught.value!r}{vars(caught.value)}"
    assert caught.value.kind == "logon"
    assert caught.value.advice
    return caught.value


# -- by password


@with_kdc
@DIALECTS
def test_a_password_gets_a_ticket_that_samba_takes(site: Site, dialect: str | None) -> None:
    assert works(site.settings(dialect=dialect))


@with_kdc
def test_the_default_realm_is_the_one_of_krb5_conf(site: Site) -> None:
    assert works(dataclasses.replace(site.settings(), domain=""))


@with_kdc
def test_encryption_works_with_the_ticket_s_key(site: Site) -> None:
    with open_session(site.settings(encryption=True)) as session:
        assert session.encrypted
        assert file_client(session).attributes("C$", RECEIVE) == 0x10


@with_kdc
@DIALECTS
def test_a_changed_answer_is_not_believed(site: Site, dialect: str | None) -> None:
    armed = False

    def last_byte_changed(message: bytes) -> bytes:
        return message[:-1] + bytes((message[-1] ^ 1,)) if armed else message

    with between(site.address, last_byte_changed) as port:
        wanted = dataclasses.replace(site.settings(dialect=dialect), address="127.0.0.1", port=port)
        with open_session(wanted) as session:
            files = file_client(session)
            files.connect("C$")
            armed = True
            with pytest.raises(SmbError, match="signature is wrong"):
                files.attributes("C$", RECEIVE)


@with_kdc
@pytest.mark.parametrize("user", ["bystander", "smssend", "smssvc"], ids=["not asked for proof", "AES 128", "RC4"])
def test_accounts_with_other_keys_get_tickets(site: Site, user: str) -> None:
    with open_session(site.settings(user)) as session:
        assert session.signed


@with_kdc
@pytest.mark.parametrize(
    ("user", "password", "words"),
    [
        ("ansible", WRONG, "the password is wrong"),
        ("bystander", WRONG, "the password is wrong"),
        ("nobody", PASSWORD, "the realm CORP.EXAMPLE has no account nobody (KDC_ERR_C_PRINCIPAL_UNKNOWN)"),
        ("revoked", PASSWORD, "is disabled, locked out or expired (KDC_ERR_CLIENT_REVOKED)"),
        ("stale", PASSWORD, "password has expired (KDC_ERR_KEY_EXPIRED)"),
    ],
)
def test_what_the_realm_refuses_is_told(site: Site, user: str, password: str, words: str) -> None:
    error = refusal(site.settings(user, password))
    assert error.reason.startswith(f"{user}@{REALM}: ")
    assert words in error.reason


@with_kdc
def test_an_account_that_the_server_does_not_know_is_told(site: Site) -> None:
    error = refusal(site.settings("stranger"))
    assert error.reason.startswith(f"stranger@{REALM}: ")
    assert "STATUS_" in error.reason
    assert "accepts the account" in error.advice


# -- by ticket


@with_kdc
@DIALECTS
@pytest.mark.parametrize("named", ["{}", "FILE:{}"])
def test_a_ticket_of_kinit_s_is_enough(
    site: Site, monkeypatch: pytest.MonkeyPatch, dialect: str | None, named: str
) -> None:
    monkeypatch.setenv("KRB5CCNAME", named.format(site.realm.kinit("ansible", PASSWORD)))
    assert works(site.by_ticket(dialect=dialect))
    assert works(site.settings(password="", dialect=dialect))


@with_kdc
def test_a_ticket_is_found_where_krb5_conf_keeps_it(site: Site) -> None:
    default = site.realm.base / "cache_0"
    site.realm.kinit("ansible", PASSWORD).rename(default)
    try:
        assert works(site.by_ticket())
    finally:
        default.unlink()


@with_kdc
def test_a_ticket_for_the_service_needs_no_kdc(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = site.realm.kinit("ansible", PASSWORD, "-S", f"cifs/{NAME}")
    monkeypatch.setenv("KRB5CCNAME", str(cache))
    with held_port() as nobody:
        site.realm.write_krb5_conf(nobody)
        assert works(site.by_ticket())


@with_kdc
def test_a_password_counts_for_more_than_a_ticket(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5CCNAME", str(site.realm.kinit("stranger", PASSWORD)))
    assert works(site.settings())


@with_kdc
def test_a_ticket_of_somebody_else_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5CCNAME", str(site.realm.kinit("stranger", PASSWORD)))
    assert f"is stranger@{REALM}'s" in refusal(site.settings(password="")).reason


@with_kdc
def test_a_ticket_that_has_expired_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = site.realm.kinit("ansible", PASSWORD, "-l", "1s")
    monkeypatch.setenv("KRB5CCNAME", str(cache))
    # It ends at a whole second, which begins at most one second after the ticket was got.
    got = time.time()
    wait_until(lambda: time.time() > got + 1, "the ticket has expired")
    error = refusal(site.by_ticket())
    assert f"the ticket in {cache} expired at " in error.reason
    assert error.advice == "Run kinit again."


@with_kdc
@pytest.mark.parametrize(
    ("cache", "words"),
    [
        ("{}/nothing", "there is no Kerberos ticket ({}/nothing: No such file or directory)"),
        ("{}/krb5.conf", "{}/krb5.conf is no file of tickets"),
        ("KEYRING:persistent:0", "tickets are kept in KEYRING:persistent:0, and only files can be read here"),
    ],
)
def test_no_ticket_is_told(site: Site, monkeypatch: pytest.MonkeyPatch, cache: str, words: str) -> None:
    monkeypatch.setenv("KRB5CCNAME", cache.format(site.realm.base))
    error = refusal(site.by_ticket())
    assert words.format(site.realm.base) in error.reason
    assert "kinit" in error.advice


# -- the service, and the KDC


@with_kdc
def test_a_name_that_the_realm_does_not_know_leads_to_the_advice(site: Site) -> None:
    error = refusal(site.settings(kerberos_name=""))
    assert f"has no service cifs/{site.address} (KDC_ERR_S_PRINCIPAL_UNKNOWN)" in error.reason
    assert "ansible_smb_kerberos_hostname_override" in error.advice


@with_kdc
@DIALECTS
def test_a_ticket_for_another_server_is_told(site: Site, dialect: str | None) -> None:
    error = refusal(site.settings(kerberos_name="other.corp.example", dialect=dialect))
    assert "does not accept the ticket for cifs/other.corp.example (STATUS_LOGON_FAILURE)" in error.reason


@with_kdc
def test_clocks_that_differ_are_told(site: Site) -> None:
    # No difference at all is little enough for this one.
    with site.realm.kdc(clockskew=-1) as strict:
        site.realm.write_krb5_conf(strict)
        error = refusal(site.settings())
    assert "the clocks differ too much (KRB_AP_ERR_SKEW)" in error.reason
    assert "clocks" in error.advice


@with_kdc
def test_the_next_kdc_is_asked_where_one_is_down(site: Site) -> None:
    with held_port() as nobody:
        site.realm.write_krb5_conf(nobody, site.kdc)
        assert works(site.settings())


@with_kdc
def test_a_kdc_that_is_down_is_told(site: Site) -> None:
    with held_port() as port:
        site.realm.write_krb5_conf(port)
        error = refusal(site.settings())
    assert f"no domain controller of {REALM} answers for Kerberos (127.0.0.1 port {port}: Connection refused)" in str(
        error
    )
    assert "krb5.conf" in error.advice


@with_kdc
def test_a_kdc_that_says_nothing_is_waited_for_no_longer_than_told(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        site.realm.write_krb5_conf(silent.getsockname()[1])
        error = refusal(site.settings(timeout=0.5))
    assert "no answer in 0.5 seconds" in error.reason


@with_kdc
@pytest.mark.parametrize("answer", [b"", b"\x7e\x00", b"\x6b\x03\x02\x01\x05", b"HTTP/1.1 400"])
def test_a_kdc_that_is_none_is_told(site: Site, answer: bytes) -> None:
    with answering(answer) as port:
        site.realm.write_krb5_conf(port)
        assert "the KDC's answer, or the ticket, cannot be used" in refusal(site.settings()).reason


@with_kdc
def test_an_answer_to_another_question_is_not_believed(site: Site) -> None:
    """An answer that was right the last time: the password opens it, but its number is another's."""
    kept: list[bytes] = []

    def keep(message: bytes) -> bytes:
        kept.append(message)
        return message

    with between("127.0.0.1", keep, site.kdc) as port:
        site.realm.write_krb5_conf(port)
        refusal(site.settings("bystander", kerberos_name="nowhere"))
    with answering(kept[0]) as port:
        site.realm.write_krb5_conf(port)
        assert "it answers another question" in refusal(site.settings("bystander")).reason


@with_kdc
def test_a_changed_name_in_a_ticket_is_not_believed(site: Site) -> None:
    """The name in the ticket is not sealed; the realm to ask next follows from it."""

    def changed(message: bytes) -> bytes:
        return message.replace(b"c01.corp.example", b"c02.corp.example")

    with between("127.0.0.1", changed, site.kdc) as port:
        site.realm.write_krb5_conf(port)
        assert "its ticket is for another service" in refusal(site.settings()).reason


@with_kdc
def test_a_netbios_name_leads_to_the_realm(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert works(dataclasses.replace(site.settings(), domain="corp"))
    assert works(dataclasses.replace(site.settings(domains={"corp.example": "OLD"}), domain="OLD"))
    monkeypatch.setenv("KRB5CCNAME", str(site.realm.kinit("ansible", PASSWORD)))
    assert works(dataclasses.replace(site.settings(password=""), domain="CORP"))


@with_kdc
@pytest.mark.parametrize(
    ("entry", "realm"),
    [("", "WEST.EXAMPLE"), ("[domain_realm]\nwest.example = EAST.EXAMPLE\n", "EAST.EXAMPLE")],
    ids=["by its name", "by domain_realm"],
)
def test_a_realm_without_a_trust_is_named(site: Site, entry: str, realm: str) -> None:
    with (site.realm.base / "krb5.conf").open("a", encoding="utf-8") as file:
        file.write(entry)
    error = refusal(site.settings(kerberos_name="c01.west.example"))
    assert f"the realm {REALM} has no service cifs/c01.west.example, and no trust with {realm}" in error.reason
    assert "(KDC_ERR_S_PRINCIPAL_UNKNOWN)" in error.reason
    assert "[domain_realm] c01.west.example = REALM" in error.advice


# -- the connection plugin


@with_kdc
def test_the_connection_plugin_speaks_kerberos(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KRB5CCNAME", str(site.realm.kinit("ansible", PASSWORD)))
    variables = {"ansible_host": site.address, "ansible_smb_auth": "kerberos"}
    sent, fetched = tmp_path / "sent", tmp_path / "fetched"
    sent.write_bytes(b"by Kerberos")
    there = f"{site.directory}\\sent"
    connection = plugin(variables)
    with pytest.raises(AnsibleAuthenticationFailure, match="has no service"):
        connection.put_file(str(sent), there)
    connection.close()
    connection = plugin(variables | {"ansible_smb_kerberos_hostname_override": NAME})
    connection.put_file(str(sent), there)
    connection.fetch_file(there, str(fetched))
    connection.close()
    assert fetched.read_bytes() == b"by Kerberos"


def plugin(variables: dict[str, str]) -> Connection:
    """The plugin with its options, as Ansible sets them."""
    kind = "sitekeeper.sms.smb"
    C.config.initialize_plugin_configuration_definitions("connection", kind, yaml.safe_load(DOCUMENTATION)["options"])
    made = Connection(PlayContext())
    made._load_name = kind
    made.set_options(var_options=variables)
    return made
