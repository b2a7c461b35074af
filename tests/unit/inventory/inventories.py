# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the tests of the inventory plugin get at it: in this process, and as Ansible does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ansible.plugins.loader import inventory_loader

from tests.waiting import PATIENCE

CHECKOUT = Path(__file__).resolve().parents[3]
NAME = "sitekeeper.sms.hierarchy"


def load_plugin():
    return inventory_loader.get("hierarchy")


def hosts_of(inventory, group):
    return sorted(host.name.partition(".")[0] for host in inventory.groups[group].get_hosts())


def run(directory, *command):
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "build" / "collections"),
        "ANSIBLE_HOME": str(directory / "home"),
        "ANSIBLE_LOCAL_TEMP": str(directory / "temp"),
        "ANSIBLE_NOCOLOR": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "ansible", *command],
        cwd=directory,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
