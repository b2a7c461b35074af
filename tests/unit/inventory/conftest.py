# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin, found and ready to read what a test wrote."""

from __future__ import annotations

import pytest
import yaml
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader

from tests.unit.inventory.inventories import CHECKOUT, NAME, load_plugin


@pytest.fixture(scope="module", autouse=True)
def _plugin_found():
    # By its folder, since other tests have imported the collection without Ansible's own importer.
    inventory_loader.add_directory(str(CHECKOUT / "plugins" / "inventory"))


@pytest.fixture
def parse(tmp_path):
    """Let the plugin read a file, and return the inventory."""

    def run(contents, cache=True, name="corp.sms_hierarchy.yml", loader=None):
        path = tmp_path / name
        if isinstance(contents, dict):
            contents = yaml.safe_dump({"plugin": NAME, **contents}, sort_keys=False)
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        plugin = load_plugin()
        assert plugin.verify_file(str(path))
        inventory = InventoryData()
        plugin.parse(inventory, loader or DataLoader(), str(path), cache)
        inventory.reconcile_inventory()
        if cache and plugin.get_option("cache"):
            plugin.update_cache_if_changed()
        return inventory

    return run
