# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenes: a cell is played on a pair of hosts, of which one is struck, and the evidence is taken."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import yaml

from tests.lab.certificates import Authority
from tests.lab.hierarchy import SENDER

from . import http_answers, smb_answers, smb_frames, transports
from .cells import WRITING, Cell, fault_of
from .controllers import Controllers, Run
from .ground import FIRST_READ, OBJECTS, SENDERS, SHARE, WRITES, Ground, Host, View
from .http_proxy import Elsewhere, Proxy, Strike
from .judge import Evidence
from .smb_proxy import SmbProxy
from .smb_proxy import Strike as SmbStrike
from .wire import Fate

CHANGE = "CHG0012345"
RECORD = "record.jsonl"


@dataclass(frozen=True, slots=True)
class Stock:
    """What cells start from: a plan for all hosts that is approved, and what applying it left.

    Attributes:
        plan: the plan.
        digest: its digest.
        record: the record of a run that applied all of it.
        faulty: what a host holds before the change.
        applied: what it holds after it, by the host's name, for `Host.restore`.
        goal: the same, as `Host.view` shows it.
        old: what that shows before the change.
    """

    plan: Path
    digest: str
    record: Path
    faulty: Mapping[str, Mapping[str, str]]
    applied: Mapping[str, Mapping[str, str]]
    goal: View
    old: View


