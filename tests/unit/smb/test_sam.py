# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local groups and accounts whose server refuses, breaks off, or shows a part."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import open_session
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    NoAnswer,
    NotFound,
    Rejected,
    ServerFault,
    SiteServerError,
    Unreachable,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb import PipeClient, SamClient, UserInfo
from tests.unit.smb import answers
from tests.unit.smb.answers import (
    HANDLE,
    MEMBERS,
    OK,
    OPEN_ALIAS,
    OPEN_DOMAIN,
    OPEN_USER,
    QUERY_USER,
    SAM_CONNECT,
    Answers,
    status,
)
from tests.unit.smb.scripted import Answer, Calls, Fault, scripted

OPERATOR, ADMINISTRATORS, USERS = map(Sid.parse, ("S-1-5-21-1-2-3-1104", "S-1-5-32-544", "S-1-5-32-545"))
DENIED, INVALID_HANDLE = 0xC0000022, 0xC0000008  # [MS-ERREF] 2.3.1
CLOSE = 1  # [MS-SAMR] 3.1.5


@contextmanager
def reached(calls: Calls) -> Iterator[SamClient]:
    with scripted({"samr": calls}) as settings, open_session(settings) as session:
        yield SamClient(PipeClient(session))


# -- members


class Sam:
    """A local group whose changes end with these statuses."""

    def __init__(self, status: int) -> None:
        self._status = status
        self.changed: list[int] = []

    def __call__(self, opnum: int, _stub: bytes) -> Answer:
        if opnum in (31, 32):  # SamrAddMemberToAlias, SamrRemoveMemberFromAlias: [MS-SAMR] 3.1.5
            self.changed.append(opnum)
            return self._status.to_bytes(4, "little")
        return HANDLE + OK


@pytest.mark.parametrize(
    ("status", "adding", "removing"),
    [
        (0, None, None),
        (0xC0000153, None, Rejected),  # STATUS_MEMBER_IN_ALIAS
        (0xC0000152, Rejected, None),  # STATUS_MEMBER_NOT_IN_ALIAS
        (0xC000017A, Rejected, Rejected),  # STATUS_NO_SUCH_MEMBER
        (DENIED, AccessDenied, AccessDenied),
        (0xC0000151, NotFound, NotFound),  # STATUS_NO_SUCH_ALIAS
        (0xC00000B5, Unreachable, Unreachable),  # STATUS_IO_TIMEOUT
        (0xC000014B, NoAnswer, NoAnswer),  # STATUS_PIPE_BROKEN
        (0xC000009A, ServerFault, ServerFault),  # STATUS_INSUFFICIENT_RESOURCES
    ],
    ids=str,
)
def test_what_became_of_a_member(
    status: int, adding: type[SiteServerError] | None, removing: type[SiteServerError] | None
) -> None:
    sam = Sam(status)
    group = Sid.parse("S-1-5-32-544")
    with scripted({"samr": sam}) as settings:
        server = SmbSiteServer(settings, "ansible")
        for change, expected in ((server.add_group_member, adding), (server.remove_group_member, removing)):
            if expected is None:
                change(group, OPERATOR)
                continue
            with pytest.raises(SiteServerError) as caught:
                change(group, OPERATOR)
            assert caught.value.__class__ is expected
        server.close()
    assert sam.changed == [31, 32]


def test_a_group_of_garbage_is_no_group() -> None:
    # [MS-SAMR] 2.2.7.14: four billion members, of which none comes.
    answers = struct.pack("<LLL", 0xFFFFFFFF, 0x20000, 0xFFFFFFFF) + b"\xff" * 400 + OK

    def calls(opnum: int, _stub: bytes) -> Answer:
        return answers if opnum == 33 else HANDLE + OK  # SamrGetMembersInAlias

    with scripted({"samr": calls}) as settings:
        server = SmbSiteServer(settings, "ansible")
        with pytest.raises(NoAnswer, match=r"read the members of group .*Administrators"):
            server.group_members(Sid.parse("S-1-5-32-544"))
        server.close()


