# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMB server (impacket's) whose remote procedure calls answer what a test says."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from configparser import ConfigParser
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impacket.ntlm import compute_lmhash, compute_nthash
from impacket.smbserver import SMBSERVER
from impacket.uuid import uuidtup_to_bin

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings

PASSWORD = "Secret-1"
USER = "ansible"
NDR = uuidtup_to_bin(("8a885d04-1ceb-11c9-9fe8-08002b104860", "2.0"))
_REQUEST, _RESPONSE, _FAULT, _BIND, _BIND_ACK = 0, 2, 3, 11, 12
_FIRST, _LAST = 1, 2


@dataclass(frozen=True)
class Fault:
    """A fault ([C706] 12.6.4.7) with its status."""

    status: int


Answer = bytes | Fault | Iterable[bytes] | None
"""What a call comes to: its result, a fault, pieces that go as they are, or None for a pipe that is closed."""
Calls = Callable[[int, bytes], Answer]
"""Gets the number and the arguments of each call."""


class _Server(SMBSERVER):  # type: ignore[misc]
    """impacket's own leaves the pipes of a connection open that has gone."""

    daemon_threads = True

    def removeConnection(self, name: Any) -> None:  # noqa: N802
        for opened in self.getConnectionData(name, checkStatus=False)["OpenedFiles"].values():
            if "Socket" in opened:
                opened["Socket"].close()
        super().removeConnection(name)


Command = Callable[..., tuple[list[Any], None, int]]
"""Gets a request ([MS-SMB2]) as impacket's server has it; returns its answer and the status."""


@contextmanager
def scripted(
    pipes: Mapping[str, Calls],
    *,
    directory: Path | None = None,
    commands: Mapping[int, Command] | None = None,
    **changes: Any,
) -> Iterator[SmbSettings]:
    """A server with these pipes, a share SMS_SITE of this directory, and other answers to these commands of SMB 2."""
    with _pipe_servers(pipes) as ports:
        server = _Server(("127.0.0.1", 0), config_parser=_configuration(directory))
        server.processConfigFile()
        server.addCredential(USER, 0, compute_lmhash(PASSWORD).hex(), compute_nthash(PASSWORD).hex())
        for number, command in (commands or {}).items():
            server.hookSmb2Command(number, command)
        for name, port in ports.items():
            server.registerNamedPipe(name, ("127.0.0.1", port))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            values = {"timeout": 60, "user": USER, "password": PASSWORD, **changes}
            yield SmbSettings("C01", "127.0.0.1", server.server_address[1], **values)
        finally:
            server.shutdown()
            server.server_close()
            thread.join(10)


def _configuration(directory: Path | None) -> ConfigParser:
    made = ConfigParser()
    made["global"] = {
        "server_name": "C01",
        "server_os": "Windows",
        "server_domain": "CORP",
        "log_file": "None",
        "rpc_apis": "yes",
        "credentials_file": "",
        "challenge": "A" * 16,
        "SMB2Support": "True",
    }
    made["IPC$"] = {"comment": "", "read only": "yes", "share type": "3", "path": ""}
    if directory is not None:
        made["SMS_SITE"] = {"comment": "", "read only": "yes", "share type": "0", "path": str(directory)}
    return made


@contextmanager
def _pipe_servers(pipes: Mapping[str, Calls]) -> Iterator[dict[str, int]]:
    opened: list[socket.socket] = []

    def accept(listener: socket.socket, calls: Calls) -> None:
        with suppress(OSError):
            while True:
                client, _peer = listener.accept()
                opened.append(client)
                threading.Thread(target=_serve, args=(client, calls), daemon=True).start()

    listeners = {name: socket.create_server(("127.0.0.1", 0)) for name in pipes}
    for name, listener in listeners.items():
        threading.Thread(target=accept, args=(listener, pipes[name]), daemon=True).start()
    try:
        yield {name: listener.getsockname()[1] for name, listener in listeners.items()}
    finally:
        for each in (*listeners.values(), *opened):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _serve(client: socket.socket, calls: Calls) -> None:
    with client, suppress(OSError, EOFError):
        while True:
            kind, number, opnum, stub = _request(client)
            if kind == _BIND:
                client.sendall(_bound(number))
                continue
            answer = calls(opnum, stub)
            if answer is None:
                return
            if isinstance(answer, Fault):
                client.sendall(_packet(_FAULT, number, struct.pack("<LHBxL4x", 0, 0, 0, answer.status)))
            elif isinstance(answer, bytes):
                client.sendall(fragment(answer, number))
            else:
                for piece in answer:
                    client.sendall(piece)


def fragment(stub: bytes, number: int = 1, flags: int = _FIRST | _LAST) -> bytes:
    """A part of a call's result ([C706] 12.6.4.10)."""
    return _packet(_RESPONSE, number, struct.pack("<LHBx", len(stub), 0, 0) + stub, flags)


def _packet(kind: int, number: int, body: bytes, flags: int = _FIRST | _LAST) -> bytes:
    """[C706] 12.6.3.1: version 5.0, type, flags, little-endian, sizes, number of the call."""
    return struct.pack("<BBBBLHHL", 5, 0, kind, flags, 0x10, 16 + len(body), 0, number) + body


def _bound(number: int) -> bytes:
    """[C706] 12.6.4.4: the first presentation context is accepted."""
    results = struct.pack("<BxHHH", 1, 0, 0, 0)[:4] + struct.pack("<HH", 0, 0) + NDR
    return _packet(_BIND_ACK, number, struct.pack("<HHLH2x", 4280, 4280, 1, 0) + results)


def _request(client: socket.socket) -> tuple[int, int, int, bytes]:
    """Kind, number, operation and arguments, put together from as many parts as they come in."""
    stub = b""
    while True:
        head = _exactly(client, 16)
        kind, flags, size, number = head[2], head[3], *struct.unpack_from("<H2xL", head, 8)
        body = _exactly(client, size - 16)
        if kind != _REQUEST:
            return kind, number, 0, body
        (opnum,) = struct.unpack_from("<H", body, 6)
        stub += body[8:]
        if flags & _LAST:
            return kind, number, opnum, stub


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = source.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
