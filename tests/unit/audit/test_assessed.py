# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line of a host, from what a use case has found there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import (
    AuditedFinding,
    AuditedHost,
    HostStatus,
    audited_host,
    host_to_json,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    Assessment,
    SenderOutcome,
    SenderRequest,
    assess_sender_access,
    enforce_sender_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account
from tests.unit.audit.lines import GROUP, OTHER, RECEIVE, SENDER, WRITTEN, schema
from tests.unit.fake_site_server import FakeSiteServer

FINDING = AuditedFinding("no_way_back", "warning", "P01", "e", "a", "s")
REQUEST = SenderRequest(PRODUCTS["configmgr"], (SENDER, OTHER), group=GROUP)
SHARE, DIRECTORY = "D:(A;;FA;;;BA)", "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
SHARE_RIGHTS, DIRECTORY_RIGHTS = f"(A;;FA;;;{GROUP})", f"(A;OICI;FA;;;{GROUP})"


def fake(share: str, directory: str, *members: str) -> FakeSiteServer:
    server = FakeSiteServer()
    server.points_to = RECEIVE
    server.held = {"SMS_SITE": parse_sddl(share), RECEIVE: parse_sddl(directory)}
    server.members[Sid.parse(GROUP)] = [Account(Sid.parse(member), member) for member in members]
    return server


def line(found: SenderOutcome | Assessment | None, status: HostStatus = HostStatus.DRIFTED) -> AuditedHost:
    return audited_host(
        "p01",
        status,
        "a member is missing",
        found,
        site="P01",
        product="configmgr",
        reasons={SENDER: ("C01 sends",)},
        findings=(FINDING,),
        seconds=0.12345,
        requests=None,
    )


NOT_LOOKED_AT = [
    "state and domain groups of the account (sms_directory)",
    "the rights to log on from the network (logon: true)",
]


def expected() -> dict[str, Any]:
    """The line of the first version, and the answers, which it had not."""
    values: dict[str, Any] = json.loads(WRITTEN)
    for sender in values["senders"]:
        sender["answer"] = "denied"
        sender["because"] = ["share: no entry grants Change", "folder: no entry grants Full control"]
        sender["not_looked_at"] = NOT_LOOKED_AT
    return values


def test_a_drifted_host_has_the_line_that_it_always_had_and_the_answers() -> None:
    outcome = enforce_sender_access(fake(SHARE, DIRECTORY, OTHER), REQUEST, check_mode=True)
    values = host_to_json(line(outcome))
    schema().validate(values)
    assert values == expected()


def test_without_a_plan_a_line_has_no_edits_and_nothing_afterwards() -> None:
    found = assess_sender_access(fake(SHARE, DIRECTORY, OTHER), REQUEST)
    values = host_to_json(line(found))
    schema().validate(values)
    assert values == {**expected(), "edits": {"share": [], "directory": []}, "after": None}


def test_a_host_in_its_desired_state_has_nothing_afterwards() -> None:
    server = fake(SHARE + SHARE_RIGHTS, DIRECTORY + DIRECTORY_RIGHTS, OTHER, SENDER)
    outcome = enforce_sender_access(server, REQUEST, check_mode=True)
    values = host_to_json(line(outcome, HostStatus.IN_DESIRED_STATE))
    schema().validate(values)
    assert values["after"] is None
    assert values["group"]["in_desired_state"] is True
    assert [sender["in_desired_state"] for sender in values["senders"]] == [True, True]


@pytest.mark.parametrize(
    ("share", "directory", "holds", "missing"),
    [
        (SHARE_RIGHTS, DIRECTORY_RIGHTS, True, (SENDER, OTHER)),
        (SHARE_RIGHTS, "", False, (SENDER, OTHER)),
        ("", DIRECTORY_RIGHTS, False, (SENDER, OTHER)),
        # What every account has, the group has too, and nobody has to become its member.
        ("(A;;FA;;;WD)", "(A;OICI;FA;;;WD)", True, ()),
    ],
)
def test_a_group_is_as_it_was_before_the_change(
    share: str, directory: str, holds: bool, missing: tuple[str, ...]
) -> None:
    server = fake(SHARE + share, DIRECTORY + directory)
    for found in (enforce_sender_access(server, REQUEST, check_mode=True), assess_sender_access(server, REQUEST)):
        group = line(found).group
        assert group is not None
        assert (group.in_desired_state, group.members, group.missing) == (holds, (), missing)


def test_a_host_that_was_not_read_has_no_objects() -> None:
    values = host_to_json(line(None, HostStatus.ERROR))
    schema().validate(values)
    assert (values["share"], values["directory"], values["group"], values["senders"]) == (None, None, None, [])


def test_an_account_that_cannot_log_on_is_a_finding_of_the_host() -> None:
    server = fake(SHARE + SHARE_RIGHTS, DIRECTORY + DIRECTORY_RIGHTS, OTHER, SENDER)
    fine = AccountState(disabled=False, locked=False, expired=False, password_expired=False)
    server.states = {Sid.parse(SENDER): replace(fine, locked=True), Sid.parse(OTHER): fine}
    found = line(enforce_sender_access(server, replace(REQUEST, logon=True), check_mode=True))
    schema().validate(host_to_json(found))
    assert found.findings[0] == FINDING
    assert [(each.id, each.site, each.evidence) for each in found.findings[1:]] == [
        ("account_locked", "P01", f"{SENDER}: account locked")
    ]
    assert [(each.in_desired_state, each.answer) for each in found.senders] == [(False, "denied"), (True, "granted")]
