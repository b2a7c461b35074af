# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain back end, looked at with clients that are not ours: Samba's, OpenLDAP's, MIT's and impacket."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from impacket.dcerpc.v5 import lsad, transport
from impacket.dcerpc.v5.rpcrt import DCERPCException
from impacket.ldap import ldap, ldapasn1
from impacket.ldap.ldaptypes import LDAP_SID

from tests.lab.descriptors import parse
from tests.lab.domain import DomainLab
from tests.lab.domain.description import FULL_CONTROL, OLD_DOMAIN, OLD_RID, STATES, Entry, Kind, State
from tests.lab.domain.shares import descriptor
from tests.lab.domain.testing import RunningAccount, RunningComputer, RunningDomain, missing, running_domain
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

ADMINISTRATORS = "S-1-5-32-544"
RECEIVE = r"D:\SMS\inboxes\despoolr.box\receive"
CHECKOUT = Path(__file__).resolve().parents[3]
NO_SUCH_PRIVILEGE = 0xC0000060

BY_NTLM_AND_KERBEROS = pytest.mark.parametrize("kerberos", [False, True], ids=["ntlm", "kerberos"])


@pytest.fixture(scope="module")
def domain() -> Iterator[RunningDomain]:
    """C01 is the domain controller, P01 and S01 are member servers, PARTNER is trusted; a test leaves all as it was."""
    with running_domain() as running:
        yield running


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """A file to send."""
    made = tmp_path / "W_M00002.1S1"
    made.write_text("instructions", encoding="utf-8")
    return made


def server(domain: RunningDomain, name: str) -> RunningComputer:
    return domain.controller if name == domain.controller.name else domain.members[name]


def send(domain: RunningDomain, name: str, account: RunningAccount, batch: Path, *, kerberos: bool) -> tuple[str, str]:
    """Put a file as a Sender does, and remove it: the status of what failed, and all that smbclient printed."""
    commands = f"put {batch} {batch.name}; rm {batch.name}"
    printed = domain.smbclient(server(domain, name), commands, account, kerberos=kerberos)
    return status(printed), printed


def status(printed: str) -> str:
    """The first NT status in what a client printed; empty if all went well."""
    found = re.search(r"NT_STATUS_\w+", printed)
    return found.group() if found else ""


# -- access


@BY_NTLM_AND_KERBEROS
@pytest.mark.parametrize("site", ["C01", "P01", "S01"])
@pytest.mark.parametrize("sender", ["P02$", "P01$", "S01$", "C01$", "gmsa_sms$", "smssend", "ansible"])
def test_who_is_in_the_nested_groups_sends(domain: RunningDomain, batch: Path, sender: str, site: str, kerberos: bool):
    """By site-to-site groups on C01 (of the domain) and P01 (three groups deep), by Administrators on S01."""
    failed, printed = send(domain, site, domain.accounts[sender], batch, kerberos=kerberos)
    assert failed == "", printed
    assert f"putting file {batch}" in printed


@BY_NTLM_AND_KERBEROS
@pytest.mark.parametrize("site", ["C01", "P01", "S01"])
@pytest.mark.parametrize("sender", ["X01$", "bystander", "blocked"])
def test_who_is_not_or_is_denied_through_a_group_does_not(
    domain: RunningDomain, batch: Path, sender: str, site: str, kerberos: bool
):
    failed, printed = send(domain, site, domain.accounts[sender], batch, kerberos=kerberos)
    assert (failed, "putting" in printed) == ("NT_STATUS_ACCESS_DENIED", False), printed


@BY_NTLM_AND_KERBEROS
def test_the_universal_group_leads_to_one_server_only(domain: RunningDomain, batch: Path, kerberos: bool):
    """It is in the domain local group that P01 lets in; the other servers name the global group inside it."""
    sender = domain.accounts["smssend (old)"]
    found = {site: send(domain, site, sender, batch, kerberos=kerberos)[0] for site in ("C01", "P01", "S01")}
    assert found == {"C01": "NT_STATUS_ACCESS_DENIED", "P01": "", "S01": "NT_STATUS_ACCESS_DENIED"}


