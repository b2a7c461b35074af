# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin, as the unit tests find and use it."""

from __future__ import annotations

from tests.unit.inventory.conftest import _plugin_found, parse

__all__ = ["_plugin_found", "parse"]
