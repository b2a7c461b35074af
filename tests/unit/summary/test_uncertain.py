# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task leaves it open what the server holds if it returns that, or if Ansible has interrupted it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.summary.uncertain import is_uncertain


@pytest.mark.parametrize(
    ("result", "uncertain"),
    [
        ({"failed": True, "uncertain": True}, True),
        ({"failed": True, "timedout": {"period": 5}}, True),
        ({"failed": True}, False),
        ({"changed": True, "uncertain": False}, False),
        ({}, False),
    ],
)
def test_when_a_result_is_uncertain(result: dict[str, Any], uncertain: bool) -> None:
    assert is_uncertain(result) is uncertain
