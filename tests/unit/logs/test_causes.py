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
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.codes import ADVICE, WIN32

from . import samples

RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
LACKING = {"satisfied": False, "decided_by": ["no entry grants Read and Write"]}
ENOUGH = {"satisfied": True, "decided_by": ["allow CORP\\smssend  Full Control"]}
SENT = "Error during connection to \\\\{}\\SMS_SITE ({}).\n"
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


CHAIN = r"CORP\P01$ → CORP\SCCM Servers → BUILTIN\Administrators: allow Full control"
NO_NETWORK = r"right to log on from the network: denied by CORP\No Network (group policy)"
PERHAPS = r"folder: it is not known whether this entry is for the account: allow CORP\SCCM Servers  Full control"
NOT_READ = "state and domain groups of the account (sms_directory)"


def answered(
    answer: str,
    because: list[str],
    not_looked_at: list[str] | None = None,
    parts: tuple[dict[str, Any], dict[str, Any]] = (LACKING, ENOUGH),
) -> dict[str, Any]:
    """The result of sender_access_info with an answer. The parts are those of the directory and of the share."""
    result = access(*parts)
    result["senders"][0]["current"] |= {"answer": answer, "because": because, "not_looked_at": not_looked_at or []}
    return result


def test_access_through_a_group_is_not_confirmed_as_the_cause() -> None:
    (cause,) = causes(FAILED.format(1), read_access(None, answered("granted", [CHAIN])))
    assert (cause.evidence, cause.accounts) == (Evidence.NOT_CONFIRMED, ())
    assert f"Now the required access exists for CORP\\smssend ({CHAIN}): it was repaired later, " in cause.statement
    assert "the Sender's session is older than a group membership, or the site uses another account" in cause.statement


def test_a_group_that_was_not_read_leaves_the_cause_unknown() -> None:
    (cause,) = causes(FAILED.format(1), read_access(None, answered("unknown", [PERHAPS], [NOT_READ])))
    assert (cause.evidence, cause.accounts) == (Evidence.UNKNOWN, ())
    assert cause.statement == (
        "1 job failed because access was denied, the last time at 1997-05-21T17:09:02. It is unknown whether these"
        f" accounts have access now: CORP\\smssend ({PERHAPS}; not looked at: {NOT_READ}). The log does not name the"
        " account"
    )


@pytest.mark.parametrize(
    ("because", "not_looked_at", "shown"),
    [([PERHAPS], [], f" ({PERHAPS})"), ([], [NOT_READ], f" (not looked at: {NOT_READ})"), ([], [], "")],
)
def test_an_unknown_access_is_shown_with_its_reasons(because: list[str], not_looked_at: list[str], shown: str) -> None:
    (cause,) = causes(FAILED.format(1), read_access(None, answered("unknown", because, not_looked_at)))
    assert f"have access now: CORP\\smssend{shown}. The log does" in cause.statement


def test_access_without_a_group_does_not_depend_on_a_session() -> None:
    given = answered("granted", ["share: allow CORP\\smssend  Full Control"], [NOT_READ])
    (cause,) = causes(FAILED.format(1), read_access(None, given))
    assert cause.evidence is Evidence.NOT_CONFIRMED
    assert "session" not in cause.statement


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((LACKING, ENOUGH), f"lacks access to the directory {RECEIVE}"),
        ((LACKING, LACKING), f"lacks access to the directory {RECEIVE} and the share SMS_SITE"),
        ((ENOUGH, ENOUGH), "has no access"),
    ],
)
def test_a_denied_account_is_the_cause_with_what_decides(parts: Any, words: str) -> None:
    because = [r"CORP\smssend → CORP\No Senders: deny Write", "account locked"]
    (cause,) = causes(FAILED.format(1), read_access(None, answered("denied", because, parts=parts)))
    assert (cause.evidence, cause.accounts) == (Evidence.CONFIRMED, ("CORP\\smssend",))
    assert cause.statement == f"1 job failed because CORP\\smssend {words} ({'; '.join(because)})"


def test_the_surest_answer_of_several_accounts_counts() -> None:
    def with_accounts(*answers: str) -> ServerAccess:
        given = answered(answers[0], [])
        (first,) = given["senders"]
        given["senders"] = [
            {"name": f"CORP\\{answer}", "current": first["current"] | {"answer": answer, "because": [f"why {answer}"]}}
            for answer in answers
        ]
        return read_access(None, given)

    (cause,) = causes(FAILED.format(1), with_accounts("granted", "unknown", "denied"))
    assert (cause.evidence, cause.accounts) == (Evidence.CONFIRMED, ("CORP\\denied",))
    assert "unknown" not in cause.statement
    (cause,) = causes(FAILED.format(1), with_accounts("granted", "unknown"))
    assert (cause.evidence, cause.accounts) == (Evidence.UNKNOWN, ())
    assert "CORP\\granted" not in cause.statement
    assert "CORP\\unknown (why unknown)" in cause.statement
    (cause,) = causes(FAILED.format(1), with_accounts("granted", "granted"))
    assert cause.evidence is Evidence.NOT_CONFIRMED
    assert cause.statement.count("why granted") == 1


