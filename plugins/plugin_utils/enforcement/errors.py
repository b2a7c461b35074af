# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals and failures of the use cases. Their messages are for the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text import visible

if TYPE_CHECKING:
    from .execute import StepResult


class EnforcementError(Exception):
    """The task was refused or failed. The message names the host, the object and the next step.

    Attributes:
        changed: whether the server holds something else than before, or may hold it.
        uncertain: whether an object may or may not have been written.
        results: how each step ended that was run.
    """

    def __init__(
        self, message: str, *, changed: bool = False, uncertain: bool = False, results: tuple[StepResult, ...] = ()
    ) -> None:
        self.changed = changed
        self.uncertain = uncertain
        self.results = results
        super().__init__(visible(message))


class Refused(EnforcementError):
    """Nothing was written: the change would be wrong, dangerous or impossible."""


class GroupsUnread(Refused):
    """Nothing was written: a domain controller that was to be asked left open whether anything is to be done."""


class WriteFailed(EnforcementError):
    """Something was or may have been written and is not as planned. The message shows what the server holds now."""
