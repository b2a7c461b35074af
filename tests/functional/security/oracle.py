# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to Samba, which answers in a process of its own: tests/tools/samba_oracle.py."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).resolve().parents[2] / "tools" / "samba_oracle.py"


class SambaIsMissing(Exception):
    """Nobody is there to ask."""


class Refused(Exception):
    """Samba does not take what it was given."""


class Samba(AbstractContextManager["Samba"]):
    """A running Samba; leaving it ends the process.

    Attributes:
        version: as two numbers, (4, 17) for Debian 12's.
    """

    def __init__(self) -> None:
        python = os.environ.get("SAMBA_PYTHON", "/usr/bin/python3")
        try:
            self._process = subprocess.Popen(
                [*shlex.split(python), "-I", "-c", PROGRAM.read_text()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        except FileNotFoundError:
            raise SambaIsMissing(f"there is no {python}") from None
        first = self._line()
        if not first:
            self.__exit__()
            raise SambaIsMissing(f"{python} has no Samba")
        major, minor = re.findall(r"\d+", json.loads(first))[:2]
        self.version = int(major), int(minor)

    def __exit__(self, *_unused: object) -> None:
        self._process.communicate()

    def ask(self, question: str, *arguments: Any) -> Any:
        """One answer.

        Raises:
            Refused: Samba's reason.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([question, *arguments]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._line())
        if isinstance(answer, str):
            raise Refused(answer)
        return answer[0]

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()
