# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no server on the way may bring about, over each connection by HTTP(S): servers that say what a test wrote."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.errors import (
    AuthenticationFailed,
    NoAnswer,
    Rejected,
    ServerFault,
    SiteServerError,
    Unreachable,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import wmi_connection
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi import exchange
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wmi import Wmi
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import invoke
from tests.connection_plugins import connection_plugin
from tests.lab.certificates import Authority
from tests.unit.site_server.wmi.scripted_winrm import SEALED, Gone, Peer, http, serving
from tests.unit.wsman.server_side import CIMV2, reply
from tests.waiting import PATIENCE

USER = "CORP\\ops"
PASSWORD = "Correct-Horse-7"
SOAP = {"Content-Type": "application/soap+xml;charset=UTF-8"}
OPERATION = "set the permissions of share SMS_SITE"
METHOD = f"{CIMV2}/Win32_LogicalShareSecuritySetting"

Script = Callable[[Peer], None]


@dataclass(frozen=True)
class Way:
    """A connection of Ansible's, and the server's side of it.

    `empty_logon`: a request without content logs on; otherwise the first message does it, or all do.
    """

    kind: str
    tls: bool
    variables: dict[str, Any]
    negotiates: bool = True
    seals: bool = False

    def log_on(self, peer: Peer) -> None:
        """Let the client log on, up to its first message."""
        if not self.negotiates:
            return
        if (self.kind, self.tls) == ("winrm", False):
            peer.log_on()
            return
        assert peer.read().body == b""
        peer.write(http("401 ", {"WWW-Authenticate": "Negotiate"}))
        peer.refuse(peer.challenge())
        request = peer.read()
        assert request.body == b""
        token = peer.context.step(request.token)
        assert token is None
        peer.write(http("200 "))

    def message(self, peer: Peer) -> bytes:
        """The next message."""
        request = peer.read()
        assert request.headers["accept-encoding"] == "identity"
        return peer.unseal(request.body) if self.seals else request.body

    def answer(self, peer: Peer, message: bytes) -> None:
        """Send that."""
        if self.seals:
            peer.answer(message)
        else:
            peer.write(http("200 ", SOAP, message))


