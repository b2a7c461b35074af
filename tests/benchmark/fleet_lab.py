# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab for the benchmark of the fleet, in a process of its own: ``python -m tests.benchmark.fleet_lab``.

All hosts are in the desired state, and two Sender accounts are owed access on each. It writes what Ansible needs to
reach them as JSON, which Ansible reads faster than YAML, and answers commands on its standard input:
``counters`` (prints the sums over all hosts), ``reset``, ``delay <ms>``, ``module <ms>`` and ``quit``.
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
from tests.lab.hierarchy import OWN_SENDER, SENDER, SERVICE, default_hierarchy
from tests.lab.lab import Lab
from tests.lab.scenario import build

INVENTORY = "inventory.json"
_COUNTERS = ("http_requests", "wsman_requests", "request_bytes", "response_bytes", "connections")


def scenario(count: int) -> dict[str, Any]:
    """The default hierarchy with one account for all addresses between sites, and every right where it belongs."""
    described = default_hierarchy(count)
    for site in described["sites"]:
        for address in site["addresses"]:
            if address["sender_account"] == OWN_SENDER:
                address["sender_account"] = SENDER
    for host in described["hosts"]:
        host["settings"] = {"runs_modules": True}
        receive = next(item for item in host["directories"] if item["path"].endswith("\\Receive"))
        share = next(item for item in host["shares"] if item["name"] == "SMS_SITE")
        administrators = [entry for entry in share["dacl"] if entry["principal"] == "S-1-5-32-544"]
        both = (SENDER, SERVICE)
        share["dacl"] = administrators + [{"principal": account, "access": "full_control"} for account in both]
        receive["dacl"] = [{"principal": account, "access": "read_write", "flags": "OI CI"} for account in both]
    return described


def _sums(lab: Lab) -> dict[str, int]:
    return {name: sum(getattr(host.record, name) for host in lab.scenario.hosts) for name in _COUNTERS}


async def _run(hosts: int, directory: Path) -> None:
    begun = time.monotonic()
    lab = Lab(build(scenario(hosts)), directory)
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
    arguments = parser.parse_args()
    asyncio.run(_run(arguments.hosts, arguments.build))


if __name__ == "__main__":
    main()
