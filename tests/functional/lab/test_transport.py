# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets in, over what, and what is counted: with pypsrp and pywinrm as the clients."""

from __future__ import annotations

import http.client
import os
import stat
from urllib.parse import urlsplit

import pytest
import requests
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from winrm.exceptions import InvalidCredentialsError
from winrm.exceptions import WinRMTransportError as PywinrmTransportError
from winrm.transport import Transport

from tests.functional.lab.support import connect, envelope, get, transport
from tests.lab.model import Logon
from tests.lab.testing import RunningLab, default_hierarchy, running_lab
from tests.waiting import PATIENCE

SHARE = {"Name": "SMS_SITE"}


@pytest.mark.parametrize(
    "options",
    [
        {"auth": "negotiate"},
        {"auth": "ntlm"},
        {"auth": "basic", "tls": True},
        {"auth": "negotiate", "tls": True},
    ],
    ids=str,
)
def test_pypsrp_gets_in(hierarchy: RunningLab, options: dict[str, object]) -> None:
    host = hierarchy["P01"]
    with connect(host, cert_validation=str(hierarchy.ca_file), **options) as wsman:
        assert get(wsman, "Win32_Share", **SHARE)["Name"] == "SMS_SITE"
        assert (wsman.transport.encryption is not None) is ("tls" not in options)


@pytest.mark.parametrize("auth", ["ntlm", "basic"])
@pytest.mark.parametrize("tls", [True, False])
def test_pywinrm_gets_in_or_is_told_what_is_offered(hierarchy: RunningLab, auth: str, tls: bool) -> None:
    host = hierarchy["P01"]
    endpoint = host.https_url if tls else host.url
    with transport(host, endpoint=endpoint, auth_method=auth, ca_trust_path=str(hierarchy.ca_file)) as client:
        if auth == "basic" and not tls:
            with pytest.raises(InvalidCredentialsError):
                client.send_message(envelope(keys=SHARE))
        else:
            assert b"Despoolr.box" in client.send_message(envelope(keys=SHARE))


def test_basic_over_http_is_offered_negotiate_only(hierarchy: RunningLab) -> None:
    host = hierarchy["P01"]
    with requests.Session() as session:
        session.trust_env = False
        plain = session.post(host.url, auth=(host.user, host.password), data=b"")
        assert (plain.status_code, plain.headers["WWW-Authenticate"]) == (401, "Negotiate")
        secure = session.post(host.https_url, data=b"", verify=str(hierarchy.ca_file))
        assert secure.headers["WWW-Authenticate"] == 'Negotiate, Basic realm="WSMAN"'


def test_an_untrusted_certificate_is_refused_by_the_client(hierarchy: RunningLab) -> None:
    host = hierarchy["P01"]
    with (
        connect(host, tls=True, auth="basic", cert_validation=True) as wsman,
        pytest.raises(requests.exceptions.SSLError),
    ):
        get(wsman, "Win32_Share", **SHARE)


@pytest.mark.parametrize("auth", ["negotiate", "ntlm"])
@pytest.mark.parametrize("user", ["CORP\\ansible", "CORP\\nobody", "OTHER\\ansible"])
def test_wrong_credentials_are_refused(hierarchy: RunningLab, auth: str, user: str) -> None:
    logon = Logon(user, "wrong" if user == "CORP\\ansible" else hierarchy["P01"].password)
    with connect(hierarchy["P01"], logon=logon, auth=auth) as wsman, pytest.raises(AuthenticationError):
        get(wsman, "Win32_Share", **SHARE)


def test_a_wrong_basic_password_is_refused(hierarchy: RunningLab) -> None:
    logon = Logon(hierarchy["P01"].user, "wrong")
    options = {"auth": "basic", "cert_validation": str(hierarchy.ca_file)}
    with (
        connect(hierarchy["P01"], logon=logon, tls=True, **options) as wsman,
        pytest.raises(AuthenticationError),
    ):
        get(wsman, "Win32_Share", **SHARE)


@pytest.mark.parametrize("user", ["CORP\\ansible", "corp\\ANSIBLE", "ansible@corp.example", "corp.example\\ansible"])
def test_an_account_has_several_spellings(hierarchy: RunningLab, user: str) -> None:
    logon = Logon(user, hierarchy["P01"].password)
    with connect(hierarchy["P01"], logon=logon, auth="negotiate") as wsman:
        assert get(wsman, "Win32_Share", **SHARE)["Name"] == "SMS_SITE"


def test_a_user_who_is_no_administrator_is_denied(hierarchy: RunningLab) -> None:
    host = hierarchy["P01"]
    operator = next(logon for logon in host.logons if not logon.administrator)
    with connect(host, logon=operator) as wsman, pytest.raises(WSManFaultError) as error:
        get(wsman, "Win32_Share", **SHARE)
    assert error.value.code == 5


