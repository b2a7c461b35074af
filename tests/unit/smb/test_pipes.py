# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote procedure calls that are refused, break, or never end."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator

import pytest
from impacket.dcerpc.v5 import lsad, lsat, srvs
from impacket.dcerpc.v5.dtypes import NULL, RPC_SID

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import open_session
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_stream import MAX_EXCHANGE
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptor, Sid, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    NoAnswer,
    NotFound,
    Rejected,
    ServerFault,
    Share,
    SiteServerError,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb import Named, PipeClient
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb.pipes import MAX_LOOKUPS
from tests.unit.smb.scripted import Answer, Calls, Fault, fragment, scripted

OPEN_POLICY, LOOKUP_SIDS = 6, 15  # [MS-LSAD] 3.1.4, [MS-LSAT] 3.1.4
SHARE_ENUM, SHARE_GET, SHARE_SET = 15, 16, 17  # [MS-SRVS] 3.1.4
OK = bytes(4)
HANDLE = bytes(20)
# [MS-ERREF] 2.3.1
SOME_NOT_MAPPED, NONE_MAPPED, INVALID_SID, DENIED = 0x107, 0xC0000073, 0xC0000078, 0xC0000022

ADMINISTRATOR = Sid.parse("S-1-5-21-1-2-3-500")
OPERATOR = Sid.parse("S-1-5-21-1-2-3-1104")
UNKNOWN = Sid.parse("S-1-5-21-1-2-3-9999")
UNIX_ROOT = Sid.parse("S-1-22-1-0")
PACKAGE = Sid.parse("S-1-15-2-1")
NAMES = {ADMINISTRATOR: "Administrator", OPERATOR: "operator"}


class Lsa:
    """A server that refuses a whole question for some SIDs in it."""

    def __init__(self, *refused: Sid, status: int = INVALID_SID, opened: bytes = HANDLE + OK, use: int = 1) -> None:
        self.questions: list[list[Sid]] = []
        self._use = use
        self._refused = refused
        self._status = status
        self._opened = opened

    def __call__(self, opnum: int, stub: bytes) -> Answer:
        if opnum == OPEN_POLICY:
            return self._opened
        assert opnum == LOOKUP_SIDS
        infos = lsat.LsarLookupSids(stub)["SidEnumBuffer"]["SidInfo"]
        asked = [Sid.parse(info["Sid"].formatCanonical()) for info in infos]
        self.questions.append(asked)
        if any(sid in self._refused for sid in asked):
            return named([], self._status)
        found = [NAMES.get(sid) for sid in asked]
        return named(found, SOME_NOT_MAPPED if None in found else 0 if any(found) else NONE_MAPPED, self._use)


def named(names: Collection[str | None], status: int, use: int = 1) -> bytes:
    """The answer to LsarLookupSids ([MS-LSAT] 3.1.4.11); all names are of the domain CORP."""
    made = lsat.LsarLookupSidsResponse()
    if not names:
        made["ReferencedDomains"] = NULL
        made["TranslatedNames"]["Names"] = NULL
    else:
        domain, sid = lsad.LSAPR_TRUST_INFORMATION(), RPC_SID()
        sid.fromCanonical("S-1-5-21-1-2-3")
        domain["Name"], domain["Sid"] = "CORP", sid
        made["ReferencedDomains"]["Entries"] = 1
        made["ReferencedDomains"]["MaxEntries"] = 32
        made["ReferencedDomains"]["Domains"].append(domain)
        made["TranslatedNames"]["Entries"] = len(names)
        for name in names:
            row = lsat.LSAPR_TRANSLATED_NAME()
            row["Use"] = use if name else 8
            row["Name"] = name or ""
            row["DomainIndex"] = 0 if name else -1
            made["TranslatedNames"]["Names"].append(row)
    made["MappedCount"] = sum(name is not None for name in names)
    made["ErrorCode"] = status
    return bytes(made.getData())


def named_by(calls: Calls, *sids: Sid) -> dict[Sid, Named]:
    with scripted({"lsarpc": calls}) as settings, open_session(settings) as session:
        return PipeClient(session).names_of(sids)


