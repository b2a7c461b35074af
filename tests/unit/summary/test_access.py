# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role's table counts a host as: good only by a reading, and uncertain whatever else is said."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import (
    AccessSummary,
    HostOutcome,
    HostRun,
    joined_members,
)

GOOD = {"access": "Full Control", "satisfied": True}
BAD = {"access": "none", "satisfied": False}
UNCERTAIN = "p01: the answer to SetSecurityDescriptor was lost; it may or may not have been written; run again"


def sender(satisfied: bool) -> dict[str, Any]:
    held = GOOD if satisfied else BAD
    state = {"share": held, "directory": held}
    return {
        "account": "CORP\\a",
        "name": "CORP\\a",
        "in_desired_state": satisfied,
        "before": state,
        "after": state,
        "current": state,
    }


def result(satisfied: bool = True, **more: Any) -> dict[str, Any]:
    return {"changed": False, "site_code": "P01", "senders": [sender(satisfied)], **more}


def run(first: dict[str, Any], **more: Any) -> HostRun:
    return HostRun("p01", "P01", first, **more)


@pytest.mark.parametrize(
    ("first", "converged", "audited"),
    [
        (result(), HostOutcome.UNCHANGED, HostOutcome.IN_ORDER),
        (result(changed=True), HostOutcome.CHANGED, HostOutcome.IN_ORDER),
        (result(satisfied=False), HostOutcome.FAILED, HostOutcome.DRIFT),
        (result(failed=True, msg="no"), HostOutcome.FAILED, HostOutcome.FAILED),
        ({"failed": True, "msg": "no"}, HostOutcome.FAILED, HostOutcome.FAILED),
        ({"unreachable": True, "msg": "no"}, HostOutcome.UNREACHABLE, HostOutcome.UNREACHABLE),
        # The access task skips a site that nobody sends to, and names it; Ansible skips where a condition is false.
        ({"skipped": True, "site_code": "P01"}, HostOutcome.NOTHING_OWED, HostOutcome.NOTHING_OWED),
        ({"skipped": True, "skip_reason": "Conditional result was False"}, HostOutcome.NOT_RUN, HostOutcome.NOT_RUN),
        ({}, HostOutcome.NOT_RUN, HostOutcome.NOT_RUN),
        # Changed, but no account was read.
        ({"changed": True, "site_code": "P01", "senders": []}, HostOutcome.FAILED, HostOutcome.FAILED),
        ({"failed": True, "uncertain": True, "msg": UNCERTAIN}, HostOutcome.UNCERTAIN, HostOutcome.UNCERTAIN),
        ({"unreachable": True, "uncertain": True, "msg": UNCERTAIN}, HostOutcome.UNCERTAIN, HostOutcome.UNCERTAIN),
        (result(changed=True, uncertain=True, msg=UNCERTAIN), HostOutcome.UNCERTAIN, HostOutcome.UNCERTAIN),
        # Ansible has interrupted the task; one that only reads has written nothing.
        ({"failed": True, "timedout": {"period": 5}, "msg": "timed out"}, HostOutcome.UNCERTAIN, HostOutcome.FAILED),
        (result(uncertain=False), HostOutcome.UNCHANGED, HostOutcome.IN_ORDER),
    ],
)
def test_only_a_reading_makes_a_host_good(first: dict[str, Any], converged: HostOutcome, audited: HostOutcome) -> None:
    assert run(first).outcome(audit=False, check_mode=False) is converged
    assert run(first).outcome(audit=True, check_mode=False) is audited
    fine = {HostOutcome.IN_ORDER, HostOutcome.NOTHING_OWED}
    summary = AccessSummary([run(first)], audit=True)
    assert bool(summary.faults(fail_on_drift=True, fail_on_findings=())) == (audited not in fine)
    assert bool(summary.faults(fail_on_drift=False, fail_on_findings=())) == (audited not in {*fine, HostOutcome.DRIFT})


def test_an_uncertain_host_is_counted_and_explained_as_such() -> None:
    first = {"failed": True, "uncertain": True, "msg": UNCERTAIN, "site_code": "P01"}
    assert AccessSummary([run(first), HostRun("c01", "C01", result())], accounts={"P01": ["CORP\\a"]}).lines() == [
        "Site  Server  Result     Share         Directory     Sender account",
        "----  ------  ---------  ------------  ------------  --------------",
        "P01   p01     UNCERTAIN  -             -             CORP\\a",
        "C01   c01     unchanged  Full Control  Full Control  CORP\\a",
        "2 site servers: 1 unchanged, 1 UNCERTAIN",
        "P01 (p01): the answer to SetSecurityDescriptor was lost; it may or may not have been written; run again",
    ]


