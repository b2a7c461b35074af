# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both HTTP transports share: words for what can go wrong on the way, and a limit for answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .errors import AuthenticationFailed, NoAnswer, Rejected, ServerFault, SiteServerError, Unreachable
from .wmi import TOO_LONG

try:
    import requests
except ImportError as error:
    REQUESTS_MISSING: str | None = str(error)
else:
    REQUESTS_MISSING = None

OPERATION = "talk to WinRM"

_SLOW = "No answer in time: is the server up, and is it the right port?"
_DOWN = "Check that the server is up, that WinRM listens, and the firewall."


def bound_answers(session: requests.Session, limit: int) -> None:
    """Stop reading answers after `limit` bytes from here on: none that was asked for is longer."""
    for adapter in session.adapters.values():
        bounded: Any = adapter
        bounded.send = _bounded(adapter.send, limit)


def _bounded(send: Callable[..., requests.Response], limit: int) -> Callable[..., requests.Response]:
    def send_bounded(*args: Any, **kwargs: Any) -> requests.Response:
        response = send(*args, **kwargs)
        raw: Any = response.raw
        stream = raw.stream

        def read(*args: Any, **kwargs: Any) -> Iterator[bytes]:
            size = 0
            for chunk in stream(*args, **kwargs):
                size += len(chunk)
                if size > limit:
                    raise requests.exceptions.ContentDecodingError(f"the answer is longer than {limit} bytes")
                yield chunk

        raw.stream = read
        return response

    return send_bounded


def refused_credentials(host: str, user: str | None, said: str = "HTTP 401") -> AuthenticationFailed:
    """The server does not take the connection's user name and password, or not by this kind of authentication."""
    return AuthenticationFailed(
        host,
        f"log on as {user or 'the current user'}",
        f"the specified credentials were rejected by the server ({said})",
        "Check ansible_user and ansible_password, whether the account is locked, and whether the server allows "
        "this kind of authentication (winrm get winrm/config/service/auth).",
    )


def unusable_status(host: str, status: int) -> SiteServerError:
    """An HTTP status without a SOAP message."""
    if status == 500:
        return ServerFault(
            host,
            OPERATION,
            "HTTP 500 with an empty body, which is how Windows refuses unencrypted messages",
            "Use ansible_winrm_transport: ntlm, kerberos or credssp with message encryption, or HTTPS.",
        )
    said = f"HTTP {status} without a SOAP message"
    if status == 413:  # Content Too Large: WinRM does not read a request beyond MaxEnvelopeSizekb
        return Rejected(host, OPERATION, said, TOO_LONG)
    return NoAnswer(host, OPERATION, said, "Is this address really WinRM's?")


def transport_failure(host: str, error: Exception) -> SiteServerError:
    """Translate what requests, the authentication libraries or the operating system raised."""
    said = _said(error)
    if isinstance(error, requests.exceptions.SSLError):
        advice = "Check the certificate; ansible_winrm_ca_trust_path or ansible_psrp_ca_cert name the CA to trust."
        return Unreachable(host, OPERATION, said, advice)
    if error.__class__ is OSError or isinstance(error, ImportError):
        # requests says so of a CA file, and the authentication libraries of a package, that the controller lacks.
        advice = (
            "This is about the controller: check ansible_winrm_ca_trust_path or ansible_psrp_ca_cert, and whether "
            "pywinrm[kerberos], pypsrp[kerberos] or the [credssp] packages are installed."
        )
        return ServerFault(host, OPERATION, said, advice)
    if isinstance(error, requests.exceptions.Timeout):
        return Unreachable(host, OPERATION, said, _SLOW)
    if isinstance(error, requests.exceptions.ConnectionError | OSError):
        return Unreachable(host, OPERATION, said, _DOWN)
    return NoAnswer(host, OPERATION, said, "Compare with win_ping of the collection ansible.windows.")


def connection_failure(host: str, error: Exception) -> SiteServerError:
    """Translate what a connection of our own raised: the operating system's errors, and those of http.client."""
    return Unreachable(host, OPERATION, _said(error), _SLOW if isinstance(error, TimeoutError) else _DOWN)


def _said(error: Exception) -> str:
    """The innermost reason: requests and urllib3 wrap it in the names of their objects."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None) or getattr(cause, "args", None) or error
    text = str(reason[-1] if isinstance(reason, tuple) and reason else reason)
    if ">: " in text:
        text = text.partition(">: ")[2]
    return f"{type(error).__name__}: {text}"
