# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of site servers: each names one host of the inventory, and neither a group, a pattern nor the controller."""

from __future__ import annotations

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import HierarchyError, read_hierarchy

GOOD = [
    "p01",
    "P01",
    "p01.corp.example",
    "p_01",
    "_p01",
    "p-01",
    "2012.corp.example",
    "01p",
    "münchen01",
    "alle",
    "all.corp.example",
    "localhost01",
    "x" * 255,
]

GROUP = "is a group that Ansible makes in every inventory"
CONTROLLER = "is the controller itself"
ADDRESS = "is an IP address"
PATTERN = "is not a valid computer name"
BAD = {
    "all": GROUP,
    "ALL": GROUP,
    "ungrouped": GROUP,
    "localhost": CONTROLLER,
    "LocalHost": CONTROLLER,
    "localhost.localdomain": CONTROLLER,
    "x.localhost": CONTROLLER,
    "127.0.0.1": ADDRESS,
    "10.0.0.5": ADDRESS,
    "::1": ADDRESS,
    "fe80::1": ADDRESS,
    "2001:db8::5": ADDRESS,
    # What the C library takes for an address, too: inet_aton(3).
    "127.1": ADDRESS,
    "2130706433": ADDRESS,
    "0x7f.1": ADDRESS,
    "0x7f000001": ADDRESS,
    "017700000001": ADDRESS,
    "p01:p02": PATTERN,
    "p01,p02": PATTERN,
    "p01;p02": PATTERN,
    "!p01": PATTERN,
    "&p01": PATTERN,
    "~p.*": PATTERN,
    "*": PATTERN,
    "p0?": PATTERN,
    "p[0:9]": PATTERN,
    "p[01]": PATTERN,
    "@p01": PATTERN,
    "-p01": PATTERN,
    "p01-": PATTERN,
    ".p01": PATTERN,
    "p01.": PATTERN,
    "p01..corp": PATTERN,
    "p 01": PATTERN,
    "p01/x": PATTERN,
    "p01\\x": PATTERN,
    "{{ x }}": PATTERN,
    "p01:5986": PATTERN,
    "x" * 256: PATTERN,
}


def described(server):
    return read_hierarchy([{"code": "P01", "server": server}])


@pytest.mark.parametrize("server", GOOD)
def test_a_computer_is_named(server):
    assert described(server).sites[0].server == server
    # To Ansible, the name selects this host and nothing else.
    inventory = InventoryManager(DataLoader(), sources=["nobody,"])
    inventory.add_host(server)
    assert [host.name for host in inventory.get_hosts(server)] == [server]


@pytest.mark.parametrize("server", BAD)
def test_what_names_no_single_host_is_refused(server):
    with pytest.raises(HierarchyError) as caught:
        described(server)
    (said,) = caught.value.errors
    assert said.startswith("site P01: server '")
    assert BAD[server] in said
    assert "give the computer's name" in said


@pytest.mark.parametrize("server", ["all", "p01:p02", "!p01", "~p.*", "*", "p0?", "p[0:9]", "p01,p02"])
def test_those_are_patterns_or_groups_to_ansible(server, monkeypatch):
    """Why they are refused: as a pattern, the name does not select the one host of this name."""
    monkeypatch.setattr(Display, "warning", lambda *_arguments, **_options: None)
    inventory = InventoryManager(DataLoader(), sources=["p01,p02,p03"])
    assert [host.name for host in inventory.get_hosts(server)] != [server]
