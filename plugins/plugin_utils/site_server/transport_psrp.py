# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending through pypsrp's WSMan, with the options of an `ansible.builtin.psrp` connection."""

from __future__ import annotations

from typing import Any

from .errors import AuthenticationFailed
from .http import bound_answers, refused_credentials, transport_failure, unusable_status

try:
    from pypsrp.exceptions import AuthenticationError, WinRMTransportError
    from pypsrp.wsman import WSMan
    from spnego.exceptions import SpnegoError
except ImportError as error:
    PYPSRP_MISSING: str | None = str(error)
else:
    PYPSRP_MISSING = None

NO_KERBEROS_LOGON: tuple[type[Exception], ...] = () if PYPSRP_MISSING else (SpnegoError,)
"""No ticket, none for this host, or the host does not prove who it is."""
try:
    from krb5 import Krb5Error  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # pyspnego says so itself when Kerberos is asked for
    pass
else:
    NO_KERBEROS_LOGON += (Krb5Error,)


class PsrpTransport:
    """Posts envelopes by pypsrp's own transport; opens no runspace.

    Args:
        host: the host as the inventory calls it.
        connection: the `psrp` connection plugin of the host, with its options set.
        limit: longest answer, in bytes.
    """

    def __init__(self, host: str, connection: Any, limit: int) -> None:
        connection._build_kwargs()
        options = connection._psrp_conn_kwargs
        self._host = host
        self._limit = limit
        self._options = options
        self._wsman = WSMan(**options)
        self.user: str | None = options["username"]
        self.url: str = self._wsman.transport.endpoint
        self.timeout = float(options["operation_timeout"])

    def send(self, envelope: bytes) -> bytes:
        """Post one request; the answer's body, that of a fault included."""
        transport = self._wsman.transport
        try:
            if transport.session is None:
                transport.session = transport._build_session()
                bound_answers(transport.session, self._limit)
            answer: bytes = transport.send(envelope)
        except AuthenticationError as error:
            raise refused_credentials(self._host, self.user, str(error)) from None
        except WinRMTransportError as error:
            if not error.response_text:
                raise unusable_status(self._host, error.code) from None
            return str(error.response_text).encode()
        except Exception as error:
            # pypsrp lets the exceptions of requests and of the authentication libraries through as they are: there
            # is no smaller common base than Exception. What is encrypted for a connection that broke can't be read on
            # the next one, so that one is made anew.
            sealing = transport.encryption is not None
            self.close()
            if isinstance(error, NO_KERBEROS_LOGON) and not sealing:
                raise AuthenticationFailed(
                    self._host,
                    f"log on as {self.user or 'the current user'}",
                    str(error),
                    "Check ansible_user (user@REALM), ansible_password or the ticket (klist), the realm in krb5.conf, "
                    "and the host's name in the domain (ansible_psrp_negotiate_hostname_override).",
                ) from None
            raise transport_failure(self._host, error) from None
        return answer

    def close(self) -> None:
        """Close the connection to the server. The next request opens and authenticates a new one."""
        self._wsman.close()
        self._wsman = WSMan(**self._options)
