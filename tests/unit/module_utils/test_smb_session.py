# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening an SMB session where there is none to be had."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import open_session
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from tests.unit.module_utils.smb_servers import answering, negotiated
from tests.waiting import PATIENCE

WRONG = "Not-The-Passw0rd"


def refusal(wanted: SmbSettings) -> SmbError:
    """What comes instead of a session."""
    with pytest.raises(SmbError) as caught, open_session(wanted):
        pass
    assert not wanted.password or wanted.password not in f"{caught.value}{caught.value!r}{vars(caught.value)}"
    return caught.value


def test_a_name_that_cannot_be_looked_up_is_not_a_closed_port() -> None:
    error = refusal(SmbSettings("C01", "no-such.invalid", 445, "CORP", "ansible", WRONG))
    assert (error.kind, error.advice.partition(".")[0]) == ("unreachable", "Check the name")


def test_nobody_is_nobody() -> None:
    with pytest.raises(SmbError, match="no user name is given") as caught:
        open_session(SmbSettings("C01", "127.0.0.1"))
    assert caught.value.kind == "logon"


@pytest.mark.parametrize("dialect", [None, "nt1"])
@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request", b"\xfeSMB", b"\xfeSMB" + bytes(200), b"\xffSMB" + bytes(40), bytes(64)],
    ids=["nothing", "HTTP", "a beginning", "an empty SMB 2 message", "an empty SMB 1 message", "zeros"],
)
def test_what_is_no_smb_server_is_named(answer: bytes, dialect: str | None) -> None:
    with answering(answer) as port:
        wanted = SmbSettings("C01", "127.0.0.1", port, "CORP", "ansible", WRONG, dialect=dialect, timeout=PATIENCE)
        error = refusal(wanted)
    assert error.kind in ("unreachable", "refused", "garbled")
    assert "127.0.0.1" in str(error) or error.advice


def test_kerberos_asks_the_realm_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, host_like: SmbSettings, tmp_path: Path
) -> None:
    monkeypatch.setenv("KRB5CCNAME", str(tmp_path / "none"))
    error = refusal(dataclasses.replace(host_like, kerberos=True, domain="NO-SUCH.INVALID", password=WRONG))
    assert error.kind == "logon"
    assert "no domain controller of NO-SUCH.INVALID answers for Kerberos" in str(error)
    error = refusal(dataclasses.replace(host_like, kerberos=True, domain="", user="", password=""))
    assert error.kind == "logon"
    assert "no Kerberos ticket" in str(error)
    assert "KRB5CCNAME" in error.advice


@pytest.fixture
def host_like() -> Iterator[SmbSettings]:
    """A server that negotiates, which is all that comes before Kerberos."""
    with answering(negotiated(0x0300)) as port:
        yield SmbSettings("C01", "127.0.0.1", port, "CORP", "ansible", WRONG, timeout=PATIENCE)
