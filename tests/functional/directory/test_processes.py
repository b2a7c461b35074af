# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many processes and threads of one run: each account is asked for once, and a wrong password is tried once."""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import DirectoryError, PasswordRefused
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import ldap as module
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.domain_controllers import (
    close_directories,
    open_directories,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from tests.unit.directory.entries import DOMAIN, attributes, raw
from tests.unit.directory.ldap.scripted import Plain, ScriptedController, done, entry, sealed
from tests.waiting import PATIENCE

PASSWORD = "No-file-may-have-this-1"
PROCESSES, THREADS = 8, 16
ACCOUNTS = [Sid.parse(f"{DOMAIN}-{rid}") for rid in range(1101, 1111)]
WRONG = (49, "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563")

Work = Callable[[int, Path, tuple[int, ...]], Any]


class Plugin:
    """The connection plugin of a host."""

    transport = "winrm"

    def get_option(self, name: str) -> Any:
        return {"remote_user": r"CORP\ansible", "remote_password": PASSWORD, "transport": ["ntlm"]}.get(name)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "Ntlm", Plain)
    yield
    close_directories()


def answer(connection: socket.socket, number: int, request: Any) -> None:
    """Answer about the account that is asked for, after a while in which others ask too."""
    sid = Sid.parse(str(request["baseObject"])[len("<SID=") : -1])
    time.sleep(0.02)
    connection.sendall(sealed(entry(number, {**attributes(), "objectsid": [raw(sid)]}), done(number)))


def silence(connection: socket.socket, _number: int, _request: Any) -> None:
    connection.recv(1)


def ask_all(number: int, folder: Path, ports: tuple[int, ...]) -> list[str]:
    """As a process of an audit does: threads for many hosts, each with directories of its own task.

    Each process begins with another domain controller.
    """
    ports = ports[number % len(ports) :] + ports[: number % len(ports)]

    def ask(job: int) -> str:
        entries = [{"server": "127.0.0.1", "port": port, "timeout": 1} for port in ports]
        directories = open_directories(entries, Plugin(), f"host{job}", folder)
        try:
            directory = directories.of(Sid.parse(DOMAIN))
            return str(directory.account(ACCOUNTS[job % len(ACCOUNTS)]).sid)
        except DirectoryError as error:
            return f"{type(error).__name__}: {error}"

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(ask, range(3 * len(ACCOUNTS))))


def _child(work: Work, number: int, folder: Path, ports: tuple[int, ...], begin: Any, out: Any) -> None:
    begin.wait(PATIENCE)
    out.send(work(number, folder, ports))


def in_processes(work: Work, folder: Path, *controllers: ScriptedController) -> list[list[str]]:
    """What each process got. They are forked before the domain controllers have threads, and begin together."""
    context = multiprocessing.get_context("fork")
    begin = context.Event()
    ends = [context.Pipe(duplex=False) for _unused in range(PROCESSES)]
    ports = tuple(controller.port for controller in controllers)
    children = [
        context.Process(target=_child, args=(work, number, folder, ports, begin, writer))
        for number, (_reader, writer) in enumerate(ends)
    ]
    for child in children:
        child.start()
    try:
        for controller in controllers:
            controller.__enter__()
        begin.set()
        found = []
        for reader, writer in ends:
            writer.close()
            found.append(reader.recv() if reader.poll(PATIENCE) else [])
        return found
    finally:
        for child in children:
            child.kill()
            child.join()
        for controller in controllers:
            controller.__exit__()


def test_one_query_an_account(tmp_path: Path):
    """8 processes with 16 threads, 240 questions, 10 accounts: 10 queries."""
    running = ScriptedController(answer)
    found = in_processes(ask_all, tmp_path, running)
    assert found == [[str(sid) for sid in ACCOUNTS * 3]] * PROCESSES
    asked = Counter(str(request["baseObject"]) for request in running.requests)
    assert asked == {f"<SID={sid}>": 1 for sid in ACCOUNTS}
    assert running.connections <= PROCESSES


def test_a_wrong_password_is_tried_once(tmp_path: Path):
    running = ScriptedController(answer, bind=WRONG)
    found = in_processes(ask_all, tmp_path, running)
    assert running.connections == 1
    assert len(found) == PROCESSES
    assert {text for process in found for text in process} == {
        f"{PasswordRefused.__name__}: 127.0.0.1: could not log on to the directory: CORP\\ansible: the user name or "
        "the password is wrong (52e). Check the account's name, domain and password."
    }


def test_a_wrong_password_is_tried_at_one_domain_controller_only(tmp_path: Path):
    running = [ScriptedController(answer, bind=WRONG) for _unused in range(3)]
    in_processes(ask_all, tmp_path, *running)
    assert sum(each.connections for each in running) == 1


def test_a_domain_controller_that_does_not_answer_is_given_up(tmp_path: Path):
    """After three queries in a row without an answer, and those that other processes have sent meanwhile."""
    running = ScriptedController(silence)
    found = in_processes(ask_all, tmp_path, running)
    assert 3 <= len(running.requests) < 3 + PROCESSES
    assert {text.partition(":")[0] for process in found for text in process} == {"DirectoryNoAnswer"}


def test_no_file_has_a_password(tmp_path: Path):
    in_processes(ask_all, tmp_path, ScriptedController(answer))
    in_processes(ask_all, tmp_path, ScriptedController(answer, bind=WRONG))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > len(ACCOUNTS)
    for path in files:
        assert PASSWORD not in str(path)
        assert PASSWORD.encode() not in path.read_bytes()
        assert PASSWORD.encode("utf-16-le") not in path.read_bytes()


def test_another_run_asks_anew(tmp_path: Path):
    running = ScriptedController(answer)
    with running:
        for run in ("one", "two"):
            (tmp_path / run).mkdir(mode=0o700)
            ask_all(0, tmp_path / run, (running.port,))
    assert len(running.requests) == 2 * len(ACCOUNTS)


def test_a_connection_is_not_used_by_a_process_that_was_forked(tmp_path: Path):
    """The parent is connected, then children ask what is not known yet, and the parent goes on."""
    with ScriptedController(answer) as running:
        entries = [{"server": "127.0.0.1", "port": running.port}]
        directory = open_directories(entries, Plugin(), "host", tmp_path).of(Sid.parse(DOMAIN))
        context = multiprocessing.get_context("fork")
        reader, writer = context.Pipe(duplex=False)

        def ask(sid: Sid) -> None:
            try:
                writer.send(str(directory.account(sid).sid))
            except DirectoryError as error:
                writer.send(str(error))

        children = [context.Process(target=ask, args=(sid,)) for sid in ACCOUNTS[:3]]
        for child in children:
            child.start()
        assert {reader.recv() for _unused in children} == {str(sid) for sid in ACCOUNTS[:3]}
        for child in children:
            child.join()
        assert directory.account(ACCOUNTS[3]).sid == ACCOUNTS[3]
    assert running.connections == 1 + len(children)
    assert len(running.requests) == 4
