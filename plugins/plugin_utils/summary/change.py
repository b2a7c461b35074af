# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of the playbooks `apply` and `rollback`: hosts by outcome, and the names of those that are not good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .uncertain import is_uncertain

_NAMED = 20
"""Hosts of one outcome that are named; the record has all of them."""


class ChangeOutcome(str, Enum):
    """The outcome of one host; `change_apply` and `change_rollback` return the first seven as ``outcome``."""

    APPLIED = "applied"
    RESTORED = "restored"
    IN_PLACE = "in_place"
    NOTHING_OWED = "nothing_owed"
    NOTHING_TO_RESTORE = "nothing_to_restore"
    NOT_PLANNED = "not_planned"
    REFUSED = "refused"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    UNREACHABLE = "unreachable"
    NO_RESULT = "no_result"
    NOT_RUN = "not_run"


_COUNTED = {
    ChangeOutcome.IN_PLACE: "unchanged",
    ChangeOutcome.NOTHING_OWED: "none required",
    ChangeOutcome.NOTHING_TO_RESTORE: "nothing to restore",
    ChangeOutcome.NOT_PLANNED: "not in the plan",
    ChangeOutcome.UNCERTAIN: "UNCERTAIN",
    ChangeOutcome.NO_RESULT: "no result",
    ChangeOutcome.NOT_RUN: "not run",
}
_PREDICTED = {ChangeOutcome.APPLIED: "would be changed", ChangeOutcome.RESTORED: "would be restored"}

_NAMED_AS = {
    ChangeOutcome.NOT_PLANNED: "Not in the plan, or not read for it; nothing was written there",
    ChangeOutcome.REFUSED: "Refused, since they have changed; nothing was written there",
    ChangeOutcome.FAILED: "Failed; the messages show the state of each host",
    ChangeOutcome.UNCERTAIN: "UNCERTAIN: a write may or may not have been done there; run again",
    ChangeOutcome.UNREACHABLE: "Unreachable",
    ChangeOutcome.NO_RESULT: "No result; run again",
    ChangeOutcome.NOT_RUN: "Not run, since these or too many others have failed before",
}

_BAD = frozenset(
    {
        ChangeOutcome.REFUSED,
        ChangeOutcome.FAILED,
        ChangeOutcome.UNCERTAIN,
        ChangeOutcome.UNREACHABLE,
        ChangeOutcome.NO_RESULT,
    }
)


@dataclass(frozen=True, slots=True)
class ChangeSummary:
    """The outcome of the hosts of a play.

    Attributes:
        change_id: the number of the change.
        play: what identifies the play, see `play.play_id`.
        results: for each host of the play, in its order, what its task returned, as Ansible registered it; empty
            without one.
        batch: the hosts that had their turn last and have not failed before.
        check_mode: nothing was written, since Ansible ran in check mode.
        record: the path of the record.
        left_out: hosts on which the plan changes something, and which are not in the play.
        remaining: hosts on which the change is not rolled back, and which are not in the play that rolls it back.
    """

    change_id: str
    play: str
    results: Mapping[str, Mapping[str, Any]]
    batch: Sequence[str]
    check_mode: bool
    record: str
    left_out: Sequence[str] = ()
    remaining: Sequence[str] = ()

    def outcome(self, host: str) -> ChangeOutcome:
        """Return the outcome of a host. It is good only if its result shows that."""
        result = self.results[host]
        if (result.get("change_id", self.change_id), result.get("play", self.play)) != (self.change_id, self.play):
            # Of an earlier play of this run.
            result = {}
        outcome = str(result.get("outcome") or "")
        if result.get("unreachable"):
            return ChangeOutcome.UNREACHABLE
        if result.get("uncertain") or (is_uncertain(result) and not self.check_mode):
            return ChangeOutcome.UNCERTAIN
        if result.get("failed"):
            return ChangeOutcome.REFUSED if outcome == ChangeOutcome.REFUSED.value else ChangeOutcome.FAILED
        if outcome in {known.value for known in ChangeOutcome if known not in _BAD | {ChangeOutcome.NOT_RUN}}:
            return ChangeOutcome(outcome)
        return ChangeOutcome.NO_RESULT if host in self.batch else ChangeOutcome.NOT_RUN

    def failures(self) -> dict[str, str]:
        """Return why hosts of the batch fail, by their names."""
        outcomes = {host: self.outcome(host) for host in self.results}
        failures = {
            host: str(self.results[host].get("msg") or _NAMED_AS[outcomes[host]])
            for host in self.batch
            if outcomes[host] in _BAD
        }
        if set(outcomes.values()) == {ChangeOutcome.NOT_PLANNED}:
            failures = dict.fromkeys(
                self.batch,
                f"Change {self.change_id} plans nothing for any host of this run, so nothing was written. The plan "
                "names hosts as the inventory did when it was made: correct the inventory or the limit, or make "
                "a new plan.",
            )
        if self.remaining and not failures:
            failures = dict.fromkeys(
                self.batch,
                f"Change {self.change_id} is not rolled back on {_listed(self.remaining)}, which the inventory of this "
                "run lacks. Add them to it and run again, or give --limit to leave them as they are.",
            )
        return failures

    def lines(self) -> list[str]:
        """Return the counts, and the names of those that are not good."""
        hosts: dict[ChangeOutcome, list[str]] = {}
        for host in self.results:
            hosts.setdefault(self.outcome(host), []).append(host)
        total = len(self.results)
        counts = [f"{len(hosts[outcome])} {self._word(outcome)}" for outcome in ChangeOutcome if outcome in hosts]
        lines = [f"Change {self.change_id}, {total} site server{'' if total == 1 else 's'}: {', '.join(counts)}"]
        lines += [f"{words}: {_listed(hosts[outcome])}" for outcome, words in _NAMED_AS.items() if outcome in hosts]
        if self.left_out:
            lines.append(f"In the plan, and not among the hosts of this run: {_listed(self.left_out)}")
        if self.remaining:
            lines.append(f"Not rolled back, and not among the hosts of this run: {_listed(self.remaining)}")
        if self.check_mode:
            return [*lines, "Check mode: nothing was written, and nothing recorded"]
        return [*lines, f"Record: {self.record}"]

    def _word(self, outcome: ChangeOutcome) -> str:
        if self.check_mode and outcome in _PREDICTED:
            return _PREDICTED[outcome]
        return _COUNTED.get(outcome, outcome.value)


def _listed(hosts: Sequence[str]) -> str:
    return ", ".join(hosts[:_NAMED]) + (f", and {len(hosts) - _NAMED} more" if len(hosts) > _NAMED else "")
