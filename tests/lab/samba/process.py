# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that ends with the lab, however the lab ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...waiting import PATIENCE
from . import keeper


class KeptProcess:
    """A program under a keeper (see ``keeper``), which ends it with everything it started."""

    def __init__(self) -> None:
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def started(self) -> bool:
        """Whether it was started and not stopped since; it may have ended."""
        return self._keeper is not None

    @property
    def running(self) -> bool:
        return self._keeper is not None and self._keeper.poll() is None

    def start(self, command: Sequence[str], output: Path, environment: Mapping[str, str]) -> None:
        """Start it; what it prints is appended to ``output``."""
        with output.open("ab") as file:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, *command],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                env=environment,
                start_new_session=True,
            )

    def stop(self) -> None:
        """End it and every process it started, at once."""
        process, self._keeper = self._keeper, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
