# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection: its logon, the numbers of its messages, its limits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import messages
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap.connection import (
    LdapConnection,
    LogonError,
    UnusableError,
)
from tests.unit.directory.ldap.scripted import Plain, answer_entries, controller, message

PATIENCE = 60


@contextmanager
def connected(script: Callable[[socket.socket], None], timeout: float = PATIENCE) -> Iterator[LdapConnection]:
    """A connection to a server that runs this script."""

    def serve() -> None:
        with suppress(OSError):
            accepted, _address = listener.accept()
            with accepted:
                script(accepted)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        made = LdapConnection("127.0.0.1", listener.getsockname()[1], timeout)
        try:
            yield made
        finally:
            made.close()
            thread.join()


def sending(data: bytes) -> Callable[[socket.socket], None]:
    """Read the request, send something, and wait for the end."""

    def script(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(data)
        while connection.recv(4096):
            pass

    return script


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "what it sends is not LDAP"),
        (b"\x30\x84\x7f\xff\xff\xff", "longer than 8388608 bytes"),
        (b"\x30\x80", "a length that LDAP does not have"),
        (message(5, "bindResponse", resultCode=0, matchedDN="", diagnosticMessage=""), "what it was not asked"),
    ],
)
def test_a_logon_with_something_else(data: bytes, reason: str):
    with connected(sending(data)) as connection, pytest.raises(UnusableError, match=reason):
        connection.log_on(Plain())


def test_a_logon_that_ends_in_the_middle():
    with connected(lambda accepted: accepted.recv(4096) and None) as connection, pytest.raises(ConnectionError):
        connection.log_on(Plain())


def test_a_logon_has_the_deadline_of_its_connection():
    with connected(sending(b"\x30"), timeout=0.5) as connection, pytest.raises(TimeoutError):
        connection.log_on(Plain())


def test_a_notice_of_disconnection_ends_a_logon():
    notice = message(0, "extendedResp", resultCode=52, matchedDN="", diagnosticMessage="going down")
    with connected(sending(notice)) as connection, pytest.raises(ConnectionResetError, match="going down"):
        connection.log_on(Plain())


def test_a_refused_logon_has_its_result():
    with controller(answer_entries(), bind=(49, "the words")) as running:
        connection = LdapConnection("127.0.0.1", running.port, PATIENCE)
        with pytest.raises(LogonError) as caught:
            connection.log_on(Plain())
        connection.close()
    assert (caught.value.result.code, caught.value.result.diagnostic) == (49, "the words")


def test_searches_have_numbers_of_their_own_and_deadlines_of_their_own():
    with controller(answer_entries({"a": [b"1", b"2"], "B": []})) as running:
        connection = LdapConnection("127.0.0.1", running.port, PATIENCE)
        connection.log_on(Plain())
        anything = messages.present("objectClass")
        found = [connection.search("x", messages.BASE_OBJECT, anything, ("a", "B")) for _unused in range(3)]
        connection.close()
    assert [each.entries for each in found] == [({"a": (b"1", b"2"), "b": ()},)] * 3
    assert {int(request["timeLimit"]) for request in running.requests} == {PATIENCE}
