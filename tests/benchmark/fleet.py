# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole fleet: `fleet_audit` and the role beside `ansible.windows` and beside the least that a client can do.

All against the same mocked hosts on this machine, each in the desired state, NTLM with message encryption, two Sender
accounts a site. The lab's shell answers a module at once, so what PowerShell takes on a real server counts as zero for
the peer, but where a row says otherwise. Environment: ``FLEET_RUNS`` (3) runs of each, ``FLEET_SIZES`` (200,2000,6000)
hosts. All figures are medians.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from ..waiting import PATIENCE
from .fleet_lab import INVENTORY

CHECKOUT = Path(__file__).resolve().parents[2]
PEER = CHECKOUT / "build" / "peer" / "venv"
PEER_PACKAGES = ("ansible==12.3.0", "pywinrm==0.5.0")
RUNS = int(os.environ.get("FLEET_RUNS", "3"))
SIZES = tuple(map(int, os.environ.get("FLEET_SIZES", "200,2000,6000").split(",")))
FORKS = 10
"""For the role and the peer alike."""
LATENCY_MS = 50
COLUMNS = ("seconds", "hosts_per_second", "cpu_ms_per_host", "peak_mb", "requests_per_host", "bytes_per_host")
MODULE_MS = 1000
RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"

AUDIT = [
    {
        "hosts": "sms_sites",
        "gather_facts": False,
        "tasks": [
            {
                "sitekeeper.sms.fleet_audit": {"sms_sites": "{{ sms_sites }}", "path": "audit.jsonl", "max_age": 0},
                "run_once": True,
                "register": "fleet",
                "failed_when": "fleet.counts.in_desired_state != fleet.counts.hosts",
            },
        ],
    }
]
ROLE = [
    {
        "hosts": "sms_sites",
        "gather_facts": False,
        "tasks": [
            {
                "ansible.builtin.import_role": {"name": "sitekeeper.sms.sms_sender_perms", "rolespec_validate": False},
            }
        ],
    }
]
TASK = [
    {
        "hosts": "sms_sites",
        "gather_facts": False,
        "tasks": [{"sitekeeper.sms.sender_access": {"senders": ["CORP\\smssend", "CORP\\smssvc"]}}],
    }
]
PEERS = [
    {
        "hosts": "sms_sites",
        "gather_facts": False,
        "tasks": [
            {
                "ansible.windows.win_share": {
                    "name": "SMS_SITE",
                    "path": RECEIVE,
                    "full": "CORP\\smssend,CORP\\smssvc",
                }
            },
            {
                "ansible.windows.win_acl": {
                    "path": RECEIVE,
                    "user": "{{ item }}",
                    "rights": "Read,Write",
                    "type": "allow",
                },
                "loop": ["CORP\\smssend", "CORP\\smssvc"],
            },
        ],
    }
]


FILES = {"audit.yml": AUDIT, "role.yml": ROLE, "task.yml": TASK, "peer.yml": PEERS}


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds by the clock and of the processor, peak memory, and what crossed the wire for each host."""

    seconds: float
    cpu: float
    peak_mb: float
    requests: float
    bytes: float

    def row(self, hosts: int) -> dict[str, float]:
        """What goes into the file."""
        return {
            "hosts": hosts,
            "seconds": round(self.seconds, 2),
            "hosts_per_second": round(hosts / self.seconds, 1),
            "cpu_ms_per_host": round(self.cpu * 1000 / hosts, 2),
            "peak_mb": round(self.peak_mb, 1),
            "requests_per_host": round(self.requests, 2),
            "bytes_per_host": round(self.bytes),
        }


class FleetLab:
    """The lab in its process."""

    def __init__(self, process: subprocess.Popen[str], directory: Path) -> None:
        self._process = process
        self.directory = directory
        self.inventory = directory / INVENTORY

    def tell(self, command: str) -> dict[str, int]:
        """Give it a command; the counters."""
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("the lab has no pipes")
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        counters: dict[str, int] = json.loads(self._process.stdout.readline())
        return counters


@contextmanager
def running_lab(hosts: int, *options: str) -> Iterator[FleetLab]:
    """Run a lab; see `fleet_lab` for its options."""
    with tempfile.TemporaryDirectory(prefix="fleet-") as name:
        directory = Path(name)
        command = [sys.executable, "-m", "tests.benchmark.fleet_lab", "--hosts", str(hosts), "--build", name, *options]
        with subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                if process.stdout is None or not process.stdout.readline():
                    raise AssertionError("the lab did not start")
                for file, plays in FILES.items():
                    (directory / file).write_text(json.dumps(plays), encoding="utf-8")
                yield FleetLab(process, directory)
            finally:
                with suppress(BrokenPipeError):
                    process.communicate("quit\n", timeout=PATIENCE)


def run_client(lab: FleetLab, hosts: int, command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run a client; it must succeed."""
    lab.tell("reset")
    begun = time.monotonic()
    with (lab.directory / "client.log").open("w+") as log:
        process = subprocess.Popen(command, cwd=lab.directory, env=dict(environment), stdout=log, stderr=log)
        peak = _Peak(process.pid)
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        peak.stop()
        if process.returncode:
            log.seek(0)
            raise AssertionError(f"{command[0]} ended with {process.returncode}: {log.read()[-2000:]}")
    sums = lab.tell("counters")
    size = sums["request_bytes"] + sums["response_bytes"]
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak.mb, sums["wsman_requests"] / hosts, size / hosts)