def names_of(calls: Calls, *sids: Sid) -> dict[Sid, str]:
    return {sid: named.name for sid, named in named_by(calls, *sids).items()}


# -- names


def test_names_are_had_in_one_question() -> None:
    lsa = Lsa()
    assert names_of(lsa, ADMINISTRATOR, UNKNOWN, OPERATOR) == {
        ADMINISTRATOR: "CORP\\Administrator",
        OPERATOR: "CORP\\operator",
    }
    assert lsa.questions == [[ADMINISTRATOR, UNKNOWN, OPERATOR]]


@pytest.mark.parametrize(
    ("use", "is_group"),
    [(1, False), (2, True), (4, True), (5, True), (9, False), (3, None), (6, None), (10, None), (11, None)],
)
def test_a_name_comes_with_what_it_is_of(use: int, is_group: bool | None) -> None:
    # SID_NAME_USE: [MS-SAMR] 2.2.2.3.
    found = named_by(Lsa(use=use), ADMINISTRATOR)[ADMINISTRATOR]
    assert found.name.endswith("Administrator")
    assert found.is_group is is_group


@pytest.mark.parametrize("use", [7, 8])
def test_a_sid_that_the_server_does_not_have_has_no_name(use: int) -> None:
    assert named_by(Lsa(use=use), ADMINISTRATOR) == {}


@pytest.mark.parametrize("status", [INVALID_SID, 0xC000000D, 0xC00000E5, 0xC000018C, NONE_MAPPED])
def test_a_sid_that_the_server_refuses_costs_its_own_name_only(status: int) -> None:
    # INVALID_SID, INVALID_PARAMETER, INTERNAL_ERROR, TRUSTED_DOMAIN_FAILURE.
    lsa = Lsa(UNIX_ROOT, PACKAGE, status=status)
    found = names_of(lsa, UNIX_ROOT, ADMINISTRATOR, UNKNOWN, PACKAGE, OPERATOR)
    # NONE_MAPPED says of all that they have no name, so nobody asks again.
    expected = {} if status == NONE_MAPPED else {ADMINISTRATOR: "CORP\\Administrator", OPERATOR: "CORP\\operator"}
    assert found == expected


def test_a_server_that_refuses_every_question_is_asked_so_often_only() -> None:
    sids = [Sid.parse(f"S-1-22-1-{number}") for number in range(1000)]
    lsa = Lsa(*sids)
    assert names_of(lsa, *sids, OPERATOR) == {}
    assert len(lsa.questions) == MAX_LOOKUPS


@pytest.mark.parametrize("status", [DENIED, 0xC00000BB])
def test_a_server_that_tells_no_names_is_asked_once(status: int) -> None:
    lsa = Lsa(ADMINISTRATOR, status=status)
    assert names_of(lsa, ADMINISTRATOR, OPERATOR) == {}
    assert len(lsa.questions) == 1


def test_without_the_right_to_ask_there_are_no_names() -> None:
    lsa = Lsa(opened=HANDLE + DENIED.to_bytes(4, "little"))
    assert names_of(lsa, ADMINISTRATOR, OPERATOR) == {}
    assert lsa.questions == []


@pytest.mark.parametrize("status", [5, 0x800706BE, 0x1C010002, 0x1C010003, 0x1C000001])
def test_a_fault_costs_the_names_only(status: int) -> None:
    def calls(opnum: int, _stub: bytes) -> Answer:
        return HANDLE + OK if opnum == OPEN_POLICY else Fault(status)

    assert names_of(calls, ADMINISTRATOR) == {}


def test_no_pipe_no_names() -> None:
    with scripted({}) as settings, open_session(settings) as session:
        assert PipeClient(session).names_of([ADMINISTRATOR]) == {}


def test_a_reading_goes_on_without_names() -> None:
    held = parse_sddl(f"O:{UNIX_ROOT}G:{UNIX_ROOT}D:(A;;FA;;;{ADMINISTRATOR})(A;;FA;;;{PACKAGE})")
    lsa = Lsa(UNIX_ROOT, PACKAGE)
    shares = Shares(held.to_bytes())
    with scripted({"lsarpc": lsa, "srvsvc": shares}) as settings:
        server = site_server(settings)
        reading = server.share_descriptor(SMS_SITE)
        server.close()
    assert reading.descriptor.dacl == held.dacl
    assert dict(reading.names) == {ADMINISTRATOR: "CORP\\Administrator"}


