# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `hierarchy_scope`: what each site server of a play must have."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.action import hierarchy_scope
from tests.unit.action.tasks import C01, P01, SITES, play_of, run_on_controller


def scope(sites: Any = SITES, **task: Any) -> dict[str, Any]:
    return run_on_controller(hierarchy_scope, {"sms_sites": sites}, play_of(C01, P01), **task)


def test_what_each_site_must_grant() -> None:
    found = scope(check_mode=True)
    assert found["changed"] is False
    assert found["senders"] == {"C01": ["CORP\\smsback"], "P01": ["CORP\\smssend"]}
    assert found["grants"]["P01"] == [{"account": "CORP\\smssend", "reasons": ["C01 sends to P01 as CORP\\smssend"]}]
    assert found["products"] == {"C01": "sms_1_2", "P01": "sms_1_2"}
    assert found["sites"] == {C01: "C01", P01: "P01"}
    assert (found["batch"], found["check_mode"]) == ([C01, P01], True)


def test_all_mistakes_are_one_message() -> None:
    found = scope([{**SITES[0], "adresses": []}, {**SITES[1], "parent": "X01"}])
    assert (found["failed"], found["changed"]) == (True, False)
    head, *mistakes = found["msg"].splitlines()
    assert head.startswith("sms_sites describes no usable hierarchy. Nothing was read or changed")
    assert [mistake[:10] for mistake in mistakes] == ["- site C01", "- site P01"]


def test_a_strategy_under_which_results_could_be_false_is_refused() -> None:
    play = SimpleNamespace(strategy="free", order=None, _uuid="x")
    found = scope(get_play=lambda: play)
    assert (found["failed"], found["changed"]) == (True, False)
    assert "strategy free" in found["msg"]
