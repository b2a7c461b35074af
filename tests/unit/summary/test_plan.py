# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of the playbook plan: what a person is asked to approve."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary import plan_lines

NOTHING = {"path": "C1.plan.json", "digest": "sha256:00", "hosts": 3, "unchanged": 3}


def test_each_list_is_a_line() -> None:
    lists = {"changing": ["p01", "p02"], "lacking_members": ["p01"], "not_read": ["s01"]}
    assert plan_lines({**NOTHING, "unchanged": 0, **lists}) == [
        "Plan: C1.plan.json",
        "To change: p01, p02",
        "Group lacks members that this change does not add: p01",
        "No change needed: 0 of 3",
        "Not read, and so not planned: s01",
        "Digest to approve: sha256:00",
    ]


def test_an_empty_list_is_nothing_or_none() -> None:
    assert plan_lines({**NOTHING, "changing": [], "lacking_members": [], "not_read": []})[1:5] == [
        "To change: nothing",
        "Group lacks members that this change does not add: none",
        "No change needed: 3 of 3",
        "Not read, and so not planned: none",
    ]
