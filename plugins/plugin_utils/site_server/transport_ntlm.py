# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP with NTLM and sealed messages, by http.client and pyspnego.

pywinrm can do this too, by requests. It is done here because nearly every site server is reached so, requests takes
several times the processor's time for it, and this needs two requests for a logon instead of three. Sources: [MS-WSMV]
2.2.9.1 (sealed messages), [RFC 4559] 4.2 (the Negotiate scheme, of which a client may send the first token unasked).
"""

from __future__ import annotations

import base64
import binascii
import http.client
import re
import struct
from contextlib import suppress
from typing import Any

from .errors import NoAnswer
from .http import OPERATION, connection_failure, refused_credentials, unusable_status

try:
    import spnego
    from spnego.exceptions import SpnegoError
except ImportError:  # without it there is no pywinrm either, which is missed first
    pass

_PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
_BOUNDARY = b"--Encrypted Boundary"
_SEALED_TYPE = f'multipart/encrypted;protocol="{_PROTOCOL}";boundary="Encrypted Boundary"'
_SEALED = re.compile(
    rb"--Encrypted Boundary\r\n"
    rb"[ \t]*Content-Type:[ \t]*application/HTTP-SPNEGO-session-encrypted\r\n"
    rb"[ \t]*OriginalContent:[ \t]*type=[^\r\n]{1,200};Length=([0-9]{1,9})\r\n"
    rb"--Encrypted Boundary\r\n"
    rb"[ \t]*Content-Type:[ \t]*application/octet-stream\r\n",
    re.IGNORECASE,
)
_END = _BOUNDARY + b"--\r\n"
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "sitekeeper.sms"}
_MAX_SIGNATURE = 1024


class NtlmSender:
    """One authenticated connection, which is made with the first request.

    Args:
        host: the host as the inventory calls it, for messages.
        address: name or address to connect to.
        port: its port.
        path: the path of the service there.
        user: the account.
        password: its password.
        timeout: seconds to wait for the server, each time.
        limit: longest answer, in bytes.
    """

    def __init__(
        self,
        host: str,
        address: str,
        port: int,
        path: str,
        *,
        user: str | None,
        password: str | None,
        timeout: float,
        limit: int,
    ) -> None:
        self._host = host
        self._path = path
        self._user = user
        self._password = password
        self._limit = limit
        self._connection = http.client.HTTPConnection(address, port, timeout=timeout)
        # A new connection would not be authenticated; what is sealed for this one cannot be read there.
        self._connection.auto_open = 0
        self._context: Any = None

    def send(self, envelope: bytes) -> bytes:
        """Post one request; the answer's body, that of a fault included.

        Raises:
            SiteServerError: one of its kinds; the connection is closed, and can't be used again.
        """
        try:
            if self._context is None:
                self._context = self._logged_on()
            return self._exchange(envelope)
        except (OSError, http.client.HTTPException) as error:
            raise connection_failure(self._host, error) from None
        except SpnegoError as error:
            raise self._unusable(f"its seal is broken: {error}") from None

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            self._connection.close()

    def _logged_on(self) -> Any:
        """The security context of both sides."""
        try:
            context = spnego.client(self._user, self._password, protocol="ntlm")
            first = context.step()
        except SpnegoError as error:
            raise refused_credentials(self._host, self._user, str(error)) from None
        self._connection.connect()
        status, headers, _body = self._post(b"", {"Authorization": _token(first)})
        if status != 401:
            raise unusable_status(self._host, status)
        challenge = _challenge(headers.get_all("WWW-Authenticate") or [])
        if challenge is None:
            raise refused_credentials(self._host, self._user, "it does not take NTLM")
        try:
            last = context.step(challenge)
        except (SpnegoError, ValueError, LookupError, struct.error) as error:
            raise self._unusable(f"its NTLM challenge: {error}") from None
        status, _headers, _body = self._post(b"", {"Authorization": _token(last)})
        if status == 401:
            raise refused_credentials(self._host, self._user)
        if status != 200:
            raise unusable_status(self._host, status)
        return context

    def _exchange(self, envelope: bytes) -> bytes:
        sealed = self._context.wrap_winrm(envelope)
        length = len(envelope) + sealed.padding_length
        body = b"".join(
            (
                _BOUNDARY,
                f"\r\n\tContent-Type: {_PROTOCOL}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;"
                f"Length={length}\r\n".encode(),
                _BOUNDARY,
                b"\r\n\tContent-Type: application/octet-stream\r\n",
                struct.pack("<i", len(sealed.header)),
                sealed.header,
                sealed.data,
                _END,
            )
        )
        status, headers, answer = self._post(body, {"Content-Type": _SEALED_TYPE})
        if status == 401:
            raise refused_credentials(self._host, self._user)
        if _PROTOCOL.lower() not in (headers.get("Content-Type") or "").lower():
            if status == 200:
                raise self._unusable("it is not sealed")
            raise unusable_status(self._host, status)
        return self._unsealed(answer)

    def _unsealed(self, answer: bytes) -> bytes:
        head = _SEALED.match(answer)
        if head is None or not answer.endswith(_END):
            raise self._unusable("it is not sealed as it says")
        data = answer[head.end() : -len(_END)]
        size = int.from_bytes(data[:4], "little")
        if len(data) < 4 or not 0 < size <= min(_MAX_SIGNATURE, len(data) - 4):
            raise self._unusable("its seal has no size")
        message: bytes = self._context.unwrap_winrm(data[4 : 4 + size], data[4 + size :])
        if len(message) != int(head[1]):
            raise self._unusable("it is not as long as it says")
        return message

    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, http.client.HTTPMessage, bytes]:
        self._connection.request("POST", self._path, body, {**_HEADERS, **headers})
        with self._connection.getresponse() as response:
            answer = response.read(self._limit + 1)
            if len(answer) > self._limit:
                raise self._unusable(f"the answer is longer than {self._limit} bytes")
            return response.status, response.headers, answer

    def _unusable(self, why: str) -> NoAnswer:
        return NoAnswer(self._host, OPERATION, f"the answer cannot be used: {why}", "Is this address really WinRM's?")


def _token(token: bytes | None) -> str:
    return f"Negotiate {base64.b64encode(token or b'').decode()}"


def _challenge(offered: list[str]) -> bytes | None:
    """The server's token among its WWW-Authenticate headers."""
    for offer in offered:
        scheme, _blank, token = offer.strip().partition(" ")
        if scheme.lower() == "negotiate" and token:
            with suppress(binascii.Error):
                return base64.b64decode(token.strip(), validate=True)
    return None
