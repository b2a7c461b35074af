# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of a directory, in words that an operator can act on."""

from __future__ import annotations

from ..text import LONGEST_LINE, one_line, visible


class DirectoryError(Exception):
    """A query of a directory failed. The groups and the state of the account are unknown then.

    Attributes:
        host: the domain controller, as the settings name it.
        operation: what was tried, with its object.
        reason: what the domain controller or the library in between answered, in one visible line.
        advice: what the operator can do about it.
    """

    def __init__(self, host: str, operation: str, reason: str, advice: str) -> None:
        self.host = host
        self.operation = visible(operation[:LONGEST_LINE])
        self.reason = one_line(reason)
        self.advice = advice
        super().__init__(f"{host}: could not {self.operation}: {self.reason.rstrip('. ')}. {advice}")


class NoAnswer(DirectoryError):
    """No answer within the deadline, or the connection broke."""


class Unreachable(NoAnswer):
    """No connection, or none on which a logon came to its end."""


class UnusableAnswer(NoAnswer):
    """An answer that is not LDAP, is too long, was changed on its way, or contradicts itself or the question."""


class AuthenticationFailed(DirectoryError):
    """The domain controller does not accept the credentials, or there is no ticket for it."""


class Rejected(DirectoryError):
    """The domain controller answered that it refuses, or that another one has the answer."""


class AccountNotFound(Rejected):
    """The domain has no such account, or does not show it to the account that asks."""


class AccountAmbiguous(Rejected):
    """The domain has several accounts of this name."""
