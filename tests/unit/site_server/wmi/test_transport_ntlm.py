# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NTLM over HTTP, against servers that say byte for byte what a test wrote."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from impacket.ntlm import compute_lmhash, compute_nthash

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.errors import (
    AuthenticationFailed,
    NoAnswer,
    NotSent,
    Rejected,
    ServerFault,
    SiteServerError,
    Unreachable,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi import transport_ntlm
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.transport_ntlm import NtlmSender
from tests.unit.site_server.wmi.scripted_winrm import END, HEAD, SEALED, Peer, http, serving
from tests.waiting import PATIENCE, wait_until

USER = "CORP\\ops"
PASSWORD = "Correct-Horse-7"
ASKED = b"<s:Envelope>asked</s:Envelope>"
TOLD = b"<s:Envelope>told</s:Envelope>"
LIMIT = 100_000
HTML = b"<html><body>Service Unavailable</body></html>"

# [MS-NLMP] 2.2.2.5
SIGN = 0x00000010
SEAL = 0x00000020
EXTENDED_SESSION_SECURITY = 0x00080000
KEY_128 = 0x20000000


@pytest.fixture(autouse=True)
def _accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyspnego's server side finds who may log on."""
    file = tmp_path / "accounts"
    accounts = [("CORP", "ops", PASSWORD), ("", "ops@corp.example", PASSWORD), ("", "ops", PASSWORD)]
    accounts += [("CORP", "blank", ""), ("CORP", "Jörg", "Käse-ß-密码")]
    file.write_text("".join(f"{':'.join(account)}\n" for account in accounts), encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(file))


@contextmanager
def sender(port: int, **changed: Any) -> Iterator[NtlmSender]:
    """A sender to that port of loopback."""
    kept = {"address": "127.0.0.1", "path": "/wsman", "user": USER, "password": PASSWORD}
    kept |= {"timeout": PATIENCE, "limit": LIMIT}
    made = NtlmSender("site", port=port, **kept | changed)
    try:
        yield made
    finally:
        made.close()


def refused(kind: type[SiteServerError], *scripts: Callable[[Peer], None], answered: int = 0, **changed: Any) -> str:
    """What is said when those scripts are met; it is of that kind, short, printable, and without the password.

    So many messages before that are answered.
    """
    with serving(*scripts) as server, sender(server.port, **changed) as made:
        for _number in range(answered):
            assert made.send(ASKED) == TOLD
        with pytest.raises(SiteServerError) as caught:
            made.send(ASKED)
        # A client that has given up may be earlier than the server's thread.
        wait_until(lambda: len(server.peers) == len(scripts), "each script has its connection")
    assert caught.value.__class__ is kind, caught.value
    told = str(caught.value)
    assert PASSWORD not in told
    assert len(told) < 600
    assert told.isprintable()
    assert told.startswith("site: could not ")
    return told


def answering(answer: bytes) -> Callable[[Peer], None]:
    """After the logon, reads the request and sends that."""

    def script(peer: Peer) -> None:
        peer.log_on()
        peer.read()
        peer.write(answer)

    return script


# -- what goes over the wire


def test_a_logon_takes_one_request_and_what_follows_is_sealed() -> None:
    asked: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.log_on()
        for _number in range(2):
            asked.append(peer.unsealed())
            peer.answer(TOLD)

    with serving(script) as server, sender(server.port) as made:
        assert made.send(ASKED) == TOLD
        assert made.send(ASKED * 3) == TOLD
        (peer,) = server.peers
        assert asked == [ASKED, ASKED * 3]
        assert len(peer.requests) == 3
        for request in peer.requests:
            assert request.line == "POST /wsman HTTP/1.1"
            assert request.headers["host"] == f"127.0.0.1:{server.port}"
            assert request.headers["accept-encoding"] == "identity"
            assert b"Envelope" not in request.body
        first, *sealed = peer.requests
        # As pywinrm sends its message without content.
        assert first.body == b""
        assert first.headers["content-type"] == "application/soap+xml;charset=UTF-8"
        for request in sealed:
            assert request.headers["content-type"] == SEALED
        # The last token and the first message come together: [MS-WSMV] 2.2.9.1.1.1.
        assert [request.token[8] for request in (first, sealed[0])] == [1, 3]
        assert "authorization" not in sealed[1].headers


@pytest.mark.parametrize("hashed", [True, False])
@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("CORP\\ops", PASSWORD),
        ("ops@corp.example", PASSWORD),
        ("ops", PASSWORD),
        ("CORP\\blank", ""),
        ("CORP\\Jörg", "Käse-ß-密码"),
        ("CORP\\ops", f"{compute_lmhash(PASSWORD).hex()}:{compute_nthash(PASSWORD).hex()}"),
    ],
)
def test_forms_of_accounts(user: str, password: str, hashed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hashed:  # as where pycryptodomex is not installed
        monkeypatch.setattr(transport_ntlm, "MD4", None)

    def script(peer: Peer) -> None:
        peer.log_on()
        peer.unsealed()
        peer.answer(peer.context.client_principal.encode())

    with serving(script) as server, sender(server.port, user=user, password=password) as made:
        assert made.send(ASKED).decode() == user


def test_the_service_is_named_to_a_server_that_checks_it() -> None:
    # As requests_ntlm does, and Windows can demand: [MS-NLMP] 2.2.2.1, MsvAvTargetName.
    tokens: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.refuse(peer.challenge())
        tokens.append(peer.read().token)

    refused(Unreachable, script)
    assert "http/127.0.0.1".encode("utf-16-le") in tokens[0]


@pytest.mark.parametrize(
    "path", ["/wsman", "wsman", "", "/ws man", "/wsmän", "/wsman?PSVersion=5.1", "/a%20b", "/wsman#top"]
)
def test_the_path_is_sent_as_requests_sends_it(path: str) -> None:
    def script(peer: Peer) -> None:
        peer.read()

    with serving(script) as server, sender(server.port, path=path) as made, pytest.raises(Unreachable):
        made.send(ASKED)
    slash = "" if path.startswith("/") else "/"
    expected = requests.Request("POST", f"http://c01:5985{slash}{path}").prepare().path_url
    assert server.peers[0].requests[0].line == f"POST {expected} HTTP/1.1"


@pytest.mark.parametrize("address", ["::1", "[::1]"])
def test_ipv6(address: str) -> None:
    def script(peer: Peer) -> None:
        peer.log_on()
        peer.unsealed()
        peer.answer(TOLD)

    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with serving(script, address="::1") as server, sender(server.port, address=address) as made:
        assert made.send(ASKED) == TOLD
        assert server.peers[0].requests[0].headers["host"] == f"[::1]:{server.port}"


# -- who may log on


@pytest.mark.parametrize(("user", "password"), [(None, PASSWORD), ("", PASSWORD), (USER, None)])
def test_accounts_of_a_file_are_not_taken_for_one_that_is_missing(user: str | None, password: str | None) -> None:
    # pyspnego would take them from NTLM_USER_FILE.
    told = refused(AuthenticationFailed, user=user, password=password)
    assert "ansible_password" in told


def test_a_user_name_that_cannot_be_encoded() -> None:
    def script(peer: Peer) -> None:
        peer.refuse(peer.challenge())
        peer.read()

    with (
        serving(script) as server,
        sender(server.port, user="CORP\\op\udc80s") as made,
        pytest.raises(AuthenticationFailed, match="cannot encode the user name"),
    ):
        made.send(ASKED)
    assert len(server.peers[0].requests) == 1


def test_a_controller_that_cannot_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    # The variable is gss-ntlmssp's; pyspnego heeds it too.
    monkeypatch.setenv("LM_COMPAT_LEVEL", PASSWORD)
    assert "on the controller" in refused(AuthenticationFailed)
    monkeypatch.setenv("LM_COMPAT_LEVEL", "9")
    assert "LM_COMPAT_LEVEL" in refused(AuthenticationFailed)


def test_a_wrong_password() -> None:
    def script(peer: Peer) -> None:
        peer.refuse(peer.challenge())
        peer.read()
        peer.write(http("401 ", {"WWW-Authenticate": "Negotiate"}))

    assert "were rejected" in refused(AuthenticationFailed, script)


@pytest.mark.parametrize(
    "offers",
    [
        ["Negotiate TOKEN"],
        ["negotiate  TOKEN "],
        ["Kerberos", "Negotiate TOKEN", 'Basic realm="WSMAN"'],
        ["Negotiate", "Negotiate TOKEN"],
        ['Negotiate TOKEN, Basic realm="WSMAN"'],
        ['Basic realm="WSMAN", Negotiate TOKEN,Kerberos'],
    ],
)
def test_offers_with_a_challenge(offers: list[str]) -> None:
    def script(peer: Peer) -> None:
        token = base64.b64encode(peer.challenge()).decode()
        lines = "".join(f"WWW-Authenticate: {offer.replace('TOKEN', token)}\r\n" for offer in offers)
        peer.write(f"HTTP/1.1 401 \r\n{lines}Content-Length: {len(HTML)}\r\n\r\n".encode() + HTML)
        request = peer.read()
        peer.context.step(request.token)
        peer.unseal(request.body)
        peer.answer(TOLD)

    with serving(script) as server, sender(server.port) as made:
        assert made.send(ASKED) == TOLD


@pytest.mark.parametrize(
    "offer", ["Negotiate", "Kerberos", 'Basic realm="WSMAN"', "Negotiate !!!!", "Negotiate \xff\xff", "Negotiate A"]
)
def test_offers_without_one(offer: str) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.write(f"HTTP/1.1 401 \r\nWWW-Authenticate: {offer}\r\nContent-Length: 0\r\n\r\n".encode("latin-1"))

    assert "does not take NTLM" in refused(AuthenticationFailed, script)


def _damaged(challenge: bytes) -> list[bytes]:
    """Challenges that are none, by [MS-NLMP] 2.2.1.2."""
    return [
        b"x",
        challenge[:20],
        challenge[:8] + b"\3" + challenge[9:],
        challenge[:40] + b"\xff" * 8 + challenge[48:],
        challenge[:-7],
    ]


@pytest.mark.parametrize("number", range(5))
def test_a_challenge_that_is_none(number: int) -> None:
    def script(peer: Peer) -> None:
        peer.refuse(_damaged(peer.challenge())[number])
        # A challenge that puts its list of names elsewhere has none; the server knows that it is another's.
        peer.read()
        peer.write(http("401 "))

    refused(AuthenticationFailed if number == 3 else NoAnswer, script)


@pytest.mark.parametrize("flag", [SIGN, SEAL, EXTENDED_SESSION_SECURITY, KEY_128])
def test_a_server_that_talks_the_seal_down_gets_no_answer(flag: int) -> None:
    # Without these, a seal can be forged: [MS-NLMP] 3.4.3, 3.4.4, 3.4.5.3.
    read: list[bytes] = []

    def script(peer: Peer) -> None:
        challenge = peer.challenge()
        flags = int.from_bytes(challenge[20:24], "little")
        assert flags & flag
        peer.refuse(challenge[:20] + (flags & ~flag).to_bytes(4, "little") + challenge[24:])
        read.append(peer.read().token)

    assert "seal" in refused(NoAnswer, script)
    assert read == []


# -- answers that must not be taken for sealed ones


def _tampered(sealed: bytes) -> bytes:
    end = len(sealed) - len(END)
    return sealed[: end - 1] + bytes([sealed[end - 1] ^ 1]) + sealed[end:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda peer, _request: TOLD,
        lambda peer, _request: b"",
        lambda peer, _request: HEAD % len(TOLD) + b"\x10\0\0\0" + b"\0" * 16 + TOLD + END,
        lambda peer, _request: HEAD % len(TOLD) + b"\0\0\0\0" + TOLD + END,
        lambda peer, _request: HEAD % 0 + END,
        lambda peer, _request: HEAD % 0 + b"\x10\0\0\0" + END,
        lambda peer, _request: HEAD % len(TOLD) + b"\xff\xff\xff\xff" + TOLD + END,
        lambda peer, request: request,
        lambda peer, _request: _tampered(peer.seal(TOLD)),
        lambda peer, _request: peer.seal(TOLD, length=len(TOLD) - 1),
        lambda peer, _request: peer.seal(TOLD) + b"\r\n",
        lambda peer, _request: peer.seal(TOLD)[: -len(END)],
        lambda peer, _request: peer.seal(TOLD)[:-4] + b"xx\r\n",
        lambda peer, _request: peer.seal(TOLD).replace(b"\x10\0\0\0", b"\x11\0\0\0"),
        lambda peer, _request: TOLD + peer.seal(TOLD),
        lambda peer, _request: peer.seal(TOLD) + peer.seal(TOLD),
        lambda peer, _request: (peer.seal(TOLD), peer.seal(TOLD))[1],
    ],
    ids=[
        "plain",
        "empty",
        "no-seal",
        "seal-of-no-size",
        "nothing",
        "seal-of-nothing",
        "seal-too-long",
        "own-request",
        "tampered",
        "other-length",
        "trailer",
        "no-end",
        "other-end",
        "other-seal-size",
        "preamble",
        "two",
        "one-left-out",
    ],
)
def test_what_only_says_that_it_is_sealed(damage: Callable[[Peer, bytes], bytes]) -> None:
    def script(peer: Peer) -> None:
        peer.log_on()
        request = peer.read().body
        peer.unseal(request)
        peer.write(http("200 ", {"Content-Type": SEALED}, damage(peer, request)))

    refused(NoAnswer, script)


