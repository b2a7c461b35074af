# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMB session on impacket: negotiated, logged on, signed both ways, with its errors in operator words.

Needs impacket and the standard library only, so that it can be shipped to another host as a module's part.
"""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.module_utils.kerberos import Ticket, TicketError, service_ticket
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import (
    SmbError,
    reason_of,
    smb_errors,
    status_name,
)
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_signed import SignedSmb1, SignedSmb3
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_stream import Stream

try:
    from impacket import ntlm
    from impacket.smbconnection import SessionError, SMBConnection
except ImportError:
    IMPACKET_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPACKET_IMPORT_ERROR = None

_TICKET_REFUSED = {
    0xC0000016,  # STATUS_MORE_PROCESSING_REQUIRED, with the Kerberos error that impacket does not read
    0xC000000D,  # STATUS_INVALID_PARAMETER
    0xC0000022,  # STATUS_ACCESS_DENIED, from Samba for an unknown account
    0xC000006D,  # STATUS_LOGON_FAILURE
}
_TICKET_ADVICE = (
    "Check that this name leads to the server that the service principal belongs to, that the server's clock is right, "
    "and that it accepts the account."
)


class SmbSession:
    """A session that is logged on. Made by `open_session`; ends with its `with` block.

    Attributes:
        settings: how it was opened.
        connection: impacket's connection, for everything that it can do. Wrap its calls in `exchange`.
        traffic: what went over it so far.
        dialect: `SMB 3.1.1` and so on.
    """

    def __init__(self, settings: SmbSettings, connection: Any, stream: Stream) -> None:
        self.settings = settings
        self.connection = connection
        self.traffic = stream.traffic
        self._stream = stream
        self.dialect = str(connection.getSMBServer().dialect)
        self._opened = time.monotonic()

    @property
    def is_smb1(self) -> bool:
        """Whether it is SMB 1."""
        return isinstance(self.connection.getSMBServer(), SignedSmb1)

    @property
    def signed(self) -> bool:
        """Whether requests and answers are signed (or encrypted, which is more)."""
        return bool(self.connection.getSMBServer().is_signed)

    @property
    def encrypted(self) -> bool:
        """Whether requests and answers are encrypted."""
        return bool(self.connection.getSMBServer().is_encrypted)

    @property
    def closed(self) -> bool:
        """Whether the connection is of no more use: closed, or broken by something that went wrong."""
        return self._stream.get_socket() is None

    @property
    def server_time(self) -> int:
        """Now, by the server's clock, as a FILETIME (100 ns since 1601); 0 if the server did not send it."""
        clock = int(self.connection.getSMBServer().clock)
        return clock + int((time.monotonic() - self._opened) * 10_000_000) if clock else 0

    @contextmanager
    def exchange(self, *, logon: str | None = None) -> Iterator[None]:
        """One exchange with the server, with one deadline for all of it.

        Args:
            logon: the account, while it logs on.

        Raises:
            SmbError: whatever went wrong. After one of the kinds `SmbError.LOST` the connection is closed, so that no
                late answer is taken for that to another request.
        """
        try:
            with smb_errors(logon=logon), self._stream.exchange():
                yield
        except SmbError as error:
            if error.kind in SmbError.LOST:
                self._stream.close(error)
            raise

    def close(self) -> None:
        """Log off and close the connection; it is no error if the server is gone already."""
        with suppress(SmbError), self.exchange():
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


def open_session(settings: SmbSettings, connected: Callable[[], None] | None = None) -> SmbSession:
    """Connect, negotiate, log on.

    Args:
        settings: how.
        connected: called once the server has negotiated, before the logon.

    Raises:
        SmbError: see its kinds. `refused` is what the settings require and the server does not offer.
    """
    if not settings.user and not settings.kerberos:
        raise SmbError("logon", "no user name is given", "Give the name of the account.")
    stream = Stream(settings)
    try:
        connection = _connect(settings, stream)
        if connected is not None:
            connected()
        session = SmbSession(settings, connection, stream)
        _log_on(settings, session)
    except BaseException:
        stream.close()
        raise
    return session


