# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP with NTLM and sealed messages, by http.client and pyspnego.

pywinrm can do this too, over requests. It is done here because nearly every site server is reached this way. requests
takes several times the processor time, and three requests for the logon instead of one. Sources: [RFC 4559] 4.2 (the
Negotiate scheme, in which a client may send the first token without a challenge), [MS-WSMV] 2.2.9.1 (sealed messages;
2.2.9.1.1.1 has the last token and the first message in one request).
"""

from __future__ import annotations

import base64
import http.client
import re
import struct
from contextlib import suppress
from select import POLLIN, poll
from typing import Any
from urllib.parse import quote

from ..errors import NoAnswer, SiteServerError
from .exchange import Unusable, counted_response, current, exchange, longest, too_long
from .http import (
    compressed,
    connection_failure,
    not_sent,
    redirected,
    refused_credentials,
    transport_failure,
    unusable_status,
)
from .wmi import TALKING

try:
    import spnego
    from spnego.exceptions import SpnegoError
except ImportError:  # without it there is no pywinrm either, and its absence is reported first
    pass

try:
    from Cryptodome.Hash import MD4
except ImportError:  # impacket brings it, which only SMB needs
    MD4 = None  # type: ignore[assignment]

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
_EMPTY_TYPE = "application/soap+xml;charset=UTF-8"

_HASHES = re.compile("[0-9a-fA-F]{32}:[0-9a-fA-F]{32}")
"""LM and NT hash in place of a password, as pyspnego and so pywinrm take it."""

# [MS-NLMP] 2.2.2.5: signatures, seals, keys that depend on the direction, keys of 128 bits. Without one of them a seal
# can be forged, and an attacker on the network could remove it from the server's challenge. Every Windows with WinRM
# offers them.
_FLAGS_OF_A_SEAL = 0x00000010 | 0x00000020 | 0x00080000 | 0x20000000
_FLAGS = slice(20, 24)
_SIGNATURE = 16

_SAFE_IN_PATH = "!#$%&'()*+,/:;=?@[]~"
_MAX_SAID = 200


class NtlmSender:
    """One authenticated connection, which the first request opens.

    Each message is sent once. After an answer of 401 the connection is closed; the message is not sent again.

    Args:
        host: the host as the inventory names it, for messages.
        address: name or address to connect to; an IPv6 address may stand in brackets.
        port: its port.
        path: the path of the service there.
        user: the account.
        password: its password.
        timeout: seconds to wait for the server, each time. `longest` has the seconds for a request with its answer,
            the connection and the logon included.
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
        self._address = address[1:-1] if address.startswith("[") and address.endswith("]") else address
        self._port = port
        # As requests writes it, since the options are made for requests.
        self._path = quote("/" + path.partition("#")[0].removeprefix("/"), safe=_SAFE_IN_PATH)
        self._user = user
        self._password = password
        self._timeout = timeout
        self._limit = limit
        self._connection: http.client.HTTPConnection | None = None
        self._context: Any = None

    def send(self, envelope: bytes) -> bytes:
        """Post one request; the answer's body, that of a fault included.

        Raises:
            NotSent: the server had closed the connection before.
            SiteServerError: or another subclass. Close the connection then; it cannot be used again.
        """
        with exchange(self._host, longest(self._timeout), self._limit):
            return self._send(envelope)

    def _send(self, envelope: bytes) -> bytes:
        try:
            headers = {}
            if self._context is None:
                self._context, token = self._logging_on()
                headers["Authorization"] = _token(token)
            elif self._is_closed():
                raise not_sent(self._host)
            return self._exchange(envelope, headers)
        except Unusable as error:
            raise transport_failure(self._host, error) from None
        except (OSError, http.client.IncompleteRead) as error:
            raise connection_failure(self._host, error) from None
        except http.client.HTTPException as error:
            raise self._unusable(f"{type(error).__name__}: {str(error)[:_MAX_SAID]!a}") from None
        except SpnegoError as error:
            raise self._unusable(f"its seal is broken: {error}") from None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()

    def _is_closed(self) -> bool:
        """Whether the server has closed the connection, or has sent something that was not requested."""
        if self._connection is None or self._connection.sock is None:
            return True
        current().watch(self._connection)
        unasked = poll()
        unasked.register(self._connection.sock, POLLIN)
        return bool(unasked.poll(0))

    def _logging_on(self) -> tuple[Any, bytes | None]:
        """The security context, and the token that completes the logon at the server."""
        if not self._user or self._password is None:
            # pyspnego would look for another account in the environment.
            raise refused_credentials(self._host, self._user, "NTLM needs a user name and a password")
        try:
            user, password = _credential(self._user, self._password)
            context = spnego.client(
                user,
                password,
                hostname=self._address,
                service="http",
                protocol="ntlm",
                options=spnego.NegotiateOptions.use_ntlm,
            )
            first = context.step()
        except SpnegoError as error:
            raise refused_credentials(self._host, self._user, str(error)) from None
        except (TypeError, ValueError):  # the message of the library may contain the password
            raise refused_credentials(self._host, self._user, "NTLM cannot begin on the controller") from None
        self._connect()
        status, headers, body = self._post(b"", {"Authorization": _token(first), "Content-Type": _EMPTY_TYPE})
        if status != 401:
            raise self._unusable_status(status, body)
        challenge = _challenge(headers.get_all("WWW-Authenticate") or [])
        if challenge is None:
            raise refused_credentials(self._host, self._user, "it does not take NTLM")
        try:
            last = context.step(challenge)
        except UnicodeEncodeError:
            raise refused_credentials(self._host, self._user, "NTLM cannot encode the user name") from None
        except (SpnegoError, ValueError, LookupError, OverflowError, struct.error) as error:
            raise self._unusable(f"its NTLM challenge: {str(error)[:_MAX_SAID]!a}") from None
        if ~int.from_bytes(challenge[_FLAGS], "little") & _FLAGS_OF_A_SEAL:
            raise self._unusable("its NTLM challenge offers no seal that could be relied on")
        return context, last

    def _connect(self) -> None:
        try:
            if not 0 < self._port < 65536:  # the operating system would use another one
                raise OSError(f"{self._port} is no port")
            self._connection = http.client.HTTPConnection(self._address, self._port, timeout=self._timeout)
            self._connection.response_class = counted_response  # type: ignore[assignment]
            self._connection.connect()
            current().watch(self._connection)
        except (ValueError, http.client.InvalidURL):  # not a host name; their message does not escape it
            raise connection_failure(self._host, OSError(f"{self._address!a} cannot be connected to")) from None

    def _exchange(self, envelope: bytes, headers: dict[str, str]) -> bytes:
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
        status, answered, answer = self._post(body, {"Content-Type": _SEALED_TYPE, **headers})
        if status == 401:
            raise refused_credentials(self._host, self._user, message=True)
        if _PROTOCOL.lower() not in (answered.get("Content-Type") or "").lower():
            if status == 200:
                raise self._unusable("it is not sealed")
            raise self._unusable_status(status, answer)
        return self._unsealed(answer)

    def _unsealed(self, answer: bytes) -> bytes:
        head = _SEALED.match(answer)
        if head is None or not answer.endswith(_END):
            raise self._unusable("it does not have the form of a sealed message")
        data = answer[head.end() : -len(_END)]
        if int.from_bytes(data[:4], "little") != _SIGNATURE or len(data) < 4 + _SIGNATURE:
            raise self._unusable("its seal is not NTLM's")
        message: bytes = self._context.unwrap_winrm(data[4 : 4 + _SIGNATURE], data[4 + _SIGNATURE :])
        if len(message) != int(head[1]):
            raise self._unusable("its length is not the one in its header")
        return message

    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = self._connection
        if connection is None or connection.sock is None:
            # A new connection would not be authenticated, and messages sealed for this one cannot be read there.
            raise ConnectionResetError("the server closed the connection, which NTLM is for")
        connection.request("POST", self._path, body, {**_HEADERS, **headers})
        try:
            with connection.getresponse() as response:
                if 300 <= response.status < 400:
                    asked = f"{self._address}:{self._port}"
                    raise redirected(response.status, asked, response.headers.get("Location"))
                if (encoding := response.headers.get("Content-Encoding", "identity")).strip().lower() != "identity":
                    raise compressed(encoding)
                answer = response.read(self._limit + 1)
                if len(answer) > self._limit:
                    raise too_long(self._limit)
                if response.length:
                    raise http.client.IncompleteRead(answer, response.length)
                return response.status, response.headers, answer
        except ValueError:  # http.client accepts a chunk of negative size
            raise http.client.HTTPException("a chunk has no size") from None

    def _unusable_status(self, status: int, body: bytes) -> SiteServerError:
        if status == 500 and body:
            return self._unusable("HTTP 500 with a message that is not sealed")
        return unusable_status(self._host, status, encrypted=True)

    def _unusable(self, why: str) -> NoAnswer:
        return NoAnswer(
            self._host,
            TALKING,
            f"the answer cannot be used: {why}",
            "Check that WinRM listens at this address and port.",
        )


def _credential(user: str, password: str) -> tuple[Any, str | None]:
    """The account as pyspnego takes it: with the NT hash, if that can be computed here.

    From a password pyspnego also makes the LM hash, by DES in Python. That takes a third of the time of a logon, and is
    for responses of NTLM 1 that are never sent ([MS-NLMP] 3.3.1; `_FLAGS_OF_A_SEAL`).
    """
    if MD4 is None or _HASHES.fullmatch(password):
        return user, password
    return spnego.NTLMHash(username=user, nt_hash=MD4.new(password.encode("utf-16-le")).hexdigest()), None


def _token(token: bytes | None) -> str:
    return f"Negotiate {base64.b64encode(token or b'').decode()}"


def _challenge(offered: list[str]) -> bytes | None:
    """The server's token among its WWW-Authenticate headers, which may have several offers each."""
    for offer in ",".join(offered).split(","):
        scheme, _blank, token = offer.strip().partition(" ")
        if scheme.lower() == "negotiate" and token:
            with suppress(ValueError):
                return base64.b64decode(token.strip(), validate=True)
    return None