class Stage(ABC):
    """A lab, the controllers, and what all cells over one kind of wire share. Closed at the end."""

    backend: ClassVar[str]
    way: ClassVar[str]
    """The transport by which the stock is made."""

    def __init__(self, build: Path, pairs: int) -> None:
        self.build = build
        shutil.rmtree(build, ignore_errors=True)
        self._started = ExitStack()
        try:
            self.ground = Ground(build, 2 * pairs, self.backend)
            self._started.callback(self.ground.close)
            self.controllers = Controllers(build)
            self._started.callback(self.controllers.close)
            self._prepare()
            hosts = self.ground.hosts
            self._pairs: queue.SimpleQueue[tuple[Host, Host]] = queue.SimpleQueue()
            for number in range(pairs):
                self._pairs.put((hosts[2 * number], hosts[2 * number + 1]))
            self.stock = self._make_stock()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End everything that was started."""
        self._started.close()

    def stop(self) -> None:
        """Let the cells that are being played end at once: no run of theirs goes on, and no other begins."""
        self.controllers.stop()

    def play(self, cell: Cell) -> Evidence:
        """Play a cell and take the evidence."""
        faulty, fine = self._pairs.get()
        try:
            return self._play(cell, faulty, fine)
        finally:
            self._pairs.put((faulty, fine))

    # -- a cell

    def _play(self, cell: Cell, faulty: Host, fine: Host) -> Evidence:
        directory = self.build / "cells" / cell.name.replace("/", ".")
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        with self._disk(cell, directory):
            return self._play_in(cell, directory, faulty, fine)

    def _play_in(self, cell: Cell, directory: Path, faulty: Host, fine: Host) -> Evidence:
        stock = self.stock
        rolls_back = cell.operation == "rollback"
        # The probe is of an account that has its access.
        start = stock.applied if rolls_back or cell.operation == "probe" else stock.faulty
        for host in (faulty, fine):
            host.restore(start[host.name])
        if rolls_back:
            shutil.copy(stock.record, self._record_path(cell, directory))
        goal = stock.old if rolls_back else stock.goal
        evidence = Evidence(
            cell, fault_of(cell), faulty.name, (fine.name,), old=stock.old, goal=goal,
            secrets=(faulty.password, fine.password, *faulty.about["credentials"].values()),
        )  # fmt: skip
        evidence.before = faulty.view()
        with self._proxy(cell, faulty) as proxy:
            inventory = self._inventory(cell, directory, faulty, fine, proxy)
            tasks = [] if cell.operation == "inventory" else self._tasks(cell, directory, (faulty, fine))
            if cell.operation == "inventory":
                inventory, tasks = self._provider_inventory(directory, faulty, self._proxied(cell, faulty, proxy)), []
                evidence.others = ()
            if cell.fault == "disk_full" and cell.playbook:
                # One run, one record: no host can be written without it.
                evidence.others = ()
            killer = Killer()
            self._arm(cell, faulty, proxy, killer)
            evidence.armed = proxy.strike is not None
            if cell.fault == "twice":
                # What one of them refused may have been done by the other: that one comes last.
                runs = self._at_once(directory, inventory, tasks)
                evidence.runs = sorted(runs, key=lambda run: not run.of(faulty.name).get("failed"))
            else:
                evidence.runs = [self._run(directory, inventory, tasks, killer)]
            evidence.after = faulty.view()
            proxy.land()
            evidence.landed = faulty.view()
            evidence.written = self._written(faulty, proxy)
            evidence.seen = replace(proxy.seen)
            evidence.record_text, evidence.record = _record(self._record_path(cell, directory), faulty.name)
            evidence.others_hold = (
                cell.fault == "killed"
                or not evidence.others
                or fine.view() == (goal if cell.operation in WRITING or cell.corrects else evidence.before)
            )
            self._make_room(cell, directory)
            faulty.behave()
            proxy.strike = None
            proxy.revive()
            if cell.fault == "killed":
                # The operator runs it again.
                evidence.runs.append(self._run(directory, inventory, tasks, None))
                evidence.after = evidence.landed = faulty.view()
                evidence.record_text, evidence.record = _record(self._record_path(cell, directory), faulty.name)
            if cell.operation in ("apply", "rollback"):
                back = self._tasks(replace(cell, operation="rollback"), directory, (faulty,), again=True)
                evidence.back = self._run(directory, inventory, back, None)
                evidence.back_after = faulty.view()
            evidence.elsewhere = self._elsewhere(proxy)
        return evidence

    def _record_path(self, cell: Cell, directory: Path) -> Path:
        """The record of a cell's change."""
        del cell
        return directory / RECORD

    def _disk(self, cell: Cell, directory: Path) -> AbstractContextManager[None]:
        """What a cell's directory needs."""
        del cell, directory
        return nullcontext()

    def _make_room(self, cell: Cell, directory: Path) -> None:
        """Where a disk was full, it is not any more."""
        del cell, directory

    def _run(self, directory: Path, inventory: Path, tasks: Sequence[Mapping[str, Any]], killer: Killer | None) -> Run:
        started = killer.started if killer else None
        return self.controllers.run(directory, inventory, tasks, inventory_plugin=not tasks, started=started)

    def _at_once(self, directory: Path, inventory: Path, tasks: Sequence[Mapping[str, Any]]) -> list[Run]:
        """Two controllers do the same, each with a directory of its own and the same record."""
        runs: list[Run] = []

        def work(number: int) -> None:
            runs.append(self._run(directory / str(number), inventory, tasks, None))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return runs

    @abstractmethod
    def _prepare(self) -> None:
        """Make what the proxies need, before anything is run."""

    @abstractmethod
    def _arm(self, cell: Cell, faulty: Host, proxy: Any, killer: Killer) -> None:
        """Tell the lab and the proxy what to do."""

    @abstractmethod
    def _proxy(self, cell: Cell, faulty: Host) -> AbstractContextManager[Any]:
        """A proxy in front of the host that is struck."""

    @abstractmethod
    def _written(self, faulty: Host, proxy: Any) -> Mapping[str, int]:
        """How many writes of each object the server has executed."""

    @abstractmethod
    def _direct(self, cell: Cell, host: Host) -> Mapping[str, Any]:
        """The variables of a host that is reached without a proxy."""

    @abstractmethod
    def _proxied(self, cell: Cell, host: Host, proxy: Any) -> Mapping[str, Any]:
        """The variables of the host behind the proxy."""

    def _elsewhere(self, proxy: Any) -> int:
        """How many connections another server got."""
        del proxy
        return 0

    # -- what controllers are given

    def _inventory(self, cell: Cell, directory: Path, faulty: Host, fine: Host, proxy: Any) -> Path:
        hosts = {faulty.name: self._proxied(cell, faulty, proxy), fine.name: self._direct(cell, fine)}
        return _write_inventory(directory, hosts)

    @staticmethod
    def _provider_inventory(directory: Path, faulty: Host, variables: Mapping[str, Any]) -> Path:
        """An inventory that asks the host's SMS Provider."""
        known = dict(variables)
        provider = {"host": faulty.name, "connection": known.pop("ansible_connection"), "variables": known}
        path = directory / "live.sms_hierarchy.yml"
        text = yaml.safe_dump({"plugin": "sitekeeper.sms.hierarchy", "sms_provider": provider})
        path.touch(0o600)
        path.write_text(text, encoding="utf-8")
        return path

    def _tasks(
        self, cell: Cell, directory: Path, hosts: Sequence[Host], *, again: bool = False
    ) -> list[dict[str, Any]]:
        action, arguments = self._task(cell, str(self._record_path(cell, directory)), hosts[0])
        tasks: list[dict[str, Any]] = [
            {"host": host.name, "action": f"sitekeeper.sms.{action}", "args": arguments} for host in hosts
        ]
        if cell.fault == "disk_full" and not cell.playbook and not again:
            tasks[0]["file_size"] = self._size_before(cell)
        return tasks[:1] if cell.operation == "fleet" else tasks

    def _task(self, cell: Cell, record: str, host: Host) -> tuple[str, dict[str, Any]]:
        """The module that does an operation, and its arguments."""
        senders: dict[str, Any] = {"senders": list(SENDERS)}
        match cell.operation:
            case "audit":
                return "sender_access_info", senders
            case "converge":
                return "sender_access", senders
            case "plan":
                return "change_plan", senders
            case "fleet":
                return "fleet_audit", senders | {"path": "fleet.jsonl", "retries": 0, "timeout": 30, "progress": 0}
            case "apply":
                approved = {"path": str(self.stock.plan), "approved_digest": self.stock.digest}
                return "change_apply", approved | {"record": record}
            case "rollback":
                return "change_rollback", {"record": record, "change_id": CHANGE}
        return "sender_probe", {"account": SENDER, "password": host.about["credentials"][SENDER]}

    def _size_before(self, cell: Cell) -> int:
        """How long the record is when the event whose number the cell's target has is half written."""
        number = int(cell.target.removeprefix("event"))
        lines = self.stock.record.read_bytes().splitlines(keepends=True)
        there = sum(map(len, lines)) if cell.operation == "rollback" else 0
        return there + sum(map(len, lines[:number])) + len(lines[number]) // 2

    # -- the stock

    def _make_stock(self) -> Stock:
        directory = self.build / "stock"
        directory.mkdir()
        hosts = self.ground.hosts
        faulty = {host.name: host.snapshot() for host in hosts}
        old = hosts[0].view()
        way = self.way
        plans = Cell("plan", way, "")
        inventory = _write_inventory(directory, {host.name: self._direct(plans, host) for host in hosts})
        planned = self._done(directory, inventory, self._tasks(plans, directory, hosts))
        results = {str(result.pop("host")): result for result in map(dict, planned.results or ())}
        plan = directory / "plan.json"
        written = self._done(
            directory,
            inventory,
            [
                {
                    "host": hosts[0].name,
                    "action": "sitekeeper.sms.change_plan_file",
                    "args": {"path": str(plan), "change_id": CHANGE, "results": results},
                }
            ],
        )
        digest = (written.results or ({},))[0]["digest"]
        stock = self.stock = Stock(plan, digest, directory / RECORD, faulty, {}, {}, old)
        self._done(directory, inventory, self._tasks(Cell("apply", way, ""), directory, hosts))
        applied = {host.name: host.snapshot() for host in hosts}
        goal = hosts[0].view()
        if any(goal[kind] == old[kind] for kind in OBJECTS):
            raise RuntimeError("applying the plan has not changed both objects")
        for host in hosts:
            host.restore(faulty[host.name])
        return replace(stock, applied=applied, goal=goal)

    def _done(self, directory: Path, inventory: Path, tasks: Sequence[Mapping[str, Any]]) -> Run:
        run = self.controllers.run(directory, inventory, tasks)
        if not run.results or any(each.get("failed") or each.get("unreachable") for each in run.results):
            raise RuntimeError(f"without a fault, a task failed: {run.results} {run.output}")
        return run


