# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's section of a plan, made from a host of the lab and read back."""

from __future__ import annotations

import json

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.host_plan import (
    as_held,
    read_host_plan,
    section_of,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import SenderRequest, enforce_sender_access
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import find_product
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import format_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi
from tests.lab.testing import default_hierarchy, running_lab

RECEIVE = r"D:\SMS\Site.srv\Despoolr.box\Receive"
AUDITED = "S:(AU;OICISAFA;FA;;;WD)"


def test_a_sacl_goes_through_a_plan_without_loss() -> None:
    scenario = default_hierarchy(1)
    (directory,) = (item for item in scenario["hosts"][0]["directories"] if item["path"] == RECEIVE)
    directory["sacl"] = [{"principal": "S-1-1-0", "mask": 0x1F01FF, "flags": "OI CI SA FA"}]
    request = SenderRequest(find_product("sms_1_2", None), (r"CORP\smssend",))
    with running_lab(scenario) as lab, lab_wmi(lab["C01"]) as wmi:
        server = WsmanSiteServer(wmi)
        outcome = enforce_sender_access(server, request, check_mode=True)
        held = server.path_descriptor(RECEIVE).descriptor
    section = section_of(outcome, site="C01", reasons={})
    plan = read_host_plan("c01", json.loads(json.dumps(section)))
    assert plan is not None
    assert plan.directory.changes
    assert plan.directory.before == as_held(held)
    for planned in (plan.directory.before, plan.directory.after):
        assert format_sddl(planned).endswith(AUDITED)
    # The SACL is no difference that a reader of the plan has to look at.
    assert not [line for line in section["directory"]["edits"] if "audit" in line]
