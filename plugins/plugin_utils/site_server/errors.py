# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong at a site server, in words that an operator can act on.

Adapters translate every fault of their wire into this family; nothing above them knows a wire's own exceptions.
"""

from __future__ import annotations

from ..text import LONGEST_LINE, one_line, visible


class SiteServerError(Exception):
    """Something could not be done at a site server.

    Attributes:
        host: the host as the inventory calls it.
        operation: what was tried, with its object: `read the permissions of share SMS_SITE`.
        said: what the server (or the library in between) answered, in one visible line.
        advice: what to do about it.
    """

    def __init__(self, host: str, operation: str, said: str, advice: str) -> None:
        self.host = host
        self.operation = visible(operation[:LONGEST_LINE])
        self.said = one_line(said)
        self.advice = advice
        super().__init__(f"{host}: could not {self.operation}: {self.said.rstrip('. ')}. {advice}")


class NoAnswer(SiteServerError):
    """No answer, or none that can be used. If something was to be written, it may have been or not."""


class Unreachable(NoAnswer):
    """No connection, or none that stayed up."""


class NotSent(Unreachable):
    """The server closed the connection before the request. Nothing was sent, so the same request may be sent anew."""


class AuthenticationFailed(SiteServerError):
    """The server does not accept the connection's own credentials."""


class Rejected(SiteServerError):
    """The server answered that it refuses: nothing was done."""


class InvalidRequest(Rejected):
    """The server could not use the request: its form, or a value in it."""


class AccessDenied(Rejected):
    """The operator's account may not do this."""


class NotFound(Rejected):
    """The share, directory, file or class does not exist."""


class AccountNotFound(Rejected):
    """The server knows no account of this name."""


class Interrupted(SiteServerError):
    """Children of a directory were being brought in line when the connection broke, or the server refused.

    The directory is written last, so it is not in its new state, and doing all of it again finds what is left.

    Attributes:
        updated: how many children have changed, or may have.
    """

    def __init__(self, host: str, operation: str, said: str, advice: str, updated: int) -> None:
        self.updated = updated
        super().__init__(host, operation, said, advice)


class Unsupported(Rejected):
    """This connection has no way to do it; another one has."""


class ServerFault(SiteServerError):
    """Any other error that the server answered with. It does not show whether anything was done."""


class ConnectionUnsupported(Exception):
    """The host's connection leads to no site server, or its library is missing on the controller."""