def test_a_statement_shows_the_first_lines_and_how_many_follow() -> None:
    lines = [f"line {number}." for number in range(25)]
    (cause,) = causes(FAILED.format(1), read_access(None, answered("unknown", lines[:11], lines)))
    assert "line 9.; and 1 more; not looked at: line 0.; " in cause.statement
    assert "line 9.; and 15 more)" in cause.statement
    assert "line 10." not in cause.statement
    (cause,) = causes(FAILED.format(1), read_access(None, answered("denied", lines[:10])))
    assert cause.statement.endswith("line 9.)")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (1385, NO_NETWORK),
        (1385, r"right to log on from the network: held by BUILTIN\Administrators only (local security policy)"),
        (1909, "account locked"),
        (1331, "account disabled"),
        (1793, "account expired"),
        (1330, "password expired"),
        (1907, "password expired"),
    ],
)
def test_an_account_that_cannot_log_on_confirms_the_code(code: int, line: str) -> None:
    given = answered("denied", ["another line", line], parts=(ENOUGH, ENOUGH))
    (cause,) = causes(SENT.format("P01", code), read_access("P01", given))
    assert (cause.kind, cause.evidence, cause.accounts) == (CodeKind.LOGON, Evidence.CONFIRMED, ("CORP\\smssend",))
    known = WIN32[str(code)]
    assert known.advice is not None
    assert cause.statement == (
        f"1 failure to P01 was logged: error {code} ({known.meaning}). Confirmed: CORP\\smssend: {line}."
        f" {known.advice.text}"
    )


@pytest.mark.parametrize("code", [1385, 1909, 1331, 1793, 1330, 1326, 1396, 8888])
@pytest.mark.parametrize(
    ("host", "answer", "because"),
    [
        ("P01", "denied", ["no entry grants Read, Write"]),
        ("P01", "granted", [NO_NETWORK, "account locked", "account disabled", "account expired", "password expired"]),
        ("P01", "unknown", [NO_NETWORK, "account locked", "account disabled", "account expired", "password expired"]),
        ("P02", "denied", [NO_NETWORK, "account locked", "account disabled", "account expired", "password expired"]),
        (None, "denied", [NO_NETWORK, "account locked", "account disabled", "account expired", "password expired"]),
    ],
)
def test_only_the_same_reason_on_the_same_server_confirms_a_code(
    code: int, host: str | None, answer: str, because: list[str]
) -> None:
    (cause,) = causes(SENT.format("P01", code), read_access(host, answered(answer, because)))
    assert (cause.evidence, cause.accounts) == (Evidence.LOG, ())
    assert "Confirmed" not in cause.statement


def test_another_state_of_the_account_does_not_confirm_a_code() -> None:
    given = read_access("P01", answered("denied", ["account disabled", NO_NETWORK]))
    found = causes("".join(SENT.format("P01", code) for code in (1909, 1385, 1326)), given)
    assert [(cause.evidence, "Confirmed" in cause.statement) for cause in found] == [
        (Evidence.LOG, False),
        (Evidence.CONFIRMED, True),
        (Evidence.LOG, False),
    ]


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
    after = access(LACKING, ENOUGH, "after")
    after["senders"][0]["after"] |= {"answer": "granted", "because": [CHAIN], "not_looked_at": []}
    assert read_access(None, after) == read_access(None, answered("granted", [CHAIN]))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"senders": 1},
        {**access(LACKING, ENOUGH), "senders": [1]},
        {"share": []},
        answered("perhaps", []),
        answered("denied", "account locked"),  # type: ignore[arg-type]
        answered("denied", None),  # type: ignore[arg-type]
        answered("denied", [], "nothing"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_result_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="sender_access_info"):
        read_access(None, given)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (64, CodeKind.CONNECTION, "The connection to the server ended after it was made"),
        (71, CodeKind.CONNECTION, "Raise the user limit of the share"),
        (112, CodeKind.OTHER, "Free space on the drive"),
        (121, CodeKind.CONNECTION, "The server did not answer in time"),
        (384, CodeKind.CONNECTION, "Enable SMB 2 on the destination"),
        (1219, CodeKind.CONNECTION, "end it, or let both use the same account"),
        (1240, CodeKind.LOGON, "compare SMB signing"),
        (1272, CodeKind.LOGON, "accepted the account only as guest"),
        (1311, CodeKind.LOGON, "nltest /dsgetdc:DOMAIN"),
        (1317, CodeKind.LOGON, "Create the account, or correct its name"),
        (1327, CodeKind.LOGON, "an empty password is not accepted"),
        (1328, CodeKind.LOGON, "Logon Hours of the account"),
        (1329, CodeKind.LOGON, "Log On To of the account"),
        (1330, CodeKind.LOGON, "Set a new password for the account"),
        (1331, CodeKind.LOGON, "Enable the account in its domain"),
        (1385, CodeKind.LOGON, "the user right 'Access this computer from the network'"),
        (1396, CodeKind.NAME, "setspn -Q"),
        (1398, CodeKind.LOGON, "Set the clocks"),
        (1788, CodeKind.LOGON, "netdom trust"),
        (1789, CodeKind.LOGON, "Test-ComputerSecureChannel -Repair"),
        (1793, CodeKind.LOGON, "the date at which the account expires"),
        (1907, CodeKind.LOGON, "Set a new password for the account"),
        (1908, CodeKind.LOGON, "nltest /dsgetdc:DOMAIN"),
        (1909, CodeKind.LOGON, "unlock the account"),
        (1935, CodeKind.LOGON, "Allowed to authenticate"),
    ],
)
def test_a_code_with_an_advice_of_its_own_has_that_one_alone(code: int, kind: CodeKind, words: str) -> None:
    (cause,) = causes(SENT.format("P01", code), read_access("P01", access(LACKING, LACKING)))
    assert (cause.kind, cause.evidence, cause.accounts, cause.server) == (kind, Evidence.LOG, (), "P01")
    assert cause.statement.startswith(f"1 failure to P01 was logged: error {code} ({WIN32[str(code)].meaning}). ")
    assert words in cause.statement
    assert not cause.statement.endswith(".")
    assert "Set the account and its password again" not in cause.statement


