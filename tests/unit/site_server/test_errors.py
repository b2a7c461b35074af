# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of a site server: one sentence with host, operation, what the server answered, and advice."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    NoAnswer,
    NotFound,
    SiteServerError,
    Unreachable,
    errors,
)


def test_a_message_has_host_operation_answer_and_advice() -> None:
    error = AccessDenied("p01", "read the permissions of share SMS_SITE", "Access is denied. ", "Connect otherwise.")
    assert str(error) == ("p01: could not read the permissions of share SMS_SITE: Access is denied. Connect otherwise.")
    assert (error.host, error.operation, error.advice) == (
        "p01", "read the permissions of share SMS_SITE", "Connect otherwise."
    )  # fmt: skip


def test_what_a_server_sent_is_visible_and_bounded() -> None:
    error = NoAnswer("p01", "read D:\\a\x1b[31m", "x\n\u202e" + "y" * 100_000, "Try again.")
    assert str(error).isprintable()
    assert len(str(error)) < 10_000


@pytest.mark.parametrize("name", ["InvalidRequest", "AccessDenied", "NotFound", "AccountNotFound", "Unsupported"])
def test_after_a_refusal_nothing_was_done(name: str) -> None:
    assert issubclass(getattr(errors, name), errors.Rejected)
    assert not issubclass(getattr(errors, name), NoAnswer)


@pytest.mark.parametrize("name", ["NoAnswer", "Unreachable", "AuthenticationFailed", "ServerFault", "Interrupted"])
def test_after_any_other_error_it_may_have_been(name: str) -> None:
    assert issubclass(getattr(errors, name), SiteServerError)
    assert not issubclass(getattr(errors, name), errors.Rejected)


def test_only_what_was_not_sent_may_be_sent_again() -> None:
    assert issubclass(errors.NotSent, Unreachable)
    assert not issubclass(Unreachable, errors.NotSent)
    assert not issubclass(NotFound, Unreachable)
