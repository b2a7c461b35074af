# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logons and seals, against acceptors that are made here: pyspnego's for NTLM, one after RFC 4121 for Kerberos."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spnego
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from impacket.krb5.asn1 import AP_REP, AP_REQ, TGS_REP, Authenticator, EncAPRepPart
from impacket.krb5.crypto import Key, decrypt, encrypt
from pyasn1.codec.der import decoder, encoder
from pyasn1.type.univ import noValue

from ansible_collections.sitekeeper.sms.plugins.module_utils.kerberos import Ticket
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap.security import (
    Kerberos,
    Ntlm,
    SecurityError,
)

OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
AES128, AES256, RC4 = 17, 18, 23
SIZES = {AES128: 16, AES256: 32, RC4: 16}
CONFOUNDER = bytes(16)


def session_key(kind: int) -> Any:
    return Key(kind, bytes(range(SIZES[kind])))


def ticket(kind: int = AES256) -> Ticket:
    reply = TGS_REP()
    reply["pvno"], reply["msg-type"], reply["crealm"] = 5, 13, "CORP.EXAMPLE"
    reply["cname"] = noValue
    reply["cname"]["name-type"] = 1
    reply["cname"]["name-string"][0] = "ansible"
    reply["ticket"] = noValue
    reply["ticket"]["tkt-vno"], reply["ticket"]["realm"] = 5, "CORP.EXAMPLE"
    reply["ticket"]["sname"] = noValue
    reply["ticket"]["sname"]["name-type"] = 2
    for position, part in enumerate(("ldap", "c01.corp.example")):
        reply["ticket"]["sname"]["name-string"][position] = part
    for sealed in (reply["ticket"], reply):
        sealed["enc-part"] = noValue
        sealed["enc-part"]["etype"], sealed["enc-part"]["cipher"] = kind, b"opaque"
    return Ticket("ansible", "CORP.EXAMPLE", {"KDC_REP": encoder.encode(reply), "sessionKey": session_key(kind)})


class Acceptor:
    """A server that accepts a logon by Kerberos (RFC 4121)."""

    def __init__(self, first: bytes, kind: int = AES256, subkey: int | None = None) -> None:
        self._session = session_key(kind)
        token = first[first.index(OID + b"\x01\x00") + len(OID) + 2 :]
        request = decoder.decode(token, asn1Spec=AP_REQ())[0]
        self.options = request["ap-options"]
        plain = decrypt(self._session, 11, request["authenticator"]["cipher"].asOctets())
        self.authenticator = decoder.decode(plain, asn1Spec=Authenticator())[0]
        initiator = self.authenticator["subkey"]
        self._key = Key(int(initiator["keytype"]), initiator["keyvalue"].asOctets())
        self._subkey = None if subkey is None else Key(subkey, b"k" * SIZES[subkey])
        self._flag = 0
        if self._subkey is not None:
            self._key, self._flag = self._subkey, 4
        self.sent, self.received = 1000, int(self.authenticator["seq-number"])

    def reply(self, shift: int = 0) -> bytes:
        """The NegTokenResp with the AP-REP."""
        part = EncAPRepPart()
        part["ctime"] = str(self.authenticator["ctime"])
        part["cusec"] = (int(self.authenticator["cusec"]) + shift) % 1_000_000
        if self._subkey is not None:
            part["subkey"] = noValue
            part["subkey"]["keytype"], part["subkey"]["keyvalue"] = self._subkey.enctype, self._subkey.contents
        part["seq-number"] = self.sent
        made = AP_REP()
        made["pvno"], made["msg-type"] = 5, 15
        made["enc-part"] = noValue
        made["enc-part"]["etype"] = self._session.enctype
        made["enc-part"]["cipher"] = encrypt(self._session, 12, encoder.encode(part), CONFOUNDER)
        framed = tlv(0x60, OID + b"\x02\x00" + encoder.encode(made))
        return tlv(0xA1, tlv(0x30, tlv(0xA0, b"\x0a\x01\x00") + tlv(0xA1, OID) + tlv(0xA2, tlv(0x04, framed))))

    def unwrap(self, sealed: bytes) -> bytes:
        header = sealed[:16]
        assert header == struct.pack(">HBBHHQ", 0x0504, 2 | self._flag, 0xFF, 0, 0, self.received)
        self.received += 1
        plain = bytes(decrypt(self._key, 24, sealed[16:]))
        assert plain[-16:] == header
        return plain[:-16]

    def wrap(self, message: bytes, *, rotated: int = 28, extra: int = 0, flags: int = 3, kind: int = 0x0504) -> bytes:
        """Sealed as Windows does it, whose rotation is 28 ([MS-KILE] 3.4.5.4.1)."""
        numbers = (kind, flags | self._flag, 0xFF, extra)
        plain = message + bytes(extra) + struct.pack(">HBBHHQ", *numbers, 0, self.sent)
        content = bytes(encrypt(self._key, 22, plain, CONFOUNDER))
        at = len(content) - rotated % len(content)
        header = struct.pack(">HBBHHQ", *numbers, rotated, self.sent)
        self.sent += 1
        return header + content[at:] + content[:at]


