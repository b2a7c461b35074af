# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads logs that are given as text or bytes."""

from __future__ import annotations

from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import (
    Analysis,
    LogReport,
    Occurrences,
    analysis_result,
    find_causes,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.reader import Line, LogReader

from . import samples

FIELDS = "  $$<SMS_DESPOOLER><Wed May 21 17:09:02 1997~><thread=DB>\r\n"


FAILED = "Cannot find the package file. we'll fail the job (Job ID = {job} Package ID = W_M0200024)" + FIELDS


MiB = 1024 * 1024


FRAGMENTS = st.sampled_from(
    [
        *samples.Q179118.splitlines(),
        *samples.Q169491.splitlines(),
        *samples.Q235753.splitlines(),
        *samples.PKGXFERMGR.splitlines(),
        samples.CMTRACE,
        "<![LOG[",
        "]LOG]!>",
        "$$<",
        "\n",
        "\r\n",
        "~",
        "ü",
        "\x00",
        "\x1b[31m",
        "error",
    ]
)


LOGS = st.lists(FRAGMENTS, max_size=30).map("\n".join) | st.lists(FRAGMENTS, max_size=30).map("".join)


def result(*chunks: bytes) -> dict:
    analysis = Analysis()
    analysis.read("a.log", chunks)
    return analysis_result(analysis, find_causes(analysis.occurrences, []))


def without_encoding(found: dict) -> dict:
    return {**found, "logs": [{**log, "encoding": "", "bytes": 0} for log in found["logs"]]}


def read(text: str) -> tuple[LogReport, tuple[Occurrences, ...]]:
    analysis = Analysis()
    return analysis.read("a.log", [text.replace("\n", "\r\n").encode()]), analysis.occurrences


def lines_of(text: str) -> list[Line]:
    return list(LogReader().read([text.encode()], [b""]))
