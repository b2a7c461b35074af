# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of a local group in a plan, applied over SMB to a real server, on a built-in group: it has no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    HostPlan,
    apply_host_plan,
    changes_of,
    read_host_plan,
    read_journal,
    roll_back,
    section_of,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    Refused,
    SenderRequest,
    enforce_sender_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb import SmbSiteServer
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, default_hierarchy, running_lab
from tests.unit.change.samples import SENDER, document, recorder, validator

pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"{missing()}; as root on Debian, `make test` installs what it needs"
)
USERS = "BUILTIN\\Users"
OTHER = "CORP\\smssend-p02"


@pytest.fixture
def host() -> Iterator[RunningHost]:
    with running_lab(default_hierarchy(1), backend="samba") as lab:
        yield lab["C01"]


@pytest.fixture
def server(host: RunningHost) -> Iterator[SiteServer]:
    settings = SmbSettings("c01", host.address, domain="CORP", user="ansible", password=host.password)
    with closing(SmbSiteServer(settings)) as made:
        yield made


def planned(server: SiteServer) -> tuple[dict[str, Any], HostPlan]:
    wanted = SenderRequest(
        PRODUCTS["configmgr"], (SENDER, OTHER), group=USERS, allow_unexpected_path=True, add_members=True
    )
    section = section_of(
        enforce_sender_access(server, wanted, predict=True), site="C01", product="configmgr", reasons={}
    )
    plan = read_host_plan("c01", section)
    assert plan is not None
    return section, plan


def members(server: SiteServer) -> set[str]:
    return {account.name for account in server.group_members(server.resolve(USERS).sid)}


def test_members_are_planned_added_recorded_and_named_when_the_change_is_taken_back(
    server: SiteServer, tmp_path: Path
) -> None:
    path = tmp_path / "record.jsonl"
    section, plan = planned(server)
    assert {account["name"] for account in section["group"]["add"]} == {SENDER, OTHER}
    assert section["group"]["members"] == []
    validator("plan").validate(document({"c01": section}))
    assert members(server) == set()

    before = server.path_descriptor(plan.directory.name).descriptor
    result = apply_host_plan(server, plan, recorder(path, "c01"))
    assert {account.name for account in result.added} == {SENDER, OTHER}
    assert members(server) == {SENDER, OTHER}
    assert not apply_host_plan(server, plan, recorder(path, "c01")).changed

    changes = changes_of(path, read_journal(path), "c01")
    back = roll_back(server, changes, recorder(path, "c01", action="rollback"))
    assert back.changed
    assert server.path_descriptor(plan.directory.name).descriptor == before
    (warning,) = back.warnings
    assert f"{SENDER} -> {USERS}" in warning
    assert members(server) == {SENDER, OTHER}


def test_a_group_with_other_members_than_planned_is_refused(server: SiteServer, tmp_path: Path) -> None:
    _section, plan = planned(server)
    server.add_group_member(server.resolve(USERS).sid, server.resolve("CORP\\bystander").sid)
    with pytest.raises(Refused, match="has other members than when the change was planned"):
        apply_host_plan(server, plan, recorder(tmp_path / "record.jsonl", "c01"))
    assert members(server) == {"CORP\\bystander"}


def test_a_run_that_broke_off_between_two_members_is_taken_up(server: SiteServer, tmp_path: Path) -> None:
    _section, plan = planned(server)
    server.add_group_member(server.resolve(USERS).sid, server.resolve(OTHER).sid)
    result = apply_host_plan(server, plan, recorder(tmp_path / "record.jsonl", "c01"))
    assert [account.name for account in result.added] == [SENDER]
    assert members(server) == {SENDER, OTHER}
