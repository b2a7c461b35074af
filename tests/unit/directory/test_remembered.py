# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory is asked once about each account, and no more after it failed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    Directory,
    DirectoryAccountNotFound,
    DirectoryError,
    DirectoryLogonFailed,
    DirectoryNoAnswer,
    DirectoryUnreachable,
    DomainAccount,
    RememberedDirectory,
    UnusableAnswer,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid

SIDS = [Sid.parse(f"S-1-5-21-1-2-3-{number}") for number in range(1000, 1010)]


@dataclass
class FakeDirectory:
    """Answers for every account, or fails as it is given."""

    failures: Callable[[int], type[DirectoryError] | None] = lambda _number: None
    host: str = "c01.corp.example"
    asked: list[Sid | str] = field(default_factory=list)

    def account(self, sid: Sid) -> DomainAccount:
        self._ask(sid)
        return DomainAccount(sid, str(sid), groups=None)

    def groups_with(self, members: frozenset[Sid]) -> frozenset[Sid]:
        self._ask(min(members))
        return members

    def find(self, name: str) -> Sid:
        self._ask(name)
        return SIDS[0]

    def _ask(self, what: Sid | str) -> None:
        self.asked.append(what)
        if failure := self.failures(len(self.asked)):
            raise failure(self.host, f"read {what}", "it failed", "Look at it.")


def ask_all(directory: Directory) -> int:
    """How many accounts were answered without an error."""
    good = 0
    for sid in SIDS:
        with suppress(DirectoryError):
            good += directory.account(sid).sid == sid
    return good


def test_each_account_is_asked_for_once():
    fake = FakeDirectory()
    remembered = RememberedDirectory(fake)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(remembered.account, SIDS * 20))
    assert [account.sid for account in found] == SIDS * 20
    assert sorted(map(str, fake.asked)) == sorted(map(str, SIDS))
    assert remembered.host == fake.host


def test_groups_with_members_are_asked_for_once():
    fake = FakeDirectory()
    remembered = RememberedDirectory(fake)
    members = frozenset(SIDS)
    assert [remembered.groups_with(members) for _unused in range(3)] == [members] * 3
    assert len(fake.asked) == 1


def test_names_are_remembered_without_their_case():
    fake = FakeDirectory()
    remembered = RememberedDirectory(fake)
    assert [remembered.find(name) for name in ("P01$", "p01$")] == [SIDS[0]] * 2
    assert fake.asked == ["P01$"]


def test_an_error_is_an_answer():
    fake = FakeDirectory(lambda _number: DirectoryAccountNotFound)
    remembered = RememberedDirectory(fake)
    for _unused in range(3):
        with pytest.raises(DirectoryAccountNotFound, match="could not read S-1-5-21-1-2-3-1000: it failed"):
            remembered.account(SIDS[0])
    assert fake.asked == [SIDS[0]]


@pytest.mark.parametrize("failure", [DirectoryLogonFailed, DirectoryUnreachable])
def test_a_failed_logon_is_not_repeated(failure: type[DirectoryError]):
    """Each further wrong password could lock the account."""
    fake = FakeDirectory(lambda _number: failure)
    remembered = RememberedDirectory(fake)
    assert ask_all(remembered) == 0
    with pytest.raises(failure):
        remembered.find("P01$")
    assert len(fake.asked) == 1


@pytest.mark.parametrize("failure", [DirectoryNoAnswer, UnusableAnswer])
def test_a_directory_that_does_not_answer_is_given_up(failure: type[DirectoryError]):
    fake = FakeDirectory(lambda _number: failure)
    assert ask_all(RememberedDirectory(fake)) == 0
    assert len(fake.asked) == 3


def test_single_failures_do_not_end_it():
    fake = FakeDirectory(lambda number: None if number % 3 == 0 else DirectoryNoAnswer)
    assert ask_all(RememberedDirectory(fake)) == 3
    assert len(fake.asked) == len(SIDS)


def test_accounts_that_are_missing_do_not_end_it():
    fake = FakeDirectory(lambda number: None if number == len(SIDS) else DirectoryAccountNotFound)
    assert ask_all(RememberedDirectory(fake)) == 1
