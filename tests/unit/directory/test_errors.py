# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of a directory: host, operation, reason, next step."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    AccountAmbiguous,
    DirectoryAccountNotFound,
    DirectoryError,
    DirectoryLogonFailed,
    DirectoryNoAnswer,
    DirectoryRejected,
    DirectoryUnreachable,
    UnusableAnswer,
)


def test_a_message_has_host_operation_reason_and_next_step():
    error = DirectoryNoAnswer("c01", "find the account a\u202e", "it\nended . ", "Run it again.")
    assert str(error) == "c01: could not find the account a<U+202E>: it ended. Run it again."
    assert (error.host, error.operation, error.advice) == ("c01", "find the account a<U+202E>", "Run it again.")


def test_what_a_server_sends_is_cut():
    error = DirectoryRejected("c01", "o" * 5000, "r" * 5000, "Look at it.")
    assert len(str(error)) < 2100


@pytest.mark.parametrize("kind", [DirectoryNoAnswer, DirectoryLogonFailed, DirectoryRejected])
def test_one_family(kind: type[DirectoryError]):
    assert issubclass(kind, DirectoryError)


def test_what_the_directory_does_not_answer_is_no_refusal():
    assert issubclass(DirectoryUnreachable, DirectoryNoAnswer)
    assert issubclass(UnusableAnswer, DirectoryNoAnswer)
    assert issubclass(DirectoryAccountNotFound, DirectoryRejected)
    assert issubclass(AccountAmbiguous, DirectoryRejected)
    assert not issubclass(DirectoryNoAnswer, DirectoryRejected)
