# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the audit file: what counts, what is passed over, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import MAX_LINE, AuditError, read_audit
from tests.unit.report.support import HEADER, host, lines, sender

P01 = host("p01.corp.example", "P01", "drifted")


def test_everything_of_a_host_is_read() -> None:
    group = {"name": "P01\\Senders", "sid": "S-1-5-32-9", "in_desired_state": True, "members": ["a"], "missing": ["b"]}
    record = {**P01, "group": group, "senders": [sender("CORP\\smssend", directory=False, member=False)]}
    audit = read_audit({"a": lines(record)})
    found = audit.hosts["p01.corp.example"]
    assert (found.site, found.product, found.status, found.message) == ("P01", "sms_1_2", "drifted", "")
    assert found.share
    assert found.directory
    assert (found.share.name, found.share.path) == ("SMS_SITE", record["share"]["path"])
    assert (found.share.sddl, found.share.after) == (record["share"]["sddl"], record["after"]["share_sddl"])
    assert (found.directory.sddl, found.directory.after) == (record["directory"]["sddl"], record["directory"]["sddl"])
    assert found.edits == ("share: + allow CORP\\smssend  Full Control",)
    assert found.group
    assert (found.group.members, found.group.missing, found.group.in_desired_state) == (("a",), ("b",), True)
    (only,) = found.senders
    assert (only.name, only.in_desired_state, only.member) == ("CORP\\smssend", False, False)
    assert (only.share.satisfied, only.directory.satisfied, only.combined.satisfied) == (True, False, None)
    assert only.directory.decided_by == ("no entry grants Full Control",)
    assert only.reasons == ("C01 sends here as CORP\\smssend",)
    assert (found.seconds, found.requests) == (0.12, 3)
    assert audit.finished == "2026-03-02T08:04:00Z"
    assert [header.started for header in audit.headers] == [HEADER["started"]]


def test_the_last_line_of_a_host_counts() -> None:
    later = host("p01.corp.example", "P01")
    assert read_audit({"a": lines(P01, later)}).hosts["p01.corp.example"].status == "in_desired_state"
    assert read_audit({"a": lines(later), "b": lines(P01)}).hosts["p01.corp.example"].status == "drifted"


def test_the_run_that_began_last_counts_in_whatever_order_the_files_are_given() -> None:
    later = lines(host("p01.corp.example", "P01"), header={**HEADER, "started": "2026-03-02T09:00:00Z"})
    for files in ({"a": lines(P01), "b": later}, {"b": later, "a": lines(P01)}):
        assert read_audit(files).hosts["p01.corp.example"].status == "in_desired_state"


def test_a_torn_last_line_is_passed_over_and_the_audit_is_not_complete() -> None:
    whole = lines(P01, host("p02.corp.example", "P02"), finished=False)
    audit = read_audit({"audit.jsonl": [*whole[:-1], whole[-1][:40]]})
    assert list(audit.hosts) == ["p01.corp.example"]
    assert audit.unreadable == ["audit.jsonl, line 3 is no JSON and was passed over"]
    assert not audit.finished


def test_a_run_that_went_on_behind_a_torn_line_is_complete() -> None:
    whole = lines(P01, host("p02.corp.example", "P02"))
    audit = read_audit({"audit.jsonl": [*whole[:2], whole[2][:40] + b"\n", *whole[2:]]})
    assert list(audit.hosts) == ["p01.corp.example", "p02.corp.example"]
    assert len(audit.unreadable) == 1
    assert audit.finished


def test_slices_are_complete_only_together() -> None:
    first, second = lines(P01), lines(host("p02.corp.example", "P02"), finished=False)
    assert read_audit({"a": first}).finished
    together = read_audit({"a": first, "b": second})
    assert not together.finished
    assert len(together.hosts) == 2


def test_a_record_of_a_later_run_makes_it_incomplete_again() -> None:
    assert not read_audit({"a": [*lines(P01), *lines(P01, finished=False)]}).finished


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "a is empty; an audit file begins with a header of format sitekeeper.sms/audit"),
        ([b"PK\x03\x04 no text\n"], "a, line 1: an audit file begins with a header"),
        ([b"[1, 2]\n"], "a, line 1 is no JSON object"),
        ([b"[" * 100_000], "a, line 1: an audit file begins with a header"),
        (lines(P01)[1:], "a, line 1: an audit file begins with a header"),
        (lines(header={**HEADER, "format": "other"}), "a, line 1: an audit file begins with a header"),
        (lines(header={**HEADER, "version": 2}), "a, line 1: this collection reads version 1 of the format only"),
        (lines({"type": "rumour"}), "a, line 2: type is none of header, host and end"),
        ([*lines(), b'{"x": "' + b"x" * MAX_LINE + b'"}'], f"a, line 3 is longer than {MAX_LINE} bytes"),
    ],
)
def test_what_is_no_audit_file_is_refused(content: list[bytes], message: str) -> None:
    with pytest.raises(AuditError) as refused:
        read_audit({"a": content})
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"host": None}, "a, line 2: host must be text"),
        ({"host": 7}, "a, line 2: host must be text"),
        ({"status": "fine"}, "a, line 2: status is none of in_desired_state, drifted, unreachable, error"),
        ({"seconds": -1}, "a, line 2: seconds must be a number that is not negative"),
        ({"seconds": True}, "a, line 2: seconds must be a number that is not negative"),
        ({"requests": "3"}, "a, line 2: requests must be a number that is not negative"),
        ({"share": []}, "a, line 2: share must be an object"),
        ({"share": {"path": "D:\\"}}, "a, line 2, share: sddl must be text"),
        ({"edits": {"share": "x"}}, "a, line 2, edits: share must be a list"),
        ({"edits": {"share": [1]}}, "a, line 2, edits: share must be a list of texts"),
        ({"senders": ["x"]}, "a, line 2: senders must be a list of objects"),
        ({"senders": [{}]}, "a, line 2, senders 1: account must be text"),
        ({"senders": [{**sender("a"), "share": None}]}, "a, line 2, senders 1: share is missing"),
        ({"senders": [{**sender("a"), "member": "no"}]}, "a, line 2, senders 1: member must be true or false"),
        ({"findings": [{"id": "x"}]}, "a, line 2, findings 1: severity must be text"),
    ],
)
def test_a_malformed_record_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(AuditError) as refused:
        read_audit({"a": lines({**P01, **change})})
    assert str(refused.value) == message


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    line = json.dumps({**P01, "seconds": 99887766}).replace("99887766", number).encode()
    with pytest.raises(AuditError, match="seconds must be a number"):
        read_audit({"a": [*lines(finished=False), line]})
