# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMB session on impacket: negotiated, logged on, signed both ways, with its errors in operator words.

impacket signs and encrypts what it sends and believes whatever it receives. Here every answer's signature is verified
([MS-SMB2] 3.2.5.1.3, [MS-CIFS] 3.2.5.1) and the tag of every encrypted one ([MS-SMB2] 3.2.5.1.1). The answer that ends
the logon is verified too; under SMB 3.1.1 its key covers the negotiation, so nobody in between can have changed that.

Needs impacket and the standard library only, so that it can be shipped to another host as a module's part.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import socket
import struct
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.module_utils.kerberos import TicketError, service_ticket

try:
    from Cryptodome.Cipher import AES
    from Cryptodome.Hash import CMAC
    from impacket import nmb, ntlm, smb, smb3
    from impacket.dcerpc.v5.rpcrt import DCERPCException
    from impacket.nt_errors import ERROR_MESSAGES
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
    from impacket.smbconnection import SessionError, SMBConnection
    from impacket.system_errors import ERROR_MESSAGES as SYSTEM_ERROR_MESSAGES
except ImportError:
    IMPACKET_IMPORT_ERROR: str | None = traceback.format_exc()
    _Smb1: Any = object
    _Smb3: Any = object
else:
    IMPACKET_IMPORT_ERROR = None
    _Smb1 = smb.SMB
    _Smb3 = smb3.SMB3

_HEADER = struct.Struct("<4sHHLHHLLQLLQ16s")  # [MS-SMB2] 2.2.1.2
_CREDITS = 127
_STATUS_SUCCESS = 0
_STATUS_PENDING = 0x103
_UNSOLICITED = 0xFFFFFFFFFFFFFFFF
_GUEST_ACTION = 1
_SMB1_SIGNATURES_ENABLED = 0x04
_SMB1_SIGNATURES_REQUIRED = 0x08
_SMB1_EXTENDED_SECURITY = 0x80000000

_DIALECTS = {0x0202: "SMB 2.0.2", 0x0210: "SMB 2.1", 0x0300: "SMB 3.0", 0x0302: "SMB 3.0.2", 0x0311: "SMB 3.1.1"}
_SMB1 = "SMB 1"

_LOGON = {
    0xC000005E: ("no domain controller is available to check the password", "Check the domain's controllers."),
    0xC0000064: ("the user name does not exist", "Check the account's name and domain."),
    0xC000006A: ("the password is wrong", "Check the password."),
    0xC000006D: ("the user name or the password is wrong", "Check the account's name, domain and password."),
    0xC000006E: (
        "the account is restricted",
        "Windows does not let accounts without a password log on over the network.",
    ),
    0xC000006F: ("the account may not log on at this time", "Check its logon hours."),
    0xC0000070: ("the account may not log on from this computer", "Check the workstations that it is limited to."),
    0xC0000071: ("the account's password has expired", "Set a new password."),
    0xC0000072: ("the account is disabled", "Enable it."),
    0xC000015B: (
        "the account lacks the right to log on over the network",
        "Check the server's policies 'Access this computer from the network' and 'Deny access …'.",
    ),
    0xC000018C: ("the trust to the account's domain is broken", "Check the domain's name and its trust."),
    0xC000018D: ("the server's trust to its domain is broken", "Check the server's computer account."),
    0xC0000192: ("the server's Netlogon service is not running", "Start it."),
    0xC0000193: ("the account has expired", "Check the date on which it expires."),
    0xC0000224: ("the account's password must be changed before the first logon", "Change it."),
    0xC0000234: ("the account is locked out", "Unlock it, and find out what tries wrong passwords."),
    0xC0000388: ("the server saw an attempt to weaken the logon", "Check what stands between here and the server."),
    0xC0000413: ("the account may not log on to this server", "Check 'Allowed to authenticate' of its trust."),
    0xC0000418: ("the server takes no NTLM", "Use Kerberos."),
}

_SPEAKS_SMB1_ONLY = (
    "If this server is older than Windows Server 2008 and speaks SMB 1 only, set ansible_smb_dialect: nt1."
)


