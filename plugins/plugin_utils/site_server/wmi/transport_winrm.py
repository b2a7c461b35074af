# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending with the options of an `ansible.builtin.winrm` connection, mostly through pywinrm."""

from __future__ import annotations

import functools
import ipaddress
import os
from contextlib import suppress
from typing import Any
from typing import Protocol as Shape
from urllib.parse import urlunsplit
from urllib.request import getproxies

from ansible.errors import AnsibleConnectionFailure

from ...wsman import IDENTIFY
from ..errors import AuthenticationFailed, NotSent, ServerFault, SiteServerError
from .connect import adapter_over
from .exchange import exchange, longest
from .http import WITH_A_FAULT, bounded, guard, refused_credentials, transport_failure, unusable_status
from .transport_ntlm import NtlmSender
from .wmi import TALKING

try:
    import requests
    import winrm.exceptions
    from requests.auth import HTTPBasicAuth
    from winrm.protocol import Protocol
except ImportError as error:
    PYWINRM_MISSING: str | None = str(error)
else:
    PYWINRM_MISSING = None

NO_KERBEROS_LOGON: tuple[type[Exception], ...] = (AnsibleConnectionFailure,)
"""No ticket from kinit, no ticket for this host, or the host does not prove its identity."""
try:
    from winrm.vendor.requests_kerberos.exceptions import KerberosExchangeError, MutualAuthenticationError
except ImportError:  # pykerberos is missing: pywinrm reports it if Kerberos is used
    pass
else:
    NO_KERBEROS_LOGON += (KerberosExchangeError, MutualAuthenticationError)

TICKET_CACHE = "KRB5CCNAME"


class _Sender(Shape):
    """One connection to the server. Raises `SiteServerError` only; after that it cannot be used again."""

    def send(self, envelope: bytes) -> bytes:
        """Post one request; the answer's body, that of a fault included."""

    def close(self) -> None:
        """Close the connection."""


class WinrmTransport:
    """Posts envelopes over NTLM by `NtlmSender`, and otherwise by pywinrm's own transport; opens no shell.

    Each envelope is sent once. If the inventory has several kinds of authentication, a message that changes nothing
    (Identify) finds the kind that works, so no envelope is sent again with another kind. If the server has closed a
    connection that is logged on before the next message, a new connection is opened first.

    The connection plugin reads the options, and gets the Kerberos ticket, exactly as it does for its own modules. Its
    `_connect` is not used, since it opens a shell at once. pywinrm's `Protocol.send_message` is not used either, since
    it parses faults with a parser that expands entities.

    While the connection is open, the environment of this process names the cache of a ticket that Ansible got, and the
    cache is a file on the disk. Then both are removed: the next host of a loop must not be reached with this ticket,
    and Ansible's workers end without the clean-up that removes the file.

    Args:
        host: the host as the inventory names it.
        connection: the `winrm` connection plugin of the host, with its options set.
        limit: longest answer, in bytes.
    """

    def __init__(self, host: str, connection: Any, limit: int) -> None:
        connection._build_winrm_kwargs()
        self._host = host
        self._limit = limit
        self._connection = connection
        self._sender: _Sender | None = None
        self._names_ticket = False
        self._ticket_cache: str | None = None
        self._kinds: list[str] = list(connection._winrm_transport)
        self.user: str | None = connection._winrm_user
        self.url = _endpoint(connection)
        self.timeout = float(connection._winrm_connection_timeout or Protocol.DEFAULT_OPERATION_TIMEOUT_SEC)

    def send(self, envelope: bytes) -> bytes:
        """Post one request; the answer's body, that of a fault included."""
        if self._sender is not None:
            with suppress(NotSent):
                return self._post(self._sender, envelope)
        return self._first(envelope)

    def _first(self, envelope: bytes) -> bytes:
        """Post one request over a new connection, and keep the kind of authentication that works."""
        refusals: list[AuthenticationFailed | ServerFault] = []
        for number, kind in enumerate(self._kinds, 1):
            is_last = number == len(self._kinds)
            try:
                sender = self._sender = self._sender_for(kind)
                answer = self._post(sender, envelope if is_last else IDENTIFY)
            except (AuthenticationFailed, ServerFault) as refusal:
                # The server does not accept this kind, or the controller does not support it.
                refusals.append(refusal)
            else:
                self._kinds = [kind]
                return answer if is_last else self._post(sender, envelope)
        if len(refusals) == 1:
            raise refusals[0]
        tried = zip(self._kinds, refusals, strict=True)
        reason = "; ".join(f"{kind}: {refusal.reason}" for kind, refusal in tried)
        raise refused_credentials(self._host, self.user, reason or "ansible_winrm_transport names no kind to try")

    def close(self) -> None:
        """Close the connection to the server. The next request opens and authenticates a new one."""
        if self._sender is not None:
            self._sender.close()
            self._sender = None
        if hasattr(self._connection, "_kerb_ccache"):
            with suppress(FileNotFoundError):
                self._connection._kerb_ccache.close()
        if self._names_ticket:
            self._names_ticket = False
            if self._ticket_cache is None:
                os.environ.pop(TICKET_CACHE, None)
            else:
                os.environ[TICKET_CACHE] = self._ticket_cache

    def _post(self, sender: _Sender, envelope: bytes) -> bytes:
        try:
            return sender.send(envelope)
        except SiteServerError:
            # A message that is sealed for a broken connection cannot be read on the next one.
            self.close()
            raise

    def _sender_for(self, kind: Any) -> _Sender:
        connection = self._connection
        options = dict(connection._winrm_kwargs)
        if connection._winrm_connection_timeout:
            options["operation_timeout_sec"] = connection._winrm_connection_timeout
            options["read_timeout_sec"] = connection._winrm_connection_timeout + 10
        try:
            if kind == "kerberos" and connection._kerb_managed:
                self._ticket_cache = os.environ.get(TICKET_CACHE)
                self._names_ticket = True
                connection._kerb_auth(connection._winrm_user, connection._winrm_pass)
            protocol = Protocol(self.url, transport=kind, **options)  # checks the options, and connects later
            if self._is_plain_ntlm(kind, options):
                return NtlmSender(
                    self._host,
                    connection._winrm_host,
                    int(connection._winrm_port),
                    connection._winrm_path,
                    user=self.user,
                    password=connection._winrm_pass,
                    timeout=float(protocol.read_timeout_sec),
                    limit=self._limit,
                )
            return _PywinrmSender(self._host, self.user, protocol, self._limit)
        except SiteServerError:
            raise
        except Exception as error:
            raise _translate(self._host, self.user, error) from None

    def _is_plain_ntlm(self, kind: str, options: dict[str, Any]) -> bool:
        """Whether `NtlmSender` can send it: sealed, and without a proxy."""
        sealed = options.get("message_encryption", "auto") != "never"
        return kind == "ntlm" and self._connection._winrm_scheme == "http" and sealed and not _has_proxy(options)


