# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads many site servers at once, each by its own connection, and keeps what was read in one file.

Read top to bottom: :mod:`.question` says what is asked of each host, :mod:`.connections` makes the connection that
Ansible would make for it, :mod:`.reading` asks one host, :mod:`.sweep` asks all of them, and :mod:`.audit_file` keeps
the answers.
"""

from __future__ import annotations

from .audit_file import AuditFile, AuditFileError
from .connections import HOST_VARIABLES, HostConnections
from .question import Question, Questions, questions_of
from .reading import Answer, HostStatus, Job, TicketUse, answer, preparation, read_host
from .sweep import Limits, sweep

__all__ = [
    "HOST_VARIABLES",
    "Answer",
    "AuditFile",
    "AuditFileError",
    "HostConnections",
    "HostStatus",
    "Job",
    "Limits",
    "Question",
    "Questions",
    "TicketUse",
    "answer",
    "preparation",
    "questions_of",
    "read_host",
    "sweep",
]