def test_unencrypted_messages_get_a_bare_500(hierarchy: RunningLab) -> None:
    with connect(hierarchy["P01"], encryption="never") as wsman, pytest.raises(WinRMTransportError) as error:
        get(wsman, "Win32_Share", **SHARE)
    assert (error.value.code, error.value.response_text) == (500, "")
    with (
        transport(hierarchy["P01"], message_encryption="never") as client,
        pytest.raises(PywinrmTransportError) as other,
    ):
        client.send_message(envelope(keys=SHARE))
    assert (other.value.code, other.value.response_text) == (500, "")


def test_a_host_may_allow_unencrypted_messages_and_basic() -> None:
    description = default_hierarchy(1)
    description["hosts"][0]["settings"] = {"allow_unencrypted": True, "basic_over_http": True}
    description["hosts"][0]["logons"] = [{"user": ".\\local", "password": "with:colon"}]
    with running_lab(description) as lab:
        host = lab["C01"]
        for auth in ("basic", "ntlm"):
            with connect(host, auth=auth, encryption="never") as wsman:
                assert get(wsman, "Win32_Share", **SHARE)["Name"] == "SMS_SITE"
        local = host.logons[2]
        for user in (".\\local", "C01\\local", "local"):
            with connect(host, logon=Logon(user, local.password), auth="basic", encryption="never") as wsman:
                assert get(wsman, "Win32_Share", **SHARE)["Name"] == "SMS_SITE"
        with connect(host, logon=Logon("C01\\local", local.password)) as wsman:
            assert get(wsman, "Win32_UserAccount", Domain="C01", Name="local")["LocalAccount"] == "true"


def test_a_local_account_is_known_on_its_own_host_only() -> None:
    description = default_hierarchy(2)
    description["hosts"][0]["logons"] = [{"user": ".\\local", "password": "pw"}]
    with running_lab(description) as lab:
        logon = Logon(".\\local", "pw")
        with connect(lab["C01"], logon=logon) as wsman:
            assert get(wsman, "Win32_Share", **SHARE)["Name"] == "SMS_SITE"
        with connect(lab["P01"], logon=logon) as wsman, pytest.raises(AuthenticationError):
            get(wsman, "Win32_Share", **SHARE)


@pytest.mark.parametrize("part", ["seal", "length", "boundary"])
def test_a_tampered_message_is_refused(hierarchy: RunningLab, part: str) -> None:
    with transport(hierarchy["P01"]) as client:
        message = envelope(keys=SHARE).encode()
        client.send_message(message)
        assert client.encryption
        assert client.session
        prepared = client.encryption.prepare_encrypted_request(client.session, client.endpoint, message)
        assert isinstance(prepared.body, bytes)
        length = f"Length={len(message)}\r".encode()
        assert length in prepared.body
        prepared.body = {
            "seal": prepared.body[:-60] + bytes([prepared.body[-60] ^ 1]) + prepared.body[-59:],
            "length": prepared.body.replace(length, f"Length={len(message) - 1}\r".encode()),
            "boundary": prepared.body.replace(b"--Encrypted Boundary--", b"--Encrypted--"),
        }[part]
        prepared.headers["Content-Length"] = str(len(prepared.body))
        assert client.session.send(prepared).status_code == 400


def test_basic_authenticates_one_request(hierarchy: RunningLab) -> None:
    host = hierarchy["P01"]
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(hierarchy.ca_file)

        def post(auth: tuple[str, str] | None) -> int:
            headers = {"Content-Type": "application/soap+xml;charset=UTF-8"}
            return session.post(host.https_url, data=envelope(keys=SHARE), headers=headers, auth=auth).status_code

        assert [post(None), post((host.user, host.password)), post(None)] == [401, 200, 401]


def test_a_failed_logon_ends_the_one_before_it(hierarchy: RunningLab) -> None:
    host = hierarchy["P01"]
    with transport(host, endpoint=host.https_url, ca_trust_path=str(hierarchy.ca_file)) as client:
        client.send_message(envelope(keys=SHARE))
        assert client.session
        client.session.auth = None
        client.session.trust_env = False
        type_ = {"Content-Type": "application/soap+xml;charset=UTF-8"}

        def post(**headers: str) -> int:
            assert client.session
            return client.session.post(host.https_url, data=envelope(keys=SHARE), headers=type_ | headers).status_code

        assert [post(), post(Authorization="Negotiate AAAA"), post()] == [200, 401, 401]


def test_a_sealed_message_needs_a_context(hierarchy: RunningLab) -> None:
    host = hierarchy["P01"]
    type_ = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(hierarchy.ca_file)
        answer = session.post(
            host.https_url, data=b"x", headers={"Content-Type": type_}, auth=(host.user, host.password)
        )
    assert answer.status_code == 400