class _PywinrmSender:
    """One connection of pywinrm: every kind of authentication that it supports.

    If the logon is for the connection (NTLM, Kerberos, CredSSP), a request without content does it.
    """

    def __init__(self, host: str, user: str | None, protocol: Protocol, limit: int) -> None:
        self._host = host
        self._user = user
        self._limit = limit
        self._seconds = longest(float(protocol.read_timeout_sec))
        self._transport = protocol.transport
        # pywinrm would log on while it makes the session, before the session is guarded.
        sealing: list[requests.Session] = []
        self._transport.setup_encryption = sealing.append  # type: ignore[assignment, method-assign]
        self._session: requests.Session = self._transport.build_session()
        del self._transport.setup_encryption
        self._is_sealed = bool(sealing)
        self._is_logged_on = isinstance(self._session.auth, HTTPBasicAuth | None)
        guard(self._session, challenges=not self._is_logged_on)

    def send(self, envelope: bytes) -> bytes:
        with exchange(self._host, self._seconds, self._limit):
            try:
                if not self._is_logged_on:
                    self._log_on()
                    self._is_logged_on = True
                return bounded(self._transport.send_message(envelope), self._limit)
            except winrm.exceptions.WinRMTransportError as error:
                if error.code not in WITH_A_FAULT or not error.response_text:
                    encrypted = self._is_sealed or self._transport.endpoint.startswith("https:")
                    raise unusable_status(self._host, error.code, encrypted=encrypted) from None
                return bounded(str(error.response_text).encode(), self._limit)
            except Exception as error:
                raise _translate(self._host, self._user, error, message=self._is_logged_on) from None

    def _log_on(self) -> None:
        if self._is_sealed:
            self._transport.setup_encryption(self._session)
        else:
            empty = self._session.prepare_request(requests.Request("POST", self._transport.endpoint))
            self._transport._send_message_request(self._session, empty)

    def close(self) -> None:
        self._transport.close_session()


def _translate(host: str, user: str | None, error: Exception, *, message: bool = False) -> SiteServerError:
    # pywinrm does not translate the exceptions of requests, urllib3, the NTLM, Kerberos and CredSSP libraries and of
    # the operating system. Exception is their only common base.
    if isinstance(error, winrm.exceptions.InvalidCredentialsError):
        return refused_credentials(host, user, message=message)
    if isinstance(error, NO_KERBEROS_LOGON):
        return AuthenticationFailed(
            host,
            f"log on as {user or 'the current user'}",
            str(error),
            "Check ansible_user (user@REALM), ansible_password or the ticket (klist), the realm in krb5.conf, and "
            "the host's name in the domain (ansible_winrm_kerberos_hostname_override).",
        )
    if isinstance(error, winrm.exceptions.WinRMError):
        return ServerFault(host, TALKING, str(error), "Check the host's ansible_winrm_* variables.")
    return transport_failure(host, error)


def _has_proxy(options: dict[str, Any]) -> bool:
    """Whether pywinrm would or might use a proxy: a given one, or else one of the environment."""
    given = options.get("proxy", "legacy_requests")
    return bool({"http", "all"} & _proxies().keys() if given == "legacy_requests" else given)


@functools.cache  # the environment does not change, and reading it takes longer than sealing a message
def _proxies() -> dict[str, str]:
    return getproxies()


def _endpoint(connection: Any) -> str:
    host = connection._winrm_host
    with suppress(ValueError):  # a name or an IPv4 address has no brackets
        host = f"[{ipaddress.IPv6Address(host)}]"
    netloc = f"{host}:{int(connection._winrm_port)}"
    return str(urlunsplit((connection._winrm_scheme, netloc, connection._winrm_path, "", "")))


ADAPTER = adapter_over(WinrmTransport, PYWINRM_MISSING)
