# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a run: who may ask, what is believed, and what is not."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    DirectoryAccountNotFound,
    DirectoryNoAnswer,
    DirectoryUnreachable,
    PasswordRefused,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import memory as module
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.memory import (
    Memory,
    ProcessLocks,
    ProcessMemory,
    RunMemory,
)
from tests.unit.directory.entries import SENDER
from tests.waiting import PATIENCE

QUESTION = f"account {SENDER}"
WRONG = PasswordRefused("c01", "log on", "the password is wrong", "Check it.")


def memory(
    folder: Path, directory: str = "c01 ansible", account: str = "ansible", patience: float = PATIENCE
) -> RunMemory:
    return RunMemory(folder, directory, account, patience)


def files(folder: Path) -> list[Path]:
    return list((folder / "sms_directory").iterdir())


def keep(where: Memory, question: str = QUESTION) -> None:
    with where.slot(question) as slot:
        slot.write(SENDER)


def kept(where: Memory, question: str = QUESTION) -> object:
    with where.slot(question) as slot:
        return slot.read()


def forked(action: Callable[[], object]) -> int:
    """A process that does something; it ends with 0 if that succeeded."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            action()
            status = 0
        finally:
            os._exit(status)
    return child


# -- answers


def test_an_answer_is_kept_for_others(tmp_path: Path):
    assert kept(memory(tmp_path)) is None
    keep(memory(tmp_path))
    assert kept(memory(tmp_path)) == SENDER


@pytest.mark.parametrize(
    ("directory", "question"), [("c02 ansible", QUESTION), ("c01 other", QUESTION), ("c01 ansible", f"{QUESTION}1")]
)
def test_each_question_to_each_domain_controller_has_an_answer_of_its_own(
    tmp_path: Path, directory: str, question: str
):
    keep(memory(tmp_path))
    assert kept(memory(tmp_path, directory), question) is None


def test_only_their_owner_can_read_the_files(tmp_path: Path):
    keep(memory(tmp_path))
    memory(tmp_path).note(WRONG)
    assert stat.S_IMODE((tmp_path / "sms_directory").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)} == {0o600}
    assert {len(path.name) for path in files(tmp_path)} == {64}


@pytest.mark.parametrize("size", [0, 1, 10, 100])
def test_a_torn_file_is_no_answer(tmp_path: Path, size: int):
    keep(memory(tmp_path))
    (path,) = files(tmp_path)
    os.truncate(path, size)
    assert kept(memory(tmp_path)) is None
    keep(memory(tmp_path))
    assert kept(memory(tmp_path)) == SENDER


def test_a_file_under_the_name_of_another_is_no_answer(tmp_path: Path):
    keep(memory(tmp_path))
    (path,) = files(tmp_path)
    keep(memory(tmp_path), "other")
    (other,) = set(files(tmp_path)) - {path}
    path.replace(other)
    assert kept(memory(tmp_path), "other") is None


def test_a_file_that_is_too_long_is_no_answer(tmp_path: Path):
    keep(memory(tmp_path))
    (path,) = files(tmp_path)
    os.truncate(path, module.LONGEST + 1)
    assert kept(memory(tmp_path)) is None


def test_a_file_that_others_can_change_is_refused(tmp_path: Path):
    keep(memory(tmp_path))
    (path,) = files(tmp_path)
    path.chmod(0o620)
    with pytest.raises(PermissionError, match="others can change it"):
        kept(memory(tmp_path))


def test_a_file_with_a_second_name_is_refused(tmp_path: Path):
    keep(memory(tmp_path))
    (path,) = files(tmp_path)
    os.link(path, tmp_path / "second")
    with pytest.raises(PermissionError, match="others can change it"):
        kept(memory(tmp_path))


def test_a_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    keep(memory(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(PermissionError, match="others can change it"):
        kept(memory(tmp_path))


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_something_else_under_the_name_of_a_file_is_not_opened(tmp_path: Path, kind: str):
    keep(memory(tmp_path))
    (path,) = files(tmp_path)
    path.replace(tmp_path / "moved")
    {"link": lambda: path.symlink_to(tmp_path / "moved"), "pipe": lambda: os.mkfifo(path), "directory": path.mkdir}[
        kind
    ]()
    with pytest.raises(OSError, match=r"it is a (symbolic link|named pipe|directory)"):
        kept(memory(tmp_path))


@pytest.mark.parametrize("kind", ["link", "file", "open"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, kind: str):
    path = tmp_path / "sms_directory"
    (tmp_path / "other").mkdir(mode=0o700)
    {"link": lambda: path.symlink_to(tmp_path / "other"), "file": path.touch, "open": lambda: path.mkdir(0o750)}[kind]()
    with pytest.raises(OSError, match=r"others can change it|File exists"):
        kept(memory(tmp_path))


def test_without_the_folder_of_the_run_nothing_is_asked(tmp_path: Path):
    with pytest.raises(FileNotFoundError), memory(tmp_path / "none").turn():
        pytest.fail("it may ask")


def test_a_full_disk_loses_an_answer_but_not_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_unused: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    keep(memory(tmp_path))
    assert kept(memory(tmp_path)) is None
    with pytest.raises(OSError, match="No space left"), memory(tmp_path).turn():
        pytest.fail("it may ask, and could not keep the others from asking")


# -- one at a time


def test_others_wait_for_the_answer_to_the_same_question(tmp_path: Path):
    inside = []

    def use(where: Memory) -> None:
        with where.slot(QUESTION) as slot:
            inside.append(threading.get_ident())
            assert len(inside) == 1
            time.sleep(0.005)
            slot.write(SENDER)
            inside.clear()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, [memory(tmp_path) for _unused in range(16)]))


def test_the_answer_to_another_question_is_not_waited_for(tmp_path: Path):
    with memory(tmp_path).slot(QUESTION):
        assert kept(memory(tmp_path, patience=0.1), "other") is None


@pytest.mark.parametrize("made", [ProcessMemory, None])
def test_who_waits_for_too_long_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: type[Memory] | None):
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    where = made() if made else memory(tmp_path, patience=0.1)
    entered = threading.Event()
    leave = threading.Event()

    def hold() -> None:
        with where.slot(QUESTION):
            entered.set()
            leave.wait(PATIENCE)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert entered.wait(PATIENCE)
        with pytest.raises(TimeoutError):
            kept(where)
    finally:
        leave.set()
        thread.join()


def test_a_lock_of_another_process_is_waited_for(tmp_path: Path):
    """Its end frees it, whatever ended it."""
    keep(memory(tmp_path))
    reader, writer = os.pipe()

    def hold() -> None:
        with memory(tmp_path).slot(QUESTION):
            os.write(writer, b"x")
            time.sleep(PATIENCE)

    child = forked(hold)
    os.read(reader, 1)
    os.close(reader)
    os.close(writer)
    with pytest.raises(TimeoutError):
        kept(memory(tmp_path, patience=0.1))
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert kept(memory(tmp_path)) == SENDER


def test_a_lock_does_not_stay_in_a_process_that_was_forked_meanwhile(tmp_path: Path):
    """Another thread may fork. The copy of an open file there would hold the lock on."""
    with memory(tmp_path).slot(QUESTION):
        child = forked(lambda: time.sleep(PATIENCE))
    try:
        assert kept(memory(tmp_path, patience=1)) is None
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_a_lock_that_was_held_when_the_process_was_forked_is_free_there():
    locks = ProcessLocks()
    with locks.held("a", PATIENCE):
        child = forked(lambda: locks.held("a", 0.1).__enter__())
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# -- who may ask


def test_one_asks_until_the_directory_has_answered(tmp_path: Path):
    first, second = memory(tmp_path), memory(tmp_path, patience=0.1)
    with first.turn():
        with pytest.raises(TimeoutError), second.turn():
            pytest.fail("two ask")
        first.note(DirectoryNoAnswer("c01", "ask", "no answer", "Wait."))
    with second.turn():
        second.note(SENDER)
    with memory(tmp_path).turn(), memory(tmp_path).turn():
        pass


def test_an_account_asks_one_domain_controller_first(tmp_path: Path):
    with memory(tmp_path, "c01 ansible").turn():
        with pytest.raises(TimeoutError), memory(tmp_path, "c02 ansible", patience=0.1).turn():
            pytest.fail("the same password is tried twice")
        with memory(tmp_path, "c01 other", "other").turn():
            pass


def test_a_wrong_password_is_known_to_all(tmp_path: Path):
    memory(tmp_path).note(WRONG)
    for directory in ("c01 ansible", "c02 ansible"):
        assert str(memory(tmp_path, directory).closed_by()) == str(WRONG)
    assert memory(tmp_path, "c01 other", "other").closed_by() is None


def test_an_unreachable_domain_controller_closes_no_other(tmp_path: Path):
    memory(tmp_path).note(DirectoryUnreachable("c01", "log on", "no connection", "Start it."))
    assert isinstance(memory(tmp_path).closed_by(), DirectoryUnreachable)
    assert memory(tmp_path, "c02 ansible").closed_by() is None


@pytest.mark.parametrize("shared", [True, False])
def test_three_queries_without_an_answer_are_counted_over_all(tmp_path: Path, shared: bool):
    alone = ProcessMemory()
    failed = DirectoryNoAnswer("c01", "ask", "no answer", "Wait.")
    for answer in (failed, failed, DirectoryAccountNotFound("c01", "ask", "none", "Look."), failed, failed):
        where = memory(tmp_path) if shared else alone
        assert where.closed_by() is None
        where.note(answer)
    where = memory(tmp_path) if shared else alone
    where.note(failed)
    assert isinstance(where.closed_by(), DirectoryNoAnswer)


def test_a_condition_that_is_torn_is_a_new_one(tmp_path: Path):
    memory(tmp_path).note(WRONG)
    for path in files(tmp_path):
        os.truncate(path, 20)
    assert memory(tmp_path).closed_by() is None
