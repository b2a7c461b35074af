# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.lab``: run a lab in the foreground until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from . import inventory
from .client import LabClient, LabClientError
from .domain import foreground
from .hierarchy import default_hierarchy
from .lab import BACKENDS, Lab, LabError
from .scenario import BadScenario, build, load

_SHOWN = 20
_DOMAIN = "domain"
"""A back end of its own kind: real servers, which share nothing with the lab's virtual hosts but tools."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab", description="Run virtual Windows hosts that speak WinRM."
    )
    parser.add_argument("--hosts", type=int, default=6, help="size of the default hierarchy (default: 6)")
    parser.add_argument("--scenario", type=Path, help="a YAML file that describes the hosts instead")
    parser.add_argument("--build", type=Path, default=Path("build/lab"), help="where to write (default: build/lab)")
    parser.add_argument("--port", type=int, default=0, help="HTTP port of all hosts; HTTPS takes the next one")
    parser.add_argument(
        "--ports", action="store_true", help="127.0.0.1 and a port for each host, where 127/8 is not routed"
    )
    parser.add_argument(
        "--backend",
        choices=(*BACKENDS, _DOMAIN),
        default="memory",
        help="samba: a real SMB server for each host; domain: a real domain with member servers (both need root)",
    )
    parser.add_argument("--end-with-stdin", action="store_true", help="stop at the end of standard input")
    parser.add_argument("--seconds", type=float, help="stop after so many seconds")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    scenario = load(arguments.scenario) if arguments.scenario else build(default_hierarchy(arguments.hosts))
    lab = Lab(
        scenario,
        arguments.build,
        port=arguments.port,
        ports_mode=arguments.ports,
        backend=arguments.backend,
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    if arguments.end_with_stdin:
        loop.add_reader(sys.stdin.fileno(), _at_end_of_stdin, stopping.set)
    if arguments.seconds is not None:
        loop.call_later(arguments.seconds, stopping.set)
    if _is_running(arguments.build):
        raise LabError(f"a lab is running in {arguments.build} already; stop it, or choose another directory (--build)")
    try:
        await lab.start()
        inventory.write(lab, arguments.build)
        _announce(lab, arguments.build)
        await stopping.wait()
    finally:
        inventory.remove(arguments.build)
        await lab.stop()


def _at_end_of_stdin(stop: Callable[[], None]) -> None:
    """Whoever has started the lab has the other end of the pipe, and the pipe ends with that process."""
    if not os.read(sys.stdin.fileno(), 4096):
        stop()


def _is_running(directory: Path) -> bool:
    """Whether the files there are those of a lab that answers."""
    try:
        LabClient.from_file(directory / inventory.ENDPOINTS).host_names()
    except LabClientError:
        return False
    return True


def _announce(lab: Lab, directory: Path) -> None:
    print(
        f"lab ready: {len(lab.endpoints)} hosts, {directory / inventory.INVENTORY}, {directory / inventory.ENDPOINTS}"
    )
    for endpoint in lab.endpoints[:_SHOWN]:
        print(f"  {endpoint.host.site:4} {endpoint.host.dns_name:24} {endpoint.url:36} {endpoint.https_url}")
    if len(lab.endpoints) > _SHOWN:
        print(f"  … and {len(lab.endpoints) - _SHOWN} more")
    sys.stdout.flush()


def main() -> int:
    """Exit code 0 after a stop that was asked for, 2 if the lab could not start."""
    arguments = _arguments()
    try:
        if arguments.backend == _DOMAIN:
            foreground.serve(arguments.build, arguments.seconds)
        else:
            asyncio.run(_run(arguments))
    except (BadScenario, LabError, ValueError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