# -- what became of a write


class Shares:
    """A server of one share, SMS_SITE, with this descriptor, which `answer` decides about a write of."""

    def __init__(self, descriptor: bytes, answer: Callable[[], Answer] = lambda: OK + OK) -> None:
        self.descriptor = descriptor
        self.comment = ""
        self.asked: list[int] = []
        self._answer = answer

    def __call__(self, opnum: int, stub: bytes) -> Answer:
        self.asked.append(opnum)
        if opnum == SHARE_SET:
            answer = self._answer()
            if answer == OK + OK:
                # The descriptor stands at the end of the arguments, before the null pointer of ParmErr.
                start = stub.rindex(SecurityDescriptor.from_bytes(self.descriptor).to_bytes()[:2] + b"\4")
                self.descriptor = stub[start:-4]
            return answer
        if opnum == SHARE_GET:
            one = srvs.NetrShareGetInfoResponse()
            one["InfoStruct"]["tag"] = 502
            self._fill(one["InfoStruct"]["ShareInfo502"])
            security = [self.descriptor[at : at + 1] for at in range(len(self.descriptor))]
            one["InfoStruct"]["ShareInfo502"]["shi502_security_descriptor"] = security
            one["InfoStruct"]["ShareInfo502"]["shi502_reserved"] = len(self.descriptor)
            one["ErrorCode"] = 0
            return bytes(one.getData())
        assert opnum == SHARE_ENUM
        made = srvs.NetrShareEnumResponse()
        made["InfoStruct"]["Level"] = 2
        made["InfoStruct"]["ShareInfo"]["tag"] = 2
        made["InfoStruct"]["ShareInfo"]["Level2"]["EntriesRead"] = 1
        row = srvs.SHARE_INFO_2()
        row["shi2_netname"], row["shi2_path"], row["shi2_passwd"] = "SMS_SITE\0", "D:\\SMS\0", NULL
        row["shi2_remark"] = f"{self.comment}\0"
        row["shi2_type"], row["shi2_permissions"], row["shi2_max_uses"], row["shi2_current_uses"] = 0, 0, 0xFFFFFFFF, 0
        made["InfoStruct"]["ShareInfo"]["Level2"]["Buffer"].append(row)
        made["TotalEntries"] = 1
        made["ResumeHandle"] = NULL
        made["ErrorCode"] = 0
        return bytes(made.getData())

    def _fill(self, info: object) -> None:
        info["shi502_netname"], info["shi502_path"], info["shi502_passwd"] = "SMS_SITE\0", "D:\\SMS\0", NULL  # type: ignore[index]
        info["shi502_remark"], info["shi502_type"], info["shi502_permissions"] = "\0", 0, 0  # type: ignore[index]
        info["shi502_max_uses"], info["shi502_current_uses"] = 0xFFFFFFFF, 0  # type: ignore[index]


HELD = parse_sddl("D:(A;;0x1200a9;;;WD)")
WANTED = parse_sddl("D:(A;;FA;;;BA)(A;;0x1200a9;;;AU)")
SMS_SITE = Share("SMS_SITE", "D:\\SMS", True)


def site_server(settings: object) -> SmbSiteServer:
    return SmbSiteServer(settings, "ansible")  # type: ignore[arg-type]


