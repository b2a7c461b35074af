# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory is asked once about each account, and no more after it failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    Directory,
    DirectoryAccountNotFound,
    DirectoryError,
    DirectoryLogonFailed,
    DirectoryNoAnswer,
    DirectoryUnreachable,
    Domain,
    DomainAccount,
    RememberedDirectory,
    UnusableAnswer,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.memory import RunMemory
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from tests.waiting import PATIENCE

SIDS = [Sid.parse(f"S-1-5-21-1-2-3-{number}") for number in range(1000, 1010)]


@dataclass
class FakeDirectory:
    """Answers for every account, or fails as it is given."""

    failures: Callable[[int], type[DirectoryError] | None] = lambda _number: None
    host: str = "c01.corp.example"
    asked: list[Sid | str] = field(default_factory=list)
    closed: int = 0

    def domain(self) -> Domain:
        self._ask("domain")
        return Domain("corp.example", Sid.parse("S-1-5-21-1-2-3"))

    def close(self) -> None:
        self.closed += 1

    def account(self, sid: Sid) -> DomainAccount:
        self._ask(sid)
        return DomainAccount(sid, str(sid), groups=None)

    def groups_with(self, members: frozenset[Sid]) -> frozenset[Sid]:
        self._ask(min(members, default="none"))
        return members

    def find(self, name: str) -> Sid:
        self._ask(name)
        return SIDS[0]

    def _ask(self, what: Sid | str) -> None:
        self.asked.append(what)
        if failure := self.failures(len(self.asked)):
            raise failure(self.host, f"read {what}", "it failed", "Look at it.")


def memory(folder: Path, patience: float = PATIENCE) -> RunMemory:
    return RunMemory(folder, "c01 ansible", "ansible", patience)


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


@pytest.mark.parametrize("shared", [True, False])
def test_no_groups_are_an_answer_too(tmp_path: Path, shared: bool):
    fake = FakeDirectory()
    for _unused in range(2):
        remembered = RememberedDirectory(fake, memory(tmp_path) if shared else None)
        assert [remembered.groups_with(frozenset()) for _unused in range(3)] == [frozenset()] * 3
    assert len(fake.asked) == (1 if shared else 2)


def test_the_domain_is_asked_for_once():
    fake = FakeDirectory()
    remembered = RememberedDirectory(fake)
    assert [remembered.domain().name for _unused in range(3)] == ["corp.example"] * 3
    assert fake.asked == ["domain"]


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


# -- with the memory of a run


def test_another_process_does_not_ask_again(tmp_path: Path):
    fakes = [FakeDirectory(), FakeDirectory()]
    answers = [RememberedDirectory(fake, memory(tmp_path)).account(SIDS[0]) for fake in fakes]
    assert answers[0] == answers[1]
    assert [fake.asked for fake in fakes] == [[SIDS[0]], []]


@pytest.mark.parametrize("failure", [DirectoryLogonFailed, DirectoryUnreachable])
def test_another_process_does_not_log_on_again(tmp_path: Path, failure: type[DirectoryError]):
    fakes = [FakeDirectory(lambda _number: failure), FakeDirectory()]
    for fake in fakes:
        assert ask_all(RememberedDirectory(fake, memory(tmp_path))) == 0
    assert [len(fake.asked) for fake in fakes] == [1, 0]


def test_after_it_was_closed_what_is_remembered_is_still_answered(tmp_path: Path):
    fake = FakeDirectory(lambda number: DirectoryLogonFailed if number == 2 else None)
    remembered = RememberedDirectory(fake, memory(tmp_path))
    account = remembered.account(SIDS[0])
    with pytest.raises(DirectoryLogonFailed):
        remembered.account(SIDS[1])
    assert RememberedDirectory(FakeDirectory(), memory(tmp_path)).account(SIDS[0]) == account


def test_an_answer_that_does_not_fit_the_question_is_asked_for_again(tmp_path: Path):
    for question in (f"account {SIDS[0]}", "find p01$", f"groups with {SIDS[0]}", "domain"):
        with memory(tmp_path).slot(question) as slot:
            slot.write(DomainAccount(SIDS[1], "another", groups=None))
    fake = FakeDirectory()
    remembered = RememberedDirectory(fake, memory(tmp_path))
    assert remembered.account(SIDS[0]).sid == SIDS[0]
    assert remembered.find("P01$") == SIDS[0]
    assert remembered.groups_with(frozenset({SIDS[0]})) == {SIDS[0]}
    assert remembered.domain().name == "corp.example"
    assert len(fake.asked) == 4


