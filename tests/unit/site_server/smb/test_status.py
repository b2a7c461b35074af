# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a status shows. The codes come from impacket's tables of [MS-ERREF]."""

from __future__ import annotations

import pytest
from impacket.dcerpc.v5.rpcrt import rpc_status_codes
from impacket.nt_errors import ERROR_MESSAGES
from impacket.system_errors import ERROR_MESSAGES as SYSTEM_ERROR_MESSAGES

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import answered
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    NoAnswer,
    NotFound,
    Rejected,
    ServerFault,
    SiteServerError,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.status import outcome_of

CODES = {
    **{name: code for code, (name, _text) in SYSTEM_ERROR_MESSAGES.items()},
    **{name: code for code, (name, _text) in ERROR_MESSAGES.items()},
    **{words.strip(): code for code, words in rpc_status_codes.items()},
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("STATUS_ACCESS_DENIED", AccessDenied),
        ("STATUS_PRIVILEGE_NOT_HELD", AccessDenied),
        ("ERROR_ACCESS_DENIED", AccessDenied),
        ("STATUS_OBJECT_NAME_NOT_FOUND", NotFound),
        ("STATUS_OBJECT_PATH_NOT_FOUND", NotFound),
        ("STATUS_BAD_NETWORK_NAME", NotFound),
        ("STATUS_NO_SUCH_ALIAS", NotFound),
        ("ERROR_SERVICE_DOES_NOT_EXIST", NotFound),
        ("STATUS_INVALID_PARAMETER", Rejected),
        ("STATUS_INVALID_SECURITY_DESCR", Rejected),
        ("STATUS_INVALID_ACL", Rejected),
        ("STATUS_INVALID_SID", Rejected),
        ("STATUS_INVALID_OWNER", Rejected),
        ("STATUS_NOT_SUPPORTED", Rejected),
        ("STATUS_MEMBER_IN_ALIAS", Rejected),
        ("STATUS_MEMBER_NOT_IN_ALIAS", Rejected),
        ("STATUS_NO_SUCH_MEMBER", Rejected),
        ("STATUS_INVALID_MEMBER", Rejected),
        ("STATUS_SHARING_VIOLATION", Rejected),
        ("STATUS_MEDIA_WRITE_PROTECTED", Rejected),
        ("ERROR_INVALID_PARAMETER", Rejected),
        ("ERROR_INVALID_SECURITY_DESCR", Rejected),
        ("RPC_S_CALL_FAILED_DNE", Rejected),
        ("nca_s_op_rng_error", Rejected),
        ("nca_s_unk_if", Rejected),
        ("STATUS_PIPE_BROKEN", NoAnswer),
        ("STATUS_PIPE_DISCONNECTED", NoAnswer),
        ("RPC_S_CALL_FAILED", NoAnswer),
        ("RPC_S_SERVER_UNAVAILABLE", NoAnswer),
        ("ERROR_BROKEN_PIPE", NoAnswer),
        ("ERROR_NETNAME_DELETED", NoAnswer),
        ("STATUS_INTERNAL_ERROR", ServerFault),
        ("STATUS_INSUFF_SERVER_RESOURCES", ServerFault),
        ("STATUS_INSUFFICIENT_RESOURCES", ServerFault),
        ("STATUS_UNSUCCESSFUL", ServerFault),
        ("STATUS_DISK_FULL", ServerFault),
        ("STATUS_CANCELLED", ServerFault),
        ("RPC_X_BAD_STUB_DATA", ServerFault),
        ("nca_s_fault_addr_error", ServerFault),
    ],
)
def test_a_status_shows_whether_anything_was_done(name: str, kind: type[SiteServerError]) -> None:
    error = answered(CODES[name])
    assert (error.kind, error.status) == ("refused", CODES[name])
    assert name in error.reason
    assert outcome_of(error.status) is kind


@pytest.mark.parametrize(
    "name",
    [
        "STATUS_IO_TIMEOUT",
        "STATUS_CONNECTION_RESET",
        "STATUS_CONNECTION_DISCONNECTED",
        "STATUS_CONNECTION_ABORTED",
        "STATUS_NETWORK_NAME_DELETED",
        "STATUS_NETWORK_SESSION_EXPIRED",
        "STATUS_USER_SESSION_DELETED",
        "STATUS_UNEXPECTED_NETWORK_ERROR",
        "STATUS_VIRTUAL_CIRCUIT_CLOSED",
    ],
)
def test_a_session_that_is_lost_is_a_connection_that_is_lost(name: str) -> None:
    assert answered(CODES[name]).kind == "unreachable"


def test_a_status_of_the_future_shows_nothing() -> None:
    assert outcome_of(0xC0FFFFFF) is ServerFault


def test_what_our_own_rules_refuse_was_never_sent() -> None:
    assert outcome_of(None) is Rejected


def test_an_hresult_is_the_windows_error_code_in_it() -> None:
    # [MS-ERREF] 2.1.2: FACILITY_WIN32.
    assert answered(0x800706BE).status == CODES["RPC_S_CALL_FAILED"]
