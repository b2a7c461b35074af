# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts by the names that people write: from what was read anyway, or by a look-up."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.accounts import (
    all_names,
    operator_sids,
    resolve_accounts,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptor, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account, DescriptorReading
from tests.unit.fake_site_server import FakeSiteServer

ONE, OTHER = (Sid.parse(f"S-1-5-21-1-2-3-{rid}") for rid in (1104, 1105))
EVERYONE = Sid.parse("S-1-1-0")


class Resolves(FakeSiteServer):
    """Knows every name, and records who was looked up."""

    def resolve(self, account: str) -> Account:
        self.log.append(account)
        return Account(OTHER, account)


def reading(names: dict[Sid, str]) -> DescriptorReading:
    return DescriptorReading(SecurityDescriptor(), MappingProxyType(names))


def test_a_name_that_was_read_anyway_costs_no_look_up() -> None:
    server = Resolves()
    found = resolve_accounts(server, ["corp\\SMSSEND ", "CORP\\other"], [reading({ONE: "CORP\\smssend"})])
    assert found["corp\\SMSSEND "] == Account(ONE, "CORP\\smssend")
    assert found["CORP\\other"] == Account(OTHER, "CORP\\other")
    assert server.log == ["CORP\\other"]


@pytest.mark.parametrize(
    ("name", "names"),
    [
        # A name without a domain may be of another one, and a name that two entries have is of neither.
        ("smssend", {ONE: "CORP\\smssend"}),
        ("CORP\\smssend", {ONE: "CORP\\smssend", OTHER: "corp\\SMSSEND"}),
        # Windows itself knows these by their names.
        ("BUILTIN\\Administrators", {ONE: "BUILTIN\\Administrators"}),
    ],
)
def test_a_name_that_is_not_of_one_entry_is_looked_up(name: str, names: dict[Sid, str]) -> None:
    server = Resolves()
    resolve_accounts(server, [name, name], [reading(names)])
    assert server.log == [name]


def test_names_of_descriptors_count_for_more_than_those_of_look_ups() -> None:
    accounts = {"a": Account(ONE, "smssend"), "b": Account(OTHER, "other")}
    assert all_names([reading({ONE: "CORP\\smssend"})], accounts) == {ONE: "CORP\\smssend", OTHER: "other"}


@pytest.mark.parametrize("operator", ["CORP\\Ansible", "ansible", "ansible@CORP.EXAMPLE"])
def test_whoever_may_be_the_operator_counts_as_the_operator(operator: str) -> None:
    names = {ONE: "CORP\\ansible", OTHER: "P01\\ansible", EVERYONE: "Everyone"}
    assert operator_sids(operator, names) == {ONE, OTHER}


def test_nobody_is_the_operator_of_a_connection_without_a_name() -> None:
    assert operator_sids(None, {ONE: "CORP\\ansible"}) == frozenset()