def test_an_account_of_the_server_itself_logs_on_there(domain: RunningDomain):
    account = domain.members["P01"].local_accounts["localsend"]
    shares = domain.samba("smbclient", account, "-L", f"//{domain.members['P01'].dns_name}")
    assert "SMS_SITE" in shares
    assert status(domain.smbclient(domain.members["P01"], "ls", account)) == "NT_STATUS_ACCESS_DENIED"
    elsewhere = domain.samba("smbclient", account, "-L", f"//{domain.members['S01'].dns_name}")
    assert status(elsewhere) == "NT_STATUS_LOGON_FAILURE"


@pytest.mark.parametrize("site", ["C01", "P01", "S01"])
def test_only_administrators_use_the_administrative_share(domain: RunningDomain, site: str):
    def listed(name: str) -> str:
        return domain.smbclient(server(domain, site), "ls", domain.accounts[name], share="C$")

    assert status(listed("ansible")) == ""
    assert status(listed("bystander")) == "NT_STATUS_ACCESS_DENIED"


# -- a trusted domain


@BY_NTLM_AND_KERBEROS
@pytest.mark.parametrize("sender", ["smssend", "X02$"])
def test_senders_of_a_trusted_domain_get_in_through_a_domain_local_group(
    domain: RunningDomain, batch: Path, sender: str, kerberos: bool
):
    """CORP's domain local group holds the global group of PARTNER; the token of a logon on P01 has both."""
    account = domain.trusted["PARTNER"].accounts[sender]
    found = {site: send(domain, site, account, batch, kerberos=kerberos)[0] for site in ("C01", "P01", "S01")}
    assert found == {"C01": "NT_STATUS_ACCESS_DENIED", "P01": "", "S01": "NT_STATUS_ACCESS_DENIED"}


@BY_NTLM_AND_KERBEROS
def test_others_of_a_trusted_domain_log_on_and_are_denied(domain: RunningDomain, batch: Path, kerberos: bool):
    account = domain.trusted["PARTNER"].accounts["bystander"]
    listed = domain.samba("smbclient", account, "-L", f"//{domain.members['P01'].dns_name}", kerberos=kerberos)
    assert "SMS_SITE" in listed
    assert send(domain, "P01", account, batch, kerberos=kerberos)[0] == "NT_STATUS_ACCESS_DENIED"


def test_two_domains_have_an_account_of_one_name(domain: RunningDomain):
    partner = domain.trusted["PARTNER"]
    assert domain.accounts["smssend"].sid != partner.accounts["smssend"].sid
    printed = domain.rpcclient(domain.members["P01"], r"lookupnames PARTNER\\smssend", domain.accounts["ansible"])
    assert partner.accounts["smssend"].sid in printed


def test_a_member_of_a_trusted_domain_is_a_foreign_security_principal(domain: RunningDomain):
    sid = domain.trusted["PARTNER"].sids["Partner Servers"]
    with ldap_connection(domain) as connection:
        base = f"CN=ForeignSecurityPrincipals,{domain.base_dn}"
        answer = connection.search(searchBase=base, searchFilter=f"(objectSid={sid})", attributes=["memberOf"])
        (entry,) = entries(answer)
    assert entry["dn"] == [f"CN={sid},{base}".encode()]
    assert entry["memberOf"] == [f"CN=SCCM Senders,CN=Users,{domain.base_dn}".encode()]


