# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host is reached: the variables that its inventory has. Every wait is short, so that a run is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

WAIT_SECONDS = 8


def variables(transport: str, address: tuple[str, int], user: str, password: str, ca_file: Path) -> Mapping[str, Any]:
    """Variables of a host that is reached in this way."""
    made = _MAKERS[transport](ca_file)
    return {
        "ansible_host": address[0],
        "ansible_smb_port" if transport.startswith("smb") else "ansible_port": address[1],
        "ansible_user": user,
        "ansible_password": password,
        **made,
    }


def _winrm(scheme: str, kind: str) -> dict[str, Any]:
    return {
        "ansible_connection": "winrm",
        "ansible_winrm_scheme": scheme,
        "ansible_winrm_transport": kind,
        "ansible_winrm_operation_timeout_sec": WAIT_SECONDS - 2,
        "ansible_winrm_read_timeout_sec": WAIT_SECONDS,
    }


def _smb() -> dict[str, Any]:
    return {"ansible_connection": "sitekeeper.sms.smb", "ansible_smb_timeout": WAIT_SECONDS}


_MAKERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "winrm_https_basic": lambda ca: _winrm("https", "basic") | {"ansible_winrm_ca_trust_path": str(ca)},
    "winrm_http_ntlm": lambda _ca: _winrm("http", "ntlm"),
    "psrp_https": lambda ca: {
        "ansible_connection": "psrp",
        "ansible_psrp_protocol": "https",
        "ansible_psrp_auth": "negotiate",
        "ansible_psrp_cert_validation": "validate",
        "ansible_psrp_ca_cert": str(ca),
        "ansible_psrp_operation_timeout": WAIT_SECONDS - 2,
        "ansible_psrp_connection_timeout": WAIT_SECONDS,
        "ansible_psrp_read_timeout": WAIT_SECONDS,
    },
    "smb_3": lambda _ca: _smb(),
    "smb_1": lambda _ca: _smb() | {"ansible_smb_dialect": "nt1", "ansible_smb_signing": "if_offered"},
}
SECURE = ("winrm_https_basic", "psrp_https")
