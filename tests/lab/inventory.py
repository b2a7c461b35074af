# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a started lab writes for its users: ``inventory.yml`` for Ansible and ``endpoints.json``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..waiting import PATIENT
from .lab import Endpoint, Lab
from .model import Logon

INVENTORY, ENDPOINTS = "inventory.yml", "endpoints.json"
WINRM: Mapping[str, Any] = {
    "ansible_connection": "winrm",
    "ansible_winrm_scheme": "http",
    "ansible_winrm_transport": "ntlm",
    **PATIENT,
}
"""The variables of all hosts, which a patient client reaches by WinRM: NTLM over HTTP."""


def write(lab: Lab, build: Path) -> None:
    """Write both files, each at once, readable by their owner alone: they hold passwords."""
    write_private(build / INVENTORY, yaml.safe_dump(inventory(lab), sort_keys=False, allow_unicode=True, width=110))
    write_private(build / ENDPOINTS, json.dumps(endpoints(lab), indent=1) + "\n")


def remove(build: Path) -> None:
    """Remove both."""
    for name in (INVENTORY, ENDPOINTS):
        (build / name).unlink(missing_ok=True)


def inventory(lab: Lab) -> dict[str, Any]:
    """The group ``sms_sites``, ready for the winrm connection over HTTP with NTLM."""
    passwords = {"lab_passwords": _passwords(lab.endpoints[0])} if lab.backend == "samba" else {}
    # A scenario without sites leaves them to another source of the inventory.
    sites = {"sms_sites": [_plain(site) for site in lab.scenario.sites]} if lab.scenario.sites else {}
    return {
        "sms_sites": {
            "hosts": {
                endpoint.host.dns_name: {**reach(endpoint), "sms_site_code": endpoint.host.site}
                for endpoint in lab.endpoints
            },
            "vars": {
                **WINRM,
                **passwords,
                **sites,
            },
        }
    }


def endpoints(lab: Lab) -> dict[str, Any]:
    """Everything a test needs to reach the lab."""
    return {
        "control": {"url": lab.control.url, "token": lab.control.token},
        "ca_cert": str(lab.ca_file.resolve()),
        "hosts": [
            {
                "name": endpoint.host.dns_name,
                "netbios_name": endpoint.host.name,
                "site": endpoint.host.site,
                "url": endpoint.url,
                "https_url": endpoint.https_url,
                "user": endpoint.host.logons[0].user,
                "password": endpoint.host.logons[0].password,
                "backend": lab.backend,
                "address": endpoint.address,
                "smb_port": endpoint.smb_port,
                "credentials": _passwords(endpoint),
            }
            for endpoint in lab.endpoints
        ],
    }


def _passwords(endpoint: Endpoint) -> dict[str, str]:
    """The passwords of everyone who may log on."""
    return {user: logon.password for user, logon in endpoint.credentials.items()}


def reach(endpoint: Endpoint, logon: Logon | None = None) -> dict[str, Any]:
    """The variables of a host that say where it is and who logs on; an administrator if nobody else is given."""
    logon = logon or endpoint.host.logons[0]
    return {
        "ansible_host": endpoint.address,
        "ansible_port": endpoint.port,
        "ansible_user": logon.user,
        "ansible_password": logon.password,
    }


def _plain(site: Mapping[str, Any]) -> dict[str, Any]:
    """A copy: YAML would write shared lists as anchors."""
    copied: dict[str, Any] = json.loads(json.dumps(dict(site)))
    return copied


def write_private(path: Path, text: str) -> None:
    """Write a file at once, readable by its owner alone."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)