UNREAD = "state and domain groups of the account: dc1: no connection to 192.0.2.1 port 389: Connection refused."


def test_the_reason_why_groups_are_unknown_is_shown_once() -> None:
    unknown = sender(satisfied=False)
    state = {"share": BAD, "directory": BAD, "answer": "unknown", "because": [UNREAD, "share: an entry"]}
    unknown |= {"before": state, "current": state}
    first = {**result(), "senders": [unknown, {**unknown, "name": "CORP\\b"}]}
    line = f"Unknown, so it does not count as access (P01, C01): {UNREAD}"
    runs = [run(first), HostRun("c01", "C01", first)]
    for audit in (True, False):
        assert AccessSummary(runs, audit=audit).lines()[-1] == line
    granted = {**state, "share": GOOD, "directory": GOOD}
    first["senders"] = [{**unknown, "before": granted, "current": granted}]
    assert line not in AccessSummary(runs, audit=True).lines()


def test_without_directories_an_audit_names_the_variable() -> None:
    unknown = sender(satisfied=False)
    unknown["before"] = unknown["current"] = {
        **unknown["current"],
        "answer": "unknown",
        "because": [],
        "not_looked_at": ["state and domain groups of the account (sms_directory)", "the rights (logon: true)"],
    }
    runs = [run({**result(), "senders": [unknown]})]
    line = "Unknown, so it does not count as access (P01): state and domain groups of the account (sms_directory)"
    assert AccessSummary(runs, audit=True).lines()[-1] == line
    assert line not in AccessSummary(runs).lines()


def test_members_that_have_joined_are_good_by_the_second_reading_only() -> None:
    first = result(satisfied=False, failed=True, msg="lacks members")
    again = {"senders": [sender(True)]}
    assert run(first, again=again, joined=["CORP\\a"]).outcome(audit=False, check_mode=False) is HostOutcome.CHANGED
    assert run(first, again=again).outcome(audit=False, check_mode=False) is HostOutcome.FAILED
    lost = {"failed": True, "msg": "reset"}
    assert run(first, again=lost).outcome(audit=False, check_mode=False) is HostOutcome.FAILED


LACKING = {
    **result(satisfied=False, failed=True, msg="p01: group P01\\G lacks CORP\\a"),
    "group": {"name": "P01\\G", "in_desired_state": True, "missing": ["CORP\\a"]},
}
ADDED = {"changed": True}
REFUSED = {"failed": True, "msg": "access denied"}
READ = {"senders": [sender(True)]}


@pytest.mark.parametrize(
    ("membership", "again", "check_mode", "joined"),
    [
        (ADDED, READ, False, ("CORP\\a",)),
        (ADDED, {"senders": [sender(False)]}, False, ()),
        (ADDED, {"failed": True, "msg": "reset"}, False, ()),
        (ADDED, {"senders": [{**sender(True), "name": "CORP\\b"}]}, False, ()),
        (ADDED, {"senders": [sender(False)]}, True, ("CORP\\a",)),
        (REFUSED, READ, False, ()),
        (REFUSED, READ, True, ()),
        # A task that did not run predicts nothing, where the play ignores that.
        ({"unreachable": True, "msg": "no shell"}, {"senders": [sender(False)]}, True, ()),
        ({"skipped": True}, {"senders": [sender(False)]}, True, ()),
        ({}, {}, False, ()),
        ({}, {}, True, ()),
    ],
)
def test_a_member_has_joined_if_the_second_reading_shows_it(
    membership: dict[str, Any], again: dict[str, Any], check_mode: bool, joined: tuple[str, ...]
) -> None:
    assert joined_members(LACKING, membership, again, check_mode=check_mode) == joined


TASK = "ansible.windows.win_group_membership: {name: 'G', members: ['CORP\\a'], state: present}"
STILL = (
    "Site P01: required access is still missing for CORP\\a. This connection cannot add members to P01\\G. "
    f"Run on p01: {TASK}"
)


