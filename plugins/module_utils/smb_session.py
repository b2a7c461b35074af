# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMB session on impacket: negotiated, logged on, signed both ways, with its errors in operator words.

Needs impacket and the standard library only, so that it can be shipped to another host as a module's part.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.module_utils.kerberos import TicketError, service_ticket
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import (
    SmbError,
    reason_of,
    smb_errors,
    status_name,
)
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_signed import SignedSmb1, SignedSmb3
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_stream import Traffic

try:
    from impacket import nmb, ntlm
    from impacket.smbconnection import SessionError, SMBConnection
except ImportError:
    IMPACKET_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPACKET_IMPORT_ERROR = None

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


def _connect(settings: SmbSettings, traffic: Traffic) -> Any:
    kind, spoken = (SignedSmb1, "SMB 1") if settings.dialect == "nt1" else (SignedSmb3, "SMB 2 or 3")
    where = f"{settings.address} port {settings.port}"
    try:
        protocol = kind(settings, traffic)
    except SmbError:
        raise
    except (nmb.NetBIOSTimeout, TimeoutError):
        raise SmbError("unreachable", f"no answer from {where} in {settings.timeout:g} seconds") from None
    except OSError as error:
        raise SmbError("unreachable", f"no connection to {where}: {reason_of(error)}", "Is the server up?") from None
    except nmb.NetBIOSError:
        said = f"{where} closed the connection instead of answering {spoken}"
        raise SmbError("unreachable", said, _no_dialect(settings)) from None
    except Exception as error:
        # See smb_errors.
        said = f"{where} does not negotiate {spoken} ({reason_of(error)})"
        raise SmbError("refused", said, _no_dialect(settings)) from None
    return SMBConnection(settings.address, settings.address, sess_port=settings.port, existingConnection=protocol)


def _no_dialect(settings: SmbSettings) -> str:
    if settings.dialect == "nt1":
        return "If it is newer than Windows NT 4.0 it may have SMB 1 switched off: leave ansible_smb_dialect out."
    return "If this server is older than Windows Server 2008 and speaks SMB 1 only, set ansible_smb_dialect: nt1."


def _log_on(settings: SmbSettings, connection: Any) -> None:
    server = connection.getSMBServer()
    if settings.kerberos:
        _log_on_by_ticket(settings, connection)
    elif isinstance(server, SignedSmb1):
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
