# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stub of WinRS, asked by pywinrm."""

from __future__ import annotations

import json

import pytest
from requests.exceptions import ReadTimeout
from winrm.exceptions import WSManFaultError
from winrm.protocol import Protocol

from tests.lab.testing import RunningHost, default_hierarchy, running_lab
from tests.waiting import PATIENCE


def client(host: RunningHost, **options: int) -> Protocol:
    return Protocol(host.url, transport="ntlm", username=host.user, password=host.password, **options)


def test_a_module_is_answered_where_the_settings_say_so() -> None:
    described = default_hierarchy(1)
    described["hosts"][0]["settings"] = {"runs_modules": True}
    with running_lab(described) as lab:
        host = lab["C01"]
        protocol = client(host)
        shell = protocol.open_shell()
        command = protocol.run_command(shell, "powershell.exe", ["-"])
        protocol.send_command_input(shell, command, "exit 0", end=True)
        host.controls.host.misbehaviour.module_ms = 1000 * PATIENCE
        impatient = client(host, operation_timeout_sec=1, read_timeout_sec=2)
        with pytest.raises(ReadTimeout):
            impatient.get_command_output(shell, command)
        impatient.transport.close_session()
        host.controls.host.misbehaviour.module_ms = 1
        output, errors, code = protocol.get_command_output(shell, command)
        protocol.cleanup_command(shell, command)
        protocol.close_shell(shell)
        assert (json.loads(output), errors, code) == ({"changed": False}, b"", 0)
        names = [exchange["operation"] for exchange in host.controls.counters()["exchanges"]]
        assert names == [f"Shell.{verb}" for verb in ("Create", "Command", "Send", "Receive", "Signal", "Delete")]
        with pytest.raises(WSManFaultError):
            protocol.run_command(shell, "powershell.exe")
        protocol.close_shell(protocol.open_shell())
        protocol.transport.close_session()
