# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The return values of `sender_log_info`: complete, and nothing but what JSON can hold."""

from __future__ import annotations

import json

import yaml

from ansible_collections.sitekeeper.sms.plugins.modules.sender_log_info import RETURN
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import Analysis, analysis_result, find_causes

from . import samples
from .reading import FAILED


def analysed(*texts: str) -> dict:
    analysis = Analysis()
    for number, text in enumerate(texts):
        analysis.read(f"{number}.log", [text.encode()])
    return analysis_result(analysis, find_causes(analysis.occurrences, []))


def test_logs_without_a_symptom() -> None:
    result = analysed("~Waiting for ready instruction file....\n")
    assert (result["changed"], result["symptoms"], result["causes"]) == (False, [], [])
    assert result["logs"] == [
        {
            "name": "0.log",
            "encoding": "ansi or utf-8",
            "bytes": 40,
            "lines": 1,
            "entries": 0,
            "malformed": 0,
            "plain": 1,
            "too_long": 0,
            "matched": 0,
            "other_errors": 0,
            "other_examples": [],
            "first": None,
            "last": None,
        }
    ]


def test_a_symptom_with_its_code() -> None:
    (symptom,) = analysed("Error during WNetAddConnection2 to \\\\P01\\SMS_SITE (5)\n")["symptoms"]
    assert (symptom["id"], symptom["log"], symptom["server"]) == ("sender_connect_error", "sender", "P01")
    assert (symptom["code"], symptom["code_meaning"]) == ("5", "ERROR_ACCESS_DENIED: access is denied")
    # The source of the message, then that of the code.
    assert symptom["source"].startswith("Q235753, Q221951, Q261874; Microsoft, Windows API")
    assert (symptom["first"], symptom["last"], symptom["undated"]) == (None, None, 1)
    assert symptom["examples"] == [
        {"log": "0.log", "line": 1, "text": "Error during WNetAddConnection2 to \\\\P01\\SMS_SITE (5)"}
    ]


def test_a_code_with_an_advice_has_its_source_too() -> None:
    (symptom,) = analysed("Error during connection to \\\\P01\\SMS_SITE (1385)\n")["symptoms"]
    assert symptom["kind"] == "logon"
    assert "System Error Codes (1300-1699); Microsoft Learn, 'Access this computer" in symptom["source"]
    (symptom,) = analysed("Error during connection to \\\\P01\\SMS_SITE (1331)\n")["symptoms"]
    assert symptom["source"].endswith("System Error Codes (1300-1699)")


def test_a_code_without_a_name_has_its_meaning_only() -> None:
    found = analysed("Despooler failed to execute the instruction, error code = C000000b\n")["symptoms"]
    assert [one["code_meaning"] for one in found] == [
        "the Sender account has no access to the files of the instruction"
    ]


def test_a_cause_has_its_jobs_and_packages_as_lists() -> None:
    (cause,) = analysed(FAILED.format(job="M020002D1"))["causes"]
    assert (cause["kind"], cause["evidence"], cause["server"]) == ("access_denied", "unknown", None)
    assert (cause["jobs"], cause["packages"], cause["accounts"]) == (["M020002D1"], ["W_M0200024"], [])
    assert cause["last"] == "1997-05-21T17:09:02"


def test_every_value_is_documented_and_json() -> None:
    result = analysed(samples.Q179118, samples.Q235753)
    assert json.loads(json.dumps(result)) == result
    documented = yaml.safe_load(RETURN)
    assert set(result) - {"changed"} <= set(documented)
    for name in ("symptoms", "causes", "logs"):
        assert all(set(one) == set(documented[name]["contains"]) for one in result[name])
