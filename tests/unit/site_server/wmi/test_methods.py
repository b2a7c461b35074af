# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of each ReturnValue."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    Rejected,
    ServerFault,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.methods import METHODS, failure

FILE, SHARE = "Win32_LogicalFileSecuritySetting", "Win32_LogicalShareSecuritySetting"


# The values that the pages list, with their words; the last column is what they say of the operation.
SETTING = [(2, "Access denied"), (8, "Unknown failure"), (9, "Privilege missing"), (21, "Invalid parameter")]


DOCUMENTED = {
    f"{FILE}.GetSecurityDescriptor": SETTING,
    f"{FILE}.SetSecurityDescriptor": SETTING,
    f"{SHARE}.GetSecurityDescriptor": SETTING,
    f"{SHARE}.SetSecurityDescriptor": SETTING,
    "Win32_Share.SetShareInfo": [
        (2, "Access denied"),
        (8, "Unknown failure"),
        (9, "Invalid name"),
        (10, "Invalid level"),
        (21, "Invalid parameter"),
        (22, "Duplicate share"),
        (23, "Redirected path"),
        (24, "Unknown device or directory"),
        (25, "Net name not found"),
    ],
    "CIM_DataFile.Delete": [
        (2, "Access denied"),
        (8, "Unspecified failure"),
        (9, "Invalid object"),
        (10, "Object already exists"),
        (11, "File system not NTFS"),
        (12, "Platform not Windows"),
        (13, "Drive not the same"),
        (14, "Directory not empty"),
        (15, "Sharing violation"),
        (16, "Invalid start file"),
        (17, "Privilege not held"),
        (21, "Invalid parameter"),
    ],
}


@pytest.mark.parametrize("method", DOCUMENTED)
def test_every_documented_value_has_its_words(method: str) -> None:
    table = METHODS[method]
    told = {value: meaning.text.casefold().replace(" is ", " ") for value, meaning in table.items()}
    assert told == {value: words.casefold() for value, words in DOCUMENTED[method]}
    for value, meaning in table.items():
        assert meaning.advice.endswith(".")
        # A failure of which the page says nothing may have come after the work.
        assert (meaning.error is ServerFault) == (value == 8)
        assert issubclass(meaning.error, Rejected) == (value != 8)


def test_there_is_a_table_for_each_method_that_is_called() -> None:
    assert METHODS.keys() == DOCUMENTED.keys()


@pytest.mark.parametrize("method", DOCUMENTED)
@pytest.mark.parametrize("value", [1, 7, 26, 4294967295])
def test_an_undocumented_value_does_not_show_that_nothing_was_done(method: str, value: int) -> None:
    error = failure("c01", "do it", method, value)
    assert error.__class__ is ServerFault
    assert f"{method} failed with ReturnValue {value}" in str(error)
