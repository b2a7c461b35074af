# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side: one aiohttp server for all hosts, told apart by the address and port a request arrived at."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from aiohttp import web

from . import encryption, faults, soap
from .backend import Unavailable
from .host import Host
from .misbehaviour import Kind, Rule
from .model import Logon
from .ntlm import Negotiation, Rejected, check_basic, find_logon
from .recording import Exchange
from .shell import RECEIVE
from .wsman import Service

Address = tuple[str, int]

SOAP_TYPE = "application/soap+xml"
_UNAUTHORIZED_HEADERS = {"Server": "Microsoft-HTTPAPI/2.0"}
SEALING = 88_000
"""Bytes that encryption may add to an envelope at its limit."""


@dataclass(slots=True)
class _Connection:
    """What is known of one TCP connection: who is behind it."""

    host: Host
    negotiation: Negotiation
    logon: Logon | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a host listens."""

    service: Service
    tls: ssl.SSLContext | None = None

    @property
    def secure(self) -> bool:
        return self.tls is not None

    @property
    def host(self) -> Host:
        return self.service.host


_ROUNDS = 20
"""More rounds of the loop than a connection takes from its acceptance to its protocol, or from its end to its last
callback. Rounds, because on a busy machine there may be few of them in any time."""


class WinRMServer:
    """Serves the hosts behind their addresses."""

    def __init__(self, user_file: Path) -> None:
        self._user_file = user_file
        self._listeners: dict[Address, Listener] = {}
        self._servers: dict[Address, asyncio.Server] = {}
        self._connections: WeakKeyDictionary[asyncio.BaseTransport, _Connection] = WeakKeyDictionary()
        self._http: web.Server | None = None
        self._held: dict[Address, socket.socket] = {}

    async def listen(self, address: Address, listener: Listener) -> Address:
        """Open a host's listener; returns the address with the port in use."""
        loop = asyncio.get_running_loop()
        if self._http is None:
            self._http = web.Server(self._handle, access_log=None)
        server = await loop.create_server(self._http, *address, ssl=listener.tls, backlog=64)
        bound: Address = server.sockets[0].getsockname()[:2]
        self._servers[bound], self._listeners[bound] = server, listener
        return bound

    def forget(self, addresses: Iterable[Address]) -> None:
        """Close some listeners again."""
        for address in addresses:
            self._servers.pop(address).close()
            del self._listeners[address]

    async def set_listening(self, host: Host, *, listening: bool) -> None:
        """Close a host's ports, so that connections are refused, or open them again."""
        for address, listener in self._listeners.items():
            if listener.host is host:
                if listening and address not in self._servers:
                    await self.listen(address, listener)
                    self._held.pop(address).close()
                elif not listening and address in self._servers:
                    self._servers.pop(address).close()
                    self._held[address] = _hold(address)
        if not listening:
            for transport, connection in list(self._connections.items()):
                if connection.host is host and isinstance(transport, asyncio.WriteTransport):
                    transport.abort()

    async def close(self) -> None:
        """Close all listeners and connections."""
        for server in self._servers.values():
            server.close()
        # What was accepted a moment ago becomes a connection in the next rounds of the loop.
        await _settle()
        if self._http:
            transports = [handler.transport for handler in self._http.connections if handler.transport]
            await self._http.shutdown(timeout=1.0)
            for transport in transports:
                # One whose client has stopped reading would stay open until all is sent.
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()
        await _settle()
        self._servers.clear()
        for held in self._held.values():
            held.close()
        self._held.clear()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            raise asyncio.CancelledError
        listener = self._listeners[transport.get_extra_info("sockname")[:2]]
        host = listener.host
        connection = self._connections.get(transport)
        if connection is None:
            connection = self._connections[transport] = _Connection(host, Negotiation(self._user_file))
            host.record.count("connections")
        host.record.count("http_requests")
        if host.misbehaviour.unreachable:
            return _drop(transport)
        if request.path != "/wsman":
            return web.Response(status=404)
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"})
        body = await _read(request, host.settings.max_envelope_size + SEALING)
        if body is None:
            return web.Response(status=413)
        if host.misbehaviour.delay_ms:
            await asyncio.sleep(host.misbehaviour.delay_ms / 1000)
        try:
            logon, token = _authenticate(request, listener, connection)
        except Rejected:
            host.record.count("refused")
            return _unauthorized(listener)
        if logon is None:
            host.record.count("handshakes")
            return _unauthorized(listener, token)
        response = await self._serve(request, listener, connection, logon, body)
        if response is None:
            return _drop(transport)
        if token:
            response.headers["WWW-Authenticate"] = f"Negotiate {token}"
        return response

    # -- requests after authentication

    async def _serve(
        self,
        request: web.BaseRequest,
        listener: Listener,
        connection: _Connection,
        logon: Logon,
        body: bytes,
    ) -> web.Response | None:
        """Answer an authenticated request; None closes the connection instead."""
        host = listener.host
        content_type = request.headers.get("Content-Type", "")
        context = connection.negotiation.context if connection.logon else None
        if not body:
            # The end of a handshake that was run with empty bodies.
            host.record.count("handshakes")
            return web.Response()
        sealed = encryption.is_encrypted(content_type)
        if not sealed and not listener.secure and not host.settings.allow_unencrypted:
            return web.Response(status=500)
        if sealed:
            try:
                message = encryption.unseal(context, body)
            except encryption.BadMessage:
                return web.Response(status=400)
        elif content_type.partition(";")[0].strip().lower() == SOAP_TYPE:
            message = body
        else:
            return web.Response(status=415)
        if len(message) > host.settings.max_envelope_size:
            # Seen: "Bad HTTP response returned from server. Code 413", ansible.windows issues 391 and 620.
            return web.Response(status=413)
        answer = await _answered(listener.service, message, logon)
        if answer.envelope is None:
            return None
        if answer.operation == RECEIVE and host.misbehaviour.module_ms:
            await asyncio.sleep(host.misbehaviour.module_ms / 1000)
        payload, type_ = answer.envelope, f"{SOAP_TYPE};charset=UTF-8"
        if sealed and context:
            payload, type_ = encryption.seal(context, payload), encryption.CONTENT_TYPE
        host.record.add(Exchange(answer.operation, len(body), len(payload), answer.status, answer.fault))
        return web.Response(status=answer.status, body=payload, headers={"Content-Type": type_})