class _Peak:
    """Samples the memory of a process and its descendants, each shared page counted once (Pss)."""

    def __init__(self, pid: int) -> None:
        self.mb = 0.0
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._done.wait(0.5):
            self.mb = max(self.mb, sum(map(_pss, _tree(self._pid))) / 1024)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in tasks.read_text().split():
                yield from _tree(int(child))


def _pss(pid: int) -> int:
    """In KiB."""
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return 0


def _ours(lab: FleetLab, hosts: int, playbook: str) -> Run:
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "build" / "collections")}
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    return run_client(lab, hosts, [program, "-f", str(FORKS), "-i", str(lab.inventory), playbook], environment)


def _peer(lab: FleetLab, hosts: int) -> Run:
    ours = ("ANSIBLE_", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    program = str(PEER / "bin" / "ansible-playbook")
    return run_client(lab, hosts, [program, "-f", str(FORKS), "-i", str(lab.inventory), "peer.yml"], environment)


def _floor(lab: FleetLab, hosts: int, *options: str) -> Run:
    command = [sys.executable, "-m", "tests.benchmark.fleet_floor", str(lab.inventory), *options]
    return run_client(lab, hosts, command, {**os.environ, "PYTHONPATH": str(CHECKOUT)})


def _install_peer() -> None:
    if (PEER / "bin" / "ansible-playbook").exists():
        return
    venv.create(PEER, with_pip=True)
    pip = [str(PEER / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *PEER_PACKAGES], check=True)


def _middle(runs: Sequence[Run]) -> Run:
    return Run(*(median(getattr(run, name) for run in runs) for name in Run.__slots__))


def measure() -> dict[str, Any]:
    """Measure, print a table, and return what goes into the file."""
    _install_peer()
    rows: dict[str, tuple[int, Run]] = {}

    def keep(lab: FleetLab, hosts: int, ways: Mapping[str, Callable[[FleetLab, int], Run]]) -> None:
        found: dict[str, list[Run]] = {name: [] for name in ways}
        for _unused in range(RUNS):
            # In turns, so that what else the machine does meets all of them.
            for name, way in ways.items():
                found[name].append(way(lab, hosts))
        for name, runs in found.items():
            rows[f"{name}_{hosts}"] = hosts, _middle(runs)
            _print(f"{name}_{hosts}", rows[f"{name}_{hosts}"][1].row(hosts))

    floors = {"floor": _floor, "floor_nt_hash": lambda lab, hosts: _floor(lab, hosts, "--nt-hash")}
    smallest, *larger = SIZES
    print(f"Fleet: medians of {RUNS} runs of each; {os.cpu_count()} cores")
    print(f"{'':24}", *(f"{name:>18}" for name in COLUMNS))
    ours = {name: partial(_ours, playbook=f"{name}.yml") for name in ("audit", "task", "role")}
    with running_lab(smallest) as lab:
        keep(lab, smallest, {**ours, "peer": _peer, **floors})
        lab.tell(f"module {MODULE_MS}")
        keep(lab, smallest, {"peer_module_1s": _peer})
        lab.tell("module 0")
        lab.tell(f"delay {LATENCY_MS}")
        keep(lab, smallest, {"audit_latency": ours["audit"], "peer_latency": _peer})
    for hosts in larger:
        with running_lab(hosts) as lab:
            keep(lab, hosts, {"audit": ours["audit"], **floors})
            lab.tell(f"delay {LATENCY_MS}")
            keep(lab, hosts, {"audit_latency": ours["audit"]})
    ratios = _ratios(rows)
    print(json.dumps(ratios, indent=1))
    return {
        "unit": "seconds by the clock, lab on the same machine",
        "runs": RUNS,
        "forks": FORKS,
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "peer": PEER_PACKAGES[0],
        **ratios,
        "rows": {name: run.row(hosts) for name, (hosts, run) in rows.items()},
    }


def _ratios(rows: Mapping[str, tuple[int, Run]]) -> dict[str, float]:
    """What the goals are about."""
    each = {name: run.seconds / hosts for name, (hosts, run) in rows.items()}
    small, large = SIZES[0], SIZES[-1]
    ours, peer = rows[f"audit_{small}"][1], rows[f"peer_{small}"][1]
    found = {
        "bytes_vs_peer": ours.bytes / peer.bytes,
        "requests_vs_peer": ours.requests / peer.requests,
        # The role's task, and the role with all that it does around it.
        "role_speedup": each[f"peer_{small}"] / each[f"task_{small}"],
        "whole_role_speedup": each[f"peer_{small}"] / each[f"role_{small}"],
        "audit_speedup": each[f"peer_{small}"] / each[f"audit_{small}"],
        "audit_speedup_latency": each[f"peer_latency_{small}"] / each[f"audit_latency_{small}"],
        f"audit_over_floor_at_{small}": each[f"audit_{small}"] / each[f"floor_{small}"],
        "audit_over_floor": each[f"audit_{large}"] / each[f"floor_{large}"],
        # pyspnego makes an LM hash of a password, in Python. Ours spares it that; so can the least of all clients.
        "audit_over_floor_nt_hash": each[f"audit_{large}"] / each[f"floor_nt_hash_{large}"],
        f"seconds_per_1000_hosts_at_{small}": each[f"audit_{small}"] * 1000,
        f"seconds_per_1000_hosts_at_{large}": each[f"audit_{large}"] * 1000,
        f"hosts_{large}_seconds": rows[f"audit_{large}"][1].seconds,
        f"hosts_{large}_peak_mb": rows[f"audit_{large}"][1].peak_mb,
    }
    return {name: round(value, 4) for name, value in found.items()}


def _print(name: str, row: Mapping[str, float]) -> None:
    print(f"{name:24}", *(f"{row[column]:18,}" for column in COLUMNS), flush=True)
