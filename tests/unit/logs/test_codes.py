# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error codes and what they mean."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import (
    CodeKind,
)

from .reading import read


@pytest.mark.parametrize("code", ["38a", "cb", "12"])
def test_codes_of_the_despooler_that_tell_of_no_permissions(code: str) -> None:
    # Q264945: 38a is informational; Q169491: cb is a warning; Microsoft Learn: 12 is tried again.
    _report, found = read(f"~Despooler failed to execute the instruction, error code = {code}\n")
    assert [(one.code, one.kind) for one in found] == [(code, CodeKind.OTHER)]
    assert found[0].explained is not None


def test_a_code_that_nobody_explains_stays_unexplained() -> None:
    _report, found = read("Despooler failed to execute the instruction, error code = c0000001\n")
    assert (found[0].explained, found[0].kind) == (None, CodeKind.OTHER)


@pytest.mark.parametrize(
    ("line", "code", "server", "kind"),
    [
        ("Error during WNetAddConnection2 (53)", "53", "", CodeKind.NAME),  # Q221951
        (r"Error during WNetAddConnection2 to \\Server\SMS_SITE (487).", "487", "Server", CodeKind.OTHER),  # Q261874
        (
            r"~Error during connection to \\P01.corp.example\SMS_SITE (5).",
            "5",
            "P01.corp.example",
            CodeKind.ACCESS_DENIED,
        ),
        ("There is no existing connection, Win32 error = 1326", "1326", "", CodeKind.LOGON),
        ("WIN32 ERROR = 32", "32", "", CodeKind.OTHER),  # Q161043
    ],
)
def test_codes_of_windows(line: str, code: str, server: str, kind: CodeKind) -> None:
    _report, found = read(line)
    assert [(one.code, one.server, one.kind) for one in found] == [(code, server, kind)]
    assert found[0].explained is not None
