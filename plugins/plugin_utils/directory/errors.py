# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of a directory, in words that an operator can act on."""

from __future__ import annotations

from ..text import OperationFailed


class DirectoryError(OperationFailed):
    """A query of a directory failed. The groups and the state of the account are unknown then."""


class DirectoryNoAnswer(DirectoryError):
    """No answer within the deadline, or the connection broke."""


class DirectoryUnreachable(DirectoryNoAnswer):
    """No connection, or none on which a logon came to its end."""


class UnusableAnswer(DirectoryNoAnswer):
    """An answer that is not LDAP, is too long, was changed on its way, or contradicts itself or the question."""


class DirectoryLogonFailed(DirectoryError):
    """The domain controller does not accept the credentials, or there is no ticket for it."""


class PasswordRefused(DirectoryLogonFailed):
    """The password is wrong, or the account may be locked: no domain controller may be asked with it again."""


class NoDirectory(DirectoryError):
    """No domain controller of this domain was given."""


class DirectoryRejected(DirectoryError):
    """The domain controller answered that it refuses, or that another one has the answer."""


class DirectoryAccountNotFound(DirectoryRejected):
    """The domain has no such account, or does not show it to the account that asks."""


class AccountAmbiguous(DirectoryRejected):
    """The domain has several accounts of this name."""
