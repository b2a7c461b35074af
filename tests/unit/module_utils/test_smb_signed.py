# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server offers and answers, held against the settings: signatures, and messages that are none."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import open_session
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_signed import SignedSmb3
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_stream import Stream
from tests.unit.module_utils.smb_servers import answering, negotiated
from tests.waiting import PATIENCE

SIGNED = 0x8


def settings(port: int, **changed: Any) -> SmbSettings:
    given = {"domain": "CORP", "user": "ansible", "password": "Secret-1", "timeout": PATIENCE, **changed}
    return SmbSettings("C01", "127.0.0.1", port, **given)


def refusal(answer: bytes, **changed: Any) -> SmbError:
    """What comes of it if a server answers the negotiation so."""
    with answering(answer) as port, pytest.raises(SmbError) as caught, open_session(settings(port, **changed)):
        pass
    return caught.value


def unsigned() -> bytes:
    """A negotiation without an offer to sign ([MS-SMB2] 2.2.4, SecurityMode)."""
    answer = bytearray(negotiated())
    struct.pack_into("<H", answer, 64 + 2, 0)
    return bytes(answer)


def test_a_server_that_does_not_offer_to_sign_is_refused() -> None:
    error = refusal(unsigned())
    assert error.kind == "refused"
    assert "the server does not offer to sign" in str(error)
    assert "ansible_smb_signing: if_offered" in error.advice


def test_a_server_that_does_not_encrypt_is_refused_where_it_has_to() -> None:
    error = refusal(negotiated(), encryption=True)
    assert error.kind == "refused"
    assert "SMB 2.1" in str(error)
    assert "ansible_smb_encryption" in str(error)


def negotiated_session() -> SignedSmb3:
    """SMB 2.1 after the negotiation, with a key to sign with, as after a logon."""
    with answering(negotiated()) as port:
        wanted = settings(port)
        stream = Stream(wanted)
        with stream.exchange():
            stream.connect()
            made = SignedSmb3(wanted, stream)
        made._Session["SessionKey"] = bytes(range(16))
        made._Session["SigningActivated"] = True
        stream.close()
    return made


def message(flags: int = SIGNED, number: int = 7, body: bytes = b"body") -> bytes:
    """An answer ([MS-SMB2] 2.2.1.2), not signed yet."""
    return struct.pack("<4sHHLHHLLQLLQ16s", b"\xfeSMB", 64, 0, 0, 3, 1, flags, 0, number, 0, 0, 0, bytes(16)) + body


class Answers:
    """Stands in for the stream."""

    def __init__(self, *packets: bytes) -> None:
        self._packets = list(packets)

    def recv_packet(self) -> Any:
        packet = self._packets.pop(0)
        return type("Message", (), {"get_trailer": lambda _self: packet})()


def received(session: SignedSmb3, *packets: bytes) -> Any:
    session._NetBIOSSession = Answers(*packets)
    return session.recvSMB(7)


def signed(session: SignedSmb3, raw: bytes) -> bytes:
    return raw[:48] + session._signature(raw) + raw[64:]


def test_an_answer_that_is_signed_is_taken() -> None:
    session = negotiated_session()
    assert received(session, signed(session, message()))["MessageID"] == 7


def test_interim_answers_and_what_nobody_asked_for_are_passed_over() -> None:
    session = negotiated_session()
    pending = bytearray(message(flags=0))
    struct.pack_into("<L", pending, 8, 0x103)
    unsolicited = message(flags=0, number=0xFFFFFFFFFFFFFFFF)
    assert received(session, bytes(pending), unsolicited, signed(session, message()))["MessageID"] == 7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw[:-1] + b"Y", "signature is wrong"),
        (lambda raw: raw[:16] + bytes(4) + raw[20:], "is not signed"),
        (lambda _raw: b"\xfeSMB", "no message of SMB 2"),
        (lambda raw: raw[:20] + struct.pack("<L", 8) + raw[24:], "messages overlap"),
    ],
    ids=["changed", "unsigned", "cut", "overlapping"],
)
def test_a_changed_answer_is_not_believed(change: Any, words: str) -> None:
    session = negotiated_session()
    with pytest.raises(SmbError, match=words) as caught:
        received(session, change(signed(session, message())))
    assert caught.value.kind == "garbled"


def test_an_answer_to_another_request_is_none() -> None:
    session = negotiated_session()
    with pytest.raises(SmbError, match="answers what it was not asked"):
        received(session, signed(session, message(number=8)))
