# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter over SMB: what needs no server, and what a scripted one answers."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import SmbSession
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.account_state import filetime
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Account,
    JoinedDomain,
    NoAnswer,
    NotFound,
    Rejected,
    ServerFault,
    SiteServerError,
    Unreachable,
    local_path,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer, _ways
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb import ShareInfo
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb.files import _check_size, _entries
from tests.unit.smb import answers
from tests.unit.smb.answers import (
    HANDLE,
    MEMBERS,
    OK,
    OPEN_ALIAS,
    OPEN_DOMAIN,
    OPEN_POLICY,
    OPEN_USER,
    QUERY_POLICY,
    QUERY_USER,
    SAM_CONNECT,
    WITH_RIGHT,
    Answers,
    status,
)
from tests.unit.smb.scripted import Calls, Fault, scripted
from tests.unit.smb.test_pipes import LOOKUP_SIDS, named


def share(name: str, path: str, kind: int = 0) -> ShareInfo:
    return ShareInfo(name, path, kind, "", 0xFFFFFFFF)


SPECIAL = 0x80000000


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("D:\\SMS\\Site.srv", [("D$", "SMS\\Site.srv"), ("Hidden$", "Site.srv"), ("SMS", "Site.srv")]),
        ("D:\\", [("D$", "")]),
        ("d:\\sms", [("D$", "sms"), ("Hidden$", ""), ("SMS", "")]),
        ("D:\\SMSX", [("D$", "SMSX")]),
        ("C:\\Windows\\Temp", [("C$", "Windows\\Temp"), ("ADMIN$", "Temp")]),
        ("E:\\", []),
    ],
)
def test_a_path_is_reached_by_administrative_shares_first(path: str, expected: list[tuple[str, str]]) -> None:
    shares = (
        share("SMS", "D:\\SMS"),
        share("Hidden$", "D:\\SMS\\"),
        share("ADMIN$", "C:\\Windows", SPECIAL),
        share("D$", "D:\\", SPECIAL),
        share("C$", "C:\\", SPECIAL),
        share("IPC$", "", SPECIAL | 3),
        share("print", "D:\\SMS,LocalsplOnly", 1),
    )
    assert [way[-2:] for way in sorted(_ways(local_path(path), shares))] == expected


def entry(name: bytes, following: int = 0) -> bytes:
    return struct.pack("<LLQQQQQQLL", following, 0, 0, 0, 0, 0, 0, 0, 0x80, len(name)) + name


@pytest.mark.parametrize(
    "page",
    [
        b"",
        entry("a".encode("utf-16-le"))[:-1],
        entry(b"\0"),
        entry("..\\x".encode("utf-16-le")),
        entry("a/b".encode("utf-16-le")),
        entry("a\0".encode("utf-16-le")),
        entry(b""),
        entry(b"\x00\xd8"),
        entry("x".encode("utf-16-le") * 256),
        entry("a".encode("utf-16-le"), 1),
        entry("a".encode("utf-16-le"), 0xFFFFFFF0),
    ],
)
def test_a_listing_that_makes_no_sense_is_no_listing(page: bytes) -> None:
    with pytest.raises(SmbError) as caught:
        list(_entries(page, "D"))
    assert caught.value.kind == "garbled"


def test_a_listing_is_read() -> None:
    first, second = entry("..".encode("utf-16-le")), entry("Ä☃.1S1".encode("utf-16-le"))
    first = struct.pack("<L", 72) + first[4:] + bytes(72 - len(first))
    assert [found.name for found in _entries(first + second, "D")] == ["Ä☃.1S1"]


def test_a_descriptor_that_does_not_fit_is_not_sent() -> None:
    with pytest.raises(SmbError, match="takes 65537 bytes, and 65536 fit") as caught:
        _check_size(bytes(65537), 65536)
    assert "Shorten" in caught.value.advice


@contextmanager
def reached(pipes: Mapping[str, Calls]) -> Iterator[SmbSiteServer]:
    """A site server whose calls answer what a test has them answer."""
    with scripted(pipes) as settings:
        server = SmbSiteServer(settings, "ansible")
        try:
            yield server
        finally:
            server.close()


