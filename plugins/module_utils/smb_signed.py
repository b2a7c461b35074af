# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""impacket's SMB, with the signature of every answer verified, and the settings checked against the server's offer.

impacket signs and encrypts what it sends, and does not verify what it receives. This module verifies the signature of
every answer ([MS-SMB2] 3.2.5.1.3, [MS-CIFS] 3.2.5.1) and the tag of every encrypted one ([MS-SMB2] 3.2.5.1.1). It also
verifies the answer that ends the logon. Under SMB 3.1.1 its key covers the negotiation, so a change is detected.

Needs impacket and the standard library only, as `smb_session` does.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError, status_name
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_stream import Stream

try:
    from Cryptodome.Cipher import AES
    from Cryptodome.Hash import CMAC
    from impacket import smb, smb3
    from impacket.smb3structs import (
        SMB2_DIALECT_30,
        SMB2_FLAGS_RELATED_OPERATIONS,
        SMB2_FLAGS_SIGNED,
        SMB2_NEGOTIATE_SIGNING_ENABLED,
        SMB2_SESSION_FLAG_ENCRYPT_DATA,
        SMB2_SESSION_FLAG_IS_GUEST,
        SMB2_SESSION_FLAG_IS_NULL,
        SMB2_SESSION_SETUP,
        SMB2_TRANSFORM_HEADER,
        SMB2Packet,
        SMB2SessionSetup_Response,
    )
except ImportError:  # smb_session reports what is missing.
    _Smb1: Any = object
    _Smb3: Any = object
else:
    _Smb1 = smb.SMB
    _Smb3 = smb3.SMB3

_HEADER = struct.Struct("<4sHHLHHLLQLLQ16s")  # [MS-SMB2] 2.2.1.2
_CREDITS = 127
_STATUS_SUCCESS = 0
_STATUS_PENDING = 0x103
_UNSOLICITED = 0xFFFFFFFFFFFFFFFF
_MAX_CONTEXTS = 16
_GUEST_ACTION = 1
_SMB1_SIGNATURES_ENABLED = 0x04
_SMB1_SIGNATURES_REQUIRED = 0x08
_SMB1_EXTENDED_SECURITY = 0x80000000

_DIALECTS = {0x0202: "SMB 2.0.2", 0x0210: "SMB 2.1", 0x0300: "SMB 3.0", 0x0302: "SMB 3.0.2", 0x0311: "SMB 3.1.1"}

_LAST_NUMBER = 0xFFFE  # 0xFFFF is a server's own request
_IN_BETWEEN = "Something between here and the server changes messages, or this is not the server that it seems to be."