class HttpStage(Stage):
    """WinRM, on the lab's own model of a Windows host."""

    backend = "memory"
    way = "winrm_http_ntlm"

    def _prepare(self) -> None:
        authority = self.build / "authority"
        authority.mkdir()
        made = Authority(authority)
        self._tls = made.contexts([("127.0.0.1", "localhost")])[0]
        self.ca_file = made.ca_file

    def _arm(self, cell: Cell, faulty: Host, proxy: Proxy, killer: Killer) -> None:
        fault, target = fault_of(cell), cell.target
        if fault and cell.operation not in WRITING:
            if fault.answer:
                proxy.strike = Strike(fault.answer, everywhere=True)
            else:
                faulty.misbehave(operation="*", **fault.rule)
        elif fault and fault.answer and cell.fate:
            faulty.misbehave(kind="held", operation=WRITES[target], times=1)
            proxy.strike = Strike(fault.answer, cell.fate)
        elif fault:
            done = cell.fate is Fate.DONE
            faulty.misbehave(operation=WRITES[target], times=1, done=done, **fault.rule)
        elif cell.fault == "refuse":
            proxy.die()
        elif cell.fault in ("acknowledged_not_done", "altered"):
            kind = "ignore_write" if cell.fault == "acknowledged_not_done" else "alter_write"
            faulty.misbehave(operation=WRITES[target], times=1, kind=kind)
        elif cell.fault == "dies":
            self._hold(faulty, proxy, WRITES[_first(cell)], Strike(http_answers.genuine, Fate.DONE, dies=True))
        elif cell.fault in ("dies_undone", "dies_done"):
            fate = Fate.DONE if cell.fault == "dies_done" else Fate.LOST
            self._hold(faulty, proxy, WRITES[target], Strike(http_answers.close, fate, dies=True))
        elif cell.fault == "changed_meanwhile":
            read = FIRST_READ[cell.operation, target]
            self._hold(faulty, proxy, read, Strike(http_answers.genuine, Fate.DONE))
            proxy.before_answer = lambda: faulty.give_stranger(target)
        elif cell.fault == "killed":
            self._hold(faulty, proxy, WRITES[target], Strike(http_answers.close, Fate.LATE))
            proxy.before_answer = killer.kill

    @staticmethod
    def _hold(faulty: Host, proxy: Proxy, operation: str, strike: Strike) -> None:
        faulty.misbehave(kind="held", operation=operation, times=1)
        proxy.strike = strike

    @contextmanager
    def _proxy(self, cell: Cell, faulty: Host) -> Iterator[Proxy]:
        secure = cell.transport in transports.SECURE
        tls = self._tls if secure else None
        elsewhere = Elsewhere(tls)
        proxy = Proxy(
            faulty.address("https" if secure else "http"), server_tls=secure, tls=tls, gate=faulty, elsewhere=elsewhere
        )
        try:
            yield proxy
        finally:
            with suppress(OSError):
                faulty.behave()
            proxy.close()
            elsewhere.close()

    def _written(self, faulty: Host, proxy: Any) -> Mapping[str, int]:
        del proxy
        return faulty.written()

    def _direct(self, cell: Cell, host: Host) -> Mapping[str, Any]:
        scheme = "https" if cell.transport in transports.SECURE else "http"
        return self._variables(cell.transport, host, host.address(scheme), self.ground.ca_file)

    def _proxied(self, cell: Cell, host: Host, proxy: Any) -> Mapping[str, Any]:
        return self._variables(cell.transport, host, proxy.address, self.ca_file)

    def _elsewhere(self, proxy: Any) -> int:
        return int(proxy.elsewhere.seen.connections)

    @staticmethod
    def _variables(transport: str, host: Host, address: tuple[str, int], ca_file: Path) -> Mapping[str, Any]:
        return transports.variables(transport, address, host.about["user"], host.password, ca_file)


