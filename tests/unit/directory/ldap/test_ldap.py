# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The LDAP adapter against a domain controller that lies, drips, floods, refers and refuses."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    AccountAmbiguous,
    DirectoryAccountNotFound,
    DirectoryError,
    DirectoryLogonFailed,
    DirectoryNoAnswer,
    DirectoryRejected,
    DirectoryUnreachable,
    Domain,
    PasswordRefused,
    UnusableAnswer,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import LdapDirectory, LdapSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import ldap as module
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from tests.unit.directory.entries import DOMAIN, SENDER, attributes, raw
from tests.unit.directory.ldap.scripted import (
    Answer,
    Plain,
    ScriptedController,
    answer_bytes,
    answer_entries,
    controller,
    done,
    entry,
    message,
    sealed,
)

PASSWORD = "no message may have this"
FLOOD = 64 * 1024


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Ntlm", Plain)


@contextmanager
def directory(running: ScriptedController, timeout: float = 30) -> Iterator[LdapDirectory]:
    settings = LdapSettings(
        "c01.corp.example",
        "127.0.0.1",
        domain="CORP",
        user="ansible",
        password=PASSWORD,
        port=running.port,
        timeout=timeout,
    )
    with LdapDirectory(settings) as made:
        yield made


def failure(answer: Answer, kind: type[DirectoryError], timeout: float = 30, **options: Any) -> str:
    """The message about an account, if the domain controller answers so."""
    with controller(answer, **options) as running, directory(running, timeout) as made:
        with pytest.raises(kind) as caught:
            made.account(SENDER)
        assert caught.type is kind
        text = str(caught.value)
    assert text.startswith("c01.corp.example: could not ")
    assert text.endswith(".")
    assert PASSWORD not in text + repr(made) + repr(caught.value.__dict__)
    assert text.isprintable()
    return text


# -- answers


def test_one_query_an_account():
    with controller(answer_entries(attributes(f"{DOMAIN}-2001"))) as running, directory(running) as made:
        account = made.account(SENDER)
        assert made.account(SENDER) == account
    assert account.groups is not None
    assert Sid.parse(f"{DOMAIN}-2001") in account.groups
    assert running.connections == 1
    assert [str(request["baseObject"]) for request in running.requests] == [f"<SID={SENDER}>"] * 2
    assert [int(request["scope"]) for request in running.requests] == [0, 0]


def test_only_accounts_are_asked_for():
    """A foreign security principal has the SID of an account of another domain, and not its groups."""
    with controller(answer_entries(attributes())) as running, directory(running) as made:
        made.account(SENDER)
    condition = running.requests[0]["filter"]["equalityMatch"]
    assert (str(condition["attributeDesc"]), bytes(condition["assertionValue"])) == ("objectClass", b"user")


def test_ten_thousand_groups():
    many = [f"{DOMAIN}-{number}" for number in range(5000, 15000)]
    with controller(answer_entries(attributes(*many))) as running, directory(running) as made:
        assert len(made.account(SENDER).groups or ()) == 10_001


def test_groups_in_ranges():
    """[MS-ADTS] 3.1.1.3.1.3.3: an attribute of many values comes in parts."""
    sids = [raw(f"{DOMAIN}-{number}") for number in range(5000, 5010)]
    first = {name: value for name, value in attributes().items() if name != "tokengroups"}

    def answer(connection: socket.socket, number: int, request: Any) -> None:
        asked, *_others = [str(name) for name in request["attributes"] if str(name).startswith("tokenGroups")]
        begin = int(asked.partition("=")[2].partition("-")[0] or 0)
        part = f"tokenGroups;range={begin}-{'*' if begin == 8 else begin + 3}"
        found = {part: sids[begin : begin + 4]} | (first if begin == 0 else {})
        connection.sendall(sealed(entry(number, found), done(number)))

    with controller(answer) as running, directory(running) as made:
        assert made.account(SENDER).groups == {Sid.from_bytes(sid) for sid in sids}
    assert len(running.requests) == 3


@pytest.mark.parametrize("part", ["tokenGroups;range=5-*", "tokenGroups;range=0-0"])
def test_ranges_that_do_not_fit_or_have_no_end(part: str):
    found = {name: value for name, value in attributes().items() if name != "tokengroups"}
    text = failure(answer_entries({**found, part: [raw(f"{DOMAIN}-515")]}), UnusableAnswer)
    assert "ranges of its groups do not fit together" in text


