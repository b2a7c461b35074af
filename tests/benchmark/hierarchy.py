# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole hierarchy: from the description of thousands of sites to what each site server owes, and why."""

from __future__ import annotations

import json
import platform
from itertools import islice, product
from string import ascii_uppercase, digits
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import (
    PRODUCTS,
    Hierarchy,
    hierarchy_findings,
    read_hierarchy,
    required_grants,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.marked_yaml import read_document

from .measure import REPEATS, microseconds

SITES = (600, 6000)
CHILDREN = 18
"""Sites below each site: 6,000 sites are four tiers."""

OPERATIONS = {
    "file": "the bytes of the file to the description, with the line of each part",
    "read": "the description to sites, checked",
    "grants": "sites to what each server owes, with its reasons",
    "findings": "sites to what is not as it should be",
    "description_to_reasons": "read and grants, every reason as a sentence",
}


def _description(count: int) -> list[dict[str, Any]]:
    """Sites of every product; a third leaves its addresses to the default, the others have one to each neighbour."""
    letters = (a + b + c for a, b, c in product("GHIJK", digits + ascii_uppercase, digits + ascii_uppercase))
    codes = list(islice(letters, count))
    sites: list[dict[str, Any]] = []
    for place, code in enumerate(codes):
        parent = [codes[(place - 1) // CHILDREN]] if place else []
        children = codes[place * CHILDREN + 1 : (place + 1) * CHILDREN + 1]
        site: dict[str, Any] = {
            "code": code,
            "server": f"sms-{code.lower()}.corp.example",
            "product": list(PRODUCTS)[place % len(PRODUCTS)],
            "domain": "CORP",
            "forest": "corp.example",
            "service_account": "CORP\\smssvc",
        }
        if parent:
            site["parent"] = parent[0]
        if place % 3:
            site["addresses"] = [
                {"to": to, "sender_account": f"CORP\\send{place % 7}"} for to in (code, *parent, *children)
            ]
        sites.append(site)
    return sites


def _with_reasons(description: list[dict[str, Any]]) -> int:
    grants = required_grants(read_hierarchy(description))
    return sum(len(grant.reasons) for owed in grants.values() for grant in owed)


def _measure(count: int) -> dict[str, Any]:
    description = _description(count)
    # A YAML document as well: JSON is YAML.
    data = json.dumps({"sms_sites": description}, indent=1).encode()
    hierarchy: Hierarchy = read_hierarchy(description)
    if read_document(data).value != {"sms_sites": description}:
        raise AssertionError("the file is not read as it was written")
    addresses = sum(1 for site in hierarchy.sites for _route in hierarchy.routes(site))
    if _with_reasons(description) != addresses:
        raise AssertionError("not every address is one reason")
    milliseconds = {
        "file": microseconds(read_document, lambda: data),
        "read": microseconds(read_hierarchy, lambda: description),
        "grants": microseconds(required_grants, lambda: hierarchy),
        "findings": microseconds(hierarchy_findings, lambda: hierarchy),
        "description_to_reasons": microseconds(_with_reasons, lambda: description),
    }
    return {
        "addresses": addresses,
        "grants": sum(len(owed) for owed in required_grants(hierarchy).values()),
        "findings": len(hierarchy_findings(hierarchy)),
        "file_bytes": len(data),
        "milliseconds": {name: round(value / 1000, 1) for name, value in milliseconds.items()},
    }


def measure() -> dict[str, Any]:
    """Measure, print a table, and return what goes into the file."""
    sites = {count: _measure(count) for count in SITES}
    print("Hierarchy: milliseconds of processor time, median of", REPEATS, "batches")
    print(f"{'':24}", *(f"{f'{count:,} sites':>14}" for count in SITES))
    for name in OPERATIONS:
        print(f"{name:24}", *(f"{result['milliseconds'][name]:14.1f}" for result in sites.values()))
    return {
        "unit": "milliseconds of processor time, median",
        "batches": REPEATS,
        "python": platform.python_version(),
        "operations": OPERATIONS,
        "sites": {str(count): result for count, result in sites.items()},
    }
