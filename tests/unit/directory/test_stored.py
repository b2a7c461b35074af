# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers as text: the same answer comes back, and any other text is no answer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    AccountAmbiguous,
    DirectoryAccountNotFound,
    DirectoryError,
    DirectoryLogonFailed,
    DirectoryNoAnswer,
    DirectoryRejected,
    DirectoryUnreachable,
    Domain,
    DomainAccount,
    PasswordRefused,
    UnusableAnswer,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.condition import AskingState
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.stored import (
    LONGEST,
    NotStoredError,
    answer_of,
    answer_text,
    condition_of,
    condition_text,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from tests.unit.directory.entries import DOMAIN, SENDER

KINDS = [
    AccountAmbiguous,
    DirectoryAccountNotFound,
    DirectoryError,
    DirectoryLogonFailed,
    DirectoryNoAnswer,
    DirectoryRejected,
    DirectoryUnreachable,
    PasswordRefused,
    UnusableAnswer,
]
SIDS = frozenset({Sid.parse(f"{DOMAIN}-2001"), Sid.parse("S-1-5-32-544")})
ACCOUNT = DomainAccount(
    SENDER,
    'CORP\\Sender, "SMS" (old) \u20ac',
    SIDS,
    frozenset({Sid.parse("S-1-5-32-545")}),
    frozenset({Sid.parse("S-1-5-21-7-8-9-1")}),
    frozenset({Sid.parse("S-1-5-21-4-5-6-7")}),
    AccountState(disabled=True, locked=False, expired=None, password_expired=True),
)
DOMAINS_SID = Sid.parse(DOMAIN)


def line(content: Any) -> bytes:
    """A line with the right digest."""
    body = json.dumps(content).encode()
    return hashlib.sha256(body).hexdigest().encode() + b" " + body + b"\n"


@pytest.mark.parametrize(
    "answer",
    [
        ACCOUNT,
        DomainAccount(SENDER, "P01$", groups=None),
        Domain("corp.example", DOMAINS_SID),
        SENDER,
        SIDS,
        frozenset(),
    ],
)
def test_an_answer_comes_back(answer: Any):
    assert answer_of("k", answer_text("k", answer)) == answer


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_comes_back(kind: type[DirectoryError]):
    error = kind("c01", "find the account ä", "a 'reason' (52e)", "Do it.")
    again = answer_of("k", answer_text("k", error))
    assert again.__class__ is kind
    assert str(again) == str(error)
    assert vars(again) == vars(error)


@pytest.mark.parametrize(
    "condition",
    [
        AskingState(),
        AskingState(answered=True, unanswered=2),
        AskingState(False, 3, PasswordRefused("c01", "a", "b", "C.")),
    ],
)
def test_a_condition_comes_back(condition: AskingState):
    again = condition_of("k", condition_text("k", condition))
    assert (again.answered, again.unanswered) == (condition.answered, condition.unanswered)
    assert str(again.closed_by) == str(condition.closed_by)
    assert type(again.closed_by) is type(condition.closed_by)


def test_ten_thousand_groups_fit():
    many = frozenset(Sid(5, (21, 4_000_000_000, 4_000_000_000, 4_000_000_000, rid)) for rid in range(10_000))
    assert len(answer_text("k", DomainAccount(SENDER, "P01$", many))) < LONGEST / 4


def test_what_is_left_of_a_longer_line_does_not_count():
    short = answer_text("k", SENDER)
    assert answer_of("k", short + answer_text("k", ACCOUNT)[len(short) :]) == SENDER


def test_any_part_of_a_line_is_no_answer():
    whole = answer_text("k", ACCOUNT)
    for end in range(len(whole)):
        with pytest.raises(NotStoredError):
            answer_of("k", whole[:end])


def test_a_changed_byte_is_no_answer():
    whole = answer_text("k", ACCOUNT)
    for at in range(len(whole)):
        with pytest.raises(NotStoredError):
            answer_of("k", whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])


def test_the_answer_to_another_question_is_none():
    with pytest.raises(NotStoredError):
        answer_of("other", answer_text("k", SENDER))


SID = str(SENDER)
STATE = [True, False, None, None]


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        ["k"],
        ["k", None],
        ["k", []],
        ["k", ["none"]],
        ["k", ["sid"]],
        ["k", ["sid", 1]],
        ["k", ["sid", "S-1-5-0x15"]],
        ["k", ["sid", " S-1-5-18"]],
        ["k", ["sid", "S-1-5-21-4294967296"]],
        ["k", ["sid", SID, SID]],
        ["k", ["sids", SID]],
        ["k", ["sids", [SID, None]]],
        ["k", ["domain", None, SID]],
        ["k", ["domain", "x" * 5001, SID]],
        ["k", ["error", "Exception", "a", "b", "c", "d"]],
        ["k", ["error", "DirectoryError", "a", "b", "c"]],
        ["k", ["error", "DirectoryError", "a", "b", "c", None]],
        ["k", ["error", ["DirectoryError"], "a", "b", "c", "d"]],
        ["k", ["account", SID, "P01$", [], [], [], [], [1, 0, None, None]]],
        ["k", ["account", SID, "P01$", [], [], [], [], STATE[:3]]],
        ["k", ["account", SID, "P01$", [], None, [], [], STATE]],
        ["k", ["account", SID, None, [], [], [], [], STATE]],
        ["k", ["account", SID, "P01$", [], [], [], []]],
    ],
)
def test_something_else_is_no_answer(content: Any):
    with pytest.raises(NotStoredError):
        answer_of("k", line(content))


@pytest.mark.parametrize(
    "content",
    [
        ["k", None],
        ["k", [True, 0]],
        ["k", [1, 0, None]],
        ["k", [True, True, None]],
        ["k", [True, -1, None]],
        ["k", [True, 4, None]],
        ["k", [True, 0, ["sid", SID]]],
        ["k", [True, 0, ["error"]]],
    ],
)
def test_something_else_is_no_condition(content: Any):
    with pytest.raises(NotStoredError):
        condition_of("k", line(content))


@pytest.mark.parametrize("text", [b"", b"\n", b"null\n", b"\xff" * 100 + b"\n", b"[" * 100_000 + b"\n"])
def test_garbage_is_no_answer(text: bytes):
    with pytest.raises(NotStoredError):
        answer_of("k", text)
    with pytest.raises(NotStoredError):
        answer_of("k", hashlib.sha256(text[:-1]).hexdigest().encode() + b" " + text)