def test_an_answer_in_many_buffers_and_a_reference_in_it():
    def answer(connection: socket.socket, number: int, _request: Any) -> None:
        # impacket has no encoder for it: a SearchResultReference, RFC 4511, 4.5.2
        url = b"\x04\x0eldap://nowhere"
        operation = b"\x73" + bytes((len(url),)) + url
        body = b"\x02\x04" + number.to_bytes(4, "big") + operation
        whole = entry(number, attributes()) + b"\x30" + bytes((len(body),)) + body + done(number)
        connection.sendall(b"".join(sealed(whole[at : at + 7]) for at in range(0, len(whole), 7)))

    with controller(answer) as running, directory(running) as made:
        assert made.account(SENDER).name == "P01$"
    assert running.connections == 1


def test_an_idle_connection_that_was_closed_is_opened_again():
    with controller(answer_entries(attributes())) as running, directory(running) as made:
        account = made.account(SENDER)
        running.drop()
        assert made.account(SENDER) == account
    assert running.connections == 2


# -- names


@pytest.mark.parametrize("name", ["P01$", "Sender, SMS (old) \\ *", "a\0b", "*", ")(objectClass=*", "Мария"])
def test_a_name_is_asked_for_as_it_is(name: str):
    found = {"objectSid": [raw(SENDER)], "sAMAccountName": [name.encode()]}
    with controller(answer_entries(found)) as running, directory(running) as made:
        assert made.find(name) == SENDER
    condition = running.requests[0]["filter"]["equalityMatch"]
    assert bytes(condition["assertionValue"]) == name.encode()
    assert str(running.requests[0]["baseObject"]) == "DC=corp,DC=example"


def test_an_account_is_not_known_by_its_name():
    with controller(answer_entries(attributes())) as running, directory(running) as made:
        name = made.account(SENDER).name.rpartition("\\")[2]
        assert made.known(name) is None
    assert len(running.requests) == 1


def named(rid: int, name: str = "P01$", domain: str = DOMAIN) -> dict[str, list[bytes]]:
    return {"objectSid": [raw(f"{domain}-{rid}")], "sAMAccountName": [name.encode()]}


def found(name: str, *entries: dict[str, list[bytes]], **result: Any) -> Sid:
    with controller(answer_entries(*entries, **result)) as running, directory(running) as made:
        return made.find(name)


def test_two_accounts_of_one_name_are_refused():
    with pytest.raises(AccountAmbiguous) as caught:
        found("p01$", named(1101), named(1102))
    assert str(caught.value) == (
        "c01.corp.example: could not find the account p01$: the domain has several accounts of this name "
        f"({DOMAIN}-1101 and {DOMAIN}-1102). Rename one of them: Windows does not support two, and either may be the "
        "one that logs on."
    )


def test_a_name_with_other_accents_is_another_account():
    assert found("Muller", named(1101, "Müller"), named(1102, "muller")) == Sid.parse(f"{DOMAIN}-1102")
    with pytest.raises(DirectoryAccountNotFound):
        found("Muller", named(1101, "Müller"))


def test_no_account():
    with pytest.raises(DirectoryAccountNotFound, match=r"the domain has no account of this name\. Check that"):
        found("P01$")


@pytest.mark.parametrize("name", ["", "x" * 257])
def test_a_name_that_no_account_can_have_is_not_asked_for(name: str):
    with (
        controller(answer_entries()) as running,
        directory(running) as made,
        pytest.raises(DirectoryAccountNotFound, match="no account can have this name"),
    ):
        made.find(name)
    assert running.requests == []


def test_an_account_of_another_domain_is_refused():
    with pytest.raises(UnusableAnswer, match="an account outside of its domain S-1-5-21-1-2-3"):
        found("P01$", named(1101, domain="S-1-5-21-7-8-9"))


def test_a_search_that_ends_early_finds_nothing():
    with pytest.raises(DirectoryRejected, match="adminLimitExceeded"):
        found("P01$", named(1101), code=11)


# -- the domain


def test_the_domain_is_read_once():
    with controller(answer_entries()) as running, directory(running) as made:
        assert [made.domain() for _unused in range(2)] == [Domain("corp.example", Sid.parse(DOMAIN))] * 2
    assert (running.connections, running.requests) == (1, [])


