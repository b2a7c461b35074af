# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logon and seals of an LDAP connection: NTLM or Kerberos by the mechanism GSS-SPNEGO ([MS-ADTS] 5.1.1.1).

Every message after the logon is signed and sealed, and every answer is verified: its signature, and its place in the
order of answers. impacket's LDAP does not verify answers. Its Kerberos seals claim a subkey of the server that was
never negotiated (AcceptorSubkey, RFC 4121, 4.2.2): Heimdal, and so Samba, refuses that. So only
impacket's ciphers are used here.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from typing import Any, Protocol

from ....module_utils.kerberos import Ticket
from .ber import BerError, element, elements

try:
    import spnego
    from impacket.krb5 import types
    from impacket.krb5.asn1 import AP_REP, AP_REQ, TGS_REP, Authenticator, EncAPRepPart, seq_set
    from impacket.krb5.constants import encodeFlags
    from impacket.krb5.crypto import InvalidChecksum, Key, _enctype_table, decrypt
    from pyasn1.codec.der import decoder, encoder
    from pyasn1.error import PyAsn1Error
    from pyasn1.type.univ import noValue
    from spnego.exceptions import SpnegoError
except ImportError as error:
    IMPORT_ERROR: str | None = str(error)
else:
    IMPORT_ERROR = None

MECHANISM = "GSS-SPNEGO"

# [MS-NLMP] 2.2.2.5: signatures, seals, keys that depend on the direction, keys of 128 bits.
_FLAGS_OF_A_SEAL = 0x00000010 | 0x00000020 | 0x00080000 | 0x20000000
_NTLM_FLAGS = slice(20, 24)
_NTLM_CHALLENGE = b"NTLMSSP\0\2\0\0\0"
"""How a CHALLENGE_MESSAGE begins ([MS-NLMP] 2.2.1.2)."""

_AES = (17, 18)  # RFC 3962
_SPNEGO_OID = b"\x2b\x06\x01\x05\x05\x02"
_KERBEROS_OID = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
_AP_REQ, _AP_REP = b"\x01\x00", b"\x02\x00"  # RFC 4121, 4.1
_MUTUAL, _REPLAY, _SEQUENCE, _CONFIDENTIALITY, _INTEGRITY = 0x02, 0x04, 0x08, 0x10, 0x20
_CHECKSUM_OF_GSS = 0x8003  # RFC 4121, 4.1.1
_FROM_ACCEPTOR, _SEALED, _ACCEPTOR_SUBKEY = 0x01, 0x02, 0x04  # RFC 4121, 4.2.2
_WRAP = struct.Struct(">HBBHHQ")  # RFC 4121, 4.2.6.2
_WRAP_ID, _FILLER = 0x0504, 0xFF
_ACCEPTOR_SEAL, _INITIATOR_SEAL = 22, 24  # RFC 4121, 2
_OID = 0x06


class SecurityError(Exception):
    """A token or a seal cannot be used. The text is the reason, without a full stop."""


class Security(Protocol):
    """A logon, and then the seals of its connection. Every method raises `SecurityError` and nothing else."""

    def first(self) -> bytes:
        """The token that begins the logon."""

    def next(self, token: bytes) -> bytes:
        """The token that answers the server's, if the server asks for one more."""

    def finish(self, token: bytes) -> None:
        """The server accepted the logon, with this token (NTLM has none)."""

    def wrap(self, message: bytes) -> bytes:
        """A message, sealed."""

    def unwrap(self, sealed: bytes) -> bytes:
        """An answer, verified."""