@pytest.mark.parametrize("kind", ["application/soap+xml;charset=UTF-8", "text/html", "", "multipart/encrypted"])
def test_what_does_not_even_say_so(kind: str) -> None:
    assert "not sealed" in refused(NoAnswer, answering(http("200 ", {"Content-Type": kind}, TOLD)))
    assert "not sealed" in refused(NoAnswer, answering(http("200 ", {}, TOLD)))


def test_an_answer_that_was_given_before() -> None:
    def script(peer: Peer) -> None:
        peer.log_on()
        peer.unsealed()
        answer = http("200 ", {"Content-Type": SEALED}, peer.seal(TOLD))
        peer.write(answer)
        peer.unsealed()
        peer.write(answer)

    with serving(script) as server, sender(server.port) as made:
        assert made.send(ASKED) == TOLD
        with pytest.raises(NoAnswer, match="its seal is broken"):
            made.send(ASKED)


def test_a_fault_is_sealed_too() -> None:
    def script(peer: Peer) -> None:
        peer.log_on()
        peer.unsealed()
        peer.answer(b"<s:Fault/>", "500 ")

    with serving(script) as server, sender(server.port) as made:
        assert made.send(ASKED) == b"<s:Fault/>"


# -- other statuses


@pytest.mark.parametrize(
    ("answer", "kind", "expected"),
    [
        (http("302 Found", {"Location": "http://127.0.0.1:9/"}), NoAnswer, "HTTP 302"),
        (http("307 Temporary Redirect", {"Location": "/other"}), NoAnswer, "HTTP 307"),
        (http("401 "), AuthenticationFailed, "HTTP 401"),
        (http("413 "), Rejected, "MaxEnvelopeSizekb"),
        (http("500 "), ServerFault, "HTTP 500 with an empty body"),
        (http("500 ", {"Content-Type": "text/html"}, HTML), NoAnswer, "HTTP 500"),
        (http("503 Service Unavailable", {"Content-Type": "text/html"}, HTML), NoAnswer, "HTTP 503"),
        (b"HTTP/1.1 204 \r\n\r\n", NoAnswer, "HTTP 204"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", NoAnswer, "HTTP 101"),
    ],
    ids=lambda value: value[9:12].decode() if isinstance(value, bytes) else "",
)
@pytest.mark.parametrize("moment", ["first", "logon", "request"])
def test_other_statuses(answer: bytes, kind: type[SiteServerError], expected: str, moment: str) -> None:
    def script(peer: Peer) -> None:
        if moment == "first":
            peer.read()
            peer.write(answer)
            return
        peer.log_on()
        if moment == "request":
            peer.unsealed()
            peer.answer(TOLD)
        peer.read()
        peer.write(answer)

    told = refused(kind, script, answered=1 if moment == "request" else 0)
    if not (moment == "first" and "401" in expected):
        assert expected in told
    if HTML in answer:
        assert "empty body" not in told


@pytest.mark.parametrize("moment", ["first", "request"])
def test_100_continue_is_waited_through(moment: str) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"

    def script(peer: Peer) -> None:
        if moment == "first":
            challenge = peer.challenge()
            peer.write(interim * 2)
            peer.refuse(challenge)
            request = peer.read()
            peer.context.step(request.token)
            peer.unseal(request.body)
        else:
            peer.log_on()
            peer.unsealed()
            peer.write(interim * 2)
        peer.answer(TOLD)

    with serving(script) as server, sender(server.port) as made:
        assert made.send(ASKED) == TOLD


# -- framing


def _chunked(body: bytes, size: int = 7) -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nTrailer: x\r\n\r\n"


def test_chunks() -> None:
    def script(peer: Peer) -> None:
        peer.log_on()
        for _number in range(2):
            peer.unsealed()
            head = f"HTTP/1.1 200 \r\nContent-Type: {SEALED}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            peer.write(head + _chunked(peer.seal(TOLD)))

    with serving(script) as server, sender(server.port) as made:
        assert made.send(ASKED) == TOLD
        assert made.send(ASKED) == TOLD


def test_the_longest_answer() -> None:
    frame = len(HEAD % 99_000) + 4 + 16 + len(END)

    def script(peer: Peer) -> None:
        peer.log_on()
        for size in (LIMIT - frame, LIMIT - frame + 1):
            peer.unsealed()
            peer.answer(b"x" * size)

    with serving(script) as server, sender(server.port) as made:
        assert made.send(ASKED) == b"x" * (LIMIT - frame)
        with pytest.raises(NoAnswer, match=f"the answer is longer than {LIMIT} bytes"):
            made.send(ASKED)


CHUNKED = b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "beginning",
    [
        http("200 ").replace(b"Content-Length: 0", b"Content-Length: 99999999"),
        b"HTTP/1.1 200 \r\n\r\n",
        CHUNKED,
        CHUNKED + b"-1\r\n",
        CHUNKED + b"7fffffff\r\n",
        CHUNKED + b"0\r\n",
        b"HTTP/1.1 200 \r\n",
        b"HTTP/1.1 200 \r\nX: ",
        b"HTTP/1.1 100 \r\n\r\n",
        b"",
    ],
    ids=["length", "no-length", "chunks", "minus-one", "one-chunk", "trailers", "headers", "line", "interim", "status"],
)
@pytest.mark.parametrize("moment", ["first", "request"])
def test_an_answer_without_end_is_not_read_on(beginning: bytes, moment: str) -> None:
    repeated = {
        CHUNKED: b"1\r\nx\r\n",
        CHUNKED + b"0\r\n": b"Trailer: x\r\n",
        b"HTTP/1.1 200 \r\n": b"X: y\r\n",
        b"HTTP/1.1 100 \r\n\r\n": b"HTTP/1.1 100 \r\n\r\n",
    }.get(beginning, b"x")
    sent = 0

    def script(peer: Peer) -> None:
        nonlocal sent
        if moment == "request":
            peer.log_on()
        peer.read()
        peer.write(beginning)
        block = repeated * (10_000 // len(repeated))
        while sent < 64_000_000:
            peer.write(block)
            sent += len(block)

    refused(NoAnswer, script)
    # What the buffers of the two sockets hold has been sent, but not read.
    assert sent < 32_000_000


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http("200 ", {"Content-Type": SEALED}, HTML).replace(b": 45", b": 99"), Unreachable),
        (http("200 ", {"Content-Type": SEALED}, HTML).replace(b": 45", b": 9"), NoAnswer),
        (http("200 ", {"Content-Type": SEALED}, HTML).replace(b": 45", b": -9"), NoAnswer),
        (http("200 ", {"Content-Type": SEALED}, HTML).replace(b": 45", b": x"), NoAnswer),
        (CHUNKED + b"-5\r\nabc", NoAnswer),
        (CHUNKED + b"zz\r\nabc", Unreachable),
        (CHUNKED + b"5\r\nabc", Unreachable),
        (b"HTTP/1.1 200 \r\nX: y\r\n", NoAnswer),
        (b"HTTP/1.1 200 \r\nno header\r\n\r\n", NoAnswer),
        (b"HTTP/1.1 9 \r\n\r\n", NoAnswer),
        (b"HTTP/2.0 200 \r\n\r\n", NoAnswer),
        (b"HTTP/" + b"\x1b[31m" * 9000 + b" 200 \r\n\r\n", NoAnswer),
        (b"\x1b]0;title\x07" * 6000 + b"\r\n", NoAnswer),
        (b"\xff\xfe\x00\r\n\r\n", NoAnswer),
        (b"\r\n", NoAnswer),
        (b"", Unreachable),
    ],
)
@pytest.mark.parametrize("moment", ["first", "request"])
def test_what_is_no_http(answer: bytes, kind: type[SiteServerError], moment: str) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.write(answer)

    refused(kind, script if moment == "first" else answering(answer))