class SignedSmb3(_Smb3):  # type: ignore[misc]
    """SMB 2 and 3: the settings are checked against the server's offer, and answers are verified."""

    _latest: Any = None

    def __init__(self, settings: SmbSettings, stream: Stream) -> None:
        self._settings = settings
        self.clock = 0
        self._end_of_logon: bytes | None = None
        self._granted_flags = 0
        super().__init__(settings.address, settings.address, timeout=settings.timeout, session=stream)

    def negotiateSession(self, preferredDialect: Any = None, negSessionResponse: Any = None) -> None:  # noqa: N802, N803
        """Negotiate, then check the result against the settings."""
        # impacket takes a session that it is given for one that has negotiated already.
        self._Connection["SequenceWindow"] = 0
        self.GlobalFileTable = _OpenNames()
        self.RequireMessageSigning = self._settings.signing == "required"
        super().negotiateSession(preferredDialect, negSessionResponse)
        self._Connection["SupportsDirectoryLeasing"] = False
        offer = smb3.SMB2Negotiate_Response(self._latest["Data"])
        self.clock = int(offer["SystemTime"])
        if offer["SecurityMode"] & SMB2_NEGOTIATE_SIGNING_ENABLED:
            self._Connection["RequireSigning"] = True
        elif self._settings.signing == "required":
            raise _unsigned("the server does not offer to sign")
        encrypts = self._Connection["Dialect"] >= SMB2_DIALECT_30 and self._Connection["SupportsEncryption"]
        if self._settings.encryption and not encrypts:
            reason = f"the server does not encrypt ({self.dialect}), and ansible_smb_encryption asks for it"
            raise SmbError("refused", reason, "Encryption takes SMB 3 with AES-128-CCM.")

    def processContextList(self, contextCount: int, contextList: bytes) -> None:  # noqa: N802, N803
        """Read the negotiate contexts ([MS-SMB2] 2.2.4.1). There are nine types."""
        if contextCount > _MAX_CONTEXTS:
            raise SmbError("garbled", f"the server negotiates {contextCount} contexts")
        super().processContextList(contextCount, contextList)

    @property
    def dialect(self) -> str:
        """`SMB 3.1.1` and so on."""
        return _DIALECTS.get(self._Connection["Dialect"], "SMB")

    @property
    def is_signed(self) -> bool:
        """Whether requests and answers are signed (or encrypted, which is more)."""
        return bool(self._Session["SigningActivated"] or self.is_encrypted)

    @property
    def is_encrypted(self) -> bool:
        """Whether requests and answers are encrypted."""
        return bool(self._Session["SessionFlags"] & SMB2_SESSION_FLAG_ENCRYPT_DATA)

    def logged_on(self) -> None:
        """Hold the end of the logon against the settings; called once, after it."""
        granted = self._granted_flags
        if granted & (SMB2_SESSION_FLAG_IS_GUEST | SMB2_SESSION_FLAG_IS_NULL):
            raise SmbError("logon", "the server let it in as a guest only", "Check the account's name and domain.")
        if self._Session["SigningActivated"] and self._end_of_logon is not None:
            self._verify(self._end_of_logon)
        self._end_of_logon = None
        # impacket encrypts wherever it can. That costs, so it is left to the setting and to the server's demand.
        if not self._settings.encryption and not granted & SMB2_SESSION_FLAG_ENCRYPT_DATA:
            self._Session["SessionFlags"] &= ~SMB2_SESSION_FLAG_ENCRYPT_DATA
        elif not self.is_encrypted:
            raise SmbError("refused", "the session is not encrypted, which it has to be", "Encryption takes SMB 3.")

    def sendSMB(self, packet: Any) -> Any:  # noqa: N802
        """Send a request; impacket asks for credits as late as the logon by NTLM lets it, and Kerberos takes less."""
        packet["CreditRequestResponse"] = _CREDITS
        return super().sendSMB(packet)

    def signSMB(self, packet: Any) -> None:  # noqa: N802
        """Sign a request; impacket's own AES-CMAC is written in Python and slow."""
        packet["Signature"] = b"\0" * 16
        if self._Session["SessionKey"]:
            packet["Signature"] = self._signature(packet.getData())

    def recvSMB(self, packetID: Any = None) -> Any:  # noqa: N802, N803
        """The answer to a request, verified. Interim answers and oplock breaks are passed over.

        One request waits for its answer at a time, so an answer to any other is none.
        """
        (raw, *others) = self._receive()
        packet = self._latest = SMB2Packet(raw)
        if others or packet["MessageID"] != packetID:
            raise SmbError("garbled", "the server answers what it was not asked", _IN_BETWEEN)
        if self._Connection["Dialect"] > smb3.SMB2_DIALECT_002:
            self._Connection["SequenceWindow"] += max(0, packet["CreditCharge"] - 1)
        return packet

    def related(self, tree: int, requests: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Several requests about one open file in one message ([MS-SMB2] 3.2.4.1.4), with one round trip.

        Args:
            tree: the tree connection.
            requests: command and body of each; the file that the first one opens is called FFh 16 times.

        Returns:
            Status and whole message of each answer.
        """
        first = self._Connection["SequenceWindow"]
        self._Connection["SequenceWindow"] += len(requests)
        encrypted = self._encrypts(tree)
        message = b""
        for number, (command, body) in enumerate(requests):
            is_last = number == len(requests) - 1
            size = 64 + len(body)
            if not is_last:
                body += bytes(-size % 8)  # noqa: PLW2901
            flags = (SMB2_FLAGS_SIGNED if self._Session["SigningActivated"] and not encrypted else 0) | (
                SMB2_FLAGS_RELATED_OPERATIONS if number else 0
            )
            following = 0 if is_last else 64 + len(body)
            ids = (first + number, 0, tree, self._Session["SessionID"])
            one = _HEADER.pack(b"\xfeSMB", 64, 1, 0, command, _CREDITS, flags, following, *ids, bytes(16)) + body
            if flags & SMB2_FLAGS_SIGNED:
                one = one[:48] + self._signature(one) + one[64:]
            message += one
        self._NetBIOSSession.send_packet(self._sealed(message) if encrypted else message)
        answers: dict[int, bytes] = {}
        while len(answers) < len(requests):
            for raw in self._receive():
                (number,) = struct.unpack_from("<Q", raw, 24)
                if not first <= number < first + len(requests):
                    raise SmbError("garbled", "the server answers what it was not asked", _IN_BETWEEN)
                answers[number] = raw
        return [(struct.unpack_from("<L", answers[number], 8)[0], answers[number]) for number in sorted(answers)]

    def _encrypts(self, tree: int) -> bool:
        return self.is_encrypted or bool(self._Session["TreeConnectTable"][tree]["EncryptData"])

    def _receive(self) -> list[bytes]:
        """The verified messages of the next packet that has any that count."""
        while True:
            raw = self._NetBIOSSession.recv_packet().get_trailer()
            sealed = raw.startswith(b"\xfdSMB")
            if sealed:
                raw = self._decrypted(raw)
            found = [message for message in _messages(raw) if self._counts(message, sealed=sealed)]
            if found:
                return found

    def _counts(self, raw: bytes, *, sealed: bool) -> bool:
        """Whether a message is an answer. Interim answers and messages without a request are not signed."""
        (status, command), (number,) = struct.unpack_from("<LH", raw, 8), struct.unpack_from("<Q", raw, 24)
        if status == _STATUS_PENDING or number == _UNSOLICITED:
            return False
        if sealed:
            return True
        if command == SMB2_SESSION_SETUP and not self._Session["SigningActivated"]:
            if status == _STATUS_SUCCESS:
                self._end_of_logon = raw
                self._granted_flags = SMB2SessionSetup_Response(raw[64:])["SessionFlags"]
        elif self.is_encrypted:
            raise SmbError("garbled", f"an answer is not encrypted ({status_name(status)})", _IN_BETWEEN)
        elif self._Session["SigningActivated"]:
            self._verify(raw)
        return True

    def _sealed(self, message: bytes) -> bytes:
        nonce = secrets.token_bytes(11)
        # [MS-SMB2] 2.2.41: nonce, size, reserved, flags or algorithm (1 in either reading), session.
        head = nonce + bytes(5) + struct.pack("<LHHQ", len(message), 0, 1, self._Session["SessionID"])
        cipher = AES.new(self._Session["EncryptionKey"], AES.MODE_CCM, nonce)
        cipher.update(head)
        sealed, tag = cipher.encrypt_and_digest(message)
        return b"\xfdSMB" + bytes(tag) + head + bytes(sealed)

    def _decrypted(self, raw: bytes) -> bytes:
        header = SMB2_TRANSFORM_HEADER(raw)
        size = 52  # of the transform header, [MS-SMB2] 2.2.41
        cipher = AES.new(self._Session["DecryptionKey"], AES.MODE_CCM, raw[20:31])
        cipher.update(raw[20:size])
        try:
            return bytes(cipher.decrypt_and_verify(raw[size:], header["Signature"]))
        except ValueError:
            raise SmbError("garbled", "an encrypted answer was changed on its way", _IN_BETWEEN) from None

    def _verify(self, raw: bytes) -> None:
        (flags,) = struct.unpack_from("<L", raw, 16)
        if not flags & SMB2_FLAGS_SIGNED:
            (status,) = struct.unpack_from("<L", raw, 8)
            raise SmbError("garbled", f"an answer is not signed ({status_name(status)})", _IN_BETWEEN)
        if not hmac.compare_digest(self._signature(raw[:48] + b"\0" * 16 + raw[64:]), raw[48:64]):
            raise SmbError("garbled", "an answer's signature is wrong", _IN_BETWEEN)

    def _signature(self, message: bytes) -> bytes:
        if self._Connection["Dialect"] < SMB2_DIALECT_30:
            return hmac.new(self._Session["SessionKey"], message, hashlib.sha256).digest()[:16]
        return bytes(CMAC.new(self._Session["SigningKey"], message, AES).digest())


class SignedSmb1(_Smb1):  # type: ignore[misc]
    """SMB 1, NT LM 0.12: the settings are checked against the server's offer, and answers are verified."""

    dialect = "SMB 1"
    is_encrypted = False
    _number = 0
    """Of the latest request."""

    def __init__(self, settings: SmbSettings, stream: Stream) -> None:
        self._settings = settings
        self.clock = 0
        super().__init__(settings.address, settings.address, timeout=settings.timeout, session=stream)

    @property
    def is_signed(self) -> bool:
        """Whether requests and answers are signed."""
        return bool(self._SignatureEnabled)

    @property
    def extended_security(self) -> bool:
        """Whether the logon goes by SPNEGO, as since Windows 2000."""
        return bool(self._dialects_parameters["Capabilities"] & _SMB1_EXTENDED_SECURITY)

    def neg_session(self, extended_security: bool = True, negPacket: Any = None) -> Any:  # noqa: N803
        """Negotiate, then check the result against the settings."""
        result = super().neg_session(extended_security, negPacket)
        if self._settings.encryption:
            raise SmbError("refused", "SMB 1 does not encrypt, and ansible_smb_encryption asks for it")
        parameters = self._dialects_parameters
        self.clock = int(parameters["HighDateTime"]) << 32 | int(parameters["LowDateTime"])
        if not parameters["SecurityMode"] & smb.SMB.SECURITY_SHARE_MASK:
            raise SmbError("refused", "the server has share-level security, which has no accounts")
        if not parameters["SecurityMode"] & smb.SMB.SECURITY_AUTH_MASK:
            raise SmbError("refused", "the server requires the password in clear text, which is never sent")
        if not parameters["Capabilities"] & smb.SMB.CAP_UNICODE:
            raise SmbError("refused", "the server does not support Unicode, as Windows does since NT")
        self.set_flags(flags2=self.get_flags()[1] | smb.SMB.FLAGS2_UNICODE)
        if parameters["SecurityMode"] & _SMB1_SIGNATURES_ENABLED and self.extended_security:
            # This makes impacket ask for signatures in the logon and sign from there on.
            parameters["SecurityMode"] |= _SMB1_SIGNATURES_REQUIRED
            self._SignatureRequired = True
        elif self._settings.signing == "required":
            raise _unsigned("the server does not offer to sign SMB 1")
        return result

    def logged_on(self) -> None:
        """Hold the end of the logon against the settings; called once, after it."""
        if self._action & _GUEST_ACTION:
            raise SmbError("logon", "the server let it in as a guest only", "Check the account's name and domain.")

    def sendSMB(self, smb: Any) -> None:  # noqa: N802
        """Send a request with a number that its answer repeats ([MS-CIFS] 2.2.3.1, MID)."""
        self._number = self._number % _LAST_NUMBER + 1
        smb["Mid"] = self._number
        super().sendSMB(smb)

    def recvSMB(self) -> Any:  # noqa: N802
        """The answer to a request, verified."""
        raw = self._sess.recv_packet().get_trailer()
        if self._SignatureEnabled:
            # An answer's number is its request's plus one, and impacket has counted on by two.
            number = struct.pack("<q", self._SignSequenceNumber - 1)
            keyed = self._SigningSessionKey + self._SigningChallengeResponse
            digest = hashlib.md5(keyed + raw[:14] + number + raw[22:])  # noqa: S324 - SMB 1 has no other
            if not hmac.compare_digest(digest.digest()[:8], raw[14:22]):
                raise SmbError("garbled", "an answer's signature is wrong or missing", _IN_BETWEEN)
        packet = smb.NewSMBPacket(data=raw)
        if packet["Mid"] != self._number:
            raise SmbError("garbled", "the server answers another request", _IN_BETWEEN)
        return packet


class _OpenNames(dict):  # type: ignore[type-arg]
    """impacket's table of open names has one place for a name that is open twice, and closes it twice."""

    def __delitem__(self, name: Any) -> None:
        self.pop(name, None)


def _messages(raw: bytes) -> Iterator[bytes]:
    """The messages that are chained in a packet, each with its padding, which its signature covers."""
    at = 0
    while True:
        if raw[at : at + 4] != b"\xfeSMB" or len(raw) < at + 64:
            raise SmbError("garbled", "the answer is no message of SMB 2", "Is this really an SMB server?")
        (following,) = struct.unpack_from("<L", raw, at + 20)
        if not following:
            yield raw[at:]
            return
        if following < 64:
            raise SmbError("garbled", "an answer's messages overlap")
        yield raw[at : at + following]
        at += following


def _unsigned(reason: str) -> SmbError:
    advice = (
        "Let it sign (policy 'Digitally sign communications'; on Windows NT 4.0 that is not possible), or accept "
        "messages that others can change: ansible_smb_signing: if_offered."
    )
    return SmbError("refused", f"{reason}, and ansible_smb_signing requires it", advice)