class Ntlm:
    """NTLM ([MS-NLMP]). Windows and Samba take its tokens without SPNEGO around them."""

    def __init__(self, account: str, password: str, host: str) -> None:
        wanted = (
            spnego.ContextReq.integrity
            | spnego.ContextReq.confidentiality
            | spnego.ContextReq.sequence_detect
            | spnego.ContextReq.replay_detect
        )
        try:
            self._context: Any = spnego.client(
                account,
                password,
                hostname=host,
                service="ldap",
                protocol="ntlm",
                context_req=wanted,
                options=spnego.NegotiateOptions.use_ntlm,
            )
        except (SpnegoError, TypeError, ValueError):  # the message of the library may contain the password
            raise SecurityError("NTLM cannot begin on the controller") from None

    def first(self) -> bytes:
        """See `Security`."""
        return self._step(None)

    def next(self, token: bytes) -> bytes:
        """See `Security`."""
        if not token.startswith(_NTLM_CHALLENGE):
            raise SecurityError("it answered the logon by NTLM with something that is no challenge")
        if ~int.from_bytes(token[_NTLM_FLAGS], "little") & _FLAGS_OF_A_SEAL:
            raise SecurityError("its NTLM challenge offers no seal that could be relied on")
        return self._step(token)

    def finish(self, token: bytes) -> None:
        """See `Security`."""
        if not self._context.complete:
            raise SecurityError("it accepted a logon by NTLM that was not complete")

    def wrap(self, message: bytes) -> bytes:
        """See `Security`."""
        return bytes(self._context.wrap(message).data)

    def unwrap(self, sealed: bytes) -> bytes:
        """See `Security`."""
        if len(sealed) < 16:
            raise SecurityError("a seal of NTLM that is too short")
        try:
            return bytes(self._context.unwrap(sealed).data)
        except (SpnegoError, ValueError, struct.error):
            raise SecurityError("an answer's signature is wrong") from None

    def _step(self, token: bytes | None) -> bytes:
        try:
            return bytes(self._context.step(token) or b"")
        except (SpnegoError, ValueError, LookupError, OverflowError, struct.error):
            raise SecurityError("its NTLM challenge cannot be used") from None