def test_paths_methods_and_types_that_winrm_does_not_serve(hierarchy: RunningLab) -> None:
    host = hierarchy["P01"]
    url = urlsplit(host.url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=PATIENCE)
    try:
        for method, path, status in (("POST", "/", 404), ("GET", "/wsman", 405), ("POST", "/wsman", 401)):
            connection.request(method, path, body=b"")
            response = connection.getresponse()
            response.read()
            assert (method, path, response.status) == (method, path, status)
    finally:
        connection.close()


def test_a_body_larger_than_any_request_is_refused(hierarchy: RunningLab) -> None:
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(hierarchy["P01"].url, data=b"x" * 700_000)
    assert response.status_code == 413


def test_requests_are_counted_apart_from_the_handshake(lab: RunningLab) -> None:
    host = lab["P01"]
    sent: list[int] = []
    with transport(host) as client:
        client.send_message(envelope(keys=SHARE))
        assert client.session
        client.session.hooks["response"].append(lambda r, **_unused: sent.append(len(r.request.body)))
        client.send_message(envelope(keys=SHARE))
    counters = host.controls.counters()
    # Three for the handshake (401, challenge, 200 to an empty body), then one each.
    assert (counters["http_requests"], counters["handshakes"], counters["wsman_requests"]) == (5, 3, 2)
    assert counters["connections"] == 1
    assert counters["shells_opened"] == 0
    assert [e["operation"] for e in counters["exchanges"]] == ["Win32_Share.Get"] * 2
    assert counters["exchanges"][1]["request_bytes"] == sent[0]
    assert counters["request_bytes"] == sum(e["request_bytes"] for e in counters["exchanges"])
    host.controls.reset_counters()
    assert host.controls.counters()["wsman_requests"] == 0
    assert lab["C01"].controls.counters()["http_requests"] == 0


def test_over_https_the_handshake_carries_the_message(lab: RunningLab) -> None:
    host = lab["P01"]
    with transport(host, endpoint=host.https_url, ca_trust_path=str(lab.ca_file)) as client:
        client.send_message(envelope(keys=SHARE))
    counters = host.controls.counters()
    assert (counters["http_requests"], counters["handshakes"], counters["wsman_requests"]) == (3, 2, 1)


def test_opening_a_shell_is_counted_and_refused(lab: RunningLab) -> None:
    shell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
    create = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"
    body = f'<r:Shell xmlns:r="{shell}"><r:OutputStreams>stdout</r:OutputStreams></r:Shell>'
    with transport(lab["P01"]) as client, pytest.raises(PywinrmTransportError) as error:
        client.send_message(envelope(action=create, uri=f"{shell}/cmd", body=body))
    assert 'Code="5"' in error.value.response_text
    assert lab["P01"].controls.counters()["shells_opened"] == 1


def test_connections_are_authenticated_one_by_one(hierarchy: RunningLab) -> None:
    host = hierarchy["P01"]
    with transport(host) as first:
        first.send_message(envelope(keys=SHARE))
        with requests.Session() as session:
            session.trust_env = False
            other = session.post(host.url, data=envelope(keys=SHARE), headers={"Content-Type": "application/soap+xml"})
        assert other.status_code == 401
        assert b"SMS_SITE" in first.send_message(envelope(keys=SHARE))


@pytest.mark.parametrize("before", [None, "/nowhere/users"])
def test_two_labs_in_one_process_know_their_own_users(
    lab: RunningLab, before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NTLM_USER_FILE", raising=False)
    if before:
        monkeypatch.setenv("NTLM_USER_FILE", before)
    with running_lab(1) as other:
        assert lab["C01"].password != other["C01"].password
        for running in (lab, other, lab):
            with connect(running["C01"]) as wsman:
                assert get(wsman, "Win32_Share", **SHARE)["Name"] == "SMS_SITE"
        with connect(lab["C01"], logon=other["C01"].logons[0]) as wsman, pytest.raises(AuthenticationError):
            get(wsman, "Win32_Share", **SHARE)
    assert os.environ.get("NTLM_USER_FILE") == before


def test_the_user_file_holds_no_password_and_is_private(lab: RunningLab) -> None:
    file = lab.lab.user_file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert lab["C01"].password not in file.read_text(encoding="utf-8")


def test_a_port_for_each_host_where_there_is_one_address() -> None:
    with running_lab(2, ports_mode=True) as lab:
        assert {urlsplit(host.url).hostname for host in lab.values()} == {"127.0.0.1"}
        for host in lab.values():
            with connect(host) as wsman:
                assert get(wsman, "Win32_ComputerSystem", Name=host.endpoint.host.name)["DNSHostName"] in (
                    "c01",
                    "p01",
                )


def test_a_stopped_lab_leaves_nothing_behind() -> None:
    with running_lab(1) as lab:
        url, directory = lab["C01"].url, lab.ca_file.parent
        Transport(url, username="x", password="x")
    assert not directory.exists()
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.post(url, proxies={"http": ""}, timeout=PATIENCE)