def test_a_memory_that_cannot_be_used_is_an_error_with_advice(tmp_path: Path):
    fake = FakeDirectory()
    with pytest.raises(DirectoryError) as caught:
        RememberedDirectory(fake, memory(tmp_path / "none")).account(SIDS[0])
    assert str(caught.value) == (
        "c01.corp.example: could not share its answers between the processes of this run: "
        f"{tmp_path}/none/sms_directory: No such file or directory. Let ANSIBLE_LOCAL_TEMP name a folder on a local "
        "disk with free space."
    )
    assert fake.asked == []


def test_who_waits_for_too_long_gives_up_and_asks_later(tmp_path: Path):
    fake = FakeDirectory()
    remembered = RememberedDirectory(fake, memory(tmp_path, patience=0.1), patience=0.1)
    with memory(tmp_path).slot(f"account {SIDS[0]}"), ThreadPoolExecutor(1) as pool:
        error = pool.submit(remembered.account, SIDS[0]).exception()
    assert isinstance(error, DirectoryNoAnswer)
    assert str(error) == (
        "c01.corp.example: could not wait until others have asked: no turn within 0.1 seconds. Check that the domain "
        "controller is up and fast."
    )
    assert remembered.account(SIDS[0]).sid == SIDS[0]


def test_a_question_that_is_answered_does_not_wait_for_another(tmp_path: Path):
    """While one thread waits for a slow answer, the others get theirs from memory."""
    asked, answered = Event(), Event()

    class Slow(FakeDirectory):
        def find(self, name: str) -> Sid:
            asked.set()
            assert answered.wait(PATIENCE)
            return super().find(name)

    remembered = RememberedDirectory(Slow(), memory(tmp_path))
    account = remembered.account(SIDS[0])
    RememberedDirectory(FakeDirectory(), memory(tmp_path)).account(SIDS[1])
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(remembered.find, "P01$")
        assert asked.wait(PATIENCE)
        assert remembered.account(SIDS[0]) is account
        assert remembered.account(SIDS[1]).sid == SIDS[1]
        answered.set()
        assert waiting.result() == SIDS[0]


def test_one_thread_uses_the_connection_at_a_time(tmp_path: Path):
    using: list[Sid] = []

    class One(FakeDirectory):
        def account(self, sid: Sid) -> DomainAccount:
            using.append(sid)
            assert using == [sid]
            time.sleep(0.002)
            using.clear()
            return super().account(sid)

    fake = One()
    remembered = RememberedDirectory(fake, memory(tmp_path))
    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(remembered.account, SIDS * 20))
    assert [account.sid for account in found] == SIDS * 20
    assert len(fake.asked) == len(SIDS)
    remembered.close()
    assert fake.closed == 1


class Names(FakeDirectory):
    """Shows the name of each account, which is a part of its SID: with the domain, or as Samba without it."""

    domain_shown = True

    def account(self, sid: Sid) -> DomainAccount:
        super().account(sid)
        return DomainAccount(
            sid, ("CORP\\" if self.domain_shown else "") + f"User{sid.subauthorities[-1]}", groups=None
        )


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("domain_shown", [False, True])
def test_an_account_that_was_read_is_known_by_its_name(tmp_path: Path, shared: bool, domain_shown: bool):
    directory = Names()
    directory.domain_shown = domain_shown
    remembered = RememberedDirectory(directory, memory(tmp_path) if shared else None)
    assert remembered.known("user1000") is None
    read = remembered.account(SIDS[0])
    assert remembered.known("uSER1000") == read
    assert remembered.known("User1001") is None
    assert directory.asked == [SIDS[0]]


def test_an_account_that_another_process_has_read_is_known(tmp_path: Path):
    read = RememberedDirectory(Names(), memory(tmp_path)).account(SIDS[0])
    other = Names()
    assert RememberedDirectory(other, memory(tmp_path)).known("user1000") == read
    assert other.asked == []


def test_a_memory_that_cannot_be_used_knows_no_names(tmp_path: Path):
    (tmp_path / "sms_directory").write_text("in the way")
    assert RememberedDirectory(Names(), memory(tmp_path)).known("user1000") is None


def test_an_account_of_another_name_is_not_known(tmp_path: Path):
    """Something else wrote the memory."""
    with memory(tmp_path).slot("named user1001") as slot:
        slot.write(SIDS[0])
    assert RememberedDirectory(Names(), memory(tmp_path)).known("user1001") is None
