# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all transports over HTTP share: which answers are accepted, and the errors for all others."""

from __future__ import annotations

import functools
import http.client
import re
import socket
from typing import Any
from urllib.parse import urlsplit

from ...text import one_line
from ..errors import AuthenticationFailed, NoAnswer, NotSent, Rejected, ServerFault, SiteServerError, Unreachable
from .exchange import Exchange, Unusable, counted_response, current, too_long
from .wmi import TALKING, TOO_LONG

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection
except ImportError as error:
    REQUESTS_MISSING: str | None = str(error)
    HTTPAdapter = HTTPConnection = object  # type: ignore[assignment, misc]
else:
    REQUESTS_MISSING = None

_SLOW = "No answer in time: is the server up, and is it the right port?"
_DOWN = "Check that the server is up, that WinRM listens, and the firewall."
_SEALED = "multipart/"
_SOAP = "application/soap+xml"
_OBJECT = re.compile(r"^(<.*?>|\w+\(host=.*?\)): ")
"""urllib3's text for the connection, which precedes the error."""

WITH_A_FAULT = (400, 500)
"""HTTP statuses that come with a SOAP fault: SOAP 1.2 part 2, table 20. Other statuses have no content of WinRM."""


class Closed(Exception):
    """The server closed a connection that was logged on, before the next message was sent."""


def guard(session: requests.Session, *, challenges: bool, connect_retries: Any = 0, key_password: Any = None) -> None:
    """Make a session of requests send only to the given address, each message once, and limit what it reads.

    pywinrm and pypsrp send over requests. Without this guard:

    - requests follows redirects, with the message where the status is 307 or 308, to any host;
    - the libraries for NTLM, Negotiate, CredSSP and Kerberos send a message again, up to three times, after an answer
      of 401, also on a connection that is logged on already;
    - urllib3 sends a message again after errors of TLS if `ansible_psrp_reconnection_retries` allows retries;
    - urllib3 opens a new connection if the server closed the old one, and the new one is not logged on;
    - compressed answers are decompressed, to any size.

    Args:
        session: as the library made it; nothing was sent yet.
        challenges: whether requests without content log the connection on, instead of each message.
        connect_retries: how often a connection is tried again: urllib3's `Retry`; its other limits are not used.
        key_password: the password of the client's private key.
    """
    session.trust_env = (
        False  # it has the proxies and CAs of the environment already; logons from .netrc are not wanted
    )
    session.headers["Accept-Encoding"] = "identity"
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(challenges, connect_retries, key_password))


