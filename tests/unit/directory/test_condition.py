# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a domain controller, and the account that asks, must not be used again in a run."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    DirectoryAccountNotFound,
    DirectoryError,
    DirectoryLogonFailed,
    DirectoryNoAnswer,
    DirectoryRejected,
    DirectoryUnreachable,
    PasswordRefused,
    UnusableAnswer,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.condition import AskingState
from tests.unit.directory.entries import SENDER


def error(kind: type[DirectoryError]) -> DirectoryError:
    return kind("c01", "ask", "it failed", "Look at it.")


@pytest.mark.parametrize("kind", [DirectoryLogonFailed, PasswordRefused, DirectoryUnreachable])
@pytest.mark.parametrize("before", [AskingState(), AskingState(answered=True, unanswered=1)])
def test_a_failed_logon_or_connection_closes_a_domain_controller(kind: type[DirectoryError], before: AskingState):
    failed = error(kind)
    assert before.after(failed).closed_by is failed
    assert before.after(failed).after(SENDER).closed_by is failed


@pytest.mark.parametrize("kind", [DirectoryNoAnswer, UnusableAnswer])
def test_the_third_query_in_a_row_without_an_answer_closes_it(kind: type[DirectoryError]):
    condition = AskingState()
    for _unused in range(2):
        condition = condition.after(error(kind))
        assert (condition.answered, condition.closed_by) == (False, None)
    assert condition.after(SENDER) == AskingState(answered=True)
    assert condition.after(error(DirectoryAccountNotFound)) == AskingState(answered=True)
    assert isinstance(condition.after(error(kind)).closed_by, kind)


def test_a_wrong_password_closes_the_account_everywhere():
    failed = error(PasswordRefused)
    closed = AskingState().of_account_after(failed)
    assert closed.closed_by is failed
    assert closed.of_account_after(SENDER) is closed


@pytest.mark.parametrize("kind", [DirectoryLogonFailed, DirectoryUnreachable, DirectoryNoAnswer])
def test_what_is_wrong_with_one_domain_controller_does_not_close_the_account(kind: type[DirectoryError]):
    assert AskingState().of_account_after(error(kind)) == AskingState()


@pytest.mark.parametrize("accepted", [SENDER, frozenset(), error(DirectoryRejected)])
def test_an_account_that_was_accepted_has_the_right_password(accepted: object):
    """A domain controller that refuses it later does not trust its domain."""
    condition = AskingState().of_account_after(accepted)  # type: ignore[arg-type]
    assert condition.answered
    assert condition.of_account_after(error(PasswordRefused)).closed_by is None
