# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action `sender_access_summary`: what the role registers for each host becomes one table."""

from __future__ import annotations

from typing import Any

from ansible_collections.sitekeeper.sms.plugins.action import hierarchy_scope, sender_access_summary
from tests.unit.action.tasks import C01, P01, SITES, HostVars, play_of, run_on_controller


def assessed(satisfied: bool) -> dict[str, Any]:
    access = {"access": "Full Control" if satisfied else "none", "satisfied": satisfied}
    state = {"share": access, "directory": access}
    return {
        "account": "CORP\\a",
        "name": "CORP\\a",
        "in_desired_state": satisfied,
        "before": state,
        "after": state,
        "current": state,
    }


def result(code: str, satisfied: bool = True, **more: Any) -> dict[str, Any]:
    return {"changed": False, "site_code": code, "senders": [assessed(satisfied)], **more}


def summary(results: dict[str, dict[str, Any]], batch: tuple[str, ...] = (C01, P01), **options: Any) -> dict[str, Any]:
    variables = play_of(C01, P01)
    scope = run_on_controller(hierarchy_scope, {"sms_sites": SITES}, {**variables, "ansible_play_batch": list(batch)})
    variables["ansible_play_batch"] = list(batch)
    variables["hostvars"] = HostVars(
        {
            host: {"_sms_sender_perms_result": results.get(host), "_sms_sender_perms_scope": options.pop("of", scope)}
            for host in (C01, P01)
        }
    )
    return run_on_controller(sender_access_summary, {"scope": scope, "show": True, **options}, variables)


def test_a_host_without_a_result_is_never_fine() -> None:
    found = summary({C01: result("C01")})
    assert found["fine"] == [C01]
    assert found["outcomes"][P01] == "not run"
    assert found["last"] is True
    assert found["lines"]


def test_a_host_that_failed_is_a_fault() -> None:
    failed = {"failed": True, "changed": False, "site_code": "P01", "msg": f"{P01}: the disk is gone"}
    found = summary({C01: result("C01"), P01: failed}, audit=True)
    assert list(found["faults"]) == [P01]
    assert "the disk is gone" in found["faults"][P01]


def test_drift_is_a_fault_if_it_is_asked_for() -> None:
    results = {C01: result("C01"), P01: result("P01", satisfied=False)}
    assert list(summary(results, audit=True, fail_on_drift=True)["faults"]) == [P01]
    assert summary(results, audit=True, fail_on_drift=False)["faults"] == {}


def test_before_the_last_batch_there_is_no_table() -> None:
    found = summary({C01: result("C01")}, batch=(C01,))
    assert (found["last"], found["lines"]) == (False, [])
    assert list(found["outcomes"]) == [C01]


def test_results_of_an_earlier_play_do_not_count() -> None:
    found = summary({C01: result("C01"), P01: result("P01")}, of={"play": "an-earlier-play"})
    assert C01 not in found["fine"]


def test_accounts_that_cannot_log_on_are_findings() -> None:
    refused = result("P01", satisfied=False)
    refused["senders"][0]["logon_problems"] = [{"finding": "account_disabled", "reason": "account disabled"}]
    (finding,) = summary({C01: result("C01"), P01: refused}, audit=True, fail_on_drift=True)["findings"]
    assert (finding["id"], finding["site"], finding["evidence"]) == (
        "account_disabled",
        "P01",
        "CORP\\a: account disabled",
    )
    faults = summary({C01: result("C01"), P01: refused}, audit=True, fail_on_findings=["error"])["faults"]
    assert "account_disabled" in faults[P01]
