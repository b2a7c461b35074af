# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of a site server, in words that an operator can act on.

Each adapter translates every fault of its wire into one of these. No caller handles the exceptions of a wire.
"""

from __future__ import annotations

from ..text import OperationFailed

NO_ADMINISTRATOR = "Connect with an account that is a member of the server's Administrators group."
"""The advice where the account lacks administrator rights."""


class SiteServerError(OperationFailed):
    """An operation at a site server failed."""


class NoAnswer(SiteServerError):
    """No answer, or none that can be used. A write may have been done or not."""


class Unreachable(NoAnswer):
    """No connection, or the connection broke."""


class NotSent(Unreachable):
    """The server closed the connection before the request. Nothing was sent, so the request may be sent again."""


class AuthenticationFailed(SiteServerError):
    """The server does not accept the connection's own credentials."""


class Rejected(SiteServerError):
    """The server answered that it refuses: nothing was done."""


class InvalidRequest(Rejected):
    """The server could not use the form of the request, or a value in it."""


class AccessDenied(Rejected):
    """The operator's account may not do this."""


class NotFound(Rejected):
    """The share, directory, file or class does not exist."""


class AccountNotFound(Rejected):
    """The server finds no account of this name."""


class Interrupted(SiteServerError):
    """The connection broke, or the server refused, while the children of a directory were updated.

    The directory is written last, so it has its old permissions. The same operation, run again, updates the rest.

    Attributes:
        updated: how many children were changed, or may have been.
    """

    def __init__(self, host: str, operation: str, reason: str, advice: str, updated: int) -> None:
        self.updated = updated
        super().__init__(host, operation, reason, advice)


class Unsupported(Rejected):
    """This kind of connection cannot do it. Another kind can."""


class ServerFault(SiteServerError):
    """Any other error that the server answered. It does not show whether anything was done."""


class ConnectionUnsupported(Exception):
    """The connection of the host leads to no site server, or its library is missing on the controller."""
