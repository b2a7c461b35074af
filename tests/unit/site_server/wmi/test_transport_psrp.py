# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a psrp connection's options make of the transport; what it sends stands in test_http.py."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.transport_psrp import PsrpTransport
from tests.connection_plugins import connection_plugin


def transport(**changed: Any) -> PsrpTransport:
    variables = {
        "ansible_host": "c01.corp.example",
        "ansible_user": "CORP\\ops",
        "ansible_password": "S3cret",
        **changed,
    }
    return PsrpTransport("c01", connection_plugin("psrp", variables), 1 << 20)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "https://c01.corp.example:5986/wsman"),
        ({"ansible_psrp_protocol": "http", "ansible_port": 5985}, "http://c01.corp.example:5985/wsman"),
        ({"ansible_psrp_path": "x"}, "https://c01.corp.example:5986/x"),
    ],
)
def test_the_address_follows_from_the_options(variables: dict[str, Any], url: str) -> None:
    made = transport(**variables)
    assert made.url == url
    made.close()


def test_the_account_and_the_time_follow_from_the_options() -> None:
    made = transport(ansible_psrp_operation_timeout=42)
    assert (made.user, made.timeout) == ("CORP\\ops", 42.0)


def test_closing_what_was_never_open_is_no_error() -> None:
    made = transport()
    made.close()
    made.close()