@pytest.mark.parametrize(
    ("context", "name"),
    [("DC=corp,DC=example", "corp.example"), ("dc=Corp, dc=Example", "Corp.Example"), ("DC=corp", "corp")],
)
def test_the_name_of_a_domain(context: str, name: str):
    with controller(answer_entries(), context=[context.encode()]) as running, directory(running) as made:
        assert made.domain().name == name


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"context": []}, "it shows 0 values of defaultNamingContext for its domain, not one"),
        ({"context": [b"DC=a", b"DC=b"]}, "it shows 2 values of defaultNamingContext"),
        ({"context": [b"CN=corp"]}, "its domain is called 'CN=corp', which is no DNS name"),
        ({"context": [b"DC=a\\,DC=b"]}, "which is no DNS name"),
        ({"context": [b"DC=,DC=b"]}, "which is no DNS name"),
        ({"context": [b"DC=" + b"a" * 64]}, "which is no DNS name"),
        ({"context": [b"\xff"]}, "can't decode"),
        ({"domain": "S-1-5-21-1-2-3-500"}, "its domain has the SID S-1-5-21-1-2-3-500, which no domain has"),
        ({"domain": "S-1-5-32"}, "which no domain has"),
        ({"domain": "S-1-5-21"}, "which no domain has"),
    ],
)
def test_what_is_no_domain(options: dict[str, Any], problem: str):
    with controller(answer_entries(), **options) as running, directory(running) as made:
        with pytest.raises(UnusableAnswer) as caught:
            made.domain()
        with pytest.raises(UnusableAnswer):  # and not: the domain has no such account
            made.find("P01$")
    assert "could not read its domain: the answer cannot be used: " in str(caught.value)
    assert problem in str(caught.value)


def test_a_process_that_was_forked_has_a_connection_of_its_own():
    with controller(answer_entries(attributes())) as running, directory(running) as made:
        account = made.account(SENDER)
        made._process = 1  # as if it was opened by another one
        assert made.account(SENDER) == account
        assert made.account(SENDER) == account
    assert running.connections == 2


# -- groups with members


def grouped(sid: str) -> dict[str, list[bytes]]:
    return {"objectSid": [raw(sid)]}


def members_asked_for(request: Any) -> set[Sid]:
    conditions = [condition["equalityMatch"] for condition in request["filter"]["or"]]
    assert {str(condition["attributeDesc"]) for condition in conditions} == {"member"}
    return {Sid.parse(bytes(each["assertionValue"]).decode()[len("<SID=") : -1]) for each in conditions}


def test_groups_that_are_members_of_each_other_have_an_end():
    loop = [f"{DOMAIN}-2001", f"{DOMAIN}-2002", "S-1-5-32-544"]
    with controller(answer_entries(*map(grouped, loop))) as running, directory(running) as made:
        assert made.groups_with(frozenset({SENDER})) == set(map(Sid.parse, loop))
    assert [members_asked_for(request) for request in running.requests] == [{SENDER}, set(map(Sid.parse, loop))]


def test_many_members_are_asked_for_in_parts():
    members = frozenset(Sid.parse(f"S-1-5-21-7-8-9-{number}") for number in range(1000, 1250))
    with controller(answer_entries()) as running, directory(running) as made:
        assert made.groups_with(members) == set()
    asked = [members_asked_for(request) for request in running.requests]
    assert [len(each) for each in asked] == [100, 100, 50]
    assert set().union(*asked) == members


@pytest.mark.parametrize("lie", ["S-1-5-21-7-8-9-2001", "S-1-5-18", "S-1-1-0"])
def test_a_group_of_another_domain_is_refused(lie: str):
    with (
        controller(answer_entries(grouped(lie))) as running,
        directory(running) as made,
        pytest.raises(UnusableAnswer, match=f"it has {lie} as a group of its domain"),
    ):
        made.groups_with(frozenset({SENDER}))


@pytest.mark.parametrize("code", [4, 11])
def test_groups_that_are_not_all_are_none(code: int):
    with (
        controller(answer_entries(grouped(f"{DOMAIN}-2001"), code=code)) as running,
        directory(running) as made,
        pytest.raises(DirectoryRejected),
    ):
        made.groups_with(frozenset({SENDER}))


# -- lies


def test_an_answer_about_another_account():
    text = failure(answer_entries(named(1102)), UnusableAnswer)
    assert f"could not read the account {SENDER}: the answer cannot be used: the answer is about {DOMAIN}-1102" in text


