# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong over SMB: its kind, its words, its status, and whether the connection is of more use."""

from __future__ import annotations

import struct

import pytest
from impacket.dcerpc.v5.rpcrt import DCERPCException
from impacket.smbconnection import SessionError

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import (
    SmbError,
    answered,
    reason_of,
    smb_errors,
    status_name,
    status_words,
)

DENIED, LOCKED_OUT, NEVER_SEEN = 0xC0000022, 0xC0000234, 0xC0DEC0DE


def translated(error: Exception, logon: str | None = None) -> SmbError:
    with pytest.raises(SmbError) as caught, smb_errors(logon=logon):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (SessionError(DENIED), "refused", "STATUS_ACCESS_DENIED"),
        (SessionError(0xC000020D), "unreachable", "STATUS_CONNECTION_RESET"),
        (DCERPCException(error_code=5), "refused", "ERROR_ACCESS_DENIED"),
        (DCERPCException("fragments"), "garbled", "the remote procedure call failed: fragments"),
        (TimeoutError("no whole answer within 1 seconds"), "unreachable", "no whole answer within 1 seconds"),
        (
            ConnectionResetError(104, "Connection reset by peer"),
            "unreachable",
            "the connection broke: Connection",
        ),
        # impacket has no exception of its own for an answer of the wrong shape.
        (struct.error("unpack requires a buffer of 4 bytes"), "garbled", "the answer cannot be used (unpack requires"),
        (KeyError("Data"), "garbled", "the answer cannot be used"),
        (UnicodeDecodeError("utf-16le", b"x", 0, 1, "truncated data"), "garbled", "truncated data"),
    ],
)
def test_each_failure_has_a_kind(error: Exception, kind: str, words: str) -> None:
    found = translated(error)
    assert found.kind == kind
    assert words in str(found)
    assert ".." not in str(found)
    assert (found.kind in SmbError.LOST) is (kind != "refused")


@pytest.mark.parametrize(
    ("status", "words"),
    [(LOCKED_OUT, "the account is locked out (STATUS_ACCOUNT_LOCKED_OUT)"), (NEVER_SEEN, "(0xC0DEC0DE)")],
)
def test_a_refused_logon_names_the_account_and_the_reason(status: int, words: str) -> None:
    found = translated(SessionError(status), logon="CORP\\ansible")
    assert (found.kind, found.status) == ("logon", status)
    assert str(found).startswith("CORP\\ansible: ")
    assert words in str(found)
    assert found.advice


def test_what_is_translated_already_stays() -> None:
    error = SmbError("refused", "no", "Try again.")
    assert translated(error) is error
    assert str(error) == "no. Try again."


def test_nothing_else_is_taken_for_a_failure() -> None:
    with pytest.raises(KeyboardInterrupt), smb_errors():
        raise KeyboardInterrupt


def test_names_and_words_of_a_status() -> None:
    assert (status_name(None), status_name(DENIED), status_name(NEVER_SEEN)) == (
        "", "STATUS_ACCESS_DENIED", "0xC0DEC0DE"
    )  # fmt: skip
    assert status_words(NEVER_SEEN) == "0xC0DEC0DE"
    assert status_words(DENIED).startswith("STATUS_ACCESS_DENIED: ")
    # A Windows error code as an HRESULT is the same code.
    assert answered(0x80070005).status == 5


def test_a_reason_is_one_line_of_bounded_length() -> None:
    assert reason_of(Exception("a\n b\tc")) == "a b c"
    assert len(reason_of(Exception("x" * 5000))) == 300
    assert reason_of(OSError("outer", OSError(111, "Connection refused"))) == "Connection refused"
    assert reason_of(ValueError()) == "ValueError"
