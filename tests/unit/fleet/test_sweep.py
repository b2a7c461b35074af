# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking many hosts: nobody waits for one, and everybody is answered once."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import HostStatus
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.fleet import (
    Answer,
    Job,
    Limits,
    Question,
    answer,
    sweep,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import TicketUse
from tests.waiting import PATIENCE, wait_until

QUESTION = Question("P01", "sms_1_2", ("CORP\\smssend",))
Told = tuple[str, str, "str | None", dict[str, Any]]


def ask_all(hosts: list[str], behave: Callable[[str], Answer], limits: Limits, *, alone: bool = False) -> list[Told]:
    found = []
    for told in sweep(
        hosts,
        lambda host: Job(QUESTION, lambda: behave(host), ticket=TicketUse.NAMED if alone else None),
        limits,
        tick=0.05,
    ):
        if told is not None:
            name, status, message, line = told
            found.append((name, status, message, json.loads(line)))
    return found


def fine(host: str) -> Answer:
    return answer(host, HostStatus.IN_DESIRED_STATE, None, QUESTION)


def down(host: str) -> Answer:
    return answer(host, HostStatus.UNREACHABLE, "down", QUESTION, again=True)


def test_every_host_is_answered_once() -> None:
    hosts = [f"h{number}" for number in range(100)]
    found = ask_all(hosts, fine, Limits(processes=3, at_once=10))
    assert sorted(told[0] for told in found) == sorted(hosts)
    assert {told[1] for told in found} == {"in_desired_state"}


def test_no_hosts() -> None:
    assert ask_all([], fine, Limits()) == []


def test_a_host_that_never_answers_costs_its_time_only() -> None:
    def behave(host: str) -> Answer:
        if host in ("h0", "h3"):
            threading.Event().wait(PATIENCE)
        return fine(host)

    found = ask_all([f"h{number}" for number in range(40)], behave, Limits(processes=2, at_once=4, timeout=5))
    # Whoever waits for them all the same finds that they answered.
    late = {told[0]: told for told in found if told[1] != "in_desired_state"}
    assert set(late) == {"h0", "h3"}
    assert late["h0"][1] == "unreachable"
    assert "5 seconds" in (late["h0"][2] or "")
    assert late["h0"][3]["site"] == "P01"
    assert len(found) == 40


def test_who_has_answered_is_not_late_because_nobody_looked() -> None:
    answered: list[float] = []
    timeout = 2.0

    def prepare(host: str) -> Job:
        if host == "slow":  # a templated variable, say, that looks something up
            wait_until(lambda: len(answered) == 3, "the others have answered")
            wait_until(lambda: time.monotonic() > answered[-1] + timeout, "their time is over")
        return Job(QUESTION, lambda: behave(host))

    def behave(host: str) -> Answer:
        said = fine(host)
        answered.append(time.monotonic())
        return said

    hosts = ["h1", "h2", "h3", "slow"]
    found = [told for told in sweep(hosts, prepare, Limits(processes=1, at_once=4, timeout=timeout)) if told]
    assert {told[0]: told[1] for told in found} == dict.fromkeys(hosts, "in_desired_state")


@pytest.mark.parametrize(("alone", "most"), [(False, 6), (True, 2)])
def test_as_many_at_once_as_allowed_and_no_more(alone: bool, most: int) -> None:
    context = get_context("fork")
    now, peak = context.Value("i", 0), context.Value("i", 0)

    def behave(host: str) -> Answer:
        with now.get_lock():
            now.value += 1
            peak.value = max(peak.value, now.value)
        wait_until(lambda: peak.value >= most, f"{most} at once")
        time.sleep(0.02)  # room for one more, should there be one
        with now.get_lock():
            now.value -= 1
        return fine(host)

    found = ask_all([f"h{number}" for number in range(64)], behave, Limits(processes=2, at_once=6), alone=alone)
    assert peak.value == most
    assert [told for told in found if told[1] != "in_desired_state"] == []


def test_a_host_that_is_down_is_asked_again_and_one_that_refuses_is_not() -> None:
    context = get_context("fork")
    asked = context.Array("i", 2)

    def behave(host: str) -> Answer:
        with asked.get_lock():
            asked[0 if host == "down" else 1] += 1
        if host == "down":
            return down(host)
        return answer(host, HostStatus.UNREACHABLE, "wrong password", QUESTION)

    found = ask_all(["down", "locked"], behave, Limits(processes=1, retries=2, backoff=0.05))
    assert list(asked) == [3, 1]
    assert {told[0]: told[2] for told in found} == {"down": "down", "locked": "wrong password"}


def test_a_host_that_comes_back_is_read() -> None:
    context = get_context("fork")
    asked = context.Value("i", 0)

    def behave(host: str) -> Answer:
        with asked.get_lock():
            asked.value += 1
            return down(host) if asked.value == 1 else fine(host)

    assert [told[1] for told in ask_all(["a"], behave, Limits(processes=1, backoff=0.05))] == ["in_desired_state"]


def test_the_others_do_not_wait_for_a_host_that_is_asked_again() -> None:
    def behave(host: str) -> Answer:
        return down(host) if host == "h0" else fine(host)

    hosts = [f"h{number}" for number in range(20)]
    limits = Limits(processes=1, at_once=1, backoff=PATIENCE)
    with closing(sweep(hosts, lambda host: Job(QUESTION, lambda: behave(host)), limits)) as answers:
        assert {told[0] for told in islice(filter(None, answers), 19)} == set(hosts) - {"h0"}


@pytest.mark.parametrize("where", ["prepare", "ask"])
def test_one_host_takes_no_other_with_it(where: str) -> None:
    def prepare(host: str) -> Any:
        if where == "prepare" and host == "bad":
            raise ValueError("no such option")
        return Job(QUESTION, lambda: behave(host))

    def behave(host: str) -> Answer:
        if host == "bad":
            raise ValueError("no such option")
        return fine(host)

    found = [told for told in sweep(["a", "bad", "b"], prepare, Limits()) if told]
    assert {told[0]: told[1] for told in found} == {"a": "in_desired_state", "bad": "error", "b": "in_desired_state"}
    assert [told[2] for told in found if told[0] == "bad"] == ["bad: ValueError: no such option"]


def test_a_process_that_dies_is_said() -> None:
    heard = get_context("fork").Event()

    def behave(host: str) -> Answer:
        if host == "h1":
            assert heard.wait(PATIENCE)
            os._exit(9)
        return fine(host)

    found = {}
    for told in sweep(["h0", "h1"], lambda host: Job(QUESTION, lambda: behave(host)), Limits(processes=1)):
        if told is not None:
            found[told[0]] = told[1]
            heard.set()
    assert found == {"h0": "in_desired_state", "h1": "error"}


def test_closing_it_ends_its_processes() -> None:
    context = get_context("fork")
    pid, over = context.Value("i", 0), context.Event()

    def behave(host: str) -> Answer:
        if host == "h0":
            pid.value = os.getpid()
            threading.Event().wait(PATIENCE)
            over.set()
        wait_until(lambda: pid.value, "h0 is asked")
        return fine(host)

    limits = Limits(processes=1, timeout=2 * PATIENCE)
    with closing(sweep(["h0", "h1"], lambda host: Job(QUESTION, lambda: behave(host)), limits)) as answers:
        assert next(filter(None, answers))[0] == "h1"
        os.kill(pid.value, 0)
    assert not over.is_set()
    with pytest.raises(ProcessLookupError):
        os.kill(pid.value, 0)


def test_a_process_that_dies_in_the_middle_of_an_answer_is_said() -> None:
    context = get_context("fork")
    go, pid = context.Event(), context.Value("i", 0)

    def behave(host: str) -> Answer:
        if host == "h1":
            pid.value = os.getpid()
            assert go.wait(PATIENCE)
            return answer(host, HostStatus.ERROR, "x" * 1_000_000, QUESTION)
        return fine(host)

    asking = sweep(["h0", "h1"], lambda host: Job(QUESTION, lambda: behave(host)), Limits(processes=1), tick=0.05)
    found = [next(told for told in asking if told is not None)]
    (reader,) = asking.gi_frame.f_locals["readers"]  # type: ignore[attr-defined]
    go.set()
    # A pipe takes 64 KiB, so what is in there is the beginning of an answer.
    wait_until(lambda: waiting_in(reader.fileno()) > 10_000, "an answer has begun")
    os.kill(pid.value, signal.SIGKILL)
    found += [told for told in asking if told is not None]
    assert {told[0]: told[1] for told in found} == {"h0": "in_desired_state", "h1": "error"}


# Asks hosts that never answer, in processes that write down who they are.
ORPHANS = """
import os, sys, time
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.fleet import Job, Limits, Question, sweep

def note():
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()}\\n")

def ask():
    note()
    while True:
        time.sleep(0.05)

if sys.argv[2] == "grandparent":
    if os.fork():
        time.sleep(3600)
    note()
job = Job(Question("P01", "sms_1_2", ("CORP\\\\smssend",)), ask)
limits = Limits(processes=2, at_once=2, timeout=3600)
list(sweep([f"h{number}" for number in range(32)], lambda host: job, limits))
"""


@pytest.mark.parametrize(("killed", "processes"), [("parent", 2), ("grandparent", 3)])
def test_no_process_outlives_the_one_that_started_it(killed: str, processes: int, tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    notes.touch()
    command = [sys.executable, "-c", ORPHANS, str(notes), killed]
    started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(set(notes.read_text().split())) == processes, "all processes run")
        pids = {int(pid) for pid in notes.read_text().split()}
        assert all(alive(pid) for pid in pids)
    finally:
        started.kill()
        started.wait()
    try:
        wait_until(lambda: not any(alive(pid) for pid in pids), "all processes have ended")
    finally:
        for pid in filter(alive, pids):
            os.kill(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Whether a process runs. One that has ended may be listed until its new parent looks after it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


def waiting_in(pipe: int) -> int:
    """How many bytes can be read from a pipe (FIONREAD)."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
