# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is planned for a host goes into a plan and comes out of it without loss."""

from __future__ import annotations

import json

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.host_plan import as_held, read_host_plan
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import format_sddl, parse_sddl
from tests.unit.action.changes import plan_of
from tests.unit.action.tasks import FOLDER_BEFORE, SHARE_AFTER, converged, drifted
from tests.unit.change.samples import section
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer

AUDITED = "S:(AU;OICISAFA;FA;;;WD)"


def test_a_section_is_read_as_it_was_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    server = drifted()
    planned = plan_of(monkeypatch, server)["planned"]
    plan = read_host_plan("p01", json.loads(json.dumps(planned)))
    assert plan is not None
    assert plan.share.changes
    assert plan.directory.changes
    assert plan.share.before == as_held(server.held["SMS_SITE"])
    assert format_sddl(plan.share.after) == SHARE_AFTER


def test_a_sacl_goes_through_a_plan_without_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeSiteServer()
    server.hold("D:(A;;FA;;;BA)", FOLDER_BEFORE + AUDITED)
    planned = plan_of(monkeypatch, server)["planned"]
    plan = read_host_plan("p01", json.loads(json.dumps(planned)))
    assert plan is not None
    assert plan.directory.before == as_held(server.held[DIRECTORY])
    for descriptor in (plan.directory.before, plan.directory.after):
        assert format_sddl(descriptor).endswith(AUDITED)
    # The SACL is no difference that a reader of the plan has to look at.
    assert not [line for line in planned["directory"]["edits"] if "audit" in line]


def test_where_nothing_changes_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = read_host_plan("p01", plan_of(monkeypatch, converged())["planned"])
    assert plan is not None
    assert not plan.share.changes
    assert not plan.directory.changes


@pytest.mark.parametrize("status", ["unreachable", "error", "nothing_owed"])
def test_a_host_that_was_not_planned_has_no_plan(status: str) -> None:
    assert read_host_plan("p01", section(status=status, share=None, directory=None)) is None


def test_what_is_held_is_compared_as_a_plan_holds_it() -> None:
    held = parse_sddl("O:BAG:SYD:(A;;FA;;;BA)")
    assert as_held(held) == as_held(parse_sddl(format_sddl(as_held(held))))
