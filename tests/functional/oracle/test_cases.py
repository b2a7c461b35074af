# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the random cases are made of. The 200 runs of `make test` have to have all of it."""

from __future__ import annotations

import subprocess
import sys
from itertools import chain

from tests.oracle.cases import FILES, RUNS_OF_A_WORLD, Case, DaclEntry, Permissions, case_of, world_of
from tests.oracle.population import DOMAIN_ACCOUNTS, DOMAIN_GROUPS, LOCAL_GROUPS, PARTNER_ACCOUNTS

from .test_oracle import RUNS

CASES = [case_of(number) for number in range(RUNS)]
GENERIC, NO_RIGHT_OF_A_FILE = 0xF0000000, 0x00E0FE00
CONTAINER_INHERIT, INHERIT_ONLY, INHERITED = 0x2, 0x8, 0x10


def on_disk(case: Case) -> list[Permissions]:
    return [case.folder, *case.files.values()]


def entries() -> list[DaclEntry]:
    return [item for case in CASES for found in on_disk(case) for item in found.dacl or ()]


def test_a_number_makes_the_same_run_anywhere() -> None:
    show = "from tests.oracle.cases import *; print(case_of(7), world_of(7))"
    printed = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True).stdout
    assert printed == f"{case_of(7)} {world_of(7)}\n"
    assert world_of(7) == world_of(7 + RUNS_OF_A_WORLD - 8) != world_of(7 + RUNS_OF_A_WORLD)
    assert case_of(7) != case_of(8)


def test_every_account_comes_by_ntlm_and_some_by_kerberos() -> None:
    local = {r"P01\localsend", r"S01\localsend"}
    expected = {*(rf"CORP\{name}" for name in DOMAIN_ACCOUNTS), *(rf"PARTNER\{name}" for name in PARTNER_ACCOUNTS)}
    assert {case.account for case in CASES} == expected | local
    assert {case.server for case in CASES if case.kerberos} == {"P01", "S01"}


def test_there_are_entries_of_every_kind() -> None:
    found = entries()
    kinds = {
        "deny": [item for item in found if not item.allow],
        "generic": [item for item in found if item.mask & GENERIC],
        "odd": [item for item in found if item.mask & NO_RIGHT_OF_A_FILE],
        "owner rights": [item for item in found if item.who == "S-1-3-4"],
        "inherited": [item for item in found if item.flags & INHERITED],
        "inherit only": [item for item in found if item.flags & INHERIT_ONLY],
        "for subfolders": [item for item in found if item.flags & CONTAINER_INHERIT],
    }
    assert {name: len(items) > 20 for name, items in kinds.items()} == dict.fromkeys(kinds, True)


def test_there_are_null_and_empty_dacls_on_shares_and_on_disk() -> None:
    shares = [case.share.dacl for case in CASES]
    disk = [found.dacl for case in CASES for found in on_disk(case) if not found.inherited]
    assert None in shares
    assert () in shares
    assert None in disk
    assert () in disk


def test_some_files_inherit_and_some_accounts_own() -> None:
    files = [case.files[name] for case in CASES for name in FILES]
    assert 0.2 < sum(found.inherited for found in files) / len(files) < 0.5
    assert sum(found.owner == case.account for case in CASES for found in on_disk(case)) > RUNS


def test_groups_are_nested_and_go_round_in_circles() -> None:
    worlds = [world_of(number) for number in range(0, 2000, RUNS_OF_A_WORLD)]
    inside = {(group, member) for world in worlds for group, members in world.domain.items() for member in members}
    pairs = {
        (group, other) for group in DOMAIN_GROUPS for other in DOMAIN_GROUPS if (group, rf"CORP\{other}") in inside
    }
    assert ("Oracle Universal 1", "Oracle Global 1") in pairs
    assert ("Oracle Domain 1", "Oracle Universal 1") in pairs
    assert ("Oracle Global 1", "Oracle Universal 1") not in pairs
    circles = [
        world
        for world in worlds
        if r"CORP\Oracle Universal 2" in world.domain["Oracle Universal 1"]
        and r"CORP\Oracle Universal 1" in world.domain["Oracle Universal 2"]
    ]
    assert circles
    local = [world.local["P01"] for world in worlds]
    members = set(chain.from_iterable(found[group] for found in local for group in LOCAL_GROUPS))
    assert {r"P01\Team A", r"BUILTIN\Users", r"PARTNER\X02$", r"CORP\SCCM Senders", r"P01\localsend"} <= members
