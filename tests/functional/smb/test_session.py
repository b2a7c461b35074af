# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMB sessions: who is let in, what has to be signed, and what a stranger in between may not do."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError, smb_errors
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import open_session
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings, split_account
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb.files import file_client
from tests.functional.smb.between import between
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab
from tests.waiting import PATIENCE

SAMBA_MISSING = missing()
on_samba = pytest.mark.skipif(
    bool(SAMBA_MISSING), reason=f"{SAMBA_MISSING}; as root on Debian, `make test` installs what it needs"
)
DIALECTS = ("SMB 3", "SMB 1")
RECEIVE = "D\\SMS\\Site.srv\\Despoolr.box\\Receive"
WRONG = "Not-The-Passw0rd"


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running_lab(default_hierarchy(1), backend="samba") as running:
        smb = running["C01"].smb
        assert smb is not None
        smb.set_parameters({"server signing": "auto"}, restart=True)
        yield running


@pytest.fixture
def host(lab: RunningLab) -> RunningHost:
    return lab["C01"]


def settings(host: RunningHost, account: str = "CORP\\ansible", dialect: str = "SMB 3") -> SmbSettings:
    domain, user = split_account(account)
    return SmbSettings(
        host="C01",
        address=host.address,
        domain=domain,
        user=user,
        password=host.credentials[account].password,
        dialect="nt1" if dialect == "SMB 1" else None,
        timeout=PATIENCE,
    )


def refusal(wanted: SmbSettings) -> SmbError:
    """What comes instead of a session."""
    with pytest.raises(SmbError) as caught, open_session(wanted) as session, smb_errors():
        file_client(session).attributes("C$", RECEIVE)
    assert not wanted.password or wanted.password not in f"{caught.value}{caught.value!r}{vars(caught.value)}"
    return caught.value


# -- who is let in


@on_samba
@pytest.mark.parametrize("dialect", DIALECTS)
def test_everything_is_signed_and_nothing_encrypted_by_default(host: RunningHost, dialect: str) -> None:
    with open_session(settings(host, dialect=dialect)) as session:
        assert session.signed
        assert not session.encrypted
        assert session.dialect == ("SMB 3.1.1" if dialect == "SMB 3" else "SMB 1")
        assert file_client(session).attributes("C$", RECEIVE) == 0x10


@on_samba
def test_encryption_is_had_for_the_asking(host: RunningHost) -> None:
    seen: list[bytes] = []

    def look(message: bytes) -> bytes:
        seen.append(message)
        return message

    with between(host.address, look) as port:
        wanted = dataclasses.replace(settings(host), address="127.0.0.1", port=port, encryption=True)
        with open_session(wanted) as session:
            assert session.encrypted
            assert len([*file_client(session).entries("C$", RECEIVE)]) == 2
    logon, rest = seen[:3], seen[3:]
    assert all(message.startswith(b"\xfeSMB") for message in logon)
    assert rest
    assert all(message.startswith(b"\xfdSMB") for message in rest)


@on_samba
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ("disabled", "STATUS_ACCOUNT_DISABLED", "is disabled"),
        ("locked_out", "STATUS_ACCOUNT_LOCKED_OUT", "is locked out"),
        ("account_expired", "STATUS_ACCOUNT_EXPIRED", "has expired"),
        ("password_expired", "STATUS_PASSWORD_EXPIRED", "password has expired"),
        ("must_change", "STATUS_PASSWORD_MUST_CHANGE", "must be changed"),
    ],
)
def test_the_state_of_an_account_is_told(host: RunningHost, state: str, status: str, words: str, dialect: str) -> None:
    assert host.smb is not None
    host.smb.set_account_state("CORP\\bystander", state)
    try:
        error = refusal(settings(host, "CORP\\bystander", dialect))
    finally:
        host.smb.set_account_state("CORP\\bystander", "ok")
    assert (error.kind, error.status_name) == ("logon", status)
    assert "CORP\\bystander" in error.reason
    assert words in error.reason