def test_the_directory_of_a_trusted_domain_answers_by_kerberos(domain: RunningDomain):
    """It has its own groups in tokenGroups. The domain local groups of the server's domain are not its own."""
    partner = domain.trusted["PARTNER"]
    url, base = f"ldap://{partner.controller.dns_name}", f"CN=X02,CN=Computers,{partner.base_dn}"
    query = ("-H", url, "-b", base, "-s", "base", "tokenGroups")
    printed = domain.samba("ldbsearch", domain.accounts["P02$"], *query, kerberos=True)
    expected = {partner.sids[name] for name in ("Partner Servers", "Domain Computers")}
    assert set(re.findall(r"^tokenGroups: (S-[\d-]+)$", printed, re.MULTILINE)) == expected, printed


# -- logons


NTLM_STATUS = {
    State.DISABLED: "NT_STATUS_ACCOUNT_DISABLED",
    State.LOCKED_OUT: "NT_STATUS_ACCOUNT_LOCKED_OUT",
    State.EXPIRED: "NT_STATUS_ACCOUNT_EXPIRED",
    State.PASSWORD_EXPIRED: "NT_STATUS_PASSWORD_EXPIRED",
    State.MUST_CHANGE: "NT_STATUS_PASSWORD_MUST_CHANGE",
    State.WRONG_WORKSTATION: "NT_STATUS_INVALID_WORKSTATION",
    State.WRONG_HOURS: "NT_STATUS_INVALID_LOGON_HOURS",
}
REVOKED, EXPIRED_KEY = "Clients credentials have been revoked", "Password has expired"
KDC_ANSWER = {
    State.DISABLED: REVOKED,  # KDC_ERR_CLIENT_REVOKED
    State.LOCKED_OUT: REVOKED,
    State.EXPIRED: REVOKED,
    State.PASSWORD_EXPIRED: EXPIRED_KEY,  # KDC_ERR_KEY_EXPIRED
    State.MUST_CHANGE: EXPIRED_KEY,
    State.WRONG_HOURS: REVOKED,
}


@pytest.mark.parametrize("state", NTLM_STATUS)
@pytest.mark.parametrize("site", ["C01", "P01"])
def test_an_account_that_may_not_log_on_is_refused_with_its_status(domain: RunningDomain, site: str, state: State):
    printed = domain.smbclient(server(domain, site), "ls", domain.accounts[STATES[state]])
    assert status(printed) == NTLM_STATUS[state], printed


@pytest.mark.parametrize("state", KDC_ANSWER)
def test_such_an_account_gets_no_ticket(domain: RunningDomain, state: State):
    printed = domain.smbclient(domain.members["P01"], "ls", domain.accounts[STATES[state]], kerberos=True)
    assert KDC_ANSWER[state] in printed
    assert "W_M00001" not in printed


def test_the_kdc_of_samba_does_not_look_at_workstations(domain: RunningDomain):
    """smbclient names none in its request."""
    account = domain.accounts[STATES[State.WRONG_WORKSTATION]]
    assert "W_M00001.1S1" in domain.smbclient(domain.members["P01"], "ls", account, kerberos=True)


@pytest.mark.parametrize("name", ["P01$", "P02$", "C01$", "smssend", "gmsa_sms$"])
def test_a_keytab_gets_a_ticket_that_lets_in(domain: RunningDomain, tmp_path: Path, name: str):
    account = domain.accounts[name]
    cache = {"KRB5CCNAME": f"FILE:{tmp_path}/cache"}
    done = domain.run("kinit", "-k", "-t", str(account.keytab), account.principal, environment=cache)
    assert done.returncode == 0, done.stderr
    target = f"//{domain.members['P01'].dns_name}/SMS_SITE"
    options = (f"--configfile={domain.smb_conf}", "--use-kerberos=required", f"--use-krb5-ccache={tmp_path}/cache")
    listed = domain.run("smbclient", *options, target, "-c", "ls", environment=cache)
    assert "W_M00001.1S1" in listed.stdout, listed.stderr