def error_code(status: int) -> bytes:
    return OK + status.to_bytes(4, "little")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        # Nothing was done: [MS-ERREF] 2.2, and for the faults 2.2 or [C706] appendix E.
        (error_code(5), AccessDenied),
        (error_code(87), Rejected),
        (error_code(124), Rejected),
        (error_code(1338), Rejected),
        (error_code(2310), NotFound),
        (Fault(5), AccessDenied),
        (Fault(0x1C010002), Rejected),
        (Fault(0x1C010003), Rejected),
        # It may have been done.
        (Fault(0x800706BE), NoAnswer),
        (Fault(1726), NoAnswer),
        (Fault(1722), NoAnswer),
        (error_code(1726), NoAnswer),
        (error_code(0x800706BA), NoAnswer),
        (error_code(109), NoAnswer),
        (None, NoAnswer),
        (b"", NoAnswer),
        # An error that does not show what was done.
        (error_code(8), ServerFault),
        (error_code(1359), ServerFault),
        (Fault(0x1C000001), ServerFault),
        (Fault(0xC0020043), ServerFault),
        (error_code(0x12345678), ServerFault),
        (b"garbage", ServerFault),
    ],
    ids=repr,
)
def test_what_became_of_a_write_is_the_kind_of_its_error(answer: Answer, kind: type[SiteServerError]) -> None:
    with scripted({"srvsvc": Shares(HELD.to_bytes(), lambda: answer)}) as settings:
        server = site_server(settings)
        with pytest.raises(SiteServerError) as caught:
            server.set_share_descriptor(SMS_SITE, WANTED)
        assert caught.value.__class__ is kind
        assert "set the permissions of share SMS_SITE" in str(caught.value)
        # The next request is answered, over a new connection or a new pipe if need be.
        assert server.share_descriptor(SMS_SITE).descriptor.dacl == HELD.dacl
        server.close()


def test_what_is_read_is_never_from_a_cache() -> None:
    shares = Shares(HELD.to_bytes())
    with scripted({"srvsvc": shares}) as settings:
        server = site_server(settings)
        assert server.share("SMS_SITE").description == ""
        assert server.share_descriptor(SMS_SITE).descriptor.dacl == HELD.dacl
        # Somebody else changes it.
        shares.descriptor, shares.comment = WANTED.to_bytes(), "moved"
        assert server.share_descriptor(SMS_SITE).descriptor.dacl == WANTED.dacl
        assert server.share("SMS_SITE").description == "moved"
        server.set_share_descriptor(SMS_SITE, HELD)
        assert server.share_descriptor(SMS_SITE).descriptor.dacl == HELD.dacl
        server.close()


def test_reconnecting_makes_a_new_connection_and_forgets_the_shares() -> None:
    shares = Shares(HELD.to_bytes())
    with scripted({"srvsvc": shares}) as settings:
        server = site_server(settings)
        server.share("SMS_SITE")
        first = server._connected()
        server.reconnect()
        assert first.closed
        assert server._shares is None
        assert server.share("SMS_SITE").name == "SMS_SITE"
        assert server._connected() is not first
        # Nothing keeps the next request from a server that has gone meanwhile.
        server._connected().abandon()
        assert server.share_descriptor(SMS_SITE).descriptor.dacl == HELD.dacl
        server.close()


# -- answers without end


def endless(flags: int = 0) -> Iterator[bytes]:
    """Parts of a result, of which none is the last."""
    while True:
        yield fragment(bytes(4000), flags=flags)


def slowly() -> Iterator[bytes]:
    """The same, as slowly as to go on for half a minute."""
    for _unused in range(600):
        yield fragment(b"\0")[:3] + b"\0" + fragment(b"\0")[4:]
        time.sleep(0.05)


def test_an_answer_without_end_is_not_kept() -> None:
    with scripted({"srvsvc": lambda _opnum, _stub: endless()}) as settings, open_session(settings) as session:
        with pytest.raises(SmbError) as caught:
            PipeClient(session).shares()
        assert (caught.value.kind, caught.value.reason) == (
            "garbled",
            f"the answer is longer than {MAX_EXCHANGE} bytes",
        )
        assert session.traffic.received < 2 * MAX_EXCHANGE


def test_an_answer_in_small_parts_without_end_has_a_deadline() -> None:
    with scripted({"srvsvc": lambda _opnum, _stub: slowly()}) as settings, open_session(settings) as session:
        session._stream.timeout = 1
        with pytest.raises(SmbError) as caught:
            PipeClient(session).shares()
    assert (caught.value.kind, caught.value.reason) == ("unreachable", "no whole answer within 1 seconds")
