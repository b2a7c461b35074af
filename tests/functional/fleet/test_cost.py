# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What looking at domain groups costs a sweep: requests to the hosts, and queries to the domain controller."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.benchmark.directory import AUDIT, WAYS, Fleet, Measured, started

HOSTS, PROCESSES = 40, 2
DOMAIN_QUERIES = ("root", "domain", "by_member")
"""Once for each domain: its name, its SID, and the groups that have well-known groups as members. The name and the SID
are asked for again if another process asks for those groups."""
BY_NAME = {way.name: way for way in WAYS}


@pytest.fixture(scope="module", params=["entries", "group"])
def fleet(request: pytest.FixtureRequest) -> Iterator[Fleet]:
    with ExitStack() as stack:
        yield started(stack, HOSTS, "regions", request.param)


def audit(fleet: Fleet, way: str) -> tuple[Measured, list[int]]:
    """Run an audit with one host at a time in each process; the requests to each host that it reports as well."""
    measured = fleet.audit(BY_NAME[way], processes=PROCESSES, at_once=PROCESSES)
    every = map(json.loads, (fleet.lab.directory / AUDIT).read_text(encoding="utf-8").splitlines())
    requests = [line["requests"] for line in every if line["type"] == "host"]
    assert len(requests) == HOSTS
    assert measured.run.requests * HOSTS == sum(requests)  # what the hosts have counted
    return measured, requests


def check_queries(fleet: Fleet, measured: Measured) -> None:
    assert measured.asked["account"] == fleet.accounts
    assert [1 <= measured.asked[kind] <= (1 if kind == "by_member" else 2) for kind in DOMAIN_QUERIES] == [True] * 3
    assert measured.queries == fleet.accounts + sum(measured.asked[kind] for kind in DOMAIN_QUERIES)
    # A process whose accounts the others have asked for needs no connection.
    assert 1 <= measured.asked["connections"] <= PROCESSES
    assert (measured.asked["logons"], measured.asked["refused"]) == (measured.asked["connections"], 0)


@pytest.mark.parametrize("fleet", ["entries"], indirect=True)
def test_entries_of_their_own_cost_two_requests_a_host_with_and_without_a_directory(fleet: Fleet) -> None:
    without, requests = audit(fleet, "entries")
    assert requests == [2] * HOSTS
    assert without.queries == without.asked["connections"] == 0
    measured, requests = audit(fleet, "entries_directory")
    assert requests == [2] * HOSTS
    check_queries(fleet, measured)


@pytest.mark.parametrize("fleet", ["group"], indirect=True)
def test_a_group_costs_one_request_a_host_and_an_account_one_in_the_sweep(fleet: Fleet) -> None:
    measured, requests = audit(fleet, "group")
    # The group Administrators. The first host that has an account looks its name up: both processes may be first.
    looked_up = sum(requests) - 3 * HOSTS
    assert min(requests) == 3
    assert fleet.accounts <= looked_up <= PROCESSES * fleet.accounts
    assert requests.count(3) >= HOSTS - looked_up
    check_queries(fleet, measured)