@BY_NTLM_AND_KERBEROS
def test_a_wrong_password_is_refused(domain: RunningDomain, kerberos: bool):
    wrong = RunningAccount(
        "smssend", domain.netbios, domain.realm, "", Kind.USER, State.OK, "not the password", keytab=None
    )
    printed = domain.smbclient(domain.members["P01"], "ls", wrong, kerberos=kerberos)
    assert status(printed) == "NT_STATUS_LOGON_FAILURE", printed


# -- the directory


@contextmanager
def ldap_connection(domain: RunningDomain) -> Iterator[ldap.LDAPConnection]:
    """impacket's, signed and sealed by NTLM."""
    made = ldap.LDAPConnection(f"ldap://{domain.controller.dns_name}", domain.base_dn, domain.kdc)
    try:
        made.login(domain.administrator.name, domain.administrator.password, domain.netbios)
        yield made
    finally:
        made.close()


def entries(answer: Any) -> list[dict[str, list[bytes]]]:
    """The entries of an answer without its referrals."""
    return [
        {str(item["type"]): [bytes(value) for value in item["vals"]] for item in entry["attributes"]}
        | {"dn": [bytes(entry["objectName"])]}
        for entry in answer
        if isinstance(entry, ldapasn1.SearchResultEntry)
    ]


def account_entry(domain: RunningDomain, name: str, attributes: list[str]) -> dict[str, list[bytes]]:
    """An account by its name, then with constructed attributes, which a search of the base object alone returns."""
    escaped = name.replace("\\", r"\5c").replace("(", r"\28").replace(")", r"\29").replace("*", r"\2a")
    with ldap_connection(domain) as connection:
        (found,) = entries(connection.search(searchFilter=f"(sAMAccountName={escaped})", attributes=["objectSid"]))
        (entry,) = entries(
            connection.search(
                searchBase=found["dn"][0].decode(),
                scope=ldapasn1.Scope("baseObject"),
                searchFilter="(objectClass=*)",
                attributes=attributes,
            )
        )
    return entry


def names(domain: RunningDomain, sids: list[bytes]) -> set[str]:
    """The names of binary SIDs; one that the domain does not have stays a SID."""
    by_sid = {sid: name for name, sid in domain.sids.items()}
    found = (str(LDAP_SID(data=sid).formatCanonical()) for sid in sids)
    return {by_sid.get(sid, sid) for sid in found}


NESTED = {"SCCM Servers", "SCCM Servers Everywhere", "SCCM Senders", "SMS_SiteToSiteConnection_C01"}


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("P02$", NESTED | {"Domain Computers"}),
        ("P01$", NESTED | {"Domain Computers"}),
        ("smssend (old)", {"SCCM Servers Everywhere", "SCCM Senders", "Domain Users", "Users"}),
        ("blocked", NESTED | {"Blocked Senders", "Domain Users", "Users"}),
        ("X01$", {"Loop A", "Loop B", "Domain Computers"}),
    ],
)
def test_token_groups_hold_the_nested_groups(domain: RunningDomain, name: str, groups: set[str]):
    """Global in universal in domain local; two groups that are members of each other."""
    entry = account_entry(domain, name, ["tokenGroups"])
    assert names(domain, entry["tokenGroups"]) == groups


@BY_NTLM_AND_KERBEROS
def test_ldbsearch_finds_the_same_groups(domain: RunningDomain, kerberos: bool):
    account = domain.accounts["P02$"]
    url, base = f"ldap://{domain.controller.dns_name}", f"CN=P02,CN=Computers,{domain.base_dn}"
    printed = domain.samba("ldbsearch", account, "-H", url, "-b", base, "-s", "base", "tokenGroups", kerberos=kerberos)
    expected = {domain.sids[name] for name in NESTED | {"Domain Computers"}}
    assert set(re.findall(r"^tokenGroups: (S-[\d-]+)$", printed, re.MULTILINE)) == expected, printed