@on_samba
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_wrong_password_costs_one_attempt(host: RunningHost, dialect: str) -> None:
    answers = 0

    def count(message: bytes) -> bytes:
        nonlocal answers
        answers += 1
        return message

    with between(host.address, count) as port:
        wanted = dataclasses.replace(settings(host, dialect=dialect), address="127.0.0.1", port=port, password=WRONG)
        error = refusal(wanted)
    assert (error.kind, error.status_name) == ("logon", "STATUS_LOGON_FAILURE")
    assert "user name or the password is wrong" in error.reason
    # Negotiation, challenge, refusal. A second attempt would bring an account nearer to being locked out.
    assert answers == 3


# -- what is refused


@on_samba
def test_a_server_that_does_not_sign_smb_1_is_refused(lab: RunningLab, host: RunningHost) -> None:
    assert host.smb is not None
    host.smb.set_parameters({"server signing": "disabled"}, restart=True)
    try:
        error = refusal(settings(host, dialect="SMB 1"))
        accepted = dataclasses.replace(settings(host, dialect="SMB 1"), signing="if_offered")
        with open_session(accepted) as session:
            assert not session.signed
    finally:
        host.smb.set_parameters({"server signing": "auto"}, restart=True)
    assert error.kind == "refused"
    assert "does not offer to sign" in error.reason
    assert "ansible_smb_signing: if_offered" in error.advice


@on_samba
def test_a_server_of_smb_1_alone_leads_to_the_advice(host: RunningHost) -> None:
    assert host.smb is not None
    host.smb.set_parameters({"server max protocol": "NT1"}, restart=True)
    try:
        error = refusal(settings(host))
    finally:
        host.smb.set_parameters({"server max protocol": None}, restart=True)
    assert error.kind in ("unreachable", "refused")
    assert "ansible_smb_dialect: nt1" in error.advice


@on_samba
def test_a_server_without_smb_1_leads_to_the_advice(host: RunningHost) -> None:
    assert host.smb is not None
    host.smb.set_parameters({"server min protocol": "SMB2_02"}, restart=True)
    try:
        error = refusal(settings(host, dialect="SMB 1"))
    finally:
        host.smb.set_parameters({"server min protocol": "NT1"}, restart=True)
    assert error.kind in ("unreachable", "refused")
    assert "leave ansible_smb_dialect out" in error.advice


@on_samba
def test_encryption_that_the_server_does_not_have_is_refused(host: RunningHost) -> None:
    assert host.smb is not None
    host.smb.set_parameters({"server max protocol": "SMB2_10"}, restart=True)
    try:
        error = refusal(dataclasses.replace(settings(host), encryption=True))
        with open_session(settings(host)) as session:
            assert (session.dialect, session.signed) == ("SMB 2.1", True)
            assert file_client(session).attributes("C$", RECEIVE) == 0x10
    finally:
        host.smb.set_parameters({"server max protocol": None}, restart=True)
    assert error.kind == "refused"
    assert "does not encrypt" in error.reason
    old = refusal(dataclasses.replace(settings(host, dialect="SMB 1"), encryption=True))
    assert "SMB 1 does not encrypt" in old.reason


# -- a stranger in between


def signing_bit_off(message: bytes) -> bytes:
    """The negotiate response of a server that does not sign ([MS-SMB2] 2.2.4, SecurityMode)."""
    command, status = struct.unpack_from("<H", message, 12)[0], struct.unpack_from("<L", message, 8)[0]
    return message[:66] + b"\0\0" + message[68:] if (command, status) == (0, 0) else message


@on_samba
def test_a_negotiation_without_signing_is_refused(host: RunningHost) -> None:
    with between(host.address, signing_bit_off) as port:
        error = refusal(dataclasses.replace(settings(host), address="127.0.0.1", port=port))
    assert error.kind == "refused"
    assert "does not offer to sign" in error.reason