def test_a_group_that_no_domain_gives_away():
    assert "S-1-5-18, which is no group" in failure(answer_entries(attributes("S-1-5-18")), UnusableAnswer)


def test_two_entries_for_one_object():
    assert "several entries" in failure(answer_entries(attributes(), attributes()), UnusableAnswer)


@pytest.mark.parametrize("entries", [(), (attributes(),)])
@pytest.mark.parametrize("code", [1, 3, 4, 11, 50, 51, 80])
def test_an_answer_that_did_not_succeed_is_no_answer(code: int, entries: tuple[Any, ...]):
    assert "the words" in failure(answer_entries(*entries, code=code, text="the words"), DirectoryRejected)


@pytest.mark.parametrize("code", [0, 32])
def test_no_such_account(code: int):
    text = failure(answer_entries(code=code), DirectoryAccountNotFound)
    assert f"the domain has no account with the SID {SENDER}. Check that the account is in this domain" in text


def test_a_referral_is_not_followed():
    def answer(connection: socket.socket, number: int, _request: Any) -> None:
        url = b"ldap://127.0.0.1:1/DC=other"
        made = b"\x0a\x01\x0a\x04\x00\x04\x00\xa3" + bytes((len(url) + 2, 0x04, len(url))) + url
        body = b"\x02\x04" + number.to_bytes(4, "big") + b"\x65" + bytes((len(made),)) + made
        connection.sendall(sealed(b"\x30" + bytes((len(body),)) + body))

    text = failure(answer, DirectoryRejected)
    assert "it refers to ldap://127.0.0.1:1/DC=other. Ask a domain controller of the account's own domain." in text


# -- garbage


