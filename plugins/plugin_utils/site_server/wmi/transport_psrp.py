# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending through pypsrp's WSMan, with the options of an `ansible.builtin.psrp` connection."""

from __future__ import annotations

from typing import Any

from ..errors import AuthenticationFailed, NotSent, SiteServerError
from .connect import adapter_over
from .exchange import exchange, longest
from .http import WITH_A_FAULT, bounded, guard, refused_credentials, transport_failure, unusable_status

try:
    import requests
    from pypsrp.exceptions import AuthenticationError, WinRMTransportError
    from pypsrp.wsman import WSMan
    from spnego.exceptions import SpnegoError
except ImportError as error:
    PYPSRP_MISSING: str | None = str(error)
else:
    PYPSRP_MISSING = None

NO_KERBEROS_LOGON: tuple[type[Exception], ...] = () if PYPSRP_MISSING else (SpnegoError,)
"""No ticket, no ticket for this host, or the host does not prove its identity."""
try:
    from krb5 import Krb5Error  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # pyspnego reports it if Kerberos is used
    pass
else:
    NO_KERBEROS_LOGON += (Krb5Error,)


class PsrpTransport:
    """Posts envelopes by pypsrp's own transport; opens no runspace.

    Each envelope is sent once: `guard` prevents the repetitions of pypsrp, its authentication libraries, requests and
    urllib3. If the logon is for the connection (NTLM, Kerberos, CredSSP), a request without content does it. If the
    server has closed that connection before the next message, a new connection is opened first.

    Args:
        host: the host as the inventory names it.
        connection: the `psrp` connection plugin of the host, with its options set.
        limit: longest answer, in bytes.
    """

    def __init__(self, host: str, connection: Any, limit: int) -> None:
        connection._build_kwargs()
        options = connection._psrp_conn_kwargs
        self._host = host
        self._limit = limit
        self._options = options
        # NTLM is not sent by `NtlmSender` here, as it is for a winrm connection. By default this plugin uses HTTPS and
        # Negotiate, and pyspnego decides between Kerberos and NTLM during the logon, so only an inventory that asks
        # for http and ntlm would gain. Such an inventory can also set what `NtlmSender` lacks: a time-out of its own to
        # connect (connection_timeout), further attempts (reconnection_retries), and the name that the logon is for
        # (negotiate_service, negotiate_hostname_override).
        self._wsman = WSMan(**options)
        self._seconds = longest(float(self._wsman.transport.read_timeout))
        self._challenges = self._wsman.transport.auth not in ("basic", "certificate")
        self._logged_on = False
        self.user: str | None = options["username"]
        self.url: str = self._wsman.transport.endpoint
        self.timeout = float(options["operation_timeout"])

    def send(self, envelope: bytes) -> bytes:
        """Post one request; the answer's body, that of a fault included."""
        was_open = self._logged_on
        try:
            return self._post(envelope)
        except NotSent:
            if not was_open:
                raise
            return self._post(envelope)

    def close(self) -> None:
        """Close the connection to the server. The next request opens and authenticates a new one."""
        self._wsman.close()
        self._wsman = WSMan(**self._options)
        self._logged_on = False

    def _post(self, envelope: bytes) -> bytes:
        try:
            with exchange(self._host, self._seconds, self._limit):
                return self._exchange(envelope)
        except SiteServerError:
            # A message that is encrypted for a broken connection cannot be read on the next one.
            self.close()
            raise

    def _exchange(self, envelope: bytes) -> bytes:
        transport = self._wsman.transport
        try:
            if transport.session is None:
                transport.session = self._session(transport)
            if self._challenges and not self._logged_on and not transport.wrap_required:
                # With encryption, pypsrp does this itself.
                transport._send_request(transport.session.prepare_request(requests.Request("POST", self.url)))
                self._logged_on = True
            answer: bytes = transport.send(envelope)
            self._logged_on = True
            return bounded(answer, self._limit)
        except AuthenticationError as error:
            logged_on = self._logged_on or not self._challenges or transport.encryption is not None
            raise refused_credentials(self._host, self.user, str(error), message=logged_on) from None
        except WinRMTransportError as error:
            if error.code not in WITH_A_FAULT or not error.response_text:
                encrypted = transport.ssl or transport.wrap_required
                raise unusable_status(self._host, error.code, encrypted=encrypted) from None
            self._logged_on = True
            return bounded(str(error.response_text).encode(), self._limit)
        except Exception as error:
            # pypsrp does not translate the exceptions of requests and of the authentication libraries. Exception is
            # their only common base.
            if isinstance(error, NO_KERBEROS_LOGON) and transport.encryption is None:
                raise AuthenticationFailed(
                    self._host,
                    f"log on as {self.user or 'the current user'}",
                    str(error),
                    "Check ansible_user (user@REALM), ansible_password or the ticket (klist), the realm in krb5.conf, "
                    "and the host's name in the domain (ansible_psrp_negotiate_hostname_override).",
                ) from None
            raise transport_failure(self._host, error) from None

    def _session(self, transport: Any) -> requests.Session:
        session: requests.Session = transport._build_session()
        adapter: Any = session.adapters["https://"]
        guard(
            session,
            challenges=self._challenges,
            connect_retries=adapter.max_retries,
            key_password=transport.certificate_key_password,
        )
        return session


ADAPTER = adapter_over(PsrpTransport, PYPSRP_MISSING)