def test_a_group_is_a_domain_and_a_number_there() -> None:
    asked = {}

    def calls(opnum: int, stub: bytes) -> bytes:
        asked[opnum] = stub
        return answers.members(OPERATOR) + OK if opnum == MEMBERS else HANDLE + OK

    with reached(calls) as sam:
        assert sam.group_members(ADMINISTRATORS) == (OPERATOR,)
    # BUILTIN, S-1-5-32, and 544.
    assert asked[OPEN_DOMAIN].endswith(Sid.parse("S-1-5-32").to_bytes())
    assert asked[OPEN_ALIAS].endswith(struct.pack("<L", 544))


def test_the_sam_is_connected_once_and_again_if_its_pipe_breaks() -> None:
    opened = [HANDLE + OK, HANDLE + OK, HANDLE + OK, HANDLE + status(INVALID_HANDLE), HANDLE + OK]
    calls = Answers({MEMBERS: answers.members() + OK, OPEN_ALIAS: opened, QUERY_USER: answers.user() + OK})
    with reached(calls) as sam:
        for group in (ADMINISTRATORS, USERS, ADMINISTRATORS):
            sam.group_members(group)
        assert calls.asked.count(SAM_CONNECT) == calls.asked.count(OPEN_DOMAIN) == 1
        # Its domains are BUILTIN and its own.
        sam.user(OPERATOR)
        assert (calls.asked.count(SAM_CONNECT), calls.asked.count(OPEN_DOMAIN)) == (1, 2)
        with pytest.raises(SmbError, match="STATUS_INVALID_HANDLE: "):
            sam.group_members(ADMINISTRATORS)
        sam.group_members(ADMINISTRATORS)
    assert (calls.asked.count(SAM_CONNECT), calls.asked.count(OPEN_DOMAIN)) == (2, 3)
    # What was opened for one question is closed after it: three groups, an account, a group.
    assert calls.asked.count(CLOSE) == 5


# -- accounts


def test_facts_about_an_account() -> None:
    calls = Answers({QUERY_USER: answers.user(0x211, 1 << 40, -1) + OK})
    with reached(calls) as sam:
        assert sam.user(OPERATOR) == UserInfo(0x211, 1 << 40, -1)


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (0x100000, UserInfo(0x10, None, None)),
        (0x080000, UserInfo(None, 2, None)),
        (0x020000, UserInfo(None, None, 3)),
        (0xFFE5FFFF, UserInfo(None, None, None)),
    ],
)
def test_a_fact_that_is_not_shown_is_none(shown: int, found: UserInfo) -> None:
    """[MS-SAMR] 2.2.1.8: without its bit in WhichFields, a field means nothing."""
    with reached(Answers({QUERY_USER: answers.user(0x10, 2, 3, shown) + OK})) as sam:
        assert sam.user(OPERATOR) == found


def test_no_more_is_asked_for_than_is_read() -> None:
    asked = {}

    def calls(opnum: int, stub: bytes) -> bytes:
        asked[opnum] = stub
        return answers.user() + OK if opnum == QUERY_USER else HANDLE + OK

    with reached(calls) as sam:
        sam.user(OPERATOR)
    # USER_READ_LOGON | USER_READ_ACCOUNT ([MS-SAMR] 2.2.1.7) of 1104; UserAllInformation.
    assert asked[OPEN_USER].endswith(struct.pack("<LL", 0x18, 1104))
    assert asked[QUERY_USER].endswith(struct.pack("<H", 21))


# -- who may use the SAM at all


@pytest.mark.parametrize("refusal", [HANDLE + status(DENIED), Fault(5)])
def test_a_policy_that_keeps_clients_away_is_named(refusal: bytes | Fault) -> None:
    with reached(lambda _number, _stub: refusal) as sam, pytest.raises(SmbError) as caught:
        sam.group_members(ADMINISTRATORS)
    assert (caught.value.kind, caught.value.status) == ("refused", 5 if isinstance(refusal, Fault) else DENIED)
    assert "ACCESS_DENIED: " in caught.value.reason
    assert "(RestrictRemoteSAM)" in caught.value.advice


@pytest.mark.parametrize("call", [OPEN_DOMAIN, OPEN_ALIAS, MEMBERS])
def test_a_later_refusal_is_not_that_policys(call: int) -> None:
    refusal = (bytes(4) if call == MEMBERS else HANDLE) + status(DENIED)
    with reached(Answers({call: refusal})) as sam, pytest.raises(SmbError, match="STATUS_ACCESS_DENIED: ") as caught:
        sam.group_members(ADMINISTRATORS)
    assert caught.value.advice == ""
