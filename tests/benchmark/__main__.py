# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure, print tables and merge them into build/bench.json: ``python -m tests.benchmark [security ...]``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import directory, fleet, hierarchy, logs, memory, security, smb

RESULTS = Path(__file__).resolve().parents[2] / "build" / "bench.json"

# By the key of the results: prints its table and returns what goes into the file.
BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "security": security.measure,
    "logs": logs.measure,
    "hierarchy": hierarchy.measure,
    "smb": smb.measure,
    "memory": memory.measure,
    "fleet": fleet.measure,
    "directory": directory.measure,
}


def merge(key: str, result: dict[str, Any]) -> None:
    """Put one result into the file and leave the others in it as they are."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results[key] = result
    RESULTS.parent.mkdir(exist_ok=True)
    written = RESULTS.with_suffix(".new")
    written.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    written.replace(RESULTS)


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        parser.error(f"unknown benchmark {', '.join(unknown)}: there are {', '.join(BENCHMARKS)}")
    for name in names:
        merge(name, BENCHMARKS[name]())


if __name__ == "__main__":
    main()
