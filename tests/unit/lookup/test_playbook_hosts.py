# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pattern of the playbooks' hosts, and why a run that would cover less than it seems fails."""

from __future__ import annotations

from typing import Any

import pytest
from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.sitekeeper.sms.plugins.lookup.playbook_hosts import LookupModule

SITES = ["c01", "p01", "p02"]
GROUPS = {"all": [*SITES, "web01"], "ungrouped": ["web01"], "sms_sites": SITES, "spared": [], "old": ["p02"]}


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask for the pattern as Ansible does when it begins a play."""

    def ask(groups: dict[str, list[str]] | None = None, hosts: Any = None, **options: Any) -> list[str]:
        options = {"args": ("sitekeeper.sms.audit",), "tags": ["all"], "skip_tags": [], **options}
        monkeypatch.setattr(context, "CLIARGS", ImmutableDict(options))
        variables = {"groups": GROUPS if groups is None else groups} | (
            {} if hosts is None else {"sms_sender_perms_hosts": hosts}
        )
        templar = Templar(loader=DataLoader(), variables=variables)
        return LookupModule(loader=DataLoader(), templar=templar).run([], variables=variables)

    return ask


@pytest.mark.parametrize(
    ("asked", "pattern"),
    [
        ({}, ["sms_sites"]),
        ({"hosts": "p01"}, ["p01"]),
        ({"hosts": "sms_sites:!spared"}, ["sms_sites", "!spared"]),
        ({"hosts": ["sms_sites", "!old"]}, ["sms_sites", "!old"]),
        ({"hosts": "~p\\d+"}, ["~p\\d+"]),
        ({"hosts": "sms_sites[0:1]", "subset": "c01"}, ["sms_sites[0:1]"]),
        ({"subset": "p*"}, ["sms_sites"]),
        # Nothing runs.
        ({"groups": {"all": [], "ungrouped": []}, "syntax": True}, ["sms_sites"]),
        ({"groups": {"all": [], "ungrouped": []}, "listtasks": True, "tags": ["quick"]}, ["sms_sites"]),
        # All tasks of ours have the tags that the importing playbook gives them.
        ({"args": ("site.yml",), "tags": ["access"]}, ["sms_sites"]),
    ],
)
def test_a_pattern_that_matches_is_returned(ask: Any, asked: dict[str, Any], pattern: list[str]) -> None:
    assert ask(**asked) == pattern


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"groups": {"all": [], "ungrouped": []}}, "The inventory has no hosts. Name one with -i."),
        (
            {"groups": {"all": ["web01"], "ungrouped": ["web01"]}},
            "'sms_sites' is neither a group nor a host of the inventory. Put the site servers into that group",
        ),
        (
            {"hosts": "sms_sites,sms_sitse"},
            "'sms_sitse' is neither a group nor a host of the inventory. Correct sms_sender_perms_hosts",
        ),
        # Those that were to be spared would not be.
        (
            {"hosts": ["sms_sites", "!sparred"]},
            "'sparred' is neither a group nor a host of the inventory. Correct sms_sender_perms_hosts",
        ),
        ({"hosts": "spared"}, "spared has no hosts. Put the site servers into it, or set sms_sender_perms_hosts."),
        ({"hosts": "sms_sites:!sms_sites"}, "sms_sites,!sms_sites has no hosts."),
        ({"subset": "web01"}, "--limit web01 leaves no host of sms_sites. Correct one of them."),
        ({"tags": ["quick"]}, "Tags (--tags quick --skip-tags -) leave out the tasks of this playbook"),
        ({"skip_tags": ["untagged"]}, "Tags (--tags all --skip-tags untagged) leave out the tasks"),
        ({"start_at_task": "Summarize"}, "--start-at-task leaves out tasks that the later ones depend on."),
    ],
)
def test_what_would_cover_less_than_it_seems_is_refused(ask: Any, asked: dict[str, Any], reason: str) -> None:
    with pytest.raises(AnsibleLookupError) as refused:
        ask(**asked)
    message = str(refused.value)
    assert message.startswith(reason)
    assert message.endswith("Nothing was read or changed on any site server.")
