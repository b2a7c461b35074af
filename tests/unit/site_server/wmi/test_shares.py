# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shares over WMI, without a server."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.shares import dacl_only


def test_a_sacl_in_the_settings_is_kept() -> None:
    sddl = "D:P(A;;FA;;;BA)S:PAI(AU;SAFA;FA;;;WD)"
    assert format_sddl(dacl_only(parse_sddl(f"O:BAG:SY{sddl}"))) == sddl
