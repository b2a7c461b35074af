# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User rights that a server lists, refuses to list, does not have, or lists without end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import open_session
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import NetworkLogon
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb import logon
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.logon import MAX_ACCOUNTS, network_logon
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb import PipeClient
from tests.unit.smb import answers
from tests.unit.smb.answers import ENUMERATE_ACCOUNTS, HANDLE, OK, OPEN_POLICY, RIGHTS_OF, WITH_RIGHT, Answers, status
from tests.unit.smb.scripted import Calls, Fault, scripted

EVERYONE, USERS, BLOCKED = map(Sid.parse, ("S-1-1-0", "S-1-5-32-545", "S-1-5-21-1-2-3-1126"))
ALLOW, DENY = "SeNetworkLogonRight", "SeDenyNetworkLogonRight"
# [MS-ERREF] 2.3.1
NO_MORE, MORE, NO_PRIVILEGE, DENIED, NOT_SUPPORTED = 0x8000001A, 0x105, 0xC0000060, 0xC0000022, 0xC00000BB
NOBODY = answers.accounts() + status(NO_MORE)


def read(calls: Calls) -> NetworkLogon:
    with scripted({"lsarpc": calls}) as settings, open_session(settings) as session:
        return network_logon(PipeClient(session), lambda sids: dict.fromkeys(sids, "somebody"))


def listed(*lists: bytes) -> Answers:
    """A server that answers about the one right, then about the other."""
    return Answers({WITH_RIGHT: lists})


def test_who_holds_the_rights():
    lsa = listed(answers.accounts(EVERYONE, USERS) + OK, answers.accounts(BLOCKED) + OK)
    found = read(lsa)
    assert (found.allowed.name, found.denied.name) == (ALLOW, DENY)
    assert dict(found.allowed.holders) == {EVERYONE: "somebody", USERS: "somebody"}
    assert dict(found.denied.holders) == {BLOCKED: "somebody"}
    assert (found.allowed.unread, found.denied.unread) == ("", "")
    assert found.allowed.source == found.denied.source == "local security policy"
    assert lsa.asked == [OPEN_POLICY, WITH_RIGHT, WITH_RIGHT]


def test_the_rights_are_asked_for_by_their_names():
    asked = []

    def calls(opnum: int, stub: bytes) -> bytes:
        if opnum == WITH_RIGHT:
            asked.append(stub)
            return NOBODY
        return HANDLE + OK

    read(calls)
    # RPC_UNICODE_STRING ([MS-DTYP] 2.3.10): the length in bytes, without a zero at the end.
    for stub, name in zip(asked, (ALLOW, DENY), strict=True):
        assert name.encode("utf-16-le") in stub
        assert stub[24:28] == (2 * len(name)).to_bytes(2, "little") * 2


def test_a_right_that_nobody_holds_is_read():
    found = read(listed(answers.accounts(EVERYONE) + OK, NOBODY))
    assert (dict(found.denied.holders), found.denied.unread) == ({}, "")


def test_a_list_without_entries_is_nobody_too():
    assert read(listed(answers.accounts() + OK)).allowed.unread == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (DENIED, "STATUS_ACCESS_DENIED: "),
        (NOT_SUPPORTED, "STATUS_NOT_SUPPORTED: "),
        (0xC000009A, "STATUS_INSUFFICIENT_RESOURCES: "),
        (0xC000000D, "STATUS_INVALID_PARAMETER: "),
    ],
)
def test_a_refusal_leaves_it_open_and_is_no_error(code: int, words: str):
    found = read(listed(answers.accounts() + status(code), answers.accounts(BLOCKED) + OK))
    assert found.allowed.unread.startswith(f"the server does not list who holds it ({words}")
    assert (dict(found.allowed.holders), found.allowed.source) == ({}, "local security policy")
    assert dict(found.denied.holders) == {BLOCKED: "somebody"}


@pytest.mark.parametrize("calls", [Answers({OPEN_POLICY: HANDLE + status(DENIED)}), lambda _number, _stub: Fault(5)])
def test_who_may_not_ask_gets_no_error(calls: Calls):
    found = read(calls)
    assert "ACCESS_DENIED: " in found.allowed.unread
    assert "ACCESS_DENIED: " in found.denied.unread