@pytest.mark.parametrize(
    ("first", "more", "add_members", "failure"),
    [
        (LACKING, {"joined": ["CORP\\a"], "membership": ADDED}, True, None),
        (LACKING, {"membership": ADDED}, True, STILL),
        # The second reading failed, where the play ignores that.
        (LACKING, {"membership": ADDED, "again": {"failed": True, "msg": "reset"}}, True, STILL),
        (LACKING, {"membership": ADDED, "again": {"unreachable": True, "msg": "reset"}}, True, STILL),
        (LACKING, {"membership": REFUSED}, True, f"{STILL} (the role has tried: access denied)"),
        (LACKING, {"membership": {"failed": True}}, True, f"{STILL} (the role has tried: no reason given)"),
        (LACKING, {"membership": {"unreachable": True, "msg": "no"}}, True, f"{STILL} (the role has tried: no)"),
        (
            LACKING,
            {},
            False,
            "p01: group P01\\G lacks CORP\\a. With sms_sender_perms_add_group_members, and the collection "
            "ansible.windows, the role adds members.",
        ),
        (result(satisfied=False, failed=True, msg="p01: no"), {}, True, "p01: no"),
        (result(satisfied=False, failed=True, msg="p01: no"), {}, False, "p01: no"),
        # What is uncertain stays so, whoever has joined.
        (
            {**LACKING, "uncertain": True, "msg": UNCERTAIN},
            {"joined": ["CORP\\a"], "membership": ADDED},
            True,
            UNCERTAIN,
        ),
        (
            {**LACKING, "group": {**LACKING["group"], "in_desired_state": False}},
            {"joined": ["CORP\\a"], "membership": ADDED},
            True,
            "Site P01: required access is still missing for P01\\G.",
        ),
    ],
)
def test_why_a_host_still_fails_after_members_were_added(
    first: dict[str, Any], more: dict[str, Any], add_members: bool, failure: str | None
) -> None:
    assert run(first, **more).failure(add_members=add_members) == failure


@pytest.mark.parametrize(
    ("second", "lacking"),
    [
        ({"senders": [sender(True), {**sender(False), "account": "b", "name": "CORP\\b"}]}, ["b"]),
        ({**READ, "group": {"name": "P01\\G", "in_desired_state": False, "missing": []}}, ["P01\\G"]),
        (READ, []),
    ],
)
def test_what_the_second_reading_shows_counts_for_every_account(second: dict[str, Any], lacking: list[str]) -> None:
    other = {**sender(True), "account": "b", "name": "CORP\\b"}
    first = {**LACKING, "changed": True, "senders": [sender(False), other]}
    made = run(first, again=second, joined=["CORP\\a"], membership=ADDED)
    outcome = HostOutcome.FAILED if lacking else HostOutcome.CHANGED
    assert (made.lacking, made.outcome(audit=False, check_mode=False)) == (lacking, outcome)
    failure = f"Site P01: required access is still missing for {', '.join(lacking)}." if lacking else None
    assert made.failure(add_members=True) == failure
    row = AccessSummary([made]).lines()[3]
    assert ("none (not enough)" in row) == (lacking == ["b"])
    # In check mode it shows what is there before the access task would write.
    predicted = run(first, again=second, joined=["CORP\\a"], membership=ADDED, check_mode=True)
    assert (predicted.lacking, predicted.failure(add_members=True)) == ([], None)


def test_check_mode_predicts() -> None:
    assert run(result(changed=True)).outcome(audit=False, check_mode=True) is HostOutcome.WOULD_CHANGE
    interrupted = {"failed": True, "timedout": {"period": 5}, "msg": "timed out"}
    assert run(interrupted).outcome(audit=False, check_mode=True) is HostOutcome.FAILED


def test_a_finding_fails_the_host_of_its_site_if_its_kind_or_severity_is_named() -> None:
    found = [{"id": "several_routes", "severity": "warning", "site": "P01"}]
    summary = AccessSummary([run(result()), HostRun("c01", "C01", result())], audit=True, findings=found)
    for named in ("several_routes", "warning"):
        faults = summary.faults(fail_on_drift=True, fail_on_findings=[named])
        assert list(faults) == ["p01"]
        assert "findings that sms_sender_perms_fail_on_findings names: several_routes" in faults["p01"]
    assert summary.faults(fail_on_drift=True, fail_on_findings=["error"]) == {}


