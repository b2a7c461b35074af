# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Symptoms in logs as documents quote them."""

from __future__ import annotations

import re

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import (
    SYMPTOMS,
    CodeKind,
)

from . import samples
from .reading import read

NO_PERMISSIONS = [
    pytest.param(
        "sender_no_capacity",
        {},
        "Checking for sending capacity. Used 0 out of 0, no sending capacity so not checking for send requests.",
        id="Q163379",
    ),
    pytest.param(
        "despooler_package_not_announced",
        {"package": ["CS100004"]},
        "~This package[CS100004]'s information hasn't arrived yet for this version [1]. Retry later ...",
        id="Microsoft Learn, step 7",
    ),
    pytest.param(
        "despooler_public_key_missing",
        {"site": ["S01"]},
        "Cannot find valid public key for key exchange instruction coming from site S01",
        id="Unleashed, key exchange",
    ),
    pytest.param(
        "despooler_public_key_missing",
        {"site": ["S01"]},
        r"Cannot find a public key for instruction D:\SMS\inboxes\despoolr.box\receive\ds_a.ist incoming from"
        " site S01, retry it later",
        id="Unleashed, instruction",
    ),
]


def test_the_article_of_sms_1_2() -> None:
    report, found = read(samples.Q179118)
    assert [one.symptom.id for one in found] == [
        "despooler_package_file_missing",
        "despooler_delta_file_name",
        "despooler_delta_file_init",
        "despooler_instruction_failed",
        "scheduler_secondary_source",
    ]
    assert all((one.count, one.kind, one.undated) == (1, CodeKind.ACCESS_DENIED, 1) for one in found)
    assert [list(one.ids["job"]) for one in found] == [["M020002D1"], [], [], [], []]
    assert list(found[0].ids["package"]) == ["W_M0200024"]
    assert found[3].code == "C000000b"
    assert (report.lines, report.plain, report.entries, report.malformed, report.matched) == (5, 5, 0, 0, 5)


def test_the_sender_of_sms_2_0() -> None:
    report, found = read(samples.Q235753)
    told = [(one.symptom.id, one.code, one.server, list(one.ids["site"]), one.kind, one.count) for one in found]
    assert told == [
        ("sender_connect_error", "67", "DSSMS", [], CodeKind.NAME, 1),
        ("sender_site_put_off", "", "DSSMS", ["MS1"], CodeKind.OTHER, 1),
        ("sender_attempt_failed", "", "", [], CodeKind.OTHER, 1),
    ]
    assert report.other_errors == 0  # code 0 is none


@pytest.mark.parametrize(("symptom", "ids", "line"), NO_PERMISSIONS)
def test_what_is_no_matter_of_permissions(symptom: str, ids: dict[str, list[str]], line: str) -> None:
    _report, found = read(line)
    assert [(one.symptom.id, one.kind) for one in found] == [(symptom, CodeKind.OTHER)]
    assert {name: list(values) for name, values in found[0].ids.items() if values} == ids


def test_what_goes_well_is_no_symptom() -> None:
    # Microsoft Learn, Package actions in content distribution, steps 5 and 7
    report, found = read(
        "~Passed the xmit file test, use the existing connection\n"
        "~Attempt to create/open the remote file \\\\PS1SITE.CONTOSO.COM\\SMS_SITE\\202SQCS1.PCK\n"
        "~Signature checked out OK for instruction coming from site CS1, proceed with the instruction execution.\n"
    )
    assert not found
    assert report.other_errors == 0


def test_every_symptom_is_in_a_sample() -> None:
    texts = [text for name, text in vars(samples).items() if name.isupper()]
    texts += [case.values[2] for case in NO_PERMISSIONS]
    seen = {one.symptom.id for text in texts for one in read(text)[1]}
    assert seen == {symptom.id for symptom in SYMPTOMS}


def test_every_symptom_is_data_that_holds_together() -> None:
    assert len({symptom.id for symptom in SYMPTOMS}) == len(SYMPTOMS)
    for symptom in SYMPTOMS:
        assert symptom.word.isascii()
        assert symptom.source
        assert symptom.log in ("despooler", "scheduler", "sender")
        assert set(symptom.pattern.groupindex) <= {"job", "package", "site", "server", "code"}
        assert ("code" in symptom.pattern.groupindex) == bool(symptom.codes)
        # The pattern can only match where the word is.
        assert symptom.word.replace("\\", "") in re.sub(
            r"\\(.)", r"\1", symptom.pattern.pattern.replace("(?:a|valid) ", "")
        )
        for code in symptom.codes.values():
            assert code.source