@pytest.mark.parametrize("code", [1326, 86])
def test_the_password_is_the_advice_where_it_can_be_wrong(code: int) -> None:
    (cause,) = causes(SENT.format("P01", code))
    assert cause.statement.endswith("Set the account and its password again in the address of the site")


def test_every_code_of_a_logon_but_a_wrong_password_has_its_own_advice() -> None:
    general = {number for number, code in WIN32.items() if code.kind is CodeKind.LOGON and not code.advice}
    assert general == {"86", "1326"}
    assert not [number for number, code in WIN32.items() if code.kind is CodeKind.CONNECTION and not code.advice]
    assert {str(number) for number in ADVICE} <= set(WIN32)


def test_a_sender_with_another_code_for_each_destination() -> None:
    found = causes(samples.CODE_EACH)
    assert [(cause.kind.value, cause.server.partition(".")[0]) for cause in found if cause.server] == [
        ("access_denied", "P01"),
        ("logon", "P01"),
        ("name", "P04"),
        ("connection", "P02"),
        ("connection", "P03"),
        ("connection", "P05"),
        ("connection", "P06"),
    ]
    assert len(found) == 7
    statements = {cause.server: cause.statement for cause in found if cause.kind is not CodeKind.ACCESS_DENIED}
    assert "1219" in statements["P02.corp.example"]
    assert "or let both use the same account" in statements["P02.corp.example"]
    assert "password" not in statements["P02.corp.example"]
    assert (
        "error 1396 (the name of the server belongs to another computer in the domain)"
        in statements["P04.corp.example"]
    )
    assert "error 121 (the time for an answer has expired)" in statements["P05.corp.example"]
    assert "error 384 (the share needs SMB 1" in statements["P06.corp.example"]
    assert [cause.count for cause in found] == [1] * 7


def test_two_codes_of_one_server_with_two_advices_are_two_causes() -> None:
    found = causes(SENT.format("P01", 1909) * 2 + SENT.format("P01", 1326) + SENT.format("P01", 86))
    assert [(cause.kind, cause.count) for cause in found] == [(CodeKind.LOGON, 2), (CodeKind.LOGON, 2)]
    assert "error 1909 (" in found[0].statement
    assert "error 1326 (the user name or password is wrong), 86 (the password is wrong). " in found[1].statement


def test_a_line_without_a_destination_counts_if_no_other_has_its_advice() -> None:
    unnamed = "There is no existing connection, Win32 error = {}\n"
    (cause,) = causes(SENT.format("P01", 1909) + unnamed.format(1909))
    assert (cause.server, cause.count) == ("P01", 1)
    assert [cause.count for cause in causes(SENT.format("P01", 1909) + unnamed.format(1385))] == [1, 1]


def test_a_code_that_is_not_known_here_has_a_cause_with_the_way_to_its_text() -> None:
    (cause,) = causes(SENT.format("P01", 8888))
    assert (cause.kind, cause.evidence, cause.server) == (CodeKind.OTHER, Evidence.LOG, "P01")
    assert cause.statement == (
        "1 failure to P01 was logged: error 8888. For the text of Windows, run: net helpmsg 8888"
    )
    assert causes(SENT.format("P01", 0)) == ()