def _hold(address: Address) -> socket.socket:
    """Keep a port that refuses connections, so that nobody else is given it before its host listens there again."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(address)
    return held


async def _settle() -> None:
    for _round in range(_ROUNDS):
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class _Answer:
    operation: str
    status: int
    envelope: bytes | None
    fault: int | None = None


async def _answered(service: Service, message: bytes, logon: Logon) -> _Answer:
    """The answer, without keeping other hosts waiting for this one's back end, or for who holds the operation."""
    misbehaviour = service.host.misbehaviour
    if misbehaviour.holds:
        name = _name(service, message, logon)
        rule = misbehaviour.take(name, held=True)
        if rule and not await misbehaviour.hold(name, rule):
            return _Answer(name, 200, None)
    if not service.host.backend.waits:
        return _answer(service, message, logon)
    async with service.turn:
        return await asyncio.to_thread(_answer, service, message, logon)


def _name(service: Service, message: bytes, logon: Logon) -> str:
    """What a request asks for, nothing done yet; "?" for what is refused anyway."""
    try:
        request = soap.read(message, max_bytes=service.host.settings.max_envelope_size)
        return service.recognise(request, logon.user).name
    except (soap.BadRequest, faults.Fault, Unavailable):
        return "?"


def _answer(service: Service, message: bytes, logon: Logon) -> _Answer:
    """Read, recognise, maybe misbehave, and answer."""
    host = service.host
    name, message_id = "?", None
    try:
        request = soap.read(message, max_bytes=host.settings.max_envelope_size)
        message_id = request.message_id
        if not logon.administrator:
            name = request.action.rpartition("/")[2]
            raise faults.access_denied()
        operation = service.recognise(request, logon.user)
        name = operation.name
        rule = host.misbehaviour.take(name)
        envelope = service.answer(operation, rule) if rule is None or rule.done else b""
        if rule:
            spoiled = _spoiled(rule, message_id)
            if spoiled is not None:
                return _Answer(name, *spoiled)
        envelope = envelope or service.answer(operation, rule)
        if rule and rule.kind is Kind.WRONG_RELATES_TO:
            other = b"uuid:00000000-0000-4000-8000-000000000000"
            envelope = envelope.replace(message_id.encode(), other)
        if rule and rule.kind is Kind.OVERSIZED:
            padding = b" " * (rule.value or request.max_envelope_size + 1)
            envelope = envelope.replace(b"</s:Envelope>", padding + b"</s:Envelope>")
        return _Answer(name, 200, envelope)
    except soap.BadRequest as error:
        fault, message_id = error.fault, error.message_id
    except faults.Fault as error:
        fault = error
    except Unavailable as error:
        fault = faults.provider_failure(str(error))
    return _Answer(name, 500, soap.fault(fault, message_id, host.name), fault.code)


