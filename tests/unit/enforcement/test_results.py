# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Return values, made from what a use case has found and done."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.modules import sender_access, sender_access_info
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import Directories, DirectoryUnreachable, Domain
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    MissingMembers,
    SenderRequest,
    assess_sender_access,
    assessment_result,
    enforce_sender_access,
    plan_result,
    sender_result,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import read_access
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account
from tests.unit.fake_site_server import FakeSiteServer

SENDER, OTHER = "S-1-5-21-1-2-3-1104", "S-1-5-21-1-2-3-1105"
GROUP = "S-1-5-32-1012"
RECEIVE = r"D:\ConfigMgr\inboxes\despoolr.box\receive"


def server(*members: str) -> FakeSiteServer:
    made = FakeSiteServer()
    made.points_to = RECEIVE
    made.held = {"SMS_SITE": parse_sddl("D:(A;;FA;;;BA)"), RECEIVE: parse_sddl("O:BAG:SYD:P(A;OICI;FA;;;BA)")}
    made.members[Sid.parse(GROUP)] = [account(member) for member in members]
    return made


def account(sid: str) -> Account:
    return Account(Sid.parse(sid), sid)


def request(**options: Any) -> SenderRequest:
    return SenderRequest(PRODUCTS["configmgr"], (SENDER, OTHER), **{"group": GROUP, **options})


@pytest.mark.parametrize("check_mode", [True, False])
def test_where_members_are_required_a_missing_one_is_the_failure_and_no_warning(check_mode: bool) -> None:
    host = server(SENDER)
    host.held[RECEIVE] = parse_sddl("O:BAG:SYD:P(A;OICI;FA;;;BA)(D;;0x1;;;S-1-5-21-9-9-9-9)")
    warned, failed = (
        sender_result(enforce_sender_access(host, request(members_required=required), check_mode=True), diff=False)
        for required in (False, True)
    )
    done = sender_result(enforce_sender_access(host, request(members_required=True), check_mode=check_mode), diff=False)
    order, advice = warned["warnings"]
    assert "canonical order" in order
    assert "lacks S-1-5-21-1-2-3-1105" in advice
    assert "failed" not in warned
    assert failed == {**warned, "failed": True, "msg": advice, "warnings": [order]}
    assert (done["failed"], done["msg"], done["warnings"], done["changed"]) == (True, advice, [order], True)


def test_where_members_are_required_and_there_it_does_not_fail() -> None:
    result = sender_result(enforce_sender_access(server(SENDER, OTHER), request(members_required=True)), diff=False)
    assert "failed" not in result
    assert "warnings" not in result
    assert result["group"]["missing"] == []


def test_the_group_before_and_after_and_who_was_added_by_this_run() -> None:
    host = server()
    wanted = request(missing_members=MissingMembers.ADD)
    reads: list[str] = []

    def somebody_else_adds_one(name: str) -> None:
        reads.append(name)
        if name == GROUP and reads.count(GROUP) == 2:
            host.members[Sid.parse(GROUP)].append(account(SENDER))

    host.reading = somebody_else_adds_one
    outcome = enforce_sender_access(host, wanted)
    assert outcome.before.missing == {SENDER: account(SENDER), OTHER: account(OTHER)}
    assert outcome.before.group_satisfied is False
    assert outcome.after.missing == {}
    assert outcome.after.group_satisfied is True
    group = sender_result(outcome, diff=False)["group"]
    assert group == {
        "name": GROUP,
        "sid": GROUP,
        "in_desired_state": True,
        "members": [SENDER, OTHER],
        "missing": [],
        "added": [OTHER],
    }


def test_check_mode_shows_what_would_hold() -> None:
    outcome = enforce_sender_access(server(), request(missing_members=MissingMembers.ADD), check_mode=True)
    result = sender_result(outcome, diff=False)
    assert (result["group"]["added"], result["group"]["members"]) == ([SENDER, OTHER], [SENDER, OTHER])
    states = [
        (sender["before"]["member"], sender["after"]["member"], sender["in_desired_state"])
        for sender in result["senders"]
    ]
    assert states == [(False, True, True), (False, True, True)]
    assert result["share"]["edits"] == [f"+ allow {GROUP}  Change"]


class Down:
    """A directory that does not answer."""

    host = "dc1"

    def domain(self) -> Domain:
        raise DirectoryUnreachable(self.host, "read its domain", "no answer", "Check it.")

    account = groups_with = known = find = domain


