# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of six site servers for the demonstration."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..lab.client import LabClient
from ..waiting import wait_until
from .failure import Failure

CHECKOUT = Path(__file__).resolve().parents[2]
HOSTS = 6


@contextmanager
def running_lab(build: Path) -> Iterator[LabClient]:
    """Start a lab that keeps its files in ``build``, which is made anew; it ends with the block. Raises Failure."""
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    log, endpoints = build / "lab.log", build / "endpoints.json"
    options = ["--hosts", str(HOSTS), "--end-with-stdin", "--build", str(build)]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "tests.lab", *options],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            wait_until(lambda: endpoints.exists() or process.poll() is not None, "the lab is ready or ends")
            if not endpoints.exists():
                raise Failure(f"the lab did not start:\n{log.read_text(errors='replace')}")
            yield LabClient.from_file(endpoints)
        finally:
            process.terminate()
