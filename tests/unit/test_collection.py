# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of the collection: of an installed one by its manifest, of a checkout by galaxy.yml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.plugin_utils import collection

CHECKOUT = Path(__file__).resolve().parents[2]


def test_of_a_checkout() -> None:
    assert collection.collection_version() == yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["version"]


def test_of_an_installed_collection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    manifest = {"collection_info": {"version": "9.8.7"}}
    (tmp_path / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")
    monkeypatch.setattr(collection, "__file__", str(tmp_path / "plugins" / "plugin_utils" / "collection.py"))
    assert collection.collection_version() == "9.8.7"