def ldapsearch(domain: RunningDomain, url: str) -> subprocess.CompletedProcess[str]:
    """OpenLDAP's, with a simple bind, which neither signs nor seals."""
    account = domain.accounts["bystander"]
    who = f"{account.name}@{domain.dns_domain}"
    options = ("-x", "-LLL", "-o", "tls_reqcert=never", "-H", url, "-D", who, "-y", "/dev/stdin")
    query = ("-b", domain.base_dn, "(sAMAccountName=smssend)", "objectSid")
    return domain.run("ldapsearch", *options, *query, text=account.password)


def test_the_directory_wants_signatures_or_tls(domain: RunningDomain):
    refused = ldapsearch(domain, f"ldap://{domain.controller.dns_name}")
    assert refused.returncode == 8, refused.stderr  # strongerAuthRequired, RFC 4511
    done = ldapsearch(domain, f"ldaps://{domain.controller.dns_name}")
    assert "dn: CN=smssend,CN=Users" in done.stdout, done.stderr


def test_a_client_that_cannot_sign_binds_by_ntlm_inside_tls_alone(domain: RunningDomain):
    sender = domain.accounts["P02$"]
    for url, refused in (("ldap", True), ("ldaps", False)):
        connection = ldap.LDAPConnection(f"{url}://{domain.controller.dns_name}", domain.base_dn, domain.kdc, False)
        try:
            if refused:
                with pytest.raises(ldap.LDAPSessionError, match="strongerAuthRequired"):
                    connection.login(sender.name, sender.password, domain.netbios)
            else:
                assert connection.login(sender.name, sender.password, domain.netbios)
        finally:
            connection.close()


COMPUTED = {State.LOCKED_OUT: 0x10, State.PASSWORD_EXPIRED: 0x800000, State.MUST_CHANGE: 0x800000}


@pytest.mark.parametrize("state", State)
def test_the_directory_shows_the_state(domain: RunningDomain, state: State):
    """[MS-ADTS] 2.2.16 and 3.1.1.4.5.17: who is locked out shows in a constructed attribute alone."""
    control, computed, expires = "userAccountControl", "msDS-User-Account-Control-Computed", "accountExpires"
    entry = account_entry(domain, STATES.get(state, "smssend"), [control, computed, expires])
    assert bool(int(entry[control][0]) & 0x2) == (state is State.DISABLED)
    assert int(entry[computed][0]) & 0x800010 == COMPUTED.get(state, 0)
    assert (int(entry[expires][0]) not in (0, 0x7FFFFFFFFFFFFFFF)) == (state is State.EXPIRED)


def test_a_group_managed_service_account_is_one_to_the_schema(domain: RunningDomain):
    entry = account_entry(domain, "gmsa_sms$", ["objectClass"])
    assert b"msDS-GroupManagedServiceAccount" in entry["objectClass"]


def test_names_need_escapes(domain: RunningDomain):
    """A comma, a backslash, parentheses and a star in one name."""
    entry = account_entry(domain, "smssend (old)", ["distinguishedName"])
    assert entry["distinguishedName"][0].decode().startswith(r"CN=Sender\, SMS (old) \\ *,CN=Users,")


@pytest.mark.parametrize("site", ["C01", "P01", "S01"])
def test_dns_finds_the_computers(domain: RunningDomain, site: str):
    computer = server(domain, site)
    user = domain.administrator.user.replace("\\", "/")
    query = ("dns", "query", domain.kdc, domain.dns_domain, site, "A")
    password = {"PASSWD": domain.administrator.password}
    printed = domain.run("samba-tool", *query, "--use-kerberos=off", "-U", user, environment=password)
    assert f"A: {computer.address} " in printed.stdout, printed.stderr


# -- local groups and user rights


def aliases(domain: RunningDomain, site: str, kind: str, rid: str) -> set[str]:
    """The SIDs of a local group's members by SAMR, asked as an administrator who is no root there."""
    printed = domain.rpcclient(server(domain, site), f"queryaliasmem {kind} {rid}", domain.accounts["ansible"])
    assert status(printed) == "", printed
    return set(re.findall(r"sid:\[(S-[\d-]+)\]", printed))


