# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzz the targets one after the other: ``python -m tests.fuzz --seconds 60 [target ...]``.

What is found goes to ``build/fuzz/``: the input that shows it, the log of the run, and the inputs that reach something
new, which the next run starts from.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from .targets import TARGETS, run, seeds

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = CHECKOUT / "build" / "fuzz"
DICTIONARY = Path(__file__).with_name("sddl.dict")

LONGEST_INPUT = 16 * 1024
SECONDS_FOR_ONE_INPUT = 20
MEGABYTES = 512
SHOWN_LINES = 25


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target for so many seconds, print what came of it, and return whether nothing was found."""
    corpus = BUILD / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed, data in seeds(name).items():
        (corpus / seed).write_bytes(data)
    log = BUILD / f"{name}.log"
    command = [
        *(sys.executable, "-m", "tests.fuzz.engine", name, str(corpus)),
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        f"-timeout={SECONDS_FOR_ONE_INPUT}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-artifact_prefix={BUILD / name}-",
        "-print_final_stats=1",
    ]
    if name == "sddl" or name.endswith("_text"):
        command.append(f"-dict={DICTIONARY}")
    with log.open("wb") as output:
        passed = subprocess.run(command, cwd=CHECKOUT, stdout=output, stderr=output, check=False).returncode == 0
    said = log.read_text(encoding="utf-8", errors="replace")
    print(f"{'passed' if passed else 'FAILED'}: {name:24} {_statistics(said)}", flush=True)
    if not passed:
        print(*_finding(name, said), sep="\n", flush=True)
    return passed


def replay(path: Path) -> None:
    """Run the target that the file is named after on the file, without the fuzzer; what escapes is shown."""
    name = max((name for name in TARGETS if path.name.startswith(f"{name}-")), key=len, default=None)
    if name is None:
        raise SystemExit(f"{path.name} does not start with the name of a target: {', '.join(TARGETS)}")
    run(name, path.read_bytes())
    print(f"passed: {name} on {path}")


def _statistics(said: str) -> str:
    executions = re.search(r"number_of_executed_units: +([0-9]+)", said)
    rate = re.search(r"average_exec_per_sec: +([0-9]+)", said)
    memory = re.search(r"peak_rss_mb: +([0-9]+)", said)
    branches = re.findall(r"cov: ([0-9]+)", said)
    if not (executions and rate and memory and branches):
        return "ended before its time"
    return (
        f"{int(executions[1]):>9,} runs, {int(rate[1]):>6,} a second,"
        f" {int(branches[-1]):>5,} branches, {memory[1]} MB at most"
    )


def _finding(name: str, said: str) -> list[str]:
    """The end of the log, without what libFuzzer says about its progress and its input, and how to see it again."""
    noise = ("#", "stat::", "==", "MS: ", "0x", "\\", "Base64: ", "artifact_prefix=")
    lines = [line for line in said.splitlines() if line and not line.startswith(noise)]
    shown = [f"    {line[:500]}" for line in lines[-SHOWN_LINES:]]
    saved = re.search(r"Test unit written to (\S+)", said)
    if saved:
        shown.append(f"reproduce: make fuzz REPLAY={Path(saved[1]).relative_to(CHECKOUT)}")
    else:
        shown.append(f"log: {(BUILD / name).relative_to(CHECKOUT)}.log")
    return shown


def main() -> None:
    """Read the arguments, fuzz, and exit with 1 if something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--seconds", type=int, default=60, help="time for all targets together")
    parser.add_argument("--replay", type=Path, help="a file that a run saved")
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(TARGETS))
    arguments = parser.parse_args()
    if arguments.replay:
        replay(arguments.replay)
        return
    names = arguments.targets or list(TARGETS)
    if unknown := sorted(set(names) - set(TARGETS)):
        parser.error(f"unknown target {', '.join(unknown)}: there are {', '.join(TARGETS)}")
    seconds = max(1, arguments.seconds // len(names))
    passed = [fuzz(name, seconds) for name in names]
    if not all(passed):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
