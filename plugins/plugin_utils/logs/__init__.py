# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds failed transfers in the logs of a site server: reads byte streams, standard library only.

- :mod:`.text`: bytes to lines.
- :mod:`.reader`: lines to log entries.
- :mod:`.stamp`: times of entries.
- :mod:`.codes` and :mod:`.symptoms`: messages and error codes to search for, as data with sources.
- :mod:`.analysis`: counts the symptoms.
- :mod:`.causes`: likely causes.
- :mod:`.result`: the return values of the module.
"""

from __future__ import annotations

from .analysis import Analysis, LogReport, Occurrences
from .causes import AccessProblem, AccountAccess, Cause, ServerAccess, find_causes, read_access
from .codes import CodeKind
from .result import analysis_result
from .source import LogSource
from .symptoms import SYMPTOMS, Symptom

__all__ = [
    "SYMPTOMS",
    "AccessProblem",
    "AccountAccess",
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