class SmbStage(Stage):
    """SMB and remote procedure calls, on real Sambas."""

    backend = "samba"
    way = "smb_3"

    def _prepare(self) -> None:
        for host in self.ground.hosts:
            # SMB 3 signs all the same, since the client asks for it.
            host.lab.put(host.name, "smb-parameters", parameters={"server signing": "disabled"}, restart=True)

    def _arm(self, cell: Cell, faulty: Host, proxy: SmbProxy, killer: Killer) -> None:
        fault, target = fault_of(cell), cell.target
        write = f"{target}.write"
        answer = fault.answer if fault else None
        if answer and cell.operation not in WRITING:
            logon = cell.fault in ("logon_failure", "locked_out")
            done = Fate.DONE if logon else Fate.LOST
            proxy.arm(SmbStrike(answer, smb_frames.LOG_ON if logon else None, done))
        elif answer and cell.fate:
            proxy.arm(SmbStrike(answer, write, cell.fate))
        elif cell.fault == "refuse":
            proxy.die()
        elif cell.fault == "dies":
            proxy.arm(SmbStrike(smb_answers.genuine, f"{_first(cell)}.write", Fate.DONE, dies=True))
        elif cell.fault in ("dies_undone", "dies_done"):
            fate = Fate.DONE if cell.fault == "dies_done" else Fate.LOST
            proxy.arm(SmbStrike(smb_answers.close, write, fate, dies=True))
        elif cell.fault == "changed_meanwhile":
            proxy.before_answer = lambda: faulty.give_stranger(target)
            proxy.arm(SmbStrike(smb_answers.genuine, f"{target}.read", Fate.DONE))
        elif cell.fault == "killed":
            proxy.before_answer = killer.kill
            proxy.arm(SmbStrike(smb_answers.close, write, Fate.LATE))

    @contextmanager
    def _proxy(self, cell: Cell, faulty: Host) -> Iterator[SmbProxy]:
        del cell
        proxy = SmbProxy(faulty.smb_address, share=SHARE, folder="Despoolr.box\\Receive")
        try:
            yield proxy
        finally:
            proxy.close()

    def _written(self, faulty: Host, proxy: Any) -> Mapping[str, int]:
        del faulty
        return {kind: proxy.forwarded[f"{kind}.write"] for kind in OBJECTS}

    def _direct(self, cell: Cell, host: Host) -> Mapping[str, Any]:
        return self._variables(cell.transport, host, host.smb_address)

    def _proxied(self, cell: Cell, host: Host, proxy: Any) -> Mapping[str, Any]:
        return self._variables(cell.transport, host, proxy.address)

    def _variables(self, transport: str, host: Host, address: tuple[str, int]) -> Mapping[str, Any]:
        return transports.variables(transport, address, host.about["user"], host.password, self.ground.ca_file)


