# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks all hosts: on every core a process, in each process a thread for every host that is asked at the same time.

NTLM and message encryption need the processor, and the rest is waiting. So several processes use all cores, and their
threads wait for many hosts at once. A host that does not answer occupies one thread and delays no other host.

No process outlives its parent, however the parent ends: each waits at a pipe whose only writer is the parent. The
parent itself, one of Ansible's workers, ends the sweep when Ansible has ended.
"""

from __future__ import annotations

import heapq
import os
import queue
import random
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from multiprocessing import connection as pipes
from multiprocessing import get_context
from time import monotonic
from typing import Any, TypeAlias

from ..audit import HostStatus, encode, host_to_json
from ..memory import freeze_heap
from .question import Question
from .reading import Answer, Job, answer

Prepare: TypeAlias = Callable[[str], Job]
"""Prepares the job of a host; called on one thread only."""
Sent: TypeAlias = tuple[str, str, "str | None", bytes]
"""Host, status, message and the line for the audit file."""

_MIN_CHUNK, _MAX_CHUNK = 8, 256
"""Hosts that a process takes at a time. Many at first: neighbours are in the same pages of memory, which then only one
process copies. Few towards the end, so that all processes end at about the same time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many hosts at once, and for how long.

    Attributes:
        processes: number of processes.
        at_once: hosts that are asked at the same time, by all of them together.
        timeout: seconds that one host may take.
        retries: how often a host that could not be reached is asked again.
        backoff: seconds to wait before that; twice as long each time.
    """

    processes: int = 2
    at_once: int = 64
    timeout: float = 120.0
    retries: int = 1
    backoff: float = 2.0


class Orphaned(Exception):
    """The process that started this one has ended, so nobody waits for the answers."""


def sweep(hosts: Sequence[str], prepare: Prepare, limits: Limits, tick: float = 1.0) -> Iterator[Sent | None]:
    """Ask all hosts; yield each answer as it comes, and None after about `tick` seconds without one.

    Every host is answered once. The processes end when the iterator is closed.

    Raises:
        Orphaned: the process that started this one has ended.
    """
    started_by = os.getppid()
    context = get_context("fork")
    lifeline = context.Pipe(duplex=False)
    claimed = context.Value("L", 0)
    count = max(1, min(limits.processes, -(-len(hosts) // _MIN_CHUNK)))
    share = max(1, -(-limits.at_once // count))
    workers = []
    readers: list[Any] = []  # their type has no public name before Python 3.13
    open_: set[str] = set(hosts)
    try:
        for _unused in range(count):
            reader, writer = context.Pipe(duplex=False)
            arguments = (hosts, claimed, prepare, limits, share, writer, [*readers, reader], lifeline)
            process = context.Process(target=_work, args=arguments, daemon=True)
            process.start()
            writer.close()
            workers.append(process)
            readers.append(reader)
        while readers:
            ready: list[Any] = pipes.wait(readers, tick)
            if os.getppid() != started_by:
                raise Orphaned
            if not ready:
                yield None
            for reader in ready:
                try:
                    sent: Sent = reader.recv()
                except (EOFError, OSError):  # the latter in the middle of an answer
                    readers.remove(reader)
                    continue
                open_.discard(sent[0])
                yield sent
        for host in hosts:
            if host in open_:
                yield _sent(
                    answer(
                        host,
                        HostStatus.ERROR,
                        f"{host}: the process that was to read it ended early; run the audit again",
                        None,
                    )
                )
    finally:
        for process in workers:
            process.kill()
            process.join()
        for end in (*lifeline, *readers):
            end.close()


@dataclass(frozen=True, slots=True)
class _Try:
    """A host whose job is prepared."""

    host: str
    attempt: int
    job: Job
    until: float = 0.0


@dataclass(order=True, slots=True)
class _Later:
    """A host that is to be asked again."""

    when: float
    host: str
    attempt: int = field(compare=False)


def _work(
    hosts: Sequence[str],
    claimed: Any,
    prepare: Prepare,
    limits: Limits,
    at_once: int,
    out: Any,
    others: Sequence[Any],
    lifeline: tuple[Any, Any],
) -> None:
    """Run in a process: take hosts until none is left, and ask `at_once` of them at the same time."""
    # The handlers of the parent are not meant for its children.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    for other in (*others, lifeline[1]):
        other.close()
    threading.Thread(target=_end_with_parent, args=(lifeline[0],), daemon=True).start()
    freeze_heap()
    status = 1
    try:
        _ask_all(_claims(hosts, claimed, limits.processes), prepare, limits, at_once, out)
        out.close()
        status = 0
    except OSError:
        pass  # the parent is gone
    finally:
        # Do not wait for threads whose host has exceeded its time.
        os._exit(status)


def _end_with_parent(lifeline: Any) -> None:
    """Run in a thread: end this process when the parent, the only writer of the pipe, has ended. Nothing is sent."""
    with suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)


def _claims(hosts: Sequence[str], claimed: Any, processes: int) -> Iterator[str]:
    while True:
        with claimed.get_lock():
            start = claimed.value
            size = min(_MAX_CHUNK, max(_MIN_CHUNK, (len(hosts) - start) // (2 * processes)))
            claimed.value = start + size
        if start >= len(hosts):
            return
        yield from hosts[start : start + size]


def _ask_all(hosts: Iterator[str], prepare: Prepare, limits: Limits, at_once: int, out: Any) -> None:
    done: queue.SimpleQueue[tuple[int, Answer]] = queue.SimpleQueue()
    ready: queue.SimpleQueue[tuple[int, _Try]] = queue.SimpleQueue()
    idle = 0
    asking: dict[int, _Try] = {}
    later: list[_Later] = []
    waiting: deque[_Try] = deque()
    number = 0
    left = True
    while left or asking or later or waiting:
        while len(asking) < at_once:
            item = None
            if waiting and _can_run(waiting[0], asking.values()):
                item = waiting.popleft()
            elif later and later[0].when <= monotonic():
                again = heapq.heappop(later)
                item = _prepared(again.host, again.attempt, prepare)
            elif left and len(waiting) < at_once:
                host = next(hosts, None)
                left = host is not None
                item = None if host is None else _prepared(host, 0, prepare)
            if item is None:
                break
            if not _can_run(item, asking.values()):
                waiting.append(item)
                continue
            number += 1
            asking[number] = replace(item, until=monotonic() + limits.timeout)
            if idle:
                idle -= 1
            else:
                threading.Thread(target=_ask, args=(ready, done), daemon=True).start()
            ready.put((number, item))
        # All have the same time from their start, so the first of them is the first to exceed it.
        ends = [item.until for item in islice(asking.values(), 1)] + [item.when for item in later[:1]]
        if not ends:
            continue
        answers = []
        with suppress(queue.Empty):
            answers.append(done.get(timeout=max(0.0, min(ends) - monotonic()) + 0.001))
            while True:  # before a host counts as late: this thread itself may have been delayed
                answers.append(done.get_nowait())
        for finished, answered in answers:
            idle += 1
            asked = asking.pop(finished, None)
            if asked is not None:
                if answered.again and asked.attempt < limits.retries:
                    wait = limits.backoff * 2**asked.attempt * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
                    heapq.heappush(later, _Later(monotonic() + wait, asked.host, asked.attempt + 1))
                else:
                    out.send(_sent(answered))
        while asking and asking[first := next(iter(asking))].until <= monotonic():
            out.send(_sent(_too_late(asking.pop(first), limits.timeout)))


def _can_run(item: _Try, asking: Iterable[_Try]) -> bool:
    return item.job.ticket is None or all(item.job.can_run_beside(other.job) for other in asking)


def _prepared(host: str, attempt: int, prepare: Prepare) -> _Try:
    try:
        job = prepare(host)
    except Exception as error:  # a connection plugin can raise anything
        failed = _failed(host, None, error)
        job = Job(None, lambda: failed)
    return _Try(host, attempt, job)


def _ask(ready: queue.SimpleQueue[tuple[int, _Try]], done: queue.SimpleQueue[tuple[int, Answer]]) -> None:
    """Run in a thread: ask one host after the other."""
    while True:
        number, item = ready.get()
        try:
            answered = item.job.ask()
        except Exception as error:  # an error of one host must not end the others
            answered = _failed(item.host, item.job.question, error)
        done.put((number, answered))


def _failed(host: str, question: Question | None, error: Exception) -> Answer:
    return answer(host, HostStatus.ERROR, f"{host}: {type(error).__name__}: {error}", question)


def _too_late(asked: _Try, timeout: float) -> Answer:
    message = (
        f"{asked.host}: no whole answer within {timeout:g} seconds. Check that the server is up. If it is slow, raise "
        "timeout."
    )
    return answer(asked.host, HostStatus.UNREACHABLE, message, asked.job.question, seconds=timeout, requests=None)


def _sent(answered: Answer) -> Sent:
    line = answered.line
    return line.host, line.status.value, line.message or None, encode(host_to_json(line))
