# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""UTF-16 of any code units."""

from __future__ import annotations

import pytest
from hypothesis import given

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.utf16 import (
    decode_utf16,
    encode_utf16,
)

from ..strategies import unicode_text


@pytest.mark.parametrize(("data", "problem"), [(b"a\0b", "odd number"), (b"a\0\0\0", "NUL")])
def test_what_is_no_utf16_text(data: bytes, problem: str) -> None:
    with pytest.raises(SecurityDescriptorError, match=problem):
        decode_utf16(data)


@given(unicode_text)
def test_utf16_keeps_lone_surrogates(text: str) -> None:
    assert decode_utf16(encode_utf16(text)) == text
    assert len(encode_utf16("\ud800a")) == 4