LOCAL, ADMINISTRATORS = Sid.parse("S-1-5-21-1-2-3-1000"), Sid.parse("S-1-5-32-544")
EVERYONE, DOMAIN_ADMINS = Sid.parse("S-1-1-0"), Sid.parse("S-1-5-21-7-8-9-512")
OWN, CORP = Sid.parse("S-1-5-21-1-2-3"), Sid.parse("S-1-5-21-7-8-9")
NEVER = 0x7FFFFFFFFFFFFFFF
DAY = 24 * 60 * 60 * 10_000_000
# [MS-ERREF] 2.3.1
NO_USER, NO_DOMAIN, NO_ALIAS, DENIED, NOT_IMPLEMENTED = 0xC0000064, 0xC00000DF, 0xC0000151, 0xC0000022, 0xC0000002
NO_MEMORY, PIPE_BROKEN, INVALID_HANDLE, NONE_MAPPED = 0xC000009A, 0xC000014B, 0xC0000008, 0xC0000073
REFUSED_SAM = "Restrict clients allowed to make remote calls to SAM' \\(RestrictRemoteSAM\\)"


# -- the state of an account


def test_the_state_of_an_account() -> None:
    sam = Answers({QUERY_USER: answers.user(control=0x411, expires=NEVER, must_change=NEVER) + OK})
    with reached({"samr": sam}) as server:
        assert server.local_account_state(LOCAL) == AccountState(
            disabled=True, locked=True, expired=False, password_expired=False
        )


@pytest.mark.parametrize(("bit", "fact"), [(0x20000, "password_expired"), (0x80000, "expired")])
def test_each_field_counts_if_the_server_shows_it(bit: int, fact: str) -> None:
    """[MS-SAMR] 2.2.1.8: the fields of a bit that is not set mean nothing."""
    sam = Answers({QUERY_USER: answers.user(expires=1, must_change=1, shown=0x1A0000 & ~bit) + OK})
    with reached({"samr": sam}) as server:
        state = server.local_account_state(LOCAL)
    other = {"password_expired", "expired"} - {fact}
    assert (getattr(state, fact), getattr(state, *other)) == (None, True)
    sam = Answers({QUERY_USER: answers.user(control=0x1, expires=NEVER, must_change=NEVER, shown=0xA0000) + OK})
    with reached({"samr": sam}) as server:
        assert server.local_account_state(LOCAL) == AccountState(None, None, expired=False, password_expired=False)


@pytest.mark.parametrize(("ahead", "expired"), [(0, None), (DAY, True), (-DAY, False)])
def test_the_servers_clock_decides(monkeypatch: pytest.MonkeyPatch, ahead: int, expired: bool | None) -> None:
    expires = filetime(time.time())
    monkeypatch.setattr(SmbSession, "server_time", property(lambda _session: expires + ahead))
    with reached({"samr": Answers({QUERY_USER: answers.user(expires=expires) + OK})}) as server:
        assert server.local_account_state(LOCAL).expired is expired


