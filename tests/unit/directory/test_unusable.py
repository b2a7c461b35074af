# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory that cannot be asked: its error is the answer to everything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import Directory, DirectoryLogonFailed
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.unusable import UnusableDirectory
from tests.unit.directory.entries import SENDER


@pytest.mark.parametrize(
    "ask",
    [
        lambda directory: directory.domain(),
        lambda directory: directory.account(SENDER),
        lambda directory: directory.groups_with(frozenset({SENDER})),
        lambda directory: directory.find("P01$"),
    ],
)
def test_each_question_has_the_same_answer(ask: Callable[[Directory], object]):
    error = DirectoryLogonFailed("c01", "log on to the directory", "there is no account", "Give one.")
    directory = UnusableDirectory(error)
    for _unused in range(2):
        with pytest.raises(DirectoryLogonFailed) as caught:
            ask(directory)
        assert caught.value is error
    assert directory.host == "c01"
    assert directory.known("P01$") is None
