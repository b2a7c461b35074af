# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs: one case after the other on both servers at once, and what is printed about them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid, format_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.sid import ADMINISTRATORS
from tests.lab.domain.testing import RunningDomain

from .answers import Answer, Reader, Readings, answer
from .cases import GONE, HISTORY, RUNS_OF_A_WORLD, SERVERS, Case, World, case_of, world_of
from .differences import ALL, NONE, Samba
from .operations import OPERATIONS
from .servers import Ground, Tried

_OF_NO_DOMAIN = frozenset({Sid.parse(GONE), Sid.parse(HISTORY)})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One operation of one run.

    Attributes:
        operation: its name.
        ours: our answer.
        done: whether the server let the account do it.
        samba: our answer with all of Samba's differences.
        because: where ours is not what the server did, the differences that each alone explain it.
    """

    operation: str
    ours: Answer
    done: bool
    samba: Answer
    because: frozenset[Samba] = frozenset()

    @property
    def agrees(self) -> bool:
        """Whether our answer is what the server did."""
        return self.ours is _as_answer(self.done)

    @property
    def explained(self) -> bool:
        """Whether the server did what Samba does by the list of differences."""
        return self.samba is _as_answer(self.done)


@dataclass(frozen=True, slots=True)
class Run:
    """The outcome of a run."""

    case: Case
    world: World
    readings: Readings
    tried: Tried
    outcomes: tuple[Outcome, ...]

    @property
    def may_be_unknown(self) -> bool:
        """Whether there is something that cannot be known.

        A SID of a domain that nobody can be asked about may be in a token by a trust. User Account Control takes
        Administrators from the tokens of a Windows server's own accounts by default (Microsoft, KB 951016). And no
        member server of Windows has local groups in local groups, so we need not follow them.
        """
        account, server, named = self.case.account, self.case.server, self.readings.named
        members = (member for found in self.world.local[server].values() for member in found)
        return (
            (account.startswith("PARTNER") and not named.isdisjoint(_OF_NO_DOMAIN))
            or (account.startswith(server) and ADMINISTRATORS in named)
            or any(member.startswith(("BUILTIN", rf"{server}\Team")) for member in members)
        )

    def is_explained(self, outcome: Outcome) -> bool:
        """Whether nothing is wrong with an outcome: it is what Samba does, and unknown only where it may be."""
        if outcome.ours is Answer.UNKNOWN:
            return self.may_be_unknown and (outcome.explained or outcome.samba is Answer.UNKNOWN)
        return outcome.explained

    @property
    def explained(self) -> bool:
        """Whether nothing is wrong with any."""
        return all(map(self.is_explained, self.outcomes))


@dataclass(slots=True)
class Report:
    """The outcome of the runs."""

    runs: int = 0
    granted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    differences: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def operations(self) -> int:
        """How many operations were compared."""
        return self.granted.total() + self.refused.total()

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield from self.unexplained
        yield (
            f"{self.runs:,} runs, {self.operations:,} operations compared, {len(self.unexplained)} runs with a "
            f"difference that nothing explains, {self.differences.total()} differences of Samba, {self.unknown} "
            f"answers unknown, {self.seconds:.0f} seconds"
        )
        for operation in OPERATIONS:
            name = operation.name
            yield f"  {name:7} granted {self.granted[name]:6,}   refused {self.refused[name]:6,}"
        for about, count in self.differences.most_common():
            yield f"  {count:6,} by Samba's difference: {about}"


class Oracle:
    """Plays runs in a running domain."""

    def __init__(self, domain: RunningDomain, directory: Path) -> None:
        self._ground = Ground(domain, directory)
        self._readers = {server: Reader(domain, server) for server in SERVERS}

    def close(self) -> None:
        """Close all connections."""
        for reader in self._readers.values():
            reader.close()

    def play(self, first: int, runs: int) -> Report:
        """The runs from this number on; raises LabError or an error of the product if one cannot take place."""
        report, begun = Report(), time.monotonic()
        with ThreadPoolExecutor(len(SERVERS)) as pool:
            for _world, numbers in groupby(range(first, first + runs), lambda number: number // RUNS_OF_A_WORLD):
                cases = [case_of(number) for number in numbers]
                world = world_of(cases[0].number)
                self.enter(world)
                on_server = [[case for case in cases if case.server == server] for server in SERVERS]
                for found in pool.map(lambda cases, world=world: [self.run(case, world) for case in cases], on_server):
                    for run in found:
                        self._count(report, run)
        report.seconds = time.monotonic() - begun
        return report

    def enter(self, world: World) -> None:
        """Bring a world about, for the runs to come."""
        self._ground.enter(world)
        for reader in self._readers.values():
            reader.forget()

    def run(self, case: Case, world: World) -> Run:
        """One run in the world that was entered last."""
        reader, account = self._readers[case.server], self._ground.account(case.account)
        self._ground.prepare(case)
        readings = reader.read()
        tried = self._ground.try_all(case)
        tokens = {
            differences: reader.token(account, readings, differences)
            for differences in (NONE, ALL, *(frozenset({one}) for one in Samba))
        }
        outcomes = []
        for operation in OPERATIONS:
            answers = {used: answer(operation, readings, token, used) for used, token in tokens.items()}
            because = frozenset(one for one in Samba if answers[frozenset({one})] is not answers[NONE])
            done = tried.done[operation.name]
            outcomes.append(Outcome(operation.name, answers[NONE], done, answers[ALL], because))
        return Run(case, world, readings, tried, tuple(outcomes))

    def _count(self, report: Report, run: Run) -> None:
        report.runs += 1
        for outcome in run.outcomes:
            (report.granted if outcome.done else report.refused)[outcome.operation] += 1
            if outcome.ours is Answer.UNKNOWN:
                report.unknown += 1
            elif not outcome.agrees and outcome.explained:
                abouts = sorted(one.value.about for one in outcome.because)
                report.differences[" and ".join(abouts) or "several that act together"] += 1
        if not run.explained:
            report.unexplained.append("\n".join(self.described(run)))

    def described(self, run: Run) -> Iterator[str]:
        """All that is needed to see why a run differs, and to repeat it."""
        case, world = run.case, run.world
        yield f"run {case.number} differs; repeat it with: make oracle SEED={case.number} RUNS=1"
        yield f"  {case.account} on {case.server} by {'Kerberos' if case.kerberos else 'NTLM'}"
        for group, members in (*world.domain.items(), *world.local.get(case.server, {}).items()):
            yield f"  {group}: {', '.join(members) or 'no random members'}"
        names = {Sid.parse(self._ground.sid(name)): name for name in _names(run)}
        described = {"share": run.readings.share, "folder": run.readings.folder, **run.readings.files}
        for name, descriptor in described.items():
            text = format_sddl(descriptor)
            for sid, account in sorted(names.items(), reverse=True):
                text = text.replace(str(sid), account)
            yield f"  {name}: {text}"
        for outcome in run.outcomes:
            mark = "" if run.is_explained(outcome) else "   <-- differs"
            yield (
                f"  {outcome.operation:7} ours {outcome.ours.value}, as Samba {outcome.samba.value}, "
                f"really {_as_answer(outcome.done).value}{mark}"
            )
        yield from (f"  smbclient: {line}" for line in run.tried.words.splitlines())


def _names(run: Run) -> set[str]:
    found = {run.case.account, r"CORP\Administrator", *(rf"CORP\{group}" for group in run.world.domain)}
    for permissions in (run.case.share, run.case.folder, *run.case.files.values()):
        found |= {permissions.owner, *(item.who for item in permissions.dacl or ())}
    return {name for name in found if not name.startswith("S-1-")}


def _as_answer(done: bool) -> Answer:
    return Answer.GRANTED if done else Answer.DENIED


@contextmanager
def oracle_in(domain: RunningDomain, directory: Path) -> Iterator[Oracle]:
    """An oracle that is closed at the end."""
    oracle = Oracle(domain, directory)
    try:
        yield oracle
    finally:
        oracle.close()
