# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `fleet_summary`: the second reading decides, and what the role registered explains."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.action import fleet_summary
from tests.unit.action.tasks import C01, P01, SITES, play_of, run_on_controller

DRIFTED = {"hosts": {P01: {"status": "drifted"}}, "drifted": [P01]}


def summary(outcome: str, again: str, **task: Any) -> dict[str, Any]:
    registered = {"_sms_sender_perms_summary": {"outcomes": {P01: outcome}}}
    arguments = {"found": DRIFTED, "again": {"hosts": {P01: {"status": again}}}, "sms_sites": SITES}
    return run_on_controller(fleet_summary, arguments, play_of(P01, **registered), **task)


def test_what_the_second_reading_shows_is_good() -> None:
    found = summary("changed", "in_desired_state")
    assert (found["changed"], found["reasons"]) == (False, [])
    assert found["lines"][-1].endswith(f"C01 ({C01})")


def test_what_it_does_not_show_is_not() -> None:
    (reason,) = summary("changed", "drifted")["reasons"]
    assert reason.startswith(f"{P01}: ")
    assert summary("failed", "in_desired_state")["reasons"]


def test_a_strategy_under_which_results_could_be_false_is_refused() -> None:
    play = SimpleNamespace(strategy="host_pinned", order=None, _uuid="x")
    assert summary("changed", "in_desired_state", get_play=lambda: play)["failed"]
