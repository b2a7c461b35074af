# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the result of `sender_log_info` from an analysis and its causes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .analysis import Analysis, Example, LogReport, Occurrences
from .causes import Cause
from .stamp import Stamp


def analysis_result(analysis: Analysis, causes: Sequence[Cause]) -> dict[str, Any]:
    """Return the return values of `sender_log_info`."""
    return {
        "changed": False,
        "symptoms": [_symptom(one) for one in analysis.occurrences],
        "causes": [_cause(one) for one in causes],
        "logs": [_log(one) for one in analysis.reports],
    }


def _symptom(found: Occurrences) -> dict[str, Any]:
    code = found.explained
    return {
        "id": found.symptom.id,
        "log": found.symptom.log,
        "products": found.symptom.products,
        "meaning": found.symptom.meaning,
        "code": found.code,
        "server": found.server,
        "code_meaning": f"{code.name}: {code.meaning}".removeprefix(": ") if code else "",
        "kind": found.kind.value,
        "source": "; ".join(_sources(found)),
        "confirmed": found.symptom.confirmed,
        "follows": found.symptom.follows,
        "count": found.count,
        "undated": found.undated,
        "first": _time(found.first),
        "last": _time(found.last),
        **{f"{name}s": list(values) for name, values in found.ids.items()},
        "ids_complete": found.ids_complete,
        "logs": list(found.logs),
        "examples": [_example(example) for example in found.examples],
    }


def _sources(found: Occurrences) -> list[str]:
    """The documents with the message, with the meaning of its code and with the advice."""
    code = found.explained
    sources = [found.symptom.source]
    if code:
        sources.append(code.source)
        if code.advice and code.advice.source:
            sources.append(code.advice.source)
    return sources


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": cause.kind.value,
        "evidence": cause.evidence.value,
        "statement": cause.statement,
        "server": cause.server,
        "accounts": list(cause.accounts),
        "symptoms": list(cause.symptoms),
        "jobs": list(cause.jobs),
        "packages": list(cause.packages),
        "count": cause.count,
        "last": _time(cause.last),
    }


def _log(report: LogReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "encoding": report.encoding,
        "bytes": report.size,
        "lines": report.lines,
        "entries": report.entries,
        "malformed": report.malformed,
        "plain": report.plain,
        "too_long": report.too_long,
        "matched": report.matched,
        "other_errors": report.other_errors,
        "other_examples": [_example(example) for example in report.other_examples],
        "first": _time(report.first),
        "last": _time(report.last),
    }


def _example(example: Example) -> dict[str, Any]:
    return {"log": example.log, "line": example.number, "text": example.text}


def _time(stamp: Stamp | None) -> str | None:
    return str(stamp) if stamp else None