def test_samr_shows_the_members_of_administrators(domain: RunningDomain):
    sids = domain.sids
    assert aliases(domain, "S01", "builtin", "544") == {sids["Domain Admins"], sids["SCCM Servers"]}
    assert aliases(domain, "P01", "builtin", "544") == {sids["Domain Admins"]}
    on_controller = {sids[name] for name in ("Domain Admins", "Enterprise Admins", "Administrator")}
    assert aliases(domain, "C01", "builtin", "544") == on_controller


def test_samr_shows_the_members_of_a_site_to_site_group(domain: RunningDomain):
    """On a domain controller it is a domain local group, which SAMR has among the domain's aliases."""
    sids = domain.sids
    local = domain.members["P01"].local_sids[r"P01\SMS_SiteToSiteConnection_P01"]
    assert aliases(domain, "P01", "domain", local.rpartition("-")[2]) == {sids["SCCM Senders"]}
    of_domain = sids["SMS_SiteToSiteConnection_C01"]
    assert aliases(domain, "C01", "domain", of_domain.rpartition("-")[2]) == {sids["SCCM Servers"]}


def who_has(domain: RunningDomain, site: str, right: str) -> set[str]:
    """LsarEnumerateAccountsWithUserRight ([MS-LSAD] 3.1.4.5.3), by impacket."""
    administrator = domain.administrator
    pipe = transport.SMBTransport(
        server(domain, site).address, 445, r"\lsarpc", administrator.name, administrator.password, domain.netbios
    )
    rpc = pipe.get_dce_rpc()
    rpc.connect()
    try:
        rpc.bind(lsad.MSRPC_UUID_LSAD)
        policy = lsad.hLsarOpenPolicy2(rpc)["PolicyHandle"]
        answer = lsad.hLsarEnumerateAccountsWithUserRight(rpc, policy, right)
        return {str(item["Sid"].formatCanonical()) for item in answer["EnumerationBuffer"]["Information"]}
    finally:
        rpc.disconnect()


def test_lsa_shows_who_has_a_right(domain: RunningDomain):
    assert who_has(domain, "C01", "SeNetworkLogonRight") == {ADMINISTRATORS, "S-1-1-0", "S-1-5-11"}
    assert ADMINISTRATORS in who_has(domain, "P01", "SeTakeOwnershipPrivilege")


def test_lsa_shows_the_rights_of_a_denied_group_on_the_controller(domain: RunningDomain):
    sid = domain.sids["No Network"]
    printed = domain.rpcclient(domain.controller, f"lsaenumacctrights {sid}", domain.administrator)
    assert "SeDenyNetworkLogonRight" in printed


# -- shares


@pytest.mark.parametrize("site", ["C01", "P01", "S01"])
def test_an_administrator_who_is_no_root_reads_and_writes_a_share_descriptor(domain: RunningDomain, site: str):
    """Samba opens its database of share descriptors as whoever asks first, and drops what it cannot write."""
    ansible, computer = domain.accounts["ansible"], server(domain, site)
    shown = domain.rpcclient(computer, "netsharegetinfo SMS_SITE 502", ansible)
    assert domain.sids["Blocked Senders"] in shown
    changed = domain.rpcclient(computer, "netsharesetdfsflags SMS_SITE 0", ansible)
    assert "NT_STATUS_ACCESS_DENIED" not in changed


