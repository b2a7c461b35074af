# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzz one target until libFuzzer has enough or finds something: ``python -m tests.fuzz.engine sddl [option ...]``.

The options are libFuzzer's. Each target has a process of its own, since libFuzzer ends the one it runs in.
"""

from __future__ import annotations

import sys

import atheris

# What is imported here reports to the fuzzer which branches it takes and what it compares.
_UTILS = "ansible_collections.sitekeeper.sms.plugins.plugin_utils"
with atheris.instrument_imports(
    include=[f"{_UTILS}.security", f"{_UTILS}.logs", f"{_UTILS}.site_server.wmi.transport_ntlm"]
):
    from . import targets


def main() -> None:
    """Hand the process to libFuzzer."""
    name, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], lambda data: targets.run(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