def finding(kind: str, severity: str, site: str, evidence: str) -> dict[str, str]:
    return {"id": kind, "severity": severity, "site": site, "evidence": evidence, "advice": "Do.", "source": "Book"}


def test_findings_are_below_the_table_by_severity_and_kind() -> None:
    findings = [
        finding("not_connected", "warning", "C01", "its parent is X01"),
        *(finding("several_routes", "warning", f"S{number}", "two") for number in range(22)),
        finding("trust_unknown", "info", "C01", "B"),
        finding("untrusted_domain", "error", "P01", "A"),
    ]
    assert AccessSummary([run(result())], audit=True, findings=findings).lines()[4:] == [
        "",
        "Findings: 1 error, 23 warnings, 1 info",
        "error: untrusted_domain",
        "  P01: A",
        "  => Do. (Book)",
        "warning: not_connected",
        "  C01: its parent is X01",
        "  => Do. (Book)",
        "warning: several_routes",
        *(f"  S{number}: two" for number in range(20)),
        "  and 2 more",
        "  => Do. (Book)",
        "info: trust_unknown",
        "  C01: B",
        "  => Do. (Book)",
    ]


def locked_out(satisfied: bool) -> dict[str, Any]:
    problems = [{"finding": "account_locked", "reason": "account locked"}]
    first = result(satisfied)
    first["senders"][0] |= {"in_desired_state": False, "logon_problems": problems}
    return first


@pytest.mark.parametrize("satisfied", [True, False])
def test_an_account_that_cannot_log_on_is_drift_that_no_permission_settles(satisfied: bool) -> None:
    found = run(locked_out(satisfied))
    assert found.logon_problems == [("account_locked", "CORP\\a: account locked")]
    assert found.outcome(audit=True, check_mode=False) is HostOutcome.DRIFT
    assert found.lacking == ([] if satisfied else ["CORP\\a"])
    fault = AccessSummary([found], audit=True).faults(fail_on_drift=True, fail_on_findings=())["p01"]
    assert "CORP\\a: account locked" in fault
    assert ("converge" in fault) is not satisfied


def test_only_who_must_become_a_member_is_shown_as_none() -> None:
    """An account that gets in through Administrators is no member, and need not be one."""
    first = result()
    first["senders"][0]["after"] = {**first["senders"][0]["after"], "member": False}
    assert not any("no member" in line for line in AccessSummary([run(first)]).lines())
    first["group"] = {"name": "P01\\G", "missing": ["CORP\\a"], "in_desired_state": True}
    assert any("no member" in line for line in AccessSummary([run(first)]).lines())


def with_problem(made: dict[str, Any]) -> dict[str, Any]:
    problems = [{"finding": "account_locked", "reason": "account locked"}]
    return {**made, "in_desired_state": False, "logon_problems": problems}


def test_a_new_member_that_cannot_log_on_settles_nothing() -> None:
    """Its permissions are in place, and it still does not get in."""
    again = {"senders": [with_problem(sender(True))]}
    joined = joined_members(LACKING, ADDED, again, check_mode=False)
    made = run(LACKING, again=again, joined=joined, membership=ADDED)
    failure = made.failure(add_members=True)
    assert failure == "Site P01: accounts cannot log on: CORP\\a: account locked. Permissions do not help them."
    assert made.outcome(audit=False, check_mode=False) is HostOutcome.FAILED


def test_another_account_that_cannot_log_on_is_not_settled_by_a_new_member() -> None:
    other = with_problem({**sender(True), "account": "b", "name": "CORP\\b"})
    first = {**LACKING, "senders": [sender(False), other]}
    made = run(first, again={"senders": [sender(True), other]}, joined=["CORP\\a"], membership=ADDED)
    assert "b: account locked" in (made.failure(add_members=True) or "")
    assert made.outcome(audit=False, check_mode=False) is HostOutcome.FAILED


def test_a_logon_that_the_new_membership_allows_is_settled_by_it() -> None:
    """Only the group has the right to log on, so nobody could before the second reading."""
    first = {**LACKING, "senders": [with_problem(sender(False))]}
    made = run(first, again=READ, joined=["CORP\\a"], membership=ADDED)
    assert made.failure(add_members=True) is None
    assert made.logon_problems == []
    assert made.outcome(audit=False, check_mode=False) is HostOutcome.CHANGED
