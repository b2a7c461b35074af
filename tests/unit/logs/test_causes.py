# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The likely causes, with and without the access that the senders have."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import (
    Analysis,
    Cause,
    CodeKind,
    ServerAccess,
    find_causes,
    read_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.causes import Evidence

from . import samples

RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
LACKING = {"satisfied": False, "decided_by": ["no entry grants Read and Write"]}
ENOUGH = {"satisfied": True, "decided_by": ["allow CORP\\smssend  Full Control"]}
FIELDS = "  $$<SMS_DESPOOLER><Wed May 21 17:09:02 1997~><thread=DB>\n"
FAILED = "Cannot find the package file. we'll fail the job (Job ID = M{} Package ID = W_M0200024)" + FIELDS


def access(directory: dict[str, Any], share: dict[str, Any], key: str = "current") -> dict[str, Any]:
    """The result of sender_access_info, as far as it is read."""
    return {
        "product": "sms_1_2",
        "share": {"name": "SMS_SITE", "path": RECEIVE},
        "directory": {"path": RECEIVE},
        "senders": [{"account": "smssend", "name": "CORP\\smssend", key: {"directory": directory, "share": share}}],
    }


def causes(log: str, *given: ServerAccess) -> tuple[Cause, ...]:
    analysis = Analysis()
    analysis.read("a.log", [log.encode()])
    return find_causes(analysis.occurrences, given)


def test_jobs_failed_because_the_account_has_no_entry() -> None:
    log = "".join(FAILED.format(number) for number in range(14)) + FAILED.format(3)
    (cause,) = causes(log, read_access(None, access(LACKING, ENOUGH)))
    assert cause.statement == (
        f"14 jobs failed because CORP\\smssend lacks access to the directory {RECEIVE} (no entry grants Read and Write)"
    )
    assert (cause.kind, cause.evidence, cause.accounts) == (
        CodeKind.ACCESS_DENIED,
        Evidence.CONFIRMED,
        ("CORP\\smssend",),
    )
    assert (cause.count, cause.jobs) == (15, tuple(f"M{number}" for number in range(14)))
    assert (cause.packages, str(cause.last)) == (("W_M0200024",), "1997-05-21T17:09:02")


def test_share_and_directory_are_both_told() -> None:
    (cause,) = causes(FAILED.format(1), read_access(None, access(LACKING, LACKING)))
    assert cause.statement.startswith("1 job failed because CORP\\smssend lacks access to the directory ")
    assert "; CORP\\smssend lacks access to the share SMS_SITE (" in cause.statement
    assert cause.accounts == ("CORP\\smssend",)


def test_all_messages_of_the_article_have_one_cause() -> None:
    (cause,) = causes(samples.Q179118)
    assert (cause.count, len(cause.symptoms), cause.jobs) == (5, 5, ("M020002D1",))


def test_without_access_the_account_stays_unknown() -> None:
    (cause,) = causes(FAILED.format(1))
    assert (cause.evidence, cause.accounts) == (Evidence.UNKNOWN, ())
    assert "does not name the account" in cause.statement


def test_access_that_is_there_now_is_not_said_to_be_the_cause() -> None:
    (cause,) = causes(FAILED.format(1), read_access(None, access(ENOUGH, ENOUGH)))
    assert (cause.evidence, cause.accounts) == (Evidence.NOT_CONFIRMED, ())
    assert "1997-05-21T17:09:02" in cause.statement
    assert "repaired later, or the site uses another account" in cause.statement


SENT = "Error during connection to \\\\{}\\SMS_SITE ({}).\n"


def test_a_senders_failures_are_those_of_the_destination() -> None:
    log = SENT.format("P01.corp.example", 5) * 3 + SENT.format("P02", 5) + "Attempt to connect failed.\n"
    own = read_access(None, access(LACKING, LACKING))
    first, second = causes(log, own, read_access("\\\\p01.example", access(LACKING, ENOUGH)))
    assert (first.server, first.evidence, first.count) == ("P01.corp.example", Evidence.CONFIRMED, 3)
    assert first.statement.startswith(
        "3 failures to P01.corp.example were logged because CORP\\smssend lacks access to"
    )
    assert (second.server, second.evidence, second.count) == ("P02", Evidence.UNKNOWN, 1)
    assert second.statement.endswith("Pass the result of sender_access_info for P02 as `access` to match it")


def test_lines_that_name_no_destination_count_only_where_none_does() -> None:
    unnamed = "There is no existing connection, Win32 error = 5\n"
    (cause,) = causes(unnamed)
    assert (cause.evidence, cause.count) == (Evidence.UNKNOWN, 1)
    (cause,) = causes(SENT.format("P01", 5) + unnamed)
    assert (cause.server, cause.count) == ("P01", 1)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (1326, CodeKind.LOGON, "1326 (the user name or password is wrong). Permissions are not the cause"),
        (1909, CodeKind.LOGON, "1909 (the account is locked out)"),
        (53, CodeKind.NAME, "53 (the network path is not found: the server does not respond)"),
        (3, CodeKind.PATH, "3 (the path does not exist)"),
    ],
)
def test_other_codes_are_no_matter_of_permissions(code: int, kind: CodeKind, words: str) -> None:
    (cause,) = causes(SENT.format("P01", code), read_access("P01", access(LACKING, LACKING)))
    assert (cause.kind, cause.evidence, cause.accounts) == (kind, Evidence.LOG, ())
    assert words in cause.statement


def test_missing_access_comes_first_and_harmless_messages_have_no_cause() -> None:
    log = SENT.format("P01", 53) + "Despooler failed to execute the instruction, error code = 38a\n" + samples.Q179118
    assert [cause.kind for cause in causes(log)] == [CodeKind.ACCESS_DENIED, CodeKind.NAME]
    log = SENT.format("P01", 53) * 2 + SENT.format("P02", 5)
    assert [cause.kind for cause in causes(log)] == [CodeKind.ACCESS_DENIED, CodeKind.NAME]


def test_what_sender_access_did_is_accepted_too() -> None:
    assert read_access(None, access(LACKING, ENOUGH, "after")) == read_access(None, access(LACKING, ENOUGH))


@pytest.mark.parametrize("given", [{}, {"senders": 1}, {**access(LACKING, ENOUGH), "senders": [1]}, {"share": []}])
def test_what_is_no_result_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="sender_access_info"):
        read_access(None, given)
