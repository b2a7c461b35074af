# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab for the benchmark of the fleet, in a process of its own: ``python -m tests.benchmark.fleet_lab``.

All hosts are in the desired state, and two Sender accounts need access on each. It writes what Ansible needs to
reach them as JSON, which Ansible reads faster than YAML, and answers commands on its standard input:
``counters`` (prints the sums over all hosts), ``reset``, ``delay <ms>``, ``module <ms>`` and ``quit``.

``--senders regions``: each primary site and its secondary sites have a Sender account of their own.
``--senders computers``: each site sends as the computer account of its server.
``--access group``: no account has entries of its own. All are in the domain group `GROUP`, which is in the local group
Administrators of each server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.lab import inventory
from tests.lab.hierarchy import OWN_SENDER, SENDER, SERVICE, default_hierarchy, with_administrator
from tests.lab.lab import Lab
from tests.lab.scenario import build

INVENTORY = "inventory.json"
GROUP = "SCCM Servers"
_COUNTERS = ("http_requests", "wsman_requests", "request_bytes", "response_bytes", "connections")


def scenario(count: int, senders: str = "shared", access: str = "entries") -> dict[str, Any]:
    """The default hierarchy with every right where it belongs.

    Args:
        count: hosts.
        senders: `shared`: one account for all addresses between sites; `regions` or `computers`: see above.
        access: `entries` of the accounts' own, or through the domain `group`.
    """
    described = default_hierarchy(count)
    sites = {site["code"]: site for site in described["sites"]}
    for site in sites.values():
        for address in site["addresses"]:
            address["sender_account"] = _sender(site, sites[address["to"]], address["sender_account"], senders)
    names = {address["sender_account"].partition("\\")[2] for site in sites.values() for address in site["addresses"]}
    known = {account["name"] for account in described["accounts"]} | {f"{host['name']}$" for host in described["hosts"]}
    described["accounts"] += [{"name": name} for name in sorted(names - known)]
    described["accounts"].append({"name": GROUP, "type": "group"})
    required: dict[str, dict[str, None]] = {code: {} for code in sites}
    for site in sites.values():
        for address in site["addresses"]:
            required[address["to"]][address["sender_account"]] = None
    for host in described["hosts"]:
        host["settings"] = {"runs_modules": True}
        # With `logon: true`: both rights set by group policy.
        host["group_policy"] = [
            {"right": "SeNetworkLogonRight", "accounts": ["S-1-5-11", "S-1-5-32-544"]},
            {"right": "SeDenyNetworkLogonRight", "accounts": ["S-1-5-114"]},
        ]
        receive = next(item for item in host["directories"] if item["path"].endswith("\\Receive"))
        share = next(item for item in host["shares"] if item["name"] == "SMS_SITE")
        accounts = [SENDER, SERVICE] if senders == "shared" else list(required[host["site"]])
        if access == "group":
            accounts = []
            host["members"]["S-1-5-32-544"].append(f"CORP\\{GROUP}")
        share["dacl"] = [entry for entry in share["dacl"] if entry["principal"] == "S-1-5-32-544"]
        share["dacl"] += [{"principal": account, "access": "full_control"} for account in accounts]
        receive["dacl"] = [{"principal": account, "access": "read_write", "flags": "OI CI"} for account in accounts]
    return with_administrator(described)


def _sender(site: dict[str, Any], to: dict[str, Any], sender: str, senders: str) -> str:
    """The account of an address."""
    if senders == "computers":
        return f"CORP\\{site['code']}$"
    if sender not in (SENDER, OWN_SENDER):
        return sender
    if senders == "shared":
        return SENDER
    # One end of each address is the primary site of the region, the other one is below or above it.
    primary = max(site, to, key=lambda end: end["code"].startswith("P"))
    return f"{SENDER}-{primary['code'].lower()}"


def senders_of(description: dict[str, Any]) -> list[str]:
    """All accounts that sites send as, without their domain."""
    found = {address["sender_account"] for site in description["sites"] for address in site["addresses"]}
    return sorted(account.partition("\\")[2] for account in found)


def _sums(lab: Lab) -> dict[str, int]:
    return {name: sum(getattr(host.record, name) for host in lab.scenario.hosts) for name in _COUNTERS}


async def _run(described: dict[str, Any], directory: Path) -> None:
    begun = time.monotonic()
    lab = Lab(build(described), directory)
    await lab.start()
    try:
        (directory / INVENTORY).write_text(json.dumps(inventory.inventory(lab)), encoding="utf-8")
        (directory / INVENTORY).chmod(0o600)
        print(f"{time.monotonic() - begun:.1f}", flush=True)
        loop = asyncio.get_running_loop()
        while True:
            command, _blank, value = (await loop.run_in_executor(None, sys.stdin.readline)).strip().partition(" ")
            if command in ("", "quit"):
                return
            for host in lab.scenario.hosts:
                if command == "reset":
                    host.record.reset()
                elif command == "delay":
                    host.misbehaviour.delay_ms = int(value)
                elif command == "module":
                    host.misbehaviour.module_ms = int(value)
            print(json.dumps(_sums(lab)), flush=True)
    finally:
        (directory / INVENTORY).unlink(missing_ok=True)
        await lab.stop()


def main() -> None:
    """Run until told to quit, or until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.fleet_lab")
    parser.add_argument("--hosts", type=int, required=True)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--senders", choices=("shared", "regions", "computers"), default="shared")
    parser.add_argument("--access", choices=("entries", "group"), default="entries")
    arguments = parser.parse_args()
    described = scenario(arguments.hosts, arguments.senders, arguments.access)
    asyncio.run(_run(described, arguments.build))


if __name__ == "__main__":
    main()
