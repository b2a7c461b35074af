# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals and failures of the use cases."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.errors import (
    EnforcementError,
    Refused,
    WriteFailed,
)


@pytest.mark.parametrize("kind", [Refused, WriteFailed])
def test_what_is_not_known_is_not_claimed(kind: type[EnforcementError]) -> None:
    error = kind("p01: no")
    assert isinstance(error, EnforcementError)
    assert (error.changed, error.uncertain, error.results) == (False, False, ())


def test_a_failure_has_what_was_done() -> None:
    error = WriteFailed("p01: no", changed=True, uncertain=True)
    assert (str(error), error.changed, error.uncertain) == ("p01: no", True, True)


def test_what_a_server_sent_is_visible_in_a_message() -> None:
    assert str(Refused("p01: folder D:\\a\x1b[31m\u202eb")).isprintable()
