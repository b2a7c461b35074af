# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of a fleet is remediated if the second reading shows it, and in no other case."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import FleetOutcome, FleetSummary

DRIFTED, RIGHT = {"status": "drifted"}, {"status": "in_desired_state"}
LOST = {"status": "unreachable", "message": "p01: no answer"}


@pytest.mark.parametrize(
    ("found", "remediation", "again", "outcome", "reason"),
    [
        (RIGHT, None, None, FleetOutcome.IN_DESIRED_STATE, None),
        (LOST, None, None, FleetOutcome.NOT_READ, "unreachable (no answer)"),
        (DRIFTED, "changed", RIGHT, FleetOutcome.REMEDIATED, None),
        # Somebody else was faster.
        (DRIFTED, "unchanged", RIGHT, FleetOutcome.REMEDIATED, None),
        (DRIFTED, "changed", None, FleetOutcome.NOT_READ_AGAIN, "remediation: changed; second reading: not read again"),
        (DRIFTED, "changed", LOST, FleetOutcome.NOT_READ_AGAIN, "second reading: unreachable (no answer)"),
        (DRIFTED, "changed", DRIFTED, FleetOutcome.NOT_REMEDIATED, "second reading: still drifted"),
        (
            DRIFTED,
            "failed",
            DRIFTED,
            FleetOutcome.NOT_REMEDIATED,
            "remediation: failed; second reading: still drifted",
        ),
        (
            DRIFTED,
            None,
            DRIFTED,
            FleetOutcome.NOT_REMEDIATED,
            "remediation: not run; second reading: still drifted",
        ),
        (
            DRIFTED,
            "UNCERTAIN",
            RIGHT,
            FleetOutcome.NOT_REMEDIATED,
            "remediation: UNCERTAIN; second reading: in desired state",
        ),
    ],
)
def test_only_the_second_reading_shows_a_remediation(
    found: dict[str, str],
    remediation: str | None,
    again: dict[str, str] | None,
    outcome: FleetOutcome,
    reason: str | None,
) -> None:
    summary = FleetSummary(
        {"p01": found},
        again={"p01": again} if again else {},
        remediations={"p01": remediation} if remediation else {},
    )
    assert summary.outcome("p01") is outcome
    assert summary.lines()[0] == f"1 site server: 1 {outcome.value}"
    reasons = summary.reasons()
    assert len(reasons) == (reason is not None)
    assert reason is None or (reasons[0].startswith("p01: ") and reasons[0].endswith(reason))


def test_check_mode_takes_the_roles_word_for_what_it_would_do() -> None:
    found = {"p01": DRIFTED, "p02": DRIFTED}
    summary = FleetSummary(found, remediations={"p01": "would change", "p02": "failed"}, check_mode=True)
    assert summary.lines() == [
        "2 site servers: 1 would be remediated, 1 not remediated",
        "p02: drifted; remediation in check mode: failed",
    ]


def test_not_all_of_very_many_are_named() -> None:
    summary = FleetSummary({f"p{number:02}": LOST for number in range(23)}, absent=[("X01", "x01.corp.example")])
    assert summary.reasons()[20:] == ["and 3 more, see the audit file"]
    assert summary.lines()[-1] == "Not in the inventory, so neither read nor changed: X01 (x01.corp.example)"