class _Adapter(HTTPAdapter):
    """Sends one request, and accepts or refuses its answer. See `guard`."""

    def __init__(self, challenges: bool, connect_retries: Any, key_password: Any) -> None:
        self._challenges = challenges
        self._key_password = key_password
        super().__init__()
        if connect_retries:
            self.max_retries = connect_retries.new(read=False, status=0, other=0, redirect=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Add the password of the client's key, if there is one."""
        if self._key_password is not None:
            kwargs["key_password"] = self._key_password
        super().init_poolmanager(*args, **kwargs)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """A pool of connections that end with the exchange that uses them."""
        return _watching(super().get_connection_with_tls_context(*args, **kwargs))

    def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        """The same, for requests before 2.32.2."""
        return _watching(super().get_connection(*args, **kwargs))

    def close(self) -> None:
        """Close the connections. urllib3 leaves them open as long as an error refers to them."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in list(manager.pools.keys()):
                if (pool := manager.pools.get(key)) is not None:
                    pool.close()
        super().close()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send it.

        Raises:
            Closed: it is a message, and there is no connection that is logged on.
            Unusable: a redirect, a compressed answer, one that lacks its seal, or too many bytes.
        """
        if request.body:
            # A request with content is a message, and is never sent again: no logon follows its answer.
            request.hooks["response"].clear()
        current().opens = not (self._challenges and request.body)
        response = super().send(request, *args, **kwargs)
        response.encoding = "utf-8"  # so that it is not guessed from the bytes
        try:
            _refuse(request, response)
        except Unusable:
            response.close()
            raise
        return response


def _refuse(request: requests.PreparedRequest, response: requests.Response) -> None:
    status, headers = response.status_code, response.headers
    if 300 <= status < 400:
        raise redirected(status, urlsplit(request.url or "").netloc, headers.get("Location"))
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise compressed(headers["Content-Encoding"])
    sealed = _SEALED in str(request.headers.get("Content-Type", ""))
    kind, empty = headers.get("Content-Type", ""), headers.get("Content-Length") == "0"
    if sealed and status in (200, 500) and not kind.startswith(_SEALED):
        if status == 200:
            raise Unusable("the answer cannot be used: it is not sealed")
        if not empty:
            raise Unusable("HTTP 500 with a message that is not sealed")
    elif not sealed and status in WITH_A_FAULT and not empty and not kind.casefold().startswith(_SOAP):
        raise Unusable(f"HTTP {status} without a SOAP message", "Check that WinRM listens at this address and port.")


class _Watched(HTTPConnection):
    """A connection of urllib3 that ends with the exchange that uses it."""

    response_class = staticmethod(counted_response)  # type: ignore[assignment]
    _exchange: Exchange | None = None

    def _new_conn(self) -> socket.socket:
        running = current()
        if not running.opens:
            raise Closed
        if running.expired:
            raise TimeoutError("the time is over")
        # The caller sets it too, and then wraps it in TLS.
        self.sock = super()._new_conn()
        running.watch(self)
        self._exchange = running
        return self.sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request."""
        if self.sock is not None and self._exchange is not current():
            current().watch(self)
            self._exchange = current()
        super().request(*args, **kwargs)


def _watching(pool: Any) -> Any:
    pool.ConnectionCls = _watched(pool.ConnectionCls)
    return pool


@functools.cache
def _watched(kind: type) -> type:
    """A subclass of this class of urllib3 whose connections end with their exchange."""
    return kind if issubclass(kind, _Watched) else type(f"Watched{kind.__name__}", (_Watched, kind), {})


def redirected(status: int, asked: str, location: str | None) -> Unusable:
    """The error for a redirect."""
    try:
        leads = urlsplit(location or "").netloc.rpartition("@")[2]  # without a user and password
    except ValueError:
        leads = ""
    to = one_line(leads or (location or "nowhere").partition("?")[0], 200)
    return Unusable(
        f"{asked} answered with a redirect (HTTP {status}) to {to}, which is not followed",
        "Check that the address, the port and the path of the connection are WinRM's own.",
    )


def compressed(encoding: str) -> Unusable:
    """The error for an encoding that was not requested. The size of decompressed content has no limit."""
    return Unusable(f"the answer is compressed ({one_line(encoding, 40)}), which was not asked for")


def bounded(answer: bytes, limit: int) -> bytes:
    """The answer.

    Raises:
        Unusable: it is too long.
    """
    if len(answer) > limit:
        raise too_long(limit)
    return answer


def refused_credentials(
    host: str, user: str | None, reason: str = "HTTP 401", *, message: bool = False
) -> SiteServerError:
    """The error if the server does not accept the user name and password, or this kind of authentication.

    Args:
        host: the host.
        user: the account.
        reason: how it refuses.
        message: whether it refused a message, which may have other causes than the logon.
    """
    rejected = f"the specified credentials were rejected by the server ({reason})"
    return AuthenticationFailed(
        host,
        TALKING if message else f"log on as {user or 'the current user'}",
        f"could not log on as {user or 'the current user'}: {rejected}" if message else rejected,
        "Check ansible_user and ansible_password, whether the account is locked, and whether the server allows "
        "this kind of authentication (winrm get winrm/config/service/auth).",
    )


def unusable_status(host: str, status: int, *, encrypted: bool) -> SiteServerError:
    """The error for an HTTP status without a SOAP message.

    Args:
        host: the host.
        status: the status.
        encrypted: whether the message was sealed or went over TLS.
    """
    if status == 500 and encrypted:
        reason = "HTTP 500 with an empty body"
        return ServerFault(host, TALKING, reason, "Look into the server's WinRM event log.")
    if status == 500:
        return ServerFault(
            host,
            TALKING,
            "HTTP 500 with an empty body, which is how Windows refuses unencrypted messages",
            "Use ansible_winrm_transport: ntlm, kerberos or credssp with message encryption, or HTTPS.",
        )
    reason = f"HTTP {status} without a SOAP message"
    if status == 413:  # Content Too Large: WinRM does not read a request beyond MaxEnvelopeSizekb
        return Rejected(host, TALKING, reason, TOO_LONG)
    return NoAnswer(host, TALKING, reason, "Check that WinRM listens at this address and port.")


def transport_failure(host: str, error: Exception) -> SiteServerError:
    """Translate an exception of requests, the authentication libraries or the operating system."""
    if isinstance(error, Unusable):
        return NoAnswer(host, TALKING, error.reason, error.advice)
    if isinstance(error, Closed):
        return not_sent(host)
    reason = _reason_of(error)
    if isinstance(error, requests.exceptions.SSLError):
        advice = "Check the certificate; ansible_winrm_ca_trust_path or ansible_psrp_ca_cert name the CA to trust."
        return Unreachable(host, TALKING, reason, advice)
    if error.__class__ is OSError or isinstance(error, ImportError):
        # requests raises it for a missing CA file, and the authentication libraries for a missing package.
        advice = (
            "This is about the controller: check ansible_winrm_ca_trust_path or ansible_psrp_ca_cert, and whether "
            "pywinrm[kerberos], pypsrp[kerberos] or the [credssp] packages are installed."
        )
        return ServerFault(host, TALKING, reason, advice)
    if _is_no_http(error):
        return NoAnswer(
            host, TALKING, f"the answer cannot be used: {reason}", "Check that WinRM listens at this address and port."
        )
    if isinstance(error, requests.exceptions.Timeout):
        return Unreachable(host, TALKING, reason, _SLOW)
    if isinstance(error, requests.exceptions.ConnectionError | OSError):
        return Unreachable(host, TALKING, reason, _DOWN)
    return NoAnswer(host, TALKING, reason, "Compare with win_ping of the collection ansible.windows.")


def connection_failure(host: str, error: Exception) -> SiteServerError:
    """Translate an exception of our own connection: an error of the operating system or of http.client."""
    return Unreachable(host, TALKING, _reason_of(error), _SLOW if isinstance(error, TimeoutError) else _DOWN)


def not_sent(host: str) -> NotSent:
    """The error if the server closed the connection that was logged on, and nothing was sent."""
    return NotSent(host, TALKING, "the server closed the connection, which the logon is for", _DOWN)


def _is_no_http(error: Exception) -> bool:
    """Whether there was an answer that is not HTTP."""
    inner = getattr(error.args[0] if error.args else None, "args", None)
    cause = inner[-1] if inner else None
    lost = (ConnectionError, http.client.IncompleteRead)
    return isinstance(cause, http.client.HTTPException) and not isinstance(cause, lost)


def _reason_of(error: Exception) -> str:
    """The innermost reason, without the names of objects that requests and urllib3 add."""
    cause = error.args[0] if error.args else None
    inner = getattr(cause, "reason", None) or getattr(cause, "args", None) or error
    text = str(inner[-1] if isinstance(inner, tuple) and inner else inner)
    return f"{type(error).__name__}: {_OBJECT.sub('', text)}"
