# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a domain controller may still be asked in this run, as its answers so far decide it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ..security import Sid
from .errors import DirectoryError, DirectoryLogonFailed, DirectoryNoAnswer, DirectoryUnreachable, PasswordRefused
from .port import Domain, DomainAccount

Answer: TypeAlias = DomainAccount | Domain | Sid | frozenset[Sid] | DirectoryError
"""What a directory answers. An error is an answer too."""

MOST_UNANSWERED = 3


@dataclass(frozen=True, slots=True)
class AskingState:
    """What the answers so far show about a domain controller, or about the account that asks.

    Attributes:
        answered: whether it answered after a logon.
        unanswered: queries in a row without an answer.
        closed_by: the error after which nothing more is asked; None if more may be asked.
    """

    answered: bool = False
    unanswered: int = 0
    closed_by: DirectoryError | None = None

    def after(self, answer: Answer) -> AskingState:
        """The condition of a domain controller after one more answer.

        A failed logon or connection closes it: each further wrong password could lock the account, and each further
        connection takes its whole deadline. So do several queries in a row without an answer.
        """
        if self.closed_by is not None:
            return self
        if isinstance(answer, (DirectoryLogonFailed, DirectoryUnreachable)):
            return AskingState(self.answered, self.unanswered, answer)
        if isinstance(answer, DirectoryNoAnswer):
            unanswered = self.unanswered + 1
            return AskingState(self.answered, unanswered, answer if unanswered >= MOST_UNANSWERED else None)
        return AskingState(answered=True)

    def of_account_after(self, answer: Answer) -> AskingState:
        """The condition of the account that asks, for all domain controllers, after one more answer.

        A wrong password closes it. An account that was accepted before in this run has the right one: a domain
        controller that refuses it does not trust its domain.
        """
        if self.closed_by is not None or self.answered:
            return self
        if isinstance(answer, PasswordRefused):
            return AskingState(closed_by=answer)
        if isinstance(answer, (DirectoryLogonFailed, DirectoryNoAnswer)):
            return self
        return AskingState(answered=True)