@pytest.mark.parametrize(
    "garbage",
    [
        sealed(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        sealed(b"\x30\x80\x00\x00"),
        sealed(b"\x30\x03\x02\x01\x01"),
        sealed(b"\x30\x02\x05\x00"),
        sealed(b"\x30\x84\x7f\xff\xff\xff"),
        b"\xff\xff\xff\xff",
        sealed(b"\x30\x0c\x02\x01\x05\x65\x07\x0a\x01\x00\x04\x00\x04\x00"),
    ],
)
def test_garbage(garbage: bytes):
    assert "the answer cannot be used: " in failure(answer_bytes(garbage), UnusableAnswer)


def test_another_kind_of_answer():
    def answer(connection: socket.socket, number: int, _request: Any) -> None:
        fields = {"resultCode": 0, "matchedDN": "", "diagnosticMessage": ""}
        connection.sendall(sealed(message(number, "modifyResponse", **fields)))

    assert "a message of kind 67h" in failure(answer, UnusableAnswer)


def test_a_notice_of_disconnection():
    notice = message(0, "extendedResp", resultCode=52, matchedDN="", diagnosticMessage="going down")
    assert "it ended the connection: going down" in failure(answer_bytes(sealed(notice)), DirectoryNoAnswer)


def test_text_of_the_server_is_visible():
    text = failure(answer_entries(code=1, text="a\nb\u202e\x1b[2J"), DirectoryRejected)
    assert "operationsError: a b<U+202E><U+001B>[2J" in text


def test_a_flood_has_an_end():
    def answer(connection: socket.socket, number: int, _request: Any) -> None:
        filler = entry(number, {"a": [b"x" * FLOOD]})
        while True:
            connection.sendall(sealed(filler))

    assert "longer than 8388608 bytes" in failure(answer, UnusableAnswer)


def test_small_entries_without_end():
    def answer(connection: socket.socket, number: int, _request: Any) -> None:
        while True:
            connection.sendall(sealed(entry(number, {})))

    assert "sent 1000 messages and no end" in failure(answer, UnusableAnswer)


# -- time


def drip(connection: socket.socket, number: int, _request: Any) -> None:
    for byte in sealed(entry(number, {"a": [b"x" * 10_000]})):
        connection.sendall(bytes((byte,)))
        time.sleep(0.02)


def silence(connection: socket.socket, _number: int, _request: Any) -> None:
    connection.recv(1)


@pytest.mark.parametrize("answer", [drip, silence])
def test_one_deadline_for_the_whole_answer(answer: Answer):
    begin = time.monotonic()
    text = failure(answer, DirectoryNoAnswer, timeout=0.5)
    assert "no whole answer within 0.5 seconds" in text
    assert time.monotonic() - begin < 20


def test_after_a_late_answer_the_connection_is_a_new_one():
    with controller(silence) as running, directory(running, timeout=0.5) as made:
        with pytest.raises(DirectoryNoAnswer):
            made.account(SENDER)
        running.answer = answer_entries(attributes())
        assert made.account(SENDER).sid == SENDER
    assert running.connections == 2


# -- the logon


def test_nothing_listens():
    with controller(answer_entries()) as running:
        port = running.port
    settings = LdapSettings(
        "c01.corp.example", "127.0.0.1", domain="CORP", user="ansible", password=PASSWORD, port=port
    )
    with LdapDirectory(settings) as made, pytest.raises(DirectoryUnreachable) as caught:
        made.account(SENDER)
    assert str(caught.value) == (
        f"c01.corp.example: could not log on to the directory: no connection to 127.0.0.1 port {port}: Connection "
        f"refused. Check that the domain controller is up and that TCP {port} is open."
    )


def test_a_name_that_cannot_be_looked_up_is_not_a_closed_port():
    settings = LdapSettings("c01.corp.example", "no-such.invalid", domain="CORP", user="ansible", password=PASSWORD)
    with LdapDirectory(settings) as made, pytest.raises(DirectoryUnreachable) as caught:
        made.account(SENDER)
    assert str(caught.value).endswith("Check the name, or give the address as address of its entry in sms_directory.")


@pytest.mark.parametrize("address", ["", "no such host.invalid", "a" * 300, "ä" * 70, "127.0.0.1\0"])
def test_addresses_that_are_none(address: str):
    settings = LdapSettings("c01.corp.example", address, 1, "CORP", "ansible", PASSWORD)
    with LdapDirectory(settings) as made, pytest.raises(DirectoryUnreachable):
        made.account(SENDER)


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (49, "SASL:[GSS-SPNEGO]: NT_STATUS_ACCOUNT_DISABLED", "the account is disabled (NT_STATUS_ACCOUNT_DISABLED)"),
        (
            49,
            "80090346: LdapErr: DSID-0C0905A8, comment: AcceptSecurityContext error, data 80090346, v4563",
            "demands channel binding",
        ),
        (8, "00002028: LdapErr: The server requires binds to turn on integrity checking", "'LDAP server signing"),
        (13, "TLS needed", "accepts TLS only, which is not supported here"),
        (7, "", "authMethodNotSupported"),
        (77, "odd", "LDAP result 77: odd"),
    ],
)
def test_a_refused_logon(code: int, text: str, expected: str):
    shown = failure(answer_entries(), DirectoryLogonFailed, bind=(code, text))
    assert "could not log on to the directory: CORP\\ansible: " in shown
    assert expected in shown


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (
            49,
            "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563\0",
            "CORP\\ansible: the user name or the password is wrong (52e). Check the account's name",
        ),
        (49, "80090308: LdapErr: DSID-0C, comment: AcceptSecurityContext error, data 775, v1", "is locked out (775)"),
        (49, "SASL:[GSS-SPNEGO]: NT_STATUS_LOGON_FAILURE", "the password is wrong (NT_STATUS_LOGON_FAILURE)"),
    ],
)
def test_a_password_that_must_not_be_tried_again(code: int, text: str, expected: str):
    shown = failure(answer_entries(), PasswordRefused, bind=(code, text))
    assert "could not log on to the directory: CORP\\ansible: " in shown
    assert expected in shown


@pytest.mark.parametrize(("user", "password"), [("", PASSWORD), ("ansible", "")])
def test_ntlm_needs_a_user_and_a_password(user: str, password: str):
    settings = LdapSettings("c01.corp.example", "127.0.0.1", 1, "CORP", user, password)
    with LdapDirectory(settings) as made, pytest.raises(DirectoryLogonFailed, match="NTLM needs a user name"):
        made.account(SENDER)


def test_a_server_that_is_none():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = LdapSettings(
            "c01.corp.example",
            "127.0.0.1",
            domain="CORP",
            user="a",
            password=PASSWORD,
            port=listener.getsockname()[1],
            timeout=0.5,
        )
        with LdapDirectory(settings) as made, pytest.raises(DirectoryUnreachable, match="no end of the logon at"):
            made.account(SENDER)