class SmbError(Exception):
    """What an SMB server refused, or what kept it from answering.

    Attributes:
        kind: `unreachable` (no connection, or none that stayed up), `logon` (the account is not let in), `refused`
            (anything else that the server or our own rules refuse), `garbled` (an answer that cannot be used).
        said: what happened, without a full stop.
        advice: what to do about it; may be empty.
        status: the NT status, or the Windows error code of a remote procedure call, or None.
        status_name: its name, such as `STATUS_ACCESS_DENIED`, or an empty string.
    """

    def __init__(self, kind: str, said: str, advice: str = "", status: int | None = None) -> None:
        self.kind = kind
        self.said = said
        self.advice = advice
        self.status = status
        self.status_name = status_name(status)
        super().__init__(f"{said}. {advice}".strip())


@dataclass(frozen=True)
class SmbSettings:
    """How to reach a server and as whom.

    Attributes:
        host: the host as the inventory calls it, for messages.
        address: name or address to connect to.
        port: TCP port.
        domain: the account's domain, or its Kerberos realm; empty where `user` says it all.
        user: the account's name.
        password: its password; with Kerberos it may be empty where kinit left a ticket.
        kerberos: Kerberos instead of NTLM.
        kerberos_name: the server's name in its service principal, if that is not `cifs/` and the address.
        dialect: None for SMB 2 and 3, `nt1` for SMB 1 and nothing else.
        signing: `required`, or `if_offered` for servers that cannot.
        encryption: refuse a server that does not encrypt.
        timeout: longest wait for an answer, in seconds.
    """

    host: str
    address: str
    port: int = 445
    domain: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    kerberos: bool = False
    kerberos_name: str = ""
    dialect: str | None = None
    signing: str = "required"
    encryption: bool = False
    timeout: float = 30

    @property
    def account(self) -> str:
        r"""The account as people write it."""
        if not self.domain:
            return self.user
        return f"{self.user}@{self.domain}" if self.kerberos else f"{self.domain}\\{self.user}"


@dataclass
class Traffic:
    """What went over a connection: requests, and bytes including the four of each message's length."""

    requests: int = 0
    sent: int = 0
    received: int = 0


class SmbSession:
    """A session that is logged on. Made by `open_session`; ends with its `with` block.

    Attributes:
        settings: how it was opened.
        connection: impacket's connection, for everything that it can do. Wrap its calls in `smb_errors`.
        traffic: what went over it so far.
        dialect: `SMB 3.1.1` and so on.
    """

    def __init__(self, settings: SmbSettings, connection: Any, traffic: Traffic) -> None:
        self.settings = settings
        self.connection = connection
        self.traffic = traffic
        self.dialect = _SMB1 if is_smb1(connection) else _DIALECTS.get(connection.getDialect(), "SMB")
        self._opened = time.monotonic()

    @property
    def is_smb1(self) -> bool:
        """Whether it is SMB 1."""
        return self.dialect == _SMB1

    @property
    def signed(self) -> bool:
        """Whether requests and answers are signed (or encrypted, which is more)."""
        return bool(self.connection.getSMBServer().is_signed)

    @property
    def encrypted(self) -> bool:
        """Whether requests and answers are encrypted."""
        return bool(self.connection.getSMBServer().is_encrypted)

    @property
    def server_time(self) -> int:
        """Now, by the server's clock, as a FILETIME (100 ns since 1601); 0 if the server did not tell it."""
        clock = int(self.connection.getSMBServer().clock)
        return clock + int((time.monotonic() - self._opened) * 10_000_000) if clock else 0

    def close(self) -> None:
        """Log off and close the connection; a server that is gone already is no error."""
        with suppress(Exception):
            self.connection.logoff()
        self.abandon()

    def abandon(self) -> None:
        """Close the connection without a word to the server."""
        with suppress(Exception):
            self.connection.getSMBServer().close_session()

    def __enter__(self) -> SmbSession:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()


def split_account(account: str, *, kerberos: bool = False) -> tuple[str, str]:
    r"""Domain and user of `DOMAIN\name`, `name@realm` or `name`.

    NTLM takes a user principal name whole, since its suffix need not be the domain's name.
    """
    domain, slash, name = account.partition("\\")
    if slash:
        return domain, name
    if kerberos and "@" in account:
        name, _at, realm = account.rpartition("@")
        return realm.upper(), name
    return "", account


def open_session(settings: SmbSettings, connected: Callable[[], None] | None = None) -> SmbSession:
    """Connect, negotiate, log on.

    Args:
        settings: how.
        connected: called once the server has negotiated, before the logon.

    Raises:
        SmbError: see its kinds. `refused` is what the settings require and the server does not offer.
    """
    if not settings.user and not settings.kerberos:
        raise SmbError("logon", "no user name is given", "Nobody is let in as nobody; name the account.")
    traffic = Traffic()
    connection = _connect(settings, traffic)
    if connected is not None:
        connected()
    session = SmbSession(settings, connection, traffic)
    try:
        with smb_errors(logon=settings.account):
            _log_on(settings, connection)
            connection.getSMBServer().logged_on()
    except SmbError:
        session.abandon()
        raise
    return session