def tlv(tag: int, content: bytes) -> bytes:
    assert len(content) < 1 << 16
    return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content


def logged_on(kind: int = AES256, subkey: int | None = None) -> tuple[Kerberos, Acceptor]:
    initiator = Kerberos(ticket(kind))
    acceptor = Acceptor(initiator.first(), kind, subkey)
    initiator.finish(acceptor.reply())
    return initiator, acceptor


# -- Kerberos


@pytest.mark.parametrize("kind", [AES128, AES256])
@pytest.mark.parametrize("subkey", [None, AES128, AES256])
def test_messages_go_both_ways(kind: int, subkey: int | None):
    """The flag AcceptorSubkey is set exactly if the server has sent one; Heimdal insists on that."""
    initiator, acceptor = logged_on(kind, subkey)
    for number in range(3):
        message = b"question %d" % number
        assert acceptor.unwrap(initiator.wrap(message)) == message
        assert initiator.unwrap(acceptor.wrap(message)) == message


def test_the_logon_asks_for_proof_and_for_seals():
    acceptor = Acceptor(Kerberos(ticket()).first())
    assert str(acceptor.options).startswith("001")  # mutual-required, RFC 4120, 5.5.1
    checksum = acceptor.authenticator["cksum"]
    assert int(checksum["cksumtype"]) == 0x8003
    flags = int.from_bytes(bytes(checksum["checksum"])[20:24], "little")
    assert flags == 0x02 | 0x04 | 0x08 | 0x10 | 0x20  # mutual, replay, sequence, confidentiality, integrity
    assert len(bytes(checksum["checksum"])) == 24
    assert str(acceptor.authenticator["crealm"]) == "CORP.EXAMPLE"


def test_each_connection_has_a_key_of_its_own():
    keys = {Acceptor(Kerberos(ticket()).first()).authenticator["subkey"]["keyvalue"].asOctets() for _unused in range(3)}
    assert len(keys) == 3


@given(message=st.binary(max_size=300), rotated=st.integers(0, 600), extra=st.integers(0, 20))
def test_any_rotation_and_filler(message: bytes, rotated: int, extra: int):
    initiator, acceptor = logged_on()
    assert initiator.unwrap(acceptor.wrap(message, rotated=rotated, extra=extra)) == message


@given(data=st.data())
def test_a_changed_seal_is_refused(data: st.DataObject):
    """The rotation, bytes 6 and 7, is not protected (RFC 4121, 4.2.5), and decides nothing."""
    initiator, acceptor = logged_on()
    sealed = bytearray(acceptor.wrap(b"the answer"))
    positions = [at for at in range(len(sealed)) if at not in (6, 7)]
    sealed[data.draw(st.sampled_from(positions))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SecurityError):
        initiator.unwrap(bytes(sealed))


@given(sealed=st.binary(max_size=100) | st.binary(max_size=80).map(lambda rest: b"\x05\x04\x03\xff" + rest))
def test_any_bytes_are_refused(sealed: bytes):
    initiator, _acceptor = logged_on()
    with pytest.raises(SecurityError):
        initiator.unwrap(sealed)


def test_an_answer_twice_or_out_of_order_is_refused():
    initiator, acceptor = logged_on()
    first, second = acceptor.wrap(b"first"), acceptor.wrap(b"second")
    with pytest.raises(SecurityError, match="out of order"):
        initiator.unwrap(second)
    assert initiator.unwrap(first) == b"first"
    with pytest.raises(SecurityError, match="out of order"):
        initiator.unwrap(first)


@pytest.mark.parametrize("flags", [0, 1, 2, 7])
def test_an_answer_that_is_not_sealed_as_agreed_is_refused(flags: int):
    """Ours sent back (2), signed alone (1), or with another key (7)."""
    initiator, acceptor = logged_on()
    with pytest.raises(SecurityError, match="not sealed as it was agreed"):
        initiator.unwrap(acceptor.wrap(b"the answer", flags=flags))


def test_the_answer_to_another_logon_is_refused():
    initiator = Kerberos(ticket())
    reply = Acceptor(initiator.first()).reply(shift=1)
    with pytest.raises(SecurityError, match="belongs to another logon"):
        initiator.finish(reply)


