# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the WMI adapters share."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi import netbios_domain
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import Instance


def domains(*known: tuple[str | None, str | None]) -> list[Instance]:
    return [Instance("Win32_NTDomain", {"DomainName": netbios, "DnsForestName": forest}) for netbios, forest in known]


@pytest.mark.parametrize(
    ("dns", "known", "netbios"),
    [
        ("corp.example", [(None, None), ("CORP", "corp.example")], "CORP"),
        ("CORP.Example.", [("corp", "Corp.EXAMPLE")], "corp"),
        ("branch.corp.example", [("CORP", "corp.example"), ("BRANCH", "corp.example")], "BRANCH"),
        ("hq.example", [("CORP", "corp.example")], None),
        # Called otherwise, or of another forest: not known.
        ("corp.example", [("COMPANY", "corp.example")], None),
        ("corp.other", [("CORP", "corp.example")], None),
        ("xcorp.example", [("XCORP", "corp.example")], None),
        ("corp.example", [("CORP", None)], None),
        ("corp.example", [("CORP", "")], None),
        ("corp.example", [], None),
        ("", [("", "")], None),
    ],
)
def test_the_netbios_name_of_a_domain(
    dns: str, known: list[tuple[str | None, str | None]], netbios: str | None
) -> None:
    assert netbios_domain(domains(*known), dns) == netbios
