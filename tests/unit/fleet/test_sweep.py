# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking many hosts: nobody waits for one, and everybody is answered once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.fleet import (
    Answer,
    Job,
    Limits,
    Question,
    Status,
    Ticket,
    answer,
    sweep,
)

QUESTION = Question("P01", "sms_1_2", ("CORP\\smssend",))
Told = tuple[str, str, "str | None", dict[str, Any]]


def ask_all(hosts: list[str], behave: Callable[[str], Answer], limits: Limits, *, alone: bool = False) -> list[Told]:
    found = []
    for told in sweep(
        hosts,
        lambda host: Job(QUESTION, lambda: behave(host), ticket=Ticket.NAMED if alone else None),
        limits,
        tick=0.05,
    ):
        if told is not None:
            name, status, message, line = told
            found.append((name, status, message, json.loads(line)))
    return found


def fine(host: str) -> Answer:
    return answer(host, Status.IN_DESIRED_STATE, None, QUESTION)


def down(host: str) -> Answer:
    return answer(host, Status.UNREACHABLE, "down", QUESTION, again=True)


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
            time.sleep(60)
        return fine(host)

    begun = time.monotonic()
    found = ask_all([f"h{number}" for number in range(40)], behave, Limits(processes=2, at_once=4, timeout=1.0))
    assert time.monotonic() - begun < 20
    late = {told[0]: told for told in found if told[1] != "in_desired_state"}
    assert set(late) == {"h0", "h3"}
    assert late["h0"][1] == "unreachable"
    assert "1 seconds" in (late["h0"][2] or "")
    assert late["h0"][3]["site"] == "P01"
    assert len(found) == 40


def test_who_has_answered_is_not_late_because_nobody_looked() -> None:
    def prepare(host: str) -> Job:
        if host == "slow":  # a templated variable, say, that looks something up
            time.sleep(1.0)
        return Job(QUESTION, lambda: fine(host))

    hosts = ["h1", "h2", "h3", "slow"]
    found = [told for told in sweep(hosts, prepare, Limits(processes=1, at_once=4, timeout=0.5)) if told]
    assert {told[0]: told[1] for told in found} == dict.fromkeys(hosts, "in_desired_state")


@pytest.mark.parametrize(("alone", "least", "most"), [(False, 2, 6), (True, 1, 2)])
def test_no_more_at_once_than_allowed(alone: bool, least: int, most: int) -> None:
    context = get_context("fork")
    now, peak = context.Value("i", 0), context.Value("i", 0)

    def behave(host: str) -> Answer:
        with now.get_lock():
            now.value += 1
            peak.value = max(peak.value, now.value)
        time.sleep(0.02)
        with now.get_lock():
            now.value -= 1
        return fine(host)

    ask_all([f"h{number}" for number in range(64)], behave, Limits(processes=2, at_once=6), alone=alone)
    assert least <= peak.value <= most


def test_a_host_that_is_down_is_asked_again_and_one_that_refuses_is_not() -> None:
    context = get_context("fork")
    asked = context.Array("i", 2)

    def behave(host: str) -> Answer:
        with asked.get_lock():
            asked[0 if host == "down" else 1] += 1
        if host == "down":
            return down(host)
        return answer(host, Status.UNREACHABLE, "wrong password", QUESTION)

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

    found = ask_all([f"h{number}" for number in range(20)], behave, Limits(processes=1, at_once=1, backoff=0.5))
    assert found[-1][0] == "h0"
    assert len(found) == 20


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
    def behave(host: str) -> Answer:
        if host == "h1":
            time.sleep(0.2)
            os._exit(9)
        return fine(host)

    found = ask_all(["h0", "h1"], behave, Limits(processes=1))
    assert {told[0]: told[1] for told in found} == {"h0": "in_desired_state", "h1": "error"}


def test_closing_it_ends_its_processes() -> None:
    context = get_context("fork")
    pids = context.Array("i", 2)

    def behave(host: str) -> Answer:
        pids[0 if host == "h0" else 1] = os.getpid()
        if host == "h0":
            time.sleep(60)
        return fine(host)

    asking = sweep(["h0", "h1"], lambda host: Job(QUESTION, lambda: behave(host)), Limits(processes=1), tick=0.05)
    assert [told[0] for told in [next(asking)] if told] == ["h1"]
    asking.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
