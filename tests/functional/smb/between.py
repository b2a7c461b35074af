# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody between client and server, who changes what the server says or cuts the wire."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from tests.unit.module_utils.smb_servers import exactly, framed, shut
from tests.waiting import PATIENCE

Change = Callable[[bytes], bytes | Iterable[bytes] | None]
"""Gets each message of the server; returns what goes on to the client, or None to cut the connection.

Pieces go as they are, without a length in front; after those of an iterator, which may have no end, the connection is
cut.
"""


@contextmanager
def between(address: str, change: Change, port: int = 445) -> Iterator[int]:
    """Listen on a port of 127.0.0.1 (which is yielded) and pass on to the server."""
    open_sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def pump_up(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        shut(server)

    def pump_down(server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError, EOFError):
            while True:
                head = exactly(server, 4)
                message = change(exactly(server, int.from_bytes(head[1:], "big")))
                if message is None:
                    break
                if not isinstance(message, bytes):
                    for piece in message:
                        client.sendall(piece)
                    if not isinstance(message, tuple):
                        break
                    continue
                client.sendall(framed(message))
        shut(client)
        shut(server)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _peer = listener.accept()
                server = socket.create_connection((address, port))
                open_sockets.extend((client, server))
                for target, arguments in ((pump_up, (client, server)), (pump_down, (server, client))):
                    thread = threading.Thread(target=target, args=arguments, daemon=True)
                    threads.append(thread)
                    thread.start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=(listener,), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            shut(listener)
            thread.join(PATIENCE)
            for opened in open_sockets:
                shut(opened)
            for each in threads:
                each.join(PATIENCE)
            for opened in open_sockets:
                opened.close()