class Kerberos:
    """Kerberos (RFC 4121) with AES, mutual authentication and a subkey of this connection."""

    def __init__(self, ticket: Ticket) -> None:
        self._ticket = ticket
        self._session: Any = ticket.reply["sessionKey"]
        if self._session.enctype not in _AES:
            raise SecurityError("the ticket's key is of an old type (RC4), which is not used for LDAP")
        cipher = _enctype_table[self._session.enctype]
        self._key: Any = Key(self._session.enctype, secrets.token_bytes(cipher.keysize))
        self._stamp: tuple[str, int] = ("", 0)
        self._subkey_flag = 0
        self._sent = self._received = secrets.randbits(30)

    def first(self) -> bytes:
        """See `Security`."""
        body = element(_OID, _KERBEROS_OID) + _AP_REQ + self._ap_request()
        mechanisms = element(0xA0, element(0x30, element(_OID, _KERBEROS_OID)))
        token = element(0xA2, element(0x04, element(0x60, body)))
        # NegTokenInit, RFC 4178, 4.2.1
        return element(0x60, element(_OID, _SPNEGO_OID), element(0xA0, element(0x30, mechanisms, token)))

    def next(self, token: bytes) -> bytes:
        """See `Security`."""
        raise SecurityError("it asks for a second token of Kerberos, or for another mechanism")

    def finish(self, token: bytes) -> None:
        """See `Security`."""
        with _kerberos_errors("its answer to the ticket cannot be used"):
            reply = decoder.decode(_ap_reply(token), asn1Spec=AP_REP())[0]
            plain = decrypt(self._session, 12, reply["enc-part"]["cipher"].asOctets())
            part = decoder.decode(plain, asn1Spec=EncAPRepPart())[0]
            if (str(part["ctime"]), int(part["cusec"])) != self._stamp:
                raise SecurityError("its answer belongs to another logon")
            if part["subkey"].hasValue():
                self._key = Key(int(part["subkey"]["keytype"]), part["subkey"]["keyvalue"].asOctets())
                self._subkey_flag = _ACCEPTOR_SUBKEY
            if self._key.enctype not in _AES:
                raise SecurityError("it chose a key of an old type (RC4), which is not used for LDAP")
            self._received = int(part["seq-number"]) if part["seq-number"].hasValue() else 0

    def wrap(self, message: bytes) -> bytes:
        """See `Security`."""
        header = _WRAP.pack(_WRAP_ID, _SEALED | self._subkey_flag, _FILLER, 0, 0, self._sent)
        self._sent += 1
        return header + bytes(
            _enctype_table[self._key.enctype].encrypt(self._key, _INITIATOR_SEAL, message + header, None)
        )

    def unwrap(self, sealed: bytes) -> bytes:
        """See `Security`."""
        if len(sealed) < _WRAP.size:
            raise SecurityError("a seal of Kerberos that is too short")
        kind, flags, filler, extra, rotated, number = _WRAP.unpack_from(sealed)
        if (kind, flags, filler) != (_WRAP_ID, _FROM_ACCEPTOR | _SEALED | self._subkey_flag, _FILLER):
            raise SecurityError("an answer is not sealed as it was agreed")
        content = sealed[_WRAP.size :]
        turn = rotated % len(content) if content else 0
        with _kerberos_errors("an answer's signature is wrong"):
            plain = bytes(decrypt(self._key, _ACCEPTOR_SEAL, content[turn:] + content[:turn]))
        end = len(plain) - _WRAP.size
        message, header = plain[: max(0, end - extra)], plain[max(0, end) :]
        expected = _WRAP.pack(kind, flags, filler, extra, 0, self._received)
        if header != expected or number != self._received or end < extra:
            raise SecurityError("an answer is out of order, or was changed")
        self._received += 1
        return message

    def _ap_request(self) -> bytes:
        now = datetime.now(timezone.utc)
        self._stamp = (types.KerberosTime.to_asn1(now), now.microsecond)
        flags = _MUTUAL | _REPLAY | _SEQUENCE | _CONFIDENTIALITY | _INTEGRITY
        made = Authenticator()
        made["authenticator-vno"] = 5
        made["crealm"] = self._ticket.realm
        seq_set(made, "cname", types.Principal(self._ticket.user, type=1).components_to_asn1)
        made["ctime"], made["cusec"] = self._stamp
        made["cksum"] = noValue
        made["cksum"]["cksumtype"] = _CHECKSUM_OF_GSS
        made["cksum"]["checksum"] = struct.pack("<L16xL", 16, flags)
        made["subkey"] = noValue
        made["subkey"]["keytype"], made["subkey"]["keyvalue"] = self._key.enctype, self._key.contents
        made["seq-number"] = self._sent
        sealed = _enctype_table[self._session.enctype].encrypt(self._session, 11, encoder.encode(made), None)
        request = AP_REQ()
        request["pvno"], request["msg-type"] = 5, 14
        request["ap-options"] = encodeFlags([2])  # mutual-required, RFC 4120, 5.5.1
        reply = decoder.decode(self._ticket.reply["KDC_REP"], asn1Spec=TGS_REP())[0]
        seq_set(request, "ticket", types.Ticket().from_asn1(reply["ticket"]).to_asn1)
        request["authenticator"] = noValue
        request["authenticator"]["etype"], request["authenticator"]["cipher"] = self._session.enctype, sealed
        return bytes(encoder.encode(request))


@contextmanager
def _kerberos_errors(reason: str) -> Iterator[None]:
    try:
        yield
    except SecurityError:
        raise
    except (InvalidChecksum, PyAsn1Error, BerError, ValueError, LookupError, TypeError, AttributeError):
        # impacket's ciphers and pyasn1 raise many kinds for bytes of the wrong shape.
        raise SecurityError(reason) from None


def _ap_reply(token: bytes) -> bytes:
    """The AP-REP in the server's NegTokenResp (RFC 4178, 4.2.2)."""
    ((_choice, outer),) = elements(token)
    ((_sequence, fields),) = elements(outer)
    for tag, value in elements(fields):
        if tag == 0xA2:
            ((_octets, inner),) = elements(value)
            ((application, body),) = elements(inner)
            with suppress(ValueError):
                (kind, oid), *_rest = elements(body[: len(_KERBEROS_OID) + 2])
                begin = len(_KERBEROS_OID) + 2
                if (application, kind, oid, body[begin : begin + 2]) == (0x60, _OID, _KERBEROS_OID, _AP_REP):
                    return body[begin + 2 :]
            return inner
    raise SecurityError("it sends no proof that it has the service's key")
