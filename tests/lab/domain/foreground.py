# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain in the foreground, with what its users need: ``inventory.yml`` for Ansible and ``domain.json``."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from ...waiting import PATIENT
from ..inventory import INVENTORY, write_private
from .description import State
from .lab import DomainLab
from .testing import RunningComputer, RunningDomain, running_in

ACCOUNTS = "domain.json"
_ADMINISTRATOR = "ansible"
_DIRECTORY_SECONDS = 300
"""As ``PATIENT``, for a domain controller: the longest that ``sms_directory`` takes."""


def serve(build: Path, seconds: float | None = None) -> None:
    """Run the domain until SIGINT or SIGTERM, or so many seconds; raises LabError."""
    lab = DomainLab(build)
    stopping = threading.Event()
    with _interrupted_by_sigterm():
        try:
            lab.start()
            running = running_in(lab)
            write_private(build / INVENTORY, yaml.safe_dump(inventory(running), sort_keys=False, width=110))
            write_private(build / ACCOUNTS, json.dumps(accounts(running), indent=1) + "\n")
            _announce(running, build)
            stopping.wait(seconds)
        except KeyboardInterrupt:
            pass
        finally:
            if lab.started:
                for name in (INVENTORY, ACCOUNTS):
                    (build / name).unlink(missing_ok=True)
            lab.stop()


def inventory(domain: RunningDomain) -> dict[str, Any]:
    """The group ``sms_sites`` over SMB with Kerberos. Every site sends to every other one, as its computer account."""
    servers = _servers(domain)
    addresses: dict[str, list[dict[str, str]]] = {server.name: [] for server in servers}
    for source, destination in permutations(addresses, 2):
        addresses[source].append({"to": destination, "sender_account": rf"{domain.netbios}\{source}$"})
    administrator = domain.accounts[_ADMINISTRATOR]
    central = servers[0].name
    return {
        "sms_sites": {
            "hosts": {
                server.dns_name: {"ansible_host": server.address, "sms_site_code": server.name} for server in servers
            },
            "vars": {
                "ansible_connection": "sitekeeper.sms.smb",
                "ansible_smb_auth": "kerberos",
                "ansible_smb_domains": {one.dns_domain: one.netbios for one in _domains(domain)},
                "ansible_user": administrator.user,
                "ansible_password": administrator.password,
                "ansible_smb_kerberos_hostname_override": "{{ inventory_hostname }}",
                **PATIENT,
                "sms_directory": [
                    {"server": one.controller.dns_name, "address": one.kdc, "timeout": _DIRECTORY_SECONDS}
                    for one in _domains(domain)
                ],
                "sms_sites": [
                    {
                        "code": server.name,
                        "server": server.dns_name,
                        "product": "configmgr",
                        **({} if server.name == central else {"parent": central}),
                        "addresses": addresses[server.name],
                    }
                    for server in servers
                ],
            },
        }
    }


def accounts(domain: RunningDomain) -> dict[str, Any]:
    """Everything that a client needs to reach the domain as anybody."""
    domains = _domains(domain)
    everybody = [account for one in domains for account in (one.administrator, *one.accounts.values())]
    local = [account for server in _servers(domain) for account in server.local_accounts.values()]
    return {
        "realm": domain.realm,
        "netbios": domain.netbios,
        "kdc": domain.kdc,
        "krb5_conf": str(domain.krb5_conf),
        "run": str(domain.run_script),
        "computers": {server.dns_name: server.address for one in domains for server in _servers(one)},
        "accounts": [
            {
                "user": account.user,
                "sid": account.sid,
                "kind": account.kind.value,
                "state": account.state.value,
                "password": account.password,
                "keytab": str(account.keytab) if account.keytab and account.keytab.exists() else None,
            }
            for account in (*everybody, *local)
        ],
    }


def _servers(domain: RunningDomain) -> tuple[RunningComputer, ...]:
    return (domain.controller, *domain.members.values())


def _domains(domain: RunningDomain) -> tuple[RunningDomain, ...]:
    """The domain and those that it trusts."""
    return (domain, *domain.trusted.values())


def _announce(domain: RunningDomain, build: Path) -> None:
    """What is ready and where its passwords are; the passwords themselves are in the file alone."""
    print(f"domain ready: {domain.realm}, {build / INVENTORY}, {build / ACCOUNTS}")
    print(f"  export KRB5_CONFIG={domain.krb5_conf}")
    print(f"  {domain.run_script} COMMAND runs a command that finds the computers by their names")
    for server in _servers(domain):
        role = "domain controller" if server is domain.controller else "member server"
        print(f"  {server.name:4} {server.dns_name:24} {server.address:16} {role}")
    for partner in domain.trusted.values():
        print(f"  {partner.controller.name:4} {partner.controller.dns_name:24} {partner.kdc:16} trusted domain")
    everybody = [account for one in _domains(domain) for account in one.accounts.values()]
    for account in everybody:
        state = "" if account.state is State.OK else account.state.value
        print(f"  {account.user:26} {account.kind.value:32} {state}".rstrip())
    sys.stdout.flush()


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, also while the domain starts."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
