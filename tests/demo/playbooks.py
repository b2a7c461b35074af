# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a playbook of the collection as people do, and reads what it returned without reading its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .lab import CHECKOUT


@dataclass(frozen=True, slots=True)
class Run:
    """A playbook that has ended.

    Attributes:
        command: what a person would have typed.
        results: of each host, what the module that read or enforced its access returned.
        recap: of each host, Ansible's counts: ``ok``, ``changed``, ``failures``, ``unreachable``.
        seconds: how long it took.
    """

    command: str
    returncode: int
    output: str
    results: Mapping[str, Mapping[str, Any]]
    recap: Mapping[str, Mapping[str, int]]
    seconds: float

    def count(self, what: str) -> int:
        """A count of the recap, over all hosts."""
        return sum(counts[what] for counts in self.recap.values())


@dataclass(frozen=True, slots=True)
class Ansible:
    """``ansible-playbook`` with the lab's inventory."""

    build: Path
    colour: bool = False

    def run(self, playbook: str, *options: str) -> Run:
        """Run ``sitekeeper.sms.<playbook>``."""
        kept = self.build / "results.jsonl"
        kept.unlink(missing_ok=True)
        program = Path(sys.executable).with_name("ansible-playbook")
        arguments = [f"sitekeeper.sms.{playbook}", *options]
        started = time.monotonic()
        done = subprocess.run(
            [program, "--inventory", self.build / "inventory.yml", *arguments],
            cwd=CHECKOUT,
            env=self._environment(kept),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
        lines = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []
        return Run(
            command=" ".join(["ansible-playbook -i inventory.yml", *arguments]),
            returncode=done.returncode,
            output=done.stdout,
            results={line["host"]: line["result"] for line in lines if "host" in line},
            recap=next((line["recap"] for line in lines if "recap" in line), {}),
            seconds=seconds,
        )

    def _environment(self, kept: Path) -> dict[str, str]:
        collections = CHECKOUT / "build" / "collections"
        return {
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            **os.environ,
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback")),
            "ANSIBLE_CALLBACKS_ENABLED": "demo_results",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            # What did not change anything needs no line; the results are read elsewhere.
            "ANSIBLE_DISPLAY_OK_HOSTS": "0",
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "0",
            "DEMO_RESULTS": str(kept),
            **({"ANSIBLE_FORCE_COLOR": "1"} if self.colour else {"ANSIBLE_NOCOLOR": "1"}),
        }