class Killer:
    """Kills a controller, with all processes of its group, when it is told to."""

    def __init__(self) -> None:
        self._process: int | None = None

    def started(self, process: int) -> None:
        """It is this one."""
        self._process = process

    def kill(self) -> None:
        """Kill it now."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process, signal.SIGKILL)


def _first(cell: Cell) -> str:
    """The object that is written first: the folder, and on the way back the share."""
    return "share" if cell.operation == "rollback" else "directory"


def _record(path: Path, host: str) -> tuple[str, list[Mapping[str, Any]]]:
    if not path.exists():
        return "", []
    text = path.read_text("utf-8", errors="replace")
    events: list[Mapping[str, Any]] = []
    for line in text.splitlines():
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict) and event.get("host") == host:
                events.append(event)
    return text, events


def _write_inventory(directory: Path, hosts: Mapping[str, Mapping[str, Any]]) -> Path:
    """The hosts, and a hierarchy in which two other sites send to each of theirs."""
    codes = {name: name.partition(".")[0].upper() for name in hosts}
    addresses = [{"to": code} for code in codes.values()]
    sites: list[dict[str, Any]] = [
        {"code": f"Z0{number}", "server": f"z0{number}.corp.example", "addresses": [
            address | {"sender_account": account} for address in addresses
        ]}
        for number, account in enumerate(SENDERS)
    ]  # fmt: skip
    sites[1]["parent"] = "Z00"
    sites += [{"code": code, "server": name, "parent": "Z00", "addresses": []} for name, code in codes.items()]
    group = {"hosts": {name: dict(variables) for name, variables in hosts.items()}, "vars": {"sms_sites": sites}}
    path = directory / "inventory.yml"
    path.touch(0o600)
    path.write_text(yaml.safe_dump({"sms_sites": group}), encoding="utf-8")
    return path