def test_no_pipe_no_rights():
    with scripted({}) as settings, open_session(settings) as session:
        found = network_logon(PipeClient(session), lambda _sids: {})
    assert "the server does not list who holds it (" in found.allowed.unread


def test_a_procedure_that_the_server_lacks_leaves_it_open():
    # nca_s_op_rng_error: [C706] appendix E.
    found = read(lambda number, _stub: HANDLE + OK if number == OPEN_POLICY else Fault(0x1C010002))
    assert "nca_s_op_rng_error" in found.denied.unread


# -- rights that are kept, and not listed


def unlisted(*pages: bytes, rights: Sequence[bytes]) -> Answers:
    """A server that lists no account by its right, but all with any right, and the rights of each."""
    refused = answers.accounts() + status(NO_PRIVILEGE)
    return Answers({WITH_RIGHT: refused, ENUMERATE_ACCOUNTS: pages, RIGHTS_OF: rights})


def page(next_one: int, *sids: Sid, code: int = 0) -> bytes:
    return status(next_one) + answers.accounts(*sids) + status(code)


END = page(0, code=NO_MORE)


def test_accounts_are_asked_for_their_rights_if_they_are_not_listed():
    lsa = unlisted(
        page(1, EVERYONE, code=MORE),
        page(2, BLOCKED),
        END,
        rights=(answers.rights(ALLOW, "SeShutdownPrivilege") + OK, answers.rights(DENY) + OK),
    )
    found = read(lsa)
    assert (dict(found.allowed.holders), found.allowed.unread) == ({EVERYONE: "somebody"}, "")
    assert (dict(found.denied.holders), found.denied.unread) == ({BLOCKED: "somebody"}, "")
    # Each account once, for both rights.
    assert lsa.asked.count(RIGHTS_OF) == 2


def test_a_right_that_no_account_has_may_be_unknown_to_the_server():
    found = read(unlisted(page(1, EVERYONE), END, rights=[answers.rights(ALLOW) + OK]))
    assert found.allowed.unread == ""
    assert "STATUS_NO_SUCH_PRIVILEGE: " in found.denied.unread


@pytest.mark.parametrize(
    "lsa",
    [
        unlisted(page(0, code=DENIED), rights=[]),
        unlisted(page(1, EVERYONE), END, rights=[answers.rights(ALLOW) + status(DENIED)]),
        # As long as there are more, nobody knows them all.
        unlisted(page(1, EVERYONE, code=MORE), rights=[answers.rights(ALLOW) + OK]),
        unlisted(
            page(1, *(Sid(5, (21, 1, 2, 3, rid)) for rid in range(MAX_ACCOUNTS + 1))),
            END,
            rights=[answers.rights(ALLOW) + OK],
        ),
    ],
    ids=["accounts", "rights", "endless", "crowd"],
)
def test_what_cannot_be_asked_one_by_one_stays_open(lsa: Answers):
    found = read(lsa)
    assert (dict(found.allowed.holders), dict(found.denied.holders)) == ({}, {})
    assert "STATUS_NO_SUCH_PRIVILEGE: " in found.allowed.unread
    assert lsa.asked.count(ENUMERATE_ACCOUNTS) <= 64
    assert lsa.asked.count(RIGHTS_OF) <= 1


# -- answers that are no answers


def test_more_holders_than_are_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(logon, "MAX_NAMES", 2)
    found = read(listed(answers.accounts(EVERYONE, USERS, BLOCKED) + OK, answers.accounts(EVERYONE, USERS) + OK))
    assert list(found.allowed.holders) == list(found.denied.holders) == [EVERYONE, USERS]
    assert found.allowed.unread == "only 2 of 3 holders were read"
    assert found.denied.unread == ""


@pytest.mark.parametrize(
    "answer",
    [
        answers.accounts(EVERYONE, announced=2) + OK,
        answers.accounts(EVERYONE, announced=0xFFFFFFFF) + OK,
        answers.accounts(announced=1) + OK,
        answers.accounts(EVERYONE)[:-4] + OK,
        b"garbage" * 40 + OK,
        b"",
    ],
    ids=["more announced", "many announced", "none", "cut off", "garbage", "nothing"],
)
def test_an_answer_that_makes_no_sense_is_an_error(answer: bytes):
    with pytest.raises(SmbError) as caught:
        read(listed(answer))
    assert caught.value.kind == "garbled"
