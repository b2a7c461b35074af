# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kind of failure a fault shows, by its codes. How faults are read stands in test_faults.py."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import (
    WSManError,
    WSManFault,
    WSManProtocolError,
    WSManValueError,
)

KINDS = ("class_missing", "not_found", "access_denied", "timed_out", "too_large", "invalid_request")


def kinds(fault: WSManFault) -> set[str]:
    return {kind for kind in KINDS if getattr(fault, kind)}


@pytest.mark.parametrize(
    ("code", "subcode"), [(2150858790, "wsman:SchemaValidationError"), (2150858824, "x"), (None, "w:EncodingLimit")]
)
def test_an_answer_that_is_too_large_is_told_apart(code: int | None, subcode: str) -> None:
    fault = WSManFault("too large", code=code, subcode=subcode.rpartition(":")[2])
    assert fault.too_large
    assert not fault.timed_out
    assert not WSManFault("too slow", code=2150858793).too_large


def test_where_the_provider_speaks_only_that_counts() -> None:
    assert kinds(WSManFault("no", code=5)) == {"access_denied"}
    assert kinds(WSManFault("no", code=5, wmi_error_code=0x80041001)) == set()
    assert kinds(WSManFault("no", code=1, wmi_error_code=0x80041008)) == {"invalid_request"}
    assert kinds(WSManFault("no", subcode="AccessDenied", cim_status=4)) == {"invalid_request"}


def test_an_address_that_leads_nowhere_is_no_instance_unless_there_is_a_code() -> None:
    assert WSManFault("no", subcode="DestinationUnreachable").not_found
    assert not WSManFault("no", subcode="DestinationUnreachable", code=1).not_found


def test_whatever_is_not_known_may_have_been_done() -> None:
    assert not WSManFault("no").refused
    assert not WSManFault("no", code=0x80041001).refused
    assert WSManFault("no", code=5).refused


def test_a_fault_is_one_line_with_its_codes() -> None:
    fault = WSManFault(
        "It\nfailed.", code=5, subcode="AccessDenied", provider_message="no\x1b", wmi_error_code=0x80041003
    )
    text = str(fault)
    assert text.isprintable()
    assert text.startswith("It failed. - no")
    for part in ("AccessDenied", "WSManFault 5", "WMI error 0x80041003"):
        assert part in text
    assert str(WSManFault("")) != ""


def test_all_of_them_are_of_one_family() -> None:
    assert all(issubclass(kind, WSManError) for kind in (WSManFault, WSManProtocolError, WSManValueError))