@contextmanager
def smb_errors(*, logon: str | None = None) -> Iterator[None]:
    """Translate what impacket and the operating system raise into `SmbError`.

    Args:
        logon: the account, while it logs on.
    """
    try:
        yield
    except SmbError:
        raise
    except Exception as error:
        # impacket has no exception of its own for an answer of the wrong shape: struct.error, IndexError, KeyError,
        # UnicodeDecodeError, AssertionError, plain Exception and others come as its parsers raise them.
        raise _translate(error, logon) from None


def status_name(status: int | None) -> str:
    """The name of an NT status or Windows error code; empty for None, hexadecimal for one without a name."""
    if status is None:
        return ""
    known = _known(status)
    return known[0] if known else f"0x{status:08X}"


def is_smb1(connection: Any) -> bool:
    """Whether an impacket connection speaks SMB 1."""
    return isinstance(connection.getDialect(), str)


def _connect(settings: SmbSettings, traffic: Traffic) -> Any:
    kind = _SignedSmb1 if settings.dialect == "nt1" else _SignedSmb3
    where = f"{settings.address} port {settings.port}"
    try:
        protocol = kind(settings, traffic)
    except SmbError:
        raise
    except (nmb.NetBIOSTimeout, TimeoutError):
        raise SmbError("unreachable", f"no answer from {where} in {settings.timeout:g} seconds") from None
    except OSError as error:
        raise SmbError("unreachable", f"no connection to {where}: {_reason(error)}", "Is the server up?") from None
    except nmb.NetBIOSError:
        said = f"{where} closed the connection instead of answering {'SMB 1' if kind is _SignedSmb1 else 'SMB 2 or 3'}"
        raise SmbError("unreachable", said, _no_dialect(settings)) from None
    except Exception as error:
        # See smb_errors.
        said = f"{where} does not negotiate {'SMB 1' if kind is _SignedSmb1 else 'SMB 2 or 3'} ({_reason(error)})"
        raise SmbError("refused", said, _no_dialect(settings)) from None
    return SMBConnection(settings.address, settings.address, sess_port=settings.port, existingConnection=protocol)


def _no_dialect(settings: SmbSettings) -> str:
    if settings.dialect == "nt1":
        return "If it is newer than Windows NT 4.0 it may have SMB 1 switched off: leave ansible_smb_dialect out."
    return _SPEAKS_SMB1_ONLY


def _log_on(settings: SmbSettings, connection: Any) -> None:
    if settings.kerberos:
        _log_on_by_ticket(settings, connection)
    elif is_smb1(connection):
        server = connection.getSMBServer()
        if server.extended_security:
            # impacket would try again with NTLMv1, which counts as a second wrong password.
            connection.login(settings.user, settings.password, settings.domain, ntlmFallback=False)
        else:
            # Windows NT 4.0. The answer that LM would give stands for whoever listens; NT's own goes in its place.
            key = ntlm.compute_nthash(settings.password).hex()
            connection.login(settings.user, "", settings.domain, key, key)
    else:
        connection.login(settings.user, settings.password, settings.domain)


def _log_on_by_ticket(settings: SmbSettings, connection: Any) -> None:
    service = f"cifs/{(settings.kerberos_name or settings.address).lower()}"
    try:
        ticket = service_ticket(settings.user, settings.domain, settings.password, service, settings.timeout)
    except TicketError as error:
        account = f"{settings.account}: " if settings.account else ""
        raise SmbError("logon", f"{account}{error.said}", error.advice) from None
    try:
        connection.kerberosLogin(ticket.user, "", ticket.realm, TGS=ticket.reply, useCache=False)
    except SessionError as error:
        status = error.getErrorCode() & 0xFFFFFFFF
        if status not in _TICKET_REFUSED:
            raise
        said = f"{ticket.user}@{ticket.realm}: the server does not accept the ticket for {service}"
        raise SmbError("logon", f"{said} ({status_name(status)})", _TICKET_ADVICE, status) from None