def _spoiled(rule: Rule, message_id: str) -> tuple[int, bytes | None] | None:
    """The answer of a rule that takes the operation's own place; raises the fault of one that says so."""
    if rule.kind is Kind.DROP:
        return 200, None
    if rule.kind is Kind.GARBAGE:
        return 200, b"\x00\xffthis is not XML <<<"
    if rule.kind is Kind.ANSWER:
        return rule.value or 200, rule.body.replace("{message_id}", message_id).encode()
    if rule.kind is Kind.TIMED_OUT:
        raise faults.timed_out()
    if rule.kind is Kind.FAULT:
        if rule.value in (0, 5):
            raise faults.access_denied()
        raise faults.Fault(rule.value, "w:InternalError", "The lab was told to answer with this fault.")
    return None


async def _read(request: web.BaseRequest, limit: int) -> bytes | None:
    """The body, or None if it is larger than any request may be."""
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > limit:
            return None
    return bytes(data)


def _authenticate(request: web.BaseRequest, listener: Listener, connection: _Connection) -> tuple[Logon | None, str]:
    """Who asks (None: not known yet), and the token to hand to the client. Raises Rejected.

    Negotiate authenticates the connection; Basic one request.
    """
    scheme, _unused, value = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return connection.logon, ""
    connection.logon = None
    if scheme.casefold() == "basic" and _basic_allowed(listener):
        return check_basic(listener.host, value.strip()), ""
    if scheme.casefold() != "negotiate":
        raise Rejected(f"{scheme} is not offered")
    token = connection.negotiation.step(value.strip())
    principal = connection.negotiation.principal
    if principal is not None:
        connection.logon = find_logon(listener.host, principal)
        if connection.logon is None:
            raise Rejected("no such account on this host")
    return connection.logon, token


def _basic_allowed(listener: Listener) -> bool:
    settings = listener.host.settings
    return settings.basic_over_https if listener.secure else settings.basic_over_http


def _unauthorized(listener: Listener, token: str = "") -> web.Response:
    """401 with what the host offers: Negotiate, and Basic where it is allowed."""
    response = web.Response(status=401, headers=_UNAUTHORIZED_HEADERS)
    response.headers.add("WWW-Authenticate", f"Negotiate {token}".strip())
    if not token and _basic_allowed(listener):
        response.headers.add("WWW-Authenticate", 'Basic realm="WSMAN"')
    return response


def _drop(transport: asyncio.BaseTransport) -> web.Response:
    """Cut the connection. What is returned is never sent."""
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
    return web.Response()
