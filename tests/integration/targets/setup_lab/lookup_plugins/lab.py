# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup ``lab``: what a host of the lab holds and was asked, through the lab's control API.

``lookup('lab', 'file-descriptor', path='D:\\SMS')`` adds ``lines``, the entries as icacls shows them, to what the API
error. The host is the task's own, or the option ``host``.
"""

from __future__ import annotations

from typing import Any

from ansible.plugins.lookup import LookupBase

from tests.lab.client import LabClient

_MASKS = {
    0x1F01FF: "F",
    0x1301BF: "M",
    0x1200A9: "RX",
    0x120089: "R",
    0x100116: "W",
    0x10000000: "GA",
    0x20000000: "GE",
    0x40000000: "GW",
    0x80000000: "GR",
}
_FLAGS = {0x10: "(I)", 0x1: "(OI)", 0x2: "(CI)", 0x4: "(NP)", 0x8: "(IO)"}


class LookupModule(LookupBase):
    """One answer for each term."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **query: str) -> list[Any]:
        variables = variables or {}
        control = variables["lab"]["control"]
        client = LabClient(control["url"], control["token"])
        host = query.pop("host", variables["inventory_hostname"])
        return [_with_lines(client.get(host, term, **query)) for term in terms]


def _with_lines(answer: Any) -> Any:
    if not isinstance(answer, dict) or "entries" not in answer:
        return answer
    entries = answer["entries"]
    return {**answer, "lines": "NULL" if entries is None else [_line(entry) for entry in entries]}


def _line(entry: dict[str, Any]) -> str:
    flags = "".join(sign for bit, sign in _FLAGS.items() if entry["flags"] & bit)
    kind = {"allow": "", "deny": "(DENY)"}.get(entry["type"], f"(type {entry['type']})")
    mask = _MASKS.get(entry["mask"], f"0x{entry['mask']:X}")
    return f"{entry['name'] or entry['sid'] or ''}:{kind}{flags}({mask})"
