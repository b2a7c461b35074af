# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.demo``: exit code 0 if every step held, 1 if not."""

from __future__ import annotations

import signal
import sys
import time

from ..lab.client import LabClientError
from .failure import Failure
from .lab import CHECKOUT, running_lab
from .page import Page
from .playbooks import Ansible
from .story import Story

BUILD = CHECKOUT / "build" / "demo"


def _stop(number: int, _unused: object) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    """Tell the story."""
    # So that the lab is stopped then, too.
    signal.signal(signal.SIGTERM, _stop)
    page = Page()
    started = time.monotonic()
    try:
        with running_lab(BUILD) as lab:
            Story(lab, Ansible(BUILD, page.colour), page).tell()
    except (Failure, LabClientError) as error:
        page.heading("FAILED")
        page.lines(str(error))
        return 1
    except KeyboardInterrupt:
        page.text("Interrupted.")
        return 128 + signal.SIGINT
    page.text(f"Every step held, in {time.monotonic() - started:.0f} seconds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
