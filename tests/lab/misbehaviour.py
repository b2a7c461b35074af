# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host can be told to misbehave: a delay, an unreachable port, and rules for single operations.

An operation is named ``Class.Get``, ``Class.Query``, ``Class.Pull``, ``Class.<Method>`` or ``Shell.Create``; a rule's
``operation`` may hold ``*`` and is compared without case.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from time import monotonic
from typing import Any

_GLANCE_SECONDS = 0.005


class Kind(str, Enum):
    """What a rule does to an operation that it matches."""

    RETURN_VALUE = "return_value"
    """The method changes nothing and returns ``value``."""
    FAULT = "fault"
    """A SOAP fault; ``value`` is its WSManFault code (5 is access denied)."""
    TIMED_OUT = "timed_out"
    """The fault that an operation took longer than its OperationTimeout."""
    DROP = "drop"
    """The connection is closed without an answer."""
    GARBAGE = "garbage"
    """The answer is not XML."""
    WRONG_RELATES_TO = "wrong_relates_to"
    """The answer relates to another message."""
    OVERSIZED = "oversized"
    """The answer is padded by ``value`` bytes, or, if that is 0, beyond what the client allowed."""
    IGNORE_WRITE = "ignore_write"
    """The method returns 0 and changes nothing."""
    ALTER_WRITE = "alter_write"
    """The method returns 0 and stores the DACL without its last explicit entry."""
    ANSWER = "answer"
    """The answer is ``body`` with the HTTP status ``value`` (0: 200), whatever was asked; ``{message_id}`` in it stands
    for the request's."""
    ENDLESS = "endless"
    """An enumeration never ends: one item comes at a time, again and again."""
    HELD = "held"
    """The operation waits until the control API releases it, or for ``value`` seconds (0: as long as it takes)."""


@dataclass(slots=True)
class Rule:
    """One misbehaviour: on operations matching ``operation``, ``times`` times (None: until it is removed).

    The first ``skip`` of them are left alone. With ``done``, the operation is carried out before the server misbehaves.
    """

    kind: Kind
    operation: str = "*"
    times: int | None = None
    value: int = 0
    skip: int = 0
    done: bool = False
    body: str = ""

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Rule:
        """A rule from JSON; raises ValueError."""
        unknown = set(data) - {"kind", "operation", "times", "value", "skip", "done", "body"}
        if unknown:
            raise ValueError(f"a rule has no {', '.join(sorted(unknown))}")
        rule = cls(
            Kind(data["kind"]),
            data.get("operation", "*"),
            data.get("times"),
            data.get("value", 0),
            data.get("skip", 0),
            data.get("done", False),
            data.get("body", ""),
        )
        if not isinstance(rule.operation, str) or not isinstance(rule.value, int):
            raise ValueError("a rule's operation is a string and its value a number")
        if rule.times is not None and (not isinstance(rule.times, int) or rule.times < 1):
            raise ValueError("a rule's times is a positive number or absent")
        if not isinstance(rule.skip, int) or rule.skip < 0:
            raise ValueError("a rule's skip is a number, 0 or more")
        if not isinstance(rule.done, bool) or not isinstance(rule.body, str):
            raise ValueError("a rule's done is true or false and its body a string")
        return rule


@dataclass(slots=True)
class Held:
    """An operation that waits. ``execute`` is None until somebody decides whether it is carried out."""

    number: int
    operation: str
    execute: bool | None = None


@dataclass(slots=True)
class Misbehaviour:
    """How one host misbehaves now; the default is not at all."""

    delay_ms: int = 0
    module_ms: int = 0
    """How long a module seems to run in a shell, where the host's settings let it run any."""
    unreachable: bool = False
    """Every connection is cut as soon as it asks something (ports that refuse are closed by the server)."""
    rules: list[Rule] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    """Operations that wait, in the order in which they came."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _number: int = 0

    @property
    def holds(self) -> bool:
        """Whether some operation may have to wait."""
        return any(rule.kind is Kind.HELD for rule in self.rules)

    async def hold(self, operation: str, rule: Rule) -> bool:
        """Wait until the operation is released, or its time is over; returns whether to carry it out."""
        with self._lock:
            self._number += 1
            waiting = Held(self._number, operation)
            self.held.append(waiting)
        until = monotonic() + rule.value if rule.value else None
        try:
            while waiting.execute is None and (until is None or monotonic() < until):
                await asyncio.sleep(_GLANCE_SECONDS)
        finally:
            self.held.remove(waiting)
        return waiting.execute is not False

    def release(self, *, execute: bool) -> int:
        """Let all that wait go on, or end without being carried out; returns how many there were."""
        waiting = [each for each in self.held if each.execute is None]
        for each in waiting:
            each.execute = execute
        return len(waiting)

    def take(self, operation: str, *, held: bool = False) -> Rule | None:
        """The first rule that matches, counted down; of those that hold an operation, or of the others."""
        with self._lock:
            for rule in self.rules:
                if (rule.kind is Kind.HELD) != held:
                    continue
                if fnmatchcase(operation.casefold(), rule.operation.casefold()):
                    if rule.skip:
                        rule.skip -= 1
                        continue
                    if rule.times is not None:
                        rule.times -= 1
                        if rule.times == 0:
                            self.rules.remove(rule)
                    return rule
        return None

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self.delay_ms, self.module_ms, self.unreachable = 0, 0, False
            self.rules.clear()
        self.release(execute=False)
