# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stub of WinRS: a shell that takes a module's payload and answers at once that nothing changed.

It is off unless a host's settings say `runs_modules`; then it stands in for a PowerShell that takes no time (or
`module_ms`), so that clients which run modules can be measured ([MS-WSMV] 2.2.4.7, 2.2.4.9, 2.2.4.34 and 3.1.4).
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field

from . import faults, soap
from .namespaces import ADDRESSING, ANONYMOUS, CREATE, DELETE, SHELL, WSMAN

CMD = f"{SHELL}/cmd"
RECEIVE = "Shell.Receive"
_RESULT = b'{"changed": false}\r\n'
_ACTIONS = {
    CREATE: "Shell.Create",
    DELETE: "Shell.Delete",
    **{f"{SHELL}/{verb}": f"Shell.{verb}" for verb in ("Command", "Send", "Receive", "Signal")},
}


def operation_name(request: soap.Request) -> str | None:
    """The name of an operation of shells; None for another one."""
    return _ACTIONS.get(request.action) if request.resource_uri.startswith(f"{SHELL}/") else None


@dataclass(slots=True)
class Shells:
    """The open shells of one host, with the command that runs in each."""

    _commands: dict[str, str | None] = field(default_factory=dict)

    def answer(self, name: str, request: soap.Request) -> str:
        """Do it and return the body of the response; raises Fault."""
        if name == "Shell.Create":
            shell = str(uuid.uuid4()).upper()
            self._commands[shell] = None
            return _created(shell)
        shell = next((value for key, value in request.selectors.items() if key.casefold() == "shellid"), "")
        if shell not in self._commands:
            raise faults.invalid_selectors()
        verb = name.partition(".")[2]
        if verb == "Delete":
            del self._commands[shell]
            return ""
        body = ""
        if verb == "Command":
            self._commands[shell] = str(uuid.uuid4()).upper()
            body = f"<r:CommandId>{self._commands[shell]}</r:CommandId>"
        elif self._commands[shell] is None:
            raise faults.invalid_body("no command runs in this shell")
        elif verb == "Receive":
            body = _output(self._commands[shell] or "")
        return f'<r:{verb}Response xmlns:r="{SHELL}">{body}</r:{verb}Response>'


def _created(shell: str) -> str:
    return (
        f'<x:ResourceCreated><a:Address xmlns:a="{ADDRESSING}">{ANONYMOUS}</a:Address><a:ReferenceParameters>'
        f'<w:ResourceURI xmlns:w="{WSMAN}">{CMD}</w:ResourceURI><w:SelectorSet>'
        f'<w:Selector Name="ShellId">{shell}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>'
    )


def _output(command: str) -> str:
    streams = "".join(f'<r:Stream Name="{name}" CommandId="{command}" End="true"/>' for name in ("stdout", "stderr"))
    return (
        f'<r:Stream Name="stdout" CommandId="{command}">{base64.b64encode(_RESULT).decode()}</r:Stream>{streams}'
        f'<r:CommandState CommandId="{command}" State="{SHELL}/CommandState/Done"><r:ExitCode>0</r:ExitCode>'
        "</r:CommandState>"
    )
