# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kerberos where no KDC answers as one should; a real one stands in tests/functional/smb."""

from __future__ import annotations

import socket
from datetime import datetime, timezone
from pathlib import Path

import pytest
from impacket.krb5.asn1 import KRB_ERROR, seq_set
from impacket.krb5.types import KerberosTime, Principal
from pyasn1.codec.der import encoder

from ansible_collections.sitekeeper.sms.plugins.module_utils.kerberos import TicketError, service_ticket
from tests.unit.module_utils.smb_endless import slowly
from tests.unit.module_utils.smb_servers import answering, serving
from tests.waiting import PATIENCE

SERVICE = "cifs/c01.corp.example"


def configure(monkeypatch: pytest.MonkeyPatch, directory: Path, *ports: int) -> None:
    kdcs = "".join(f" kdc = 127.0.0.1:{port}\n" for port in ports)
    (directory / "krb5.conf").write_text(f"[realms]\nCORP.EXAMPLE = {{\n{kdcs}}}\n")
    monkeypatch.setenv("KRB5_CONFIG", str(directory / "krb5.conf"))
    monkeypatch.setenv("KRB5CCNAME", str(directory / "none"))


def refusal(password: str = "Secret-1", timeout: float = PATIENCE) -> TicketError:
    with pytest.raises(TicketError) as caught:
        service_ticket("ansible", "CORP.EXAMPLE", password, SERVICE, timeout)
    assert "Secret-1" not in str(caught.value)
    return caught.value


def test_a_kdc_that_never_comes_to_an_end_costs_its_time_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def serve(client: socket.socket) -> None:
        client.recv(1)
        client.sendall((60_000).to_bytes(4, "big"))
        for piece in slowly(lambda: b"\0"):
            client.sendall(piece)

    with serving(serve) as port:
        configure(monkeypatch, tmp_path, port)
        assert f"127.0.0.1 port {port}: no answer in 0.25 seconds" in str(refusal(timeout=0.25))


def test_each_kdc_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [each.getsockname()[1] for each in (one, other)]
    configure(monkeypatch, tmp_path, *ports)
    error = refusal()
    assert "no domain controller of CORP.EXAMPLE answers for Kerberos" in str(error)
    assert all(f"127.0.0.1 port {port}" in str(error) for port in ports)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request", bytes(64), b"\x7e\x02\x30\x00"])
def test_an_answer_that_is_none_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: bytes) -> None:
    with answering(answer) as port:
        configure(monkeypatch, tmp_path, port)
        assert str(refusal())


@pytest.mark.parametrize(("code", "wrong"), [(24, True), (18, False), (6, False)])
def test_a_wrong_password_is_marked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, wrong: bool) -> None:
    """KDC_ERR_PREAUTH_FAILED (RFC 4120, 7.5.9)."""
    made = KRB_ERROR()
    made["pvno"], made["msg-type"] = 5, 30
    made["stime"], made["susec"] = KerberosTime.to_asn1(datetime.now(timezone.utc)), 0
    made["error-code"] = code
    made["realm"] = "CORP.EXAMPLE"
    seq_set(made, "sname", Principal("krbtgt/CORP.EXAMPLE", type=2).components_to_asn1)
    with answering(encoder.encode(made)) as port:
        configure(monkeypatch, tmp_path, port)
        assert refusal().wrong_password is wrong


def test_without_a_password_a_ticket_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure(monkeypatch, tmp_path)
    error = refusal(password="")
    assert "no Kerberos ticket" in str(error)
    assert "KRB5CCNAME" in error.advice


def test_a_netbios_name_leads_to_the_controllers_of_its_realm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with answering(b"") as port:
        configure(monkeypatch, tmp_path, port)
        for domain, domains in (("CORP", {}), ("OLDCORP", {"corp.example": "oldcorp"})):
            with pytest.raises(TicketError, match="the KDC's answer, or the ticket, cannot be used"):
                service_ticket("ansible", domain, "Secret-1", SERVICE, PATIENCE, domains)


def test_a_netbios_name_without_a_realm_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure(monkeypatch, tmp_path)
    with pytest.raises(TicketError) as caught:
        service_ticket("ansible", "OLDCORP..", "Secret-1", SERVICE, PATIENCE)
    assert "no domain controller of OLDCORP" in caught.value.reason
    assert "ansible_smb_domains: {corp.example: OLDCORP" in caught.value.advice
    assert "name@REALM" in caught.value.advice
