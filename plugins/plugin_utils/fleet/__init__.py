# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads many site servers at once, each by its own connection.

Read top to bottom: :mod:`.question` defines what is asked of each host, :mod:`.connections` makes the connection that
Ansible would make for it, :mod:`.reading` asks one host, and :mod:`.sweep` asks all of them. The package `audit` writes
the answers into one file.
"""

from __future__ import annotations

from .connections import HOST_VARIABLES, HostConnections
from .question import Question, Questions, questions_of
from .reading import Answer, Job, OpenDirectories, answer, preparation, read_host
from .sweep import Limits, sweep

__all__ = [
    "HOST_VARIABLES",
    "Answer",
    "HostConnections",
    "Job",
    "Limits",
    "OpenDirectories",
    "Question",
    "Questions",
    "answer",
    "preparation",
    "questions_of",
    "read_host",
    "sweep",
]
