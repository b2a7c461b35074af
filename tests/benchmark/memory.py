# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory and processor time of a run of the role, with and without `before_forks`.

`ansible-playbook` runs the role on mocked hosts in the desired state. Each forked process writes its figures right
before it exits. Without `before_forks`, `gc.freeze` and `gc.disable` do nothing. Environment: ``MEMORY_RUNS`` (3) runs
of each, in turns.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from .fleet import CHECKOUT, FORKS, FleetLab, Run, run_client, running_lab

RUNS = int(os.environ.get("MEMORY_RUNS", "3"))
HOSTS = 200
WAYS = ("with", "without")
# Python imports a module of this name when it starts.
_SITE = """\
import gc, os, time

if os.environ["MEMORY_WAY"] == "without":
    gc.freeze = gc.disable = lambda: None

def _exit(status, exit=os._exit):
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        sizes = {fields[0]: int(fields[1]) for fields in map(str.split, file) if fields[-1] == "kB"}
    private = sizes["Private_Clean:"] + sizes["Private_Dirty:"]
    with open(os.path.join(os.environ["MEMORY_FIGURES"], str(os.getpid())), "w", encoding="ascii") as file:
        file.write(f"{private} {time.process_time() * 1000}")
    exit(status)

os._exit = _exit
"""


def _run(lab: FleetLab, way: str, number: int) -> tuple[Run, list[tuple[float, float]]]:
    """Run the playbook; return its figures, and the private memory (KiB) and time (ms) of each forked process."""
    site = lab.directory / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(_SITE, encoding="utf-8")
    figures = lab.directory / f"{way}-{number}"
    figures.mkdir()
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "build" / "collections"),
        "PYTHONPATH": str(site),
        "MEMORY_WAY": way,
        "MEMORY_FIGURES": str(figures),
    }
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    run = run_client(lab, HOSTS, [program, "-f", str(FORKS), "-i", str(lab.inventory), "role.yml"], environment)
    found = []
    for file in figures.iterdir():
        private, cpu = file.read_text(encoding="ascii").split()
        found.append((float(private), float(cpu)))
    # At the end of a run, Ansible may terminate a process before it exits.
    if len(found) < HOSTS - FORKS:
        raise AssertionError(f"{len(found)} processes wrote figures, not {HOSTS}")
    return run, found


def _row(runs: Sequence[Run], processes: Sequence[tuple[float, float]]) -> dict[str, float]:
    private = sorted(private for private, _cpu in processes)
    return {
        "peak_mb": round(median(run.peak_mb for run in runs), 1),
        "run_cpu_ms": round(median(run.cpu for run in runs) * 1000),
        "private_mb": round(median(private) / 1024, 2),
        "largest_private_mb": round(private[-1] / 1024, 2),
        "process_cpu_ms": round(median(cpu for _private, cpu in processes), 2),
    }


def measure() -> dict[str, Any]:
    """Measure, print a table, and return what goes into the file."""
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    processes: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    with running_lab(HOSTS) as lab:
        for number in range(RUNS):
            for way in WAYS:
                run, found = _run(lab, way, number)
                runs[way].append(run)
                processes[way] += found
    rows = {way: _row(runs[way], processes[way]) for way in WAYS}
    print(f"Memory: the role on {HOSTS} hosts, medians of {RUNS} runs, with and without before_forks")
    print(f"{'':24}", *(f"{name:>20}" for name in rows[WAYS[0]]))
    for way, row in rows.items():
        print(f"{way:24}", *(f"{value:20,.1f}" for value in row.values()))
    return {
        "unit": "peak: Pss of all processes in MiB; forked processes: private memory in MiB, processor time in ms",
        "runs": RUNS,
        "hosts": HOSTS,
        "forks": FORKS,
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        **rows,
    }
