# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet with a site in each state, and one whose names are hostile."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import read_audit
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import read_hierarchy
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report import Fleet, fleet_of
from tests.unit.report.support import finding, host, hostile_lines, lines, sender

GROUP = {"name": "P04\\Senders", "sid": "S-1-5-32-9", "in_desired_state": True, "members": ["CORP\\smssvc"]}


RECORDS = [
    host("p01.corp.example", "P01", findings=[finding("P01")]),
    host("p02.corp.example", "P02", "drifted"),
    host("p03.corp.example", "P03", "unreachable"),
    host(
        "p04.corp.example", "P04", "drifted", senders=[sender("CORP\\smssvc")], group={**GROUP, "missing": ["CORP\\x"]}
    ),
    host(
        "p05.corp.example", "P05", "drifted", senders=[sender("CORP\\smssvc")], message="the entries are out of order"
    ),
    host("p06.corp.example", "P06", "error"),
    host("p07.corp.example", "P07", senders=[]),
]


SITES = [
    {"code": f"P0{number}", "server": f"p0{number}.corp.example", "service_account": "CORP\\smssvc", "addresses": []}
    for number in range(1, 9)
]


def fleet() -> Fleet:
    return fleet_of(read_audit({"a": lines(*RECORDS)}), read_hierarchy(SITES))


def hostile() -> Fleet:
    return fleet_of(read_audit({"a": hostile_lines()}))
