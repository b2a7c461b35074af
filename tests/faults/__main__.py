# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.faults``: play the cells of the matrix, print what held, and keep it in build/faults.json.

Each result is in build/faults.jsonl as soon as it is there.
"""

from __future__ import annotations

import argparse
import fcntl
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path

from tests.lab.samba import missing

from .cells import LEFT_OUT, SMB, Cell, http_cells, playbook_cells, smb_cells
from .controllers import CHECKOUT
from .playbooks import PlaybookStage
from .playing import played
from .results import Results
from .scenes import HttpStage, SmbStage, Stage


def selected(cells: Iterable[Cell], arguments: argparse.Namespace) -> list[Cell]:
    """The cells that the options name."""

    def wanted(text: str, patterns: list[str] | None) -> bool:
        return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)

    return [
        cell
        for cell in cells
        if wanted(cell.operation, arguments.operation)
        and wanted(cell.transport, arguments.transport)
        and wanted(cell.fault, arguments.fault)
        and wanted(cell.name, arguments.cell)
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Play the fault matrix.")
    for name in ("operation", "transport", "fault", "cell"):
        parser.add_argument(f"--{name}", action="append", help=f"only this {name}, or what matches; may be repeated")
    parser.add_argument("--jobs", type=int, default=6, help="cells at once; most of them wait (default: 6)")
    parser.add_argument("--build", type=Path, default=CHECKOUT / "build" / "faults", help="where to work")
    parser.add_argument("--report", type=Path, default=CHECKOUT / "build" / "faults.json", help="the file of results")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was interrupted")
    parser.add_argument("--list", action="store_true", help="name the cells, and what is left out, and play none")
    return parser.parse_args()


def main() -> int:
    """Exit code 0 if every cell held."""
    arguments = _arguments()
    cells = selected((*http_cells(), *smb_cells(), *playbook_cells()), arguments)
    if arguments.list:
        print("\n".join(cell.name for cell in cells))
        print("\n".join(f"left out: {what}: {why}" for what, why in LEFT_OUT))
        return 0
    arguments.build.mkdir(parents=True, exist_ok=True)
    lock = (arguments.build / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"{arguments.build}: another run works there. Give another --build.", file=sys.stderr)
        return 2
    # A lab and a driver end with this process, also if it is told to end.
    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(1))
    if missing() and any(cell.transport in SMB for cell in cells):
        print(f"the cells over SMB are left out: {missing()}", file=sys.stderr)
        cells = [cell for cell in cells if cell.transport not in SMB]
    results = Results(
        arguments.report.with_suffix(".jsonl"),
        [cell.name for cell in cells],
        resume=arguments.resume,
        output=sys.stdout,
        progress=sys.stderr,
    )
    try:
        _play([cell for cell in cells if not results.has(cell.name)], arguments, results)
    except KeyboardInterrupt:
        results.show_progress()
        print("faults: interrupted. Run again with --resume to go on", file=sys.stderr)
        return 128 + signal.SIGINT
    results.report(arguments.report, LEFT_OUT)
    return int(results.failed > 0)


def _play(cells: Sequence[Cell], arguments: argparse.Namespace, results: Results) -> None:
    """Play cells, one stage after the other."""
    over_http = [cell for cell in cells if cell.transport not in SMB]
    stages: tuple[tuple[type[Stage], list[Cell], int], ...] = (
        (PlaybookStage, [cell for cell in over_http if cell.playbook], min(arguments.jobs, 4)),
        (HttpStage, [cell for cell in over_http if not cell.playbook], arguments.jobs),
        (SmbStage, [cell for cell in cells if cell.transport in SMB], arguments.jobs),
    )
    for kind, some, jobs in stages:
        if not some:
            continue
        results.show_progress()
        stage = kind(arguments.build / kind.__name__, jobs)
        try:
            with closing(played(stage, some, jobs)) as verdicts:
                for verdict in verdicts:
                    results.add(verdict)
        finally:
            stage.close()


if __name__ == "__main__":
    sys.exit(main())