def test_without_the_servers_clock_the_own_one_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmbSession, "server_time", property(lambda _session: 0))
    sam = Answers({QUERY_USER: [answers.user(expires=filetime(time.time()) + ahead) + OK for ahead in (-DAY, DAY)]})
    with reached({"samr": sam}) as server:
        assert [server.local_account_state(LOCAL).expired for _each in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("call", "code", "kind", "words"),
    [
        (
            OPEN_DOMAIN,
            NO_DOMAIN,
            NotFound,
            r"not found \(STATUS_NO_SUCH_DOMAIN: .*must be an account of the server itself",
        ),
        (OPEN_USER, NO_USER, NotFound, r"not found \(STATUS_NO_SUCH_USER: .*must be an account of the server itself"),
        (OPEN_USER, DENIED, AccessDenied, r"STATUS_ACCESS_DENIED: .*Administrators group\.$"),
        (QUERY_USER, DENIED, AccessDenied, r"STATUS_ACCESS_DENIED: .*Administrators group\.$"),
        (QUERY_USER, NOT_IMPLEMENTED, Rejected, "STATUS_NOT_IMPLEMENTED: "),
        (QUERY_USER, NO_MEMORY, ServerFault, "STATUS_INSUFFICIENT_RESOURCES: "),
        (SAM_CONNECT, DENIED, AccessDenied, REFUSED_SAM),
        (SAM_CONNECT, NO_MEMORY, ServerFault, "STATUS_INSUFFICIENT_RESOURCES: "),
        (OPEN_DOMAIN, PIPE_BROKEN, NoAnswer, "STATUS_PIPE_BROKEN: "),
    ],
)
def test_a_state_that_is_refused(call: int, code: int, kind: type[SiteServerError], words: str) -> None:
    with (
        reached({"samr": Answers({call: (bytes(4) if call == QUERY_USER else HANDLE) + status(code)})}) as server,
        pytest.raises(SiteServerError, match=f"^C01: could not read the state of account {LOCAL}: .*{words}") as caught,
    ):
        server.local_account_state(LOCAL)
    assert caught.type is kind


@pytest.mark.parametrize(
    "answer", [answers.user()[:-8] + OK, answers.user()[:4] + b"\x05" + answers.user()[5:] + OK, OK, b"", bytes(4) + OK]
)
def test_a_state_that_makes_no_sense(answer: bytes) -> None:
    with (
        reached({"samr": Answers({QUERY_USER: answer})}) as server,
        pytest.raises(NoAnswer, match="read the state of account"),
    ):
        server.local_account_state(LOCAL)


# -- who may use SAMR at all


@pytest.mark.parametrize("refusal", [HANDLE + status(DENIED), Fault(5)])
def test_a_policy_that_keeps_clients_from_sam_is_named(refusal: bytes | Fault) -> None:
    with reached({"samr": lambda _number, _stub: refusal}) as server:
        for question in (
            lambda: server.group_members(ADMINISTRATORS),
            lambda: server.add_group_member(ADMINISTRATORS, LOCAL),
            lambda: server.local_account_state(LOCAL),
        ):
            with pytest.raises(AccessDenied, match=f"ACCESS_DENIED: .*Administrators group.*{REFUSED_SAM}"):
                question()


@pytest.mark.parametrize("sid", ["S-1-1-0", "S-1-5-18", "S-1-5-21-1-2-3", "S-1-5-32", "S-1-5", "S-1-22-2-0"])
def test_what_can_be_no_account_of_a_server_is_not_asked_for(sid: str) -> None:
    sam = Answers({})
    with reached({"samr": sam}) as server:
        for question in (server.local_account_state, server.group_members):
            with pytest.raises(NotFound, match=r"^C01: could not read .*: not found \("):
                question(Sid.parse(sid))
    assert sam.asked == []


# -- the members of a group


def test_members_come_with_what_they_are() -> None:
    sam = Answers({MEMBERS: answers.members(DOMAIN_ADMINS, EVERYONE, LOCAL) + OK})
    lsa = Answers({LOOKUP_SIDS: named(["Domain Admins", None], 0x107, use=2)})
    with reached({"samr": sam, "lsarpc": lsa}) as server:
        found = server.group_members(ADMINISTRATORS)
    assert found == (
        Account(DOMAIN_ADMINS, "CORP\\Domain Admins"),
        Account(EVERYONE, "Everyone"),
        Account(LOCAL, str(LOCAL)),
    )
    assert [account.is_group for account in found] == [True, True, None]


@pytest.mark.parametrize(
    ("call", "code", "name"),
    [(OPEN_DOMAIN, NO_DOMAIN, "STATUS_NO_SUCH_DOMAIN"), (OPEN_ALIAS, NO_ALIAS, "STATUS_NO_SUCH_ALIAS")],
)
def test_a_group_that_is_none_of_the_server(call: int, code: int, name: str) -> None:
    with (
        reached({"samr": Answers({call: HANDLE + status(code)})}) as server,
        pytest.raises(NotFound, match=rf"not found \({name}: .*It must be a local group of the server\."),
    ):
        server.group_members(DOMAIN_ADMINS)


