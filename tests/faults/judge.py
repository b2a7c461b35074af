# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws: what has to be true of every run, whatever the server or the network did. They look at the lab's view of
the server, and not at what the client says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .cells import WRITING, Cell, Fault
from .controllers import LIMIT_SECONDS, Run
from .ground import OBJECTS, SHARE, View
from .wire import Fate, Seen

MEMORY = 400 << 20
"""The most that a controller may take, in bytes; it takes 70 MB without a fault."""
_MAY_OR_MAY_NOT = "may or may not have been written"
_DENIES_A_WRITE = re.compile(
    r"not[ _]written|nothing (was|has been) (written|done|changed)|not been (written|changed)|was put back",
    re.IGNORECASE,
)
_NAMES = {
    "share": re.compile(rf"\b{SHARE}\b", re.IGNORECASE),
    "directory": re.compile(r"Despoolr\.box\\+Receive", re.IGNORECASE),
}
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_OF_A_SENTENCE = re.compile(r"(?<=[.;])\s+")


@dataclass(slots=True)
class Evidence:
    """What is known of a cell that was run.

    Attributes:
        cell: which.
        fault: its fault; None for the special ones.
        faulty: the host that was struck.
        others: the hosts that were not.
        runs: the controllers that ran the operation on it, in order; of two at once, both.
        old: what it held before the change; a rollback's goal.
        goal: what it is to hold if it was.
        before: what it held before the operation, as the lab sees it.
        after: what it held when the operation had ended.
        landed: what it held when everything that was on its way had been carried out.
        written: how many writes of each object it has executed in all.
        record: events of the struck host in the record of the change, as they were when the operation had ended.
        others_hold: what the other hosts hold, where that is what they are to hold.
        back: a rollback on the host that behaves again; None if there is nothing to roll back.
        back_after: what the host held after that.
        elsewhere: connections that another server got.
        seen: what the proxy saw.
        armed: whether the proxy had a strike to give.
        secrets: what must not be seen in output, results, or files.
    """

    cell: Cell
    fault: Fault | None
    faulty: str
    others: Sequence[str]
    runs: list[Run] = field(default_factory=list)
    old: View = field(default_factory=dict)
    goal: View = field(default_factory=dict)
    before: View = field(default_factory=dict)
    after: View = field(default_factory=dict)
    landed: View = field(default_factory=dict)
    written: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(OBJECTS, 0))
    record: list[Mapping[str, Any]] = field(default_factory=list)
    record_text: str = ""
    others_hold: bool = True
    back: Run | None = None
    back_after: View = field(default_factory=dict)
    elsewhere: int = 0
    seen: Seen | None = None
    armed: bool = False
    secrets: tuple[str, ...] = ()

    def altered(self, kind: str) -> bool:
        """Whether this operation has altered an object. Where somebody else has too, the lab's log of writes counts."""
        if self.cell.fault == "changed_meanwhile" and self.cell.target == kind:
            return self.written[kind] > 0
        return self.landed[kind] != self.before[kind]

    @property
    def result(self) -> Mapping[str, Any]:
        """What the (last) run says of the struck host."""
        return result_of(self.cell, self.runs[-1], self.faulty)


def result_of(cell: Cell, run: Run, host: str) -> Mapping[str, Any]:
    """What a run says of one host."""
    if cell.operation == "fleet":
        read = [each["hosts"][host] for each in run.results or () if host in (each.get("hosts") or ())]
        said = read[-1] if read else {}
        return {"failed": said.get("status") not in ("in_desired_state", "drifted"), "msg": said.get("message"), **said}
    return run.of(host) if cell.operation != "inventory" else (run.results or ({},))[0]


def failed(result: Mapping[str, Any]) -> bool:
    """Whether a host counts as failed: then the play's exit code is not 0."""
    return bool(not result or result.get("failed") or result.get("unreachable"))


