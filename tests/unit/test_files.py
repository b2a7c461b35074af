# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths where something else is than a file: every use of a path refuses them, at once, and leaves them as they are."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import fleet_report, sender_log_info
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import AuditError, AuditFile, AuditFileError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    append,
    host_lock,
    read_document,
    read_journal,
    write_document,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.document import write_file
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import EnforcementError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.files import open_file, open_to_read, replace_file
from tests.unit.change.samples import document

SECONDS = 60
"""Far longer than a refusal takes. Waiting for a named pipe or reading a device takes for ever."""


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    def give_up(*_unused: Any) -> None:
        raise TimeoutError("it waits for what is no file")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def a_directory(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        # A socket's name is short.
        at = os.open(path.parent, os.O_DIRECTORY)
        made.bind(f"/proc/self/fd/{at}/{path.name}")
        os.close(at)


def linked(kind: Callable[[Path], None]) -> Callable[[Path], None]:
    def link(path: Path) -> None:
        target = path.with_name("target")
        kind(target)
        path.symlink_to(target)

    return link


def a_link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


KINDS = {
    "directory": (a_directory, "it is a directory"),
    "pipe": (a_pipe, "it is a named pipe"),
    "socket": (a_socket, "it is a socket"),
    "link to a device": (a_link_to_a_device, "it is a device"),
    "link to a pipe": (linked(a_pipe), "it is a named pipe"),
    "link to a directory": (linked(a_directory), "it is a directory"),
}


def audit_file(path: Path) -> None:
    AuditFile(path, "question", {"collection": "0.1.0", "ansible": "2.19.0"}, max_age=3600)


def lock(path: Path) -> None:
    with host_lock(path, "p01"):
        pytest.fail("it is locked")


def report(path: Path, *, check_mode: bool = False) -> None:
    fleet_report._write(path, iter(["text"]), check_mode=check_mode)


def log(path: Path) -> None:
    sender_log_info._analyse({"files": [str(path)], "paths": [], "access": []}, None, "p01")


USES: dict[str, tuple[Callable[[Path], None], type[Exception]]] = {
    "audit file, written": (audit_file, AuditFileError),
    "audit file, reported": (lambda path: fleet_report._audit([str(path)]), AuditError),
    "plan, written": (lambda path: write_document(path, document()), ChangeError),
    "plan, rendered": (lambda path: write_file(path, b"text"), ChangeError),
    "plan, read": (read_document, ChangeError),
    "record, appended to": (lambda path: append(path, {}), ChangeError),
    "record, locked": (lock, ChangeError),
    "record, read": (read_journal, ChangeError),
    "report": (report, fleet_report.TaskFailed),
    "report, in check mode": (lambda path: report(path, check_mode=True), fleet_report.TaskFailed),
    "log": (log, EnforcementError),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_refused_and_left_alone(tmp_path: Path, kind: str, use: str) -> None:
    path = tmp_path / "here"
    make, said = KINDS[kind]
    make(path)
    before = {each.name: os.lstat(each).st_mode for each in tmp_path.iterdir()}
    call, error = USES[use]
    with pytest.raises(error, match=rf"here.*: {said}, not a file; give the path of a file"):
        call(path)
    assert {each.name: os.lstat(each).st_mode for each in tmp_path.iterdir()} == before


@pytest.mark.parametrize("use", USES)
def test_a_device_is_refused_and_left_alone(use: str) -> None:
    def there() -> tuple[int, int, set[str]]:
        about = os.lstat("/dev/null")
        return about.st_ino, about.st_mode, {each.name for each in Path("/dev").glob("*null*")}

    before = there()
    assert stat.S_ISCHR(before[1])
    call, error = USES[use]
    with pytest.raises(error, match=r"/dev/null.*: it is a device, not a file; give the path of a file"):
        call(Path("/dev/null"))
    assert there() == before


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", ["nul\0here", "half a character \ud800"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str, use: str) -> None:
    call, error = USES[use]
    with pytest.raises(error, match="no file can have such a name"):
        call(tmp_path / name)


@pytest.mark.parametrize("use", ["audit file, written", "record, appended to", "record, locked"])
def test_a_link_is_not_followed_where_lines_are_appended(tmp_path: Path, use: str) -> None:
    target, name = tmp_path / "target", "here.lock" if use == "record, locked" else "here"
    target.write_bytes(b"somebody's")
    (tmp_path / name).symlink_to(target)
    call, error = USES[use]
    with pytest.raises(error, match=rf"{name}.*: it is a symbolic link, which is not followed"):
        call(tmp_path / "here")
    assert target.read_bytes() == b"somebody's"


def test_what_takes_the_place_of_a_file_in_between_is_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kind is looked at once more after it was opened: between the two, anybody may have exchanged it."""
    path = tmp_path / "here"
    open_really = os.open

    def exchange_and_open(*arguments: Any) -> int:
        os.mkfifo(path)
        return open_really(*arguments)

    monkeypatch.setattr(os, "open", exchange_and_open)
    count = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match="it is a named pipe"):
        open_file(path, os.O_RDONLY)
    assert len(list(Path("/proc/self/fd").iterdir())) == count


def test_a_file_is_read_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 120)
    assert replace_file(path, [b"a", b"bc"], check_mode=True) == replace_file(path, [b"a", b"bc"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.stat()
    again = replace_file(path, [b"abc"])
    assert (again.size, again.changed) == (3, False)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert replace_file(path, [b"d"]).changed
    with open_to_read(path) as stream:
        assert stream.read() == b"d"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_half_way_leaves_the_file(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"new"
        raise KeyError("half way")

    path = tmp_path / "here"
    path.write_bytes(b"old")
    with pytest.raises(KeyError):
        replace_file(path, pieces())
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"here": b"old"}