@on_samba
def test_a_changed_negotiation_breaks_the_logon_of_smb_3_1_1(host: RunningHost) -> None:
    def weaker(message: bytes) -> bytes:
        is_negotiation = struct.unpack_from("<H", message, 12)[0] == 0
        return message[:104] + bytes(8) + message[112:] if is_negotiation else message  # SystemTime, harmless in itself

    with between(host.address, weaker) as port:
        error = refusal(dataclasses.replace(settings(host), address="127.0.0.1", port=port))
    assert error.kind in ("garbled", "refused", "logon")


@on_samba
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("encryption", [False, True])
def test_a_changed_answer_is_not_believed(host: RunningHost, dialect: str, encryption: bool) -> None:
    if encryption and dialect == "SMB 1":
        dialect = "SMB 3"
    armed = False

    def last_byte_changed(message: bytes) -> bytes:
        return message[:-1] + bytes((message[-1] ^ 1,)) if armed else message

    with between(host.address, last_byte_changed) as port:
        wanted = settings(host, dialect=dialect)
        wanted = dataclasses.replace(wanted, address="127.0.0.1", port=port, encryption=encryption)
        with open_session(wanted) as session:
            files = file_client(session)
            files.connect("C$")
            armed = True
            with pytest.raises(SmbError, match=r"signature is wrong|was changed on its way") as caught:
                files.attributes("C$", RECEIVE)
    assert caught.value.kind == "garbled"


@on_samba
def test_an_answer_to_another_request_is_not_believed_where_nothing_is_signed(host: RunningHost) -> None:
    assert host.smb is not None
    host.smb.set_parameters({"server signing": "disabled"}, restart=True)
    answers: list[bytes] = []
    armed = False

    def replayed(message: bytes) -> bytes:
        answers.append(message)
        return answers[-2] if armed else message

    try:
        with between(host.address, replayed) as port:
            wanted = dataclasses.replace(settings(host, dialect="SMB 1"), signing="if_offered")
            with open_session(dataclasses.replace(wanted, address="127.0.0.1", port=port)) as session:
                files = file_client(session)
                files.connect("C$")
                files.attributes("C$", RECEIVE)
                armed = True
                with pytest.raises(SmbError, match="answers another request") as caught:
                    files.attributes("C$", RECEIVE)
    finally:
        host.smb.set_parameters({"server signing": "auto"}, restart=True)
    assert caught.value.kind == "garbled"


@on_samba
def test_an_unsigned_answer_is_not_believed(host: RunningHost) -> None:
    armed = False

    def stripped(message: bytes) -> bytes:
        if not armed:
            return message
        (flags,) = struct.unpack_from("<L", message, 16)
        return message[:16] + struct.pack("<L", flags & ~8) + message[20:48] + bytes(16) + message[64:]

    with between(host.address, stripped) as port:
        wanted = dataclasses.replace(settings(host), address="127.0.0.1", port=port)
        with open_session(wanted) as session:
            files = file_client(session)
            files.connect("C$")
            armed = True
            with pytest.raises(SmbError, match="is not signed") as caught:
                files.attributes("C$", RECEIVE)
    assert caught.value.kind == "garbled"


@on_samba
def test_an_unencrypted_answer_is_not_believed(host: RunningHost) -> None:
    armed = False

    def in_clear(message: bytes) -> bytes:
        plain = struct.pack("<4sHHLHHLLQLLQ16s", b"\xfeSMB", 64, 0, 0, 5, 1, 1, 0, 5, 0, 1, 1, bytes(16))
        return plain + bytes(96) if armed else message

    with between(host.address, in_clear) as port:
        wanted = dataclasses.replace(settings(host), address="127.0.0.1", port=port, encryption=True)
        with open_session(wanted) as session:
            files = file_client(session)
            files.connect("C$")
            armed = True
            with pytest.raises(SmbError, match="is not encrypted"):
                files.attributes("C$", RECEIVE)
