# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `sms_directory` costs: `fleet_audit` with and without it, and access through a domain group instead of entries.

Mocked hosts and a domain controller of the lab (tests.lab.directory), each in a process of its own on this machine, all
hosts in the desired state. It counts requests to the hosts and queries to the domain controller. Environment:
``DIRECTORY_RUNS`` (3) runs of each, in turns, ``DIRECTORY_SIZE`` (6000) hosts. All figures are medians.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.lab.directory import QUERIES, DirectoryAccount, RunningDirectory, running_directory

from .fleet import CHECKOUT, FleetLab, Run, run_client, running_lab
from .fleet_lab import GROUP, scenario, senders_of

RUNS = int(os.environ.get("DIRECTORY_RUNS", "3"))
SIZE = int(os.environ.get("DIRECTORY_SIZE", "6000"))
AUDIT = "audit.jsonl"
COLUMNS = (
    *("accounts", "seconds", "cpu_ms_per_host", "peak_mb", "requests_per_host", "ldap_queries", "ldap_per_account"),
    *("ldap_connections", "ratio"),
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run the audit.

    Attributes:
        name: its row.
        senders: see `fleet_lab`.
        access: see `fleet_lab`.
        directory: whether it has `sms_directory`.
        logon: whether it looks at the rights to log on.
    """

    name: str
    senders: str
    access: str
    directory: bool = True
    logon: bool = False


WAYS = (
    Way("entries", "regions", "entries", directory=False),
    Way("entries_directory", "regions", "entries"),
    Way("entries_logon", "regions", "entries", logon=True),
    Way("group", "regions", "group"),
    Way("group_computers", "computers", "group"),
)
"""All are compared with the first one."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of the audit, and what the domain controller was asked in it."""

    run: Run
    asked: Mapping[str, int]

    @property
    def queries(self) -> int:
        """Searches of all kinds."""
        return sum(self.asked[kind] for kind in QUERIES)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The hosts and the domain controller of some ways.

    Attributes:
        lab: the hosts.
        directory: the domain controller.
        hosts: how many hosts.
        accounts: how many different accounts send to them.
    """

    lab: FleetLab
    directory: RunningDirectory
    hosts: int
    accounts: int

    def audit(self, way: Way, **options: Any) -> Measured:
        """Run the audit, with further options of it. It fails unless every host is in the desired state."""
        arguments: dict[str, Any] = {"sms_sites": "{{ sms_sites }}", "path": AUDIT, "max_age": 0, **options}
        if way.directory:
            controller = {"server": "dc01.corp.example", "address": "127.0.0.1", "port": self.directory.port}
            arguments["sms_directory"] = [controller]
        task = {
            "sitekeeper.sms.fleet_audit": arguments,
            "run_once": True,
            "register": "fleet",
            "failed_when": "fleet.counts.in_desired_state != fleet.counts.hosts",
        }
        play = {"hosts": "sms_sites", "gather_facts": False, "tasks": [task]}
        play["vars"] = {"sms_sender_perms_logon": way.logon}
        (self.lab.directory / "audit.yml").write_text(json.dumps([play]), encoding="utf-8")
        self.directory.reset()
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "build" / "collections")}
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        run = run_client(self.lab, self.hosts, [program, "-i", str(self.lab.inventory), "audit.yml"], environment)
        return Measured(run, self.directory.counters())


def started(stack: ExitStack, hosts: int, senders: str, access: str) -> Fleet:
    """Start hosts and their domain controller, until the stack is left."""
    lab = stack.enter_context(running_lab(hosts, "--senders", senders, "--access", access))
    accounts = senders_of(scenario(hosts, senders, access))
    found = json.loads(lab.inventory.read_text(encoding="utf-8"))["sms_sites"]["hosts"]
    host = next(iter(found.values()))
    groups = (GROUP,) if access == "group" else ()
    described = [DirectoryAccount(name, groups) for name in accounts]
    directory = stack.enter_context(running_directory((host["ansible_user"], host["ansible_password"]), described))
    return Fleet(lab, directory, hosts, len(accounts))


def measure() -> dict[str, Any]:
    """Measure, print a table, and return what goes into the file."""
    found: dict[str, list[Measured]] = {way.name: [] for way in WAYS}
    with ExitStack() as stack:
        fleets = {
            kind: started(stack, SIZE, *kind) for kind in dict.fromkeys((way.senders, way.access) for way in WAYS)
        }
        for _unused in range(RUNS):
            # In turns, so that what else the machine does meets all of them.
            for way in WAYS:
                measured = fleets[way.senders, way.access].audit(way)
                print(f"{way.name:18}{measured.run.seconds:9.1f} s{measured.queries:9} queries", flush=True)
                found[way.name].append(measured)
        accounts = {way.name: fleets[way.senders, way.access].accounts for way in WAYS}
    base = median(measured.run.seconds for measured in found[WAYS[0].name])
    rows = {name: _row(runs, accounts[name], base) for name, runs in found.items()}
    print(f"sms_directory: {SIZE} hosts, medians of {RUNS} runs of each; {os.cpu_count()} cores")
    print(f"{'':18}", *(f"{name:>17}" for name in COLUMNS))
    for name, row in rows.items():
        print(f"{name:18}", *(f"{row[column]:17,}" for column in COLUMNS))
    return {
        "unit": "seconds by the clock, hosts and domain controller on the same machine",
        "hosts": SIZE,
        "runs": RUNS,
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "rows": rows,
    }


def _row(runs: Sequence[Measured], accounts: int, base: float) -> dict[str, Any]:
    seconds = median(measured.run.seconds for measured in runs)
    queries = median(measured.queries for measured in runs)
    last = runs[-1]
    return {
        "accounts": accounts,
        "seconds": round(seconds, 2),
        "cpu_ms_per_host": round(median(measured.run.cpu for measured in runs) * 1000 / SIZE, 2),
        "peak_mb": round(median(measured.run.peak_mb for measured in runs), 1),
        "requests_per_host": round(median(measured.run.requests for measured in runs), 3),
        "bytes_per_host": round(median(measured.run.bytes for measured in runs)),
        "ldap_queries": queries,
        "ldap_per_account": round(queries / accounts, 3),
        "ldap_connections": median(measured.asked["connections"] for measured in runs),
        "ldap_last_run": dict(last.asked),
        "ratio": round(seconds / base, 3),
    }
