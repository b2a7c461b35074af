# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the summary of a change counts a host as, and which hosts fail."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import ChangeOutcome, ChangeSummary

LOST = "p01: the answer was lost; it may or may not have been written; run again"


def summary(results: dict[str, dict[str, Any]], batch: list[str] | None = None, **more: Any) -> ChangeSummary:
    given = {"change_id": "CHG1", "play": "this", "check_mode": False, "record": "/srv/CHG1.record.jsonl", **more}
    return ChangeSummary(results=results, batch=list(results) if batch is None else batch, **given)


@pytest.mark.parametrize(
    ("result", "outcome", "fails"),
    [
        ({"outcome": "applied"}, ChangeOutcome.APPLIED, False),
        ({"outcome": "nothing_to_restore"}, ChangeOutcome.NOTHING_TO_RESTORE, False),
        ({"outcome": "refused", "failed": True, "msg": "changed since"}, ChangeOutcome.REFUSED, True),
        ({"failed": True, "msg": "no"}, ChangeOutcome.FAILED, True),
        # What failed has not been applied, whatever else the result says.
        ({"outcome": "applied", "failed": True, "msg": "no"}, ChangeOutcome.FAILED, True),
        ({"failed": True, "uncertain": True, "msg": LOST}, ChangeOutcome.UNCERTAIN, True),
        ({"outcome": "applied", "uncertain": True, "msg": LOST}, ChangeOutcome.UNCERTAIN, True),
        # Ansible has interrupted the task.
        ({"failed": True, "timedout": {"period": 5}, "msg": "timed out"}, ChangeOutcome.UNCERTAIN, True),
        ({"outcome": "applied", "uncertain": False}, ChangeOutcome.APPLIED, False),
        ({"unreachable": True, "msg": "no"}, ChangeOutcome.UNREACHABLE, True),
        ({}, ChangeOutcome.NO_RESULT, True),
        ({"skipped": True}, ChangeOutcome.NO_RESULT, True),
        # Of another change, from an earlier play of the run.
        ({"outcome": "applied", "change_id": "CHG0"}, ChangeOutcome.NO_RESULT, True),
        # Of the same change, from an earlier play of the run.
        ({"outcome": "applied", "change_id": "CHG1", "play": "earlier"}, ChangeOutcome.NO_RESULT, True),
        ({"outcome": "applied", "change_id": "CHG1", "play": "this"}, ChangeOutcome.APPLIED, False),
    ],
)
def test_what_is_not_known_to_be_good_fails(result: dict[str, Any], outcome: ChangeOutcome, fails: bool) -> None:
    made = summary({"p01": result})
    assert made.outcome("p01") is outcome
    assert (made.failures() != {}) == fails
    assert made.failures() == ({"p01": result.get("msg", "No result; run again")} if fails else {})


def test_an_uncertain_host_is_counted_and_named_as_such() -> None:
    results = {"c01": {"outcome": "applied"}, "p01": {"failed": True, "uncertain": True, "msg": LOST}, "s01": {}}
    assert summary(results, batch=["c01", "p01"]).lines() == [
        "Change CHG1, 3 site servers: 1 applied, 1 UNCERTAIN, 1 not run",
        "UNCERTAIN: a write may or may not have been done there; run again: p01",
        "Not run, since these or too many others have failed before: s01",
        "Record: /srv/CHG1.record.jsonl",
    ]


def test_a_plan_that_is_for_none_of_the_hosts_fails_them_all() -> None:
    of_none = {"outcome": "not_planned"}
    failures = summary({"p01": of_none, "p02": of_none}).failures()
    assert list(failures) == ["p01", "p02"]
    assert failures["p01"].startswith("Change CHG1 plans nothing for any host of this run, so nothing was written.")
    assert summary({"p01": of_none, "p02": {"outcome": "in_place"}}).failures() == {}


def test_planned_hosts_that_are_not_in_the_run_are_named() -> None:
    assert summary({"p01": {"outcome": "applied"}}, left_out=["p02"]).lines()[1] == (
        "In the plan, and not among the hosts of this run: p02"
    )


def test_hosts_that_a_rollback_leaves_changed_fail_it() -> None:
    made = summary({"p01": {"outcome": "restored"}}, remaining=["p02"])
    assert made.lines()[1] == "Not rolled back, and not among the hosts of this run: p02"
    assert list(made.failures()) == ["p01"]
    assert "not rolled back on p02" in made.failures()["p01"]