@pytest.mark.parametrize("site", ["C01", "P01"])
def test_a_descriptor_that_a_test_stores_decides_at_once(domain: RunningDomain, batch: Path, site: str):
    controls, sender = server(domain, site).controls, domain.accounts["bystander"]
    share, file = controls.share_descriptor("SMS_SITE"), controls.file_descriptor(RECEIVE)
    open_to_all = descriptor((Entry("S-1-1-0", FULL_CONTROL),), {})
    try:
        controls.set_share_descriptor("SMS_SITE", open_to_all)
        connected = domain.smbclient(server(domain, site), "ls", sender)
        assert "tree connect failed" not in connected
        assert status(connected) == "NT_STATUS_ACCESS_DENIED"
        controls.set_file_descriptor(RECEIVE, open_to_all)
        assert send(domain, site, sender, batch, kerberos=False)[0] == ""
        assert parse(controls.share_descriptor("SMS_SITE")).dacl == parse(open_to_all).dacl
        assert parse(controls.file_descriptor(RECEIVE)) == parse(open_to_all)
    finally:
        controls.set_share_descriptor("SMS_SITE", share)
        controls.set_file_descriptor(RECEIVE, file)
    assert send(domain, site, sender, batch, kerberos=False)[0] == "NT_STATUS_ACCESS_DENIED"


@BY_NTLM_AND_KERBEROS
def test_a_new_member_gets_in_with_the_next_logon(domain: RunningDomain, batch: Path, kerberos: bool):
    sender = domain.accounts["X01$"]
    domain.change_members("add", "SCCM Servers", "X01$")
    try:
        found = {site: send(domain, site, sender, batch, kerberos=kerberos)[0] for site in ("C01", "P01", "S01")}
    finally:
        domain.change_members("delete", "SCCM Servers", "X01$")
    assert found == {"C01": "", "P01": "", "S01": ""}
    assert send(domain, "P01", sender, batch, kerberos=kerberos)[0] == "NT_STATUS_ACCESS_DENIED"


@BY_NTLM_AND_KERBEROS
@pytest.mark.parametrize("group", ["SMS_SiteToSiteConnection_P01", "Administrators"])
def test_so_does_a_new_member_of_a_local_group(domain: RunningDomain, batch: Path, group: str, kerberos: bool):
    controls, sender = domain.members["P01"].controls, domain.accounts["bystander"]
    controls.add_local_member(group, sender.user)
    try:
        assert send(domain, "P01", sender, batch, kerberos=kerberos)[0] == ""
    finally:
        controls.remove_local_member(group, sender.user)
    assert send(domain, "P01", sender, batch, kerberos=kerberos)[0] == "NT_STATUS_ACCESS_DENIED"


# -- what Samba does not do as Windows does: these tests fail when it learns to


@BY_NTLM_AND_KERBEROS
@pytest.mark.parametrize("site", ["C01", "P01", "S01"])
def test_samba_lets_in_who_is_denied_the_logon_from_the_network(
    domain: RunningDomain, batch: Path, site: str, kerberos: bool
):
    """Windows refuses with STATUS_LOGON_TYPE_NOT_GRANTED (Win32 error 1385)."""
    assert send(domain, site, domain.accounts["nonetwork"], batch, kerberos=kerberos)[0] == ""


@pytest.mark.parametrize("right", ["SeNetworkLogonRight", "SeDenyNetworkLogonRight"])
def test_a_member_server_of_samba_has_no_logon_rights(domain: RunningDomain, right: str):
    with pytest.raises(DCERPCException) as raised:
        who_has(domain, "P01", right)
    assert raised.value.get_error_code() == NO_SUCH_PRIVILEGE
    assert set(domain.members["P01"].refused_rights) == {"SeDenyNetworkLogonRight"}


def test_the_controller_of_samba_enumerates_nobody_who_is_denied(domain: RunningDomain):
    """It keeps the right and shows it for an account, but does not know its name when it is asked who has it."""
    with pytest.raises(DCERPCException) as raised:
        who_has(domain, "C01", "SeDenyNetworkLogonRight")
    assert raised.value.get_error_code() == NO_SUCH_PRIVILEGE


