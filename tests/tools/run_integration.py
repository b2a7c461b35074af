# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the integration targets against the lab: ``python -m tests.tools.run_integration [target ...]``.

The targets have ansible-test's layout, and their play is the one that ``ansible-test windows-integration`` makes:
the target is a role, run on the group ``windows``. Each target has a lab to itself, so that two can run at a time;
``setup_lab`` describes its hosts. ``windows`` holds the first of them, ``sms_sites`` all, and the variable ``lab`` is
what the lab writes to its endpoints.json.

A target whose ``aliases`` say ``needs/root`` has a lab on Samba, whose hosts its own ``files/scenario.yml`` describes.
Where Samba cannot run, these targets are left out, and it says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab.samba import missing
from tests.waiting import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
TARGETS = CHECKOUT / "tests" / "integration" / "targets"
SCENARIO = TARGETS / "setup_lab" / "files" / "scenario.yml"
BUILD = CHECKOUT / "build" / "integration"
AT_ONCE = 2


def needs_samba(name: str) -> bool:
    """Whether a target wants hosts that are real SMB servers."""
    return "needs/root" in (TARGETS / name / "aliases").read_text(encoding="utf-8").split()


@contextmanager
def running_lab(name: str, build: Path) -> Iterator[dict[str, Any]]:
    """Start a target's lab, which keeps its files in build, and yield its endpoints; it ends with the block."""
    samba = needs_samba(name)
    scenario = TARGETS / name / "files" / "scenario.yml" if samba else SCENARIO
    command = [sys.executable, "-m", "tests.lab", "--scenario", str(scenario), "--build", str(build)]
    command += ["--backend", "samba"] if samba else []
    log = build / "lab.log"
    endpoints = build / "endpoints.json"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=CHECKOUT, stdout=output, stderr=output) as process,
    ):
        try:
            wait_until(lambda: endpoints.exists() or process.poll() is not None, "the lab is ready or ends")
            if not endpoints.exists():
                raise SystemExit(f"the lab did not start:\n{log.read_text(errors='replace')}")
            yield json.loads(endpoints.read_text(encoding="utf-8"))
        finally:
            process.terminate()


def run_target(name: str) -> bool:
    """Run one target, say how it went, and return whether it passed."""
    start = time.monotonic()
    build = BUILD / name
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    with running_lab(name, build) as lab:
        first = lab["hosts"][0]["name"]
        group = build / "windows.json"
        group.write_text(json.dumps({"windows": {"hosts": {first: None}}}), encoding="utf-8")
        play = {"hosts": "windows", "gather_facts": False, "vars": {"lab": lab}, "roles": [name]}
        playbook = build / "play.json"
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        run = subprocess.run(
            ["ansible-playbook", "-i", build / "inventory.yml", "-i", group, playbook],
            env={**os.environ, "ANSIBLE_ROLES_PATH": str(TARGETS), "ANSIBLE_NOCOLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    passed = run.returncode == 0
    shown = run.stdout.splitlines()
    shown = [line for line in shown if line.startswith(first)] if passed else shown
    print(*shown, f"{'passed' if passed else 'FAILED'}: {name}", sep="\n", end=" ")
    print(f"in {time.monotonic() - start:.1f}s", flush=True)
    return passed


def main(names: list[str]) -> int:
    """Run the named targets, all of them if none is named, and return the exit code."""
    # ansible-test's convention: a target named setup_* is there for others to depend on.
    names = names or sorted(path.name for path in TARGETS.glob("*") if not path.name.startswith("setup_"))
    if not names:
        raise SystemExit(f"there are no targets in {TARGETS}")
    left_out = [name for name in names if needs_samba(name)] if missing() else []
    names = [name for name in names if name not in left_out]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(run_target, names))
    if left_out:
        print(f"left out: {', '.join(left_out)}: {missing()}")
    print(f"integration: {results.count(True)} passed, {results.count(False)} failed, {len(left_out)} left out")
    return int(not all(results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