def violations(evidence: Evidence) -> Iterator[str]:
    """Each law that does not hold, in a sentence."""
    cell = evidence.cell
    for run in (*evidence.runs, *([evidence.back] if evidence.back else [])):
        yield from _of_a_run(evidence, run)
    if any(run.results is None for run in evidence.runs[-1:]):
        return
    if cell.playbook:
        yield from _of_the_exit_code(evidence)
    if evidence.armed and evidence.seen and not evidence.seen.struck:
        yield "the proxy never gave the fault, so the cell shows nothing"
    if evidence.elsewhere:
        yield f"another server got {evidence.elsewhere} connections"
    if not evidence.others_hold:
        yield "a host that was not struck is not as it should be"
    for other in evidence.others:
        if all(failed(result_of(cell, run, other)) for run in evidence.runs if run.results is not None):
            yield f"{other} was not struck and failed: {result_of(cell, evidence.runs[-1], other).get('msg')}"
    if cell.fault == "none":
        if failed(evidence.result):
            yield f"it failed without a fault: {_short(evidence.result)}"
    elif failed(evidence.result):
        yield from _of_the_message(evidence)
    if cell.operation in WRITING:
        yield from _of_writing(evidence)
        yield from _of_the_record(evidence)
        yield from _of_the_way_back(evidence)
    else:
        if not failed(evidence.result) and cell.fault != "none":
            yield f"the host could not be read, and is not reported as failed: {_short(evidence.result)}"
        corrects = cell.corrects and cell.fault == "none"
        if not corrects and (evidence.before != evidence.after or any(evidence.written.values())):
            yield "an operation that reads has written"
        seen = evidence.seen
        if seen and cell.fault.startswith("http_401") and seen.logons > 2:
            yield f"HTTP 401 was answered with {seen.logons} requests with credentials; one kind is configured"


def _of_the_exit_code(evidence: Evidence) -> Iterator[str]:
    cell, code = evidence.cell, evidence.runs[-1].status
    if cell.operation in WRITING:
        # An object that holds something else, or a host whose state is not known, is not done.
        kinds = [kind for kind in OBJECTS if cell.fault != "changed_meanwhile" or kind != cell.target]
        done = all(evidence.after[kind] == evidence.goal[kind] for kind in kinds) and not failed(evidence.result)
    else:
        # The audit of a host with the article's fault fails.
        done = cell.fault == "none" and cell.operation != "audit"
    if code == 0 and not done:
        yield "the playbook's exit code is 0, and a host is not done"
    if code != 0 and done and cell.fault not in ("twice", "disk_full"):
        yield f"every host is done, and the playbook's exit code is {code}"


def _of_a_run(evidence: Evidence, run: Run) -> Iterator[str]:
    if run.results is None:
        if evidence.cell.fault != "killed":
            yield f"it did not end by itself within {LIMIT_SECONDS:.0f} s (status {run.status}): {run.output[-300:]}"
        return
    if run.memory > MEMORY:
        yield f"it took {run.memory >> 20} MiB of memory"
    text = run.output + json.dumps(run.results, ensure_ascii=False)
    if "Traceback (most recent call last)" in text:
        yield f"a traceback: {text[text.index('Traceback') :][:2000]}"
    yield from (
        "a password is in the output or the results"
        for secret in evidence.secrets
        if secret in text or secret in evidence.record_text
    )


def _of_the_message(evidence: Evidence) -> Iterator[str]:
    cell, message = evidence.cell, str(evidence.result.get("msg") or "")
    # The probe is of an address, which need not be that of a host of the inventory.
    names = (evidence.faulty, *(["127.0.0.1"] if cell.operation == "probe" else []))
    if not any(name.casefold() in message.casefold() for name in names):
        yield f"the message does not name the host: {message!r}"
    if _CONTROL.search(message):
        yield f"the message has control characters: {message!r}"
    if cell.target in OBJECTS and cell.operation in WRITING and not _NAMES[cell.target].search(message):
        yield f"the message does not name the {cell.target}: {message!r}"
    if evidence.fault and evidence.fault.says and not re.search(evidence.fault.says, message, re.IGNORECASE):
        yield f"the message does not say what the server answered: {message!r}"