def _connect(settings: SmbSettings, stream: Stream) -> Any:
    kind, spoken = (SignedSmb1, "SMB 1") if settings.dialect == "nt1" else (SignedSmb3, "SMB 2 or 3")
    where = f"{settings.address} port {settings.port}"
    try:
        with stream.exchange():
            stream.connect()
            protocol = kind(settings, stream)
    except SmbError:
        raise
    except TimeoutError:
        advice = "Check that the server is up. If it is slow, raise ansible_smb_timeout."
        raise SmbError("unreachable", f"no answer from {where} in {settings.timeout:g} seconds", advice) from None
    except OSError as error:
        if stream.connected:
            reason = f"{where} closed the connection instead of answering {spoken}"
            raise SmbError("unreachable", reason, _no_dialect(settings)) from None
        advice = f"Check that the server is up and that TCP {settings.port} is open."
        if isinstance(error, socket.gaierror):
            advice = "Check the name. If the controller cannot look it up, use the address of the server."
        raise SmbError("unreachable", f"no connection to {where}: {reason_of(error)}", advice) from None
    except Exception as error:
        # See smb_errors.
        reason = f"{where} does not negotiate {spoken} ({reason_of(error)})"
        raise SmbError("refused", reason, _no_dialect(settings)) from None
    return SMBConnection(settings.address, settings.address, sess_port=settings.port, existingConnection=protocol)


def _no_dialect(settings: SmbSettings) -> str:
    if settings.dialect == "nt1":
        return "If it is newer than Windows NT 4.0 it may have SMB 1 switched off: leave ansible_smb_dialect out."
    return "If this server is older than Windows Server 2008 and speaks SMB 1 only, set ansible_smb_dialect: nt1."


def _log_on(settings: SmbSettings, session: SmbSession) -> None:
    connection = session.connection
    server = connection.getSMBServer()
    with smb_errors(logon=settings.account):
        ticket = _ticket(settings) if settings.kerberos else None
    with session.exchange(logon=settings.account):
        if ticket is not None:
            _log_on_by_ticket(settings, connection, ticket)
        elif isinstance(server, SignedSmb1):
            if server.extended_security:
                # impacket tries again with NTLMv1, which counts as a second wrong password.
                connection.login(settings.user, settings.password, settings.domain, ntlmFallback=False)
            else:
                # Windows NT 4.0. An LM response is easy to break, so the NT response is sent in its place.
                key = ntlm.compute_nthash(settings.password).hex()
                connection.login(settings.user, "", settings.domain, key, key)
        else:
            connection.login(settings.user, settings.password, settings.domain)
        server.logged_on()


def _service(settings: SmbSettings) -> str:
    return f"cifs/{(settings.kerberos_name or settings.address).lower()}"


def _ticket(settings: SmbSettings) -> Ticket:
    """The ticket for the server. The realm's KDCs have time of their own for their answers."""
    try:
        return service_ticket(
            settings.user,
            settings.domain,
            settings.password,
            _service(settings),
            settings.timeout,
            domains=settings.domains,
        )
    except TicketError as error:
        account = f"{settings.account}: " if settings.account else ""
        raise SmbError("logon", f"{account}{error.reason}", error.advice) from None


def _log_on_by_ticket(settings: SmbSettings, connection: Any, ticket: Ticket) -> None:
    try:
        connection.kerberosLogin(ticket.user, "", ticket.realm, TGS=ticket.reply, useCache=False)
    except SessionError as error:
        status = error.getErrorCode() & 0xFFFFFFFF
        if status not in _TICKET_REFUSED:
            raise
        reason = f"{ticket.user}@{ticket.realm}: the server does not accept the ticket for {_service(settings)}"
        raise SmbError("logon", f"{reason} ({status_name(status)})", _TICKET_ADVICE, status) from None