_TICKET_REFUSED = {
    0xC0000016,  # STATUS_MORE_PROCESSING_REQUIRED, with the Kerberos error that impacket does not read
    0xC000000D,  # STATUS_INVALID_PARAMETER
    0xC0000022,  # STATUS_ACCESS_DENIED, from Samba for an account that it does not know
    0xC000006D,  # STATUS_LOGON_FAILURE
}
_TICKET_ADVICE = (
    "Check that this name leads to the server that the service principal belongs to, that the server's clock is right, "
    "and that it knows the account."
)


def _translate(error: Exception, logon: str | None) -> SmbError:
    if isinstance(error, (SessionError, smb.SessionError, smb3.SessionError)):
        status = int(getattr(error, "error", 0) or error.get_error_code()) & 0xFFFFFFFF
        if logon is not None:
            said, advice = _LOGON.get(status, ("the server does not let it in", "Look the status up."))
            return SmbError("logon", f"{logon}: {said} ({status_name(status)})", advice, status)
        return SmbError("refused", status_words(status), status=status)
    if isinstance(error, DCERPCException):
        code = error.get_error_code()
        if isinstance(code, int) and code:
            return SmbError("refused", status_words(code & 0xFFFFFFFF), status=code & 0xFFFFFFFF)
        return SmbError("garbled", f"the remote procedure call failed: {_reason(error)}")
    if isinstance(error, (nmb.NetBIOSTimeout, socket.timeout, TimeoutError)):
        return SmbError("unreachable", "the server did not answer in time", "Is it up? Raise ansible_smb_timeout.")
    if isinstance(error, (nmb.NetBIOSError, OSError)):
        return SmbError("unreachable", f"the connection broke: {_reason(error)}", "Is the server up?")
    return SmbError("garbled", f"the answer cannot be used ({_reason(error)})", "Is this really an SMB server?")


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


def status_words(status: int) -> str:
    """Name and meaning of an NT status or Windows error code, in one line."""
    known = _known(status)
    if not known:
        return f"0x{status:08X}"
    return f"{known[0]}: {' '.join(known[1].split())}".rstrip(". ")


def _known(status: int) -> tuple[str, str] | None:
    """Name and text of a code; remote procedure calls on Windows' own functions fail with the codes of those."""
    found = ERROR_MESSAGES.get(status) or SYSTEM_ERROR_MESSAGES.get(status)
    return (str(found[0]), str(found[1])) if found else None


def _reason(error: Exception) -> str:
    """The innermost reason, in one line of bounded length."""
    inner = error.args[-1] if error.args and isinstance(error.args[-1], Exception) else error
    text = " ".join((getattr(inner, "strerror", None) or str(inner) or type(inner).__name__).split())
    return text[:300]


class _Stream:
    """impacket's TCP session, counted, on a socket of our own: impacket's stays open if it does not connect."""

    def __init__(self, settings: SmbSettings, traffic: Traffic) -> None:
        self._traffic = traffic
        connected = socket.create_connection((settings.address, settings.port), settings.timeout)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._session = nmb.NetBIOSTCPSession(
            "", settings.address, settings.address, sess_port=nmb.SMB_SESSION_PORT, sock=connected
        )

    def send_packet(self, data: bytes) -> None:
        self._traffic.requests += 1
        self._traffic.sent += len(data) + 4
        self._session.send_packet(data)

    def recv_packet(self, timeout: float | None = None) -> Any:
        packet = self._session.recv_packet(timeout)
        self._traffic.received += len(packet.get_trailer()) + 4
        return packet

    def close(self) -> None:
        self._session.close()

    def get_socket(self) -> Any:
        return self._session.get_socket()


class _OpenNames(dict):  # type: ignore[type-arg]
    """impacket's table of open names has one place for a name that is open twice, and closes it twice."""

    def __delitem__(self, name: Any) -> None:
        self.pop(name, None)