# -- time


def test_a_silent_server() -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.read()

    assert "No answer in time" in refused(Unreachable, script, timeout=0.2)


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 \r\n\r\n", b"HTTP/1.1 200 \r\nX: "])
def test_a_server_that_drips_is_left_in_the_end(monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    # Four times the time for one read. Here that is longer than the whole, so that no pause of this machine ends it.
    assert transport_ntlm.longest(0.1) == 0.4
    monkeypatch.setattr(transport_ntlm, "longest", lambda _read_timeout: 0.4)
    left = threading.Event()

    def script(peer: Peer) -> None:
        peer.read()
        peer.write(beginning)
        while not left.wait(0.05):
            peer.write(b"x")

    timer = threading.Timer(PATIENCE, left.set)
    timer.start()
    try:
        assert "no complete answer within 0.4 seconds" in refused(Unreachable, script)
        assert not left.is_set()
    finally:
        left.set()
        timer.cancel()


def test_a_slow_server_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    # However slow this machine is, the exchange has time.
    monkeypatch.setattr(transport_ntlm, "longest", lambda _read_timeout: PATIENCE)

    def script(peer: Peer) -> None:
        peer.log_on()
        peer.unsealed()
        answer = http("200 ", {"Content-Type": SEALED}, peer.seal(TOLD))
        # In all longer than the time for one read; each pause is a small part of that.
        for start in range(0, len(answer), 20):
            peer.write(answer[start : start + 20])
            threading.Event().wait(0.2)

    with serving(script) as server, sender(server.port, timeout=4) as made:
        assert made.send(ASKED) == TOLD


# -- connections that do not stay


@pytest.mark.parametrize("moment", ["first", "challenge", "request"])
def test_a_connection_that_is_not_kept(moment: str) -> None:
    # NTLM is for one connection; a second one would not be authenticated. [MS-NTHT] 2.1
    close = {"Connection": "close"}

    def script(peer: Peer) -> None:
        if moment == "first":
            peer.read()
        elif moment == "challenge":
            peer.refuse(peer.challenge(), **close)
        else:
            peer.log_on()
            peer.unsealed()
            peer.write(http("200 ", {"Content-Type": SEALED, **close}, peer.seal(TOLD)))

    if moment == "request":
        # Nothing of the next message was sent.
        assert "closed" in refused(NotSent, script, answered=1)
    else:
        assert "closed" in refused(Unreachable, script).lower()


def test_one_that_ends_between_requests() -> None:
    def script(peer: Peer) -> None:
        peer.log_on()
        peer.unsealed()
        peer.answer(TOLD)

    with serving(script) as server, sender(server.port) as made:
        assert made.send(ASKED) == TOLD
        with pytest.raises(Unreachable, match=r"site: could not talk to WinRM: .*Check that the server is up"):
            made.send(ASKED)


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("a..b", 5985),
        ("x" * 70, 5985),
        ("127.0.0.1 ", 5985),
        ("c01\r\nX: y", 5985),
        ("", 5985),
        ("127.0.0.1", 0),
        ("127.0.0.1", -1),
        # The operating system would take it for 65536 less.
        ("127.0.0.1", 65536 + 9),
    ],
)
def test_addresses_that_are_none(address: str, port: int) -> None:
    with sender(port, address=address) as made, pytest.raises(Unreachable) as caught:
        made.send(ASKED)
    assert str(caught.value).startswith("site: could not talk to WinRM: ")
    assert str(caught.value).isprintable()
    if port > 65535:
        assert str(port) in str(caught.value)