@BY_NTLM_AND_KERBEROS
def test_samba_leaves_the_sid_history_out_of_the_token(domain: RunningDomain, batch: Path, kerberos: bool):
    """The directory has it, the shares grant it access; tokenGroups and the logon leave it out."""
    old = f"{OLD_DOMAIN}-{OLD_RID}"
    entry = account_entry(domain, "migrated", ["sIDHistory", "tokenGroups"])
    assert names(domain, entry["sIDHistory"]) == {old}
    assert old not in names(domain, entry["tokenGroups"])
    assert send(domain, "P01", domain.accounts["migrated"], batch, kerberos=kerberos)[0] == "NT_STATUS_ACCESS_DENIED"


def test_samba_shows_a_share_descriptor_to_everybody(domain: RunningDomain):
    """Windows shows level 502 to administrators and operators alone ([MS-SRVS] 3.1.4.10)."""
    shown = domain.rpcclient(domain.members["P01"], "netsharegetinfo SMS_SITE 502", domain.accounts["bystander"])
    assert domain.sids["Blocked Senders"] in shown


# -- the lab's life


def processes(directory: Path) -> list[str]:
    """The command lines of the programs that run on files below ``directory``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(directory) in command and "tests.lab" not in command:
                found.append(command)
    return found


def foreground(build: Path) -> subprocess.Popen[str]:
    """``make lab BACKEND=domain``."""
    command = [sys.executable, "-m", "tests.lab", "--backend", "domain", "--build", str(build)]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ready(lab: subprocess.Popen[str]) -> str:
    assert lab.stdout is not None
    line = lab.stdout.readline()
    assert line.startswith("domain ready: CORP.EXAMPLE"), line + lab.stdout.read()
    return line


def test_a_lab_that_is_killed_while_it_starts_leaves_no_program(tmp_path: Path):
    lab = foreground(tmp_path)
    try:
        link = tmp_path / "domain"
        wait_until(lambda: any("--foreground" in command for command in processes(link.resolve())), "it starts")
        base = link.resolve()
    finally:
        lab.kill()
        lab.communicate()
    wait_until(lambda: not processes(base), "all its programs have ended")
    DomainLab(tmp_path).remove_leftovers()
    assert not base.exists()


def test_the_foreground_shows_what_is_ready_and_ends_without_leftovers(tmp_path: Path):
    nsswitch = Path("/etc/nsswitch.conf").read_bytes()
    lab = foreground(tmp_path)
    try:
        ready(lab)
        base = (tmp_path / "domain").resolve()
        assert any("smbd" in command for command in processes(base))
        again = foreground(tmp_path)
        assert "a domain runs in" in again.communicate(timeout=PATIENCE)[0]
        assert again.returncode == 2
        inventory = yaml.safe_load((tmp_path / "inventory.yml").read_text(encoding="utf-8"))
        assert set(inventory["sms_sites"]["hosts"]) == {f"{site}.corp.example" for site in ("c01", "p01", "s01")}
        known = json.loads((tmp_path / "domain.json").read_text(encoding="utf-8"))
        assert {"CORP\\P01$", "CORP\\Administrator", "PARTNER\\X02$", "P01\\localsend"} <= {
            account["user"] for account in known["accounts"]
        }
        for name in ("inventory.yml", "domain.json"):
            assert (tmp_path / name).stat().st_mode & 0o077 == 0
        for name, address in known["computers"].items():
            found = subprocess.run([known["run"], "getent", "hosts", name], capture_output=True, text=True, check=True)
            assert found.stdout.split()[:2] == [address, name]
        lab.send_signal(signal.SIGTERM)
        assert lab.wait(PATIENCE) == 0
    finally:
        lab.kill()
        printed = lab.communicate()[0]
    assert not [account["user"] for account in known["accounts"] if account["password"] in printed]
    assert processes(base) == []
    assert not base.exists()
    assert list(tmp_path.iterdir()) == []
    assert Path("/etc/nsswitch.conf").read_bytes() == nsswitch