class _SignedSmb3(_Smb3):  # type: ignore[misc]
    """SMB 2 and 3 with the settings held against what the server offers, and with answers verified."""

    _latest: Any = None

    def __init__(self, settings: SmbSettings, traffic: Traffic) -> None:
        self._settings = settings
        self.clock = 0
        self._end_of_logon: bytes | None = None
        self._granted_flags = 0
        stream = _Stream(settings, traffic)
        try:
            super().__init__(settings.address, settings.address, timeout=settings.timeout, session=stream)
        except BaseException:
            stream.close()
            raise

    def negotiateSession(self, preferredDialect: Any = None, negSessionResponse: Any = None) -> None:  # noqa: N802, N803
        """Negotiate, then see whether what was negotiated will do."""
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
            dialect = _DIALECTS.get(self._Connection["Dialect"], "its dialect")
            said = f"the server does not encrypt ({dialect}), and ansible_smb_encryption asks for it"
            raise SmbError("refused", said, "Encryption takes SMB 3 with AES-128-CCM.")

    @property
    def is_signed(self) -> bool:
        return bool(self._Session["SigningActivated"] or self.is_encrypted)

    @property
    def is_encrypted(self) -> bool:
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
        """The answer to a request, verified. Interim answers and oplock breaks are passed over."""
        waiting = self._Connection["OutstandingResponses"]
        while packetID not in waiting:
            for raw in self._receive():
                packet = SMB2Packet(raw)
                if packet["MessageID"] >= self._Connection["SequenceWindow"]:
                    raise SmbError("garbled", "the server answers what it was not asked", _IN_BETWEEN)
                waiting[packet["MessageID"]] = packet
        packet = self._latest = waiting.pop(packetID)
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
            raw = self._NetBIOSSession.recv_packet(self._timeout).get_trailer()
            sealed = raw.startswith(b"\xfdSMB")
            if sealed:
                raw = self._decrypted(raw)
            found = [message for message in _messages(raw) if self._counts(message, sealed=sealed)]
            if found:
                return found

    def _counts(self, raw: bytes, *, sealed: bool) -> bool:
        """Whether a message is an answer. Interim ones and those that nobody asked for are not signed."""
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


class _SignedSmb1(_Smb1):  # type: ignore[misc]
    """SMB 1, NT LM 0.12, with the settings held against what the server offers, and with answers verified."""

    is_encrypted = False

    def __init__(self, settings: SmbSettings, traffic: Traffic) -> None:
        self._settings = settings
        self.clock = 0
        stream = _Stream(settings, traffic)
        try:
            super().__init__(settings.address, settings.address, timeout=settings.timeout, session=stream)
        except BaseException:
            stream.close()
            raise

    @property
    def is_signed(self) -> bool:
        return bool(self._SignatureEnabled)

    @property
    def extended_security(self) -> bool:
        """Whether the logon goes by SPNEGO, as since Windows 2000."""
        return bool(self._dialects_parameters["Capabilities"] & _SMB1_EXTENDED_SECURITY)

    def neg_session(self, extended_security: bool = True, negPacket: Any = None) -> Any:  # noqa: N803
        """Negotiate, then see whether what was negotiated will do."""
        result = super().neg_session(extended_security, negPacket)
        if self._settings.encryption:
            raise SmbError("refused", "SMB 1 does not encrypt, and ansible_smb_encryption asks for it")
        parameters = self._dialects_parameters
        self.clock = int(parameters["HighDateTime"]) << 32 | int(parameters["LowDateTime"])
        if not parameters["SecurityMode"] & smb.SMB.SECURITY_SHARE_MASK:
            raise SmbError("refused", "the server has share-level security, which knows no accounts")
        if not parameters["SecurityMode"] & smb.SMB.SECURITY_AUTH_MASK:
            raise SmbError("refused", "the server wants the password in clear text, which it does not get")
        if not parameters["Capabilities"] & smb.SMB.CAP_UNICODE:
            raise SmbError("refused", "the server knows no Unicode, which Windows does since NT")
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

    def recvSMB(self) -> Any:  # noqa: N802
        """The answer to a request, verified."""
        raw = self._sess.recv_packet(self.get_timeout()).get_trailer()
        if self._SignatureEnabled:
            # An answer's number is its request's plus one, and impacket has counted on by two.
            number = struct.pack("<q", self._SignSequenceNumber - 1)
            keyed = self._SigningSessionKey + self._SigningChallengeResponse
            digest = hashlib.md5(keyed + raw[:14] + number + raw[22:])  # noqa: S324 - SMB 1 has no other
            if not hmac.compare_digest(digest.digest()[:8], raw[14:22]):
                raise SmbError("garbled", "an answer's signature is wrong or missing", _IN_BETWEEN)
        return smb.NewSMBPacket(data=raw)


_IN_BETWEEN = "Something between here and the server changes messages, or this is not the server that it seems to be."


def _unsigned(said: str) -> SmbError:
    advice = (
        "Let it sign (policy 'Digitally sign communications'; on Windows NT 4.0 that is not possible), or accept "
        "messages that others can change: ansible_smb_signing: if_offered."
    )
    return SmbError("refused", f"{said}, and ansible_smb_signing requires it", advice)