def test_a_plan_warns_once_why_groups_are_unknown() -> None:
    directories = Directories([Down()])  # type: ignore[list-item]
    missing = request(missing_members=MissingMembers.ADD)
    result = plan_result(enforce_sender_access(server(), missing, directories, check_mode=True), {})
    assert result["warnings"] == [
        "Unknown, so it does not count as access: state and domain groups of the account: dc1: could not read its "
        "domain: no answer. Check it."
    ]
    assert "warnings" not in plan_result(enforce_sender_access(server(), missing, check_mode=True), {})


def test_services_are_returned_where_they_are_asked_for() -> None:
    for services in (True, False):
        wanted = request(services=services)
        outcome = enforce_sender_access(server(SENDER, OTHER), wanted, check_mode=True)
        results = (
            sender_result(outcome, diff=False),
            plan_result(outcome, {}),
            assessment_result(assess_sender_access(server(SENDER, OTHER), wanted)),
        )
        for result in results:
            expected = dict.fromkeys(PRODUCTS["configmgr"].services) if services else None
            assert result.get("services") == expected


def test_the_log_reader_takes_the_results_of_both_modules() -> None:
    """`sender_log_info` reads these results as its option `access`."""
    host = server(SENDER)
    found = read_access("p01", assessment_result(assess_sender_access(host, request())))
    assert [account.name for account in found.accounts if account.problems] == [SENDER, OTHER]
    assert [problem.where for account in found.accounts for problem in account.problems] == [
        f"the directory {RECEIVE} and the share SMS_SITE"
    ] * 2
    done = read_access("p01", sender_result(enforce_sender_access(host, request()), diff=False))
    assert [account.name for account in done.accounts if account.problems] == [OTHER]


def undocumented(values: Any, documented: dict[str, Any], place: str = "") -> list[str]:
    """The keys that the documentation of return values lacks."""
    found: list[str] = []
    for value in values if isinstance(values, list) else [values]:
        for key, inner in value.items() if isinstance(value, dict) else ():
            about = documented.get(key)
            if about is None:
                found.append(f"{place}{key}")
            elif "contains" in about:
                found += undocumented(inner, about["contains"], f"{place}{key}.")
    return found


@pytest.mark.parametrize(
    ("module", "result"),
    [
        (sender_access, lambda found: sender_result(found, diff=False)),
        (sender_access_info, lambda found: assessment_result(found.before)),
    ],
    ids=["sender_access", "sender_access_info"],
)
def test_every_return_value_is_documented(module: Any, result: Any) -> None:
    found = result(enforce_sender_access(server(SENDER), request(services=True), check_mode=True))
    # Ansible documents these for all modules.
    assert not undocumented(found, {**yaml.safe_load(module.RETURN), "changed": {}, "warnings": {}})
    assert undocumented(found, {}), "nothing was compared"


def test_accounts_that_cannot_log_on_are_in_one_sentence() -> None:
    host = server(SENDER, OTHER)
    disabled = AccountState(disabled=True, locked=False, expired=False, password_expired=False)
    host.states = {Sid.parse(sid): disabled for sid in (SENDER, OTHER)}
    result = sender_result(enforce_sender_access(host, request(logon=True), check_mode=True), diff=False)
    assert result["msg"] == (
        f"p01: {SENDER}: account disabled; {OTHER}: account disabled. Permissions do not help them"
    )


def test_an_account_that_cannot_log_on_fails_the_task_and_keeps_the_results() -> None:
    host = server(SENDER, OTHER)
    host.states = {
        Sid.parse(sid): AccountState(disabled=sid == OTHER, locked=False, expired=False, password_expired=False)
        for sid in (SENDER, OTHER)
    }
    outcome = enforce_sender_access(host, request(logon=True), check_mode=True)
    result = sender_result(outcome, diff=False)
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["msg"] == f"p01: {OTHER}: account disabled. Permissions do not help it"
    good, bad = result["senders"]
    assert "logon_problems" not in good
    assert bad["logon_problems"] == [{"finding": "account_disabled", "reason": "account disabled"}]
    assert (bad["in_desired_state"], bad["after"]["answer"], bad["after"]["because"]) == (
        False,
        "denied",
        ["account disabled"],
    )
    assert (good["after"]["answer"], good["after"]["not_looked_at"]) == ("granted", [])