# -- who may log on


def test_holders_of_rights_have_their_names() -> None:
    lsa = Answers(
        {
            WITH_RIGHT: [answers.accounts(EVERYONE, DOMAIN_ADMINS) + OK, answers.accounts(LOCAL) + OK],
            LOOKUP_SIDS: named(["Domain Admins", None], 0x107, use=2),
        }
    )
    with reached({"lsarpc": lsa}) as server:
        found = server.network_logon()
    assert dict(found.allowed.holders) == {EVERYONE: "Everyone", DOMAIN_ADMINS: "CORP\\Domain Admins"}
    assert dict(found.denied.holders) == {LOCAL: str(LOCAL)}
    # The names of all of them are one question.
    assert lsa.asked.count(LOOKUP_SIDS) == 1


def test_a_connection_that_breaks_is_an_error() -> None:
    with (
        reached({"lsarpc": Answers({WITH_RIGHT: bytes(8) + status(0xC00000B5)})}) as server,
        pytest.raises(Unreachable, match=r"^C01: could not read who may log on over the network: STATUS_IO_TIMEOUT: "),
    ):
        server.network_logon()


# -- the domain of the server


@pytest.mark.parametrize(
    ("joined", "own", "found"),
    [
        (answers.dns_domain("CORP", "corp.example", CORP), OWN, JoinedDomain("corp.example", is_controller=False)),
        (answers.dns_domain("CORP", "corp.example", CORP), CORP, JoinedDomain("corp.example", is_controller=True)),
        (answers.dns_domain("CORP", "", CORP), OWN, JoinedDomain("CORP", is_controller=False)),
        (answers.dns_domain("WORKGROUP", "", None), OWN, None),
    ],
    ids=["member", "controller", "old domain", "workgroup"],
)
def test_the_domain_of_a_server(joined: bytes, own: Sid, found: JoinedDomain | None) -> None:
    lsa = Answers({QUERY_POLICY: [joined + OK, answers.domain(5, "P01", own) + OK]})
    with reached({"lsarpc": lsa}) as server:
        domain = server.joined_domain()
    assert domain == found
    assert domain is None or domain.sid == CORP


@pytest.mark.parametrize("code", [0xC0000003, 0xC0000002, 0xC000000D, 0xC00000BB])
@pytest.mark.parametrize(("sid", "found"), [(CORP, JoinedDomain("CORP", is_controller=False)), (None, None)])
def test_a_server_from_before_active_directory(code: int, sid: Sid | None, found: JoinedDomain | None) -> None:
    lsa = Answers(
        {
            QUERY_POLICY: [
                bytes(4) + status(code),
                answers.domain(3, "CORP", sid) + OK,
                answers.domain(5, "P01", OWN) + OK,
            ]
        }
    )
    with reached({"lsarpc": lsa}) as server:
        assert server.joined_domain() == found


@pytest.mark.parametrize(
    ("answered", "kind", "words"),
    [
        ({OPEN_POLICY: HANDLE + status(DENIED)}, AccessDenied, "STATUS_ACCESS_DENIED: "),
        ({QUERY_POLICY: bytes(4) + status(DENIED)}, AccessDenied, "STATUS_ACCESS_DENIED: "),
        ({QUERY_POLICY: answers.dns_domain("CORP", "corp.example", CORP)[:-8] + OK}, NoAnswer, ""),
        ({QUERY_POLICY: OK}, NoAnswer, ""),
    ],
)
def test_a_domain_that_cannot_be_read(answered: Mapping[int, bytes], kind: type[SiteServerError], words: str) -> None:
    with (
        reached({"lsarpc": Answers(answered)}) as server,
        pytest.raises(kind, match=f"^C01: could not read which domain the server is in: .*{words}"),
    ):
        server.joined_domain()