@pytest.mark.parametrize(
    "token", [b"", b"\xa1\x00", tlv(0xA1, tlv(0x30, tlv(0xA0, b"\x0a\x01\x00"))), tlv(0xA1, tlv(0x30, tlv(0xA2, b"")))]
)
def test_a_server_without_proof_is_refused(token: bytes):
    initiator = Kerberos(ticket())
    initiator.first()
    with pytest.raises(SecurityError):
        initiator.finish(token)


@given(st.integers(1, 120), st.booleans())
def test_a_changed_proof_is_refused(at: int, cut: bool):
    """It ends with the encrypted part; what is in front of that is not protected, and decides nothing."""
    initiator = Kerberos(ticket())
    reply = bytearray(Acceptor(initiator.first()).reply())
    if cut:
        del reply[-at:]
    else:
        reply[-min(at, 50)] ^= 1
    with pytest.raises(SecurityError):
        initiator.finish(bytes(reply))


def test_rc4_is_refused():
    with pytest.raises(SecurityError, match="old type"):
        Kerberos(ticket(RC4))
    initiator = Kerberos(ticket())
    reply = Acceptor(initiator.first(), subkey=RC4).reply()
    with pytest.raises(SecurityError, match="old type"):
        initiator.finish(reply)


def test_a_second_token_is_refused():
    with pytest.raises(SecurityError, match="another mechanism"):
        Kerberos(ticket()).next(b"")


# -- NTLM


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], Any]:
    users = tmp_path / "users"
    users.write_text("CORP:ansible:Passw0rd", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    return lambda: spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)


def by_ntlm(acceptor: Any) -> Ntlm:
    initiator = Ntlm(r"CORP\ansible", "Passw0rd", "c01.corp.example")
    acceptor.step(initiator.next(acceptor.step(initiator.first())))
    initiator.finish(b"")
    assert acceptor.complete
    return initiator


def test_ntlm_messages_go_both_ways(server: Callable[[], Any]):
    acceptor = server()
    initiator = by_ntlm(acceptor)
    for number in range(3):
        message = b"question %d" % number
        assert acceptor.unwrap(initiator.wrap(message)).data == message
        assert initiator.unwrap(acceptor.wrap(message).data) == message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_seal_of_ntlm_is_refused(server: Callable[[], Any], data: st.DataObject):
    acceptor = server()
    initiator = by_ntlm(acceptor)
    sealed = bytearray(acceptor.wrap(b"the answer").data)
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SecurityError):
        initiator.unwrap(bytes(sealed))


def test_an_answer_of_ntlm_twice_is_refused(server: Callable[[], Any]):
    acceptor = server()
    initiator = by_ntlm(acceptor)
    sealed = acceptor.wrap(b"the answer").data
    initiator.unwrap(sealed)
    with pytest.raises(SecurityError, match="signature is wrong"):
        initiator.unwrap(sealed)


@pytest.mark.parametrize("flag", [0x10, 0x20, 0x80000, 0x20000000])
def test_a_challenge_without_seals_is_refused(server: Callable[[], Any], flag: int):
    """[MS-NLMP] 2.2.2.5. Somebody in between could remove them."""
    initiator = Ntlm(r"CORP\ansible", "Passw0rd", "c01.corp.example")
    challenge = bytearray(server().step(initiator.first()))
    challenge[20:24] = (int.from_bytes(challenge[20:24], "little") & ~flag).to_bytes(4, "little")
    with pytest.raises(SecurityError, match="no seal that could be relied on"):
        initiator.next(bytes(challenge))


@given(st.binary(max_size=100) | st.binary(max_size=80).map(lambda rest: b"NTLMSSP\0\2\0\0\0" + rest))
@example(b"NTLMSSP\0\2\0\0\0" + bytes(8) + (0x20080030).to_bytes(4, "little") + bytes(32))
def test_any_challenge_is_refused_or_used(challenge: bytes):
    initiator = Ntlm(r"CORP\ansible", "Passw0rd", "c01.corp.example")
    initiator.first()
    try:
        answer = initiator.next(challenge)
    except SecurityError:
        return
    assert challenge.startswith(b"NTLMSSP\0\2\0\0\0")
    assert answer.startswith(b"NTLMSSP\0\3\0\0\0")


def test_what_is_no_challenge_is_refused():
    initiator = Ntlm(r"CORP\ansible", "Passw0rd", "c01.corp.example")
    initiator.first()
    with pytest.raises(SecurityError, match="no challenge"):
        initiator.next(bytes(20) + (0x20080030).to_bytes(4, "little") + bytes(32))


def test_a_logon_that_ends_too_early_is_refused():
    initiator = Ntlm(r"CORP\ansible", "Passw0rd", "c01.corp.example")
    initiator.first()
    with pytest.raises(SecurityError, match="not complete"):
        initiator.finish(b"")