BASIC = {"ansible_winrm_transport": "basic", "ansible_psrp_auth": "basic"}
NTLM = {"ansible_winrm_transport": "ntlm", "ansible_psrp_auth": "ntlm"}
WAYS = {
    "winrm-https-basic": Way("winrm", True, BASIC, negotiates=False),
    "winrm-https-ntlm": Way("winrm", True, NTLM),
    "winrm-http-ntlm": Way("winrm", False, NTLM, seals=True),
    "psrp-https-basic": Way("psrp", True, BASIC, negotiates=False),
    "psrp-https-ntlm": Way("psrp", True, NTLM),
    "psrp-http-ntlm": Way("psrp", False, NTLM, seals=True),
}
NEGOTIATING = {name: way for name, way in WAYS.items() if way.negotiates}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the clients trust."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    """Of a server on loopback."""
    return authority.contexts([("127.0.0.1", "localhost")])[0]


@pytest.fixture(autouse=True)
def _accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyspnego's server side finds who may log on."""
    file = tmp_path / "accounts"
    file.write_text(f"CORP:ops:{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(file))


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """Each connection by HTTP(S)."""
    return request.param


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The read time-out is 20 seconds, and nothing reaches it; an exchange may take the hundredth part of that.

    On a machine that needs longer than that for the logon, the exchange ends there, with the same message.
    """
    monkeypatch.setattr(exchange, "TIMES_READ_TIMEOUT", 0.01)


@pytest.fixture
def reaching(authority: Authority) -> Callable[..., Any]:
    """Makes the WMI of a server at a port."""

    @contextmanager
    def reach(way: Way, port: int, **changed: Any) -> Iterator[Wmi]:
        variables = {
            "ansible_host": "127.0.0.1",
            "ansible_port": port,
            "ansible_user": USER,
            "ansible_password": PASSWORD,
            "ansible_winrm_scheme": "https" if way.tls else "http",
            "ansible_winrm_ca_trust_path": str(authority.ca_file),
            "ansible_winrm_read_timeout_sec": 20,
            "ansible_winrm_operation_timeout_sec": 10,
            "ansible_psrp_protocol": "https" if way.tls else "http",
            "ansible_psrp_ca_cert": str(authority.ca_file),
            "ansible_psrp_read_timeout": 20,
            "ansible_psrp_connection_timeout": 20,
            "ansible_psrp_operation_timeout": 10,
            **way.variables,
            **changed,
        }
        with wmi_connection("c01", connection_plugin(way.kind, variables)) as (wmi, _user):
            yield wmi

    return reach


def write(wmi: Wmi) -> None:
    """Call a method, as a write does."""
    key = {"Name": "SMS_SITE"}
    wmi.run(OPERATION, invoke(wmi.settings, "Win32_LogicalShareSecuritySetting", "SetSecurityDescriptor", key, {}), "")


def done(message: bytes) -> bytes:
    """The answer to that."""
    assert b"SetSecurityDescriptor" in message
    result = "SetSecurityDescriptor_OUTPUT"
    content = f'<p:{result} xmlns:p="{METHOD}"><p:ReturnValue>0</p:ReturnValue></p:{result}>'
    return reply(f"{METHOD}/SetSecurityDescriptorResponse", content)(message)


def refused(wmi: Wmi, kind: type[SiteServerError]) -> str:
    """What is said when the write fails: of which host and object."""
    with pytest.raises(SiteServerError) as caught:
        write(wmi)
    assert caught.value.__class__ is kind, caught.value
    told = str(caught.value)
    assert told.startswith(f"c01: could not {OPERATION}: ")
    assert told.isprintable()
    assert len(told) < 800
    assert PASSWORD not in told
    return told


def none_follows(peer: Peer) -> None:
    """Nothing comes after that over this connection."""
    with pytest.raises(Gone):
        raise AssertionError(f"it was sent again: {peer.read()}")


# -- as it goes well


def test_a_logon_and_two_messages(way: Way, reaching: Any, tls: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        way.log_on(peer)
        for _number in range(2):
            way.answer(peer, done(way.message(peer)))

    with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        write(wmi)
        write(wmi)


def test_reconnecting_is_a_connection_and_a_logon_of_its_own(way: Way, reaching: Any, tls: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        way.log_on(peer)
        way.answer(peer, done(way.message(peer)))
        none_follows(peer)

    with serving(script, script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        write(wmi)
        wmi.transport.close()
        write(wmi)
        assert len(server.peers) == 2


def test_a_connection_that_the_server_closed_is_made_anew_before_a_message(
    way: Way, reaching: Any, tls: ssl.SSLContext
) -> None:
    messages: list[bytes] = []
    closed = threading.Event()

    def script(peer: Peer) -> None:
        way.log_on(peer)
        messages.append(way.message(peer))
        way.answer(peer, done(messages[-1]))

    def closing(peer: Peer) -> None:
        script(peer)
        peer.close()
        closed.set()

    with serving(closing, script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        write(wmi)
        assert closed.wait(PATIENCE)
        write(wmi)
        assert len(server.peers) == len(messages) == 2


# -- redirects


@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize("moment", ["first", "message"])
def test_no_redirect_is_followed(way: Way, moment: str, status: int, reaching: Any, tls: ssl.SSLContext) -> None:
    with serving(tls=tls if way.tls else None) as elsewhere:  # it fails if anybody comes
        there = f"127.0.0.1:{elsewhere.port}"

        def script(peer: Peer) -> None:
            if moment == "message":
                way.log_on(peer)
            peer.read()
            location = f"{'https' if way.tls else 'http'}://{there}/wsman?secret=1"
            peer.write(http(f"{status} ", {"Location": location}))
            none_follows(peer)

        with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
            told = refused(wmi, NoAnswer)
        assert f"127.0.0.1:{server.port} answered with a redirect (HTTP {status}) to {there}, which is not" in told
        assert elsewhere.peers == []


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/other", "to /other,"),
        ("//evil.example/x", "to evil.example,"),
        ("https://me:secret@evil.example:8/x", "to evil.example:8,"),
        ("https://ev\x1b[31mil\x9b\x85.example/", "ev<U+001B>[31mil<U+009B> .example/,"),
        ("http://[", "to http://[,"),
        ("http://" + "x" * 5000, "xxx…,"),
        (None, "to nowhere,"),
    ],
)
def test_where_a_redirect_leads_is_shown(
    way: Way, location: str | None, shown: str, reaching: Any, tls: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        way.log_on(peer)
        peer.read()
        to = "" if location is None else f"Location: {location}\r\n"
        peer.write(
            f"HTTP/1.1 307 \r\n{to}Refresh: 0; url=http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
        )

    with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        told = refused(wmi, NoAnswer)
    assert shown in told
    assert "secret" not in told


# -- deadlines


def dripping(peer: Peer, beginning: bytes, drop: bytes) -> None:
    """Send the beginning, and then a drop now and then, until the client has gone."""
    peer.write(beginning)
    left = threading.Event()
    limit = threading.Timer(PATIENCE * 2, left.set)
    limit.start()
    try:
        while not left.wait(0.05):
            peer.write(drop)
        raise AssertionError("the client stayed")
    finally:
        limit.cancel()


DRIPS = {
    "headers": (b"HTTP/1.1 200 \r\nX: ", b"x"),
    "body": (b"HTTP/1.1 200 \r\nContent-Length: 99999\r\n\r\n", b"x"),
    "error-body": (b"HTTP/1.1 500 \r\nContent-Length: 99999\r\n\r\n", b"x"),
    "chunks": (b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize(("beginning", "drop"), DRIPS.values(), ids=DRIPS)
@pytest.mark.usefixtures("soon")
def test_an_answer_that_drips_has_a_total_deadline(
    way: Way, beginning: bytes, drop: bytes, reaching: Any, tls: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        way.log_on(peer)
        peer.read()
        kind = f"Content-Type: {SEALED if way.seals else 'application/soap+xml;charset=UTF-8'}\r\n\r\n".encode()
        dripping(peer, beginning.replace(b"\r\n\r\n", b"\r\n" + kind, 1), drop)

    with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        assert "no complete answer within 0.2 seconds" in refused(wmi, Unreachable)


@pytest.mark.parametrize("drip", ["headers", "continue"])
@pytest.mark.usefixtures("soon")
def test_so_has_a_logon(way: Way, drip: str, reaching: Any, tls: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        dripping(peer, *DRIPS[drip])

    with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        assert "no complete answer within 0.2 seconds" in refused(wmi, Unreachable)


@pytest.mark.usefixtures("soon")
def test_so_has_a_handshake_of_credssp(reaching: Any, tls: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.write(http("401 ", {"WWW-Authenticate": "CredSSP"}))
        peer.read()
        dripping(peer, b"HTTP/1.1 401 \r\nWWW-Authenticate: CredSSP ", b"A")

    way = Way("winrm", True, {"ansible_winrm_transport": "credssp"})
    with serving(script, tls=tls) as server, reaching(way, server.port) as wmi:
        assert "no complete answer within 0.2 seconds" in refused(wmi, Unreachable)


@pytest.mark.parametrize("way", [WAYS["winrm-https-basic"], WAYS["psrp-https-basic"]], ids=["winrm", "psrp"])
@pytest.mark.usefixtures("soon")
def test_a_handshake_of_tls_that_does_not_go_on(way: Way, reaching: Any) -> None:
    left = threading.Event()

    def script(peer: Peer) -> None:
        # As plain bytes: the client's greeting, and no answer to it.
        with pytest.raises(Gone):
            peer.read()
        left.set()

    with serving(script) as server, reaching(way, server.port) as wmi:
        assert "no complete answer within 0.2 seconds" in refused(wmi, Unreachable)
        assert left.wait(PATIENCE)


@pytest.mark.parametrize("way", [WAYS["winrm-https-basic"], WAYS["psrp-https-basic"]], ids=["winrm", "psrp"])
def test_records_of_tls_without_end_and_content(
    way: Way, reaching: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    # OpenSSL takes one session ticket after the other inside a single read (RFC 8446, 4.6.1: any number is allowed).
    monkeypatch.setattr(exchange, "TIMES_READ_TIMEOUT", 0.001)
    slow = {f"ansible_{name}": 200 for name in ("winrm_read_timeout_sec", "psrp_read_timeout")}
    flood = authority.contexts([("127.0.0.1", "localhost")])[0]
    flood.minimum_version = ssl.TLSVersion.TLSv1_3
    flood.num_tickets = 100_000_000
    stayed = threading.Event()

    def script(peer: Peer) -> None:
        with peer.beside() as beside:

            def end() -> None:
                stayed.set()
                beside.shutdown(socket.SHUT_RDWR)

            limit = threading.Timer(PATIENCE * 2, end)
            limit.start()
            try:
                peer.encrypt(flood)
            except (ssl.SSLError, ConnectionError):
                return
            finally:
                limit.cancel()
        raise AssertionError("all tickets were taken")

    with serving(script) as server, reaching(way, server.port, **slow) as wmi:
        assert "no complete answer within 0.2 seconds" in refused(wmi, Unreachable)
    assert not stayed.is_set()


def test_a_server_that_takes_its_time_is_waited_for(way: Way, reaching: Any, tls: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        way.log_on(peer)
        message = way.message(peer)
        peer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        threading.Event().wait(0.25)
        way.answer(peer, done(message))

    with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        write(wmi)


# -- sizes


def test_interim_answers_without_end_are_not_read_on(way: Way, reaching: Any, tls: ssl.SSLContext) -> None:
    sent = 0

    def script(peer: Peer) -> None:
        nonlocal sent
        way.log_on(peer)
        peer.read()
        block = b"HTTP/1.1 100 Continue\r\n\r\n" * 400
        while sent < 64_000_000:
            peer.write(block)
            sent += len(block)

    with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        assert f"the answer is longer than {4 * 1024 * 1024} bytes" in refused(wmi, NoAnswer)
    assert sent < 32_000_000


@pytest.mark.parametrize(("status", "encoding"), [(200, "gzip"), (500, "deflate"), (401, "gzip, gzip")])
def test_what_is_compressed_is_not_decompressed(
    way: Way, encoding: str, status: int, reaching: Any, tls: ssl.SSLContext
) -> None:
    bomb = gzip.compress(bytes(20_000_000))

    def script(peer: Peer) -> None:
        way.log_on(peer)
        peer.read()
        peer.write(http(f"{status} ", {"Content-Encoding": encoding, **SOAP}, bomb))
        none_follows(peer)

    with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        assert f"the answer is compressed ({encoding})" in refused(wmi, NoAnswer)


# -- a message is sent once

HTML = b"<html><body>Service Unavailable</body></html>"
AGAIN = {"WWW-Authenticate": "Negotiate"}
TURNED_DOWN = {
    "401": (http("401 "), AuthenticationFailed),
    "401-negotiate": (http("401 ", AGAIN), AuthenticationFailed),
    "401-ntlm": (http("401 ", {"WWW-Authenticate": "NTLM"}), AuthenticationFailed),
    "401-basic": (http("401 ", {"WWW-Authenticate": 'Basic realm="WSMAN"'}), AuthenticationFailed),
    "401-html": (http("401 ", AGAIN, HTML), AuthenticationFailed),
    "403": (http("403 "), NoAnswer),
    "403-html": (http("403 ", {"Content-Type": "text/html"}, HTML), NoAnswer),
    "407": (http("407 ", {"Proxy-Authenticate": "NTLM"}), NoAnswer),
    "425": (http("425 "), NoAnswer),
    "429": (http("429 ", {"Retry-After": "0"}), NoAnswer),
    "500": (http("500 "), ServerFault),
    "503": (http("503 ", {"Retry-After": "0"}), NoAnswer),
    "503-html": (http("503 ", {"Content-Type": "text/html"}, HTML), NoAnswer),
    "200-empty": (http("200 "), NoAnswer),
    "200-html": (http("200 ", {"Content-Type": "text/html"}, HTML), NoAnswer),
    "no-http": (b"\x1b]0;title\x07\r\n\r\n", NoAnswer),
    "nothing": (b"", Unreachable),
}


@pytest.mark.parametrize(("answer", "kind"), TURNED_DOWN.values(), ids=TURNED_DOWN)
def test_a_message_is_sent_once_whatever_is_answered(
    way: Way, answer: bytes, kind: type[SiteServerError], reaching: Any, tls: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        way.log_on(peer)
        way.message(peer)
        peer.write(answer)
        if kind is Unreachable:
            peer.close()
        else:
            none_follows(peer)

    # Retries of a connection are allowed; retries of a message are not made of them.
    retries = {"ansible_psrp_reconnection_retries": 3, "ansible_psrp_reconnection_backoff": 0}
    with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port, **retries) as wmi:
        told = refused(wmi, kind)
        assert len(server.peers) == 1
    assert not issubclass(kind, Rejected)
    assert "HTTPS" not in told
    if kind is AuthenticationFailed:
        assert "could not log on as CORP\\ops: " in told


@pytest.mark.parametrize(
    "way", [way for way in WAYS.values() if way.tls], ids=[name for name, way in WAYS.items() if way.tls]
)
def test_nor_is_it_sent_again_after_a_record_that_is_none(way: Way, reaching: Any, tls: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        way.log_on(peer)
        way.message(peer)
        peer.write_past_tls(b"\x17\x03\x03\x00\x20" + bytes(32))
        none_follows(peer)

    retries = {"ansible_psrp_reconnection_retries": 3, "ansible_psrp_reconnection_backoff": 0}
    with serving(script, tls=tls) as server, reaching(way, server.port, **retries) as wmi:
        refused(wmi, Unreachable)
        assert len(server.peers) == 1


@pytest.mark.parametrize("answer", [http("401 ", AGAIN), http("500 "), http("500 ", SOAP, b"<x/>")])
def test_nor_with_another_kind_of_authentication(reaching: Any, tls: ssl.SSLContext, answer: bytes) -> None:
    bodies: list[bytes] = []

    def first(peer: Peer) -> None:
        bodies.append(peer.read().body)
        peer.write(http("500 ", SOAP, b"<x/>"))  # whatever it is, Basic was taken
        bodies.append(peer.read().body)
        peer.write(answer)
        none_follows(peer)

    way = Way("winrm", True, {"ansible_winrm_transport": ["basic", "ntlm"]}, negotiates=False)
    with serving(first, tls=tls) as server, reaching(way, server.port) as wmi:
        with pytest.raises(SiteServerError):
            write(wmi)
        assert len(server.peers) == 1
    assert b"Identify" in bodies[0]
    assert b"SetSecurityDescriptor" in bodies[1]


def test_a_kind_that_is_refused_has_seen_nothing_but_a_question(reaching: Any, tls: ssl.SSLContext) -> None:
    refusing: list[bytes] = []
    ntlm = WAYS["winrm-https-ntlm"]

    def first(peer: Peer) -> None:
        refusing.append(peer.read().body)
        peer.write(http("401 ", AGAIN))

    def second(peer: Peer) -> None:
        ntlm.log_on(peer)
        ntlm.answer(peer, done(ntlm.message(peer)))

    way = Way("winrm", True, {"ansible_winrm_transport": ["basic", "ntlm"]})
    with serving(first, second, tls=tls) as server, reaching(way, server.port) as wmi:
        write(wmi)
    (asked,) = refusing
    assert b"Identify" in asked
    assert b"SetSecurityDescriptor" not in asked


def test_http_500_without_a_body_says_what_failed_and_nothing_of_https(
    way: Way, reaching: Any, tls: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        way.log_on(peer)
        peer.read()
        peer.write(http("500 "))

    with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        told = refused(wmi, ServerFault)
    assert "HTTP 500 with an empty body. Look into the server's WinRM event log." in told


@pytest.mark.parametrize(
    "way", [way for way in WAYS.values() if not way.seals], ids=[name for name, way in WAYS.items() if not way.seals]
)
def test_http_500_with_a_page_for_people_is_told_by_its_status(way: Way, reaching: Any, tls: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        way.log_on(peer)
        peer.read()
        peer.write(http("500 ", {"Content-Type": "text/html"}, b"<html><body>Error 500</body></html>"))

    with serving(script, tls=tls if way.tls else None) as server, reaching(way, server.port) as wmi:
        assert "HTTP 500 without a SOAP message" in refused(wmi, NoAnswer)


@pytest.mark.parametrize(
    "way", [way for way in WAYS.values() if way.seals], ids=[name for name, way in WAYS.items() if way.seals]
)
@pytest.mark.parametrize("status", [200, 500])
def test_what_is_not_sealed_is_no_answer_to_what_is(way: Way, status: int, reaching: Any) -> None:
    def script(peer: Peer) -> None:
        way.log_on(peer)
        peer.write(http(f"{status} ", SOAP, done(way.message(peer))))

    with serving(script) as server, reaching(way, server.port) as wmi:
        assert "not sealed" in refused(wmi, NoAnswer)


# -- what a server says


def test_what_a_server_says_is_visible_and_short(way: Way, reaching: Any, tls: ssl.SSLContext) -> None:
    hostile = "a&#x202E;b&#x9B;31m&#x200B;&#10;ok: [c01]&#xA0;" + "x" * 5000

    def fault(message: bytes) -> bytes:
        content = (
            "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason>"
            f'<s:Text xml:lang="en">{hostile}</s:Text></s:Reason></s:Fault>'
        )
        return reply("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", content)(message)

    def script(peer: Peer) -> None:
        way.log_on(peer)
        way.answer(peer, fault(way.message(peer)))

    with (
        serving(script, tls=tls if way.tls else None) as server,
        reaching(way, server.port) as wmi,
        pytest.raises(SiteServerError) as caught,
    ):
        write(wmi)
    told = str(caught.value)
    assert "a<U+202E>b<U+009B>31m<U+200B> ok: [c01] xxx" in told
    assert told.isprintable()
    assert len(told) < 1300
