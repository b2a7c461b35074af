# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account's token holds on a site server, as far as a question needs it.

Windows makes the token at logon: the account, the groups of its domain, the groups of the server. `membership` decides
whether a group is in it from what was read; `reading` reads no more than the answer needs; `logon` decides whether the
account may log on over the network at all. What could not be read is unknown.
"""

from __future__ import annotations

from .logon import LogonAnswer, LogonProblem
from .membership import AccountFacts, LocalGroup, Membership, Tokens
from .question import AccessQuestion
from .reading import TokenReader

__all__ = [
    "AccessQuestion",
    "AccountFacts",
    "LocalGroup",
    "LogonAnswer",
    "LogonProblem",
    "Membership",
    "TokenReader",
    "Tokens",
]
