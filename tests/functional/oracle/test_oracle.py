# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our answers against what accounts really get from the member servers of a real domain (tests/oracle)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.lab.domain.description import OLD_DOMAIN, OLD_RID
from tests.lab.domain.testing import missing, running_domain
from tests.oracle.answers import Answer
from tests.oracle.cases import CHANGE, FILES, FULL, Case, Dacl, DaclEntry, Permissions, World
from tests.oracle.differences import Samba
from tests.oracle.operations import ADD_FILE, OPERATIONS, READ_ATTRIBUTES, Operation
from tests.oracle.population import DOMAIN
from tests.oracle.runs import Oracle, Outcome, oracle_in

RUNS = 200
pytestmark = pytest.mark.skipif(bool(missing()), reason=f"{missing()}. To run it: sudo make oracle RUNS={RUNS}")

ACCOUNT, TEAM_A, TEAM_B = r"CORP\bystander", r"P01\Team A", r"P01\Team B"
ADMINISTRATORS = r"BUILTIN\Administrators"
NOBODY_NEW = World({}, {"P01": {}, "S01": {}})


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with running_domain(DOMAIN) as domain, oracle_in(domain, tmp_path_factory.mktemp("oracle")) as found:
        yield found


def test_our_answers_are_what_the_accounts_get(oracle: Oracle):
    report = oracle.play(0, RUNS)
    print(*report.lines(), sep="\n")
    assert (report.runs, report.operations) == (RUNS, RUNS * len(OPERATIONS))
    assert report.unexplained == [], "\n".join(report.unexplained)
    assert report.unknown < report.operations // 50
    # Each operation is granted and refused often enough, or the runs would prove little.
    for operation in OPERATIONS:
        assert min(report.granted[operation.name], report.refused[operation.name]) > RUNS // 10


def allowed(mask: int, who: str = ACCOUNT) -> Dacl:
    return (DaclEntry(allow=True, flags=0, mask=mask, who=who),)


def denied(mask: int, who: str = ACCOUNT) -> Dacl:
    return (DaclEntry(allow=False, flags=0, mask=mask, who=who),)


def case(share: Dacl, folder: Dacl, file: Dacl, *, account: str = ACCOUNT, owner: str = ADMINISTRATORS) -> Case:
    """A case on P01; the owner is that of the folder."""
    on_files = {name: Permissions(ADMINISTRATORS, file) for name in FILES}
    return Case(0, "P01", account, False, Permissions(ADMINISTRATORS, share), Permissions(owner, folder), on_files)


OPEN = allowed(FULL, "S-1-1-0")
CLOSED = allowed(0)
DIFFERENCES: Mapping[Samba, tuple[str, Answer, Case]] = {
    Samba.READ_ATTRIBUTES: ("read", Answer.DENIED, case(OPEN, CLOSED, allowed(FULL & ~READ_ATTRIBUTES))),
    Samba.READ_ONLY_CONNECTION: ("delete", Answer.GRANTED, case(allowed(0x10001), CLOSED, OPEN)),
    Samba.DELETE_CHILD_THROUGH_A_SHARE: ("delete", Answer.GRANTED, case(allowed(CHANGE), allowed(0x40), denied(FULL))),
    Samba.NULL_SHARE_DACL: ("read", Answer.GRANTED, case(None, OPEN, OPEN)),
    Samba.OWNER_OF_THE_FOLDER: (
        "create", Answer.GRANTED, case(OPEN, allowed(ADD_FILE, "S-1-3-4"), CLOSED, owner=ACCOUNT),
    ),
    Samba.SID_HISTORY: (
        "read", Answer.GRANTED,
        case(OPEN, CLOSED, allowed(FULL, f"{OLD_DOMAIN}-{OLD_RID}"), account=r"CORP\migrated"),
    ),
    Samba.NESTED_LOCAL_GROUPS: ("read", Answer.GRANTED, case(OPEN, CLOSED, allowed(FULL, TEAM_B))),
}  # fmt: skip


def outcome(oracle: Oracle, wanted: Case, operation: str, world: World = NOBODY_NEW) -> Outcome:
    oracle.enter(world)
    run = oracle.run(wanted, world)
    return next(found for found in run.outcomes if found.operation == operation)


def test_each_difference_of_samba_is_still_one(oracle: Oracle):
    """Its server does not do what our answer is, and what it does is the difference's own doing."""
    assert set(DIFFERENCES) == set(Samba)
    nested = World({}, {"P01": {"Team A": (ACCOUNT,), "Team B": (TEAM_A,)}, "S01": {}})
    for difference, (operation, ours, wanted) in DIFFERENCES.items():
        world = nested if difference is Samba.NESTED_LOCAL_GROUPS else NOBODY_NEW
        found = outcome(oracle, wanted, operation, world)
        about = f"{difference.value.about}: {found}"
        assert (found.ours, found.agrees, found.explained) == (ours, False, True), about
        assert found.because == {difference}, about


def bits(mask: int) -> list[int]:
    return [1 << number for number in range(32) if mask >> number & 1]


def test_an_operation_needs_each_right_of_its_row_and_no_other(oracle: Oracle):
    """By smbclient alone: it works with the masks of operations.py, and with one bit less anywhere it does not."""
    oracle.enter(NOBODY_NEW)

    def done(operation: Operation, share: int, folder: int, file: int) -> bool:
        # Without FILE_WRITE_DATA on the share, a difference of Samba refuses this (READ_ONLY_CONNECTION).
        more = ADD_FILE if operation.name in ("rename", "delete") else 0
        tried = oracle.run(case(allowed(share | more), allowed(folder), allowed(file)), NOBODY_NEW).tried
        return tried.done[operation.name]

    for operation in OPERATIONS:
        masks = (operation.share, operation.folder, operation.file)
        assert done(operation, *masks), operation
        for place, mask in enumerate(masks):
            for bit in bits(mask):
                less = [*masks[:place], mask & ~bit, *masks[place + 1 :]]
                # On disk, Samba does not ask for this one (READ_ATTRIBUTES).
                expected = place > 0 and bit == READ_ATTRIBUTES
                assert done(operation, *less) == expected, f"{operation.name} without 0x{bit:x} at place {place}"
