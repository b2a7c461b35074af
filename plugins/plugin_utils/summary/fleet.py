# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of the playbook `fleet`: whether the second reading shows that drift was remediated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .access import HostOutcome, not_in_inventory

_NAMED = 20
"""Hosts that are named with their reasons; the audit file has all of them."""

_REMEDIATED = frozenset({HostOutcome.UNCHANGED.value, HostOutcome.CHANGED.value, HostOutcome.WOULD_CHANGE.value})
_STATUS = {"drifted": "still drifted", "unreachable": "unreachable", "error": "not read"}


class FleetOutcome(str, Enum):
    """The outcome of one host."""

    IN_DESIRED_STATE = "in desired state"
    REMEDIATED = "remediated"
    WOULD_BE_REMEDIATED = "would be remediated"
    NOT_REMEDIATED = "not remediated"
    NOT_READ = "not read"
    NOT_READ_AGAIN = "not read again"


_GOOD = frozenset({FleetOutcome.IN_DESIRED_STATE, FleetOutcome.REMEDIATED, FleetOutcome.WOULD_BE_REMEDIATED})


@dataclass(frozen=True, slots=True)
class FleetSummary:
    """The outcome of the hosts of a fleet.

    Attributes:
        found: for each host, ``status`` and ``message`` of the first reading, as `fleet_audit` returns them.
        again: the same of the second reading, for the hosts that had drifted.
        remediations: the outcome of each host that the role has worked on, by its summary.
        check_mode: nothing was changed, since Ansible ran in check mode, and so nothing was read again.
        absent: site code and server of the sites without a host in the inventory.
    """

    found: Mapping[str, Mapping[str, Any]]
    again: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remediations: Mapping[str, str] = field(default_factory=dict)
    check_mode: bool = False
    absent: Sequence[tuple[str, str]] = ()

    def outcome(self, host: str) -> FleetOutcome:
        """Return the outcome of a host. It is remediated if the second reading shows it."""
        status = self.found[host]["status"]
        if status == "in_desired_state":
            return FleetOutcome.IN_DESIRED_STATE
        if status != "drifted":
            return FleetOutcome.NOT_READ
        remediated = self.remediations.get(host) in _REMEDIATED
        if self.check_mode:
            return FleetOutcome.WOULD_BE_REMEDIATED if remediated else FleetOutcome.NOT_REMEDIATED
        again = self.again.get(host, {}).get("status")
        if again in (None, "unreachable", "error"):
            return FleetOutcome.NOT_READ_AGAIN
        return FleetOutcome.REMEDIATED if remediated and again == "in_desired_state" else FleetOutcome.NOT_REMEDIATED

    def lines(self) -> list[str]:
        """Return the counts, the reasons for hosts that are not good, and the sites without a host."""
        outcomes = {host: self.outcome(host) for host in self.found}
        counted = list(outcomes.values())
        counts = [f"{counted.count(outcome)} {outcome.value}" for outcome in FleetOutcome if outcome in counted]
        return [
            f"{len(counted)} site server{'' if len(counted) == 1 else 's'}: {', '.join(counts)}",
            *self.reasons(),
            *not_in_inventory(self.absent),
        ]

    def reasons(self) -> list[str]:
        """Return a line for each host that is not good, at most `_NAMED`; empty if all are good."""
        bad = [host for host in self.found if self.outcome(host) not in _GOOD]
        lines = [f"{host}: {self._reason(host)}" for host in bad[:_NAMED]]
        return [*lines, f"and {len(bad) - _NAMED} more, see the audit file"] if len(bad) > _NAMED else lines

    def _reason(self, host: str) -> str:
        if self.found[host]["status"] != "drifted":
            return self._reading(host, self.found[host])
        remediation = HostOutcome(self.remediations.get(host, HostOutcome.NOT_RUN.value)).shown
        if self.check_mode:
            return f"drifted; remediation in check mode: {remediation}"
        again = self.again.get(host)
        reading = self._reading(host, again) if again else "not read again"
        return f"it had drifted; remediation: {remediation}; second reading: {reading}"

    @staticmethod
    def _reading(host: str, reading: Mapping[str, Any]) -> str:
        status = str(reading["status"])
        message = str(reading.get("message") or "").removeprefix(f"{host}: ")
        words = _STATUS.get(status, "in desired state")
        return f"{words} ({message})" if message else words