def _of_writing(evidence: Evidence) -> Iterator[str]:
    cell, result = evidence.cell, evidence.result
    message = str(result.get("msg") or "")
    uncertain = bool(result.get("uncertain"))
    changed = [kind for kind in OBJECTS if evidence.altered(kind)]
    if not failed(result) and not uncertain:
        if cell.fault != "changed_meanwhile" and any(evidence.landed[kind] != evidence.goal[kind] for kind in OBJECTS):
            yield f"the run ended well and the server holds something else: {_differences(evidence)}"
        if cell.fault not in ("changed_meanwhile", "killed", "twice") and bool(result.get("changed")) != bool(changed):
            yield f"changed is {result.get('changed')}, and changed are {changed or 'none'}"
        if cell.fate is Fate.DONE and not result.get("warnings"):
            yield "a write was not acknowledged, and there is no warning that says how the server answered"
    for sentence in _OF_A_SENTENCE.split(message):
        if _DENIES_A_WRITE.search(sentence):
            meant = [kind for kind in OBJECTS if _NAMES[kind].search(sentence)] or list(OBJECTS)
            wrong = [kind for kind in meant if kind in changed]
            if wrong:
                yield f"it says {sentence!r}, and {' and '.join(wrong)} of the server hold something new"
    if _is_unknowable(evidence):
        if not uncertain:
            yield f"what was written cannot be known, and the result has no `uncertain: true`: {message!r}"
        if _MAY_OR_MAY_NOT not in message:
            yield f"what was written cannot be known, and the message does not say '{_MAY_OR_MAY_NOT}': {message!r}"
    if cell.fault == "changed_meanwhile" and "S-1-1-0" not in evidence.landed[cell.target]:
        yield f"what somebody else wrote to the {cell.target} meanwhile is lost"


def _is_unknowable(evidence: Evidence) -> bool:
    """Whether the client can't know: the write was lost, and may still be on its way, or nobody can look."""
    cell, fault = evidence.cell, evidence.fault
    if cell.fault in ("dies_undone", "dies_done"):
        return True
    if fault is None or cell.fate not in (Fate.LOST, Fate.LATE):
        return False
    refuses = fault.refuses or cell.fault.startswith(("http_401", "http_403", "redirect"))
    return cell.fate is Fate.LATE or not refuses


def _of_the_record(evidence: Evidence) -> Iterator[str]:
    if evidence.cell.operation == "converge" or evidence.cell.fault in ("twice",):
        return
    action = evidence.cell.operation
    last: dict[str, Mapping[str, Any]] = {}
    announced: set[str] = set()
    for event in evidence.record:
        about = event.get("object") or {}
        if event["action"] == action and about.get("kind") in OBJECTS:
            last[about["kind"]] = event
            if event["event"] == "writing":
                announced.add(about["kind"])
    for kind in OBJECTS:
        held, said = evidence.landed[kind], last.get(kind, {}).get("event")
        if evidence.written[kind] and kind not in announced:
            yield f"the {kind} was written, and the record was not told before"
        if evidence.altered(kind) and said in (None, "not_written", "put_back"):
            yield f"the {kind} holds something new, and the last that the record says of it is {said}"
        if said == "not_written" and evidence.written[kind]:
            yield f"the server has written the {kind}, and the record says not_written"
        if said == "written" and held != evidence.goal[kind] and evidence.cell.fault not in ("changed_meanwhile",):
            yield f"the {kind} does not hold what was planned, and the record says written"
        if (
            _is_unknowable(evidence) and kind == evidence.cell.target and said not in ("uncertain",)
            and not evidence.cell.fault.startswith("disk")
        ):  # fmt: skip
            yield f"what was written to the {kind} cannot be known, and the record says {said}"


def _of_the_way_back(evidence: Evidence) -> Iterator[str]:
    back = evidence.back
    if back is None or back.results is None:
        return
    result = back.of(evidence.faulty)
    altered = [kind for kind in OBJECTS if evidence.back_after[kind] != evidence.old[kind]]
    if evidence.cell.fault == "changed_meanwhile":
        if not failed(result) and any(evidence.back_after[k] == evidence.goal[k] for k in OBJECTS):
            yield "the rollback ended well, and what the change has written is still there"
        return
    if not failed(result):
        if altered:
            yield f"the rollback ended well, and {' and '.join(altered)} do not hold what they held before the change"
        return
    message = str(result.get("msg") or "")
    yield from (
        f"the rollback failed, and its message does not name the {kind}: {message!r}"
        for kind in altered
        if not _NAMES[kind].search(message)
    )


def _differences(evidence: Evidence) -> str:
    return "; ".join(
        f"{kind}: {evidence.landed[kind]}" for kind in OBJECTS if evidence.landed[kind] != evidence.goal[kind]
    )


def _short(result: Mapping[str, Any]) -> str:
    return json.dumps({key: value for key, value in result.items() if key in ("status", "changed", "failed", "msg")})
