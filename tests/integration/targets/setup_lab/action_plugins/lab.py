# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action ``lab``: change a host of the lab behind the modules' back, through the lab's control API.

``do`` is a list of calls; each names its HTTP method and what it is about, and the rest is its body:
``{put: share-descriptor, share: SMS_SITE, entries: [...]}``. Entries may be written as icacls shows them, and what is
made anew (``{post: directories}``) needs no clean-up. The host is the task's own, or ``host``.
"""

from __future__ import annotations

import re
from typing import Any

from ansible.plugins.action import ActionBase

from tests.lab.client import LabClient

_METHODS = ("put", "post", "delete")
_MASKS = {
    "F": 0x1F01FF,
    "M": 0x1301BF,
    "RX": 0x1200A9,
    "R": 0x120089,
    "W": 0x100116,
    "GA": 0x10000000,
    "GE": 0x20000000,
    "GW": 0x40000000,
    "GR": 0x80000000,
}
_ENTRY = re.compile(r"(?P<principal>[^:]+):(?P<deny>\(DENY\))?(?P<flags>(?:\((?:OI|CI|NP|IO)\))*)\((?P<mask>\w+)\)")


class ActionModule(ActionBase):
    """Runs the calls, in order."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        control = task_vars["lab"]["control"]
        client = LabClient(control["url"], control["token"])
        host = self._task.args.get("host", task_vars["inventory_hostname"])
        for call in self._task.args["do"]:
            body = dict(call)
            method = next(name for name in _METHODS if name in body)
            what = body.pop(method)
            if "entries" in body:
                body["entries"] = [entry(line) for line in body["entries"]]
            getattr(client, method)(host, what, **body)
        return {**result, "changed": bool(self._task.args["do"])}


def entry(line: str) -> dict[str, Any]:
    r"""The entry that a line like ``CORP\smssend:(OI)(CI)(RX)`` describes."""
    found = _ENTRY.fullmatch(line)
    if found is None:
        raise ValueError(f"{line!r} is not an entry as icacls shows it")
    mask = found["mask"]
    return {
        "principal": found["principal"],
        "type": "deny" if found["deny"] else "allow",
        "flags": found["flags"].replace("(", "").replace(")", " "),
        "mask": _MASKS[mask] if mask in _MASKS else int(mask, 16),
    }
