# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the logs of a site server tell about its Senders: pure reading of byte streams, standard library only.

Read bottom up: :mod:`.text` makes lines of bytes, :mod:`.reader` finds the entries they belong to, :mod:`.stamp`
reads their times, :mod:`.codes` and :mod:`.symptoms` are what is looked for, as data with sources, :mod:`.analysis`
counts it, :mod:`.causes` says what likely caused it, and :mod:`.result` is how a module returns it.
"""

from __future__ import annotations

from .analysis import Analysis, LogReport, Occurrences
from .causes import AccessProblem, Cause, ServerAccess, find_causes, read_access
from .codes import CodeKind
from .result import analysis_result
from .source import LogSource
from .symptoms import SYMPTOMS, Symptom

__all__ = [
    "SYMPTOMS",
    "AccessProblem",
    "Analysis",
    "Cause",
    "CodeKind",
    "LogReport",
    "LogSource",
    "Occurrences",
    "ServerAccess",
    "Symptom",
    "analysis_result",
    "find_causes",
    "read_access",
]
